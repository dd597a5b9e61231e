"""The words in which two texts differ.  Pure.

Words are compared without capitals and signs, so that "Week 12," and "week 12" are the same; what is marked is shown as
it was written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator import text
from aggregator.match.align import common

_SIGNS = re.compile(r"^\W+|\W+$")
MOST = 1500
"""How many words of a text are compared and shown; reading more of it takes the source."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words that stand together, all of them in the other text too or all of them not (*own*)."""

    words: str
    own: bool


def marked(one: str, other: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Both texts, with what each has and the other has not.

    Law: the words of the runs are the words of the text, in their order; of a text and itself nothing is marked.
    """
    mine, theirs = one.split()[:MOST], other.split()[:MOST]
    pairs = common([_bare(word) for word in mine], [_bare(word) for word in theirs])
    return _runs(mine, {at for at, _ in pairs}), _runs(theirs, {at for _, at in pairs})


def plain(one: str) -> tuple[Run, ...]:
    """A text that is compared with none."""
    words = one.split()[:MOST]
    return _runs(words, set(range(len(words))))


def _bare(word: str) -> str:
    return _SIGNS.sub("", text.fold(word)) or word


def _runs(words: Sequence[str], shared: set[int]) -> tuple[Run, ...]:
    runs: list[Run] = []
    for at, word in enumerate(words):
        own = at not in shared
        if runs and runs[-1].own == own:
            runs[-1] = Run(f"{runs[-1].words} {word}", own)
        else:
            runs.append(Run(word, own))
    return tuple(runs)
