"""Reading a source without storing anything: what ``read``, ``check --online`` and ``discover`` share."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aggregator import __version__, follow
from aggregator.access import access
from aggregator.daemon.opening import clock
from aggregator.errors import AggregatorError, FetchError, ParseError
from aggregator.fetch import Fetcher
from aggregator.model import Entry, Feed, Fetch, Parse, Response, Source, Validators
from aggregator.parse import discover
from aggregator.parse.discover import Discovered
from aggregator.poll import is_scraped, unusable
from aggregator.reading import looked, read, with_article
from aggregator.workers import Workers

STDIN_URL = "file:///dev/stdin"
_AHEAD = 4  # targets under way for each worker, so that none waits for a file or an answer


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading one target: a feed, or a sentence that says why there is none.

    *announced* are the feeds that the target names, where it is a page.
    """

    target: str
    feed: Feed | None
    error: str | None = None
    announced: tuple[str, ...] = ()


class Reader:
    """Reads URLs and files as a poll would, and keeps nothing."""

    def __init__(self, fetcher: Fetcher, workers: Workers, timezone: str, *, most: int, ahead: int) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._timezone = timezone
        self._most = most
        self._ahead = ahead

    async def source(self, source: Source) -> Read:
        """Ask a source as it is configured; where it is a page or cannot be read, also for the feeds it announces."""
        answer = await self._ask(source.url, source)
        result = await self._read(source.url, source, answer)
        if isinstance(answer, str) or (result.feed and source.page is None):
            return result
        try:
            links = await self._workers.run(discover.announced, answer)
        except ParseError:
            return result
        return replace(result, announced=tuple(link.href for link in links))

    async def article(self, source: Source, entry: Entry) -> Entry | str:
        """An entry with its article, or a sentence that says why it cannot be read."""
        answer = await self._ask(entry.link or source.url, source, page=True)
        if isinstance(answer, str):
            return answer
        try:
            return await self._workers.run(with_article, answer, entry, source, self._timezone)
        except ParseError as failure:
            return str(failure)

    async def look(self, url: str) -> Discovered:
        """What could be a source at *url*."""
        answer = await self._ask(url)
        if isinstance(answer, str):
            return Discovered(problem=answer)
        try:
            return await self._workers.run(looked, answer, self._timezone)
        except ParseError as failure:
            return Discovered(problem=str(failure))

    async def target(self, target: str, source: Source, base: str | None) -> Read:
        """Read a URL or a file in the manner of *source*; a URL as in a first poll, with its pages and its articles.

        *base* is what a file's relative links are relative to, by default the address of *source*.
        """
        if target.startswith(("http://", "https://")):
            return await self._whole(target, source, await self._ask(target, source))
        base = base or source.url or None
        return await self._read(target, source, await asyncio.to_thread(_file, target, base, self._most, clock()))

    async def targets(self, targets: Iterable[str], source: Source, base: str | None) -> AsyncIterator[Read]:
        """Read them all, as many at a time as there are workers to keep busy; the results come in their order."""
        running: deque[asyncio.Task[Read]] = deque()
        try:
            for target in targets:
                running.append(asyncio.create_task(self.target(target, source, base)))
                if len(running) >= self._ahead:
                    yield await running.popleft()
            while running:
                yield await running.popleft()
        finally:
            for task in running:
                task.cancel()

    async def _ask(self, url: str, source: Source | None = None, *, page: bool = False) -> Response | str:
        try:
            way = access(source) if source else None
            scraped = page or (source is not None and is_scraped(source))
            if scraped and (refusal := await self._fetcher.allowed(url, clock(), way)):
                return refusal
            answer = await self._fetcher.fetch(url, None, clock(), way)
        except AggregatorError as failure:
            return str(failure)
        return unusable(answer, conditional=False) or answer

    async def _whole(self, target: str, source: Source, answer: Response | str) -> Read:
        """What an answer, the pages that continue it and the articles behind its items say."""
        if isinstance(answer, str):
            return Read(target, None, answer)

        async def ask(url: str, validators: Validators | None) -> Response:
            way = access(source)
            if refusal := await self._fetcher.allowed(url, clock(), way):
                raise FetchError(refusal)
            return await self._fetcher.fetch(url, validators, clock(), way)

        more, problems = await follow.further(source, ask) if target == source.url else ((), ())
        try:
            feed, seen = await self._workers.run(read, answer, source, self._timezone, more)
            feed = replace(feed, problems=(*feed.problems, *problems))
            if source.article is None:
                return Read(target, feed)
            filled = await follow.fill(
                feed,
                follow.plan(seen, (), (), source),
                source,
                ask=ask,
                has_time=lambda: True,
                workers=self._workers,
                timezone=self._timezone,
                now=answer.date,
            )
        except ParseError as failure:
            return Read(target, None, str(failure))
        return Read(target, filled.feed)

    async def _read(self, target: str, source: Source, answer: Response | str) -> Read:
        if isinstance(answer, str):
            return Read(target, None, answer)
        try:
            feed, _ = await self._workers.run(read, answer, source, self._timezone)
        except ParseError as failure:
            return Read(target, None, str(failure))
        return Read(target, feed)


@asynccontextmanager
async def reader(fetch: Fetch, parse: Parse, timezone: str) -> AsyncIterator[Reader]:
    """A reader with its own connections and workers, closed afterwards."""
    workers = Workers(parse)
    try:
        async with Fetcher(fetch, version=__version__) as fetcher:
            yield Reader(fetcher, workers, timezone, most=fetch.max_size, ahead=_AHEAD * parse.workers)
    finally:
        workers.close()


def _file(target: str, base: str | None, most: int, now: datetime) -> Response | str:
    """What a file, or standard input for ``-``, holds; a sentence when it cannot be read or holds too much."""
    try:
        url = base or (STDIN_URL if target == "-" else Path(target).absolute().as_uri())
        with sys.stdin.buffer if target == "-" else Path(target).open("rb") as file:
            content = file.read(most + 1)
    except OSError as failure:
        return f"cannot read {printable(target)}: {failure.strerror}"
    except ValueError as failure:
        return f"cannot read {printable(target)}: {failure}"
    if len(content) > most:
        return f"{printable(target)} is larger than {most} bytes ([fetch].max_size)"
    return Response(url=url, status=200, content=content, date=now)


def printable(target: str) -> str:
    """A target as it can be printed: file names need not be text."""
    return target.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
