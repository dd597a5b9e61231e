"""The daemon's part in searching: it answers, and indexes what was stored before there was an index, in small steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.routing import Route

from aggregator.daemon.part import Part
from aggregator.daemon.saying import Say
from aggregator.model import Config
from aggregator.seek import Asked, Found, seek
from aggregator.store import Store
from aggregator.web import search

STEP = 200
"""How many copies one turn of the writer indexes: a tenth of a second."""
PAUSE = 0.05  # seconds between two turns
AGAIN = timedelta(hours=1)
"""When indexing that failed is tried again."""


class Searching(Part):
    """``go_on`` at every tick, ``finish`` at the end."""

    def __init__(self, config: Config, store: Store, clock: Callable[[], datetime], say: Say) -> None:
        super().__init__(config, store, clock, say)
        self._at: datetime | None = clock()

    @property
    def routes(self) -> list[Route]:
        """Where readers search."""
        return search.routes(lambda: self.config, self.find, self._clock) if self.config.server.search else []

    async def find(self, asked: Asked) -> Found:
        config = self.config
        return await self._store.read(lambda tx: seek(tx, config, asked))

    def go_on(self) -> None:
        """Start to index what is not, once after a start."""
        if self._at and self._clock() >= self._at and self._is_free:
            self._at = None
            self._begin(self._catch_up())

    async def finish(self, seconds: float) -> None:
        """Stop at once: what is not indexed is after the next start."""
        if self._task:
            self._task.cancel()
        await super().finish(seconds)

    async def _catch_up(self) -> None:
        try:
            more = 1
            while more:
                more = await self._store.write(lambda tx: tx.search.catch_up(STEP))
                await asyncio.sleep(PAUSE)
        except Exception as failure:  # noqa: BLE001 - it is tried again, and what came since is indexed
            self._say(failure, "indexing for the search")
            self._at = self._clock() + AGAIN
