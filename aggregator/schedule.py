"""When to ask a source again.  Pure: the clock and the answers come in as arguments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aggregator import text
from aggregator.model import Fetch, Poll, Response, Source

AHEAD = timedelta(minutes=5)
LONGEST = timedelta(days=1)
"""Back-off slows down and never stops: at least one attempt a day."""


def next_poll(
    source: Source,
    fetch: Fetch,
    *,
    answer: Response | None,
    failures: int,
    now: datetime,
    unreachable: bool = False,
) -> datetime:
    """The earliest moment for the next poll, counted from the start of this one (*now*).

    The later of the operator's interval, doubled with every failure in a row after the first up to a day, and a
    Retry-After (RFC 9110 §10.2.3) of at most a week.  Where nothing was reached (*unreachable*) the fault may be on our
    side of the wire, and the interval does not grow.  Jitter only ever adds, up to a tenth, and is the source's own.
    """
    interval = source.interval or fetch.interval
    doublings = 0 if unreachable else min(max(failures - 1, 0), 16)
    wait = min(interval * int(2**doublings), max(LONGEST, interval))
    if failures:
        wait += wait * _jitter(source.id)
    return max(now + wait, not_before(answer, now) or now)


def is_due(source: Source, last: Poll, *, tried: str, now: datetime) -> bool:
    """Whether a source is to be asked now, which would be read in the manner *tried*.

    One at a new address, or that is to be read in another manner than when it was last asked, is asked at once; but
    what a server has asked for is not undone by that.  A last poll from the future was noted by a clock that was wrong.
    """
    if last.url != source.url or last.at > now + AHEAD:
        return True
    if last.status == "gone" or (last.not_before and last.not_before > now):
        return False
    return last.tried not in {None, tried} or last.next_poll <= now


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
        except (ValueError, OverflowError):
            return timedelta(0)
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return max(timedelta(0), min(wait, timedelta(days=7)))
