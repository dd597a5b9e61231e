"""A sighting as it is compared: its title and text as tokens, and what can be said of them without the other one.

Readings are kept for a while, because one sighting is compared with many; a reading depends on nothing but the words
and the commonplaces of the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from aggregator import uri
from aggregator.match import keys, lexicon
from aggregator.match.commonplaces import Commonplaces, hashes, split
from aggregator.match.remembered import Read, Remembered
from aggregator.match.subject import Fact, facts
from aggregator.match.token import Token, plain
from aggregator.match.tokens import LONGEST, MOST, language, tokens
from aggregator.model import Sighting

_CUT = re.compile(
    r"\s*(?:\[\s*(?:…|\.{3})\s*\]|\(\s*(?:…|\.{3})\s*\)|…|\.{3})?\s*"
    r"(?:(?:lees|lire|read|weiter|mehr|continue)\s?(?:meer|verder|la suite|more|lesen|reading|plus)?\s*[>»→]*)?\s*$",
    re.IGNORECASE,
)
_CUT_SHORT = re.compile(r"(?:…|\.{3}|\[…\])\s*\W*\s*(?:\b(?:lees|lire|read|weiter|mehr)\b.{0,20})?$", re.IGNORECASE)
_POINTER = re.compile(
    r"(?<=[.!?])\s+(?:meer info|meer weten|lees|zie ook|zie|plus d'info|en savoir plus|more info|read more|mehr info"
    r"|mehr dazu|weitere info)[^.!?\d]{0,80}[.!?]?\s*$",
    re.IGNORECASE,
)
_DATELINE = re.compile(
    r"^\W*(?:gepubliceerd|geplaatst|bijgewerkt|laatst gewijzigd|published|posted|publié|mis en ligne|veröffentlicht"
    r"|stand)\b[^.!?\n]{0,80}?(?:\b\d{4}\b(?:,?\s(?:om|at|à|um)?\s?\d{1,2}[.:uh]\d{2}(?:\s?(?:uur|u|h|uhr))?)?|\b\d{1,2}[.:]\d{2}\b)"
    r"[\s|:,\u2013-]*",
    re.IGNORECASE,
)


_SHORT = 400
"""How long a sentence may be, in characters, to be kept: a bound for memory."""


class _Remembering:
    """Has room for what is found when it is asked for: ``cached_property`` wants more than slots."""


@dataclass(frozen=True, slots=True)
class Side(_Remembering):
    """A title or a text: its tokens, what of them is aligned, and which stand in a sentence that its source repeats.

    *own* is how many are not boilerplate.
    """

    tokens: tuple[Token, ...]
    keys: tuple[str, ...]
    repeated: tuple[bool, ...]
    own: int

    @cached_property
    def names(self) -> frozenset[str]:
        """The words that are names."""
        return frozenset(token.key for token in self.tokens if token.kind == "name")

    @cached_property
    def written(self) -> frozenset[str]:
        """Every token as it is written, in small letters."""
        return frozenset(token.raw.casefold() for token in self.tokens)

    @cached_property
    def triples(self) -> frozenset[tuple[str, ...]]:
        """The word triples of what is not boilerplate."""
        own = [key for key, common in zip(self.keys, self.repeated, strict=True) if not common]
        return frozenset(zip(own, own[1:], own[2:], strict=False) if len(own) > 2 else ((key,) for key in own))


@dataclass(frozen=True, slots=True)
class Reading(_Remembering):
    """What is compared of a sighting; most is found when it is asked for, for most entries are like no other.

    *heading* and *written* are the title and the text as they stand.  *cut*: the text breaks off.  *tongue* is its
    language.
    """

    heading: str
    written: str
    body: Side
    cut: bool
    tongue: str

    @cached_property
    def title(self) -> Side:
        found = tokens(self.heading, self.tongue)
        return _side(found, (False,) * len(found))

    @cached_property
    def telling(self) -> dict[str, float]:
        """What the news is about, by weight: names, dates and codes more than numbers, these more than words."""
        return _telling(self.title, self.body)

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """What it tells, by sort: streets, persons, places, dates, figures."""
        own = (token for token, known in zip(self.body.tokens, self.body.repeated, strict=True) if not known)
        written = f"{self.heading}\n{self.written}"
        return facts(written, self.title.tokens, own, self.title.names | self.body.names)

    @cached_property
    def labels(self) -> dict[str, frozenset[str]]:
        """The numbers behind words such as "week" and "nr.", by kind: which one of a series this is."""
        return _labels(self.title, self.body)

    @cached_property
    def rows(self) -> dict[str, Token]:
        """The hour right behind each day that is named once."""
        return _rows(self.body)

    @cached_property
    def marked(self) -> str:
        """Whether it calls itself an ``update`` or a ``correction``."""
        return _marked(self.title, self.body)


_SERIES = frozenset(
    (
        "editie",
        "edition",
        "ausgabe",
        "uitgave",
        "speeldag",
        "ronde",
        "etappe",
        "aflevering",
        "jaargang",
        "spieltag",
        "journee",
    )
)
_WEIGHTS = {"name": 3.0, "date": 3.0, "code": 3.0, "time": 1.0, "weekday": 0.5, "month": 0.5, "contact": 0.0}


def _weight(token: Token) -> float:
    """What one that is no word tells."""
    if token.kind == "number":
        return 2.0 if isinstance(token.value, float) and token.value >= 10 and not 1990 <= token.value < 2100 else 0.5
    return _WEIGHTS.get(token.kind, 0.0)


def _additions(found: Sequence[Token]) -> Iterable[Token]:
    return (token for token in found if token.first and token.key in _MARKS)


_MARKS = lexicon.MARKERS | lexicon.CORRECTIONS
_HEADS = frozenset(mark.partition("-")[0] for mark in _MARKS if "-" in mark)
"""With what marks of several words begin."""


def _telling(title: Side, body: Side) -> dict[str, float]:
    found: dict[str, float] = {}
    names = title.names | body.names
    for side in (title, body):
        for token, repeated in zip(side.tokens, side.repeated, strict=True):
            key, kind = token[:2]
            if repeated or kind == "function":
                continue
            if kind == "word":
                weight = 3.0 if key in names else 1.0 if len(key) > 4 else 0.0
                key = key[:7]
            else:
                weight = _weight(token)
            if weight > found.get(key, 0.0):
                found[key] = weight
    return found


def _labels(*sides: Side) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for side in sides:
        if _LABELLING.isdisjoint(side.keys):
            continue
        for word, number in zip(side.tokens, side.tokens[1:], strict=False):
            if word.sentence != number.sentence:
                continue
            if number.kind == "number" and word.key in lexicon.LABELS:
                found.setdefault(lexicon.LABELS[word.key], set()).add(number.key.rstrip("."))
            elif word.key.endswith(".") and number.key in _SERIES:
                found.setdefault(lexicon.LABELS[number.key], set()).add(word.key.rstrip("."))
    return {label: frozenset(numbers) for label, numbers in found.items()}


_LABELLING = _SERIES | lexicon.LABELS.keys()


def _rows(body: Side) -> dict[str, Token]:
    found: dict[str, Token] = {}
    for day, fact in zip(body.tokens, body.tokens[1:], strict=False):
        if day.kind != "weekday" or fact.kind != "time":
            continue
        if fact.at - day.at - len(day.raw) <= _BESIDE and body.keys.count(day.key) == 1:
            found[day.key] = fact
    return found


_BESIDE = 2  # characters: a colon and a space


def _marked(title: Side, body: Side) -> str:
    opening = [*title.tokens[:4], *title.tokens[-2:], *body.tokens[:4], *_additions(body.tokens)]
    words = {token.key for token in opening}
    if not words.isdisjoint(_HEADS):
        words |= {"-".join(token.key for token in opening[at : at + 3]) for at in range(len(opening))}
    if words & lexicon.CORRECTIONS:
        return "correction"
    return "update" if words & lexicon.MARKERS else ""


def reading(sighting: Sighting, commonplaces: Commonplaces) -> Reading:
    """The reading of *sighting*, whose source repeats what *commonplaces* says."""
    body = keys.plain(sighting.entry)[:LONGEST]
    read = _usual if len(body) <= _USUAL else _long
    return read(sighting.entry.title[:1_000], body, commonplaces.of(sighting.source))


def called(sighting: Sighting) -> str:
    """Letters in which the name of its publisher may be found: its host and its ids."""
    return _called(sighting.entry.link or "", sighting.source, sighting.zone)


@lru_cache(maxsize=256)
def _called(address: str, source: str, zone: str) -> str:
    return plain(f"{uri.host(address)} {source} {zone}")


def _read(title: str, body: str, repeated: frozenset[int]) -> Reading:
    cut = bool(_CUT_SHORT.search(body[-60:]))
    whole = _DATELINE.sub("", _without_end(body), count=1)
    read = _remembered if len(body) <= _USUAL else _tokens_of
    tongue, found, sentences = read(title, whole, bool(repeated))
    marks = [said in repeated for said in sentences]
    side = _side(found, tuple([marks[token.sentence] for token in found]) if sentences else (False,) * len(found))
    return Reading(heading=title, written=whole, body=side, cut=cut, tongue=tongue)


_USUAL = 2_000
"""Characters of a text as most are: more of these can be kept in the room that a few long ones take."""
_usual = lru_cache(maxsize=256)(_read)
_long = lru_cache(maxsize=32)(_read)


def _without_end(body: str) -> str:
    """Without "…" and "Lees meer" at its end, and without the half word before them."""
    whole = body[:-_END] + _CUT.sub("", body[-_END:])
    return whole[:-_END] + _POINTER.sub("", whole[-_END:])


_END = 120
"""Characters at the end of a text that such words take at most."""


def _tokens_of(title: str, body: str, sentences: bool) -> Read:
    """With *sentences* each is read by itself, and may be one that the source repeats."""
    tongue = language(f"{body[:1_500]} {title}")
    if not sentences:
        return tongue, tokens(body, tongue), ()
    made: list[Token] = []
    said = split(body)
    for number, sentence in enumerate(said):
        part = _said(sentence, tongue) if len(sentence) <= _SHORT else tokens(sentence, tongue)
        made += [tuple.__new__(Token, (*token[:5], number, token.at)) for token in part]
    return tongue, tuple(made[:MOST]), hashes(said)


_remembered = Remembered(2_048, _tokens_of)
"""What some zones write in a week: 8 MB."""


@lru_cache(maxsize=1024)
def _said(sentence: str, tongue: str) -> tuple[Token, ...]:
    """A sentence's tokens, kept for a while: who repeats some, says each again and again."""
    return tokens(sentence, tongue)


def _side(found: tuple[Token, ...], repeated: tuple[bool, ...]) -> Side:
    return Side(
        tokens=found, keys=tuple([token.key for token in found]), repeated=repeated, own=len(found) - sum(repeated)
    )
