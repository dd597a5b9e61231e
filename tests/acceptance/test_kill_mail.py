"""Killed at random, over a thousand deliveries: nobody's mail is lost, and nobody's comes twice that need not.

Real processes, real SMTP, and a relay with every mood: it greylists, refuses, drops the connection in the middle, and
takes a message and says nothing, which is the one moment of which nobody can tell (RFC 1047).  It writes down what it
took as Postfix does; in half of the runs the daemon may read that.  Power loss is the same, with the database as it lay
on the disk: a copy of its files, taken while the daemon stood still or while it went on.
"""

from __future__ import annotations

import asyncio
import email
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
import urllib.error
from collections import Counter, defaultdict
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.test_kill import SOAK, ids, traffic
from tests.fakes.origin import Origin
from tests.fakes.relay import GREYLISTED, UNKNOWN, Answer, Received, Relay, Step
from tests.processes import Installation, eventually, installation
from tests.sites import Zones, digest
from tests.test_river import text_of

WANTED = int(os.environ.get("AGGREGATOR_KILL_DELIVERIES", "1500" if SOAK else "25"))
"""How many deliveries a run has at least."""
READERS = tuple(f"lezer{number}@example.be" for number in range(20))
GONE = READERS[:1]
SEED = 20261123


class Postfix:
    """A relay's moods, and the log of what it takes, line by line as Postfix writes it."""

    def __init__(self, path: Path, seed: int) -> None:
        self.calm = False
        self._path, self._random, self._lock = path, random.Random(seed), threading.Lock()
        self._seen: set[str] = set()
        self._number = 0

    def __call__(self, step: Step) -> Answer | None:
        if step.phase == "connect":
            self.write(f"postfix/smtpd[{step.connection}]: connect from localhost[127.0.0.1]")
        if step.phase == "rcpt" and step.recipient in GONE:
            return UNKNOWN
        if step.phase == "rcpt" and step.recipient in READERS[:4] and step.recipient not in self._seen:
            self._seen.add(step.recipient)
            return GREYLISTED
        return None if self.calm else self._mood(step)

    def _mood(self, step: Step) -> Answer | None:
        chance = self._random.random()
        if step.phase == "body" and chance < 0.02:
            return Answer(phase="body", say=None)
        if step.phase != "dot":
            return None
        if chance < 0.04:
            return Answer(phase="dot", say=None, keep=True)
        if chance < 0.06:
            return Answer(phase="dot", say=None)
        return Answer(phase="dot", say="250 2.0.0 Ok: queued", keep=True, wait=chance * 0.05)

    def took(self, message: Received) -> None:
        with self._lock:
            self._number += 1
            queue = f"{self._number:07X}"
        id = message_id(message.content)
        self.write(
            f"postfix/cleanup[7]: {queue}: message-id={id}",
            f"postfix/qmgr[8]: {queue}: from=<{message.sender}>, size={len(message.content)}, nrcpt=1 (queue active)",
        )

    def write(self, *lines: str) -> None:
        now = datetime.now(UTC).isoformat()
        with self._lock, self._path.open("a") as file:
            file.write("".join(f"{now} mx {line}\n" for line in lines))


class Sink(Relay):
    """A relay that writes down what it takes before it says so."""

    postfix: Postfix

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await super()._greet(reader, writer)
        self.postfix.write("postfix/smtpd[9]: disconnect from localhost[127.0.0.1]")

    def take(self, received: Received) -> None:
        self.postfix.took(received)
        super().take(received)


def message_id(content: bytes) -> str:
    return str(email.message_from_bytes(content)["Message-ID"])


def hurry(one: Installation) -> None:
    """What waits for minutes waits no longer: as if that time had passed while nobody ran."""
    with closing(sqlite3.connect(one.directory / "aggregator.db", timeout=30)) as database, database:
        database.execute(
            "UPDATE delivery SET next_attempt = '2000-01-01 00:00:00.000000' WHERE state IN ('queued', 'deferred')"
        )


def lose_power(one: Installation, later: float) -> int:
    """The database is back as it lay at one instant, and the machine went off then, or *later* seconds after it.

    How many doubts the database has noted that is lost with that.
    """
    assert one.process is not None
    one.process.send_signal(signal.SIGSTOP)
    names = [f"aggregator.db{end}" for end in ("", "-wal")]
    kept = {name: one.directory / f"kept-{name}" for name in names}
    for name, copy in kept.items():
        shutil.copyfile(one.directory / name, copy)
    if later:
        one.process.send_signal(signal.SIGCONT)
        time.sleep(later)
    one.kill()
    noted = doubts(one)
    for name in (*names, "aggregator.db-shm"):
        (one.directory / name).unlink(missing_ok=True)
    for name, copy in kept.items():
        copy.replace(one.directory / name)
    return noted


def doubts(one: Installation) -> int:
    with closing(sqlite3.connect(one.directory / "aggregator.db")) as database:
        return int(database.execute("SELECT count(*) FROM delivery WHERE doubts > 0").fetchone()[0])


