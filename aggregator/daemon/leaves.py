"""Pages that are made when somebody asks for them: each story's own, and the months of each stream.

There are as many as there is news, so that none is made at a change.  What was made is kept, within bounds, for as
long as the database says the same; what a stranger walks through costs a look-up and a rendering each.  As files they
are all there, and a change writes those that it changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aggregator import select
from aggregator.daemon.rendering import since
from aggregator.model import Config, Document, Story, Stream
from aggregator.publish import document, months, places, story
from aggregator.publish.months import Leaf, Month, Tally
from aggregator.publish.packing import packed
from aggregator.store import Tx

KEPT = 8_000_000
"""How many bytes of pages are kept, their compressed forms included."""
AT_ONCE = 50
"""How many stories are read and rendered before the others get a turn."""
_HTML = "text/html; charset=utf-8"
_END = datetime(2200, 1, 1, tzinfo=UTC)


class Leaves:
    """Good for one configuration, with *room* for so many bytes.  ``find`` and ``files`` are not for use by two
    threads at once.
    """

    def __init__(self, config: Config, room: int = KEPT) -> None:
        self._config = config
        self._room = room
        self._zone = ZoneInfo(config.timezone)
        self._whole = places.whole(config)
        self._kept: OrderedDict[str, tuple[int, Document]] = OrderedDict()
        self._size = 0
        self._told: dict[str, object] = {}
        self.unfinished = False
        """Whether ``files`` has left something for the next time."""

    def kept(self, path: str, revision: int) -> Document | None:
        """The page at *path* if it was made from the state of this *revision*; from any thread."""
        made, found = self._kept.get(path, (-1, None))
        return found if made == revision else None

    def find(self, tx: Tx, path: str) -> Document | None:
        """The page at *path*; None when there is none."""
        made = self._make(tx, path)
        return self._keep(path, tx.stories.revision(), made) if made else None

    def files(self, tx: Tx, most: int | None = None) -> Iterator[tuple[str, Document | None]]:
        """Every page with its path, uncompressed; None for one that is what it was the last time.

        At most *most* stories are rendered; the others are as they were until the next call, and ``unfinished``.
        """
        yield from self._stories(tx, most)
        for stream in places.streams(self._config):
            yield from self._months(tx, stream)

    def forget(self) -> None:
        """What ``files`` told of was lost."""
        self._told.clear()

    # -- one page --

    def _make(self, tx: Tx, path: str) -> Document | None:
        if id := places.told(self._config, path):
            return self._story(tx, id)
        if found := places.dated(self._config, path):
            stream, name, number = found
            month = months.read(name) if name else None
            if month:
                return self._month(tx, stream, month, number)
            return None if name else self._list(tx, stream)
        return None

    def _keep(self, path: str, revision: int, made: Document) -> Document:
        """Pack *made*, unless the same is there already."""
        _, before = self._kept.pop(path, (-1, None))
        self._size -= _size(before) if before else 0
        same = before is not None and replace(before, packed=()) == made
        found = before if before and same else packed(made)
        self._kept[path] = revision, found
        self._size += _size(found)
        while self._size > self._room and len(self._kept) > 1:
            self._size -= _size(self._kept.popitem(last=False)[1][1])
        return found

    # -- stories --

    def _story(self, tx: Tx, id: str) -> Document | None:
        found = tx.stories.get(id)
        if found is None or (found.held and not found.withdrawn):
            return None
        if found.withdrawn:
            taken = None if found.members else tx.hands.joined_into(id)
            return story.moved(self._config, id, taken) if taken else story.gone(self._config)
        return self._rendered(tx, found, self._linked(tx, [found]))

    def _linked(self, tx: Tx, stories: Sequence[Story]) -> dict[str, Story]:
        """The stories that these are linked with, as their own pages show them."""
        ids = {each.story for one in stories for each in one.related}
        shown = (select.shown(each, self._config, self._whole) for each in tx.stories.all(sorted(ids)))
        return {each.id: each for each in shown if each}

    def _rendered(self, tx: Tx, found: Story, linked: dict[str, Story]) -> Document | None:
        """None when no zone that is left published it."""
        own = select.shown(found, self._config, self._whole)
        if own is None:
            return None
        related = [linked[each.story] for each in found.related if each.story in linked]
        looks = max((since(tx, stream) for stream in self._config.streams), default=found.changed)
        changed = max(looks, found.changed, *tx.related.changed(found.id))
        return document(_HTML, story.render(self._config, own, related), changed)

    def _stories(self, tx: Tx, most: int | None) -> Iterator[tuple[str, Document | None]]:
        states = tx.calendar.changes()
        new = [id for id, state in states.items() if self._told.get(id) != state]
        self.unfinished = most is not None and len(new) > most
        for start in range(0, len(new[:most]), AT_ONCE):
            batch = tx.stories.all(new[:most][start : start + AT_ONCE])
            linked = self._linked(tx, batch)
            for each in batch:
                self._told[each.id] = states.pop(each.id)
                if made := self._rendered(tx, each, linked):
                    yield places.story(each.id), made
        yield from ((places.story(id), None) for id in states)

    # -- months --

    def _list(self, tx: Tx, stream: Stream) -> Document:
        return self._listed(tx, stream, [tally for tally, _ in self._tallies(tx, stream)])

    def _listed(self, tx: Tx, stream: Stream, tallies: Sequence[Tally]) -> Document:
        if select.is_filtered(stream):  # what its rules let through would have to be read to be counted
            tallies = [Tally(each.month, None) for each in tallies]
        return document(_HTML, months.render_list(self._config, stream, tallies), self._changed(tx, stream))

    def _tallies(self, tx: Tx, stream: Stream) -> Iterator[tuple[Tally, datetime | None]]:
        """The months in which its zones had news, newest first, each with when anything in it changed last."""
        zones = self._config.zones_of(stream)
        moment = tx.calendar.latest(zones, _END)
        while moment and (month := months.of(moment, self._zone)).year >= months.FIRST:
            count, changed = tx.calendar.tally(zones, month.begins(self._zone), month.ends(self._zone))
            yield Tally(month, count), changed
            moment = tx.calendar.latest(zones, month.begins(self._zone))

    def _month(self, tx: Tx, stream: Stream, month: Month, number: int) -> Document | None:
        zones, (begins, ends) = self._config.zones_of(stream), (month.begins(self._zone), month.ends(self._zone))
        count, _ = tx.calendar.tally(zones, begins, ends)
        if not count:
            return None
        near = tx.calendar.latest(zones, begins), tx.calendar.earliest(zones, ends)
        older, newer = (months.of(moment, self._zone) if moment else None for moment in near)
        return self._leaf(tx, stream, Tally(month, count), number, older, newer)

    def _leaf(
        self, tx: Tx, stream: Stream, tally: Tally, number: int, older: Month | None, newer: Month | None
    ) -> Document | None:
        stories, many = self._of_month(tx, stream, tally, number)
        pages = max(1, -(-many // months.PAGE))
        if number > pages:
            return None
        leaf = Leaf(month=tally.month, stories=stories, number=number, pages=pages, older=older, newer=newer)
        return document(_HTML, months.render(self._config, stream, leaf), self._changed(tx, stream))

    def _of_month(self, tx: Tx, stream: Stream, tally: Tally, number: int) -> tuple[list[Story], int]:
        """What one page of a month shows, and how much the whole month does."""
        zones, month = self._config.zones_of(stream), tally.month
        first = (number - 1) * months.PAGE
        filtered = select.is_filtered(stream)
        part = (None, 0) if filtered else (months.PAGE, first)
        ids = tx.calendar.ids(zones, month.begins(self._zone), month.ends(self._zone), *part)
        found = select.newest_first(tx.stories.all(ids), self._config, stream)
        return (found[first : first + months.PAGE], len(found)) if filtered else (found, tally.count or 0)

    def _changed(self, tx: Tx, stream: Stream) -> datetime:
        looks = since(tx, stream)
        return max(looks, tx.stories.changed(self._config.zones_of(stream)) or looks)

    def _months(self, tx: Tx, stream: Stream) -> Iterator[tuple[str, Document | None]]:
        told = list(self._tallies(tx, stream))
        every: list[Month | None] = [None, *(tally.month for tally, _ in told), None]
        state: object = (since(tx, stream), [tally for tally, _ in told])
        path = places.months(stream)
        yield path, self._listed(tx, stream, [tally for tally, _ in told]) if self._is_news(path, state) else None
        for at, (tally, changed) in enumerate(told, start=1):
            newer, older = every[at - 1], every[at + 1]
            news = self._is_news(places.month(stream, tally.month.name), (since(tx, stream), changed, newer, older))
            for number in range(1, -(-(tally.count or 0) // months.PAGE) + 1):
                made = self._leaf(tx, stream, tally, number, older, newer) if news else None
                if made or not news:
                    yield places.month(stream, tally.month.name, number), made

    def _is_news(self, path: str, state: object) -> bool:
        """Whether the page at *path* has another state than the last time, which is remembered."""
        before, self._told[path] = self._told.get(path), state
        return before != state


def _size(document: Document) -> int:
    return len(document.content) + sum(len(content) for _, content in document.packed)
