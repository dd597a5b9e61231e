"""Room for what is being received: how much all bodies together may hold.

Law: a body may always hold what most bodies are, ``FREE``.  Beyond that all of them share twice what one may have, and
wait for each other; but the one that has been at it longest never waits, so that none waits for ever.  Waiting counts
for a body's deadline: whoever fills the room with slow bodies delays large ones, and only those, and not for long.
"""

from __future__ import annotations

import asyncio

FREE = 256_000  # bytes


class Room:
    """*limit* is the most decoded bytes that one body may have.  Only for use in one event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._left = 2 * limit
        self._taken: dict[object, int] = {}  # by each that holds more than FREE, the one that came first in front
        self._freed = asyncio.Event()

    def is_short(self, body: object, size: int, held: int) -> bool:
        """Whether *body*, which has *held* bytes with these, would have to wait for *size* more."""
        return held > FREE and size > self._left and body is not next(iter(self._taken), body)

    async def take(self, body: object, size: int, held: int) -> None:
        """Wait until *body*, which has *held* bytes with these, may have *size* more."""
        if held <= FREE:
            return
        self._taken.setdefault(body, 0)
        while self.is_short(body, size, held):
            await self._freed.wait()
        self._left -= size
        self._taken[body] += size

    def leave(self, body: object) -> None:
        """What *body* had is free again."""
        if (taken := self._taken.pop(body, None)) is not None:
            self._left += taken
            self._freed.set()
            self._freed = asyncio.Event()
