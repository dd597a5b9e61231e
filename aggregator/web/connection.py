"""A connection with bounds: how many there are, how long and how large the head of a request may be, how many wait.

uvicorn knows none of these, and httptools joins the pieces of one header in time that grows with the square of it.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 500  # connections
HEAD = 65_536  # bytes of a request until its headers are complete
PATIENCE = 10.0  # seconds for them
QUEUE = 100  # requests that wait behind one another on a connection


class Connection(HttpToolsProtocol):
    _since_head = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.abort()
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._since_head += len(data)
        super().data_received(data)
        if self._since_head > HEAD or len(self.pipeline) > QUEUE:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(PATIENCE, self.transport.abort)

    def _head_is_here(self) -> None:
        self._since_head = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
