"""The daemon: opens everything, starts the clock, closes in order.

APScheduler is the clock and nothing more.  Its one job asks the store what is due and hands the work over; the store
says when, so a restart loses nothing.  Work that is due:

* polls, each a task of its own, never two of one source (``polling``);
* editions to freeze and deliveries to hand over, one after the other in the mailing thread;
* documents to render again because a story changed, here or in another process;
* mail that came back (``returning``);
* what WebSub owes to subscribers and hubs (``hubbing``).
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from aggregator import post, schedule, status, systemd
from aggregator.daemon.connecting import means
from aggregator.daemon.hubbing import Hubbing
from aggregator.daemon.machine import machine
from aggregator.daemon.opening import check_authority, clock
from aggregator.daemon.polling import Polling
from aggregator.daemon.posting import REST, Posting
from aggregator.daemon.publishing import Publishing, faults
from aggregator.daemon.relaying import hand_over, open_relay
from aggregator.daemon.reporting import Grievances, report
from aggregator.daemon.returning import Returning
from aggregator.daemon.saying import Saying
from aggregator.daemon.searching import Searching
from aggregator.daemon.subscribing import Subscribing
from aggregator.daemon.taking import take_up
from aggregator.daemon.ticking import Ticking
from aggregator.daemon.trying import configured
from aggregator.daemon.witnessing import UNGUARDED, witness
from aggregator.digest.reply import anonymous
from aggregator.errors import AggregatorError, StoreError
from aggregator.model import Config
from aggregator.poll import readings
from aggregator.publish.faults import document
from aggregator.store import alone
from aggregator.tidy import tidy
from aggregator.web import Server, app, desk

log = logging.getLogger("aggregator")
TICK = timedelta(milliseconds=500)
TIDY = timedelta(days=1)
"""How often what is kept no longer is deleted."""
GRACE = 10.0
"""Seconds that running polls get to finish when the daemon is asked to stop."""
ASLEEP = timedelta(minutes=1)
"""A tick so long after the last one, or before it, comes after a sleep or with a clock that was set: what is overdue
is spread as it is after a start."""


class Daemon:
    """One running daemon.  ``run`` returns when it has been asked to stop and everything is closed."""

    _lost: str | None = None

    def __init__(self, config: Config, *, path: Path | None = None, clock: Callable[[], datetime] = clock) -> None:
        self._config = config
        self._path = path
        self._clock = clock
        self._say = Saying(clock)
        self._stop = asyncio.Event()
        self._polls_revision = -1
        self._relay = open_relay(config)
        self._progress = clock()
        self._rest_until = clock()
        self._ticked = clock()
        self._ticking: asyncio.Task[None] | None = None
        self._pulse: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._tidy_at = clock()
        self._grievances = Grievances()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.  Raises AggregatorError when it cannot start, or go on."""
        async with AsyncExitStack() as stack:
            stack.enter_context(alone(self._config.database))
            self._means = await stack.enter_async_context(means(self._config, self._clock, renaming=False))
            self._polling = Polling(self._means, await self._means.store.read(lambda tx: tx.polls.all()), report)
            config, store = self._config, self._means.store
            self._posting = Posting(config, store, self._relay, self._clock, self._say, machine(config))
            self._publishing = Publishing(config, store, self._clock, self._say)
            self._hubbing = Hubbing(
                self._means, lambda: self._publishing.documents, lambda: self._polling.polls, self._say
            )
            self._searching = Searching(config, store, self._clock, self._say)
            self._subscribing = Subscribing(config, store, self._clock, self._say)
            self._desk = desk.routes(
                lambda: self._config,
                store,
                self._clock,
                lambda: self._polling.polls,
                lambda letter, envelope: hand_over(self._config, letter, envelope),
                self._hasten,
            )
            self._returning = Returning(config, store, self._clock, self._say)
            await self._prepare()
            listening = self._config.server
            self._site = app(
                lambda: self._publishing.documents,
                self._health,
                self._config,
                [*self._hubbing.routes, *self._searching.routes, *self._subscribing.routes, *self._desk],
                asked=self._publishing.asked,
                status=lambda: document(
                    self._config, faults(self._judged(self._clock()), self._posting.standing) + self._posting.faults()
                ),
                unwell=lambda failure: self._say(failure, "web"),
            )
            server = Server(self._site, listening.listen, listening.trusted_proxies)
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
            if self._lost:
                raise StoreError(self._lost)

    def stop(self) -> None:
        """Ask ``run`` to finish."""
        self._stop.set()

    async def _prepare(self) -> None:
        store, config = self._means.store, self._config
        now = self._clock()
        await self._take_up(config)
        self._posting.witness = witness(config, store)
        if config.digests and self._posting.witness is None:
            log.warning("%s", UNGUARDED)
        for digest, slot in await store.read(lambda tx: post.missed(tx, config, now)):
            log.warning("digest %s: edition %s was missed; its stories go into the next one", digest.id, slot)
        for delivery in await asyncio.to_thread(post.recover, store, config, self._clock):
            log.warning("mail %d of digest %s was interrupted, now %s", delivery.id, delivery.digest, delivery.state)
        await self._look_at_polls()
        for judged in self._judged(now):
            if judged.condition in status.WRONG:
                log.warning("source %s: %s", judged.source, judged.words)
        await self._publishing.go_on()
        self._start = schedule.starting(config, self._polling.polls, readings(self._means), now)

    def _start_clock(self) -> Ticking:
        scheduler = Ticking(self._clock)
        scheduler.add_job(
            self._beat,
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

    async def _beat(self) -> None:
        """Hand over: what the scheduler runs itself it would cancel at the end, in the middle of whatever it does."""
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        """Ask what is due and hand it over; a tick that fails is logged, and a later one tries again."""
        if lost := self._means.store.lost():
            self._lost = lost
            self.stop()
            return
        now = self._clock()
        leapt, self._ticked = abs(now - self._ticked) > ASLEEP, now
        if timedelta(0) < self._rest_until - now <= REST and not leapt:
            return
        try:
            if leapt:
                self._set_out(now)
            self._posting.go_on()
            self._returning.go_on()
            self._tidy()
            await self._publishing.go_on()
            self._grievances.tell(self._config.theme)
            self._hubbing.go_on()
            self._subscribing.go_on()
            self._searching.go_on()
            self._feel_the_pulse()
            await self._look_at_polls()
            await self._poll(now)
        except Exception as failure:  # noqa: BLE001 - a fault in one part must not end the others
            self._say(failure, "tick")
            self._rest_until = now + REST

    async def _hasten(self) -> None:
        """An editor wants to see what they did: publish now, not with the next tick."""
        try:
            await self._publishing.go_on()
        except Exception as failure:  # noqa: BLE001 - the next tick tries again
            self._say(failure, "publishing")

    def _feel_the_pulse(self) -> None:
        """Feed the watchdog while the writer answers: a process that can store nothing makes no progress."""
        if self._pulse is None or self._pulse.done():
            self._pulse = asyncio.create_task(self._ask_the_writer())

    async def _ask_the_writer(self) -> None:
        try:
            await self._means.store.write(lambda tx: None, keep=False)
        except AggregatorError as failure:
            self._say(failure, "watchdog")
            await asyncio.sleep(REST.total_seconds())
            return
        self._progress = self._clock()
        systemd.notify("WATCHDOG=1")
        await asyncio.sleep(TICK.total_seconds())

    def _tidy(self) -> None:
        """Once a day delete what is kept no longer, in small steps that let every poll in between."""
        if self._clock() >= self._tidy_at and (self._tidying is None or self._tidying.done()):
            self._tidy_at = self._clock() + TIDY
            self._tidying = asyncio.create_task(self._tidy_up())

    async def _tidy_up(self) -> None:
        now, config = self._clock(), self._config
        try:
            while await self._means.store.write(lambda tx: tidy(tx, config, now)):
                if self._stop.is_set():
                    return
                await asyncio.sleep(TICK.total_seconds() / 10)
        except Exception as failure:  # noqa: BLE001 - it is tried again
            self._say(failure, "deleting what is kept no longer")
            self._tidy_at = self._clock() + timedelta(hours=1)

    # -- polling --

    async def _look_at_polls(self) -> None:
        """See what was polled by another process."""
        revision = await self._means.store.read(lambda tx: tx.polls.revision())
        if revision != self._polls_revision:
            self._polling.learn(await self._means.store.read(lambda tx: tx.polls.all()))
            self._polls_revision = revision

    async def _poll(self, now: datetime) -> None:
        polls, known = self._polling.polls, readings(self._means)
        self._polling.want(schedule.due(self._config, polls, known, self._start, now))
        await self._polling.go_on()

    def _set_out(self, now: datetime) -> None:
        """Spread what is overdue from *now* on."""
        self._start = schedule.starting(self._config, self._polling.polls, readings(self._means), now)

    # -- publishing --

    def _health(self) -> tuple[bool, str]:
        now = self._clock()
        if abs(now - self._progress) > timedelta(minutes=1):
            return False, "the daemon has made no progress for a minute"
        return status.health(self._judged(now), self._posting.standing)

    def _judged(self, now: datetime) -> list[status.SourceStatus]:
        polls = self._polling.polls
        return status.sources(self._config, polls, now, schedule.held_hosts(polls.values(), now))

    # -- changing and ending --

    async def _reload(self) -> None:
        """Take the new configuration if it is valid; what only a restart can change is said."""
        if self._path is None:
            return
        try:
            config = configured(self._path)
            relay = open_relay(config)
            check_authority(await self._means.store.read(lambda tx: tx.meta.get("authority")), config)
            kept = ("database", "server", "fetch", "parse")
            fixed = [name for name in kept if getattr(config, name) != getattr(self._config, name)]
            config = replace(config, **{name: getattr(self._config, name) for name in fixed})
            fresh = replace(self._means, config=config)
            await self._polling.change(fresh, self._take_up(config))
        except AggregatorError as failure:
            told = "the new configuration is not used, the old one stays (`aggregator check` quotes it): %s"
            log.error(told, anonymous(str(failure)))
            return
        if fixed:
            log.warning("restart the daemon for the changes in %s", ", ".join(fixed))
        self._config = self._posting.config = self._subscribing.config = self._returning.config = config
        self._grievances.forget()
        self._tidy_at = self._clock()
        self._posting.relay, self._posting.witness = relay, witness(config, fresh.store)
        self._means = fresh
        self._site.configure(config)
        self._hubbing.configure(self._means)
        self._searching.config = config
        self._start = schedule.starting(config, self._polling.polls, readings(self._means), self._clock())
        await self._publishing.configure(config)
        log.info("the new configuration is in use")

    async def _take_up(self, config: Config) -> None:
        """Note in the database what a configuration brings with it."""
        now = self._clock()
        for each in await self._means.store.write(lambda tx: take_up(tx, config, now)):
            log.info("%s %s is %s now", each.kind, each.old, each.new)

    async def _finish(self) -> None:
        """Let running work end within a bound; what does not is stopped, and nothing of it is half stored."""
        if self._ticking:
            await asyncio.wait({self._ticking}, timeout=GRACE)
        tidying = [self._tidying] if self._tidying else []
        parts = (self._polling, self._posting, self._hubbing, self._subscribing, self._returning, self._searching)
        await asyncio.gather(*(part.finish(GRACE) for part in parts), *tidying)
