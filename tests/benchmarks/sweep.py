"""A thousand sources polled as the daemon polls them, beside the same requests sent by the bare client; on one core.

    python -m tests.benchmarks.sweep DIRECTORY PORT      prints one JSON object

Both run in turn, A B A B …, so that a machine that changes its speed changes both.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import uvloop

from aggregator import schedule
from aggregator.daemon.connecting import means
from aggregator.daemon.polling import Polling
from aggregator.fetch import request
from aggregator.fetch.guard import Guard
from aggregator.fetch.wire import wire
from aggregator.model import Config, Fetch, Poll, Source, Stream, Zone
from aggregator.poll import Means

SOURCES = 1000
ROUNDS = 9
PRIVATE = ("127.0.0.0/8",)


def urls(port: int) -> list[str]:
    """One at each of a thousand addresses, so that no two are one host's."""
    return [f"http://127.1.{number // 250}.{number % 250 + 1}:{port}/feed" for number in range(SOURCES)]


def configuration(directory: Path, port: int) -> Config:
    return Config(
        database=f"sqlite:///{directory / 'aggregator.db'}",
        fetch=Fetch(allow_private=PRIVATE, interval=timedelta(seconds=1)),
        zones=(Zone(id="z", name="Zone"),),
        sources=tuple(Source(id=f"s{n}", zone="z", url=url) for n, url in enumerate(urls(port))),
        streams=(Stream(id="all", title="Alles"),),
    )


async def poll_all(opened: Means, polls: dict[str, Poll]) -> list[Poll]:
    """Each source once: claimed, asked, noted; as the daemon does it, but for waiting until they are due."""
    done: list[Poll] = []
    over = asyncio.Event()

    def told(source: Source, before: Poll | None, noted: Poll) -> None:
        done.append(noted)
        if len(done) == SOURCES:
            over.set()

    polling = Polling(opened, polls, told)
    polling.want(schedule.grouped(opened.config.sources, polls))
    await polling.go_on()
    await over.wait()
    await polling.finish(10)
    return done


async def ask_all(client: httpx.AsyncClient, wanted: list[str], concurrency: int) -> None:
    """The same requests by the same client and transport, the guard included, and nothing else."""
    places = asyncio.Semaphore(concurrency)
    headers = {**request.standing("1", None), "If-None-Match": '"one"'}

    async def ask(url: str) -> None:
        async with places:
            answer = await client.get(url, headers=headers)
        assert answer.status_code == 304

    await asyncio.gather(*map(ask, wanted))


async def cost(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Seconds on the clock, and of CPU, this process with all its threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - cpu


def held() -> int:
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def main(directory: Path, port: int) -> dict[str, float]:
    config = configuration(directory, port)
    wanted = [source.url for source in config.sources]
    polls: dict[str, Poll] = {}
    async with means(config) as opened, wire(Guard(PRIVATE), headers={}, concurrency=32, pause=1) as opened_wire:
        client = await opened_wire.client()
        idle = held()
        first = await poll_all(opened, polls)
        assert {poll.status for poll in first} == {"ok"}, {poll.error for poll in first}
        await ask_all(client, wanted, config.fetch.concurrency)
        both: list[tuple[tuple[float, float], tuple[float, float]]] = []
        for number in range(ROUNDS):
            one = await cost(lambda: poll_all(opened, polls))
            if number == 0:
                most = held()
            both.append((one, await cost(lambda: ask_all(client, wanted, config.fetch.concurrency))))
        assert {poll.status for poll in polls.values()} == {"not_modified"}
    whole, alone = zip(*both, strict=True)
    return {
        "rate": SOURCES / statistics.median(wall for wall, _ in whole),
        "best": SOURCES / min(wall for wall, _ in whole),
        "cpu": statistics.median(cpu for _, cpu in whole) / SOURCES,
        "least": min(cpu for _, cpu in whole) / SOURCES,
        "bare_rate": SOURCES / statistics.median(wall for wall, _ in alone),
        "bare_best": SOURCES / min(wall for wall, _ in alone),
        "bare_cpu": statistics.median(cpu for _, cpu in alone) / SOURCES,
        "bare_least": min(cpu for _, cpu in alone) / SOURCES,
        "ratio": statistics.median(one[1] / other[1] for one, other in both),
        "memory": most,
        "growth": most - idle,
    }


if __name__ == "__main__":
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    print(json.dumps(uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2])))))
