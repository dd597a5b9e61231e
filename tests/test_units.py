"""What people write in a configuration is read as they mean it, or refused with what was expected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import units


def refusal(read: Callable[[Any], object], value: Any) -> str:
    with pytest.raises(ValueError, match=r"^expected ") as caught:
        read(value)
    return str(caught.value)


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.lists(st.text()))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0s", timedelta(0)),
        ("90s", timedelta(seconds=90)),
        ("0.25s", timedelta(milliseconds=250)),
        ("15m", timedelta(minutes=15)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("21d", timedelta(days=21)),
        ("2w", timedelta(days=14)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_a_duration_is_numbers_with_units(written: str, read: timedelta) -> None:
    """A duration is one or more numbers, each with its unit."""
    assert units.duration(written) == read


@pytest.mark.parametrize(
    "written", ["", "15", "m", "15 m", "-1h", "1h ", "1y", "1,5h", "1.h", "٣m", 15, 1.5, True, None]
)
def test_what_has_no_unit_is_no_duration(written: object) -> None:
    """A number without a unit is refused, because nobody can tell which one was meant."""
    assert refusal(units.duration, written) == 'expected a duration such as "30s", "15m", "1h" or "21d"'


@pytest.mark.parametrize("written", ["3651d", "99999999999999999999w", "9" * 400 + "s"])
def test_a_duration_stays_within_the_calendar(written: str) -> None:
    """A duration of more than ten years is a slip, and is refused before it can overflow a date."""
    assert refusal(units.duration, written) == 'expected a duration of at most "3650d"'


@given(st.timedeltas(min_value=timedelta(0), max_value=units.LONGEST))
def test_durations_are_read_back_as_they_were_written(value: timedelta) -> None:
    """Whatever duration is written, the same one is read, to the microsecond."""
    assert units.duration(units.write_duration(value)) == value


def test_a_written_duration_is_short() -> None:
    """A duration is written with the largest unit that it is a whole multiple of."""
    written = [units.write_duration(timedelta(seconds=n)) for n in (0, 0.5, 90, 5400, 3600, 86400, 1814400, 1234567)]
    assert written == ["0s", "0.5s", "90s", "90m", "1h", "1d", "3w", "1234567s"]


def test_no_time_at_all_is_no_interval() -> None:
    """Where a duration must last, zero is refused."""
    assert units.lasting(timedelta(seconds=1)) == timedelta(seconds=1)
    assert refusal(units.lasting, timedelta(0)) == 'expected a duration longer than "0s"'


@pytest.mark.parametrize(
    ("written", "read"),
    [("1B", 1), ("500kB", 500_000), ("500KB", 500_000), ("10MB", 10_000_000), ("1.1 GB", 1_100_000_000), (4096, 4096)],
)
def test_a_size_is_a_number_of_bytes(written: object, read: int) -> None:
    """Sizes are decimal, and a bare number is bytes."""
    assert units.size(written) == read


@pytest.mark.parametrize("written", ["", "10", "10M", "10 mb", "-1B", "0B", "0.1B", 0, -5, 1.5, True, None])
def test_what_limits_nothing_is_no_size(written: object) -> None:
    """A text without a unit, or less than a byte, is refused."""
    assert refusal(units.size, written) == 'expected a size such as "500kB" or "10MB"'


@given(st.integers(min_value=1, max_value=10**18))
def test_sizes_are_read_back_as_they_were_written(value: int) -> None:
    """Whatever size is written, the same one is read."""
    assert units.size(units.write_size(value)) == value


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("07:00", (time(7),)),
        ("7:05", (time(7, 5),)),
        (time(7, 30), (time(7, 30),)),
        (["17:00", "07:00", "17:00"], (time(7), time(17))),
        ((time(7),), (time(7),)),
    ],
)
def test_times_of_day_are_one_or_several(written: object, read: tuple[time, ...]) -> None:
    """One time stands for a list of one; times are in order, each once."""
    assert units.times(written) == read


@pytest.mark.parametrize(
    "written", ["24:00", "7", "07:60", "07:00:30", "", 7, True, None, ["07:00", 8], time(7, 0, 30)]
)
def test_what_is_no_minute_of_a_day_is_refused(written: object) -> None:
    """Times are minutes of a day, because a slot is named by its minute."""
    assert refusal(units.times, written) == 'expected a time of day such as "07:00", or a list of them'


def test_a_day_without_times_is_refused() -> None:
    """An empty list of times would be a digest that is never sent."""
    assert refusal(units.times, []) == 'expected at least one time of day such as "07:00"'


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("mon-sun", ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
        ("mon-fri", ("mon", "tue", "wed", "thu", "fri")),
        ("sun", ("sun",)),
        ("sat-mon", ("mon", "sat", "sun")),
        ("mon, thu", ("mon", "thu")),
        (["thu", "mon", "thu"], ("mon", "thu")),
        (["mon-tue", "sat"], ("mon", "tue", "sat")),
    ],
)
def test_days_are_ranges_and_lists(written: object, read: tuple[str, ...]) -> None:
    """Days are named, listed or ranged, and come out in the order of the week."""
    assert units.days(written) == read


@pytest.mark.parametrize("written", ["", "man", "mon-", "-mon", "mon-fri-sun", [], [""], [1], 1, None, ["mon", None]])
def test_other_words_are_no_days(written: object) -> None:
    """A day that is not one of the seven is refused, Dutch ones too."""
    assert refusal(units.days, written).startswith('expected days such as "mon-fri" or ["mon", "thu"], of mon')


def test_one_text_stands_for_a_list_of_one() -> None:
    """Where a list of texts is wanted, one text will do; anything else is left to the type."""
    assert units.several("a") == ("a",)
    assert units.several(["a", "b"]) == ["a", "b"]
    assert units.several(5) == 5


@pytest.mark.parametrize("text", ["", " ", "two\nlines", "a\x00b", "a\u2028b", "tab\there"])
def test_a_title_is_one_line(text: str) -> None:
    """What goes into a header or a title holds no line break and no control character, and is not blank."""
    assert refusal(units.line, text) == "expected text on one line"


def test_a_title_keeps_its_letters() -> None:
    """A line is taken as it is, without the white space around it."""
    assert units.line("  Zone\u00a0één: 'nieuws' ") == "Zone\u00a0één: 'nieuws'"


@pytest.mark.parametrize(
    "url", ["http://a", "https://www.example.org/feed?x=1#y", "http://[::1]:8080/", "https://é.be/"]
)
def test_web_addresses_are_taken(url: str) -> None:
    """An absolute http or https address is taken as it is."""
    assert units.http_url(url) == url


OTHER_ADDRESSES = [
    *["", "ftp://x", "//x/y", "www.x.be", "http://", "http:///x", "http://a\tb", "http://x:0/"],
    *["http://x:99999", "http://x/\n", "http://[x", "HTTPS//x", "javascript:alert(1)", "mailto:a@b.be"],
]


@pytest.mark.parametrize("url", OTHER_ADDRESSES)
def test_other_addresses_are_refused(url: str) -> None:
    """No other scheme, no white space, no impossible port."""
    assert refusal(units.http_url, url).startswith("expected an http or https address such as")


@pytest.mark.parametrize("url", ["https://u:p@x", "https://u@x", "https://@x/", "https://bank.example@evil.example/"])
def test_credentials_are_refused_in_an_address(url: str) -> None:
    """An address is logged and published: a user or a password in it is refused, whatever else it is."""
    assert refusal(units.http_url, url) == (
        "expected an address without a user and a password: credentials do not belong into it"
    )


@pytest.mark.parametrize("text", ["", "A", "a b", "-a", "é", "a" * 65, "a\n", "a/b", "../x"])
def test_an_id_is_safe_in_a_url(text: str) -> None:
    """Ids go into paths and headers: small letters, digits, hyphens."""
    assert refusal(units.ident, text).startswith("expected small letters, digits and hyphens, at most 64")


@given(ANYTHING)
def test_readers_refuse_with_words_and_nothing_else(value: Any) -> None:
    """Whatever stands in the file, a reader reads it or says what it expected."""
    for read in (units.duration, units.size, units.times, units.days):
        try:
            read(value)
        except ValueError:
            refusal(read, value)
