from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator import html, parse, reading
from aggregator.errors import ParseError
from aggregator.model import Feed, Parse, Response, Source
from aggregator.workers import Workers

MEMORY = 300_000_000
FEED = b"<rss version='2.0'><channel><item><title>x</title></item></channel></rss>"
SETTINGS = Parse(workers=2, timeout=timedelta(seconds=2), memory=MEMORY)
pytestmark = pytest.mark.xdist_group("workers")  # they measure time


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with closing(Workers(SETTINGS)) as pool:
        yield pool


def hang() -> None:
    while True:
        pass


def hang_in_c() -> str:
    return html._CLEANER.clean("<div>" * 200_000)


def allocate() -> int:
    return len(bytearray(2 * MEMORY))


def hoard() -> None:
    hoarded = []
    while True:
        hoarded.append(bytes(1_000_000))


def exit_at_once() -> None:
    os._exit(3)


def segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    sys.exit(4)


def refuse() -> None:
    raise ParseError("answered with JSON, not a feed")


def fail() -> None:
    raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


def identify() -> tuple[int, str, int]:
    return os.getpid(), sys.modules["__main__"].__name__, threading.active_count()


def read(content: bytes) -> Feed:
    response = Response(url="https://a.example/rss", status=200, content=content, date=datetime(2026, 1, 1, tzinfo=UTC))
    return parse.parse(response, Source(id="a", zone="a", url="https://a.example/rss"), ZoneInfo("Europe/Brussels"))


def test_gives_back_what_the_function_returns(workers: Workers) -> None:
    """Arguments go to another process and the result comes back whole."""
    found = asyncio.run(workers.run(read, FEED))
    assert [entry.title for entry in found.entries] == ["x"]
    assert asyncio.run(workers.run(identify))[0] != os.getpid()


def test_a_worker_has_what_it_needs_and_no_more() -> None:
    """What a poll does in a worker was loaded before the worker began, without store, fetcher and server."""
    answer = Response(url="https://a.example/rss", status=200, content=FEED, date=datetime(2026, 1, 1, tzinfo=UTC))
    source = Source(id="a", zone="a", url="https://a.example/rss")
    names = "set(__import__('sys').modules)"
    with closing(Workers(replace(SETTINGS, workers=1))) as pool:
        before = asyncio.run(pool.run(eval, names))
        asyncio.run(pool.run(reading.read, answer, source, "Europe/Brussels"))
        after = asyncio.run(pool.run(eval, names))
    assert {name for name in after - before if name.startswith("aggregator")} == set()
    assert not after & {"sqlalchemy", "aiohttp", "httpx", "starlette", "typer", "jinja2"}


def test_a_worker_is_bare(workers: Workers) -> None:
    """A worker does not run the parent's main program again and inherits none of its threads."""
    assert asyncio.run(workers.run(identify))[1:] == ("__main__", 1)


@pytest.mark.parametrize(
    ("bomb", "sentence"),
    [
        (hang, r"could not be read within 2s \(\[parse\]\.timeout\)"),
        (hang_in_c, r"could not be read within 2s \(\[parse\]\.timeout\)"),
        (allocate, r"needs more than 300 MB to be read \(\[parse\]\.memory\)"),
        (hoard, r"needs more than 300 MB to be read \(\[parse\]\.memory\)"),
        (exit_at_once, r"killed the process that read it \(exit status 3\); .* \(\[parse\]\.memory = 300 MB\)"),
        (segfault, r"killed the process that read it \(signal SIGSEGV\); .*"),
        (leave, r"could not be read \(SystemExit: 4\)"),
        (refuse, r"answered with JSON, not a feed"),
        (fail, r"could not be read \(UnicodeDecodeError: .* invalid start byte\)"),
    ],
)
def test_a_bomb_harms_only_itself(workers: Workers, bomb: object, sentence: str) -> None:
    """Whatever a task does is one ParseError; the task beside it ends undisturbed, the next one is served at once."""

    async def scenario() -> tuple[float, float]:
        beside = asyncio.create_task(workers.run(time.sleep, 0.3))
        started = time.monotonic()
        with pytest.raises(ParseError, match=rf"^{sentence}$"):
            await workers.run(bomb)  # type: ignore[arg-type]
        ended = time.monotonic()
        await beside
        healthy = time.monotonic()
        assert await workers.run(abs, -3) == 3
        return ended - started, time.monotonic() - healthy

    took, recovered = asyncio.run(scenario())
    assert took < 10
    assert recovered < 5


