"""What a source says under everything: its boilerplate, learnt and then left out of the comparison.

A sentence is a commonplace of its source when it was seen under several *different openings* of that source: the first
two sentences, for the second the first alone.  An item that is posted again or cut short keeps its opening, so a story
never becomes its own boilerplate; openings that are alike count as one, so neither does a series that is made from a
template, nor an item with a greeting before it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import xxhash

from aggregator import text
from aggregator.match.keys import plain
from aggregator.model import Sighting

OPENINGS = 3
"""Under how many openings a sentence must stand to be a commonplace."""
MOST = 64
"""How many sentences of one entry are looked at: the first and the last, where boilerplate stands."""
_READ = 20_000  # characters of either end

_WORD = re.compile(r"[^\W_]+")
_BORDER = re.compile(r"(?<=[.!?…])[\"'”\u2019)\]]?\s+|\n+")


@dataclass(frozen=True, slots=True)
class Commonplaces:
    """The hashes of the sentences that each source repeats, by source."""

    by_source: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def of(self, source: str) -> frozenset[int]:
        """The sentences that *source* repeats."""
        return self.by_source.get(source, frozenset())


NONE = Commonplaces()


def learnt(sightings: Iterable[Sighting]) -> Commonplaces:
    """The commonplaces of the sources of *sightings*, in whatever order these come."""
    seen: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for sighting in sightings:
        for said, opening in sentences(sighting):
            seen[sighting.source, said].add(opening)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for (source, said), openings in seen.items():
        if len(openings) >= OPENINGS:
            found[source].add(said)
    return Commonplaces({source: frozenset(hashes) for source, hashes in found.items()})


def sentences(sighting: Sighting) -> tuple[tuple[int, int], ...]:
    """At most ``MOST`` sentences below the opening, each with the opening they stood under, as signed hashes.

    A store keeps the distinct pairs of a source; a sentence with ``OPENINGS`` of them is a commonplace.
    """
    body = plain(sighting.entry)
    whole = body if len(body) <= 2 * _READ else f"{body[:_READ]}\n{body[-_READ:]}"
    said = split(whole) or ("",)
    opening, *others = hashes(said)
    both, alone = _opening(" ".join(said[:2])), _opening(said[0])
    unique = [each for each in dict.fromkeys(others) if each != opening]
    some = unique if len(unique) <= MOST else unique[: MOST // 2] + unique[-MOST // 2 :]
    return tuple((each, alone if each == others[0] else both) for each in some)


def _opening(said: str) -> int:
    """One word of the opening, chosen by hash among those in small letters, or all of it where there are none.

    So most openings that differ are told apart, and most that are alike, as in a series made from one template or after
    an edit, are one (MinHash).
    """
    words = {word for word in _WORD.findall(said) if len(word) > 3 and word.islower()}
    if not words:
        return hashed(said)
    return min([_number(word) if word.isascii() else hashed(word) for word in words])  # folding changes few of them


@lru_cache(maxsize=2)
def split(body: str) -> tuple[str, ...]:
    """The sentences of a text, as far as punctuation and lines show them; who is new is asked for them thrice."""
    return tuple([part for part in _BORDER.split(body) if (_WORD.search(part) if part.isascii() else text.fold(part))])


@lru_cache(maxsize=2)
def hashes(said: tuple[str, ...]) -> tuple[int, ...]:
    """What ``hashed`` makes of each sentence."""
    return tuple([hashed(each) for each in said])


def hashed(said: str) -> int:
    """A sentence as a signed 64-bit number, whatever its case and punctuation."""
    return _number(text.fold(said))


def _number(folded: str) -> int:
    return xxhash.xxh64_intdigest(folded.encode()) - (1 << 63)
