"""A database that is older than what was mailed from it mails nothing until the operator has spoken."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from aggregator import post
from aggregator.daemon.publishing import faults
from aggregator.daemon.witnessing import folder
from aggregator.errors import StoreError
from aggregator.mail.relay import Relay
from aggregator.model import Mail
from aggregator.publish.faults import document
from aggregator.status import Mailing, Pause, health, mailing
from aggregator.store import Store, Tx
from aggregator.witness import SIZE, Reached, Witness
from tests import postgres
from tests.fakes import relay as fake
from tests.processes import installation
from tests.stories import CONFIG, NOW
from tests.test_cli_subscribers import CONFIGURATION
from tests.test_doubts import taken
from tests.test_post import AN, BO, HOUR, Office, office, one

T = TypeVar("T")
SECOND = timedelta(seconds=1)

# -- the file ----------------------------------------------------------------------


def test_the_highest_number_holds(tmp_path: Path) -> None:
    """Whatever the order of those who write, and however often the file is written anew."""
    path = tmp_path / "state" / "witness" / "x"
    witness = Witness(path)
    assert witness.read() is None
    witness.begin(0, NOW)
    for number in range(1, 500):
        Witness(path).note(number, NOW + number * SECOND)
    Witness(path).note(7, NOW)
    assert witness.read() == Reached(number=499, at=NOW + 499 * SECOND)
    assert path.stat().st_size < SIZE + 100
    assert [each.name for each in path.parent.iterdir()] == ["x"]


@settings(deadline=None)
@given(some.integers(1, 60), some.integers(0, 31), some.sampled_from([b"", b"\0" * 30, b"999", b"9 2026-11-23"]))
def test_what_was_cut_off_does_not_count(many: int, cut: int, left: bytes) -> None:
    """A power loss may leave the beginning of a line, or zeros: what was written before holds, and what comes after."""
    path = Path(mkdtemp(prefix="aggregator-witness-")) / "x"
    Witness(path).begin(100, NOW)
    for number in range(101, 101 + many):
        Witness(path).note(number, NOW)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - cut] + left)
    found = Witness(path).read()
    assert found is not None
    assert found.number in {100 + many, 99 + many}
    Witness(path).note(700, NOW)
    assert Witness(path).read() == Reached(number=700, at=NOW)


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    """No file where there should be one, no directory where there could be none: a sentence with the place."""
    with pytest.raises(StoreError, match=r"cannot write .*/gone: .*no mail leaves"):
        Witness(tmp_path / "gone").note(1, NOW)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        Witness(tmp_path / "file" / "x").begin(1, NOW)
    with pytest.raises(StoreError, match="cannot read"):
        Witness(tmp_path).read()


def test_where_it_is(tmp_path: Path) -> None:
    """Where the configuration says, else in a directory of its own beside the database, or in the service's."""
    named = replace(CONFIG, mail=Mail(sender="a@b.be", witness="/srv/w"))
    assert folder(named) == Path("/srv/w")
    assert folder(replace(CONFIG, database="sqlite:////var/lib/x/a.db")) == Path("/var/lib/x/witness")
    shared = replace(CONFIG, database="postgresql://x/y")
    assert folder(shared, tmp_path) == tmp_path / "witness"
    assert folder(shared, tmp_path / "none") is None


# -- an edition, cut at every instant ----------------------------------------------


@dataclass(frozen=True)
class Instant:
    """The database and its witness as they lay on the disk, and how many mails had been taken, or might be."""

    database: Path
    witness: bytes | None
    taken: int


class Instants:
    """A copy of everything, made before and after each thing that is written."""

    def __init__(self, path: Path, count: Callable[[], int]) -> None:
        self.path, self.count = path, count
        self.seen: list[Instant] = []
        self.on = False

    def look(self) -> None:
        if self.on:
            copy = self.path / f"{len(self.seen)}.db"
            with closing(sqlite3.connect(self.path / "a.db")) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            files = [each for each in (self.path / "witness").glob("*") if each.suffix != ".new"]
            self.seen.append(Instant(copy, files[0].read_bytes() if files else None, self.count()))


class WatchedStore(Store):
    instants: Instants | None = None

    def submit(self, work: Callable[[Tx], T], *, keep: bool = True) -> Future[T]:
        future = super().submit(work, keep=keep)
        future.result()
        if self.instants:
            self.instants.look()
        return future


