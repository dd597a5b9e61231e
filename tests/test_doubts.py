"""What nobody can tell of a mail: the relay's log is asked; and which machine mails from a database."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator import post
from aggregator.daemon.machine import machine
from aggregator.digest import delivery as step
from aggregator.errors import MailError
from aggregator.mail.log import RelayLog, traces
from aggregator.model import Delivery, Mail, Traces
from aggregator.post import doubts
from tests.fakes import relay as fake
from tests.stories import CONFIG, NOW
from tests.test_post import AN, BO, HOUR, Office, office, one

SECOND = timedelta(seconds=1)
ID = "<a@example.be>"


def line(moment: datetime, words: str) -> bytes:
    return f"{moment.isoformat()} mx {words}".encode()


def taken(id: str, queue: str = "4F1A2B", at: datetime = NOW) -> list[bytes]:
    return [
        line(at, f"postfix/smtpd[1]: {queue}: client=localhost[127.0.0.1]"),
        line(at, f"postfix/cleanup[2]: {queue}: message-id={id}"),
        line(at, f"postfix/qmgr[3]: {queue}: from=<nieuws@example.be>, size=1, nrcpt=1 (queue active)"),
    ]


def test_taken_is_what_cleanup_named_and_qmgr_activated() -> None:
    """Both lines, in this order, under one queue id; a message that broke off has only the first."""
    assert traces(taken(ID), NOW).taken == {ID}
    broken = traces(taken(ID)[:2], NOW)
    assert not broken.taken
    assert broken.begun == {ID}
    assert traces(reversed(taken(ID)), NOW).taken == set()


def test_a_queue_id_is_used_again() -> None:
    """What became active under an id is the message named last under it."""
    found = traces([*taken("<first@x>")[:2], *taken("<second@x>")], NOW)
    assert found.taken == {"<second@x>"}
    assert not found.begun


@pytest.mark.parametrize("queue", ["4F1A2B3C4D", "4fRcZd1Yg3zJ6Mq"])
def test_short_and_long_queue_ids(queue: str) -> None:
    """Postfix has two kinds of queue ids, and instances with names of their own."""
    lines = [each.replace(b"postfix/", b"postfix-out/") for each in taken(ID, queue)]
    assert traces(lines, NOW).taken == {ID}


def test_the_time_that_a_log_tells_of() -> None:
    """RFC 3339, what journalctl writes, and the old form without a year, on the machine's clock."""
    local = NOW.astimezone()
    old = f"{local:%b} {local.day:2} {local:%H:%M:%S} mx postfix/smtpd[1]: connect from x".encode()
    journal = f"{local:%Y-%m-%dT%H:%M:%S%z} mx postfix/smtpd[1]: connect from x".encode()
    for each in (old, journal, line(NOW, "x")):
        assert traces([each], NOW + SECOND).since == NOW
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    assert traces([b"Dec 31 12:00:00 mx x"], new_year).since == datetime(2026, 12, 31, 12).astimezone(UTC)
    assert traces([b"Feb 30 12:00:00 mx x", b"what?"], NOW).since is None


def test_a_log_that_was_put_aside_is_read_too(tmp_path: Path) -> None:
    """What is missing at the beginning of a young log is in its forerunner, packed or not; a command may say it too."""
    log = tmp_path / "mail.log"
    log.write_bytes(b"\n".join(taken("<new@x>", "A1", NOW)))
    (tmp_path / "mail.log.1.gz").write_bytes(gzip.compress(b"\n".join(taken("<old@x>", "A2", NOW - HOUR))))
    found = RelayLog(str(log)).read(NOW - HOUR / 2, NOW)
    assert found == Traces(taken=frozenset({"<new@x>", "<old@x>"}), begun=frozenset(), since=NOW - HOUR, until=NOW)
    assert RelayLog(str(log)).read(NOW, NOW).taken == {"<new@x>"}
    assert RelayLog(f"|cat {log}").read(NOW, NOW).taken == {"<new@x>"}


@pytest.mark.parametrize("place", ["/nowhere/mail.log", "|false", "|no-such-command", "|sh -c 'exit 3'"])
def test_a_log_that_cannot_be_read_is_told(place: str) -> None:
    """A file that is not there and a command that fails are one error, with the place."""
    with pytest.raises(MailError, match="cannot be read"):
        RelayLog(place).read(NOW, NOW)


# -- what a log makes of a doubt ---------------------------------------------------

