"""An origin server (HTTP/1.1, RFC 9112) on loopback, that behaves as well or as badly as a test wants.

    with Origin() as origin:
        origin.serve("/feed", b"<feed/>", content_type="application/atom+xml")   # ETag, 304, keep-alive
        origin.hang("/never")
        fetch(origin.url("/feed"))
        assert origin.requests[0].headers["user-agent"] == "..."

It runs in a thread of its own, so it serves synchronous tests, asynchronous ones and other processes alike.  What a
path answers may be replaced at any time, from any thread.  A path is looked up with its query first, then without;
an unknown one is 404.  Leaving the block ends every conversation at once, hanging ones included.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from typing import NamedTuple

from tests.fakes import codings
from tests.fakes.listening import Listening

_BLOCK = bytes(1_000_000)


class Request(NamedTuple):
    """One request as it came; header names in lower case, values decoded as latin-1, *path* with its query."""

    method: str
    path: str
    headers: dict[str, str]


Behaviour = Callable[[Request, asyncio.StreamWriter], Awaitable[bool]]
"""Answers one request; returns whether the connection may be used for another one."""


class Origin(Listening):
    """A server on a port of its own.  *host* is the address to listen on, *tls* makes it an https one.

    *requests* are all requests so far, in order of arrival, *connections* how many connections there were, and
    *busiest* is the most requests that were being answered at one time.
    """

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(host=host, tls=tls)
        self.requests: list[Request] = []
        self.connections = 0
        self.busiest = 0
        self._busy = 0
        self._behaviours: dict[str, Behaviour] = {}

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """The URL of a path; *host* is another name for the same address, ``localhost`` for example."""
        return f"{'https' if self._tls else 'http'}://{host or self._host}:{self.port}{path}"

    def asked(self, path: str) -> list[Request]:
        """The requests for one path (with its query, if any)."""
        return [request for request in self.requests if request.path == path]

    # What a path answers

    def answer(self, path: str, behaviour: Behaviour) -> None:
        """Anything that the verbs below do not know."""
        self._behaviours[path] = behaviour

    def serve(
        self,
        path: str,
        body: bytes | str,
        content_type: str = "application/octet-stream",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        compress: bool = False,
    ) -> None:
        """A well-behaved answer: with a strong ETag when *status* is 200, and 304 when it matches (RFC 9110 §13).

        *headers* add to its headers or replace them; an empty value leaves one out (``{"ETag": ""}``).  With a
        Last-Modified among them, If-Modified-Since is answered too.  *compress* sends gzip to whoever accepts it.
        """
        content = body.encode() if isinstance(body, str) else body
        self.answer(path, _Representation(content, content_type, status, dict(headers or {}), compress))

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        """Send whoever asks for *path* on to *to*, a URL or a relative reference."""
        self.serve(path, b"", "text/plain", status=status, headers={"Location": to})

    def remove(self, path: str) -> None:
        """From now on *path* is 404."""
        self._behaviours.pop(path, None)

    def raw(self, path: str, content: bytes) -> None:
        """Exactly these bytes, whatever they are, and then the end of the connection."""

        async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
            await _send(writer, content)
            return False

        self.answer(path, behave)

    def hang(self, path: str) -> None:
        """Take the request and answer nothing."""

        async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
            await asyncio.Event().wait()
            return False

        self.answer(path, behave)

    def drip(self, path: str, *, every: float = 0.1, headers: bool = False) -> None:
        """Answer for ever, a byte each *every* seconds: of the body, or of the headers."""
        start = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
        start += b"X-Drip: " if headers else b"Content-Length: 1000000\r\n\r\n"

        async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
            writer.write(start)
            while True:
                await _send(writer, b"x")
                await asyncio.sleep(every)

        self.answer(path, behave)

    def endless(self, path: str, total: int = 1_000_000_000) -> None:
        """A body of so many bytes, in chunks, without a word about its length beforehand."""
        self.stream(path, lambda: (_BLOCK for _ in range(-(-total // len(_BLOCK)))))

    def bomb(self, path: str, total: int = 1_000_000_000, coding: str = "gzip") -> None:
        """A valid body that unfolds to so many bytes: of gzip a thousandth, of br next to nothing of it is sent."""
        content = codings.bomb(coding, total)
        self.stream(path, lambda: iter((content,)), {"Content-Encoding": coding})

    def stream(
        self, path: str, pieces: Callable[[], Iterator[bytes]], headers: Mapping[str, str] | None = None
    ) -> None:
        """A body in chunks (RFC 9112 §7.1) that is made while it is sent."""

        async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
            _head(writer, 200, {"Content-Type": "text/xml", "Transfer-Encoding": "chunked", **(headers or {})})
            for piece in pieces():
                await _send(writer, b"%x\r\n%b\r\n" % (len(piece), piece))
            writer.write(b"0\r\n\r\n")
            return True

        self.answer(path, behave)

    def truncate(self, path: str, body: bytes = b"<feed>", *, missing: int = 100) -> None:
        """Promise *missing* bytes more than are sent, and end the connection."""

        async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
            _head(writer, 200, {"Content-Type": "text/xml", "Content-Length": str(len(body) + missing)})
            await _send(writer, body)
            return False

        self.answer(path, behave)

    # The conversation

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        async for request in _requests(reader):
            if request is None:
                _head(writer, 400, {"Connection": "close"})
                break
            self.requests.append(request)
            if not await self._reply(request, writer):
                break
        writer.close()
        await writer.wait_closed()

    async def _reply(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        path = request.path
        behaviour = self._behaviours.get(path) or self._behaviours.get(path.partition("?")[0]) or _NOT_FOUND
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            again = await behaviour(request, writer)
            await writer.drain()
        finally:
            self._busy -= 1
        return again and request.headers.get("connection", "").lower() != "close"


async def _requests(reader: asyncio.StreamReader) -> AsyncIterator[Request | None]:
    """None for what is no HTTP, such as the first byte of a TLS handshake."""
    while start := await reader.read(1):
        if not start.isalpha():
            yield None
        head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.rstrip("\r\n").split("\r\n")
        method, path, _ = line.split(" ")
        pairs = (field.partition(":") for field in fields)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        await reader.readexactly(int(headers.get("content-length", 0)))
        yield Request(method, path, headers)


async def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(content)
    await writer.drain()
    if writer.transport.is_closing():  # drain() says so only once the other side has confirmed
        raise ConnectionResetError


def _head(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str]) -> None:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Whatever"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items() if value)]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))


class _Representation:
    """A body with its headers, as ``Origin.serve`` describes it."""

    def __init__(self, body: bytes, content_type: str, status: int, extra: dict[str, str], compress: bool) -> None:
        self._body = body
        self._packed = gzip.compress(body, mtime=0) if compress else None
        self._type = content_type
        self._status = status
        self._extra = extra

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        packed = self._packed if "gzip" in request.headers.get("accept-encoding", "") else None
        body = self._body if packed is None else packed
        headers = self._headers(body, gzipped=packed is not None)
        if self._status == 200 and _matches(request.headers, headers):
            _head(writer, 304, {name: value for name, value in headers.items() if not name.startswith("Content-")})
            return True
        if self._status not in (204, 304):
            headers["Content-Length"] = str(len(body))
        _head(writer, self._status, headers)
        if request.method != "HEAD":
            writer.write(body)
        return True

    def _headers(self, body: bytes, *, gzipped: bool) -> dict[str, str]:
        headers = {"Content-Type": self._type}
        if self._packed is not None:
            headers["Vary"] = "Accept-Encoding"
        if gzipped:
            headers["Content-Encoding"] = "gzip"
        if self._status == 200:
            headers["ETag"] = f'"{hashlib.sha256(self._type.encode() + body).hexdigest()[:16]}"'
        return headers | self._extra


_NOT_FOUND = _Representation(b"not found\n", "text/plain", 404, {}, compress=False)


def _matches(asked: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """RFC 9110 §13.2.2: If-None-Match (compared weakly) goes before If-Modified-Since (compared as text)."""
    if (wanted := asked.get("if-none-match")) is not None:
        tags = set(re.findall(r'"[^"]*"', wanted))
        return wanted == "*" or headers.get("ETag", "").removeprefix("W/") in tags
    since = asked.get("if-modified-since")
    return since is not None and since == headers.get("Last-Modified")
