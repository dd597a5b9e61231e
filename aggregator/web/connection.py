"""A connection with bounds: how many there are, how long and how large the head of a request may be, how many wait.

uvicorn knows none of these, and httptools joins the pieces of one header in time that grows with the square of it.

What the application has ready is written at once, without a task for it: that is most of what readers ask for, and
twice as fast.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aggregator.web.prepared import Ready

MOST = 500  # connections
HEAD = 65_536  # bytes of a request until its headers are complete
PATIENCE = 10.0  # seconds for them
QUEUE = 100  # requests that wait behind one another on a connection

_STATUS = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
_CONTENT = {b"content-length", b"transfer-encoding", b"expect", b"upgrade"}


class Connection(HttpToolsProtocol):
    _since_head = 0
    _in_head = False
    _in_body = False
    _answered = False
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
        if not self._in_body or (self.cycle and self.cycle.response_complete):  # a body that nobody reads any more
            self._since_head += len(data)
        super().data_received(data)
        if self._since_head > HEAD or len(self.pipeline) > QUEUE:
            self._cut()
        elif self._in_head:
            self._expect_head()

    def on_message_begin(self) -> None:
        self._in_head = True
        self._answered = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_is_here()
        self._in_body = True
        self.scope["state"]["peer"] = self.client  # of whom ``client`` says nothing any more once a proxy was believed
        if found := self._ready():
            self._answered = True
            self._write(found)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        if not self._answered:
            super().on_message_complete()

    def _ready(self) -> Ready | None:
        """What can be written now: nothing while an earlier answer is under way or the reader does not keep up."""
        application = getattr(self.config.app, "at_once", None)
        if application is None or self.flow.write_paused or not (self.cycle is None or self.cycle.response_complete):
            return None
        if self.parser.get_method() != b"GET" or self.parser.get_http_version() != "1.1":
            return None
        if not self.parser.should_keep_alive() or not _CONTENT.isdisjoint(name for name, _ in self.headers):
            return None
        path, _, query = self.url.partition(b"?")
        if not path.startswith(b"/") or b"%" in path or b"#" in self.url or not path.isascii():
            return None
        scope = {**self.scope, "method": "GET", "path": path.decode("ascii"), "query_string": query}
        try:
            found: Ready | None = application(scope)
        except Exception:  # noqa: BLE001 - it is asked again, and says so, where failures are dealt with
            return None
        return found

    def _write(self, found: Ready) -> None:
        fields = (b"%b: %b\r\n" % field for field in self.server_state.default_headers)
        self.transport.write(b"".join((_STATUS[found.status], *fields, found.head, b"\r\n", found.content)))
        self.server_state.total_requests += 1
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _cut(self) -> None:
        """End it now; what is still being answered is told, or it would write to a connection that is closed."""
        for cycle in (self.cycle, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None:
                cycle.disconnected = True
        self.transport.abort()

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(PATIENCE, self.transport.abort)

    def _head_is_here(self) -> None:
        self._since_head = 0
        self._in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
