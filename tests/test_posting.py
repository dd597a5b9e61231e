"""The daemon's mail: what rests after a failure, and for how long."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from aggregator import post
from aggregator.daemon.posting import REST, Posting
from aggregator.mail.relay import Relay
from aggregator.model import Envelope, Lot, Mail
from aggregator.status import RELAY, relaying
from aggregator.store import Store, Tx
from tests.databases import migrated
from tests.fakes import relay as fake
from tests.mails import LETTER, envelope
from tests.stories import CONFIG, NOW


@pytest.mark.parametrize(
    ("later", "again"),
    [(REST / 2, False), (REST, True), (timedelta(hours=3), True), (timedelta(hours=-3), True)],
)
def test_what_has_failed_rests_and_no_longer(tmp_path: Path, later: timedelta, again: bool) -> None:
    """A failure is told, rests ten seconds, and is tried again; a clock that is set back does not prolong the rest."""
    told: list[str] = []
    now = [NOW]

    async def scenario() -> None:
        with Store(migrated(tmp_path / "a.db")) as store:
            with closing(sqlite3.connect(tmp_path / "a.db")) as other:
                other.execute("DROP TABLE edition")
            posting = Posting(CONFIG, store, None, lambda: now[0], lambda failure, what: told.append(what))
            for _ in range(2):
                posting.go_on()
                await posting.finish(10)
                now[0] += later

    asyncio.run(scenario())
    assert told.count("mail") == (2 if again else 1)


def to_reader(number: int) -> Envelope:
    return envelope(f"lezer{number}@example.be")


class Desk:
    """A store with so many mails that are due, and the daemon's mail on a clock of ours."""

    def __init__(self, path: Path, settings: Mail, many: int) -> None:
        self.store = Store(migrated(path / "a.db"))
        self.now = NOW
        self.told: list[str] = []
        config = replace(CONFIG, mail=settings)
        for number in range(many):
            self.store.submit(partial(self._write, number)).result()
        self.posting = Posting(
            config, self.store, Relay(settings), lambda: self.now, lambda failure, what: self.told.append(str(failure))
        )

    def _write(self, number: int, tx: Tx) -> None:
        tx.mailing.single("proef", str(number), LETTER, to_reader(number), now=NOW, expires=NOW + timedelta(days=9))

    async def tick(self) -> None:
        self.posting.go_on()
        await asyncio.gather(*self.posting._tasks.values())

    async def close(self) -> None:
        await self.posting.finish(10)
        self.store.close()

    def tally(self) -> dict[str, int]:
        return self.store.look(lambda tx: tx.mailing.tally())

    def relay_told(self) -> str | None:
        return relaying(self.store.look(lambda tx: tx.meta.get(RELAY)), self.now)


def test_a_relay_that_takes_nothing_is_asked_with_one_mail_at_a_time(tmp_path: Path) -> None:
    """One mail finds it closed and is put off, the others wait; ``status`` says so until it takes mail again."""
    down = fake.Answer(phase="connect", say="554 5.3.2 closed for lezer0@example.be")
    with fake.Relay(script=lambda step: down if step.phase == "connect" else None) as server:

        async def scenario() -> None:
            desk = Desk(tmp_path, Mail(sender="nieuws@example.be", relay=server.url, connections=1), 20)
            await desk.tick()
            assert desk.tally() == {"deferred": 1, "queued": 19}
            await desk.tick()
            assert server.connections == 1
            told = desk.relay_told() or ""
            assert told.startswith("the relay takes nothing: 554 5.3.2 closed for *** (it will not relay for us")
            assert told.endswith("; asked again in 1m")
            desk.now += timedelta(minutes=1)
            await desk.tick()
            assert server.connections == 2
            assert desk.tally() == {"deferred": 2, "queued": 18}
            server.script = None
            desk.now += timedelta(minutes=2)
            await desk.tick()
            assert desk.tally() == {"sent": 20}
            assert desk.relay_told() is None
            assert desk.posting.relay is not None
            assert desk.posting.relay.is_open
            await desk.tick()
            assert not desk.posting.relay.is_open, "a connection with nothing to do is closed"
            assert desk.told == []
            await desk.close()

        asyncio.run(scenario())


def test_a_relay_gets_no_more_than_its_rate(tmp_path: Path) -> None:
    """The rest waits for the next minute, in the queue, with no attempt counted."""

    async def scenario() -> None:
        with fake.Relay() as server:
            desk = Desk(tmp_path, Mail(sender="nieuws@example.be", relay=server.url, rate=30), 40)
            for _ in range(20):
                await desk.tick()
                desk.now += timedelta(seconds=3)
            assert desk.tally() == {"sent": 20, "queued": 20}
            await desk.close()

    asyncio.run(scenario())


def test_an_edition_that_receivers_object_to_is_held_once(tmp_path: Path) -> None:
    """Five alike and one in twenty are enough; the others keep their mails, and who releases it has decided."""
    spam = fake.Answer(phase="dot", say="554 5.7.1 looks like spam")

    async def scenario() -> None:
        with fake.Relay(script=lambda step: spam if step.phase == "dot" else None) as server:
            desk = Desk(tmp_path, Mail(sender="nieuws@example.be", relay=server.url), 0)
            envelopes = tuple(map(to_reader, range(120)))
            addresses = [each.recipient for each in envelopes]
            lot = Lot(letter=LETTER, stories=(), envelopes=envelopes)
            later = NOW + timedelta(days=1)
            digest = replace(CONFIG.digests[0], recipients=tuple(addresses))
            desk.posting.config = replace(desk.posting.config, digests=(digest,))
            desk.store.submit(lambda tx: tx.audience.enrol(digest.id, addresses, NOW)).result()
            desk.store.submit(lambda tx: tx.mailing.freeze(digest.id, "x", now=NOW, expires=later, lots=[lot])).result()
            await desk.tick()
            assert desk.tally() == {"failed": 50, "queued": 70}
            [told] = desk.store.look(lambda tx: post.objections(tx, desk.posting.config))
            assert "edition x is held, because too many receivers refuse it (5.7.1)" in told
            desk.store.submit(lambda tx: post.release(tx, digest, NOW)).result()
            await desk.tick()
            assert desk.tally() == {"failed": 120}
            assert desk.store.look(lambda tx: post.objections(tx, desk.posting.config)) == []
            await desk.close()

    asyncio.run(scenario())
