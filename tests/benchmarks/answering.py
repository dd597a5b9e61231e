"""An origin server that does as little as one can: a small feed, or 304 to whoever sends a condition.

    python -m tests.benchmarks.answering CORE       prints two ports: one keeps connections open, one closes them

It listens on every address of 127.0.0.0/8, in a process of its own on the last core, so that a client can be measured.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import cast

import uvloop

_BODY = (
    b"<rss version='2.0'><channel><title>T</title><link>https://t.example/</link><item><title>Een bericht</title>"
    b"<guid>1</guid><description>De tekst van het bericht.</description></item></channel></rss>"
)
_FEED = b'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "one"\r\nContent-Length: %d\r\n%%b\r\n' % len(
    _BODY
)
_SAME = b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n%b\r\n'


class Answering(asyncio.Protocol):
    """One connection; *close* says whether it ends with its first answer."""

    def __init__(self, *, close: bool) -> None:
        line = b"Connection: close\r\n" if close else b""
        self._feed, self._same = _FEED % line + _BODY, _SAME % line
        self._close = close
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has its methods and not its type

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            self._transport.write(self._same if b"if-none-match" in head.lower() else self._feed)
            if self._close:
                self._transport.close()


async def main() -> None:
    loop = asyncio.get_running_loop()
    makers: list[Callable[[], Answering]] = [lambda: Answering(close=False), lambda: Answering(close=True)]
    servers = [await loop.create_server(maker, "0.0.0.0", 0, backlog=1024) for maker in makers]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])
    uvloop.run(main())
