"""When a host may be asked: so many requests to it at once, with a pause after each, and so many in all.

A host has as many slots as it may have requests at once; a slot that was used rests for the pause, counted from the
end of its request.  A request waits for a slot of its host first and for a place among all requests last, so that
whoever queues for a slow host keeps nobody else out.  Waiting is in order of arrival.  Time is the event loop's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class _Host:
    """The free slots of a host, each as the loop time from which it may be used."""

    def __init__(self, slots: int) -> None:
        self.slots = asyncio.Semaphore(slots)
        self.free = deque([0.0] * slots)
        self.users = 0  # that hold a slot or wait for one
        self.forget: asyncio.TimerHandle | None = None


class Turns:
    """Hands out turns; *pause* in seconds.  Only for use in one event loop."""

    def __init__(self, *, total: int, per_host: int, pause: float) -> None:
        self._total = asyncio.Semaphore(total)
        self._per_host = per_host
        self._pause = pause
        self._hosts: dict[str, _Host] = {}

    def __len__(self) -> int:
        """How many hosts are remembered."""
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait until the host of this name may be asked; it is being asked until the block ends."""
        host = self._enter(name)
        try:
            async with host.slots:
                rested = host.free.popleft()
                try:
                    await self._sleep_until(rested)
                    async with self._total:
                        try:
                            yield
                        finally:
                            rested = asyncio.get_running_loop().time() + self._pause
                finally:
                    host.free.append(rested)
        finally:
            self._leave(name, host)

    @staticmethod
    async def _sleep_until(moment: float) -> None:
        if (wait := moment - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(wait)

    def _enter(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(self._per_host)
        if host.forget is not None:
            host.forget.cancel()
            host.forget = None
        host.users += 1
        return host

    def _leave(self, name: str, host: _Host) -> None:
        """An idle host is remembered only for as long as its pause lasts."""
        host.users -= 1
        if not host.users:
            host.forget = asyncio.get_running_loop().call_later(self._pause, self._hosts.pop, name)
