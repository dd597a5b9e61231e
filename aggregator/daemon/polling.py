"""Carrying out polls: so many at once, so many of one host, each noted before it is sent.

What is wanted waits here for room.  A server that says 429 with Retry-After in the meantime is left alone by those
that still wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime

from aggregator import schedule
from aggregator.errors import AggregatorError, StoreError
from aggregator.model import Poll, Source
from aggregator.poll import Means, ask, claim
from aggregator.schedule import Asking

log = logging.getLogger("aggregator")

Told = Callable[[Source, Poll | None, Poll], None]
Refused = Callable[[Asking, datetime], None]


class Polling:
    """*polls* are the latest polls of all sources, kept up to date here; *done* is told of each source's poll.

    Without *keep* nothing is noted and nothing is stored.  *regardless* of the schedule: also what another process has
    asked meanwhile.  With *force* servers are asked that want to be left alone; else *refused* is told of what is
    dropped for that reason.
    """

    def __init__(
        self,
        means: Means,
        polls: dict[str, Poll],
        done: Told,
        *,
        refused: Refused | None = None,
        keep: bool = True,
        regardless: bool = False,
        force: bool = False,
    ) -> None:
        self.means = means
        self.polls = polls
        self._done = done
        self._refused = refused
        self._keep = keep
        self._regardless = regardless
        self._force = force
        self._waiting: list[Asking] = []
        self._running: dict[asyncio.Task[None], Asking] = {}
        self._asked: set[str] = set()
        self._unstored: set[str] = set()
        self._hosts: Counter[str] = Counter()
        self._starting = asyncio.Lock()
        self._onward: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    def learn(self, polls: Mapping[str, Poll]) -> None:
        """What is in the database now, by whatever process; of what runs, or could not be stored, we know better."""
        ours = self._asked | self._unstored
        self.polls |= {source: poll for source, poll in polls.items() if source not in ours}

    def want(self, askings: Iterable[Asking]) -> None:
        """What is to be asked as soon as there is room, in this order, instead of all that was wanted before."""
        free = {source.id for source in self.means.config.sources} - self._asked
        self._waiting = [asking for asking in askings if free.issuperset(source.id for source in asking.sources)]

    async def change(self, means: Means, noted: Awaitable[None]) -> None:
        """Use other means, after their changes are *noted* in the database; nothing is started in the meantime.

        What runs for a source that they do not have is given up before: it would be stored under an id that is no
        longer in use, or no longer its own.
        """
        async with self._starting:
            gone = {one.id for one in self.means.config.sources} - {one.id for one in means.config.sources}
            await _stop(task for task, asking in self._running.items() if any(s.id in gone for s in asking.sources))
            await noted
            self.means = means
            self.want(self._waiting)

    async def go_on(self) -> None:
        """Start as much of what waits as there is room for."""
        async with self._starting:
            while batch := self._take():
                await self._start(batch)

    async def drain(self) -> None:
        """Carry out all that is wanted; raises what prevented one of them, StoreError for example, when all is done."""
        await self.go_on()
        while self._running:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            await self.go_on()
        if self._failure:
            raise self._failure

    async def finish(self, seconds: float) -> None:
        """Let what runs end within so many seconds; what does not is stopped, and nothing of it is half stored."""
        self._waiting = []
        if self._onward:
            await asyncio.gather(self._onward, return_exceptions=True)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            await _stop(late)

    def _take(self) -> list[Asking]:
        settings = self.means.config.fetch
        held = {} if self._force else schedule.held_hosts(self.polls.values(), self.means.clock())
        room = settings.concurrency - len(self._running)
        hosts = self._hosts.copy()
        batch: list[Asking] = []
        rest: list[Asking] = []
        for number, asking in enumerate(self._waiting):
            if len(batch) >= room:
                rest += self._waiting[number:]
                break
            if until := [held[server] for server in asking.servers if server in held]:
                self._refuse(asking, max(until))
            elif hosts[asking.host] < settings.per_host_concurrency:
                hosts[asking.host] += 1
                batch.append(asking)
            else:
                rest.append(asking)
        self._waiting = rest
        return batch

    def _refuse(self, asking: Asking, until: datetime) -> None:
        if self._refused:
            self._refused(asking, until)

    async def _start(self, batch: list[Asking]) -> None:
        before = self.polls.copy()
        if self._keep:
            believed = None if self._regardless else before
            means, now = self.means, self.means.clock()
            batch, known = await means.store.write(lambda tx: claim(tx, batch, believed, means, now))
            self.polls.update(known)
        for asking in batch:
            self._asked.update(source.id for source in asking.sources)
            self._hosts[asking.host] += 1
            task = asyncio.create_task(self._guarded(asking, before))
            self._running[task] = asking
            task.add_done_callback(self._ended)

    async def _guarded(self, asking: Asking, before: dict[str, Poll]) -> None:
        """A poll that cannot be stored is known in this process only, so that its status says so."""
        try:
            polls = await ask(asking, self.polls, self.means, keep=self._keep)
            self._unstored.difference_update(source.id for source in asking.sources)
        except Exception as failure:
            self._failure = failure
            if not isinstance(failure, AggregatorError):
                log.error("%s: a fault in the program, please report it", asking.url, exc_info=failure)
            now = self.means.clock()
            polls = [schedule.unstored(one, self.polls.get(one.id), str(failure), now) for one in asking.sources]
            self._unstored.update(source.id for source in asking.sources)
        for source, noted in zip(asking.sources, polls, strict=True):
            self.polls[source.id] = noted
            self._done(source, before.get(source.id), noted)

    def _ended(self, task: asyncio.Task[None]) -> None:
        asking = self._running.pop(task)
        self._asked.difference_update(source.id for source in asking.sources)
        self._hosts[asking.host] -= 1
        if not task.cancelled() and (failure := task.exception()):
            self._failure = failure
        if self._waiting and len(self._running) <= self.means.config.fetch.concurrency // 2:
            self._resume()

    def _resume(self) -> None:
        if self._onward is None or self._onward.done():
            self._onward = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        try:
            await self.go_on()
        except StoreError as failure:
            log.error("%s", failure)


async def _stop(tasks: Iterable[asyncio.Task[None]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
