"""Carrying out polls: each noted before it is sent, and none that another process has sent meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.daemon.polling import Polling
from aggregator.errors import StoreError
from aggregator.model import Poll, Source
from aggregator.schedule import Asking, grouped
from tests.asking import HOUR, START, Reader, rss
from tests.fakes.origin import Origin, Request


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        running.serve("/feed", rss(1), "application/rss+xml")
        yield running


@pytest.fixture
def reader(origin: Origin, tmp_path: Path) -> Iterator[Reader]:
    with Reader(tmp_path, origin.url("/feed")) as opened:
        yield opened


def silent(source: Source, before: Poll | None, noted: Poll) -> None: ...


def askings(reader: Reader) -> list[Asking]:
    return grouped(reader.config.sources, {})


def test_a_poll_is_noted_before_it_is_sent(origin: Origin, reader: Reader) -> None:
    """While the server has not answered, the database says already that nobody is to ask for an interval."""
    seen: list[Poll] = []

    async def look(request: Request, writer: Any) -> bool:
        seen.extend(reader.polls.values())
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return True

    origin.answer("/feed", look)
    reader.sweep()
    (noted,) = seen
    assert (noted.status, noted.next_poll) == ("asked", START + HOUR)


def test_what_was_known_stays_while_it_is_asked(origin: Origin, reader: Reader) -> None:
    """The note that is made beforehand only moves the next poll."""
    reader.sweep()
    before = reader.polls["s0"]
    origin.hang("/feed")
    reader.clock += 2 * HOUR
    polling = Polling(reader.means, reader.polls, silent)

    async def interrupted() -> None:
        polling.want(askings(reader))
        await polling.go_on()
        await polling.finish(0.1)

    reader.run(interrupted())
    assert reader.polls["s0"] == replace(before, next_poll=START + 3 * HOUR)


def test_what_another_process_has_asked_is_not_asked_again(origin: Origin, reader: Reader) -> None:
    """`aggregator poll` beside the daemon: who comes second sees it before anything is sent, and knows it from then."""
    polling = Polling(reader.means, {}, silent)
    reader.poll()

    async def second() -> None:
        polling.want(askings(reader))
        await polling.drain()

    reader.run(second())
    assert len(origin.requests) == 1
    assert polling.polls == reader.polls
    reader.run(second())
    assert len(origin.requests) == 2


def test_nothing_is_asked_that_cannot_be_noted(origin: Origin, reader: Reader, tmp_path: Path) -> None:
    """A database that refuses costs no server a request; and no loop asks again because nothing was noted."""
    polling = Polling(reader.means, {}, silent)

    async def go() -> None:
        polling.want(askings(reader))
        await polling.drain()

    with closing(sqlite3.connect(tmp_path / "aggregator.db")) as database:
        database.execute("ALTER TABLE poll RENAME TO elsewhere")
        with pytest.raises(StoreError):
            reader.run(go())
        assert origin.requests == []
        database.execute("ALTER TABLE elsewhere RENAME TO poll")

        async def break_it(request: Request, writer: Any) -> bool:
            database.execute("ALTER TABLE poll RENAME TO elsewhere")
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return True

    with closing(sqlite3.connect(tmp_path / "aggregator.db", check_same_thread=False)) as database:
        origin.answer("/feed", break_it)
        with pytest.raises(StoreError):
            reader.run(go())
        assert len(origin.requests) == 1
        assert polling.polls["s0"].next_poll == START + HOUR


def test_a_dry_run_notes_nothing(origin: Origin, reader: Reader) -> None:
    """Without *keep* there is no trace, neither before nor after."""
    done: list[Poll] = []
    polling = Polling(reader.means, {}, lambda source, before, noted: done.append(noted), keep=False)

    async def go() -> None:
        polling.want(askings(reader))
        await polling.drain()

    reader.run(go())
    assert (len(done), reader.polls) == (1, {})


def test_a_slow_host_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """One host has so many at a time; the others go on while it takes its time."""
    with Origin() as slow, Origin(host="127.0.0.2") as quick:
        urls = [slow.url(f"/{number}") for number in range(3)] + [quick.url(f"/{number}") for number in range(3)]
        for number in range(3):
            slow.hang(f"/{number}")
            quick.serve(f"/{number}", rss(number), "application/rss+xml")
        with Reader(tmp_path, *urls, concurrency=4, timeout=timedelta(seconds=30)) as reader:
            done: list[str] = []
            enough = asyncio.Event()

            def told(source: Source, before: Poll | None, noted: Poll) -> None:
                done.append(source.id)
                if len(done) == 3:
                    enough.set()

            polling = Polling(reader.means, {}, told)

            async def go() -> None:
                polling.want(askings(reader))
                await polling.go_on()
                async with asyncio.timeout(20):
                    await enough.wait()
                await polling.finish(0)

            reader.run(go())
            assert sorted(done) == ["s3", "s4", "s5"]
            assert len(slow.requests) == 1


def test_a_reading_that_fails_is_one_source_alone(origin: Origin, tmp_path: Path) -> None:
    """Two sources of one URL: what the one cannot read, the other reads all the same, from the one answer."""
    with Reader(tmp_path, origin.url("/feed"), origin.url("/feed")) as reader:
        reader.configure(type="page")  # without selectors it cannot be one
        reader.sweep()
        assert [poll.status for poll in reader.polls.values()] == ["failed", "ok"]
        assert len(origin.asked("/feed")) == 1


def test_nothing_comes_under_an_id_that_is_gone(origin: Origin, reader: Reader) -> None:
    """What runs when its source is renamed is given up, and what was wanted of the former source is not asked."""
    origin.hang("/feed")
    done: list[str] = []
    polling = Polling(reader.means, {}, lambda source, before, noted: done.append(source.id))
    former = askings(reader)
    noted: list[int] = []

    async def note() -> None:
        noted.append(len(polling._running))

    async def go() -> None:
        polling.want(former)
        await polling.go_on()
        config = replace(reader.config, sources=tuple(replace(one, id="noord") for one in reader.config.sources))
        await polling.change(replace(reader.means, config=config), note())
        polling.want(former)
        await polling.drain()
        origin.serve("/feed", rss(1), "application/rss+xml")
        polling.want(grouped(config.sources, {}))
        await polling.drain()

    reader.run(go())
    assert (done, noted) == (["noord"], [0])
