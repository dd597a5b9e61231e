"""What is aligned: one token of a text, with its kind."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

Value = float | tuple[int, ...] | None


class Token(NamedTuple):
    """One token.  *kind*: word, function, number, date, weekday, month, time, part, name, code, state, not, contact."""

    key: str
    kind: str
    raw: str
    value: Value = None
    first: bool = False
    sentence: int = 0
    at: int = 0


SLOTS = frozenset({"number", "date", "weekday", "month", "time", "part", "name", "code"})
"""Kinds of which one exchanged for another makes other news."""


def plain(word: str) -> str:
    """A word in lower case without accents."""
    lower = word.casefold()
    if lower.isascii():
        return lower
    return "".join(char for char in unicodedata.normalize("NFD", lower) if not unicodedata.combining(char))


def clock(minutes: int, raw: str, *, definite: bool) -> Token:
    """An hour, in minutes of the day; not *definite* where it may be of either half."""
    return Token(f"t{minutes % 720}", "time", raw, (minutes % 1440, int(definite)))
