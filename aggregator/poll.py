"""One poll, from the origin server to the store.

This is where the stages of the river meet; read it from top to bottom:

    schedule → fetch → parse → normalize → (articles) → match → merge → store

``ask`` waits (for the network, a worker, the writer's turn) and decides nothing; what it calls decides and waits for
nothing.  ``read`` runs in a worker process, ``settle`` in the writer's turn, so that two sources with the same news
cannot found two stories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from aggregator import follow, guards, schedule, text
from aggregator.access import access
from aggregator.errors import ConfigError, FetchError, NetworkError, ParseError
from aggregator.fetch import Access, Errand, Fetcher, RebuffError
from aggregator.model import (
    Config,
    Feed,
    Kept,
    Notices,
    Poll,
    Response,
    Sighting,
    Source,
    Unread,
    Validators,
)
from aggregator.parse import announced, answers
from aggregator.parse.page import emptied
from aggregator.reading import read
from aggregator.schedule import Asking, Came
from aggregator.settle import Settling
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
    """``ask`` for one source, whatever its schedule says."""
    known = await means.store.read(lambda tx: tx.polls.all())
    (noted,) = await ask(schedule.grouped([source], known)[0], known, means, keep=keep)
    return noted


async def ask(asking: Asking, known: dict[str, Poll], means: Means, *, keep: bool = True) -> list[Poll]:
    """Send one request, and store for each of its sources what came of it; without *keep* nothing is stored.

    *known* are the latest polls of all sources; what cannot be reached is marked in them at once, for those that fail
    at the same moment.  Never raises for anything a source can do: a failed poll is a ``Poll`` with an error.
    """
    now = means.clock()
    turns = [
        (source, schedule.last_of(source, known.get(source.id), now), reading_of(source, means.config, means.version))
        for source in asking.sources
    ]
    validators = schedule.conditions(
        ((last, reading) for _, last, reading in turns), means.config.fetch.unconditional, now
    )
    errand = Errand(lambda: _held_beside(asking, known, now))
    try:
        came = await _fetch(asking, validators, errand, means)
    except NetworkError as failure:
        now = means.clock()
        known |= {source.id: schedule.lost(last, now) for source, last, _ in turns}
        came = schedule.unreached(str(failure), known.values(), means.config.fetch, now)
    return [await _finish(source, last, reading, came, errand, means, keep) for source, last, reading in turns]


def _held_beside(asking: Asking, known: Mapping[str, Poll], now: datetime) -> dict[str, datetime]:
    """The servers to be left alone to which it is not known that this request leads: else it would not be sent."""
    held = schedule.held_hosts(known.values(), now)
    return {server: until for server, until in held.items() if server not in asking.servers}


async def _fetch(asking: Asking, validators: Validators | None, errand: Errand, means: Means) -> Came:
    """Raises NetworkError when nothing could be reached."""
    try:
        way = access(asking.sources[0])
        if any(map(is_scraped, asking.sources)):
            await _permitted(asking.url, way, errand, means)
        answer = await means.fetcher.fetch(asking.url, validators, means.clock(), way, errand)
    except NetworkError:
        raise
    except (ConfigError, FetchError) as failure:
        rebuff = failure.answer if isinstance(failure, RebuffError) else None
        return Came(None, str(failure), asked=means.clock(), arrived=means.clock(), rebuff=rebuff)
    error = unusable(answer, conditional=validators is not None)
    return Came(answer, error, asked=answer.date, arrived=means.clock())


async def _permitted(url: str, way: Access, errand: Errand, means: Means) -> None:
    """Raises FetchError when robots.txt does not let us read the page at *url*; a feed is there to be fetched."""
    if refusal := await means.fetcher.allowed(url, means.clock(), way, errand):
        raise FetchError(refusal)


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: the feed, its entries as sightings, and the entries whose articles are still to be read or were.

    *rebuff* is the answer to a further page or an article that asked to be left alone.
    """

    feed: Feed
    seen: tuple[Sighting, ...]
    unread: tuple[Unread, ...] = ()
    articles: tuple[Kept, ...] = ()
    rebuff: Response | None = None


async def _finish(
    source: Source, last: Poll, reading: str, came: Came, errand: Errand, means: Means, keep: bool
) -> Poll:
    answer, error, found = came.answer, came.error, None
    if answer and error is None and answer.status == 200 and not schedule.already_read(answer, last, reading):
        try:
            found = await look(answer, source, last, reading, means, errand)
        except ParseError as failure:
            error = str(failure)
    if found:
        last = replace(last, unread=found.unread, articles=found.articles)
        came = replace(came, rebuff=found.rebuff)
    noted = schedule.note(source, last, came, found.feed if found else None, error, reading)
    if answer and error is None and answer.status == 200:
        told = announced(answer.url, answer.headers, found.feed.links if found else ())
        noted = replace(noted, announced=told if found else told or last.announced)
    fetch = means.config.fetch
    if found is None:
        concluded = schedule.checked(
            schedule.conclude(source, fetch, last, noted, came, familiar=True), means.config.websub
        )
        if keep:
            await means.store.note(concluded)
        return concluded
    seen = found.seen
    settling = Settling(seen, noted, means.config)

    def store(tx: Tx) -> Poll | None:
        settled = settling.step(tx) if keep else settling.whole(tx)
        if settled is None:
            return None
        concluded = schedule.conclude(source, fetch, last, settled, came, familiar=settled.new < len(seen))
        concluded = schedule.checked(concluded, means.config.websub)
        tx.polls.note(concluded)
        return concluded

    done = await means.store.write(store, keep=keep)
    while done is None:  # others had their turn
        done = await means.store.write(store, keep=keep)
    return done


