"""What a reader types into the search form, and where a text answers it.

A text is a row of words: letters and digits, case folded, without accents (``bare``).  A query is terms, all of which
must be there: a word stands for every word that begins like it, a term in quotes for these words next to each other,
and one behind a minus must not be there.  What is written as one but holds several words ("foto's", "Heusden-Zolder",
"1.182") is a phrase.  Whatever is typed is a query, and nothing in one means anything to a database: terms hold words,
and words hold letters and digits.

Pure.  The store's index and the marks on a page are made of the same words, so that what was found can be shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from aggregator import text

LENGTH = 200
"""How many characters of what was typed are read."""
TERMS = 8
"""How many terms a query has; further ones are left out."""
WORD = 64
"""How many characters of a word tell it from others."""
BEGINNING = 3
"""From how many letters on a word stands for those that begin like it."""

# One ideograph or kana is a word: nothing stands between the words of these languages.
_SYLLABLES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(f"[{_SYLLABLES}]|(?:(?![{_SYLLABLES}])[^\\W_])(?:(?![{_SYLLABLES}])[^\\W_]|[\u0300-\u036f])*")
_TYPED = re.compile(r'(?P<minus>(?<!\S)[-\N{EN DASH}\N{MINUS SIGN}])?(?:"(?P<phrase>[^"]*)"?|(?P<term>[^\s"]+))')
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
# Letters of their own that readers type, and writers write, as others.
_ALIKE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i"})


class Token(NamedTuple):
    """A word of a text, and where it stands there."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """Words next to each other; when it is *open*, the last one is the beginning of a word."""

    words: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Query:
    """*typed* is what it was read from, in one line; without *wanted* it asks for nothing."""

    typed: str
    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...]


def read(typed: str) -> Query:
    """The query that somebody typed, whoever it was and whatever it is."""
    line = text.clean(typed[: 10 * LENGTH])[:LENGTH]
    found = list(dict.fromkeys(_terms(line.translate(_QUOTES))))[:TERMS]
    return Query(
        typed=line,
        wanted=tuple(term for minus, term in found if not minus),
        unwanted=tuple(term for minus, term in found if minus),
    )


def tokens(value: str) -> Iterator[Token]:
    """The words of a text in their order."""
    for found in _TOKEN.finditer(value):
        if word := bare(found[0]):
            yield Token(word, found.start(), found.end())


def words(value: str, most: int) -> str:
    """The first *most* words of a text, each followed by a single space but the last."""
    found = (token.word for token in tokens(value))
    return " ".join(word for word, _ in zip(found, range(most), strict=False))


def bare(word: str) -> str:
    """A word as it is compared: its letters and digits, case folded, without accents, as many as ``WORD``."""
    return word[:WORD].lower() if word.isascii() else _bare(word[:WORD])


def fits(query: Query, texts: Sequence[str]) -> bool:
    """Whether all that is wanted stands in one of *texts*, and what is unwanted in none."""
    read = [[token.word for token in tokens(each)] for each in texts]
    if any(_has(said, term) for said in read for term in query.unwanted):
        return False
    return any(all(_has(said, term) for term in query.wanted) for said in read)


def spans(query: Query, value: str) -> list[tuple[int, int]]:
    """Where in a text something stands that is wanted, in its order; whole words, touching spans as one."""
    found = list(tokens(value))
    said = [token.word for token in found]
    places = sorted(
        (found[at].start, found[at + len(term.words) - 1].end) for term in query.wanted for at in _places(said, term)
    )
    joined: list[tuple[int, int]] = []
    for start, end in places:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _terms(line: str) -> Iterator[tuple[bool, Term]]:
    for found in _TYPED.finditer(line):
        phrase = found["phrase"]
        said = tuple(token.word for token in tokens(found["term"] if phrase is None else phrase))
        if said:
            opens = phrase is None and len(said[-1]) >= BEGINNING and not said[-1].isdigit()
            yield bool(found["minus"]), Term(said, opens)


def _has(said: Sequence[str], term: Term) -> bool:
    return next(_places(said, term), None) is not None


def _places(said: Sequence[str], term: Term) -> Iterator[int]:
    *before, last = term.words
    for at in range(len(said) - len(before)):
        word = said[at + len(before)]
        ends = word.startswith(last) if term.open else word == last
        if ends and all(said[at + number] == each for number, each in enumerate(before)):
            yield at


@lru_cache(maxsize=4096)
def _bare(word: str) -> str:
    folded = unicodedata.normalize("NFKC", word).casefold().translate(_ALIKE)
    return "".join(_letters(unicodedata.normalize("NFKD", folded)))[:WORD]


def _letters(folded: Iterable[str]) -> Iterator[str]:
    return (char for char in folded if char.isalnum())
