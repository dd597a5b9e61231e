"""Which sources are to be asked now: each URL once, whoever names it, and no herd after a start or a long sleep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator import uri
from aggregator.model import Auth, Config, Poll, Source
from aggregator.schedule.move import asked
from aggregator.schedule.network import offline
from aggregator.schedule.wait import ahead, forgiven, interval_of, jitter

FEW = 10
"""So many overdue sources may be asked at once."""
APART = timedelta(milliseconds=100)
"""How far apart, on average, more of them are asked."""

_Polls = Mapping[str, Poll]
_Readings = Mapping[str, str]
_Request = tuple[str, Auth | None, str | None]
"""What makes two requests the same: the URL, who we say that we are, and the way there."""


@dataclass(frozen=True, slots=True)
class Start:
    """When polling began, or went on after a long sleep, and over how long the sources overdue by then are spread."""

    at: datetime
    spread: timedelta


@dataclass(frozen=True, slots=True)
class Asking:
    """One request to *host* for all the sources that name its URL; *servers* are those that it is known to lead to."""

    url: str
    host: str
    servers: frozenset[str]
    sources: tuple[Source, ...]


def starting(config: Config, polls: _Polls, readings: _Readings, now: datetime) -> Start:
    """Begin polling *now*: a few overdue sources at once, many of them spread by a jitter that is each one's own."""
    at_once, polls = Start(now, timedelta(0)), _believed(polls, now)
    overdue = sum(
        _due_at(source, config, polls, readings, at_once, None) <= now for source in _asked_at_all(config, polls)
    )
    return Start(now, min(max(overdue - FEW, 0) * APART, config.fetch.interval))


def due(config: Config, polls: _Polls, readings: _Readings, start: Start, now: datetime) -> list[Asking]:
    """What is to be asked now, the longest overdue first; servers that want to be left alone are (429, Retry-After).

    *readings* tell for each source how it is read as it is configured today: one that was last asked to be read in
    another manner is asked at once.
    """
    polls = _believed(polls, now)
    sources = _asked_at_all(config, polls)
    down = offline(polls.values(), config.fetch, now) if any(poll.unreachable for poll in polls.values()) else None
    when: dict[_Request, datetime] = {}
    for source in sources:
        moment = _due_at(source, config, polls, readings, start, down)
        if moment <= now:
            request = _request(source, polls)
            when[request] = min(moment, when.get(request, now))
    if not when:
        return []
    held = held_hosts(polls.values(), now)
    found = grouped((source for source in sources if _request(source, polls) in when), polls)
    ready = [one for one in found if not held.keys() & one.servers and _may_be_asked(one, config, polls, readings, now)]
    return sorted(ready, key=lambda asking: when[_request(asking.sources[0], polls)])


def grouped(sources: Iterable[Source], polls: _Polls) -> list[Asking]:
    """One asking for each URL, however many of the *sources* name it, if they are asked for in the same manner."""
    groups: defaultdict[_Request, list[Source]] = defaultdict(list)
    for source in sources:
        groups[_request(source, polls)].append(source)
    return [
        Asking(url, uri.host(url), _servers(url, members, polls), tuple(members))
        for (url, *_), members in groups.items()
    ]


def held_hosts(polls: Iterable[Poll], now: datetime) -> dict[str, datetime]:
    """The servers that asked to be left alone as a whole (429 with Retry-After), and until when."""
    held: dict[str, datetime] = {}
    for poll in polls:
        if poll.throttled and poll.not_before and poll.not_before > now and not ahead(poll, now):
            held[poll.throttled] = max(poll.not_before, held.get(poll.throttled, now))
    return held


def of(source: Source, polls: _Polls) -> Poll | None:
    """The latest poll of a source as it is configured now: what was learnt at another URL is about another URL."""
    poll = polls.get(source.id)
    return poll if poll and poll.url == source.url else None


def _request(source: Source, polls: _Polls) -> _Request:
    return asked(source, of(source, polls)), source.auth, source.proxy


def _asked_at_all(config: Config, polls: _Polls) -> list[Source]:
    """The sources that are switched on and not gone for good (410)."""
    return [
        source
        for source in config.sources
        if source.enabled and not ((poll := of(source, polls)) and poll.status == "gone")
    ]


def _believed(polls: _Polls, now: datetime) -> _Polls:
    """Without what was noted by a clock that was wrong: those sources are as good as never asked."""
    if not any(ahead(poll, now) for poll in polls.values()):
        return polls
    return {source: poll for source, poll in polls.items() if not ahead(poll, now)}


def _is_anew(source: Source, poll: Poll, readings: _Readings) -> bool:
    """Whether the source is configured otherwise than when it was last asked."""
    return poll.tried not in {None, readings.get(source.id, poll.tried)}


def _due_at(
    source: Source, config: Config, polls: _Polls, readings: _Readings, start: Start, down: datetime | None
) -> datetime:
    poll = of(source, polls)
    moment = poll.next_poll if poll and not _is_anew(source, poll, readings) else start.at
    if poll and poll.unreachable and down:
        moment = forgiven(source, config.fetch, poll, down)
    return max(moment, start.at + start.spread * jitter(source.url)) if moment <= start.at else moment


def _may_be_asked(asking: Asking, config: Config, polls: _Polls, readings: _Readings, now: datetime) -> bool:
    """Not when another source had the same URL asked a moment ago, or was told to wait."""
    least = min(interval_of(source, config.fetch) for source in asking.sources)
    known = {source: poll for source in asking.sources if (poll := of(source, polls))}
    if any(poll.not_before and poll.not_before > now for poll in known.values()):
        return False
    if any(_is_anew(source, poll, readings) for source, poll in known.items()):
        return True
    return all(poll.unreachable or poll.at + least <= now for poll in known.values())


def _servers(url: str, sources: Iterable[Source], polls: _Polls) -> frozenset[str]:
    answered = (poll.answered for source in sources if (poll := of(source, polls)) and poll.answered)
    return frozenset(map(uri.server, (url, *answered)))
