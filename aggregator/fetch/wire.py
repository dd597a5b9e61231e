"""httpx over aiohttp, set up so that nothing leaves or enters unseen.

httpx's own transport is slow and its pool quadratic, so aiohttp's carries the requests.  What that brings along is
switched off here: a cookie jar of its own, proxies and passwords from the environment, decoding, redirects, retouched
URLs, and name look-ups in threads that the whole program shares.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from aggregator.fetch.guard import Guard
from aggregator.fetch.request import Target

_KEEP_ALIVE = 3.0  # seconds that a connection outlives its host's pause
_asked: ContextVar[Target] = ContextVar("asked")


class Wire:
    """Sends one request, and streams what comes back; decides nothing."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @asynccontextmanager
    async def get(self, asked: Target, headers: Sequence[tuple[bytes, bytes]]) -> AsyncIterator[httpx.Response]:
        """The answer as soon as its headers are there."""
        _asked.set(asked)
        request = self._client.build_request("GET", asked.url, headers=headers)
        response = await self._client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()


@asynccontextmanager
async def wire(guard: Guard, *, headers: Mapping[str, str], concurrency: int, pause: float) -> AsyncIterator[Wire]:
    """Open until the block ends; *headers* go with every request, *pause* (seconds) is the host's."""
    tls = httpx.create_ssl_context()  # honours SSL_CERT_FILE, the usual way to trust an authority of one's own
    with _Resolver(concurrency) as resolver:
        connector = aiohttp.TCPConnector(
            ssl=tls, resolver=resolver, socket_factory=guard.socket, limit=0, keepalive_timeout=pause + _KEEP_ALIVE
        )
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, middlewares=(_verbatim,)
        )
        async with httpx.AsyncClient(
            transport=AiohttpTransport(verify=tls, trust_env=False, client=session),
            headers=headers,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # noqa: S113  one deadline holds for the whole exchange
        ) as client:
            yield Wire(client)


async def _verbatim(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """yarl would rewrite ``%2F`` and ``[`` in the query; a signed URL does not survive that."""
    request.url = type(request.url)(_asked.get().text, encoded=True)
    return await handler(request)


class _Resolver(AbstractResolver):
    """getaddrinfo in threads of our own, so that names that never resolve cannot starve what else needs a thread."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="dns")

    def __enter__(self) -> _Resolver:
        return self

    def __exit__(self, *exc: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        look_up = partial(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [_result(host, info) for info in found]

    async def close(self) -> None: ...


def _result(name: str, info: tuple[Any, ...]) -> ResolveResult:
    family, _, proto, _, (host, port, *_) = info
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=name, host=host, port=port, family=family, proto=proto, flags=flags)
