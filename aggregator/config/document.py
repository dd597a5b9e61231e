"""From the file to its tables: TOML 1.0, UTF-8."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from aggregator.errors import ConfigError

_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
# What tomllib says first, and what people usually did.
_HINTS = {
    "Unescaped": r"; patterns stand in single quotes, as in key = '/detail/(?P<key>\d+)'",
    "Expected newline": '; texts, times and durations stand in quotes, as in interval = "1h"',
    "Invalid value": '; texts, times and durations stand in quotes, as in interval = "1h"',
    "Cannot overwrite": "; a setting may stand there once, and [sources.page] only behind its [[sources]]",
    "Cannot declare": "; a table may stand there once, and several of a kind take double brackets, as in [[zones]]",
}


def read(path: Path) -> dict[str, Any]:
    """The tables of the file at *path*.

    Raises ConfigError when there is no such file, when it cannot be read, or when it is not TOML: with the line and
    the column, and nothing else, because what stands behind a broken line cannot be told.
    """
    text = _text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}, {_syntax(str(error), text)}"]) from None
    except RecursionError:
        raise ConfigError([f"{path}: not a configuration: lists or tables are nested too deeply"]) from None


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            [f"{path}: there is no such file; copy config/aggregator.toml there, or name another with --config"]
        ) from None
    except PermissionError:
        raise ConfigError(
            [f"{path}: permission denied; run this as the user of the service, or let this user read the file"]
        ) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {str(error.strerror).lower()}"]) from None
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}, line {line}: not UTF-8; save the file in that encoding"]) from None


def _syntax(message: str, text: str) -> str:
    where = _WHERE.search(message)
    what = _WHERE.sub("", message)
    hint = next((hint for start, hint in _HINTS.items() if what.startswith(start)), "")
    if where and where[1]:
        line, column = where[1], where[2]
    else:
        lines = text.split("\n")
        line, column = str(len(lines)), str(len(lines[-1]) + 1)
    return f"line {line}, column {column}: not TOML: {what[:1].lower()}{what[1:]}{hint}"
