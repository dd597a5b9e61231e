"""What each source says under everything, as a turn of the writer needs it: read once, and learnt entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from aggregator.match import OPENINGS, counters, sentences
from aggregator.model import Sighting
from aggregator.store import Tx


class Said(Mapping[str, frozenset[int]]):
    """What each source says under everything, read when it is asked for, and learnt entry by entry."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._common: dict[str, frozenset[int]] = {}

    def learn(self, sighting: Sighting, at: datetime) -> None:
        said = [*sentences(sighting), *counters(sighting)]
        became = self._tx.sentences.learn(sighting.source, said, enough=OPENINGS, at=at)
        if became:
            self._common[sighting.source] = _one(self[sighting.source] | became)

    def __getitem__(self, source: str) -> frozenset[int]:
        if source not in self._common:
            self._common[source] = _one(self._tx.sentences.common(source))
        return self._common[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._common)

    def __len__(self) -> int:
        return len(self._common)


@lru_cache(maxsize=64)
def _one(said: frozenset[int]) -> frozenset[int]:
    """The same set for the same sentences: texts that were read without them are found without counting them again."""
    return said