class WatchedWitness(Witness):
    def __init__(self, path: Path, instants: Instants) -> None:
        super().__init__(path)
        self._instants = instants

    def note(self, number: int, at: Any, *, durable: bool = True) -> None:
        self._instants.look()
        super().note(number, at, durable=durable)
        self._instants.look()


@contextmanager
def watched(path: Path, script: fake.Script | None = None) -> Iterator[tuple[Office, Instants, WatchedWitness]]:
    store = WatchedStore(f"sqlite:///{path / 'a.db'}")
    with store, fake.Relay(script=script) as relay:
        desk = Office(store, relay)
        store.submit(lambda tx: post.settle_in(tx, None)).result()
        instants = store.instants = Instants(path, lambda: len(relay.messages))
        witness = WatchedWitness(path / "witness" / (store.look(post.witness_name) or ""), instants)
        yield desk, instants, witness


def deliver(desk: Office, witness: Witness) -> None:
    assert desk.config.mail is not None
    relay = Relay(replace(desk.config.mail, timeout=SECOND, dot_timeout=SECOND))
    try:
        post.deliver_due(desk.store, relay, desk.config, desk.clock, witness=witness)
    finally:
        relay.close()


MOODS: list[fake.Answer | None] = [
    None,
    fake.UNKNOWN,
    fake.GREYLISTED,
    fake.DROPPED_IN_THE_BODY,
    fake.DROPPED_BEFORE_TAKING,
    fake.TAKEN_THEN_DROPPED,
]


@pytest.mark.parametrize("mood", MOODS, ids=lambda each: each.say or each.phase if each else "taken")
def test_killed_or_restored_at_every_instant(tmp_path: Path, mood: fake.Answer | None) -> None:
    """A kill at any instant leaves a database that may mail; a copy of any instant put back may mail only if no mail
    was taken since, or is known by the copy to be in doubt.
    """
    with watched(tmp_path, fake.plan(mood, None, mood)) as (desk, instants, witness):
        instants.on = True
        post.begin(desk.store, witness, NOW)
        for slot in ("1", "2"):
            desk.arrive(one(int(slot)))
            desk.freeze(slot)
            deliver(desk, witness)
            desk.now += HOUR
        instants.look()
    assert len(instants.seen) > 20
    for at, killed in enumerate(instants.seen):
        here, *later = why(tmp_path, killed.database, instants.seen[at:])
        assert here is None
        known = doubts_of(killed.database)
        lost = [world.taken - killed.taken > known for world in instants.seen[at + 1 :]]
        assert [each for each, is_lost in zip(later, lost, strict=True) if is_lost] == ["older"] * sum(lost)


def why(path: Path, database: Path, worlds: list[Instant]) -> list[Pause | None]:
    """Why the database of one instant does not mail in the world of each of some others."""
    found: list[Pause | None] = []
    with Store(f"sqlite:///{database}") as store:
        place = path / "put-back" / str(store.look(post.witness_name))
        place.parent.mkdir(exist_ok=True)
        for world in worlds:
            place.unlink(missing_ok=True)
            if world.witness is not None:
                place.write_bytes(world.witness)
            post.begin(store, Witness(place), NOW)
            found.append(post.pause(store, None, Witness(place)))
    return found


def doubts_of(database: Path) -> int:
    with closing(sqlite3.connect(database)) as opened:
        query = "SELECT count(*) FROM delivery WHERE state IN ('dot', 'in_doubt') OR doubts > 0"
        return int(opened.execute(query).fetchone()[0])


def test_a_mail_that_the_witness_cannot_be_told_of_stays(tmp_path: Path) -> None:
    """Nothing is handed over, nothing is in doubt, and the queue has it again."""
    with watched(tmp_path) as (desk, _, witness):
        desk.arrive(one(1))
        desk.freeze()
        with pytest.raises(StoreError, match="no mail leaves"):
            deliver(desk, witness)
        assert (desk.fake.messages, desk.states()) == ([], {"queued": 2})
        post.begin(desk.store, witness, NOW)
        assert post.pause(desk.store, None, witness) == "unwitnessed"  # it has counted a step
        desk.store.submit(lambda tx: post.adopt(tx, None, None, "known")).result()
        witness.begin(desk.store.look(lambda tx: tx.mailing.revision()), NOW)
        deliver(desk, witness)
        assert desk.states() == {"sent": 2}
        assert desk.store.look(lambda tx: tx.mailing.doubtful()) == []


