"""When two slots say the same: one number, day, hour or name, however it is written.

A number may be rounded where a word says so, on the side that the word says; "N86" is a road 86, "J. Peeters" a Jan
Peeters, and an hour that does not say its half of the day is either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from aggregator.match import lexicon, numerals
from aggregator.match.token import Token

FIGURES = frozenset({"number", "date", "time", "code"})
_ROAD = re.compile(r"&[a-z]{1,2}(\d{1,4})")


def figures(token: Token) -> set[float]:
    """The numbers that are said: of a date its day, of an hour the hour on either clock, of "N86" 86."""
    if token.kind == "code":
        return {float(numbered[1])} if (numbered := _ROAD.fullmatch(token.key)) else set()
    if token.kind == "time" and isinstance(token.value, tuple):
        return {token.value[0] / 60 % 24, token.value[0] / 60 % 12}
    if isinstance(token.value, tuple):
        return {float(token.value[0])}
    return {token.value} if token.value is not None else set()


def unnumbered(lone: Sequence[Token], there: Sequence[Token]) -> list[Token]:
    """Without the codes whose number the other side says with a word."""
    numbers = {token.value for token in there if token.kind == "number"}
    return [token for token in lone if token.kind != "code" or not figures(token) & numbers]


def rounded(
    kind: str, one: Sequence[Token], other: Sequence[Token], here: Sequence[Token], there: Sequence[Token]
) -> bool:
    if kind != "number" or len(here) != 1 or len(there) != 1:
        return False
    a, b = here[0].value, there[0].value
    if not isinstance(a, float) or not isinstance(b, float):
        return False
    return numerals.rounds(a, b, _hedge(other)) or numerals.rounds(b, a, _hedge(one))


def _hedge(side: Sequence[Token]) -> str:
    ways = {lexicon.HEDGES[token.key] for token in side if token.key in lexicon.HEDGES}
    return min(ways) if ways else "about" if any(token.raw.endswith("tal") for token in side) else ""


def _same_key(a: Token, b: Token) -> bool:
    return a.key == b.key


def _same_number(a: Token, b: Token) -> bool:
    if a.key in numerals.ONE or b.key in numerals.ONE:
        return {"#1", *numerals.ONE} >= {a.key, b.key}
    if {a.kind, b.kind} == {"code", "number"}:
        return bool(figures(a) & figures(b))
    return a.key.rstrip(".") == b.key.rstrip(".")


def _same_time(a: Token, b: Token) -> bool:
    return a.key == b.key and not other_half(a, b)


def _same_day(a: Token, b: Token) -> bool:
    return a.key[:2] == b.key[:2]


def _same_part(a: Token, b: Token) -> bool:
    return a.key == b.key


def _same_name(a: Token, b: Token) -> bool:
    short, long = sorted((a.key, b.key), key=len)
    return long in {short, short + "er", short + "se"} or _initial(a, b) or _initial(b, a)


def _initial(a: Token, b: Token) -> bool:
    return len(a.key) == 1 and b.key.startswith(a.key)


AGREE: dict[str, Callable[[Token, Token], bool]] = {
    "number": _same_number, "date": _same_key, "weekday": _same_day, "month": _same_key, "time": _same_time,
    "part": _same_part, "name": _same_name,
}  # fmt: skip


def other_half(a: Token, b: Token) -> bool:
    """Whether two hours that look alike are of different halves of the day, both beyond doubt."""
    if not isinstance(a.value, tuple) or not isinstance(b.value, tuple):
        return False
    return a.value[0] != b.value[0] and bool(a.value[1] and b.value[1])
