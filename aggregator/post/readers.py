"""Who is due what: the readers of a digest, by the stories that are news to them.

A reader is due what arrived since they were last mailed and is of the digest's and of their own choice, and beside it
the updates of what they were mailed before.  Who is due the same shares a letter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator import select
from aggregator.model import Config, Digest, Edition, Reader, Story, Stream
from aggregator.store import Tx

LATELY = timedelta(days=30)
"""How long after its arrival a story may still become eligible for who asks for more than a zone, and how long after
its mailing an update of it is told."""
_OVERLAP = timedelta(days=1)
"""A poll says when it began, and may end after a freezing that began later; and clocks are set back."""
UPDATES = 20
"""How many updates a letter tells at most; the latest first."""
_Alike = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]
"""New stories, updates, zones that were chosen, format: who has all of these in common shares a letter."""
View = Callable[[str, Reader], Story | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What some readers are due alike, as they see it: *stories* in the order of their arrival, and *updates*."""

    stories: tuple[Story, ...]
    updates: tuple[Story, ...]
    text_only: bool
    readers: tuple[Reader, ...]


def due(tx: Tx, config: Config, digest: Digest, now: datetime, only: Collection[str] = ()) -> list[Due]:
    """Who is due what; of the new stories only *only*, if there are any."""
    readers = tx.audience.readers(digest.id, digest.recipients)
    fresh = _fresh(tx, config, digest, readers, now)
    updates = tx.mailing.updates(digest.id, now - LATELY) if fresh else {}
    view = _views(tx, config, digest, [*fresh.values(), *updates.values()])
    alike: defaultdict[_Alike, list[Reader]] = defaultdict(list)
    for reader in readers:
        stories = _seen(view, reader, (id for id in fresh.get(reader.address, ()) if not only or id in only))
        edited = _seen(view, reader, (id for id in updates.get(reader.address, ()) if id not in stories))
        if stories:
            alike[tuple(stories), tuple(edited)[:UPDATES], tuple(sorted(reader.zones)), reader.format].append(reader)
    return [_due(view, ids, edits, who) for (ids, edits, *_), who in sorted(alike.items())]


def _due(view: View, ids: Iterable[str], edited: Iterable[str], readers: list[Reader]) -> Due:
    return Due(
        stories=tuple(_seen(view, readers[0], ids).values()),
        updates=tuple(_seen(view, readers[0], edited).values()),
        text_only=readers[0].format == "text",
        readers=tuple(readers),
    )


def _seen(view: View, reader: Reader, ids: Iterable[str]) -> dict[str, Story]:
    """Those of the stories that the reader is shown, as they are shown them."""
    found = ((id, view(id, reader)) for id in ids)
    return {id: story for id, story in found if story}


def _fresh(
    tx: Tx, config: Config, digest: Digest, readers: Iterable[Reader], now: datetime
) -> dict[str, tuple[str, ...]]:
    """What arrived for each reader.  Who asks for more than a zone may be due what arrived before and was edited."""
    stream = config.stream(digest.stream)
    offered = _within(config.zones_of(stream), digest.zones)
    picky = select.is_filtered(stream) or bool(digest.categories)
    groups: defaultdict[tuple[tuple[str, ...], bool], list[str]] = defaultdict(list)
    for reader in readers:
        groups[_within(offered, reader.zones), picky or bool(reader.categories)].append(reader.address)
    again = _eligible_since(tx, stream, now)
    last = tx.mailing.editions(digest.id, limit=1)
    found: dict[str, tuple[str, ...]] = {}
    for (zones, filtered), addresses in groups.items():
        found |= tx.mailing.fresh(digest.id, addresses, zones, again=again if filtered else None, changed=_looked(last))
    return found


def _within(zones: Iterable[str], chosen: Collection[str]) -> tuple[str, ...]:
    return tuple(zone for zone in zones if not chosen or zone in chosen)


def _looked(editions: list[Edition]) -> datetime | None:
    return editions[0].frozen - _OVERLAP if editions else None


def _eligible_since(tx: Tx, stream: Stream, now: datetime) -> datetime:
    """Since when an arrival counts that was no news to the stream then: an edit or a second zone may have made it so.

    What arrived before the operator changed the stream is history to it, however old its recipients are.
    """
    since = tx.meta.get(f"selection:{stream.id}:since")
    return max(now - LATELY, datetime.fromisoformat(since)) if since else now


def _views(tx: Tx, config: Config, digest: Digest, ids: Iterable[Iterable[str]]) -> View:
    """How a reader of the digest sees a story, None for one that is not of their choice."""
    stream = config.stream(digest.stream)
    stories = _of_digest(config, digest, tx.stories.all(sorted({id for some in ids for id in some})))
    known: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Story | None] = {}

    def view(id: str, reader: Reader) -> Story | None:
        if not (reader.zones or reader.categories):
            return stories.get(id)
        key = (id, reader.zones, reader.categories)
        if key not in known:
            story = stories.get(id)
            known[key] = story and select.narrowed(story, reader.zones, reader.categories, stream.prefer)
        return known[key]

    return view


def _of_digest(config: Config, digest: Digest, stories: Iterable[Story]) -> Mapping[str, Story]:
    stream = config.stream(digest.stream)
    shown = (select.shown(story, config, stream) for story in stories)
    mine = (select.narrowed(story, digest.zones, digest.categories, stream.prefer) for story in shown if story)
    return {story.id: story for story in mine if story}
