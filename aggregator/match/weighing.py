"""Which words of two aligned texts count as news: not what a source says under everything, nor a farewell.

What a source repeats is left out of how alike two texts are.  It never silences what disagrees: an exchange is found
among all words (``slots``), and here what stands in the place of news is news.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from aggregator.match.reading import Side
from aggregator.match.token import SLOTS, Token

Pairs = Sequence[tuple[int, int]]


def weighed(a: Side, b: Side, pairs: Pairs) -> tuple[Side, Side]:
    """Both sides with what does not count marked as repeated; *pairs* are the places of what is common."""
    back = [(j, i) for i, j in pairs]
    a, b = _told_by_one(a, b, pairs), _told_by_one(b, a, back)
    a, b = _told_instead(a, b, pairs), _told_instead(b, a, back)
    return _framed(a, {i for i, _ in pairs}), _framed(b, {j for _, j in pairs})


def _told_by_one(side: Side, there: Side, pairs: Pairs) -> Side:
    """*side* with the words that the other has and does not repeat as its own: what is news there is news here."""
    if side.own == len(side.tokens):
        return side
    return _as_news(side, {i for i, j in pairs if side.repeated[i] and not there.repeated[j]})


def _told_instead(side: Side, there: Side, pairs: Pairs) -> Side:
    """*side* with its repeated sentences as its own where they stand for other news: facts in the place of facts.

    So a source that says a falsehood again and again does not make it boilerplate where it replaces what is true.
    """
    if side.own == len(side.tokens):
        return side
    matched = {j for _, j in pairs}
    news: set[int] = set()
    for sentence in _sentences(side):
        if not side.repeated[sentence.start] or not any(_is_fact(side.tokens[at]) for at in sentence):
            continue
        start = max((j + 1 for i, j in pairs if i < sentence.start), default=0)
        end = min((j for i, j in pairs if i >= sentence.stop), default=len(there.tokens))
        place = (at for at in range(start, end) if at not in matched and not there.repeated[at])
        if any(_is_fact(there.tokens[at]) for at in place):
            news.update(sentence)
    return _as_news(side, news)


def _sentences(side: Side) -> list[range]:
    starts = [
        at for at in range(len(side.tokens)) if not at or side.tokens[at - 1].sentence != side.tokens[at].sentence
    ]
    return [range(start, end) for start, end in pairwise([*starts, len(side.tokens)])]


def _is_fact(token: Token) -> bool:
    return token.kind in _FACTS


_FACTS = SLOTS | {"not", "state"}


def _as_news(side: Side, places: Collection[int]) -> Side:
    if not places:
        return side
    repeated = tuple(each and at not in places for at, each in enumerate(side.repeated))
    return replace(side, repeated=repeated, own=len(repeated) - sum(repeated))


def _framed(side: Side, common: set[int]) -> Side:
    """*side* without the sentences at its end that the other has nothing of and that hold no fact: a farewell."""
    repeated = list(side.repeated)
    end = len(side.tokens)
    while end:
        start = end - 1
        while start and side.tokens[start - 1].sentence == side.tokens[start].sentence:
            start -= 1
        sentence = range(start, end)
        shared = sum(at in common and side.tokens[at].kind != "function" for at in sentence)
        if any(_is_fact(side.tokens[at]) for at in sentence) or shared > 1 or start < len(side.tokens) // 2:
            break
        repeated[start:end] = [True] * (end - start)
        end = start
    return (
        replace(side, repeated=tuple(repeated), own=len(repeated) - sum(repeated)) if end < len(side.tokens) else side
    )


def lead(side: Side, common: set[int]) -> float:
    """The share of its own first sentence that the other text has: there the news stands, the rest may be frame."""
    start = next((token.sentence for token, known in zip(side.tokens, side.repeated, strict=True) if not known), None)
    places = [at for at, token in enumerate(side.tokens) if token.sentence == start and token.kind != "function"]
    return sum(at in common for at in places) / len(places) if len(places) > 2 else 1.0