DOUBT = Delivery(
    id=7, edition=1, digest="d", address=AN, state="in_doubt", next_attempt=NOW, expires=NOW + HOUR * 24, attempted=NOW
)
SILENT = Traces(taken=frozenset(), begun=frozenset(), since=NOW - HOUR, until=NOW + HOUR)


@pytest.mark.parametrize(
    ("log", "passed", "state", "counted"),
    [
        (replace(SILENT, taken=frozenset({ID})), SECOND, "sent", 0),
        (SILENT, SECOND, "in_doubt", 0),
        (SILENT, step.SETTLED, "queued", 0),
        (replace(SILENT, begun=frozenset({ID})), step.SETTLED, "in_doubt", 0),
        (replace(SILENT, begun=frozenset({ID})), step.PATIENCE, "queued", 0),
        (replace(SILENT, until=NOW - SECOND), step.SETTLED, "in_doubt", 0),
        (replace(SILENT, until=NOW - SECOND), step.PATIENCE, "held", 1),
        (replace(SILENT, since=NOW + SECOND), step.PATIENCE, "held", 1),
        (None, SECOND, "in_doubt", 0),
        (None, step.PATIENCE, "held", 1),
        (None, -HOUR, "held", 1),
    ],
)
def test_what_the_log_makes_of_a_doubt(log: Traces | None, passed: timedelta, state: str, counted: int) -> None:
    """Taken is sent; not taken, in a log that tells of the attempt, goes again; what it cannot tell is the policy's."""
    settled = step.settle(DOUBT, ID, log, "hold", NOW + passed)
    assert (settled.state, settled.doubts) == (state, counted)


class Logging:
    """A relay's script that writes a log as Postfix does, and says nothing after the dot."""

    def __init__(self, path: Path, desk: Office, *, taking: bool) -> None:
        self.path, self.desk, self.taking = path, desk, taking
        self.silent = True

    def __call__(self, asked: fake.Step) -> fake.Answer | None:
        if asked.phase != "dot" or not self.silent:
            return None
        with self.path.open("ab") as file:
            file.write(line(self.desk.now - SECOND, "postfix/smtpd[1]: connect from localhost") + b"\n")
            waiting = self.desk.store.look(lambda tx: tx.mailing.interrupted())
            ids = [self.desk.store.look(lambda tx, d=d: tx.mailing.contents(d))[1].message_id for d in waiting]  # type: ignore[misc]
            for id in ids if self.taking else []:
                file.write(b"\n".join(taken(id, at=self.desk.now)) + b"\n")
            file.write(line(self.desk.now, "postfix/smtpd[1]: lost connection after END-OF-MESSAGE") + b"\n")
        return fake.Answer(phase="dot", say=None, keep=self.taking)


@pytest.mark.parametrize("taking", [True, False])
def test_a_doubt_is_settled_and_nothing_is_sent_twice(tmp_path: Path, taking: bool) -> None:
    """With the relay's log a silence after the dot costs neither a second copy nor a loss, and leaves no doubt."""
    log = tmp_path / "mail.log"
    with office(tmp_path) as desk:
        assert desk.config.mail is not None
        desk.config = replace(desk.config, mail=replace(desk.config.mail, relay_log=str(log)))
        desk.fake.script = script = Logging(log, desk, taking=taking)
        desk.arrive(one(1))
        desk.freeze()
        desk.deliver()
        assert desk.states() == {"in_doubt": 2}
        script.silent = False
        desk.now += step.SETTLED
        settled = post.settle(desk.store, desk.config, desk.clock)
        assert {delivery.state for delivery in settled} == {"sent" if taking else "queued"}
        desk.deliver()
        assert desk.states() == {"sent": 2}
        assert len(desk.mailed(AN)) == len(desk.mailed(BO)) == 1
        assert desk.store.look(lambda tx: tx.mailing.doubtful()) == []


def test_a_log_that_cannot_be_read_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    """The policy decides as without a log, and somebody is told why nobody gets the log's answer."""
    said: list[MailError] = []
    with office(tmp_path) as desk:
        assert desk.config.mail is not None
        desk.config = replace(desk.config, mail=replace(desk.config.mail, relay_log=str(tmp_path / "none")))
        desk.fake.script = script = Logging(tmp_path / "other.log", desk, taking=True)
        desk.arrive(one(1))
        desk.freeze()
        desk.deliver()
        script.silent = False
        desk.now += step.PATIENCE
        post.settle(desk.store, desk.config, desk.clock, said.append)
        assert desk.states() == {"queued": 2}
    assert "[mail].relay_log cannot be read" in str(said[0])
    assert "No such file" in str(said[0])


