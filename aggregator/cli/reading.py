"""Reading a source without storing anything: what ``read`` and ``check --online`` share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aggregator import __version__
from aggregator.access import access
from aggregator.daemon import clock
from aggregator.errors import AggregatorError, ParseError
from aggregator.fetch import Fetcher
from aggregator.model import Feed, Fetch, Parse, Response, Source
from aggregator.poll import is_scraped, read, unusable
from aggregator.workers import Workers


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading one target: a feed, or a sentence that says why there is none."""

    target: str
    feed: Feed | None
    error: str | None = None


class Reader:
    """Reads URLs and files as a poll would, and keeps nothing."""

    def __init__(self, fetcher: Fetcher, workers: Workers, timezone: str) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._timezone = timezone

    async def source(self, source: Source) -> Read:
        """Ask a source as it is configured."""
        return await self._read(source.url, source, await self._ask(source.url, source))

    async def target(self, target: str, source: Source, base: str | None) -> Read:
        """Read a URL or a file in the manner of *source*; *base* is what a file's relative links are relative to."""
        if target.startswith(("http://", "https://")):
            return await self._read(target, source, await self._ask(target, source))
        return await self._read(target, source, _file(Path(target), base, clock()))

    async def _ask(self, url: str, source: Source) -> Response | str:
        try:
            way = access(source)
            if is_scraped(source) and (refusal := await self._fetcher.allowed(url, clock(), way)):
                return refusal
            answer = await self._fetcher.fetch(url, None, clock(), way)
        except AggregatorError as failure:
            return str(failure)
        return unusable(answer, conditional=False) or answer

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
            yield Reader(fetcher, workers, timezone)
    finally:
        workers.close()


def _file(path: Path, base: str | None, now: datetime) -> Response | str:
    try:
        content = path.read_bytes()
        url = base or path.absolute().as_uri()
    except OSError as failure:
        return f"cannot read {path}: {failure.strerror}"
    return Response(url=url, status=200, content=content, date=now)
