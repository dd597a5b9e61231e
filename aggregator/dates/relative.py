"""Dates that count from the moment of reading: "yesterday at five", "2 uur geleden", "il y a 3 jours", "gestern".

The words for days are everyday words ("hier" is yesterday in French and here in Dutch): they are a date only where they
begin the line, or follow a word such as "published".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from aggregator.dates.words import DAYS, JUST_NOW, ONE, UNITS

_LEAD = (
    r"(?:(?:gepubliceerd|geplaatst|bijgewerkt|gewijzigd|publie|mis a jour|modifie|veroffentlicht|aktualisiert|erstellt"
    r"|posted|published|updated)[\s:]+(?:op|le|am|on)?\s*)?"
)
_DAY = re.compile(rf"{_LEAD}({'|'.join(sorted(DAYS, key=len, reverse=True))})(?![\w'-])(?P<rest>.*)")
_REST = re.compile(r"(?:[\s,/|@.-]|(?:om|rond|a|um|at|vers|gegen|around)(?![a-z]))*(?:\d.{0,40})?")
_NOW = re.compile(rf"{_LEAD}(?:{JUST_NOW})\W*")
_COUNT = rf"(?:(\d{{1,3}})\s?|({'|'.join(ONE.split())})\s)({'|'.join(sorted(UNITS, key=len, reverse=True))})\b\.?"
_AGO = re.compile(rf"\b(?:{_COUNT}\s(?:geleden|ago)\b|(?:il y a|vor)\s(?:env(?:iron|\.)\s)?{_COUNT})")


def day(plain: str) -> timedelta | None:
    """How far from today the day is that *plain* (lower case, no accents) names by a word such as "yesterday"."""
    found = _DAY.match(plain)
    return timedelta(days=DAYS[found[1]]) if found and _REST.fullmatch(found["rest"]) else None


def ago(plain: str, now: datetime) -> datetime | None:
    """So long before *now* as *plain* says: to the minute, and to the day where it counts in days or more."""
    if _NOW.fullmatch(plain):
        return now.replace(second=0, microsecond=0)
    found = _AGO.search(plain)
    if found is None:
        return None
    number, unit = (part for part in found.groups() if part is not None)
    count, length = (int(number) if number.isdigit() else 1), UNITS[unit]
    if length < 0:
        return _months_ago(now, count * -length)
    if length < UNITS["day"]:
        return now.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(seconds=count * length)
    return _midnight(now) - timedelta(seconds=count * length)


def _months_ago(now: datetime, months: int) -> datetime:
    """The same day of the month, or the last one that the month has."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    for missing in range(4):
        try:
            return _midnight(now.replace(year=year, month=month + 1, day=now.day - missing))
        except ValueError:
            continue
    raise ValueError(f"no month is {months} months before {now}")


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time())
