"""The systemd unit, held against systemd's own opinion and against the real daemon, with the test as the manager.

What the unit takes from the program (system calls, address families, writable memory) was tried once with systemd as
PID 1, where sources were polled, the feed served and mail sent under it; here stands what can be tested without.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from aggregator.config import PLACES
from aggregator.model import Fetch, Parse
from tests.fakes.origin import Origin
from tests.processes import PATIENCE, Installation, command, eventually, installation
from tests.sites import Zones

UNIT = Path(__file__).parents[2] / "systemd" / "aggregator.service"
WATCHDOG = 5.0
"""Seconds that the tests' manager waits for a sign of life; the unit's own is 120."""
MOST_CONNECTIONS = 1000
"""What [fetch].concurrency may be."""
EXPOSURE = 1.5
"""What `systemd-analyze security` may find at most; 10 is everything, 0 nothing."""


def directives() -> dict[str, list[str]]:
    """What the unit says, by name: some names stand more than once."""
    said: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith(("#", "[")):
            continue
        name, equals, value = line.partition("=")
        assert equals, line
        said.setdefault(name, []).append(value)
    return said


def said(name: str) -> str:
    """The one value of a directive."""
    (value,) = directives()[name]
    return value


# -- the manager ---------------------------------------------------------------------


@dataclass(frozen=True)
class Notice:
    """One datagram (sd_notify(3)): who sent it, and what it says."""

    sender: int
    words: str


class Manager:
    """Systemd's end of the notification socket, on a free name in Linux's abstract name space."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        channel.bind("")
        self.environment = {
            "NOTIFY_SOCKET": "@" + channel.getsockname()[1:].decode(),
            "WATCHDOG_USEC": f"{WATCHDOG * 1e6:.0f}",
        }

    def hear(self, patience: float) -> Notice | None:
        """The next notice, or None when there is none within *patience* seconds."""
        self._channel.settimeout(patience)
        try:
            words, credentials, _, _ = self._channel.recvmsg(4096, socket.CMSG_SPACE(12))
        except (TimeoutError, BlockingIOError):
            return None
        ((_, _, sender),) = credentials
        return Notice(struct.unpack("3i", sender)[0], words.decode())

    def await_words(self, words: str) -> Notice:
        """The first notice with *words* in it; what comes before it is gone."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            notice = self.hear(1)
            if notice and words in notice.words.splitlines():
                return notice
        raise AssertionError(f"nobody said {words}")

    def forget(self) -> None:
        """Drop what was said until now."""
        while self.hear(0):
            pass


@contextmanager
def manager() -> Iterator[Manager]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        yield Manager(channel)


@contextmanager
def configured(directory: Path) -> Iterator[Installation]:
    """An installation with two zones that have published something."""
    with Origin() as origin, installation(directory) as one:
        zones = Zones(origin)
        zones.publish(1, datetime.now(UTC), page=True)
        one.configure(zones.configuration())
        yield one


@contextmanager
def stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let the process stand still: alive, and doing nothing."""
    process.send_signal(signal.SIGSTOP)
    try:
        eventually(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
        yield
    finally:
        process.send_signal(signal.SIGCONT)


# -- the unit ------------------------------------------------------------------------


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed, so nobody has checked the unit's directives")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)


def copy(directory: Path, *changes: tuple[str, str]) -> Path:
    """The unit with a program that exists on this machine, and with *changes* to its text."""
    text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = directory / UNIT.name
    path.write_text(text, encoding="utf-8")
    return path


def test_systemd_knows_every_directive(tmp_path: Path) -> None:
    """systemd ignores what it does not know, so a slip of the pen would take a protection away and nobody hears."""
    done = analyze("verify", "--man=no", copy(tmp_path))
    assert (done.returncode, [line for line in done.stderr.splitlines() if UNIT.name in line]) == (0, [])
    slips = (("NoNewPrivileges", "NoNewPriviledges"), ("~@privileged", "~@priviledged"), ("=notify", "=notified"))
    found = analyze("verify", "--man=no", copy(tmp_path, *slips)).stderr
    assert len([line for line in found.splitlines() if UNIT.name in line]) == len(slips), found


def test_the_service_can_do_little(tmp_path: Path) -> None:
    """By systemd's own count the service is exposed to what it needs, the network and its sockets, and little else."""
    if "--threshold" not in analyze("--help").stdout:
        pytest.skip("this systemd-analyze cannot judge a unit that is not installed")
    limit = f"--threshold={EXPOSURE * 10:.0f}"
    done = analyze("security", "--offline=true", "--no-pager", limit, copy(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_unit_starts_the_daemon() -> None:
    """The command is one that the program has, with the configuration in the first place that the commands look at."""
    program, *arguments = shlex.split(said("ExecStart"))
    assert Path(program).name == "aggregator"
    assert arguments == ["run", "--config", str(PLACES[0])]
    assert said("ExecReload") == "/bin/kill -HUP $MAINPID"
    assert (said("Type"), said("NotifyAccess")) == ("notify", "main")


def test_a_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    """The exit status of a wrong configuration is the one that the unit does not restart on."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('language = "klingon"', encoding="utf-8")
    done = command("run", "--config", wrong)
    assert [str(done.returncode)] == said("RestartPreventExitStatus").split()


def test_the_service_has_room_for_its_work() -> None:
    """Files for every connection that may be configured, and as many readers; memory for the workers at their limit."""
    with pytest.raises(ValueError, match="concurrency"):
        TypeAdapter(Fetch).validate_python({"concurrency": MOST_CONNECTIONS + 1})
    assert int(said("LimitNOFILE")) > 4 * MOST_CONNECTIONS
    parse = Parse()
    assert int(said("MemoryMax").removesuffix("G")) * 2**30 > parse.workers * parse.memory + 500_000_000


def test_only_the_daemon_is_told_to_stop() -> None:
    """Workers end after their polls: systemd's signal to all of them would be noted as a failure of the sources."""
    assert said("KillMode") == "mixed"


def test_a_crash_leaves_no_addresses_behind() -> None:
    """What the memory holds (a password, addresses of readers) goes into no core dump."""
    assert said("LimitCORE") == "0"


# -- the daemon ----------------------------------------------------------------------


def test_ready_means_that_it_answers(tmp_path: Path) -> None:
    """READY=1 is the first thing that systemd hears, and whoever connects from then on is answered."""
    with manager() as systemd, configured(tmp_path) as one, ThreadPoolExecutor(1) as beside:

        def visit() -> tuple[Notice | None, bytes]:
            return systemd.hear(PATIENCE), one.get("/")

        visited = beside.submit(visit)
        one.start(**systemd.environment)
        notice, page = visited.result()
        assert notice is not None
        assert notice.words.splitlines()[0] == "READY=1"
        assert f"STATUS=2 sources, {one.url}" in notice.words
        assert b"<html" in page


def test_who_cannot_answer_is_not_ready(tmp_path: Path) -> None:
    """A daemon whose port is taken exits without a word to systemd."""
    with manager() as systemd, configured(tmp_path) as one, socket.socket() as other:
        other.bind(("127.0.0.1", one.port))
        other.listen()
        done = command("run", "--config", one.config, **systemd.environment)
        assert done.returncode == 1
        assert systemd.hear(0) is None


def test_the_watchdog_is_fed_by_the_main_process_alone(tmp_path: Path) -> None:
    """Signs of life keep coming, each in the time that systemd gives, from the process that NotifyAccess=main means."""
    with manager() as systemd, configured(tmp_path) as one:
        one.start(**systemd.environment)
        systemd.await_words("READY=1")
        notices = [systemd.hear(WATCHDOG) for _ in range(6)]
        assert one.process is not None
        assert notices == [Notice(one.process.pid, "WATCHDOG=1")] * 6


def test_who_stands_still_is_noticed(tmp_path: Path) -> None:
    """A daemon that is alive and does nothing feeds nobody, so systemd would end it; it goes on when it can."""
    with manager() as systemd, configured(tmp_path) as one:
        one.start(**systemd.environment)
        systemd.await_words("WATCHDOG=1")
        assert one.process is not None
        with stopped(one.process):
            systemd.forget()
            assert systemd.hear(2) is None
        systemd.await_words("WATCHDOG=1")
        assert one.get("/")


def test_who_is_ended_by_the_watchdog_says_where_it_was(tmp_path: Path) -> None:
    """SIGABRT, which is what the watchdog sends: the log has the place in the code of each thread."""
    name, _, value = said("Environment").partition("=")
    with configured(tmp_path) as one:
        one.start(**{name: value})
        assert one.process is not None
        # Hung, as whom the watchdog ends: Python may itself crash while it tells where a running thread is.
        eventually(lambda: all(each["condition"] != "waiting" for each in one.json("status")["sources"]))
        one.process.send_signal(signal.SIGABRT)
        assert one.process.wait(timeout=20) == -signal.SIGABRT
        assert "Fatal Python error: Aborted" in one.log
        assert "store.py" in one.log  # the writer, waiting for work


def test_stopping_is_said_and_ends_well(tmp_path: Path) -> None:
    """SIGTERM: systemd hears STOPPING=1, and the process ends with status 0 before TimeoutStopSec."""
    with manager() as systemd, configured(tmp_path) as one:
        one.start(**systemd.environment)
        systemd.await_words("READY=1")
        begun = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - begun < int(said("TimeoutStopSec").removesuffix("s"))
        assert systemd.await_words("STOPPING=1")
        assert "Traceback" not in one.log
