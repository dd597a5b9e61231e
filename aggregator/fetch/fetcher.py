"""One conditional GET, from the host's turn to the last byte.

    wait for the host's turn -> connect (guarded) -> ask -> redirected? once more : read the body

All of it but the waiting has one deadline, which the requests of one poll share (``Errand``).  Whatever goes wrong is a
FetchError whose sentence names the host and the cause; a status code is an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import httpx

from aggregator import uri
from aggregator.errors import FetchError
from aggregator.fetch import request
from aggregator.fetch.exchange import Exchange
from aggregator.fetch.faults import LIBRARIES, FaultError, explain
from aggregator.fetch.guard import Guard
from aggregator.fetch.politeness import Turns
from aggregator.fetch.proxies import Proxies, shown
from aggregator.fetch.request import Access, Target
from aggregator.fetch.robots import Robots
from aggregator.fetch.room import Room
from aggregator.fetch.sending import Sending
from aggregator.fetch.wire import Wire, wire
from aggregator.model import Fetch, Response, Validators

SEND = 10.0
"""Seconds that the other side of WebSub gets at most."""


class Errand:
    """What the requests of one poll share: the time they may take, and the servers they keep away from.

    *seconds* is how long servers have taken so far, waiting for their turns apart.  *held* gives the servers
    (``uri.server``) that want to be left alone, and until when; it is called when somebody leads elsewhere.
    """

    def __init__(self, held: Callable[[], Mapping[str, datetime]] = dict, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self._held = held

    def refuse_held(self, url: str) -> None:
        """Raises FetchError when the server of *url* is to be left alone."""
        server = uri.server(url)
        if until := self._held().get(server):
            raise FetchError(f"{server}: asked to be left alone until {until:%Y-%m-%d %H:%M} UTC")


class Fetcher:
    """Fetches under the manners and limits of *settings*; *version* is the program's, for the User-Agent.

    An async context manager; everything it remembers (connections, turns) is one event loop's.
    """

    def __init__(self, settings: Fetch, *, version: str) -> None:
        pause = settings.per_host_pause.total_seconds()
        self._settings = settings
        self._headers = request.standing(version, settings.contact)
        self._guard = Guard(settings.allow_private, settings.allow_ports)
        self._proxies = Proxies(settings.proxy, environment=settings.proxy_from_environment)
        self._turns = Turns(total=settings.concurrency, per_host=settings.per_host_concurrency, pause=pause)
        self._robots = Robots()
        self._room = Room(settings.max_size)
        self._open = AsyncExitStack()
        self._wire: Wire | None = None

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._wire = await self._open.enter_async_context(
            wire(
                self._guard,
                headers=self._headers,
                concurrency=settings.concurrency,
                pause=settings.per_host_pause.total_seconds(),
            )
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire = None
        await self._open.aclose()

    async def fetch(
        self,
        url: str,
        validators: Validators | None,
        now: datetime,
        access: Access | None = None,
        errand: Errand | None = None,
    ) -> Response:
        """The final answer to a GET of *url*, conditional when *validators* are those of the URL that answers.

        *access* is what its source needs beside the URL, *errand* what it has in common with other requests.  Raises
        FetchError; NetworkError when nothing could be reached.
        """
        asked = _target(url)
        access = access or Access(url)
        errand = errand or Errand()
        hops: list[Target] = []
        permanent = True
        clock = asyncio.get_running_loop().time
        start = clock()
        while True:
            exchange = Exchange(asked, validators, access, self._room)
            async with self._turns.turn(asked.host):
                began = now + timedelta(seconds=round(clock() - start, 1))
                await self._carry_out(exchange, errand, _named(asked, hops), access.proxy)
            if exchange.onward is None:
                return exchange.response(began, tuple(hop.text for hop in hops), permanent=permanent and bool(hops))
            permanent = permanent and exchange.status in request.PERMANENT
            hops.append(asked)
            if exchange.onward in hops:
                raise FetchError(f"{asked.host}: redirects in a circle")
            if len(hops) > request.MAX_REDIRECTS:
                raise FetchError(f"{asked.host}: redirects more than {request.MAX_REDIRECTS} times")
            errand.refuse_held(exchange.onward.text)
            asked = exchange.onward

    async def send(
        self, method: str, url: str, now: datetime, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Response:
        """The answer to one request with *content*, redirects not followed, and of its body no more than a beginning.

        For addresses that strangers name: the guard holds for them as for every other, and an address that is written
        in numbers is held against it even where a proxy would connect.  Whoever calls sees to it that there are not
        too many.  Raises FetchError; NetworkError when nothing could be reached.
        """
        asked = _target(url)
        short = Errand(seconds=max(self._settings.timeout.total_seconds() - SEND, 0.0))
        exchange = Sending(asked, self._room, method, headers or {}, content, self._guard)
        await self._carry_out(exchange, short, asked.host, None)
        return exchange.response(now, (), permanent=False)

    async def allowed(
        self, url: str, now: datetime, access: Access | None = None, errand: Errand | None = None
    ) -> str | None:
        """Whether robots.txt lets us read the page at *url*: None, or a sentence that says why not.

        Raises FetchError for what is no URL, NetworkError when nothing could be reached, and RebuffError.
        """
        if not self._settings.robots:
            return None

        async def ask(robots: str, validators: Validators | None) -> Response:
            way = Access(robots, proxy=access.proxy if access else None)
            return await self.fetch(robots, validators, now, way, errand)

        return await self._robots.verdict(_target(url), now, ask)

    async def _carry_out(self, exchange: Exchange, errand: Errand, name: str, own_proxy: str | None) -> None:
        """Ask within the time that *errand* has left."""
        assert self._wire is not None, "Fetcher is an async context manager"
        loop = asyncio.get_running_loop()
        start = loop.time()
        proxy: str | None = None
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds() - errand.seconds) as deadline:
                proxy = self._proxies.of(exchange.asked, own_proxy)
                await exchange.carry_out(self._wire, proxy)
        except (FaultError, RuntimeError, *LIBRARIES) as error:  # RuntimeError: uvloop, for a socket that it dislikes
            if proxy:
                name += f" (through the proxy {shown(proxy)})"
            if deadline.expired():
                raise FetchError(f"{name}: {self._too_late(exchange)}") from error
            raise explain(name, error, proxied=proxy is not None) from error
        finally:
            errand.seconds += loop.time() - start

    def _too_late(self, exchange: Exchange) -> str:
        done = "finish its answer" if exchange.status else "answer"
        if isinstance(exchange, Sending):
            return f"did not {done} within {SEND:g} s"
        return f"did not {done} within {self._settings.timeout.total_seconds():g} s ([fetch].timeout)"


def _target(url: str) -> Target:
    try:
        return request.target(url)
    except FaultError as fault:
        raise FetchError(f"{_host(url)}: {fault}") from fault


def _host(url: str) -> str:
    """The host if there is one, and never the URL: that may hold a password."""
    with suppress(httpx.InvalidURL, ValueError, TypeError):
        return httpx.URL(url).host or "the URL"
    return "the URL"


def _named(asked: Target, hops: list[Target]) -> str:
    """Who is asked, in a sentence; a host that the operator did not write is said to be another's choice."""
    if not hops or hops[0].host == asked.host:
        return asked.host
    return f"{asked.host} (redirected from {hops[0].host})"