def adopt(one: Installation, relay: Relay, wanted: set[str], *choice: str) -> bool:
    """Whether a copy that was put back is older than what was mailed: then nothing more is, until the operator says
    what became of it, which they do once everything has arrived again.
    """
    sent = len(relay.messages)
    if one.json("status")["mailing"]["paused_because"] != "older":
        return False
    eventually(lambda: wanted <= ids(one).keys(), patience=120)
    eventually(lambda: b"older than what was mailed" in unhealthy(one))
    assert len(relay.messages) == sent, "an older database has mailed"
    refused = one.run("digest", "adopt")
    assert (refused.returncode, "--mailed" in refused.stderr) == (1, True)
    eventually(lambda: one.run("digest", "adopt", *choice).returncode == 0)
    return True


def unhealthy(one: Installation) -> bytes:
    """What /health says is wrong."""
    try:
        return one.get("/health") and b""
    except urllib.error.HTTPError as answer:
        return answer.read()


def is_whole(one: Installation) -> bool:
    with closing(sqlite3.connect(one.directory / "aggregator.db")) as database:
        return str(database.execute("PRAGMA quick_check").fetchone()[0]) == "ok"


ENDS = [
    ("kill", True),
    ("kill", False),
    ("power", True),
    ("power", False),
    ("copy", True),
    ("copy", False),
]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("end", "asked"), ENDS, ids=lambda each: {True: "log", False: "no log"}.get(each, each))
def test_no_mail_is_lost_and_none_comes_twice(tmp_path: Path, end: str, asked: bool) -> None:
    """Every reader gets every story; twice never where the log is asked, else only in doubt: the same bytes, recorded.

    A database that is older than what was sent (*copy*) mails nothing until the operator has spoken, for it cannot know
    the editions that were frozen since.  With the log they have their stories mailed again, and what was frozen in the
    copy is looked up, and comes once.  Without one they count all as mailed: nothing comes twice, and what was not yet
    mailed is lost.
    """
    chance, postfix = random.Random(SEED), Postfix(tmp_path / "mail.log", SEED)
    with Origin() as origin, Sink(script=postfix) as relay, installation(tmp_path) as one:
        relay.postfix = postfix
        zones = Zones(origin, shown=500)
        zones.publish(1, datetime.now(UTC), page=True)
        mail = digest(relay.url, *READERS).replace("[[digests]]", f'relay_log = "{tmp_path}/mail.log"\n[[digests]]')
        settings = zones.configuration(mail if asked else digest(relay.url, *READERS))
        one.configure("[guard]\nflood = 10000\n" + settings.replace("[[streams]]", "[[streams]]\nitems = 1000"))
        one.start()
        eventually(lambda: all(s["condition"] == "ok" for s in one.json("status")["sources"]))
        titles: dict[int, str] = {}
        ends = noted = paused = 0
        while len(relay.messages) < WANTED:
            with traffic(zones, titles):
                enough = len(relay.messages) + chance.randint(1, 30)
                eventually(lambda more=enough: len(relay.messages) >= more, patience=120)  # type: ignore[misc]
                time.sleep(chance.uniform(0, 0.1))
                if end == "kill":
                    one.kill()
                else:
                    lost = lose_power(one, chance.uniform(0.05, 0.3) if end == "copy" else 0)
                    noted += lost if end == "copy" else 0
                    assert is_whole(one)
                ends += 1
                hurry(one)
                one.start()
            if end == "copy":
                paused += adopt(one, relay, set(titles.values()), "--again" if asked else "--mailed")
            else:
                assert not one.json("status")["mailing"]["paused"], "a false alarm"
        postfix.calm = True
        wanted = set(titles.values())
        eventually(lambda: wanted <= ids(one).keys(), patience=120)
        eventually(lambda: is_settled(one), patience=240)
        known = 0 if asked else noted + one.json("status")["doubtful_deliveries"]
        older = end == "copy"
        check(relay.messages, wanted, known, exact=not older or not asked, lossless=not older or asked)
        assert not older or paused
        print(f"{len(relay.messages)} deliveries, {ends} times {end}, {paused} times paused")


def is_settled(one: Installation) -> bool:
    """Whether everything that arrived is mailed; what waits for minutes is hurried on."""
    with closing(sqlite3.connect(one.directory / "aggregator.db", timeout=30)) as database:
        unsent = "SELECT count(*) FROM delivery WHERE state NOT IN ('sent', 'failed', 'cancelled')"
        unfrozen = "SELECT count(*) FROM arrival WHERE seq > (SELECT min(cursor) FROM recipient)"
        if not sum(database.execute(query).fetchone()[0] for query in (unsent, unfrozen)):
            return True
    hurry(one)
    return False


def check(messages: list[Received], wanted: set[str], doubtful: int, *, exact: bool, lossless: bool) -> None:
    """None lost; of what came twice, each as it must be: in doubt, and known to be."""
    copies: defaultdict[tuple[str, str], list[bytes]] = defaultdict(list)
    for message in messages:
        copies[message.recipients[0], message_id(message.content)].append(message.content)
    repeated = [contents for contents in copies.values() if len(contents) > 1]
    assert all(len(set(contents)) == 1 for contents in repeated), "another message under the same id"
    assert len(repeated) <= doubtful
    for reader in set(READERS) - set(GONE):
        firsts = [contents[0] for (to, _), contents in copies.items() if to == reader]
        count = Counter(
            line for each in firsts for line in map(str.strip, text_of(each).splitlines()) if line in wanted
        )
        assert set(count) == wanted or not lossless, f"{reader} did not get {wanted - set(count)}"
        assert max(count.values(), default=1) == 1 or not exact, "one story in two editions"
