"""When to ask a source again.  Pure: the clock and the answers come in as arguments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aggregator import text
from aggregator.model import Fetch, Response, Source

LONGEST = timedelta(days=1)
"""Back-off slows down and never stops: at least one attempt a day."""


def next_poll(source: Source, fetch: Fetch, *, answer: Response | None, failures: int, now: datetime) -> datetime:
    """The earliest moment for the next poll, counted from the start of this one (*now*).

    The later of the operator's interval, doubled with every failure in a row up to a day, and a Retry-After
    (RFC 9110 §10.2.3) of at most a week.  Jitter only ever adds, up to a tenth, and is the source's own.
    """
    interval = source.interval or fetch.interval
    wait = min(interval * 2 ** min(failures, 16), max(LONGEST, interval)) if failures else interval
    if failures:
        wait += wait * _jitter(source.id)
    return max(now + wait, not_before(answer, now) or now)


def not_before(answer: Response | None, now: datetime) -> datetime | None:
    """The moment before which a server has asked (Retry-After) not to be asked again."""
    wait = _retry_after(answer, now)
    return now + wait if wait else None


def _jitter(id: str) -> float:
    return int(text.digest(id)[:4], 16) / 0xFFFF / 10


def _retry_after(answer: Response | None, now: datetime) -> timedelta:
    """What a 429 or 503 asks for, in seconds or as a date; nothing when it is missing or makes no sense."""
    if answer is None or answer.status not in {429, 503}:
        return timedelta(0)
    value = answer.headers.get("retry-after", "").strip()
    if value.isdecimal() and len(value) < 10:
        wait = timedelta(seconds=int(value))
    else:
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            return timedelta(0)
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return max(timedelta(0), min(wait, timedelta(days=7)))
