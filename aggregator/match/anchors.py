"""A bounded signature by which a store finds what may be alike, without comparing.

The smallest hashes of a text's word triples, and those of its opening: two texts of which one contains the other, or
its beginning, share some of them (bottom-k sketches).  The smallest hashes of its facts find what tells the same in
other words or in another language, those of its title what has no text.  They only find candidates: ``compare``
decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest

import xxhash

from aggregator.match.commonplaces import NONE, Commonplaces
from aggregator.match.reading import Reading, called, reading
from aggregator.match.subject import SPECIAL
from aggregator.model import Sighting

MOST = 32
"""How many anchors an entry has at most; what facts, opening and title leave goes to the whole text."""
OPENING = 6
OPENING_WORDS = 32
FACTS = 8
TWICE = 3
"""How many of the facts that make a candidate alone, and so have two anchors each."""
_ALONE = SPECIAL | {"large"}
TITLE = 2
"""How many anchors a title gives, all of them or none: as many as make a candidate."""
TITLE_WORDS = 6
_TELLING = 2.0


def anchors(sighting: Sighting, commonplaces: Commonplaces = NONE) -> tuple[int, ...]:
    """At most 32 signed 64-bit numbers, each once, smallest first; of what its source repeats there are none."""
    read = reading(sighting, commonplaces)
    own = [key for key, repeated in zip(read.body.keys, read.body.repeated, strict=True) if not repeated]
    triples = _triples(own)
    found = {
        *nsmallest(OPENING, set(triples[: OPENING_WORDS - 2])),
        *_facts(read, called(sighting)),
        *_title(read.title.keys),
    }
    return tuple(sorted({*found, *nsmallest(MOST - len(found), set(triples))}))


def _facts(read: Reading, ours: str) -> set[int]:
    """The names, dates and larger numbers that it tells; not its publisher's own name, which is in all that it says."""
    told = [key for key, weight in read.telling.items() if weight >= _TELLING and key not in ours]
    alone = (key for key in told if key in read.facts and read.facts[key].sort in _ALONE)
    twice = nsmallest(TWICE, (_hashed(f"again {key}") for key in alone))
    return {*twice, *nsmallest(FACTS - len(twice), (_hashed(f"fact {key}") for key in told))}


def _title(words: Sequence[str]) -> set[int]:
    if len(words) < TITLE_WORDS:
        return set()
    return {_hashed(f"title {number} {' '.join(words)}") for number in range(TITLE)}


def _triples(words: Sequence[str]) -> list[int]:
    """A hash of each three words that stand together, in their order; of fewer than three, of all that there are."""
    if len(words) < 3:
        return [_hashed(" ".join(words))] if words else []
    said = [word.encode("utf-8", "surrogatepass") for word in words]
    number = xxhash.xxh64_intdigest
    return [number(b" ".join(three)) - _HALF for three in zip(said, said[1:], said[2:], strict=False)]


def _hashed(said: str) -> int:
    return xxhash.xxh64_intdigest(said.encode("utf-8", "surrogatepass")) - _HALF


_HALF = 1 << 63