REAL = (Path(__file__).parent / "corpus" / "postfix.log").read_bytes()
"""The forms of Postfix 3.7's lines, by rsyslog: a mail by SMTP that bounced, one by sendmail, one that broke off."""


@pytest.mark.parametrize("written", ["2026-11-23T16:13:", "Nov 23 16:13:"])
def test_what_a_postfix_writes(written: str) -> None:
    """Taken by SMTP or by sendmail is taken, whatever becomes of it after; rsyslog and Postfix itself date it each
    in a way of their own.
    """
    lines = REAL
    if written.startswith("Nov"):
        lines = re.sub(rb"(?m)^2026-11-23T(\S+?)\.\d+\S+", rb"Nov 23 \1", REAL)
    found = traces(lines.splitlines(), datetime(2026, 11, 23, 17, tzinfo=UTC))
    assert {"<one@nieuws.example.be>", "<two@nieuws.example.be>"} <= found.taken
    assert found.begun == {"<three@nieuws.example.be>"}
    assert found.since is not None
    assert found.since.minute == 13


def test_an_older_database_learns_what_was_sent(tmp_path: Path) -> None:
    """A copy that does not know what was handed over since looks its waiting mails up before it sends any."""
    log = tmp_path / "mail.log"
    with office(tmp_path) as desk:
        assert desk.config.mail is not None
        desk.config = replace(desk.config, mail=replace(desk.config.mail, relay_log=str(log)))
        desk.arrive(one(1))
        desk.freeze()
        waiting = desk.store.look(lambda tx: tx.mailing.waiting())
        log.write_bytes(b"\n".join(taken(next(id for one, id in waiting if one.address == AN))))
        assert [delivery.address for delivery in desk.recover()] == [AN]
        desk.deliver()
        assert (len(desk.mailed(AN)), len(desk.mailed(BO))) == (0, 1)


def test_without_a_log_the_policy_decides_at_once() -> None:
    """Nothing waits for a log that there is none of."""
    left = replace(DOUBT, state="dot")
    assert doubts.doubted(left, CONFIG, NOW).state == "held"
    logged = replace(CONFIG, mail=Mail(sender="a@example.be", relay_log="/x"))
    assert doubts.doubted(left, logged, NOW).state == "in_doubt"


# -- one machine -------------------------------------------------------------------


def test_a_copy_on_another_machine_mails_nothing_until_it_is_adopted(tmp_path: Path) -> None:
    """The first machine is noted, a second one is a stranger until it adopts; a nameless one is neither."""
    with office(tmp_path) as desk:

        def may(name: str | None) -> bool:
            return desk.store.submit(lambda tx: post.settle_in(tx, name)).result()

        assert may(None)
        assert may("one")
        assert may("one")
        assert not may("two")
        assert may(None)
        assert post.pause(desk.store, "one", None) is None
        assert post.pause(desk.store, "two", None) == "strange"
        desk.store.submit(lambda tx: post.adopt(tx, "two", None, "known")).result()
        assert may("two")
        assert not may("one")


def test_an_adopted_copy_may_count_all_as_mailed(tmp_path: Path) -> None:
    """What waited is given up and what had arrived is no news; what comes then is."""
    with office(tmp_path) as desk:
        desk.arrive(one(1))
        desk.freeze("1")
        desk.arrive(one(2))
        assert desk.store.submit(lambda tx: post.adopt(tx, "two", None, "mailed")).result() == (2, 0)
        assert desk.deliver() == []
        assert desk.freeze("2").state == "skipped"
        desk.arrive(one(3))
        assert desk.freeze("3").stories == 1


def test_the_name_of_a_machine(tmp_path: Path) -> None:
    """The configuration's word before machine-id(5); none in a container without one, none for a shared database."""
    place, empty = tmp_path / "machine-id", tmp_path / "empty"
    place.write_text("3d1219c7\n")
    empty.write_text("uninitialized\n")
    assert machine(CONFIG, [empty, place]) == "3d1219c7"
    assert machine(CONFIG, [empty, tmp_path / "none"]) is None
    assert machine(replace(CONFIG, database="postgresql://x/y"), [place]) is None
    assert machine(replace(CONFIG, mail=Mail(sender="a@b.be", machine="nieuws-1")), [place]) == "nieuws-1"
