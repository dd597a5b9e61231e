"""What this installation is called: by the configuration, or by the machine that it runs on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aggregator.model import Config

PLACES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
"""machine-id(5), and where it was before there was systemd."""
_NAMELESS = {"", "uninitialized"}


def machine(config: Config, places: Sequence[Path] = PLACES) -> str | None:
    """A name that no other installation has; None when there is none, as in many containers, and on PostgreSQL.

    A PostgreSQL is shared by several machines: who wants it guarded names the installation.
    """
    if config.mail and config.mail.machine:
        return config.mail.machine
    if not config.database.startswith("sqlite"):
        return None
    return next((name for name in map(_name, places) if name not in _NAMELESS), None)


def _name(place: Path) -> str:
    try:
        return place.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