async def look(
    answer: Response, source: Source, last: Poll, reading: str, means: Means, errand: Errand | None = None
) -> Found:
    """Read the answer, on the first success with the pages that continue it, and the articles behind its items."""
    errand = errand or Errand()
    rebuffs: list[Response] = []

    def has_time() -> bool:
        return errand.seconds < means.config.fetch.timeout.total_seconds()

    async def ask(url: str, validators: Validators | None) -> Response:
        way = access(source)
        errand.refuse_held(url)
        try:
            await _permitted(url, way, errand, means)
        except RebuffError as rebuff:
            rebuffs.append(rebuff.answer)
            raise
        came = await means.fetcher.fetch(url, validators, means.clock(), way, errand)
        if came.status in schedule.RETRY:
            rebuffs.append(came)
        return came

    more, problems = await follow.further(source, ask) if last.first_success is None else ((), ())
    timezone = means.config.timezone
    feed, seen = await means.workers.run(read, answer, source, timezone, more)
    problems = (*feed.problems, *problems, *emptied(feed, last))
    seen, left_out = guards.without_notices(seen, means.config.notices)
    feed = replace(feed, entries=tuple(each.entry for each in seen), problems=(*problems, *left_out))
    if source.article is None:
        return Found(feed, seen, rebuff=next(iter(rebuffs), None))
    known = await means.store.read(lambda tx: tx.stories.sharing(key for one in seen for key in one.keys))
    articles = last.articles if last.reading == reading else ()
    plans = follow.plan(seen, known, last.unread, source, articles)
    filled = await follow.fill(
        feed, plans, source, ask=ask, has_time=has_time, workers=means.workers, timezone=timezone, now=answer.date
    )
    seen, left_out = guards.without_notices(filled.seen, means.config.notices)
    feed = replace(filled.feed, problems=(*filled.feed.problems, *left_out))
    return Found(feed, seen, filled.unread, filled.articles, rebuff=next(iter(rebuffs), None))


# -- what is decided before and after the wire ---------------------------------


def reading_of(source: Source, config: Config, version: str) -> str:
    """How a source's bytes are read; when this changes, they are read again although they have not changed."""
    return _reading(source, config.notices, config.timezone, version)


@lru_cache(maxsize=4096)
def _reading(source: Source, notices: Notices, timezone: str, version: str) -> str:
    reading = replace(source, note=None, interval=None, enabled=True, aliases=())
    return text.digest(version, timezone, repr(reading), repr(notices))


def readings(means: Means) -> dict[str, str]:
    """``reading_of`` every source, by id."""
    return {source.id: reading_of(source, means.config, means.version) for source in means.config.sources}


def is_scraped(source: Source) -> bool:
    """Whether robots.txt has a say: a feed is there to be fetched by programs, a page is not."""
    return source.type == "page" or (source.type == "auto" and source.page is not None)


def unusable(answer: Response, *, conditional: bool) -> str | None:
    """Why an answer cannot be read; None for one that can, and for 304."""
    if answer.status == 200:
        return None
    if answer.status == 304:
        return None if conditional else "the server answered 304 (not modified) although nothing was to be compared"
    if sentence := answers.challenge(answer):
        return sentence
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


# -- what is decided in the writer's turn ------------------------------------------


def claim(
    tx: Tx, askings: Iterable[Asking], believed: Mapping[str, Poll] | None, means: Means, now: datetime
) -> tuple[list[Asking], dict[str, Poll]]:
    """Note, before anything is sent, that these are being asked: whatever becomes of us, nobody asks again too soon.

    Returns those that may be sent, and the polls as they are noted now.  Where they are not as *believed*, another
    process has asked meanwhile, and nothing is sent.
    """
    askings = list(askings)
    known = tx.polls.some([source.id for asking in askings for source in asking.sources])
    mine = [a for a in askings if believed is None or not any(_overtaken(one, known, believed) for one in a.sources)]
    claims = [
        schedule.claimed(
            source, known.get(source.id), means.config.fetch, now, reading_of(source, means.config, means.version)
        )
        for asking in mine
        for source in asking.sources
    ]
    tx.polls.note(*claims)
    return mine, known | {poll.source: poll for poll in claims}


def _overtaken(source: Source, known: Mapping[str, Poll], believed: Mapping[str, Poll]) -> bool:
    last, mine = known.get(source.id), believed.get(source.id)
    return last is not None and (mine is None or last.at > mine.at)
