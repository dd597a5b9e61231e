"""The daemon's mail: editions are frozen when they are due, and deliveries handed over beside that.

Freezing and handing over do not wait for one another, for a relay may take minutes for one message.  Handing over runs
in a thread that dies with the process: what it was in the middle of is taken up at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar, cast

from aggregator import post
from aggregator.mail import Breaker, Meter, Relay
from aggregator.model import Config, Delivery, Digest
from aggregator.status import RELAY
from aggregator.store import Store

T = TypeVar("T")
Say = Callable[[Exception, str], None]

log = logging.getLogger("aggregator")
BATCH = 50
"""Deliveries taken from the store at a time."""
REST = timedelta(seconds=10)
"""How long what has just failed rests, so that a full disk does not fill the log too."""
LATE = timedelta(hours=1)
"""A delivery that has been tried in vain for so long is a fault of health."""


class Posting:
    """*say* logs a failure.  ``go_on`` at every tick, ``finish`` at the end."""

    def __init__(
        self, config: Config, store: Store, relay: Relay | None, clock: Callable[[], datetime], say: Say
    ) -> None:
        self.config = config
        self.relay = relay
        self.late = 0
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

    # -- handing over --

    async def _hand_over(self) -> None:
        now = self._clock()
        if self._unsettled:
            await _in_thread(lambda: post.recover(self._store, self.config, self._clock))
            self._unsettled = False
        room = self._room(now)
        due = await self._store.read(lambda tx: tx.mailing.due(now, room))
        if self.relay and due:
            relay = self.relay
            await _in_thread(lambda: self._deliver(relay, due))
            await self._note_relay()
        elif self.relay and room and self.relay.is_open:
            await _in_thread(self.relay.close)
        self.late = await self._store.read(lambda tx: tx.mailing.late(now - LATE))

    def _room(self, now: datetime) -> int:
        """How many mails may go at this tick: by how the relay took the last ones, and by its rate."""
        rate = self.config.mail.rate if self.config.mail else None
        if rate is None:
            self._meter = None
        elif self._meter is None or self._meter.rate != rate:
            self._meter = Meter(rate=rate)
        room = self._breaker.room(now, BATCH)
        return self._meter.room(now, room) if self._meter else room

    async def _note_relay(self) -> None:
        """Keep for ``status``, and say, that the relay takes nothing, or takes mail again."""
        now, before = self._breaker, self._noted
        if now == before:
            return
        if now.until:
            log.warning("the relay takes nothing from us now; the next attempt is at %s", f"{now.until:%H:%M:%S} UTC")
        elif before:
            log.info("the relay takes mail again")
        await self._store.write(lambda tx: tx.meta.put(RELAY, now.told()))
        self._noted = now

    def _deliver(self, relay: Relay, due: list[Delivery]) -> None:
        faults: list[Exception] = []
        for delivery in due:
            if self._stopping.is_set():
                return
            try:
                after, reply = post.deliver(
                    self._store, relay, delivery, self.config, self._clock, again=lambda: not self._stopping.wait(5)
                )
            except Exception as failure:  # noqa: BLE001 - one mail that cannot be sent keeps nobody else from theirs
                faults.append(failure)
                continue
            if after.state != "sent":
                # No address: a log is kept, shown and sent around, and SECURITY.md promises that it names nobody.
                told = "mail %d of digest %s: %s, %s; whose it is: aggregator digest list %d"
                log.warning(told, after.id, after.digest, after.state, after.reply, after.edition)
            if reply:
                self._meter = self._meter and self._meter.take(self._clock(), 1)
                self._breaker = self._breaker.after(reply, self._clock(), after.reply)
                if self._breaker.until:
                    break
        if faults:
            raise faults[0]


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
