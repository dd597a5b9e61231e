"""The years of dates that name none: from the weekday, the neighbours, the numbers, the words and the pictures."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.parse.years import Written, dated, hints, names_no_year, titled
from tests.pages import NOW, TZ

MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


def days(*items: str | Written, now: datetime = NOW) -> list[str | None]:
    """The local days that items are dated, in the order of the page."""
    written = [item if isinstance(item, Written) else Written((item,)) for item in items]
    found = dated(written, tz=TZ, now=now)
    return [moment.astimezone(TZ).date().isoformat() if moment else None for moment in found]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (("20 mrt",), ["2024-03-20"]),
        (("20 okt",), ["2023-10-20"]),
        (("Vr 9/05",), ["2014-05-09"]),
        (("20 mrt 2019",), ["2019-03-20"]),
        (("ooit",), [None]),
        (("3 jan", "28 dec", "ooit", "20 dec"), ["2024-01-03", "2023-12-28", None, "2023-12-20"]),
        (("20 mrt", "14 okt", "05 nov"), ["2024-03-20", "2023-10-14", "2022-11-05"]),
        (("20 mrt", "14 okt 2022", "05 nov"), ["2024-03-20", "2022-10-14", "2021-11-05"]),
        (("8 mei", "10 mei", "5 mei", "1 mei"), ["2024-05-08", "2024-05-10", "2024-05-05", "2024-05-01"]),
        (("14 okt", "28 mei", "20 mei", "16 mei"), ["2023-10-14", "2024-05-28", "2024-05-20", "2024-05-16"]),
        (("11 apr", "30 apr", "9 mei", "20 mei"), ["2024-04-11", "2024-04-30", "2024-05-09", "2024-05-20"]),
        (("gisteren", "28 mei"), ["2024-05-31", "2024-05-28"]),
    ],
)
def test_a_list_tells_the_years(items: tuple[str, ...], expected: list[str | None]) -> None:
    """Its weekday, a year beside it, the order, the pace: what is pinned or out of order does not move the others."""
    assert days(*items) == expected


def test_the_numbers_of_a_source_tell_the_years() -> None:
    """Seven badges of seven years, with their ids as they really rose: how much lies between two tells how long."""
    numbered = {407: "20 mrt", 372: "18 okt", 341: "21 apr", 272: "14 okt", 251: "15 feb", 185: "05 nov", 173: "20 jun"}
    years = ["2024-03-20", "2023-10-18", "2023-04-21", "2021-10-14", "2021-02-15", "2019-11-05", "2019-06-20"]
    items = [Written((words,), number=number) for number, words in numbered.items()]
    assert days(*items) == years
    assert days(*items[::-1]) == years[::-1]
    assert days(*items[3:], *items[:3]) == years[3:] + years[:3]


def test_a_whole_date_or_a_picture_vouches_for_a_year() -> None:
    """A date in the words, or the time in a picture's name, within ten days; a stock picture vouches for nothing."""
    picture = "/assets/pictures/300x200/betoging_1616236800.png"  # 2021-03-20
    stock = "/assets/pictures/300x200/hacking_1493719859.png"  # 2017-05-02
    said = hints("Resultaten van de controle op 18 maart 2022.", [], tz=TZ, now=NOW)
    assert days(Written(("20 mrt",), hints=said)) == ["2022-03-20"]
    assert days(Written(("20 mrt",), hints=hints("", [picture], tz=TZ, now=NOW))) == ["2021-03-20"]
    assert days(Written(("20 mrt",), hints=hints("", [stock], tz=TZ, now=NOW))) == ["2024-03-20"]
    assert hints("", ["/1616236800.html?x_1616236800"], tz=TZ, now=NOW) == ()


def test_what_comes_first_is_believed_first() -> None:
    """A machine-readable date before the words, and the words where it cannot be read."""
    assert days(Written(("2020-03-19", "20 mrt"))) == ["2020-03-19"]
    assert days(Written(("", "20 mrt"))) == ["2024-03-20"]


def test_a_title_that_is_a_date() -> None:
    """The press releases of a day are of that day; a date of an event in a title says nothing."""
    assert titled("Persbericht maandag 6 mei 2024", tz=TZ, now=NOW) == ("Persbericht maandag 6 mei 2024",)
    assert titled("Opendeurdag op 8 juni 2024", tz=TZ, now=NOW) == ()
    assert titled("Persbericht 6 mei", tz=TZ, now=NOW) == ()
    assert titled("Grote controle op zware voertuigen op 6 mei 2024", tz=TZ, now=NOW) == ()


def test_whether_a_year_is_named() -> None:
    """Only a day and a month can be of several years."""
    assert names_no_year("20 mrt", tz=TZ, now=NOW)
    assert not names_no_year("20 mrt 2019", tz=TZ, now=NOW)
    assert not names_no_year("2019-03-20T10:00:00Z", tz=TZ, now=NOW)
    assert not names_no_year("ooit", tz=TZ, now=NOW)


@given(st.lists(st.integers(1, 25), min_size=1, max_size=40), st.dates(date(2020, 1, 1), date(2090, 1, 1)))
@settings(deadline=None, max_examples=50)
def test_a_steady_list_is_read_right(pauses: list[int], today: date) -> None:
    """Newest first, never more than some weeks between two items: every year is the true one, however far back."""
    now = datetime.combine(today, time(12), UTC)
    days_, moment = [], now
    for pause in pauses:
        moment -= timedelta(days=pause)
        days_.append(moment.astimezone(TZ).date())
    if any((day.month, day.day) == (2, 29) for day in days_):
        return
    assert days(*(f"{day.day} {MONTHS[day.month - 1]}" for day in days_), now=now) == [day.isoformat() for day in days_]
