"""Dates as people and programs write them.

ISO 8601 is ``datetime.fromisoformat``'s.  All else is read here, because no library reads it as Belgian sites mean it:
feedparser takes CET for UTC and gives up on Dutch, and a general parser takes 08/07 for the 7th of August.

The rules: the day comes before the month; what names no zone is local time; a date alone is midnight; a year of two
digits is POSIX's (69 is 1969, 68 is 2068); a missing year is the latest one that fits the weekday, if one is named,
and does not put the date in the future.  "Yesterday" and "two hours ago" count from the moment of reading.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from aggregator import text
from aggregator.dates import relative
from aggregator.dates.words import EVENING, MONTHS, NIGHT, WEEKDAYS, ZONES

__all__ = ["parse"]

MAX_LENGTH = 200  # a date is a badge or a line, never a paragraph
_YEARS = range(1900, 2200)  # before and after, a program means "no date"
_FARTHEST_EAST = timedelta(hours=14)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# RFC 822 §5 as nearly every feed has it: no need to look further.
_USUAL = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d\d?) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4})"
    r" ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) (?:GMT|([+-])(0\d|1[0-4])([0-5]\d))",
    re.ASCII,
)
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})", re.ASCII)  # ISO 8601's day of the year
_NAME = rf"(?P<name>{'|'.join(sorted(MONTHS, key=len, reverse=True))})(?![a-z])\.?"
_DAY = r"(?<!\d)(?P<day>\d{1,2})"
_DATES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)",
        rf"(?<!\d)(?P<year>\d{{4}})[\s/.-]{_NAME}[\s/-]?(?P<day>\d{{1,2}})(?!\d|\s?[:.]\s?\d\d)",
        rf"{_DAY}\s?(?P<sep>[-/.])\s?(?P<month>\d{{1,2}})\s?(?P=sep)\s?'?(?P<year>\d{{4}}|\d{{2}})(?!\d)",
        rf"{_DAY}(?:er|st|nd|rd|th|ste|de|e|\.)?(?:\s(?:of|de|van))?[\s/-]*{_NAME}"
        r"(?:,?[\s/-]*'?(?P<year>\d{4}|\d{2}(?!\s?(?:[:.]\s?\d|[uh])))(?!\d))?",
        rf"(?<![a-z]){_NAME}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,?\s(?P<year>\d{{4}}))?(?!\d)",
        rf"(?<![\d.:/-]){_DAY}(?:[/-](?P<month>\d{{1,2}})|\.(?P<month2>\d{{1,2}})\.)(?![\d:/-]|\s?[uh])",
    )
)
_TIME = re.compile(
    r"(?<![\d+])(?P<hour>\d{1,2})"
    r"(?:\s?(?:[:.h]|u(?:ur)?|heures?)\s?(?P<minute>\d\d)(?!\d)(?:[:.](?P<second>\d\d)(?!\d))?(?:[.,]\d+)?"
    r"|(?=\s?(?:u(?:ur|hr)?|h|heures?|[ap]\.?m)\b))"
    r"(?:\s?(?P<half>[ap])\.?m\b)?(?P<zulu>\s?z\b)?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?:(?<=:\d\d:\d\d)|(?<=\s)|(?:GMT|UTC)\s?)([+-])(\d\d?):?(\d\d)?(?![\d:])", re.ASCII)
_ZONE = re.compile(rf"\b({'|'.join(ZONES)})\b")
_TRAILING_YEAR = re.compile(r"\b(\d{4})\W*$", re.ASCII)
_WORD = re.compile(r"[a-z]+")
_EVENING, _NIGHT = re.compile(EVENING), re.compile(NIGHT)


def parse(value: str, *, tz: ZoneInfo, now: datetime) -> datetime | None:
    """The moment that *value* names, in UTC; None when it names none.

    *tz* is where a time without a zone was written, *now* is when it was read.
    """
    line = text.clean(value[:MAX_LENGTH])
    try:
        found = _usual(line) or _iso(line) or _written(line, now.astimezone(tz))
        return _plausible(found, tz) if found else None
    except (ValueError, OverflowError):
        return None


def _usual(line: str) -> datetime | None:
    """Raises ValueError for a day that the month does not have."""
    found = _USUAL.fullmatch(line)
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    east = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = timezone(-east if sign == "-" else east)
    return datetime(int(year), MONTHS[month.lower()], int(day), int(hour), int(minute), int(second), tzinfo=zone)


def _iso(line: str) -> datetime | None:
    try:
        return datetime.fromisoformat(line)
    except ValueError:
        pass
    found = _ORDINAL.fullmatch(line)
    if found is None:
        return None
    first, days = datetime(int(found[1]), 1, 1), timedelta(days=int(found[2]) - 1)  # noqa: DTZ001 - local, see _plausible
    return first + days if (first + days).year == first.year else None


def _plausible(found: datetime, tz: ZoneInfo) -> datetime | None:
    moment = (found if found.tzinfo else found.replace(tzinfo=tz)).astimezone(UTC)
    return moment if moment.year in _YEARS and moment != _EPOCH else None


def _written(line: str, now: datetime) -> datetime | None:
    """Raises ValueError for a date that no calendar has."""
    plain = _plain(line)
    for pattern in _DATES:
        if found := pattern.search(plain):
            before, after = plain[: found.start()], plain[found.end() :]
            clock, zone = _clock(f"{after} | {before}", line)
            return datetime.combine(_date(found, before, after, now.date()), time(), zone) + clock
    if (away := relative.day(plain)) is not None:
        clock, zone = _clock(plain, line)
        return datetime.combine(now.date() + away, time(), zone) + clock
    return relative.ago(plain, now)


def _plain(line: str) -> str:
    """Lower case without accents, so that "Février" and "fevrier" are one word."""
    line = line.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return "".join(char for char in unicodedata.normalize("NFD", line) if not unicodedata.combining(char))


def _date(found: re.Match[str], before: str, after: str, today: date) -> date:
    parts = found.groupdict()
    day = int(parts["day"])
    month = MONTHS[parts["name"]] if parts.get("name") else int(parts.get("month") or parts["month2"])
    if month > 12 >= day:
        day, month = month, day
    year = parts.get("year")
    if year is None and (trailing := _TRAILING_YEAR.search(after)):
        year = trailing[1]
    if year is not None:
        return date(_full_year(year), month, day)
    weekdays = [WEEKDAYS[word] for word in _WORD.findall(before) if word in WEEKDAYS]
    return _latest(month, day, weekdays[-1] if weekdays else None, today)


def _full_year(year: str) -> int:
    return int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 69 else 1900)


def _latest(month: int, day: int, weekday: int | None, today: date) -> date:
    """The latest such date up to *today*, or to a month later when *weekday* vouches for it."""
    horizon = today if weekday is None else today + timedelta(days=31)
    for year in range(horizon.year, horizon.year - 41, -1):  # a 29 February returns to its weekday within 40 years
        try:
            candidate = date(year, month, day)
        except ValueError:
            continue
        if candidate <= horizon and weekday in (None, candidate.weekday()):
            return candidate
    raise ValueError(f"no year has {day}/{month}")


def _clock(plain: str, line: str) -> tuple[timedelta, timezone | None]:
    """The time since midnight and the zone it is in; nothing and no zone when no time is written."""
    found = _TIME.search(plain)
    if not found:
        return timedelta(), None
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if half := found["half"] or _half(plain, hour):
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 24 or minute > 59 or second > 60:
        return timedelta(), None
    return timedelta(hours=hour, minutes=minute, seconds=second), _zone(line, zulu=bool(found["zulu"]))


def _half(plain: str, hour: int) -> str | None:
    """Which half of the day is meant where words say it."""
    if 0 < hour < 12 and _EVENING.search(plain):
        return "p"
    return "a" if hour == 12 and _NIGHT.search(plain) else None


def _zone(line: str, *, zulu: bool) -> timezone | None:
    if zulu:
        return UTC
    offset = _OFFSET.search(line)
    if offset and (east := timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))) <= _FARTHEST_EAST:
        return timezone(-east if offset[1] == "-" else east)
    named = _ZONE.search(line)
    return timezone(timedelta(hours=ZONES[named[1]])) if named else None
