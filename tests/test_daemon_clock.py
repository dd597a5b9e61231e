"""The daemon on a clock that is set, and after a sleep: it goes on, and nobody is stormed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.daemon.daemon import Daemon
from aggregator.model import Config, Fetch, Server, Source, Stream, Zone
from tests.asking import rss
from tests.databases import migrated
from tests.fakes.origin import Origin
from tests.processes import eventually

DAY = timedelta(days=1)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


class Clock:
    """The wall's clock, as somebody has set it."""

    def __init__(self) -> None:
        self.set = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.set


def daemon(origin: Origin, directory: Path, clock: Clock, sources: int = 1) -> Daemon:
    paths = [f"/{number}" for number in range(sources)]
    for path in paths:
        origin.serve(path, rss(path[1:]), "application/rss+xml")
    config = Config(
        database=migrated(directory / "aggregator.db"),
        server=Server(listen="127.0.0.1:0"),
        fetch=Fetch(allow_private=("127.0.0.0/8",), per_host_pause=timedelta(0), per_host_concurrency=10),
        zones=(Zone(id="z", name="Z"),),
        sources=tuple(Source(id=f"s{path[1:]}", zone="z", url=origin.url(path)) for path in paths),
        streams=(Stream(id="s", title="S"),),
    )
    return Daemon(config, clock=clock)


async def asked(origin: Origin, times: int) -> None:
    await asyncio.to_thread(eventually, lambda: len(origin.requests) >= times, patience=20)


@pytest.mark.parametrize("leaps", [(-DAY, -DAY), (DAY, DAY), (-DAY, timedelta(0), DAY)])
def test_a_clock_that_is_set_holds_nothing_up(origin: Origin, tmp_path: Path, leaps: tuple[timedelta, ...]) -> None:
    """Back a day, and nothing that was noted is of any moment; forward, and all is overdue: asked once for each."""
    clock = Clock()
    one = daemon(origin, tmp_path, clock)

    async def live() -> None:
        running = asyncio.create_task(one.run())
        await asked(origin, 1)
        for number, leap in enumerate(leaps, 2):
            await asyncio.sleep(0.6)  # a tick, in which what came is noted
            clock.set += leap or -DAY
            await asked(origin, number)
        await asyncio.sleep(1.2)  # two ticks more
        one.stop()
        await running

    asyncio.run(live())
    assert len(origin.requests) == len(leaps) + 1


def test_after_a_long_sleep_there_is_no_herd(origin: Origin, tmp_path: Path) -> None:
    """Forty sources overdue at once are spread over three seconds, as they are after a start."""
    clock = Clock()
    one = daemon(origin, tmp_path, clock, sources=40)

    async def live() -> None:
        running = asyncio.create_task(one.run())
        await asked(origin, 40)
        await asyncio.sleep(1)
        clock.set += DAY
        await asked(origin, 41)
        await asyncio.sleep(0.5)
        assert len(origin.requests) < 70
        await asked(origin, 80)
        one.stop()
        await running

    asyncio.run(live())
