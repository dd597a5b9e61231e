"""The daemon's mail: editions are frozen when they are due, and deliveries handed over beside that.

Freezing and handing over do not wait for one another, for a relay may take minutes for one message.  Handing over runs
in a thread that dies with the process: what it was in the middle of is taken up at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar, cast

from aggregator import post, remedy
from aggregator.daemon.saying import Say
from aggregator.daemon.troubles import Troubles, of_mail
from aggregator.mail.pace import Breaker, Meter
from aggregator.mail.relay import Relay
from aggregator.model import Config, Delivery, Digest
from aggregator.publish.faults import Fault
from aggregator.status import RELAY, Mailing, Pause, paused
from aggregator.store import Store
from aggregator.witness import Witness

T = TypeVar("T")

log = logging.getLogger("aggregator")
BATCH = 50
"""Deliveries taken from the store at a time."""
REST = timedelta(seconds=10)
"""How long what has just failed rests, so that a full disk does not fill the log too."""


class Posting:
    """*say* logs a failure.  ``go_on`` at every tick, ``finish`` at the end."""

    def __init__(
        self,
        config: Config,
        store: Store,
        relay: Relay | None,
        clock: Callable[[], datetime],
        say: Say,
        machine: str | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.config = config
        self.relay = relay
        self.standing = Mailing()
        self.witness = witness
        self._machine = machine
        self._store = store
        self._clock = clock
        self._say = say
        self._stopping = threading.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._rest_until: dict[str, datetime] = {}
        self._unsettled = False
        self._breaker = Breaker()
        self._noted: Breaker | None = None
        self._meter: Meter | None = None
        self._refused: set[int] = set()
        self._turn = threading.Lock()
        self._troubles = Troubles()

    def faults(self) -> list[Fault]:
        """What keeps mail from getting out, for the operators' feed."""
        return self._troubles.faults(of_mail(self._breaker, self.standing), self._clock())

    def go_on(self) -> None:
        """Freeze what is due and hand over what is due, each unless it is still at it or resting."""
        for name, work in (("freezing", self._freeze), ("mail", self._hand_over)):
            task = self._tasks.get(name)
            if (task is None or task.done()) and not self._is_resting(name):
                self._tasks[name] = asyncio.create_task(self._guarded(name, work))

    def _is_resting(self, name: str) -> bool:
        """Never for longer than there was reason to: the clock may have been set back meanwhile."""
        now = self._clock()
        return timedelta(0) < self._rest_until.get(name, now) - now <= REST

    async def finish(self, grace: float) -> None:
        """Let a hand-over end within *grace* seconds; one that takes longer is taken up at the next start."""
        self._stopping.set()
        running = [task for task in self._tasks.values() if not task.done()]
        if running:
            _, late = await asyncio.wait(running, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            if late:
                return  # the relay's connection is in use by a thread that nobody waits for
        if self.relay:
            self.relay.close()

    async def _guarded(self, name: str, work: Callable[[], object]) -> None:
        try:
            await work()  # type: ignore[misc]
        except Exception as failure:  # noqa: BLE001 - no mail may stand in the way of the next one
            self._say(failure, name)
            self._rest_until[name] = self._clock() + REST
            self._unsettled = self._unsettled or name == "mail"

    # -- freezing --

    async def _freeze(self) -> None:
        config, now = self.config, self._clock()
        faults: list[Exception] = []
        if not config.digests or await self._is_paused():
            return
        if await self._store.read(lambda tx: post.overdue(tx, now)):
            for edition in await self._store.write(lambda tx: post.release_overdue(tx, config, now)):
                log.info("digest %s: nobody stopped edition %s, it goes out", edition.digest, edition.slot)
        for digest, slot in await self._store.read(lambda tx: post.due_slots(tx, config, now)):
            try:
                await self._freeze_one(digest, slot, now)
            except Exception as failure:  # noqa: BLE001 - one digest that cannot be frozen keeps no other back
                faults.append(failure)
        if faults:
            raise faults[0]

    async def _freeze_one(self, digest: Digest, slot: str, now: datetime) -> None:
        for edition in await self._store.write(lambda tx: post.freeze_slot(tx, self.config, digest, slot, now)):
            told = {"skipped": "nothing new, it is skipped", "held": "frozen, and held for review"}.get(edition.state)
            told = told or f"frozen, {edition.stories} stories"
            log.info("digest %s: edition %s: %s", digest.id, edition.slot, told)

    async def _is_paused(self) -> bool:
        """Whether this database may mail nothing; said once."""
        why = await asyncio.to_thread(self._why_paused)
        if why and why != self.standing.paused:
            log.error("%s", paused(why))
            self.standing = replace(self.standing, since=self._clock())
        self.standing = replace(self.standing, paused=why)
        return why is not None

    def _why_paused(self) -> Pause | None:
        post.begin(self._store, self.witness, self._clock())
        return post.pause(self._store, self._machine, self.witness)

    # -- handing over --

    async def _hand_over(self) -> None:
        if not await self._is_paused():
            if self._unsettled:
                await _in_thread(lambda: post.recover(self._store, self.config, self._clock))
                self._unsettled = False
            await self._settle()
            await self._hand_over_all()
        found = await self._store.read(lambda tx: post.standing(tx, self.config, self.standing.paused, self._clock()))
        self.standing = replace(found, since=self.standing.since)

    async def _settle(self) -> None:
        """Ask the relay's log what became of mails in doubt."""
        now = self._clock()
        if await self._store.read(lambda tx: tx.mailing.in_doubt(now)):
            for delivery in await _in_thread(self._ask_the_log):
                log.warning("mail %d of digest %s was in doubt, now %s", delivery.id, delivery.digest, delivery.state)

    def _ask_the_log(self) -> list[Delivery]:
        return post.settle(self._store, self.config, self._clock, lambda failure: self._say(failure, "mails in doubt"))

    async def _hand_over_all(self) -> None:
        """As long as there is anything to be handed over, and a relay that takes it."""
        relay, more, idle = self.relay, True, True
        while relay and more and not self._stopping.is_set():
            due = await self._due()
            if due:
                await _in_thread(partial(self._deliver, relay, due))
                await self._note_relay()
                await self._heed()
            more, idle = bool(due) and self._breaker.until is None, idle and not due
        if relay and idle and relay.is_open and self._room(self._clock()):
            await _in_thread(relay.close)

    async def _due(self) -> list[Delivery]:
        now = self._clock()
        room = self._room(now)
        return await self._store.read(lambda tx: tx.mailing.due(now, room))

    def _room(self, now: datetime) -> int:
        """How many mails may go at this tick: by how the relay took the last ones, and by its rate."""
        rate = self.config.mail.rate if self.config.mail else None
        if rate is None:
            self._meter = None
        elif self._meter is None or self._meter.rate != rate:
            self._meter = Meter(rate=rate)
        room = self._breaker.room(now, BATCH)
        return self._meter.room(now, room) if self._meter else room

    async def _heed(self) -> None:
        """Hold the editions of which receivers have just refused more than they may."""
        refused, self._refused = self._refused, set()
        for edition in sorted(refused):
            told = await self._store.write(partial(post.heed, config=self.config, edition=edition, now=self._clock()))
            if told:
                log.error("%s", told)

    async def _note_relay(self) -> None:
        """Keep for ``status``, and say, that the relay takes nothing, or takes mail again."""
        now, before = self._breaker, self._noted
        if now == before:
            return
        if now.until:
            told, again = remedy.told(now.reason), f"{now.until:%H:%M:%S} UTC"
            log.warning("the relay takes nothing from us now: %s; the next attempt is at %s", told, again)
        elif before:
            log.info("the relay takes mail again")
        await self._store.write(lambda tx: tx.meta.put(RELAY, now.told()))
        self._noted = now

    def _deliver(self, relay: Relay, due: list[Delivery]) -> None:
        """Hand over, as many at a time as the relay may be sent; their commits are gathered by the writer."""
        faults: list[Exception] = []
        many = min(len(due), self.config.mail.connections if self.config.mail else 1)
        waiting = iter(due)
        others = [
            threading.Thread(target=self._work, args=(relay, waiting, faults), daemon=True) for _ in range(1, many)
        ]
        for other in others:
            other.start()
        self._work(relay, waiting, faults)
        for other in others:
            other.join()
        if faults:
            raise faults[0]

    def _work(self, relay: Relay, waiting: Iterator[Delivery], faults: list[Exception]) -> None:
        """One connection's share."""
        before = self._breaker
        while not self._stopping.is_set() and (self._breaker.until is None or self._breaker is before):
            with self._turn:
                delivery = next(waiting, None)
            if delivery is None:
                return
            try:
                self._deliver_one(relay, delivery)
            except Exception as failure:  # noqa: BLE001 - one mail that cannot be sent keeps nobody else from theirs
                faults.append(failure)

    def _deliver_one(self, relay: Relay, delivery: Delivery) -> None:
        after, reply = post.deliver(
            self._store,
            relay,
            delivery,
            self.config,
            self._clock,
            again=lambda: not self._stopping.wait(5),
            witness=self.witness,
        )
        if after.state != "sent":
            # No address: a log is kept, shown and sent around, and SECURITY.md promises that it names nobody.
            told = "mail %d of digest %s: %s, %s; whose it is: aggregator digest list %d"
            log.warning(told, after.id, after.digest, after.state, after.reply, after.edition)
        if after.state == "failed":
            self._refused.add(after.edition)
        if reply:
            with self._turn:
                self._meter = self._meter and self._meter.take(self._clock(), 1)
                self._breaker = self._breaker.after(reply, self._clock(), after.reply)


async def _in_thread(work: Callable[[], T]) -> T:
    """Run *work* in a thread that the end of the process does not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, failure: Exception | None) -> None:
        if done.done():
            return
        if failure:
            done.set_exception(failure)
        else:
            done.set_result(cast(T, result))

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as fault:  # noqa: BLE001 - it is the caller's
            failure = fault
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="mail", daemon=True).start()
    return await done
