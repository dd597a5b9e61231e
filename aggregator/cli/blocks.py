"""Blocks of the configuration file, as commands write them for pasting: TOML, with what is to be said in comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from typing import Any

from aggregator import text
from aggregator.model import Source, Zone
from aggregator.model.units import write_duration

_LITERAL = re.compile(r"[^'\x00-\x1f\x7f]*")


def block(table: Source | Zone, *, commented: bool = False) -> str:
    """A ``[[sources]]`` or ``[[zones]]`` block with the settings that are not the default."""
    lines = ["[[sources]]" if isinstance(table, Source) else "[[zones]]", *_lines(table)]
    return "\n".join(f"# {line}" if commented else line for line in lines)


def _lines(table: Any) -> Iterator[str]:
    """The plain settings first: in TOML a table of a table takes all that follows."""
    below = []
    for field in fields(table):
        value = getattr(table, field.name)
        if is_dataclass(value):
            below.append((field.name, value))
        elif value != _default(field):
            yield f"{field.name} = {toml(value)}"
    for name, value in below:
        yield f"[sources.{name}]"
        yield from _lines(value)


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def toml(value: Any) -> str:
    """A value as TOML writes it; text with a backslash in single quotes, as patterns are."""
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, timedelta):
        return f'"{write_duration(value)}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    if "\\" in value and _LITERAL.fullmatch(value):
        return f"'{value}'"
    return json.dumps(text.visible(value), ensure_ascii=False).replace("\x7f", "")


def comment(words: str) -> str:
    """Words as a comment, each of their lines; characters that could end it are no part of it."""
    lines = (text.visible(line).replace("\n", " ") for line in words.split("\n"))
    return "\n".join(f"# {line}".rstrip() for line in lines)


def ident(words: str, taken: set[str]) -> str:
    """An id made of *words*, that nobody has yet; it is *taken* from then on."""
    plain = text.fold(words).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-") or "source"
    names = (stem if number == 1 else f"{stem}-{number}" for number in range(1, 100_000))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name
