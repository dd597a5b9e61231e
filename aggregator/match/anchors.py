"""A bounded signature by which a store finds what may be alike, without comparing.

The smallest hashes of a text's word triples, and those of its opening: two texts of which one contains the other, or
its beginning, share some of them (bottom-k sketches).  They only find candidates: ``compare`` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest

import xxhash

from aggregator.match.commonplaces import NONE, Commonplaces
from aggregator.match.reading import reading
from aggregator.model import Sighting

WHOLE = 24
OPENING = 8
OPENING_WORDS = 32


def anchors(sighting: Sighting, commonplaces: Commonplaces = NONE) -> tuple[int, ...]:
    """At most 32 signed 64-bit numbers, each once, smallest first; of what its source repeats there are none."""
    body = reading(sighting, commonplaces).body
    own = [key for key, repeated in zip(body.keys, body.repeated, strict=True) if not repeated]
    whole, opening = _triples(own), _triples(own[:OPENING_WORDS])
    return tuple(sorted({*nsmallest(WHOLE, whole), *nsmallest(OPENING, opening)}))


def _triples(words: Sequence[str]) -> set[int]:
    return {
        xxhash.xxh64_intdigest(" ".join(words[at : at + 3]).encode("utf-8", "surrogatepass")) - (1 << 63)
        for at in range(max(len(words) - 2, min(len(words), 1)))
    }
