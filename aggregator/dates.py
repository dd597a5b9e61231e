"""Dates as people and programs write them.

ISO 8601 is ``datetime.fromisoformat``'s.  All else is read here, because no library reads it as Belgian sites mean it:
feedparser takes CET for UTC and gives up on Dutch, and a general parser takes 08/07 for the 7th of August.

The rules: the day comes before the month; what names no zone is local time; a date alone is midnight; a year of two
digits is POSIX's (69 is 1969, 68 is 2068); a missing year is the latest one that fits the weekday, if one is named,
and does not put the date in the future.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from aggregator import text

MAX_LENGTH = 200  # a date is a badge or a line, never a paragraph
_YEARS = range(1900, 2200)  # before and after, a program means "no date"
_FARTHEST_EAST = timedelta(hours=14)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january januar janvier janner jan janv",
            "februari february februar fevrier feb febr fev fevr",
            "maart march marz maerz mars mrt mrz maa mar",
            "april avril apr avr",
            "mei may mai",
            "juni june juin jun",
            "juli july juillet jul juil",
            "augustus august aout aug",
            "september septembre sep sept",
            "oktober october octobre okt oct",
            "november novembre nov",
            "december decembre dezember dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "maandag monday montag lundi ma mo mon lun",
            "dinsdag tuesday dienstag mardi di tue tues mar",
            "woensdag wednesday mittwoch mercredi wo mi wed mer",
            "donderdag thursday donnerstag jeudi do thu thurs jeu",
            "vrijdag friday freitag vendredi vr fr fri ven",
            "zaterdag saturday samstag sonnabend samedi za sa sat sam",
            "zondag sunday sonntag dimanche zo so sun dim",
        )
    )
    for name in names.split()
}
# Hours east of Greenwich (RFC 822 §5 and European usage); upper case only, because "met" and "est" are words.
_ZONES = {
    "UT": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "MET": 1,
    "MEZ": 1,
    "CEST": 2,
    "MEST": 2,
}
_ZONES |= {"MESZ": 2, "EET": 2, "EEST": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8}
_ZONES |= {"PDT": -7}

_NAME = rf"(?P<name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})(?![a-z])\.?"
_DAY = r"(?<!\d)(?P<day>\d{1,2})"
_DATES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)",
        rf"{_DAY}\s?(?P<sep>[-/.])\s?(?P<month>\d{{1,2}})\s?(?P=sep)\s?(?P<year>\d{{4}}|\d{{2}})(?!\d)",
        rf"{_DAY}(?:er|st|nd|rd|th|ste|de|e|\.)?(?:\s(?:of|de))?[\s/-]*{_NAME}"
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
_ZONE = re.compile(rf"\b({'|'.join(_ZONES)})\b")
_TRAILING_YEAR = re.compile(r"\b(\d{4})\W*$", re.ASCII)
_WORD = re.compile(r"[a-z]+")


def parse(value: str, *, tz: ZoneInfo, now: datetime) -> datetime | None:
    """The moment that *value* names, in UTC; None when it names none.

    *tz* is where a time without a zone was written, *now* is when it was read.
    """
    line = text.clean(value[:MAX_LENGTH])
    try:
        found = _iso(line) or _written(line, now.astimezone(tz).date())
        return _plausible(found, tz) if found else None
    except (ValueError, OverflowError):
        return None


def _iso(line: str) -> datetime | None:
    try:
        return datetime.fromisoformat(line)
    except ValueError:
        return None


def _plausible(found: datetime, tz: ZoneInfo) -> datetime | None:
    moment = (found if found.tzinfo else found.replace(tzinfo=tz)).astimezone(UTC)
    return moment if moment.year in _YEARS and moment != _EPOCH else None


def _written(line: str, today: date) -> datetime | None:
    """Raises ValueError for a date that no calendar has."""
    plain = _plain(line)
    for pattern in _DATES:
        if found := pattern.search(plain):
            before, after = plain[: found.start()], plain[found.end() :]
            clock, zone = _clock(f"{after} | {before}", line)
            return datetime.combine(_date(found, before, after, today), time(), zone) + clock
    return None


def _plain(line: str) -> str:
    """Lower case without accents, so that "Février" and "fevrier" are one word."""
    return "".join(char for char in unicodedata.normalize("NFD", line.lower()) if not unicodedata.combining(char))


def _date(found: re.Match[str], before: str, after: str, today: date) -> date:
    parts = found.groupdict()
    day = int(parts["day"])
    month = _MONTHS[parts["name"]] if parts.get("name") else int(parts.get("month") or parts["month2"])
    if month > 12 >= day:
        day, month = month, day
    year = parts.get("year")
    if year is None and (trailing := _TRAILING_YEAR.search(after)):
        year = trailing[1]
    if year is not None:
        return date(_full_year(year), month, day)
    weekdays = [_WEEKDAYS[word] for word in _WORD.findall(before) if word in _WEEKDAYS]
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
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    if hour > 24 or minute > 59 or second > 60:
        return timedelta(), None
    return timedelta(hours=hour, minutes=minute, seconds=second), _zone(line, zulu=bool(found["zulu"]))


def _zone(line: str, *, zulu: bool) -> timezone | None:
    if zulu:
        return UTC
    offset = _OFFSET.search(line)
    if offset and (east := timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))) <= _FARTHEST_EAST:
        return timezone(-east if offset[1] == "-" else east)
    named = _ZONE.search(line)
    return timezone(timedelta(hours=_ZONES[named[1]])) if named else None
