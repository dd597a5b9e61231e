"""The daemon's part in subscribing: its pages, and what is over by itself (pauses, and what is kept no longer)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.routing import Route

from aggregator.daemon.posting import REST
from aggregator.model import Config
from aggregator.store import Store, Tx
from aggregator.subscribing.desk import ONCE
from aggregator.web import mail

Say = Callable[[Exception, str], None]
SWEEP = timedelta(minutes=10)


class Subscribing:
    """*say* logs a failure, without addresses."""

    def __init__(self, config: Config, store: Store, clock: Callable[[], datetime], say: Say) -> None:
        self.config = config
        self._store = store
        self._clock = clock
        self._say = say
        self._task: asyncio.Task[None] | None = None
        self._sweep_at = clock()

    @property
    def routes(self) -> list[Route]:
        """Where people reach us."""
        return mail.routes(lambda: self.config, self._store, self._clock)

    def go_on(self) -> None:
        """Every ten minutes, and at once after a step that had something to do."""
        now = self._clock()
        if (self._task is None or self._task.done()) and not now < self._sweep_at <= now + SWEEP:
            self._sweep_at = now + SWEEP
            self._task = asyncio.create_task(self._sweep(now))

    async def finish(self, seconds: float) -> None:
        """Let what is under way end within so many seconds."""
        if self._task:
            await asyncio.wait([self._task], timeout=seconds)

    async def _sweep(self, now: datetime) -> None:
        keep = self.config.retention.deliveries

        def step(tx: Tx) -> int:
            return tx.subscribers.resume_due(now) + tx.privacy.purge(now, keep, ONCE)

        try:
            if await self._store.write(step):
                self._sweep_at = now
        except Exception as failure:  # noqa: BLE001 - it is tried again
            self._say(failure, "subscribers")
            self._sweep_at = now + REST
