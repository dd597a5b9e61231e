"""The daemon: opens everything, starts the clock, closes in order.

APScheduler is the clock and nothing more.  Its one job asks the store what is due and hands the work over; the store
says when, so a restart loses nothing.  Work that is due:

* polls, each a task of its own, never two of one source;
* editions to freeze and deliveries to hand over, one after the other in the mailing thread;
* documents to render again because a story changed, here or in another process.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator import __version__, post, status, systemd, text, uri
from aggregator.config import load, secret
from aggregator.errors import AggregatorError, ConfigError, StoreError
from aggregator.fetch import Fetcher
from aggregator.mail import Relay
from aggregator.model import Config, Document, Poll, Source, Stream
from aggregator.poll import Means, poll
from aggregator.publish import documents
from aggregator.store import Store, Tx
from aggregator.web import Server, app
from aggregator.workers import Workers

log = logging.getLogger("aggregator")
TICK = timedelta(milliseconds=500)
GRACE = 10.0
"""Seconds that running polls get to finish when the daemon is asked to stop."""
BATCH = 50
"""Deliveries taken from the store at a time."""


def clock() -> datetime:
    """The only place where the daemon reads the time."""
    return datetime.now(UTC)


# -- the means, also for commands ----------------------------------------------------


@asynccontextmanager
async def means(config: Config, clock: Callable[[], datetime] = clock) -> AsyncIterator[Means]:
    """Open store, fetcher and workers, and close them in order; what ``poll`` works with."""
    async with AsyncExitStack() as stack:
        store = stack.enter_context(open_store(config))
        workers = Workers(config.parse)
        stack.callback(workers.close)
        fetcher = await stack.enter_async_context(Fetcher(config.fetch, version=__version__))
        yield Means(
            config=config, fetcher=fetcher, workers=workers, store=store, clock=clock, version=__version__
        )


def open_store(config: Config) -> Store:
    """Open the database and freeze the authority of its ids in it.

    Raises StoreError when it cannot be opened, ConfigError when the configuration would silently change every id.
    """
    store = Store(config.database)
    wanted = config.authority or uri.host(config.base_url)
    frozen = store.submit(lambda tx: _freeze_authority(tx, wanted)).result()
    if frozen != wanted:
        store.close()
        raise ConfigError(
            [
                f'authority: the ids in this database were made under "{frozen}", the configuration now says '
                f'"{wanted}", and every reader would see every story as new; set authority = "{frozen}"'
            ]
        )
    return store


def _freeze_authority(tx: Tx, wanted: str) -> str:
    frozen = tx.meta.get("authority")
    if frozen is None:
        tx.meta.put("authority", wanted)
    return frozen or wanted


# -- publishing -----------------------------------------------------------------------


def render_all(tx: Tx, config: Config) -> dict[str, Document]:
    """Every document of every stream, as the database says."""
    rendered: dict[str, Document] = {}
    for stream in config.streams:
        zones = config.zones_of(stream)
        stories = post.newest_first(tx.stories.newest(zones, stream.items), zones, stream.prefer)
        since = datetime.fromisoformat(tx.meta.get(f"presentation:{stream.id}:since") or "1970-01-01T00:00:00+00:00")
        changed = max(since, tx.stories.changed(zones) or since)
        rendered |= documents(config, stream, stories, changed)
    return rendered


def note_presentation(tx: Tx, config: Config, now: datetime) -> None:
    """Remember since when streams look as they are configured now, for that too is a change of their documents."""
    for stream in config.streams:
        look = text.digest(__version__, *_look(config, stream))
        if tx.meta.get(f"presentation:{stream.id}") != look:
            tx.meta.put(f"presentation:{stream.id}", look)
            tx.meta.put(f"presentation:{stream.id}:since", now.isoformat())


def _look(config: Config, stream: Stream) -> tuple[str, ...]:
    sources = [replace(source, interval=None, note=None, page=None) for source in config.sources]
    parts = (stream, config.streams, config.zones, sources, config.base_url, config.language, config.timezone)
    return tuple(repr(part) for part in parts)


# -- the daemon -------------------------------------------------------------------------


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
        self._polling: dict[str, asyncio.Task[None]] = {}
        self._posting: asyncio.Task[None] | None = None
        self._rendering = asyncio.Lock()
        self._mailer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
        self._relay: Relay | None = None
        self._progress = clock()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT.  Raises AggregatorError when it cannot start."""
        async with AsyncExitStack() as stack:
            stack.enter_context(_only_one(self._config))
            self._means = await stack.enter_async_context(means(self._config, self._clock))
            stack.callback(self._mailer.shutdown)
            await self._prepare()
            server = Server(app(lambda: self._documents, self._health, self._config), self._config.server.listen)
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
        self._relay = _relay(config)
        now = self._clock()
        await store.write(lambda tx: post.enrol(tx, config, now))
        await store.write(lambda tx: note_presentation(tx, config, now))
        for delivery in await asyncio.to_thread(post.recover, store, config, self._clock):
            log.warning("delivery %d to %s was interrupted, now %s", delivery.id, delivery.address, delivery.state)
        self._polls = await store.read(lambda tx: tx.polls.all())
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
        """Ask what is due and hand it over; a tick that fails is logged, and the next one tries again."""
        try:
            self._start_polls()
            if self._posting is None or self._posting.done():
                self._posting = asyncio.create_task(self._post())
            await self._publish()
            self._progress = self._clock()
            systemd.notify("WATCHDOG=1")
        except AggregatorError as failure:
            log.error("%s", failure)

    # -- polling --

    def _start_polls(self) -> None:
        now = self._clock()
        for source in self._config.sources:
            if source.enabled and source.id not in self._polling and self._is_due(source, now):
                self._polling[source.id] = asyncio.create_task(self._poll(source))

    def _is_due(self, source: Source, now: datetime) -> bool:
        last = self._polls.get(source.id)
        if last is None or last.url != source.url:
            return True
        return last.status != "gone" and last.next_poll <= now

    async def _poll(self, source: Source) -> None:
        try:
            noted = await poll(source, self._means)
            self._report(source, self._polls.get(source.id), noted)
            self._polls[source.id] = noted
            await self._publish()
        except StoreError as failure:
            log.error("source %s: %s", source.id, failure)
        finally:
            del self._polling[source.id]

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
        return status.health(status.sources(self._config, self._polls, now))

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

    def _deliver(self, due: list[post.Delivery]) -> None:
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
            relay = _relay(config)
        except AggregatorError as failure:
            log.error("the new configuration is not used, the old one stays: %s", failure)
            return
        fixed = [name for name in ("database", "server", "fetch", "parse") if _differs(config, self._config, name)]
        if fixed:
            log.warning("restart the daemon for the changes in %s", ", ".join(fixed))
        config = replace(config, **{name: getattr(self._config, name) for name in fixed})
        now = self._clock()
        self._config, self._relay = config, relay
        self._means = replace(self._means, config=config)
        await self._means.store.write(lambda tx: post.enrol(tx, config, now))
        await self._means.store.write(lambda tx: note_presentation(tx, config, now))
        self._revision = -1
        log.info("the new configuration is in use")

    async def _finish(self) -> None:
        """Let running work end within a bound; what does not is stopped, and nothing of it is half stored."""
        running = [*self._polling.values(), *([self._posting] if self._posting else [])]
        if running:
            _, late = await asyncio.wait(running, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._relay:
            await asyncio.get_running_loop().run_in_executor(self._mailer, self._relay.close)


def _differs(one: Config, other: Config, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _relay(config: Config) -> Relay | None:
    if config.mail is None:
        return None
    password = secret(config.mail.password_file) if config.mail.password_file else None
    return Relay(config.mail, password)


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


class _only_one:  # noqa: N801 - a context manager, named for how it reads
    """Hold the database against a second daemon: each would take up the other's deliveries and send them again."""

    def __init__(self, config: Config) -> None:
        prefix = "sqlite:///"
        self._path = Path(config.database[len(prefix) :] + ".lock") if config.database.startswith(prefix) else None
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        if self._path is None or not self._path.parent.is_dir():
            return
        try:
            self._file = self._path.open("a+")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            assert self._file is not None
            self._file.seek(0)
            who = self._file.read().strip() or "unknown"
            self._file.close()
            raise StoreError(
                f"another daemon (process {who}) uses this database; stop it first (systemctl stop aggregator)"
            ) from None
        except OSError as failure:
            raise StoreError(f"cannot write {self._path}: {failure.strerror}; make its directory writable") from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()
