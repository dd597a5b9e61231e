"""A part of the daemon: work that goes on beside the ticks, one turn of it at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime

from aggregator.daemon.saying import Say
from aggregator.model import Config
from aggregator.store import Store


class Part:
    """*say* logs a failure; ``config`` may be changed at any time."""

    def __init__(self, config: Config, store: Store, clock: Callable[[], datetime], say: Say) -> None:
        self.config = config
        self._store = store
        self._clock = clock
        self._say = say
        self._task: asyncio.Task[None] | None = None

    @property
    def _is_free(self) -> bool:
        """Whether no turn is under way."""
        return self._task is None or self._task.done()

    def _begin(self, turn: Coroutine[None, None, None]) -> None:
        self._task = asyncio.create_task(turn)

    async def finish(self, seconds: float) -> None:
        """Let what is under way end within so many seconds."""
        if self._task:
            await asyncio.wait([self._task], timeout=seconds)
