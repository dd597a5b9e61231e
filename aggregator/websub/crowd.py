"""So many at once, and so many of one host; the next one starts when one ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of work, by *key*, at *host*."""

    key: Hashable
    host: str
    work: Callable[[], Coroutine[Any, Any, None]]


class Crowd:
    """Runs pieces of work beside everything else, never two with one key; *say* is told what none of them should do."""

    def __init__(self, total: int, per_host: int, say: Callable[[Exception, str], None]) -> None:
        self._total = total
        self._per_host = per_host
        self._say = say
        self._waiting: list[Piece] = []
        self._running: dict[Hashable, asyncio.Task[None]] = {}
        self._hosts: Counter[str] = Counter()

    def want(self, pieces: Iterable[Piece]) -> None:
        """Let these run as soon as there is room, instead of those that still wait."""
        self._waiting = [piece for piece in pieces if piece.key not in self._running]
        self._top_up()

    async def finish(self, seconds: float) -> None:
        """Let what runs end within so many seconds; what does not is stopped, and done again after the next start."""
        self._waiting = []
        if running := list(self._running.values()):
            _, late = await asyncio.wait(running, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _top_up(self) -> None:
        rest: list[Piece] = []
        for number, piece in enumerate(self._waiting):
            if len(self._running) >= self._total:
                rest += self._waiting[number:]
                break
            if self._hosts[piece.host] >= self._per_host:
                rest.append(piece)
                continue
            self._hosts[piece.host] += 1
            self._running[piece.key] = asyncio.create_task(self._run(piece))
        self._waiting = rest

    async def _run(self, piece: Piece) -> None:
        try:
            await piece.work()
        except Exception as failure:  # noqa: BLE001 - one callback must not stand in the way of the others
            self._say(failure, f"websub, {piece.host}")
        finally:
            del self._running[piece.key]
            self._hosts -= Counter([piece.host])
            self._top_up()
