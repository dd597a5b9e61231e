"""Handing over to the machine's own sendmail."""

from __future__ import annotations

import json
import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import MailError
from aggregator.mail.relay import Relay
from aggregator.model import Mail, Reply
from tests.fakes import sendmail

SENDER, READER = "nieuws@example.be", "lezer@example.be"
MESSAGE = b"Subject: Dag\r\n\r\nDag\r\n.\r\n..\r\n"


class Program:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "sendmail"
        shutil.copy(sendmail.__file__, self.path)
        script = self.path.read_text().replace("/usr/bin/env python3", sys.executable, 1)
        self.path.write_text(script)
        self.path.chmod(0o755)
        self.marked = 0
        self.told("0")

    def told(self, what: str) -> None:
        (self.path.parent / "run").write_text(what)

    def offer(self, recipient: str = READER, *, timeout: float = 10) -> Reply:
        settings = Mail(sender=SENDER, relay=f"sendmail:{self.path}", dot_timeout=timedelta(seconds=timeout))
        return Relay(settings).hand_over(SENDER, recipient, MESSAGE, self._mark)

    def _mark(self) -> None:
        assert not list(self.path.parent.glob("*.args")), "the marker comes before the program"
        self.marked += 1


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def test_the_program_gets_the_message_and_nothing_of_it_is_an_option(program: Program, tmp_path: Path) -> None:
    """-i, so that a lone dot ends nothing; the envelope's sender; and whatever comes after -- is an address."""
    reply = program.offer("-oQ/tmp@example.be")
    assert (reply.phase, reply.code, program.marked) == ("dot", 250, 1)
    assert json.loads((tmp_path / "0.args").read_text()) == ["-i", "-f", SENDER, "--", "-oQ/tmp@example.be"]
    assert (tmp_path / "0.eml").read_bytes() == MESSAGE.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        ("75", 451, "exit status 75"),
        ("77", 451, "exit status 77"),
        ("67", 550, "5.1.1 exit status 67"),
        ("68", 550, "5.1.2 exit status 68"),
        ("69", 554, "exit status 69"),
        ("killed", None, "was ended by SIGKILL"),
    ],
)
def test_an_exit_status_is_an_answer(program: Program, told: str, code: int | None, words: str) -> None:
    """sysexits.h: later, never, or no answer at all, in which case nobody knows."""
    program.told(told)
    reply = program.offer()
    assert (reply.phase, reply.code) == ("dot", code)
    assert words in reply.text
    assert ("words of its own" in reply.text) == (told != "killed")


def test_a_program_that_does_not_end_is_ended(program: Program) -> None:
    """It gets the time of the final dot; what it did with the message nobody knows."""
    program.told("hang")
    started = time.monotonic()
    reply = program.offer(timeout=1)
    assert (reply.phase, reply.code) == ("dot", None)
    assert time.monotonic() - started < 10


def test_a_program_that_is_not_there(program: Program) -> None:
    """Nothing was taken, and that is certain: the marker is not set."""
    program.path.unlink()
    reply = program.offer()
    assert (reply.phase, reply.code, program.marked) == ("connect", None, 0)


def test_an_address_that_cannot_be_written(program: Program) -> None:
    """A refusal of that recipient, and of nobody else."""
    assert program.offer("jörg@example.be").code == 553
    assert program.marked == 0


def test_a_program_has_a_path() -> None:
    """What PATH holds is not trusted with it."""
    with pytest.raises(MailError, match="expected sendmail:/usr/sbin/sendmail"):
        Relay(Mail(sender=SENDER, relay="sendmail:sendmail"))