def test_a_worker_that_ran_out_of_memory_serves_nobody_else() -> None:
    """What a hoarding task leaves behind does not count against the next one's limit: that one gets a new process."""

    async def scenario(pool: Workers) -> tuple[int, int]:
        before = (await pool.run(identify))[0]
        with pytest.raises(ParseError, match=r"needs more than 300 MB"):
            await pool.run(hoard)
        return before, (await pool.run(identify))[0]

    with closing(Workers(replace(SETTINGS, workers=1))) as pool:
        before, after = asyncio.run(scenario(pool))
    assert before != after


def test_survives_the_death_of_idle_workers(workers: Workers) -> None:
    """Processes that the system kills between two tasks are replaced, and no task pays for it."""

    async def scenario() -> None:
        for _ in range(3):
            victim = (await workers.run(identify))[0]
            os.kill(victim, signal.SIGKILL)
            assert await asyncio.gather(*(workers.run(abs, -n) for n in range(4))) == [0, 1, 2, 3]

    asyncio.run(scenario())


def test_cancelling_frees_the_worker() -> None:
    """A poll that gives up takes its worker back: the next task does not wait for the abandoned one."""

    async def scenario(workers: Workers) -> None:
        await workers.run(abs, 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workers.run(time.sleep, 60), 0.3)
        assert await asyncio.wait_for(workers.run(abs, -1), 5) == 1

    with closing(Workers(Parse(workers=1, timeout=timedelta(minutes=5)))) as workers:
        asyncio.run(scenario(workers))


ORPHAN = """
import asyncio, os, time
from datetime import timedelta
from aggregator.model import Parse
from aggregator.workers import Workers

async def scenario():
    workers = Workers(Parse(workers=1, timeout=timedelta(seconds=0.5)))
    print(await workers.run(os.getpid), flush=True)
    asyncio.create_task(workers.run(time.sleep, 60))
    await asyncio.sleep(0.2)
    os.kill(os.getpid(), 9)

asyncio.run(scenario())
"""


def test_a_worker_does_not_outlive_its_parent_for_long() -> None:
    """When the program is killed in the middle of a task, the worker ends itself soon after the task's time is up."""
    command = [sys.executable, "-c", ORPHAN]
    with tempfile.TemporaryDirectory(prefix="news-", ignore_cleanup_errors=True) as temporary:
        place = {**os.environ, "TMPDIR": temporary}  # the killed tidy nothing up
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=place) as program:
            assert program.stdout is not None
            orphan = int(program.stdout.readline())
        deadline = time.monotonic() + 30
        while Path(f"/proc/{orphan}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not Path(f"/proc/{orphan}").exists()


def test_close_is_quick_and_final() -> None:
    """Closing ends running tasks with a sentence, takes no new ones, and may be repeated."""

    async def scenario() -> None:
        workers = Workers(SETTINGS)
        await workers.run(abs, 1)
        running = asyncio.create_task(workers.run(time.sleep, 60))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        workers.close()
        assert time.monotonic() - started < 10
        for attempt in (running, workers.run(abs, 1)):
            with pytest.raises(ParseError, match="the program is stopping"):
                await attempt
        workers.close()

    asyncio.run(scenario())


def test_starts_nothing_before_the_first_task() -> None:
    """A command that never reads anything starts no process."""
    workers = Workers(SETTINGS)
    assert workers._pool is None
    workers.close()
