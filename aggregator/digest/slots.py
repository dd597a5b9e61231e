"""When an edition is due.

A slot is a moment on the wall of the operator's time zone, and its name is the day (with several times a day also the
time), the ISO week or the month: whatever the clock does in between, a digest has one slot for each of these, never
none and never two.  Slots are computed from the calendar on every call, so there is nothing to drift and nothing to
forget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.model import Digest
from aggregator.model.wanted import WEEK

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_FAR = 70  # days: no two slots of a digest are further apart


def slot_due(digest: Digest, tz: ZoneInfo, now: datetime) -> str | None:
    """The name of the latest slot that is not later than *now* and not older than the digest's ``misfire_grace``.

    Slots that were missed before it are not named: what they would have brought is in this one.
    """
    latest = latest_slot(digest, tz, now)
    return latest[1] if latest and now - latest[0] <= digest.misfire_grace else None


def latest_slot(digest: Digest, tz: ZoneInfo, now: datetime) -> tuple[datetime, str] | None:
    """The moment (UTC) and the name of the latest slot that is not later than *now*, however long ago.

    None for a digest that goes by its stories and not by the calendar.
    """
    return max(_slots(digest, tz, now), default=None)


def next_slot(digest: Digest, tz: ZoneInfo, now: datetime) -> datetime | None:
    """The moment (UTC) of the first slot later than *now*; None for a digest that goes by its stories."""
    if digest.every:
        return now - (now - _EPOCH) % digest.every + digest.every
    ahead = (now + day * _DAY for day in range(1, _FAR))
    later = ([moment for moment, _ in _slots(digest, tz, then) if moment > now] for then in ahead)
    return next((min(moments) for moments in later if moments), None)


def is_quiet(digest: Digest, tz: ZoneInfo, now: datetime) -> bool:
    """Whether *now* is in the hours in which a digest that goes out at once leaves its readers in peace."""
    if digest.quiet is None:
        return False
    start, end = digest.quiet
    wall = now.astimezone(tz).time()
    return start <= wall < end if start <= end else wall >= start or wall < end


def midnight(tz: ZoneInfo, now: datetime) -> datetime:
    """When the day of *now* began on the wall of *tz*, in UTC."""
    return _moment(now.astimezone(tz).date(), time(), tz)


def _slots(digest: Digest, tz: ZoneInfo, now: datetime) -> Iterator[tuple[datetime, str]]:
    """Moments (UTC) not later than *now* with their names, the latest one among them."""
    if digest.every:
        moment = now - (now - _EPOCH) % digest.every
        yield moment, moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return
    for day, at, name in _calendar(digest, now.astimezone(tz).date()):
        moment = _moment(day, at, tz)
        if moment <= now:
            yield moment, name


def _calendar(digest: Digest, today: date) -> Iterator[tuple[date, time, str]]:
    """Days, times of day and names of the slots around *today*."""
    match digest.cadence:
        case "daily" | "weekdays":
            yield from _daily(digest, today)
        case "weekly":
            # Next week's too: a clock that is set back over midnight shows Sunday once more after the first Monday.
            for monday in (today - _DAY * today.weekday() + _DAY * 7 * weeks for weeks in (1, 0, -1, -2)):
                year, week, _ = monday.isocalendar()
                yield from _first(digest, (monday + _DAY * n for n in range(7)), f"{year}-W{week:02}")
        case "monthly":
            months = [today.year * 12 + today.month - 1 + step for step in (1, 0, -1, -2)]
            for first in (date(month // 12, month % 12 + 1, 1) for month in months):
                yield from _first(digest, (first + _DAY * n for n in range(7)), f"{first:%Y-%m}")


def _daily(digest: Digest, today: date) -> Iterator[tuple[date, time, str]]:
    # From tomorrow, because a clock that is set back over midnight shows today's date again after the first of
    # tomorrow's times, to a week ago, because a digest may have a single day.
    days = WEEK[:5] if digest.cadence == "weekdays" else WEEK
    for day in (today + _DAY * back for back in range(1, -8, -1)):
        if WEEK[day.weekday()] in digest.days and WEEK[day.weekday()] in days:
            for at in digest.at:
                yield day, at, _name(day, at, one_a_day=len(set(digest.at)) == 1)


def _first(digest: Digest, days: Iterable[date], name: str) -> Iterator[tuple[date, time, str]]:
    """The first of *days* that is one of the digest's, at the first of its times."""
    day = next((day for day in days if WEEK[day.weekday()] in digest.days), None)
    if day and digest.at:
        yield day, min(digest.at), name


def _moment(day: date, at: time, tz: ZoneInfo) -> datetime:
    """The instant of a wall time, as RFC 5545 §3.3.5 reads it.

    Of a time that occurs twice, the first; a time that the clock skips is read with the offset before the gap, so
    that 02:30 becomes 03:30.
    """
    return datetime.combine(day, at.replace(fold=0), tzinfo=tz).astimezone(UTC)


def _name(day: date, at: time, *, one_a_day: bool) -> str:
    return day.isoformat() if one_a_day else f"{day.isoformat()}T{at:%H:%M}"
