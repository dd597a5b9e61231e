"""One poll of one source, from the origin server to the store.

This is where the stages of the river meet; read it from top to bottom:

    fetch → parse → normalize → (articles) → match → merge → store

``poll`` waits (for the network, a worker, the writer's turn) and decides nothing; ``read`` and ``settle`` decide and
wait for nothing.  ``read`` runs in a worker process, ``settle`` in the writer's turn, so that two sources with the same
news cannot found two stories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from aggregator import follow, guards, text
from aggregator.errors import FetchError, NetworkError, ParseError
from aggregator.fetch import Fetcher
from aggregator.match import sightings
from aggregator.model import (
    Config,
    Entry,
    Feed,
    Link,
    Origin,
    Poll,
    Response,
    Sighting,
    Source,
    Unread,
    Validators,
)
from aggregator.normalize import normalize
from aggregator.parse import parse
from aggregator.schedule import next_poll, not_before
from aggregator.settle import settle
from aggregator.store import Store, Tx
from aggregator.workers import Workers


@dataclass(frozen=True, slots=True)
class Means:
    """What a poll works with: the open resources of the process, and what the operator wants."""

    config: Config
    fetcher: Fetcher
    workers: Workers
    store: Store
    clock: Callable[[], datetime]
    version: str


async def poll(source: Source, means: Means, *, keep: bool = True) -> Poll:
    """Ask *source* once and store what came of it; without *keep* nothing is stored.

    Never raises for anything a source can do: a failed poll is a ``Poll`` with an error.
    """
    now = means.clock()
    last = await means.store.read(lambda tx: tx.polls.of(source.id))
    reading = reading_of(source, means.config, means.version)
    answer: Response | None = None
    found: Found | None = None
    error: str | None = None
    unreachable = False
    try:
        validators = validators_for(last, reading)
        if source.page and source.type != "feed":
            await permitted(means, source.url)
        answer = await means.fetcher.fetch(source.url, validators, now)
        error = unusable(answer, conditional=validators is not None)
        if error is None and answer.status == 200 and not already_read(answer, last, reading):
            found = await look(answer, source, means, last)
    except (FetchError, ParseError) as failure:
        error, unreachable = str(failure), isinstance(failure, NetworkError)
    noted = note(source, means.config, last, answer, found, error, reading, now, unreachable=unreachable)
    if found is None:
        return await means.store.write(lambda tx: keep_note(tx, noted), keep=keep)
    return await means.store.write(lambda tx: keep_note(tx, settle(tx, found.seen, noted, means.config)), keep=keep)


async def permitted(means: Means, url: str) -> None:
    """Raises FetchError when robots.txt does not let us read the page at *url*; a feed is there to be fetched."""
    if refusal := await means.fetcher.allowed(url, means.clock()):
        raise FetchError(refusal)


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: the feed, its entries as sightings, and the entries whose articles are still to be read."""

    feed: Feed
    seen: tuple[Sighting, ...]
    unread: tuple[Unread, ...] = ()


async def look(answer: Response, source: Source, means: Means, last: Poll | None) -> Found:
    """Read the answer, on the first success with the pages that continue it, and the articles behind its items."""

    async def ask(url: str) -> Response:
        await permitted(means, url)
        return await means.fetcher.fetch(url, None, means.clock())

    first = last is None or last.first_success is None
    more, problems = await follow.further(source, ask) if first else ((), ())
    timezone = means.config.timezone
    feed, seen = await means.workers.run(read, answer, source, timezone, more)
    seen, left_out = guards.without_notices(seen, means.config.notices)
    feed = replace(feed, entries=tuple(each.entry for each in seen), problems=(*feed.problems, *problems, *left_out))
    if source.article is None:
        return Found(feed, seen)
    known = await means.store.read(lambda tx: tx.stories.sharing(key for one in seen for key in one.keys))
    plans = follow.plan(seen, known, last.unread if last else (), source)
    filled = await follow.fill(feed, plans, source, ask=ask, workers=means.workers, timezone=timezone, now=answer.date)
    seen, left_out = guards.without_notices(filled.seen, means.config.notices)
    return Found(replace(filled.feed, problems=(*filled.feed.problems, *left_out)), seen, filled.unread)


# -- what is decided before and after the wire ---------------------------------


def reading_of(source: Source, config: Config, version: str) -> str:
    """How a source's bytes are read; when this changes, they are read again although they have not changed."""
    reading = replace(source, note=None, interval=None, enabled=True, aliases=())
    return text.digest(version, config.timezone, repr(reading), repr(config.notices))


def validators_for(last: Poll | None, reading: str) -> Validators | None:
    """The validators to send: those of the last bytes that were read as they would be read today."""
    return last.validators if last and last.reading == reading else None


