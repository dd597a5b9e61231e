"""What each source says under everything, as a turn of the writer needs it: learnt entry by entry, kept at its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from aggregator.match import OPENINGS, counters, sentences
from aggregator.model import Sighting
from aggregator.store import Sentence, Tx


class Said(Mapping[str, frozenset[int]]):
    """What each source says under everything, read when it is asked for, and learnt entry by entry.

    What was learnt counts at once, and is kept when ``keep`` is called.
    """

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._common: dict[str, frozenset[int]] = {}
        self._learnt: defaultdict[str, dict[int, Sentence]] = defaultdict(dict)

    def learn(self, sighting: Sighting) -> None:
        """Note what *sighting* says, and under which openings."""
        self.hear(sighting.source, (*sentences(sighting), *counters(sighting)))

    def hear(self, source: str, said: Sequence[tuple[int, int]]) -> None:
        """Note that *source* said these sentences, each under its opening.

        Under ``OPENINGS`` different ones a sentence is common, and stays so for as long as it is said.
        """
        if not said:
            return
        values, learnt = [value for value, _ in said], self._learnt[source]
        if source in self._common:
            known = self._tx.sentences.known(source, values)
        else:
            known, common = self._tx.sentences.known_and_common(source, values)
            self._common[source] = _one(common)
        became: set[int] = set()
        for value, opening in said:
            before = learnt.get(value) or known.get(value)
            learnt[value] = now = _once_more(before, value, str(opening))
            if now.common and not (before and before.common):
                became.add(value)
        if became:
            self._common[source] = _one(self._common[source] | became)

    def keep(self, at: datetime) -> None:
        """Keep what was learnt, as said at *at*."""
        for source, learnt in self._learnt.items():
            self._tx.sentences.note(source, learnt.values(), at)
        self._learnt.clear()

    def __getitem__(self, source: str) -> frozenset[int]:
        if source not in self._common:
            self._common[source] = _one(self._tx.sentences.common(source))
        return self._common[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._common)

    def __len__(self) -> int:
        return len(self._common)


def _once_more(before: Sentence | None, value: int, opening: str) -> Sentence:
    """A sentence that was said under *opening*, given what was known of it *before*."""
    if before is None:
        return Sentence(value, opening, OPENINGS <= 1, known=False)
    if before.common or opening in (openings := before.openings.split()):
        return before
    return before._replace(openings=f"{before.openings} {opening}", common=len(openings) + 1 >= OPENINGS)


@lru_cache(maxsize=64)
def _one(said: frozenset[int]) -> frozenset[int]:
    """The same set for the same sentences: texts that were read without them are found without counting them again."""
    return said
