"""When an edition is due.

A slot is a moment on the wall of the operator's time zone, and its name is that wall time: whatever the clock does in
between, a digest has one slot a day for each of its times, never none and never two.  Slots are computed from the
calendar on every call, so there is nothing to drift and nothing to forget.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.model import Digest
from aggregator.model.wanted import WEEK

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def slot_due(digest: Digest, tz: ZoneInfo, now: datetime) -> str | None:
    """The name of the latest slot that is not later than *now* and not older than the digest's ``misfire_grace``.

    Slots that were missed before it are not named: what they would have brought is in this one.
    """
    latest = max(_slots(digest, tz, now), default=None)
    if latest is None or now - latest[0] > digest.misfire_grace:
        return None
    return latest[1]


def _slots(digest: Digest, tz: ZoneInfo, now: datetime) -> Iterator[tuple[datetime, str]]:
    """Moments (UTC) not later than *now* with their names, the latest one among them."""
    if digest.every:
        moment = now - (now - _EPOCH) % digest.every
        yield moment, moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return
    today = now.astimezone(tz).date()
    # From tomorrow, because a clock that is set back over midnight shows today's date again after the first of
    # tomorrow's times, to a week ago, because a digest may have a single day.
    for day in (today + _DAY * back for back in range(1, -8, -1)):
        if WEEK[day.weekday()] in digest.days:
            for at in digest.at:
                moment = _moment(day, at, tz)
                if moment <= now:
                    yield moment, _name(day, at, one_a_day=len(set(digest.at)) == 1)


def _moment(day: date, at: time, tz: ZoneInfo) -> datetime:
    """The instant of a wall time, as RFC 5545 §3.3.5 reads it.

    Of a time that occurs twice, the first; a time that the clock skips is read with the offset before the gap, so
    that 02:30 becomes 03:30.
    """
    return datetime.combine(day, at.replace(fold=0), tzinfo=tz).astimezone(UTC)


def _name(day: date, at: time, *, one_a_day: bool) -> str:
    return day.isoformat() if one_a_day else f"{day.isoformat()}T{at:%H:%M}"