def already_read(answer: Response, last: Poll | None, reading: str) -> bool:
    """Whether these very bytes were read before, in the same manner."""
    return last is not None and last.reading == reading and last.body == _body(answer)


def unusable(answer: Response, *, conditional: bool) -> str | None:
    """Why an answer cannot be read; None for one that can, and for 304."""
    if answer.status == 200:
        return None
    if answer.status == 304:
        return None if conditional else "the server answered 304 (not modified) although nothing was to be compared"
    return _STATUS.get(answer.status, f"the server answered {answer.status}") + (
        "" if answer.status in _STATUS else "; see whether the address still works in a browser"
    )


_STATUS = {
    401: "the server wants a user name and password (401)",
    403: "the server refuses us (403); ask its operator to allow the User-Agent, or look whether the address moved",
    404: "there is nothing at this address (404); look for the new one in a browser and correct `url`",
    410: "the server says that this is gone for good (410); remove the source, or correct `url`",
    429: "the server asks us to slow down (429); raise `interval`",
    500: "the server failed (500); nothing to do here, it is asked again later",
    502: "the server failed (502); nothing to do here, it is asked again later",
    503: "the server is unavailable (503); nothing to do here, it is asked again later",
    504: "the server failed (504); nothing to do here, it is asked again later",
}


def note(
    source: Source,
    config: Config,
    last: Poll | None,
    answer: Response | None,
    found: Found | None,
    error: str | None,
    reading: str | None,
    now: datetime,
    *,
    unreachable: bool = False,
) -> Poll:
    """What is to be remembered of a poll.  A failure forgets nothing that a success had taught us."""
    failures = (last.failures if last else 0) + 1 if error else 0
    noted = replace(
        last or Poll(source=source.id, url=source.url, at=now, next_poll=now, status="ok"),
        url=source.url,
        at=now,
        next_poll=next_poll(source, config.fetch, answer=answer, failures=failures, now=now, unreachable=unreachable),
        http_status=answer.status if answer else None,
        error=error,
        failures=failures,
        tried=reading,
        not_before=not_before(answer, now),
        new=0,
        held=0,
    )
    if error or answer is None:
        return replace(noted, status="gone" if answer and answer.status == 410 else "failed")
    noted = replace(noted, first_success=noted.first_success or now, last_success=now)
    if answer.status == 304:
        return replace(noted, status="not_modified", validators=_renewed(answer, noted.validators))
    if found is not None:
        noted = replace(noted, entries=len(found.feed.entries), problems=found.feed.problems, unread=found.unread)
        if found.unread:  # the list is read again, whether it changed or not
            reading = None
    return replace(noted, status="ok", validators=_validators(answer), body=_body(answer), reading=reading)


# -- what is decided in a worker ---------------------------------------------------


def read(
    answer: Response, source: Source, timezone: str, more: tuple[Response, ...] = ()
) -> tuple[Feed, tuple[Sighting, ...]]:
    """From bytes to sightings: parse and normalise what a source answered.  Pure; raises ParseError."""
    zone = ZoneInfo(timezone)
    feed = normalize(parse(answer, source, zone, more), base=answer.url, now=answer.date)
    feed = replace(feed, entries=tuple(_with_origin(entry, feed, source, answer.url) for entry in feed.entries))
    return feed, sightings(feed, source, answer.date, zone)


def _with_origin(entry: Entry, feed: Feed, source: Source, url: str) -> Entry:
    """Name the feed that the entry came from (atom:source); an RSS feed or a page has its URL for an id."""
    if entry.origin:
        return entry
    site = next((link.href for link in feed.links if link.rel == "alternate"), None)
    links = (*((Link(href=site),) if site else ()), Link(href=url, rel="self"))
    origin = Origin(id=feed.id or url, title=source.title or feed.title, links=links, rights=feed.rights)
    return replace(entry, origin=origin)


# -- what is kept in the writer's turn ---------------------------------------------


def keep_note(tx: Tx, noted: Poll) -> Poll:
    """Keep what is remembered of a poll."""
    tx.polls.note(noted)
    return noted


# -- validators (RFC 9110 §8.8) --------------------------------------------------------


def _validators(answer: Response) -> Validators | None:
    etag, last_modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    if etag is None and last_modified is None:
        return None
    return Validators(url=answer.url, etag=etag, last_modified=last_modified)


def _renewed(answer: Response, old: Validators | None) -> Validators | None:
    """A 304 may carry new validators; what it does not mention stays as it was (RFC 9111 §3.2)."""
    new = _validators(answer)
    if new is None or old is None:
        return old
    return replace(old, etag=new.etag or old.etag, last_modified=new.last_modified or old.last_modified)


def _body(answer: Response) -> str:
    return hashlib.blake2b(answer.content, digest_size=16).hexdigest()
