"""Durations and sizes as people write them: ``15m``, ``1h30m``, ``10MB``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(B|kB|KB|MB|GB)")


def duration(value: Any) -> timedelta:
    """Read ``"90s"``, ``"15m"`` or ``"1h30m"``.

    Raises ValueError for anything else, a bare number included: nobody can tell its unit.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError('expected a duration such as "30s", "15m", "1h" or "21d"')
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw])", value)
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))


def size(value: Any) -> int:
    """Read ``"500kB"`` or ``"10MB"`` as bytes (decimal units).

    Raises ValueError for anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('expected a size such as "500kB" or "10MB"')
    return int(float(found[1]) * _BYTES[found[2]])


def write_duration(value: timedelta) -> str:
    """The shortest form that ``duration`` reads back, for messages and defaults."""
    seconds = value.total_seconds()
    for unit in ("w", "d", "h", "m"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s"


Duration = Annotated[timedelta, BeforeValidator(duration)]
Size = Annotated[int, BeforeValidator(size)]
