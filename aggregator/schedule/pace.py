"""What publishers say of their own pace, and what it shows itself to be.

The first is ``model.Pace`` (ttl, skipHours and skipDays of RSS 2.0, the syndication module of RSS 1.0), the second the
moments at which there was news.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from aggregator.model import Pace

REMEMBERED = 10
"""Moments of news that are kept."""
ENOUGH = 4
"""Moments from which a rate can be told."""
OFTEN = 4
"""How many times as often as there is news a source is asked."""

_HOUR = timedelta(hours=1)


def wanted(pace: Pace | None, at: datetime) -> datetime:
    """The moment before which nothing new is promised, by a feed that was read *at*; *at* itself when it is silent."""
    if pace is None:
        return at
    return max(at + (pace.ttl or timedelta(0)), _next_update(pace, at))


def _next_update(pace: Pace, at: datetime) -> datetime:
    """RSS 1.0's syndication module: a period from now, or where there is a base, the next update by its calendar."""
    if not pace.period:
        return at
    if pace.base is None:
        return at + pace.period
    return at + (pace.period - (at - pace.base) % pace.period)


def awake(pace: Pace | None, moment: datetime) -> datetime:
    """*moment*, or the beginning of the first hour after it that is neither in skipHours nor in skipDays (GMT).

    A feed that names every hour or every day has said nothing.
    """
    if pace is None or len(set(pace.skip_hours)) >= 24 or len(set(pace.skip_days)) >= 7:
        return moment
    found = moment.astimezone(UTC)
    while found.weekday() in pace.skip_days or found.hour in pace.skip_hours:
        found = found.replace(minute=0, second=0, microsecond=0) + _HOUR
    return found


def remembered(arrivals: Iterable[datetime], apart: timedelta) -> tuple[datetime, ...]:
    """The latest moments of news, those less than *apart* after another taken for one."""
    kept: list[datetime] = []
    for moment in sorted(arrivals):
        if not kept or moment - kept[-1] >= apart:
            kept.append(moment)
    return tuple(kept[-REMEMBERED:])


def observed(arrivals: tuple[datetime, ...]) -> timedelta:
    """How long to wait by the observed rate of news: a quarter of its median gap, nothing while too little is known."""
    if len(arrivals) < ENOUGH:
        return timedelta(0)
    gaps = [(after - before).total_seconds() for before, after in pairwise(arrivals)]
    return timedelta(seconds=statistics.median(gaps) / OFTEN)
