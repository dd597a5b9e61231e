"""The daemon: opens everything, starts the clock, closes in order.

APScheduler is the clock and nothing more.  Its one job asks the store what is due and hands the work over; the store
says when, so a restart loses nothing.  Work that is due:

* polls, each a task of its own, never two of one source;
* editions to freeze and deliveries to hand over, one after the other in the mailing thread;
* documents to render again because a story changed, here or in another process.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator import patterns, post, renames, status, systemd
from aggregator.config import load
from aggregator.daemon.opening import check_authority, clock, means, open_relay
from aggregator.daemon.posting import REST, Posting
from aggregator.daemon.rendering import note_presentation, render_all
from aggregator.errors import AggregatorError
from aggregator.model import Config, Document, Poll, Source
from aggregator.poll import poll, reading_of
from aggregator.schedule import is_due
from aggregator.store import Tx, alone
from aggregator.tidy import tidy
from aggregator.web import Server, app

log = logging.getLogger("aggregator")
TICK = timedelta(milliseconds=500)
UNSTORED = timedelta(minutes=5)
"""When a source is asked again whose poll could not be stored."""
TIDY = timedelta(days=1)
"""How often what is kept no longer is deleted."""
GRACE = 10.0
"""Seconds that running polls get to finish when the daemon is asked to stop."""


class Daemon:
    """One running daemon.  ``run`` returns when it has been asked to stop and everything is closed."""

    def __init__(self, config: Config, *, path: Path | None = None, clock: Callable[[], datetime] = clock) -> None:
        self._config = config
        self._path = path
        self._clock = clock
        self._stop = asyncio.Event()
        self._documents: Mapping[str, Document] = {}
        self._revision = -1
        self._polls: dict[str, Poll] = {}
        self._unstored: dict[str, Poll] = {}
        self._polls_revision = -1
        self._polling: dict[str, asyncio.Task[None]] = {}
        self._rendering = asyncio.Lock()
        self._relay = open_relay(config)
        self._progress = clock()
        self._rest_until = clock()
        self._pulse: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._tidy_at = clock()
        self._slow: tuple[str, ...] = ()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.  Raises AggregatorError when it cannot start."""
        async with AsyncExitStack() as stack:
            stack.enter_context(alone(self._config.database))
            self._means = await stack.enter_async_context(means(self._config, self._clock, renaming=False))
            self._posting = Posting(self._config, self._means.store, self._relay, self._clock, self._say)
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
        await self._take_up(config)
        for digest, slot in await store.read(lambda tx: post.missed(tx, config, now)):
            log.warning("digest %s: edition %s was missed; its stories go into the next one", digest.id, slot)
        for delivery in await asyncio.to_thread(post.recover, store, config, self._clock):
            log.warning("delivery %d to %s was interrupted, now %s", delivery.id, delivery.address, delivery.state)
        await self._look_at_polls()
        for judged in status.sources(config, self._polls, now):
            if judged.condition in status.WRONG:
                log.warning("source %s: %s", judged.source, judged.words)
        await self._publish()

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
            await self._look_at_polls()
            self._start_polls()
            self._posting.go_on()
            self._tidy()
            await self._publish()
            self._feel_the_pulse()
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
        """See what was polled, here or by a command; what the store did not take is known in this process only."""
        revision = await self._means.store.read(lambda tx: tx.polls.revision())
        if revision != self._polls_revision:
            self._polls = await self._means.store.read(lambda tx: tx.polls.all()) | self._unstored
            self._polls_revision = revision

    def _start_polls(self) -> None:
        now = self._clock()
        for source in self._config.sources:
            if source.enabled and source.id not in self._polling and self._is_due(source, now):
                self._polling[source.id] = asyncio.create_task(self._poll(source))

    def _is_due(self, source: Source, now: datetime) -> bool:
        last = self._polls.get(source.id)
        tried = reading_of(source, self._config, self._means.version)
        return last is None or is_due(source, last, tried=tried, now=now)

    async def _poll(self, source: Source) -> None:
        last = self._polls.get(source.id)
        try:
            noted = await poll(source, self._means)
            self._unstored.pop(source.id, None)
        except Exception as failure:  # noqa: BLE001 - a source that cannot be stored must not be asked without end
            self._say(failure, f"source {source.id}")
            noted = self._unstored[source.id] = self._not_stored(source, last, failure)
        finally:
            del self._polling[source.id]
        self._report(source, last, noted)
        self._polls[source.id] = noted

    def _not_stored(self, source: Source, last: Poll | None, failure: Exception) -> Poll:
        """A poll that the store did not take: our own fault, and no failure of the source."""
        now = self._clock()
        known = last or Poll(source=source.id, url=source.url, at=now, next_poll=now, status="failed")
        tried = reading_of(source, self._config, self._means.version)
        error = f"could not be stored: {failure}"
        return replace(
            known, url=source.url, tried=tried, at=now, next_poll=now + UNSTORED, status="failed", error=error
        )

    def _report(self, source: Source, before: Poll | None, noted: Poll) -> None:
        """Log what the operator should know: the first failure and the recovery, not each repetition."""
        if noted.error and noted.error != (before.error if before else None):
            note = f". Note: {source.note}" if source.note else ""
            log.warning("source %s: %s (%s)%s", source.id, noted.error, source.url, note)
        elif before and before.error and not noted.error:
            log.info("source %s: works again", source.id)
        if noted.held:
            log.warning(
                "source %s: %d entries held back as a flood; look at `aggregator stories held`", source.id, noted.held
            )
        if noted.new and not noted.held:
            log.info("source %s: %d new", source.id, noted.new)
        for problem in noted.problems:
            if problem not in (before.problems if before else ()):
                log.warning("source %s: %s", source.id, problem)

    # -- publishing --

    async def _publish(self) -> None:
        """Render again if a story changed since the last time, in whatever process."""
        async with self._rendering:
            revision = await self._means.store.read(lambda tx: tx.stories.revision())
            if revision != self._revision:
                config = self._config
                self._documents = await self._means.store.read(lambda tx: render_all(tx, config))
                self._revision = revision
                self._tell_slow()

    def _tell_slow(self) -> None:
        """Name the operator's patterns that took too long on some text, each once."""
        for pattern in patterns.slow():
            if pattern not in self._slow:
                log.warning(
                    "the pattern /%s/ takes too long on some texts and finds nothing there; rewrite it", pattern
                )
        self._slow = patterns.slow()

    def _health(self) -> tuple[bool, str]:
        now = self._clock()
        if now - self._progress > timedelta(minutes=1):
            return False, "the daemon has made no progress for a minute"
        return status.health(status.sources(self._config, self._polls, now), self._posting.late)

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
        self._tidy_at = self._clock()
        self._posting.relay = relay
        self._means = replace(self._means, config=config)
        async with self._rendering:
            self._revision = -1
        log.info("the new configuration is in use")

    async def _take_up(self, config: Config) -> None:
        """Note in the database what a configuration brings with it."""
        now = self._clock()

        def note(tx: Tx) -> list[renames.Renaming]:
            renamed = renames.apply(tx, config, now)
            post.enrol(tx, config, now)
            note_presentation(tx, config, now)
            return renamed

        for each in await self._means.store.write(note):
            log.info("%s %s is %s now", each.kind, each.old, each.new)

    async def _finish(self) -> None:
        """Let running work end within a bound; what does not is stopped, and nothing of it is half stored."""
        tidying = [self._tidying] if self._tidying else []
        await asyncio.gather(self._finish_polls(), self._posting.finish(GRACE), *tidying)

    async def _finish_polls(self) -> None:
        if self._polling:
            _, late = await asyncio.wait(self._polling.values(), timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _differs(one: Config, other: Config, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))
