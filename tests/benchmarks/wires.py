"""The same thousand conditional requests by one of the wires that httpx can have, the guard in force; on one core.

python -m tests.benchmarks.wires NAME PORT      prints one JSON object

httpx           its own transport, as many idle connections as there are hosts
httpx-20        its own transport, at most 20 idle ones, which is its default
httpx-sharded   32 such clients, the hosts divided among them
httpx-aiohttp   what the aggregator has
aiohttp         without httpx, to know what httpx costs
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import httpcore
import httpx
from httpcore._backends.anyio import AnyIOBackend

from aggregator.fetch import request
from aggregator.fetch.guard import Guard
from aggregator.fetch.wire import wire
from tests.benchmarks.sweep import PRIVATE, SOURCES, ask_all, cost, held, urls

CONCURRENCY = 32
ROUNDS = 3
HEADERS = request.standing("1", None)
CONDITION = {"If-None-Match": '"one"'}

Get = Callable[[str], Awaitable[None]]


class Guarded(httpcore.AsyncNetworkBackend):
    """The guard under httpx's own transport: looks the name up, and connects to the address that it has checked."""

    def __init__(self) -> None:
        self._inner = AnyIOBackend()
        self._guard = Guard(PRIVATE)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        address = str(found[0][4][0])
        self._guard.check(address, port)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


@asynccontextmanager
async def own(clients: int, idle: int) -> AsyncIterator[Get]:
    """httpx with its own transport."""
    tls = httpx.create_ssl_context()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=idle, keepalive_expiry=4)
    async with AsyncExitStack() as stack:
        found: list[httpx.AsyncClient] = []
        for _ in range(clients):
            transport = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits)
            transport._pool._network_backend = Guarded()
            client = httpx.AsyncClient(transport=transport, headers=HEADERS, trust_env=False, timeout=None)
            found.append(await stack.enter_async_context(client))

        async def get(url: str) -> None:
            answer = await found[hash(url) % clients].get(url, headers=CONDITION)
            assert answer.status_code == 304

        yield get


@asynccontextmanager
async def without_httpx() -> AsyncIterator[Get]:
    connector = aiohttp.TCPConnector(limit=0, socket_factory=Guard(PRIVATE).socket, keepalive_timeout=4)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS, cookie_jar=jar) as session:

        async def get(url: str) -> None:
            async with session.get(url, headers=CONDITION, allow_redirects=False) as answer:
                assert answer.status == 304
                await answer.read()

        yield get


async def sweep(get: Get, wanted: list[str]) -> None:
    places = asyncio.Semaphore(CONCURRENCY)

    async def one(url: str) -> None:
        async with places:
            await get(url)

    await asyncio.gather(*map(one, wanted))


async def main(name: str, port: int) -> dict[str, float]:
    wanted = urls(port)
    async with AsyncExitStack() as stack:
        if name == "httpx-aiohttp":
            guarded = wire(Guard(PRIVATE), headers={}, concurrency=CONCURRENCY, pause=1)
            client = await (await stack.enter_async_context(guarded)).client()

            async def work() -> None:
                await ask_all(client, wanted, CONCURRENCY)
        else:
            kinds = {"httpx": own(1, SOURCES), "httpx-20": own(1, 20), "httpx-sharded": own(32, 20)}
            get = await stack.enter_async_context(kinds.get(name) or without_httpx())

            async def work() -> None:
                await sweep(get, wanted)

        await work()
        costs = [await cost(work) for _ in range(ROUNDS)]
    return {
        "rate": SOURCES / statistics.median(wall for wall, _ in costs),
        "cpu": statistics.median(cpu for _, cpu in costs) / SOURCES,
        "memory": held(),
    }


if __name__ == "__main__":
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    print(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2])))))
