from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import dates

TZ = ZoneInfo("Europe/Brussels")
NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)  # a Saturday
CORPUS = Path(__file__).parent / "corpus" / "dates.tsv"
WRITTEN = Path(__file__).parent / "corpus" / "dates-written.tsv"


def read(value: str, now: datetime = NOW) -> str | None:
    """The local time that a string is read as, without needless zeros."""
    found = dates.parse(value, tz=TZ, now=now)
    if found is None:
        return None
    assert found.tzinfo is UTC
    written = found.astimezone(TZ).isoformat(timespec="seconds").replace(":00+", "+")
    return written.removesuffix("T00:00+01:00").removesuffix("T00:00+02:00")


def corpus() -> list[tuple[str, str, datetime]]:
    rows = []
    for line in CORPUS.read_text().splitlines():
        if line.startswith(("#", "raw\t")):
            continue
        raw, expected = line.split("\t")[:2]
        year = re.search(r"\((\d{4})\)", expected)
        now = datetime(int(year[1]), 12, 31, tzinfo=UTC) if year else NOW
        expected = expected.partition(" ")[0].replace("????", year[1] if year else "2025")
        rows.append((raw, expected.replace(":00+", "+"), now))
    return rows


@pytest.mark.parametrize(("raw", "expected", "now"), corpus())
def test_real_dates(raw: str, expected: str, now: datetime) -> None:
    """What real pages print is read as their readers read it."""
    assert read(raw, now) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        # ISO 8601 and RFC 3339
        ("2024-01-15", "2024-01-15"),
        ("2024-01-15T07:56:00Z", "2024-01-15T08:56+01:00"),
        ("2024-07-15T07:56:00", "2024-07-15T07:56+02:00"),
        ("2024-01-15 07:56:00 +01:00", "2024-01-15T07:56+01:00"),
        ("2024-01-15T07:56:00.1234567Z", "2024-01-15T08:56+01:00"),
        ("20240115", "2024-01-15"),
        ("2024/01/15 07:56", "2024-01-15T07:56+01:00"),
        # RFC 822 and its relatives
        ("Mon, 15 Jan 2024 07:56:00 +0100", "2024-01-15T07:56+01:00"),
        ("Mon, 15 Jan 2024 07:56:00 GMT", "2024-01-15T08:56+01:00"),
        ("Mon, 15 Jan 2024 07:56:00 CET", "2024-01-15T07:56+01:00"),
        ("Fri, 22 Jun 2018 11:36:00 CEST", "2018-06-22T11:36+02:00"),
        ("Fri, 22 Jun 2018 11:36:00", "2018-06-22T11:36+02:00"),
        ("Mon, 15 Jan 24 07:56 EST", "2024-01-15T13:56+01:00"),
        ("Mon, 15 Jan 2024 07:56:00 GMT+0100", "2024-01-15T07:56+01:00"),
        ("Mon, 15 Jan 2024 07:56:00+0100", "2024-01-15T07:56+01:00"),
        ("Mon, 15 Jan 2024 07:56:00 +9999", "2024-01-15T07:56+01:00"),
        ("Mon Jan 15 07:56:00 CET 2024", "2024-01-15T07:56+01:00"),
        ("di, 05 mrt 2024 10:00:00 +0100", "2024-03-05T10:00+01:00"),
        # Dutch
        ("5 maart 2024", "2024-03-05"),
        ("28 januari 2020 0 u.", "2020-01-28"),
        ("15 januari 2024 om 7 uur", "2024-01-15T07:00+01:00"),
        ("19:05, 27 november 2025", "2025-11-27T19:05+01:00"),
        ("12 jan. '24", "2024-01-12"),
        ("8/7/20", "2020-07-08"),
        ("1/2/69", "1969-02-01"),
        ("05/13/2024", "2024-05-13"),
        # French, German, English
        ("1er août 2023 à 10 h 30", "2023-08-01T10:30+02:00"),
        ("Mis à jour le jeudi 4 janvier 2024 à 10h05", "2024-01-04T10:05+01:00"),
        ("Dienstag, 5. März 2024, 17.15 Uhr", "2024-03-05T17:15+01:00"),
        ("January 15, 2024 7:56 PM", "2024-01-15T19:56+01:00"),
        ("20th of July 2023, 12am", "2023-07-20"),
        # a range of hours is not an offset
        ("10:00-12:00 5 mei 2023", "2023-05-05T10:00+02:00"),
        # the hour that does not exist, and the one that exists twice
        ("30 maart 2025 02:30", "2025-03-30T03:30+02:00"),
        ("26 oktober 2025 02:30", "2025-10-26T02:30+02:00"),
        # no date, or none that a calendar has
        ("", None),
        ("31/02/2024", None),
        ("2024-13-45", None),
        ("12345678901", None),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-14:00", None),
    ],
)
def test_written_dates(raw: str, expected: str | None) -> None:
    """Four languages and the programs' formats; a zone that is named holds, any other time is local."""
    assert read(raw) == expected


def written() -> list[tuple[str, str | None]]:
    rows = [line.split("\t") for line in WRITTEN.read_text().splitlines()[2:]]
    return [(raw, None if expected == "-" else expected) for raw, expected, _ in rows]


@pytest.mark.parametrize(("raw", "expected"), written())
def test_the_table(raw: str, expected: str | None) -> None:
    """Each line of the table is read as a person in Brussels reads it, and what is no date is none."""
    assert read(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("10 januari", "2026-01-10"),
        ("11 januari", "2025-01-11"),
        ("29 feb", "2024-02-29"),
        ("20.06.", "2025-06-20"),
        ("31 dec 23.59 u.", "2025-12-31T23:59+01:00"),
        ("Vr 9/05", "2025-05-09"),
        ("Za 9/05", "2020-05-09"),
        ("Zo 11/01", "2026-01-11"),
        ("wo 24 dec.", "2025-12-24"),
    ],
)
def test_missing_year(raw: str, expected: str) -> None:
    """A badge without a year is the latest such day that is not in the future; a weekday fixes the year."""
    assert read(raw) == expected


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=())) | st.from_regex(r"[\w ]{0,8}\d{1,4}[/. -]\w{1,8}[/. -]\d{1,4}.{0,9}")
)
def test_any_string_is_a_date_or_none(value: str) -> None:
    """Nothing raises, and what is read is an aware moment in UTC."""
    found = dates.parse(value, tz=TZ, now=NOW)
    assert found is None or found.utcoffset() == timedelta(0)


@settings(deadline=None)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2150, 1, 1)))  # noqa: DTZ001
def test_own_output_is_read_back(moment: datetime) -> None:
    """A moment written as RFC 3339 or RFC 822 is the same moment again."""
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    for written in (
        moment.isoformat(),
        moment.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        moment.astimezone(TZ).isoformat(),
    ):
        assert dates.parse(written, tz=TZ, now=NOW) == moment
