"""Telling systemd how we are (sd_notify(3)); without systemd nothing happens."""

from __future__ import annotations

import os
import socket
from datetime import timedelta


def notify(*assignments: str) -> bool:
    """Send assignments such as ``READY=1`` to the socket in NOTIFY_SOCKET; a name that starts with @ is abstract.

    Whether somebody took them: a manager that is not there, or has gone, is no reason to fail.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.connect(address)
            channel.sendall("\n".join(assignments).encode())
        except OSError:
            return False
    return True


def watchdog() -> timedelta | None:
    """How often systemd wants a sign of life (WatchdogSec); None when it does not watch us."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdecimal() or pid != str(os.getpid()):
        return None
    return timedelta(microseconds=int(microseconds))
