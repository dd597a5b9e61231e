"""How a mistake is told: where it stands in the file, what was expected, what was found."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Place = tuple[int | str, ...]

_LONGEST = 80
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PASSWORD = re.compile(r"(://[^:/?#\s@]*):.*@", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is not right: *place* holds the keys and positions that lead to it."""

    place: Place
    words: str

    def __str__(self) -> str:
        return f"{path(self.place)}: {self.words}"


def path(place: Place) -> str:
    """``("sources", 1, "url")`` as ``sources[1].url``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in place)
    return "".join(steps).removeprefix(".")


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quoted(name)


def wrong(expected: str, value: Any, hint: str = "") -> str:
    """The words of a mistake about a value that is there."""
    return f"expected {expected}, found {found(value)}{hint}"


def found(value: Any) -> str:
    """A value as TOML would write it, short, and without the password that an address may carry."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            hidden = _PASSWORD.sub(r"\1:***@", value)
            return _quoted(hidden if len(hidden) <= _LONGEST else f"{hidden[:_LONGEST]}…")
        case dict():
            return "a table"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return str(value)


def did_you_mean(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The hint at the nearest of the *known* names; empty when none is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)
    return f"; did you mean {_quoted(near[0])}?" if near else ""


def listed(names: Iterable[str]) -> str:
    """Names in quotes, with commas."""
    return ", ".join(map(_quoted, names))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def in_file_order(mistakes: Iterable[Mistake], document: dict[str, Any]) -> list[Mistake]:
    """The mistakes from the top of the file to its end, one for a place: the first that is told there."""
    first: dict[Place, Mistake] = {}
    for mistake in mistakes:
        first.setdefault(mistake.place, mistake)
    return sorted(first.values(), key=lambda mistake: _position(mistake.place, document))


def _position(place: Place, document: Any) -> tuple[int, ...]:
    """Where each step of *place* stands among its neighbours; what is missing stands behind them."""
    position: list[int] = []
    for step in place:
        if isinstance(step, int):
            position.append(step)
            document = document[step] if isinstance(document, list) and step < len(document) else None
        else:
            keys = list(document) if isinstance(document, dict) else []
            position.append(keys.index(step) if step in keys else len(keys))
            document = document[step] if step in keys else None
    return tuple(position)
