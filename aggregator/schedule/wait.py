"""How long to wait: the later of what the operator, the server and the feed want, and slower after each failure.

Never sooner than the operator's interval after the last request began, and never later than ``[fetch].longest``, but
for a Retry-After, and for hours and days that the feed wants to be left alone.  Jitter only ever adds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator import text
from aggregator.model import Fetch, Poll, Response, Source
from aggregator.schedule import pace
from aggregator.schedule.freshness import RETRY, caching, fresh

SOON = timedelta(minutes=5)
"""When to try again whether our own network is back."""

AHEAD = timedelta(minutes=5)
"""A poll noted so far ahead of now was noted by a clock that was wrong."""

_MARGIN = 1 / 600  # a server counts from when a request arrives, and 59:59 is too soon
_JITTER = 1 / 60
_BACKOFF_JITTER = 1 / 10
_LATE = timedelta(minutes=10)  # how late in an hour a source may be asked that slept until it


def interval_of(source: Source, fetch: Fetch) -> timedelta:
    """The operator's interval for this source."""
    return source.interval or fetch.interval


def next_poll(
    source: Source,
    fetch: Fetch,
    noted: Poll,
    answer: Response | None,
    arrived: datetime,
    *,
    down: datetime | None = None,
) -> datetime:
    """The earliest moment to ask again, after a poll of which all else is *noted* and whose answer has *arrived*.

    *down* is since when our own network is (``network.offline``), which is not held against the source.
    """
    own, interval = jitter(source.id), interval_of(source, fetch)
    if down:
        return noted.at + _probing(interval, noted.at - down) * (1 + own * _BACKOFF_JITTER)
    least = noted.at + interval * (1 + _MARGIN + own * _JITTER)
    longest = noted.at + fetch.longest
    calm = max(
        _backoff(noted, interval, fetch, own),
        _fresh_until(noted, answer, arrived),
        pace.wanted(noted.pace, noted.at),
        noted.at + pace.observed(noted.arrivals) if fetch.adaptive else noted.at,
    )
    calm += (calm - noted.at) * own * _JITTER
    moment = max(least, min(calm, longest), noted.not_before or least)
    awake = pace.awake(noted.pace, moment)
    return moment if awake == moment else awake + _LATE * own


def ahead(poll: Poll, now: datetime) -> bool:
    """Whether *poll* was noted by a clock that was wrong: what it says of moments is about no moment of ours."""
    return poll.at > now + AHEAD


def jitter(id: str) -> float:
    """Between 0 and 1, and always the same for one *id*."""
    return int(text.digest(id)[:4], 16) / 0x10000


def forgiven(source: Source, fetch: Fetch, poll: Poll, down: datetime) -> datetime:
    """When to ask again a source that failed before it was known that our own network is *down*."""
    return min(poll.next_poll, poll.at + _probing(interval_of(source, fetch), poll.at - down))


def _probing(interval: timedelta, passed: timedelta) -> timedelta:
    """Soon at first, and with time as seldom as ever: what looks like our fault may be everybody else's."""
    return min(max(passed / 4, SOON), interval)


def _backoff(noted: Poll, interval: timedelta, fetch: Fetch, own: float) -> datetime:
    """Twice as long with each failure in a row; it slows down and never stops.

    One failure alone slows nothing down, unless the server said that we ask too much.
    """
    if not noted.failures:
        return noted.at
    doublings = noted.failures - (noted.http_status not in RETRY)
    longest = fetch.longest / (1 + _BACKOFF_JITTER)
    wait = min(interval * (1 << min(doublings, 16)), longest)
    return noted.at + wait * (1 + own * _BACKOFF_JITTER)


def _fresh_until(noted: Poll, answer: Response | None, arrived: datetime) -> datetime:
    return arrived + fresh(answer, caching(answer, noted.caching), arrived) if answer else arrived
