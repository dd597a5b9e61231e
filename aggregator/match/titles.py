"""Two titles aligned, and whether they alone keep their items apart.

Items made from one template mostly say in their titles already which one they are.  Where that decides, their texts
need not be aligned, which is most of what a comparison costs.
"""

from __future__ import annotations

from typing import NamedTuple

from aggregator.match.reading import Reading, Side
from aggregator.match.slots import Comparison, Conflict, against
from aggregator.match.token import SLOTS, Token
from aggregator.match.wording import phrase

FEW = 4
"""Below so many words there is no text to compare."""
_MILD = frozenset({"polarity", "word", "subject"})
"""Conflicts of titles that what the texts say may outweigh."""


class Titles(NamedTuple):
    """How alike two titles are, and what was exchanged between them, where they are alike or name other things."""

    alike: float
    exchanged: Comparison | None


def titled(one: Reading, other: Reading) -> Titles:
    """Both titles aligned."""
    titles = _aligned(one, other)
    if titles.exchanged is None and (conflict := _about(one, other)):
        return titles._replace(exchanged=Comparison([], (conflict,), ()))
    return titles


def are_apart(one: Reading, other: Reading, titles: Titles) -> bool:
    """Whether the titles alone keep the two apart, whatever aligning their texts would give; False when in doubt.

    So they do by a conflict that no text spares, where the texts have enough in common to be aligned and words enough
    to be judged by, and neither corrects the other.
    """
    if titles.exchanged is None or bool(one.marked) != bool(other.marked):
        return False
    # What a text ends with may yet be taken for a farewell (`measure`), but never more than half of it.
    least = min(side.own - (len(side.tokens) + 1) // 2 for side in (one.body, other.body))
    if least < FEW or not are_worth_it(one.body, other.body):
        return False
    grave = (each for each in titles.exchanged.conflicts if each.kind not in _MILD)
    return any(not are_in_both(each, one.body, other.body) for each in grave)


def are_worth_it(a: Side, b: Side) -> bool:
    """Whether enough word triples are shared for the alignment of two texts to find anything."""
    fewer = min(len(a.triples), len(b.triples))
    return fewer > 0 and len(a.triples & b.triples) >= 0.1 * fewer


def are_in_both(conflict: Conflict, a: Side, b: Side) -> bool:
    """Whether titles only choose other facts of those that both texts have."""
    said = {key for words in (conflict.one, conflict.other) for key in words.casefold().split()}
    return conflict.kind in {"name", "number", "date"} and said <= a.written and said <= b.written


def named(one: Reading, other: Reading) -> frozenset[str]:
    """The words that are names in either item."""
    return one.title.names | other.title.names | one.body.names | other.body.names


def _aligned(one: Reading, other: Reading) -> Titles:
    a, b = one.title, other.title
    if not a.keys or not b.keys:
        return Titles(0.0, None)
    found = against(a.tokens, b.tokens, named(one, other), hold=1)
    ratio = 2 * len(found.pairs) / (len(a.keys) + len(b.keys))
    return Titles(ratio, found if ratio >= 0.5 else None)


def _about(one: Reading, other: Reading) -> Conflict | None:
    """What each of two titles in other words names, and the other item nowhere does: two places, two dates."""
    lone = [
        [token for token in here.title.tokens if token.kind in SLOTS and not _is_said(token, there)]
        for here, there in ((one, other), (other, one))
    ]
    if not lone[0] or not lone[1] or not {token.kind for token in lone[0]} & {token.kind for token in lone[1]}:
        return None
    return Conflict("title", phrase(lone[0]), phrase(lone[1]))


def _is_said(token: Token, there: Reading) -> bool:
    return token.key in there.title.keys or token.key in there.body.keys
