"""One search, from what a reader typed to the stories that a page shows.

The store's index says which may fit, ``select`` which of them a stream shows, and how: what a stream does not show is
found by no word in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from aggregator import select
from aggregator.model import Config, Story, Stream
from aggregator.query import Query, fits
from aggregator.store import Tx

SIZE = 20
"""How many stories a page of results has."""
PAGES = 10
"""How many pages there are at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: in one *stream* or all, what one *zone* published or all; *page* counts from 1."""

    query: Query
    stream: Stream | None = None
    zone: str | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """The stories of a page as a stream shows them, the best first, and whether there are *more*."""

    stories: tuple[Story, ...]
    more: bool


def seek(tx: Tx, config: Config, asked: Asked) -> Found:
    """The page that was asked for.  Raises SearchError when the index takes too long."""
    streams = (asked.stream,) if asked.stream else config.streams
    zones = [asked.zone] if asked.zone else sorted({zone for each in streams for zone in config.zones_of(each)})
    ids = tx.search.find(asked.query, zones)
    first = (min(asked.page, PAGES) - 1) * SIZE
    found = list(islice(_shown(tx, config, streams, ids, asked), first, first + SIZE + 1))
    return Found(stories=tuple(found[:SIZE]), more=len(found) > SIZE)


def _shown(tx: Tx, config: Config, streams: Sequence[Stream], ids: Sequence[str], asked: Asked) -> Iterator[Story]:
    """Read as they are wanted: the first page costs no more than its stories."""
    for start in range(0, len(ids), SIZE):
        for story in tx.stories.all(ids[start : start + SIZE]):
            as_shown = (select.shown(story, config, stream) for stream in streams)
            if found := next((each for each in as_shown if each and _fits(each, asked)), None):
                yield found


def _fits(story: Story, asked: Asked) -> bool:
    """Held against what is shown: another copy may be why the index knew the story."""
    copies = [member.sighting for member in story.members]
    if asked.zone and all(copy.zone != asked.zone for copy in copies):
        return False
    return fits(asked.query, [select.words(copy.entry) for copy in copies])
