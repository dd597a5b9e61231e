"""The daemon's clock, when the one on the wall is set."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from aggregator.daemon.ticking import Ticking

INTERVAL = 0.02


class Wall:
    """A wall clock that somebody can set; stands in for ``datetime`` where APScheduler reads it."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + self.offset


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """The time that APScheduler reads, for a test to set."""
    made = Wall()
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", made)
    return made


@pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(seconds=-1), timedelta(hours=3), timedelta(0)])
def test_ticks_go_on_when_the_clock_is_set(wall: Wall, step: timedelta) -> None:
    """Whether the clock is set back by hours or on, the next tick comes an interval later, and no flood of them."""

    async def scenario() -> list[float]:
        ticks: asyncio.Queue[float] = asyncio.Queue()

        async def tick() -> None:
            ticks.put_nowait(time.monotonic())

        scheduler = Ticking(lambda: wall.now(UTC))
        scheduler.add_job(tick, "interval", seconds=INTERVAL, coalesce=True, max_instances=1, misfire_grace_time=None)
        scheduler.start()
        before = [await asyncio.wait_for(ticks.get(), 10) for _ in range(3)]
        wall.offset += step
        after = [await asyncio.wait_for(ticks.get(), 10) for _ in range(5)]
        scheduler.shutdown(wait=False)
        return before + after

    seen = asyncio.run(scenario())
    assert seen[-1] - seen[0] < 5
    assert seen[-1] - seen[0] >= INTERVAL * 5
