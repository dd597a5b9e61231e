"""What news is about: the facts by which a rewrite in other words is found, and linked.

Names, dates and numbers survive a rewrite.  A street, a person or a place with an article is *special*: it seldom
stands in two pieces of news of one week that have nothing to do with each other.  A town, and whatever a publisher is
called by itself, is in half of what it says, and tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from aggregator.match import lexicon
from aggregator.match.token import Token, plain


class Fact(NamedTuple):
    """Something that is told: *sort* is one of ``_WORTH``, *raw* how it is written."""

    sort: str
    raw: str


_WORTH = {
    "town": 0.0, "word": 0.0, "name": 0.0, "number": 0.5, "date": 1.0, "code": 1.0, "large": 1.5, "place": 1.5,
    "person": 2.0, "street": 2.0,
}  # fmt: skip
_RANK = list(_WORTH)
SPECIAL = frozenset(("place", "person", "street"))
_IN = frozenset(("in", "te", "uit", "a", "at", "nach", "van"))
_THE = frozenset(["de", "het", "den", "le", "la", "les", "l", "du", "der", "die", "das", "dem", "the"])
_FULL_NAME = re.compile(r"\b([A-ZÀ-Þ][\w'\u2019-]+) ([A-ZÀ-Þ][\w'\u2019-]+)")
_WORD, _WORDS, _TOPICS = 6, 4, 2  # letters of a word that tells something; how many count, and how many of titles
_NONE = Token("", "function", "")
_NEAR, _FAR = timedelta(days=3), timedelta(days=30)


def facts(written: str, titled: Sequence[Token], told: Iterable[Token], names: frozenset[str]) -> dict[str, Fact]:
    """What is told by a title and a text, by key; *names* are words that are names in either, *written* is both."""
    persons = {(plain(a), plain(b)) for a, b in _FULL_NAME.findall(written)}
    found: dict[str, Fact] = {}
    for key, fact in (*_each(titled, names, persons), *_each(told, names, persons)):
        old = found.get(key)
        if old is not None and old.sort == fact.sort:
            continue
        if old is None or (old.sort != "town" and _RANK.index(fact.sort) > _RANK.index(old.sort)):
            found[key] = fact
        if fact.sort == "town" and found[key].sort != "street":
            found[key] = fact
    return found


def _each(side: Iterable[Token], names: frozenset[str], persons: set[tuple[str, str]]) -> Iterator[tuple[str, Fact]]:
    before: Token | None = None
    for token in side:
        key, kind, raw = token[:3]
        if kind != "function" and (sort := _sort(token, before, names, persons)):
            yield key[:7] if kind == "word" else key, Fact(sort, raw)
        before = token


def _key(token: Token) -> str:
    return token.key[:7] if token.kind == "word" else token.key


def _sort(token: Token, before: Token | None, names: frozenset[str], persons: set[tuple[str, str]]) -> str:
    key, kind = token[:2]
    if kind == "name" or (kind == "word" and key in names):
        return _named(key, before or _NONE, persons)
    if kind == "word":
        return "word" if len(key) >= _WORD else ""
    if kind == "number" and isinstance(token.value, float):
        return _counted(token.value)
    return kind if kind in {"date", "code"} else ""


def _named(key: str, before: Token, persons: set[tuple[str, str]]) -> str:
    if key.endswith(lexicon.STREETS) and any(key.endswith(end) and len(key) >= len(end) + 3 for end in lexicon.STREETS):
        return "street"
    if before.kind != "function" and (before.key, key) in persons:
        return "person"
    return "town" if before.key in _IN else "place" if before.key in _THE else "name"


def _counted(value: float) -> str:
    """A number that few would share by chance; a year and a small one tell nothing."""
    if value < 10 or 1990 <= value < 2100:
        return ""
    return "large" if value >= 100 and value % 100 else "number"


def topics(title: Iterable[Token], there: Iterable[Token]) -> frozenset[str]:
    """The words of a title that the other item has too."""
    said = {_key(token) for token in there if token.kind == "word"}
    words = (_key(token) for token in title if token.kind == "word" and len(token.key) >= _WORD - 1)
    return frozenset(word for word in words if word in said)


class Shared(NamedTuple):
    """What two items both tell: *special* and other facts, and how much that is, in points."""

    special: tuple[str, ...]
    points: float


def shared(one: Mapping[str, Fact], other: Mapping[str, Fact], topics: frozenset[str], called: Iterable[str]) -> Shared:
    """What both tell, apart from what a publisher is *called*; *topics* are words of either title that both have."""
    both = {
        key: min(one[key], other[key], key=lambda fact: (fact.sort != "town", -_RANK.index(fact.sort)))
        for key in one.keys() & other.keys()
        if not any(key in name for name in called)
    }
    strong = sum(_WORTH[fact.sort] for fact in both.values())
    special = sorted(fact.raw for fact in both.values() if fact.sort in SPECIAL)
    if not special:
        if strong < 1:
            return Shared((), 0.0)
        strong -= 1
    words = sum(fact.sort == "word" for fact in both.values())
    about = len(topics - {key[:7] for key, fact in both.items() if fact.sort in SPECIAL})
    return Shared(tuple(special), strong + 0.5 * min(words, _WORDS) + 0.75 * min(about, _TOPICS))


def enough(apart: timedelta) -> float:
    """How many points make a link: fewer in the days when something is news."""
    return 3.25 if apart <= _NEAR else 4.25 if apart <= _FAR else 5.25
