"""The daemon: opens everything, starts the clock, closes in order.

APScheduler is the clock and nothing more.  Its one job asks the store what is due and hands the work over; the store
says when, so a restart loses nothing.  Work that is due:

* polls, each a task of its own, never two of one source (``polling``);
* editions to freeze and deliveries to hand over, one after the other in the mailing thread;
* documents to render again because a story changed, here or in another process;
* what WebSub owes to subscribers and hubs (``hubbing``).
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator import post, schedule, status, systemd
from aggregator.config import load
from aggregator.daemon.hubbing import Hubbing
from aggregator.daemon.opening import check_authority, clock, means, open_relay
from aggregator.daemon.polling import Polling
from aggregator.daemon.posting import REST, Posting
from aggregator.daemon.publishing import Publishing, faults
from aggregator.daemon.rendering import note_presentation
from aggregator.daemon.reporting import report
from aggregator.errors import AggregatorError
from aggregator.model import Config
from aggregator.poll import readings
from aggregator.publish.faults import document
from aggregator.store import Tx, alone
from aggregator.web import Server, app

log = logging.getLogger("aggregator")
TICK = timedelta(milliseconds=500)
UNSTORED = timedelta(minutes=5)
"""When a source is asked again whose poll could not be stored."""
GRACE = 10.0
"""Seconds that running polls get to finish when the daemon is asked to stop."""
ASLEEP = timedelta(minutes=1)
"""Without progress for so long we were asleep, and what is overdue is spread as it is after a start."""


class Daemon:
    """One running daemon.  ``run`` returns when it has been asked to stop and everything is closed."""

    def __init__(self, config: Config, *, path: Path | None = None, clock: Callable[[], datetime] = clock) -> None:
        self._config = config
        self._path = path
        self._clock = clock
        self._stop = asyncio.Event()
        self._polls_revision = -1
        self._relay = open_relay(config)
        self._progress = clock()
        self._rest_until = clock()
        self._pulse: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.  Raises AggregatorError when it cannot start."""
        async with AsyncExitStack() as stack:
            stack.enter_context(alone(self._config.database))
            self._means = await stack.enter_async_context(means(self._config, self._clock))
            self._polling = Polling(self._means, await self._means.store.read(lambda tx: tx.polls.all()), report)
            self._posting = Posting(self._config, self._means.store, self._relay, self._clock, self._say)
            self._publishing = Publishing(self._config, self._means.store, self._clock, self._say)
            self._hubbing = Hubbing(
                self._means, lambda: self._publishing.documents, lambda: self._polling.polls, self._say
            )
            await self._prepare()
            listening = self._config.server
            site = app(
                lambda: self._publishing.documents,
                self._health,
                self._config,
                self._hubbing.routes,
                older=self._publishing.older,
                status=lambda: document(self._config, faults(self._judged(self._clock()))),
            )
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
        await self._take_up(config)
        for digest, slot in await store.read(lambda tx: post.missed(tx, config, now)):
            log.warning("digest %s: edition %s was missed; its stories go into the next one", digest.id, slot)
        for delivery in await asyncio.to_thread(post.recover, store, config, self._clock):
            log.warning("delivery %d to %s was interrupted, now %s", delivery.id, delivery.address, delivery.state)
        await self._look_at_polls()
        for judged in self._judged(now):
            if judged.condition in status.WRONG:
                log.warning("source %s: %s", judged.source, judged.words)
        await self._publishing.go_on()
        self._start = schedule.starting(config, self._polling.polls, readings(self._means), now)

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
        """Ask what is due and hand it over; a tick that fails is logged, and a later one tries again."""
        now = self._clock()
        if now < self._rest_until:
            return
        try:
            self._posting.go_on()
            await self._publishing.go_on()
            self._hubbing.go_on()
            self._feel_the_pulse()
            await self._look_at_polls()
            await self._poll(now)
        except Exception as failure:  # noqa: BLE001 - a fault in one part must not end the others
            self._say(failure, "tick")
            self._rest_until = now + REST

    def _feel_the_pulse(self) -> None:
        """Feed the watchdog while the writer answers: a process that can store nothing makes no progress."""
        if self._pulse is None or self._pulse.done():
            self._pulse = asyncio.create_task(self._ask_the_writer())

    async def _ask_the_writer(self) -> None:
        await self._means.store.write(lambda tx: None, keep=False)
        self._progress = self._clock()
        systemd.notify("WATCHDOG=1")
        await asyncio.sleep(TICK.total_seconds())

    def _say(self, failure: Exception, what: str) -> None:
        """A sentence for what the operator can mend, a traceback for what only a programmer can."""
        if isinstance(failure, AggregatorError):
            log.error("%s: %s", what, failure)
        else:
            log.error("%s: a fault in the program, please report it", what, exc_info=failure)

    # -- polling --

    async def _look_at_polls(self) -> None:
        """See what was polled by another process."""
        revision = await self._means.store.read(lambda tx: tx.polls.revision())
        if revision != self._polls_revision:
            self._polling.learn(await self._means.store.read(lambda tx: tx.polls.all()))
            self._polls_revision = revision

    async def _poll(self, now: datetime) -> None:
        polls, known = self._polling.polls, readings(self._means)
        if now - self._progress > ASLEEP:
            self._start = schedule.starting(self._config, polls, known, now)
        self._polling.want(schedule.due(self._config, polls, known, self._start, now))
        await self._polling.go_on()

    # -- publishing --

    def _health(self) -> tuple[bool, str]:
        now = self._clock()
        if now - self._progress > timedelta(minutes=1):
            return False, "the daemon has made no progress for a minute"
        return status.health(self._judged(now), self._posting.late)

    def _judged(self, now: datetime) -> list[status.SourceStatus]:
        polls = self._polling.polls
        return status.sources(self._config, polls, now, schedule.held_hosts(polls.values(), now))

    # -- changing and ending --

    async def _reload(self) -> None:
        """Take the new configuration if it is valid; what only a restart can change is said."""
        if self._path is None:
            return
        try:
            config = load(self._path)
            relay = open_relay(config)
            check_authority(await self._means.store.read(lambda tx: tx.meta.get("authority")), config)
            fixed = [name for name in ("database", "server", "fetch", "parse") if _differs(config, self._config, name)]
            config = replace(config, **{name: getattr(self._config, name) for name in fixed})
            await self._take_up(config)
        except AggregatorError as failure:
            log.error("the new configuration is not used, the old one stays: %s", failure)
            return
        if fixed:
            log.warning("restart the daemon for the changes in %s", ", ".join(fixed))
        self._config = self._posting.config = config
        self._posting.relay = relay
        self._means = self._polling.means = replace(self._means, config=config)
        self._hubbing.configure(self._means)
        self._start = schedule.starting(config, self._polling.polls, readings(self._means), self._clock())
        await self._publishing.configure(config)
        log.info("the new configuration is in use")

    async def _take_up(self, config: Config) -> None:
        """Note in the database what a configuration brings with it."""
        now = self._clock()

        def note(tx: Tx) -> None:
            post.enrol(tx, config, now)
            note_presentation(tx, config, now)

        await self._means.store.write(note)

    async def _finish(self) -> None:
        """Let running work end within a bound; what does not is stopped, and nothing of it is half stored."""
        await asyncio.gather(self._polling.finish(GRACE), self._posting.finish(GRACE), self._hubbing.finish(GRACE))


def _differs(one: Config, other: Config, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))
