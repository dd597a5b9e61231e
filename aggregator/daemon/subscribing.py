"""The daemon's part in subscribing: its pages, and what is over by itself (pauses, and what is kept no longer)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.routing import Route

from aggregator.daemon.part import Part
from aggregator.daemon.posting import REST
from aggregator.daemon.saying import Say
from aggregator.model import Config
from aggregator.store import Store, Tx
from aggregator.subscribing.desk import ONCE
from aggregator.web import mail

SWEEP = timedelta(minutes=10)


class Subscribing(Part):
    """``go_on`` at every tick, ``finish`` at the end; nothing that it says has an address in it."""

    def __init__(self, config: Config, store: Store, clock: Callable[[], datetime], say: Say) -> None:
        super().__init__(config, store, clock, say)
        self._sweep_at = clock()

    @property
    def routes(self) -> list[Route]:
        """Where people reach us."""
        return mail.routes(lambda: self.config, self._store, self._clock)

    def go_on(self) -> None:
        """Every ten minutes, and at once after a step that had something to do."""
        now = self._clock()
        if self._is_free and not now < self._sweep_at <= now + SWEEP:
            self._sweep_at = now + SWEEP
            self._begin(self._sweep(now))

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
