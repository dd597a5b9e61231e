"""So many at once, and so many of one host; whoever finds no room is asked again at the next tick."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable
from typing import Any


class Crowd:
    """Runs pieces of work beside everything else, never two with one key; *say* is told what none of them should do."""

    def __init__(self, total: int, per_host: int, say: Callable[[Exception, str], None]) -> None:
        self._total = total
        self._per_host = per_host
        self._say = say
        self._running: dict[Hashable, asyncio.Task[None]] = {}
        self._hosts: Counter[str] = Counter()

    def start(self, key: Hashable, host: str, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Whether there is room; *work* then runs."""
        if key in self._running or len(self._running) >= self._total or self._hosts[host] >= self._per_host:
            return False
        self._hosts[host] += 1
        self._running[key] = asyncio.create_task(self._run(key, host, work))
        return True

    async def finish(self, seconds: float) -> None:
        """Let what runs end within so many seconds; what does not is stopped, and done again after the next start."""
        if running := list(self._running.values()):
            _, late = await asyncio.wait(running, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, key: Hashable, host: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except Exception as failure:  # noqa: BLE001 - one callback must not stand in the way of the others
            self._say(failure, f"websub, {host}")
        finally:
            del self._running[key]
            self._hosts -= Counter([host])