# -- what the operator says --------------------------------------------------------


@contextmanager
def restored(path: Path, *, log: bool = False) -> Iterator[tuple[Office, Witness]]:
    """An office whose database is from before its mail to AN was sent: BO's is greylisted, story 2 is no news yet."""
    script = fake.plan(None, fake.GREYLISTED)
    with office(path, script) as desk:
        assert desk.config.mail is not None
        if log:
            desk.config = replace(desk.config, mail=replace(desk.config.mail, relay_log=str(path / "mail.log")))
        desk.store.submit(lambda tx: post.settle_in(tx, None)).result()
        witness = Witness(path / "witness" / (desk.store.look(post.witness_name) or ""))
        post.begin(desk.store, witness, NOW)
        desk.arrive(one(1))
        desk.freeze("1")
        with closing(sqlite3.connect(path / "a.db")) as source, closing(sqlite3.connect(path / "b.db")) as target:
            source.backup(target)
        deliver(desk, witness)
        with Store(f"sqlite:///{path / 'b.db'}") as older:
            desk.store = older
            desk.now += HOUR
            yield desk, witness


def adopt(desk: Office, witness: Witness, fate: post.Fate) -> None:
    _, log = post.look_up(desk.store, desk.config, desk.clock)
    seen = witness.read()
    desk.store.submit(lambda tx: post.adopt(tx, None, seen, fate, log)).result()
    assert post.pause(desk.store, None, witness) is None


def test_mailed_already(tmp_path: Path) -> None:
    """Without a log: nothing of what waits or has arrived comes any more, and what comes then is news."""
    with restored(tmp_path) as (desk, witness):
        assert post.pause(desk.store, None, witness) == "older"
        desk.arrive(one(2))
        adopt(desk, witness, "mailed")
        deliver(desk, witness)
        assert desk.freeze("2").state == "skipped"
        desk.arrive(one(3))
        assert desk.freeze("3").stories == 1
        deliver(desk, witness)
        assert (len(desk.mailed(AN)), len(desk.mailed(BO))) == (2, 1)


def test_mailed_already_says_the_log(tmp_path: Path) -> None:
    """With a log that tells of all the time: what it has no word of was not sent, and goes out after all."""
    with restored(tmp_path, log=True) as (desk, witness):
        write_log(tmp_path / "mail.log", desk)
        adopt(desk, witness, "mailed")
        deliver(desk, witness)
        assert (len(desk.mailed(AN)), len(desk.mailed(BO))) == (1, 1)
        assert desk.states() == {"sent": 2}
        assert desk.store.look(lambda tx: tx.mailing.doubtful()) == []


def write_log(path: Path, desk: Office) -> None:
    """What the relay wrote of the mail to AN."""
    waiting = desk.store.look(lambda tx: tx.mailing.waiting())
    before = taken("<other@x>", "A0", NOW - HOUR)
    path.write_bytes(b"\n".join([*before, *taken(next(id for each, id in waiting if each.address == AN))]) + b"\n")


def test_again(tmp_path: Path) -> None:
    """What waits goes out once more, is counted as a doubt, and is the same message, bytes and all."""
    with restored(tmp_path) as (desk, witness):
        desk.now += 5 * HOUR
        adopt(desk, witness, "again")
        deliver(desk, witness)
        assert len(desk.mailed(AN)) == 2
        assert len(set(desk.mailed(AN))) == 1
        assert {each.address for each in desk.store.look(lambda tx: tx.mailing.doubtful())} == {AN, BO}


def test_again_but_for_what_the_log_knows(tmp_path: Path) -> None:
    """With a log neither a second copy nor a doubt is left of what the database knows of."""
    with restored(tmp_path, log=True) as (desk, witness):
        write_log(tmp_path / "mail.log", desk)
        adopt(desk, witness, "again")
        deliver(desk, witness)
        assert (len(desk.mailed(AN)), len(desk.mailed(BO))) == (1, 1)
        assert desk.store.look(lambda tx: tx.mailing.doubtful()) == []


