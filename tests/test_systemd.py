"""Telling systemd: the notification protocol (sd_notify(3)) over a real socket."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator import systemd


def test_what_is_told_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assignments reach the manager's socket in one datagram, a line each."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        systemd.notify("READY=1", "STATUS=well")
        assert manager.recv(100) == b"READY=1\nSTATUS=well"


def test_an_abstract_socket_works_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that starts with @ is in Linux's abstract name space."""
    name = f"aggregator-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        systemd.notify("STOPPING=1")
        assert manager.recv(100) == b"STOPPING=1"


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No socket, or one whose manager has gone, is no reason to fail."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert systemd.notify("READY=1") is False
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert systemd.notify("READY=1") is False


@pytest.mark.parametrize(
    ("microseconds", "pid", "expected"),
    [
        ("30000000", "ours", timedelta(seconds=30)),
        ("30000000", None, timedelta(seconds=30)),
        ("30000000", "1", None),
        ("often", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_is_ours_alone(
    monkeypatch: pytest.MonkeyPatch, microseconds: str | None, pid: str | None, expected: timedelta | None
) -> None:
    """WATCHDOG_USEC counts for the process that WATCHDOG_PID names, or for us when it names none."""
    owner = str(os.getpid()) if pid == "ours" else pid
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", owner)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert systemd.watchdog() == expected
