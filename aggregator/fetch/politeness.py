"""When a host may be asked: so many requests to it at once, with a pause after each, and so many in all.

A host has as many slots as it may have requests at once; a slot that was used rests for the pause, counted from the
end of its request.  A request waits for a slot of its host first and for a place among all requests last, so that
whoever queues for a slow host keeps nobody else out.  Waiting is in order of arrival.  Time is the event loop's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class _Host:
    """The free slots, each as the loop time from which it may be used, and how many wait for one or hold one."""

    def __init__(self, slots: int) -> None:
        self.free: asyncio.Queue[float] = asyncio.Queue()
        self.users = 0
        for _ in range(slots):
            self.free.put_nowait(0.0)


class Turns:
    """Hands out turns; *pause* in seconds."""

    def __init__(self, *, total: int, per_host: int, pause: float) -> None:
        self._total = asyncio.Semaphore(total)
        self._per_host = per_host
        self._pause = pause
        self._hosts: dict[str, _Host] = {}

    def __len__(self) -> int:
        """The number of hosts remembered."""
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until *host* may be asked; it is being asked until the block ends."""
        loop = asyncio.get_running_loop()
        queue = self._hosts.setdefault(host, _Host(self._per_host))
        queue.users += 1
        try:
            rested = await queue.free.get()
            try:
                if (wait := rested - loop.time()) > 0:
                    await asyncio.sleep(wait)
                async with self._total:
                    try:
                        yield
                    finally:
                        rested = loop.time() + self._pause
            finally:
                queue.free.put_nowait(rested)
        finally:
            queue.users -= 1
            if not queue.users:
                self._forget_after_pause(host, queue)

    def _forget_after_pause(self, host: str, queue: _Host) -> None:
        """An idle host is remembered only for as long as its pause matters."""
        if self._pause:
            asyncio.get_running_loop().call_later(self._pause, self._forget, host, queue)
        else:
            self._forget(host, queue)

    def _forget(self, host: str, queue: _Host) -> None:
        if not queue.users and self._hosts.get(host) is queue:
            del self._hosts[host]
