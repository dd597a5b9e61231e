"""What changes in an entry although nobody changed it: counters, moments of the last edit, a source's standing phrases.

A short sentence that a source says under several openings and that differs in its digits only ("Gelezen: 123 keer") is
a counter, whatever the language; it is learnt like the commonplaces, and kept among them.
"""

from __future__ import annotations

import re
from dataclasses import replace

import xxhash

from aggregator import text
from aggregator.match.commonplaces import Commonplaces, hashed, split
from aggregator.match.keys import plain
from aggregator.model import Content, Sighting

LONGEST = 6
"""How many words beside its numbers a counter has at most; longer sentences with numbers are news."""
MOST = 32
"""How many sentences with numbers of one entry are looked at, the last: that is where counters stand."""
_READ = 20_000
_NUMBER = re.compile(r"\d+")


def counters(sighting: Sighting) -> tuple[tuple[int, int], ...]:
    """The sentences that may be counters, without their numbers, each with the opening they stood under."""
    opening, *others = split(plain(sighting.entry)[-_READ:]) or ("",)
    shapes = dict.fromkeys(shape for each in others if (shape := _shape(each)) is not None)
    return tuple((shape, _masked(opening)) for shape in list(shapes)[-MOST:])


def told(sighting: Sighting, commonplaces: Commonplaces) -> str:
    """A hash of what the entry says, without what its source says under everything."""
    common = commonplaces.of(sighting.source)
    said = (each for each in split(plain(sighting.entry)) if hashed(each) not in common and _shape(each) not in common)
    return text.digest(text.fold(sighting.entry.title), *(text.fold(each) for each in said))


def uncounted(one: Sighting, other: Sighting, commonplaces: Commonplaces) -> tuple[Sighting, Sighting]:
    """Both without the counters that both of their sources have: one source alone makes nothing a counter."""
    both = commonplaces.of(one.source) & commonplaces.of(other.source)
    return _without(one, both), _without(other, both)


def _without(sighting: Sighting, shapes: frozenset[int]) -> Sighting:
    said = split(plain(sighting.entry))
    kept = [each for each in said if _shape(each) not in shapes]
    if len(kept) == len(said):
        return sighting
    return replace(sighting, entry=replace(sighting.entry, summary=None, content=Content(value="\n".join(kept))))


def _shape(said: str) -> int | None:
    if said.isascii() and not _NUMBER.search(said):
        return None
    words = text.fold(said).split()
    if not any(map(_NUMBER.search, words)) or sum(not _NUMBER.search(word) for word in words) > LONGEST:
        return None
    return _masked(said)


def _masked(said: str) -> int:
    return xxhash.xxh64_intdigest(f"#{_NUMBER.sub('#', text.fold(said))}".encode()) - (1 << 63)
