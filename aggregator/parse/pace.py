"""How often a feed changes, in its publisher's words: RSS 2.0's ttl, skipHours and skipDays, RSS 1.0's syndication
module.  What makes no sense counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import Pace

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}


def read(found: Mapping[str, Any], base: datetime | None) -> Pace | None:
    """The pace in feedparser's words, *base* being the date of sy:updateBase; None when the feed says nothing."""
    ttl = _number(found.get("ttl"))
    pace = Pace(
        ttl=timedelta(minutes=ttl) if ttl else None,
        skip_hours=_hours(found.get("hours") or []),
        skip_days=_days(found.get("days") or []),
        period=_period(found.get("sy_updateperiod"), found.get("sy_updatefrequency")),
        base=base,
    )
    return pace if pace.ttl or pace.skip_hours or pace.skip_days or pace.period else None


def _hours(values: list[Any]) -> tuple[int, ...]:
    """0 to 23; RSS 0.91 counts from 1, so that its 24 is midnight."""
    numbers = (_number(value) for value in values)
    return tuple(sorted({number % 24 for number in numbers if number is not None and number <= 24}))


def _days(values: list[Any]) -> tuple[int, ...]:
    names = (value.strip().lower() for value in values if isinstance(value, str))
    return tuple(sorted({_DAYS.index(name) for name in names if name in _DAYS}))


def _period(period: Any, frequency: Any) -> timedelta | None:
    """The time between two updates: so many in a period, which is a day when only their number is given."""
    times = _number(frequency)
    if period is None and times is None:
        return None
    length = _PERIODS.get(str(period or "daily").strip().lower())
    return length / max(times or 1, 1) if length else None


def _number(value: Any) -> int | None:
    """A non-negative whole number, a fraction of it cut off; as many of its minutes as a calendar has."""
    found = re.fullmatch(r"\s*([0-9]{1,7})(?:\.[0-9]*)?\s*", value) if isinstance(value, str) else None
    return int(found[1]) if found else None
