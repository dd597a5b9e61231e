"""httpx over aiohttp, set up so that nothing leaves or enters unseen.

httpx's own transport is slow and its pool quadratic, so aiohttp's carries the requests.  What that brings along is
switched off here: a cookie jar of its own, proxies and passwords from the environment, decoding, redirects, retouched
URLs, and name look-ups in threads that the whole program shares.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from aggregator.fetch.guard import Guard
from aggregator.fetch.request import Target

_KEEP_ALIVE = 3.0  # seconds that a connection outlives its host's pause
_asked: ContextVar[Target | None] = ContextVar("asked", default=None)


class Wire:
    """Sends one request, and streams what comes back; decides nothing.  One client for each proxy, and one for none.

    *headers* go with every request.
    """

    def __init__(
        self,
        guard: Guard,
        headers: Mapping[str, str],
        connect: Callable[[str | None], Awaitable[httpx.AsyncClient]],
    ) -> None:
        self._guard = guard
        self._headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        self._connect = connect
        self._clients: dict[str | None, httpx.AsyncClient] = {}

    @asynccontextmanager
    async def get(
        self,
        asked: Target,
        headers: Sequence[tuple[bytes, bytes]],
        proxy: str | None = None,
        *,
        method: str = "GET",
        content: bytes | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """The answer as soon as its headers are there; another *method* may carry *content*."""
        client = self._clients.get(proxy) or await self.client(proxy)
        if proxy:
            self._guard.check_port(asked.port)
        _asked.set(asked)
        request = httpx.Request(method, asked.url, headers=[*self._headers, *headers], content=content)
        response = await client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def client(self, proxy: str | None = None) -> httpx.AsyncClient:
        """The client that asks through this proxy, or directly."""
        if proxy not in self._clients:
            self._clients[proxy] = await self._connect(proxy)
        return self._clients[proxy]


@asynccontextmanager
async def wire(guard: Guard, *, headers: Mapping[str, str], concurrency: int, pause: float) -> AsyncIterator[Wire]:
    """Open until the block ends; *headers* go with every request, *pause* (seconds) is the host's.

    The guard sees every connection that is made directly.  Through a proxy there is only the one to the proxy itself,
    which the operator has chosen; what lies behind it is the proxy's to refuse.
    """
    tls = httpx.create_ssl_context()  # honours SSL_CERT_FILE, the usual way to trust an authority of one's own
    async with AsyncExitStack() as stack:
        resolver = stack.enter_context(_Resolver(concurrency))

        async def connect(proxy: str | None) -> httpx.AsyncClient:
            connector = aiohttp.TCPConnector(
                ssl=tls,
                resolver=resolver,
                socket_factory=None if proxy else guard.socket,
                limit=0,
                keepalive_timeout=pause + _KEEP_ALIVE,
            )
            transport = AiohttpTransport(
                verify=tls, trust_env=False, client=_session(connector), proxy=_proxy(proxy) if proxy else None
            )
            return await stack.enter_async_context(_Client(transport=transport, follow_redirects=False))

        yield Wire(guard, headers, connect)


def _proxy(url: str) -> httpx.Proxy:
    """The header is Proxy-Authorization on the wire: aiohttp renames it, for tunnels and without."""
    found = httpx.URL(url)
    login = {"Authorization": aiohttp.encode_basic_auth(found.username, found.password)} if found.userinfo else None
    return httpx.Proxy(found.copy_with(userinfo=b""), headers=login)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, middlewares=(_verbatim,)
    )


class _Client(httpx.AsyncClient):
    """Has no cookies, so that none are kept, sent, or even looked for: that would be a tenth of a request's cost."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(trust_env=False, timeout=None, **settings)  # one deadline holds for the whole exchange

    @property
    def cookies(self) -> httpx.Cookies:
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise TypeError("there are none")


class _NoCookies(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None: ...


_NO_COOKIES = _NoCookies()


async def _verbatim(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """yarl would rewrite ``%2F`` and ``[`` in the query; a signed URL does not survive that.

    A reason phrase means nothing (RFC 9112 §4), and one that is not UTF-8 would be the transport's end.
    """
    if asked := _asked.get():
        request.url = type(request.url)(asked.text, encoded=True)
    answer = await handler(request)
    answer.reason = ""
    return answer


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
