"""What is noted of a poll: before it is sent, when it comes to nothing, and when its answer is here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aggregator import uri
from aggregator.model import Feed, Fetch, Poll, Response, Source
from aggregator.schedule.conditions import kept, renewed
from aggregator.schedule.freshness import caching, retry_after
from aggregator.schedule.move import moved
from aggregator.schedule.network import offline
from aggregator.schedule.wait import ahead, interval_of, next_poll


@dataclass(frozen=True, slots=True)
class Came:
    """What came over the wire, and when.

    *down* is since when the network here seems to be; *rebuff* is an answer to what was asked along with the poll (an
    article, a further page) that wants us to stop for a while.
    """

    answer: Response | None
    error: str | None
    asked: datetime
    arrived: datetime
    unreachable: bool = False
    down: datetime | None = None
    rebuff: Response | None = None


def claimed(source: Source, last: Poll | None, fetch: Fetch, now: datetime, reading: str) -> Poll:
    """What is noted of a source while it is being asked, to be read as *reading*, and stays when nobody learns of the
    answer.
    """
    known, until = last_of(source, last, now), now + interval_of(source, fetch)
    return replace(known, next_poll=max(known.next_poll, until), tried=reading)


def last_of(source: Source, last: Poll | None, now: datetime) -> Poll:
    """What is known of a source: nothing before its first poll, and little when it was at another URL."""
    if last and ahead(last, now):
        last = _set_back(last, now)
    if last and last.url == source.url:
        return last
    nothing = Poll(source=source.id, url=source.url, at=now, next_poll=now, status="asked")
    if last is None:
        return nothing
    return replace(
        nothing,
        first_success=last.first_success,
        last_success=last.last_success,
        entries=last.entries,
        arrivals=last.arrivals,
    )


def _set_back(last: Poll, now: datetime) -> Poll:
    """What a clock noted that was ahead: moments that have not come are forgotten, or taken for *now*.

    Else what waits for so long after one of them (a fetch without conditions, an alarm) would wait for years.
    """
    return replace(
        last,
        at=now,
        next_poll=now,
        not_before=None,
        throttled=None,
        full=None,
        first_success=last.first_success and min(last.first_success, now),
        last_success=last.last_success and min(last.last_success, now),
        unreachable=None,
        arrivals=tuple(moment for moment in last.arrivals if moment <= now),
        moved=last.moved and replace(last.moved, since=min(last.moved.since, now), seen=None),
    )


def lost(last: Poll, now: datetime) -> Poll:
    """A source that could not be reached, as the others should know it before all of it is noted."""
    return replace(last, at=now, unreachable=last.unreachable or now)


def unstored(source: Source, last: Poll | None, error: str, now: datetime) -> Poll:
    """A poll that the database did not take: our own fault, and no failure of the source."""
    return replace(last_of(source, last, now), at=now, status="failed", error=f"could not be stored: {error}")


def unreached(error: str, known: Iterable[Poll], fetch: Fetch, now: datetime) -> Came:
    """A failure of the network; ours, when no other host can be reached either.  *known* are the polls of them all."""
    down = offline(known, fetch, now)
    if down:
        error += "; no other host could be reached either, so this is taken for the network here"
    return Came(None, error, asked=now, arrived=now, unreachable=True, down=down)


def already_read(answer: Response, last: Poll, reading: str) -> bool:
    """Whether these very bytes were read before, in the same manner."""
    return last.reading == reading and last.body == _body(answer)


def note(
    source: Source,
    last: Poll,
    came: Came,
    feed: Feed | None,
    error: str | None,
    reading: str,
) -> Poll:
    """What is to be remembered of a poll.  A failure forgets nothing that a success had taught us.

    With articles still unread, the list is read again by the next poll, whether it changed or not.
    """
    answer, now = came.answer, came.asked
    rebuff = came.rebuff or answer
    wait = retry_after(rebuff, came.arrived) if rebuff else None
    return replace(
        last,
        at=now,
        http_status=answer.status if answer else None,
        answered=answer.url if answer else last.answered,
        error=error,
        failures=0 if error is None else last.failures + (came.down is None),
        unreachable=(last.unreachable or now) if came.unreachable else None,
        not_before=came.arrived + wait if wait else None,
        throttled=uri.server(rebuff.url) if rebuff and wait and rebuff.status == 429 else None,
        full=now if answer and answer.status == 200 else last.full,
        tried=reading,
        new=0,
        held=0,
        **_learnt(source, last, answer, feed, error, now, None if last.unread else reading),
    )


def _learnt(
    source: Source,
    last: Poll,
    answer: Response | None,
    feed: Feed | None,
    error: str | None,
    now: datetime,
    reading: str | None,
) -> dict[str, Any]:
    """The fields that only a success changes, but for the status."""
    if error or answer is None:
        return {"status": "gone" if answer and _is_gone(answer, last) else "failed"}
    found: dict[str, Any] = {
        "first_success": last.first_success or now,
        "last_success": now,
        "caching": caching(answer, last.caching),
    }
    if answer.status == 304:
        return found | {"status": "not_modified", "validators": renewed(answer, last.validators)}
    found |= {"status": "ok", "validators": kept(answer), "body": _body(answer), "reading": reading}
    if feed is not None and feed.cut:  # standards, item 7: a 304 to these validators would hide the rest
        found |= {"validators": None, "body": None, "reading": None}
    if feed is not None:
        own = feed.id if feed.id != source.url else None
        found |= {"entries": len(feed.entries), "problems": feed.problems, "pace": feed.pace, "feed": own}
    return found


def _is_gone(answer: Response, last: Poll) -> bool:
    """Whether it is the configured URL that has gone for good, and not one to which it leads."""
    return answer.status == 410 and not answer.hops and not (last.moved and last.moved.direct)


def conclude(source: Source, fetch: Fetch, last: Poll, noted: Poll, came: Came, *, familiar: bool) -> Poll:
    """Where and when to ask again, now that it is known what was new; *familiar*: some of it was here before."""
    same = familiar or last.first_success is None or (noted.feed is not None and noted.feed == last.feed)
    return replace(
        noted,
        moved=moved(last.moved, fetch, noted, came.answer, same=same),
        next_poll=next_poll(source, fetch, noted, came.answer, came.arrived, down=came.down),
    )


def _body(answer: Response) -> str:
    return hashlib.blake2b(answer.content, digest_size=16).hexdigest()
