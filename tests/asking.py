"""The reader under test, with the clock in the test's hand: real sockets, real workers, a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aggregator.daemon.connecting import means
from aggregator.daemon.polling import Polling
from aggregator.model import Config, Fetch, Poll, Source, Stream, Zone
from aggregator.poll import Means, poll, readings
from aggregator.schedule import Start, due, starting
from tests.databases import migrated

T = TypeVar("T")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)


class Reader:
    """Polls *urls*, each as a source ``s0``, ``s1``…, at a time that only the test moves (``clock``).

    *fetch* are settings of [fetch]; loopback is allowed and nobody pauses unless they say so.
    """

    def __init__(self, directory: Path, *urls: str, **fetch: Any) -> None:
        manners: dict[str, Any] = {
            "allow_private": ("127.0.0.0/8",),
            "per_host_pause": timedelta(0),
            "timeout": timedelta(seconds=2),
        }
        self.clock = START
        self.config = Config(
            database=migrated(directory / "aggregator.db"),
            fetch=Fetch(**manners | fetch),
            zones=(Zone(id="z", name="Zone"),),
            sources=tuple(Source(id=f"s{number}", zone="z", url=url) for number, url in enumerate(urls)),
            streams=(Stream(id="all", title="Alles"),),
        )
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def _open(self) -> None:
        self._stack = AsyncExitStack()
        self.means: Means = self._runner.run(self._stack.enter_async_context(means(self.config, lambda: self.clock)))
        self.start: Start = starting(self.config, self.polls, readings(self.means), self.clock)

    def restart(self) -> None:
        """Close everything and open it again, on the same database."""
        self._runner.run(self._stack.aclose())
        self._open()

    def configure(self, **source: Any) -> None:
        """Change the settings of the first source, as after a reload."""
        first, *others = self.config.sources
        self.config = replace(self.config, sources=(replace(first, **source), *others))
        self.means = replace(self.means, config=self.config)

    @property
    def polls(self) -> dict[str, Poll]:
        """The latest polls, as the database has them."""
        return self.means.store.look(lambda tx: tx.polls.all())

    def poll(self, after: timedelta = timedelta(0), *, source: int = 0) -> Poll:
        """Let time pass, and poll one source, whatever its schedule says."""
        self.clock += after
        return self._runner.run(poll(self.config.sources[source], self.means))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something else with what is open."""
        return self._runner.run(work)

    def sweep(self, after: timedelta = timedelta(0)) -> list[str]:
        """Let time pass, and poll what is due; the sources that were polled."""
        self.clock += after
        done: list[str] = []
        polling = Polling(self.means, self.polls, lambda source, before, noted: done.append(source.id))
        polling.want(due(self.config, polling.polls, readings(self.means), self.start, self.clock))
        self._runner.run(polling.drain())
        return done


def rss(*items: object, extra: str = "") -> str:
    """A feed of items with these numbers; *extra* stands in its channel."""
    body = "".join(
        f"<item><title>Bericht {number} van de politie</title><guid>{number}</guid>"
        f"<description>Tekst van {number}</description></item>"
        for number in items
    )
    return f"<rss version='2.0'><channel><title>T</title><link>https://t.example/</link>{extra}{body}</channel></rss>"
