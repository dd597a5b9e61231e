"""The daemon: opens everything, starts the clock, closes in order.

APScheduler is the clock and nothing more.  Its one job asks the store what is due and hands the work over; the store
says when, so a restart loses nothing.  Work that is due:

* polls, each a task of its own, never two of one source (``polling``);
* editions to freeze and deliveries to hand over, one after the other in the mailing thread;
* documents to render again because a story changed, here or in another process.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator import post, schedule, status, systemd
from aggregator.config import load
from aggregator.daemon.opening import clock, means, open_relay
from aggregator.daemon.polling import Polling
from aggregator.daemon.rendering import note_presentation, render_all
from aggregator.daemon.reporting import report
from aggregator.errors import AggregatorError, StoreError
from aggregator.model import Config, Delivery, Document
from aggregator.store import alone
from aggregator.web import Server, app

log = logging.getLogger("aggregator")
TICK = timedelta(milliseconds=500)
GRACE = 10.0
"""Seconds that running polls get to finish when the daemon is asked to stop."""
ASLEEP = timedelta(minutes=1)
"""Without a tick for so long we were asleep, and what is overdue is spread as it is after a start."""
BATCH = 50
"""Deliveries taken from the store at a time."""


class Daemon:
    """One running daemon.  ``run`` returns when it has been asked to stop and everything is closed."""

    def __init__(self, config: Config, *, path: Path | None = None, clock: Callable[[], datetime] = clock) -> None:
        self._config = config
        self._path = path
        self._clock = clock
        self._stop = asyncio.Event()
        self._documents: Mapping[str, Document] = {}
        self._revision = -1
        self._posting: asyncio.Task[None] | None = None
        self._rendering = asyncio.Lock()
        self._mailer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
        self._relay = open_relay(config)
        self._progress = clock()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.  Raises AggregatorError when it cannot start."""
        async with AsyncExitStack() as stack:
            stack.enter_context(alone(self._config.database))
            self._means = await stack.enter_async_context(means(self._config, self._clock))
            self._polling = Polling(self._means, await self._means.store.read(lambda tx: tx.polls.all()), report)
            stack.callback(self._mailer.shutdown)
            await self._prepare()
            listening = self._config.server
            site = app(lambda: self._documents, self._health, self._config)
            server = Server(site, listening.listen, listening.trusted_proxies)
            await server.start()
            stack.push_async_callback(server.stop)
            scheduler = self._start_clock()
            self._listen_to_signals()
            log.info("listening on %s, %d sources", server.address, len(self._config.sources))
            systemd.notify("READY=1", f"STATUS={len(self._config.sources)} sources, {server.address}")
            await self._stop.wait()
            systemd.notify("STOPPING=1")
            log.info("stopping")
            scheduler.shutdown(wait=False)
            await self._finish()

    def stop(self) -> None:
        """Ask ``run`` to finish."""
        self._stop.set()

    async def _prepare(self) -> None:
        store, config = self._means.store, self._config
        now = self._clock()
        await store.write(lambda tx: post.enrol(tx, config, now))
        await store.write(lambda tx: note_presentation(tx, config, now))
        for delivery in await asyncio.to_thread(post.recover, store, config, self._clock):
            log.warning("delivery %d to %s was interrupted, now %s", delivery.id, delivery.address, delivery.state)
        await self._publish()
        self._start = schedule.starting(config, self._polling.polls, now)

    def _start_clock(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(timezone=UTC)
        scheduler.add_job(
            self._tick,
            "interval",
            seconds=TICK.total_seconds(),
            next_run_time=self._clock(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        scheduler.start()
        return scheduler

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(self._reload()))

    async def _tick(self) -> None:
        """Ask what is due and hand it over; a tick that fails is logged, and the next one tries again."""
        try:
            await self._poll()
            if self._posting is None or self._posting.done():
                self._posting = asyncio.create_task(self._post())
            await self._publish()
            self._progress = self._clock()
            systemd.notify("WATCHDOG=1")
        except AggregatorError as failure:
            log.error("%s", failure)

    # -- polling --

    async def _poll(self) -> None:
        now = self._clock()
        if now - self._progress > ASLEEP:
            self._start = schedule.starting(self._config, self._polling.polls, now)
        self._polling.want(schedule.due(self._config, self._polling.polls, self._start, now))
        await self._polling.go_on()

    # -- publishing --

    async def _publish(self) -> None:
        """Render again if a story changed since the last time, in whatever process."""
        async with self._rendering:
            revision = await self._means.store.read(lambda tx: tx.stories.revision())
            if revision != self._revision:
                config = self._config
                self._documents = await self._means.store.read(lambda tx: render_all(tx, config))
                self._revision = revision

    def _health(self) -> tuple[bool, str]:
        now = self._clock()
        if now - self._progress > timedelta(minutes=1):
            return False, "the daemon has made no progress for a minute"
        polls = self._polling.polls
        return status.health(status.sources(self._config, polls, now, schedule.held_hosts(polls.values(), now)))

    # -- mailing --

    async def _post(self) -> None:
        config, store, now = self._config, self._means.store, self._clock()
        try:
            if await store.read(lambda tx: post.is_due(tx, config, now)):
                for edition in await store.write(lambda tx: post.freeze_due(tx, config, now)):
                    log.info("digest %s: edition %s, %d stories", edition.digest, edition.slot, edition.stories)
            due = await store.read(lambda tx: tx.mailing.due(now, BATCH))
            if due and self._relay:
                await asyncio.get_running_loop().run_in_executor(self._mailer, self._deliver, due)
        except StoreError as failure:
            log.error("mail: %s", failure)
            await asyncio.to_thread(post.recover, store, config, self._clock)

    def _deliver(self, due: list[Delivery]) -> None:
        assert self._relay is not None
        for delivery in due:
            if self._stop.is_set():
                return
            after = post.deliver(self._means.store, self._relay, delivery, self._config, self._clock)
            if after.state != "sent":
                log.warning("mail to %s: %s, %s", after.address, after.state, after.reply)

    # -- changing and ending --

    async def _reload(self) -> None:
        """Take the new configuration if it is valid; what only a restart can change is said."""
        if self._path is None:
            return
        try:
            config = load(self._path)
            relay = open_relay(config)
        except AggregatorError as failure:
            log.error("the new configuration is not used, the old one stays: %s", failure)
            return
        fixed = [name for name in ("database", "server", "fetch", "parse") if _differs(config, self._config, name)]
        if fixed:
            log.warning("restart the daemon for the changes in %s", ", ".join(fixed))
        config = replace(config, **{name: getattr(self._config, name) for name in fixed})
        now = self._clock()
        self._config, self._relay = config, relay
        self._means = self._polling.means = replace(self._means, config=config)
        self._start = schedule.starting(config, self._polling.polls, now)
        await self._means.store.write(lambda tx: post.enrol(tx, config, now))
        await self._means.store.write(lambda tx: note_presentation(tx, config, now))
        self._revision = -1
        log.info("the new configuration is in use")

    async def _finish(self) -> None:
        """Let running work end within a bound; what does not is stopped, and nothing of it is half stored."""
        await asyncio.gather(self._polling.finish(GRACE), self._finish_posting())
        if self._relay:
            await asyncio.get_running_loop().run_in_executor(self._mailer, self._relay.close)

    async def _finish_posting(self) -> None:
        if self._posting:
            _, late = await asyncio.wait([self._posting], timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _differs(one: Config, other: Config, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))