def test_the_same_copy_a_second_time(tmp_path: Path) -> None:
    """Who has adopted a copy and puts it back once more is asked once more."""
    with restored(tmp_path) as (desk, witness):
        with closing(sqlite3.connect(tmp_path / "b.db")) as source, closing(sqlite3.connect(tmp_path / "c.db")) as copy:
            source.backup(copy)
        adopt(desk, witness, "mailed")
        with Store(f"sqlite:///{tmp_path / 'c.db'}") as again:
            assert post.pause(again, None, witness) == "older"


def test_a_postgresql_database(tmp_path: Path) -> None:
    """Recognised alike: an older state of it here, and any state of it where it has no witness."""
    with postgres.database() as url, fake.Relay() as relay:
        with Store(url) as store:
            desk = Office(store, relay)
            store.submit(lambda tx: post.settle_in(tx, None)).result()
            witness = Witness(tmp_path / (store.look(post.witness_name) or ""))
            post.begin(store, witness, NOW)
            send(desk, witness, 1)
        older = make_url(url).set(database="older").render_as_string(hide_password=False)
        with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as server:
            server.execute(f"CREATE DATABASE older TEMPLATE {make_url(url).database}")
        with Store(url) as store:
            desk.store = store
            send(desk, witness, 2)
            assert post.pause(store, None, witness) is None
        with Store(older) as store:
            assert post.pause(store, None, witness) == "older"
            elsewhere = Witness(tmp_path / "elsewhere" / witness.path.name)
            post.begin(store, elsewhere, NOW)
            assert post.pause(store, None, elsewhere) == "unwitnessed"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("DROP DATABASE older WITH (FORCE)")


def send(desk: Office, witness: Witness, number: int) -> None:
    desk.arrive(one(number))
    desk.freeze(str(number))
    deliver(desk, witness)


# -- the commands ------------------------------------------------------------------


def test_the_operator_is_asked(tmp_path: Path) -> None:
    """``adopt`` on an older database wants a word, and the sources asked first; ``send`` refuses until it was said."""
    database = tmp_path / "aggregator.db"
    with installation(tmp_path) as one:
        one.configure(CONFIGURATION)
        with Store(f"sqlite:///{database}") as store:
            store.submit(lambda tx: tx.meta.put("authority", "127.0.0.1")).result()
            store.submit(lambda tx: post.settle_in(tx, None)).result()
            store.submit(lambda tx: tx.mailing.move_to(3)).result()
            witness = Witness(tmp_path / "witness" / (store.look(post.witness_name) or ""))
        assert one.json("status")["mailing"]["paused_because"] == "unwitnessed"
        witness.begin(5, datetime.now(UTC))
        found = one.run("status")
        assert "the database is older than what was mailed" in found.stdout
        assert not one.json("status")["healthy"]
        for words, why in (
            (("send", "dagelijks"), "older than what was mailed"),
            (("adopt",), "--mailed counts as mailed all that has arrived"),
            (("adopt", "--mailed", "--again"), "choose one"),
            (("adopt", "--mailed"), "not asked since the last mail: bht-nieuws, hz-nieuws"),
        ):
            refused = one.run("digest", *words)
            assert refused.returncode, words
            assert why in " ".join(refused.stderr.replace("│", " ").split())
        assert "digests are sent from here now" in one.run("digest", "adopt", "--again").stdout
        assert (
            one.json("status")["mailing"] | {"paused": False, "paused_because": None} == one.json("status")["mailing"]
        )
        assert witness.read() == Reached(number=5, at=witness.read().at)  # type: ignore[union-attr]


# -- what is said of it ------------------------------------------------------------


@pytest.mark.parametrize("paused", ["strange", "older", "unwitnessed"])
def test_it_is_told_everywhere(paused: Pause) -> None:
    """``status`` says why and what to do, ``/health`` why, and the operators' feed has an entry as long as it lasts."""
    mail = Mailing(paused=paused, since=NOW, late_editions=("d 1",))
    [told] = mailing(mail, NOW)
    assert told.startswith("no digest is frozen or sent, because ")
    assert "aggregator digest adopt" in told
    well, words = health([], mail)
    assert not well
    assert "no digest is sent" in words
    feed = document(CONFIG, faults([], mail)).content.decode()
    assert feed == document(CONFIG, faults([], mail)).content.decode()
    assert "mail: paused" in feed
    assert faults([], Mailing()) == []
