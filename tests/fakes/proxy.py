"""A forward proxy (RFC 9110 §3.7) on loopback: absolute-form for http, CONNECT for https.

    with Proxy() as proxy:
        fetch(url, proxy=proxy.url)
        assert proxy.requests == ["GET http://127.0.0.1:1234/feed HTTP/1.1"]

It finds every host at 127.0.0.1, so that names that nobody knows lead somewhere too.  Runs in a thread of its own.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from urllib.parse import urlsplit

from tests.fakes.listening import Listening


class Proxy(Listening):
    """*requests* are the request lines so far, *headers* their header blocks.

    With *login* (``user:password``) it wants that, with *refuse* it answers that status to everything.
    """

    def __init__(self, *, login: str | None = None, refuse: int | None = None) -> None:
        super().__init__()
        self.requests: list[str] = []
        self.headers: list[str] = []
        self._wanted = login and f"proxy-authorization: basic {b64encode(login.encode()).decode()}".lower()
        self._refuse = refuse

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, _, headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").partition("\r\n")
        self.requests.append(line)
        self.headers.append(headers)
        method, target, _ = line.split(" ")
        if status := self._refuse or (407 if self._wanted and self._wanted not in headers.lower() else None):
            writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
            await writer.drain()
            return
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        there_reader, there = await asyncio.open_connection("127.0.0.1", parts.port or 80)
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = target.partition("//")[2].partition("/")[2]
                rest = "\r\n".join(line for line in headers.split("\r\n") if not line.lower().startswith("proxy-"))
                there.write(f"{method} /{path} HTTP/1.1\r\nConnection: close\r\n{rest}".encode("latin-1"))
            await asyncio.gather(_copy(reader, there), _copy(there_reader, writer))
        finally:
            there.transport.abort()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while block := await source.read(65536):
        sink.write(block)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
