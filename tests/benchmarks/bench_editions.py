"""Ten thousand readers: how long freezing takes, how many mails a second leave, and whether memory stays flat."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from aggregator import post
from aggregator.daemon.posting import Posting
from aggregator.mail.relay import Relay
from aggregator.model import Category, Config
from aggregator.store import Store, Tx
from aggregator.witness import Witness
from tests.fakes import relay as fake
from tests.stories import CONFIG, DIGEST, NOW, joint, sighting, story

READERS = 10_000
CHOOSY = 1_000
STORIES = 12
TEXT = "De wijkagenten controleerden de verlichting van fietsen aan de scholen van de gemeente. " * 6


def relaying(said: Connection) -> None:
    """A relay in a process of its own, until it hears something."""
    with fake.Relay() as server:
        said.send(server.url)
        said.recv()
        said.send(len(server.messages))


@contextmanager
def relay() -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=relaying, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    ours.send("enough")
    print(f"the relay took {ours.recv()} mails")
    process.join()


def subscribe(path: Path) -> None:
    """So many readers who came by themselves; one in ten wants one zone, or a category, or plain text."""
    choices = [('["bht"]', "[]", "both"), ('["hz"]', "[]", "both"), ("[]", '["verkeer"]', "both"), ("[]", "[]", "text")]
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN")
        for number in range(READERS):
            to, at = f"lezer{number}@example.org", "2026-11-01 00:00:00.000000"
            zones, categories, form = choices[number % 4] if number < CHOOSY else ("[]", "[]", "both")
            database.execute("INSERT INTO subscriber (address, state, created) VALUES (?, 'active', ?)", (to, at))
            database.execute(
                "INSERT INTO recipient (digest, address, cursor, since, subscriber, token, zones, categories, format)"
                " VALUES ('dagelijks', ?, 0, ?, last_insert_rowid(), ?, ?, ?, ?)",
                (to, at, f"token-of-22-char-{number:05}", zones, categories, form),
            )
        database.execute("COMMIT")


def publish(tx: Tx, numbers: range) -> None:
    for number in numbers:
        about = (Category(term="Verkeer"),) if number % 3 == 0 else ()
        zone = "bht" if number % 2 else "hz"
        one = story(sighting(zone, f"Bericht nummer {number}", TEXT, key=str(number), categories=about), number=number)
        tx.stories.save(joint(number) if number % 5 == 0 else one, at=NOW, loud=True)


def memory() -> float:
    """The most that this process has held so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def send_all(posting: Posting) -> None:
    posting.go_on()
    await asyncio.gather(*posting._tasks.values())
    await posting.finish(10)


@pytest.mark.timeout(1200)
def test_ten_thousand_readers(tmp_path: Path) -> None:
    """Freezing takes less than two seconds, a hundred mails a second leave, and the last costs no more memory."""
    path = tmp_path / "a.db"
    with Store(f"sqlite:///{path}") as store, relay() as url:
        subscribe(path)
        assert CONFIG.mail is not None
        digest = replace(DIGEST, recipients=())
        config: Config = replace(CONFIG, mail=replace(CONFIG.mail, relay=url), digests=(digest,))
        taken = []
        for round in range(3):
            store.submit(lambda tx, r=round: publish(tx, range(r * STORIES + 1, (r + 1) * STORIES + 1))).result()  # type: ignore[misc]
            before = time.perf_counter()
            edition = store.submit(lambda tx, r=round: post.freeze(tx, config, digest, str(r), NOW)).result()  # type: ignore[misc]
            taken.append(time.perf_counter() - before)
            with closing(sqlite3.connect(path, isolation_level=None)) as database:
                letters = database.execute("SELECT count(*) FROM letter WHERE edition = ?", (edition.id,)).fetchone()[0]
                ledger = database.execute("SELECT count(*) FROM mailed").fetchone()[0]
                if round < 2:
                    database.execute("UPDATE delivery SET state = 'sent'")
        print(f"\nfreezing {STORIES} stories for {READERS} readers, {letters} letters, {ledger} rows in the ledger:")
        print(", ".join(f"{seconds:.2f} s" for seconds in taken))
        assert config.mail is not None
        witness = Witness(tmp_path / "witness" / "x")
        posting = Posting(config, store, Relay(config.mail), lambda: NOW, lambda failure, what: None, witness=witness)
        held, before, worked = memory(), time.perf_counter(), time.process_time()
        asyncio.run(send_all(posting))
        passed, worked = time.perf_counter() - before, time.process_time() - worked
        sent = store.look(lambda tx: tx.mailing.tally(edition.id)).get("sent", 0)
        print(
            f"sent {sent} in {passed:.0f} s, {sent / passed:.0f} a second, {worked / sent * 1000:.1f} ms of CPU each;"
        )
        print(f"{held:.0f} MB before, {memory():.0f} MB after")
    assert min(taken) < 2
    assert sent / passed > 100
    assert memory() - held < 30
