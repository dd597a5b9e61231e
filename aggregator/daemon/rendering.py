"""From the database to the documents: what is published, and since when it looks as it does.

The documents of a state are one mapping, path → document.  Pages of the archive are not in it: they are rendered when
somebody asks, and kept for as long as nothing in them changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from aggregator import __version__, renames, select, shown, text, tidy
from aggregator.model import Config, Document, Span, Story, Stream, Withdrawn
from aggregator.publish import Shelf, assets, atom, document, feeds, former, of_shelf, places, standing, zones
from aggregator.publish.kept import Kept
from aggregator.publish.packing import packed
from aggregator.publish.page import Linked
from aggregator.store import Tx, revision_of

ARCHIVES = 64
"""How many pages of archives are kept."""
LINKED = 2
"""With how many others a stream's page links a story; its own page names them all."""
PINNED = 5
"""How many pinned stories stand above the others, the last ones that were pinned."""
SOUGHT = 2000
"""Among how many of the newest stories of its zones a stream seeks those that its rules let through."""


AWAY = timedelta(days=400)
"""How long a reader may be away and still be told what was withdrawn meanwhile."""
WITHDRAWN = 1000
"""How many withdrawals a feed tells at most, or as many as it shows stories."""


class Press:
    """Renders what has changed since it rendered last; good for one configuration.

    Not for use by two threads at once.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._kept = Kept()
        self._shelves: dict[str, tuple[object, Shelf, dict[str, Document]]] = {}
        self._framed: tuple[object, dict[str, Document]] | None = None
        self._archive: dict[str, tuple[object, Document]] = {}
        self._told: dict[str, object] = {}
        self._before: dict[str, Document] = {}

    def render(self, tx: Tx) -> dict[str, Document]:
        """Every document but the archives, and the files that they refer to, as the database says."""
        config = self._config
        made = dict(self._frame(tx))
        facts = tx.meta.some(sorted(set(chain.from_iterable(map(self._facts, places.streams(config))))))
        for stream in places.streams(config):
            made |= self._stream(tx, stream, [facts.get(name) for name in self._facts(stream)])
        self._before = {path: self._pack(path, each) for path, each in made.items()}
        return self._before

    def elsewhere(self, tx: Tx, path: str) -> Document | None:
        """The redirect from a page that is made when it is asked for, of a stream that has another id now."""
        return former.below(self._config, _renamed(tx), path)

    def archive(self, tx: Tx, path: str) -> Document | None:
        """The page of an archive at *path*; None when there is none."""
        if (found := places.archived(self._config, path)) is None:
            return None
        stream, *numbers = found
        spans = tx.published.spans(self._config.zones_of(stream), stream.items)
        for older, span in zip([None, *spans], spans, strict=False):
            if [span.first, span.last] == numbers:
                return self._page(tx, stream, span, older)
        return None

    def archives(self, tx: Tx) -> Iterator[tuple[str, Document | None]]:
        """Every page of every archive, with its path; None for one that is what it was the last time."""
        for stream in places.streams(self._config):
            spans = tx.published.spans(self._config.zones_of(stream), stream.items)
            for older, span in zip([None, *spans], spans, strict=False):
                path, state = places.archive(stream, span), self._state(tx, stream, span, older)
                if self._told.get(path) == state:
                    yield path, None
                else:
                    self._told[path] = state
                    yield path, self._page(tx, stream, span, older)

    def forget(self) -> None:
        """What ``archives`` told of was lost."""
        self._told.clear()

    def _frame(self, tx: Tx) -> dict[str, Document]:
        """What no story changes."""
        config = self._config
        latest = max(since(tx, stream) for stream in config.streams)
        told, known, renamed = max(latest, _moment(tx, "site:since")), tx.published.streams(), _renamed(tx)
        state = (latest, told, known, renamed)
        if self._framed is None or self._framed[0] != state:
            made = former.documents(config, known, renamed) | assets(config, latest) | standing.documents(config, told)
            for path, content in ((feeds.PATH, feeds.render(config)), (places.ZONES, zones.render(config))):
                made[path] = document("text/html; charset=utf-8", content, latest)
            self._framed = (state, made)
        return self._framed[1]

    def _facts(self, stream: Stream) -> list[str]:
        """The names of what the database says of a stream: as long as it says the same, its documents are the same."""
        zones = map(revision_of, self._config.zones_of(stream))
        return [f"presentation:{stream.id}:since", tidy.GONE, *zones]

    def _stream(self, tx: Tx, stream: Stream, state: object) -> dict[str, Document]:
        """One of which no zone has a story that was saved meanwhile is what it was, and is not looked at."""
        known = self._shelves.get(stream.id)
        if known and known[0] == state:
            return known[2]
        own = self._config.zones_of(stream)
        looks = since(tx, stream)
        spans = tx.published.spans(own, stream.items)
        stories = stories_of(tx, self._config, stream, spans)
        changed = max(looks, tx.stories.changed(own) or looks)
        shelf = Shelf(
            config=self._config,
            stream=stream,
            stories=stories,
            pinned=_pinned(tx, self._config, stream),
            changed=changed,
            withdrawn=self._withdrawn(tx, stream, changed),
            links=_links(tx, self._config, stream, stories),
            older=spans[-1] if spans else None,
            kept=self._kept,
        )
        made = known[2] if known and known[1] == shelf else of_shelf(shelf)
        self._shelves[stream.id] = (state, shelf, made)
        return made

    def _withdrawn(self, tx: Tx, stream: Stream, changed: datetime) -> list[Withdrawn]:
        """What a reader who was away for a year does not know yet; the last ones in any case."""
        found = tx.published.withdrawn(self._config.zones_of(stream), max(WITHDRAWN, stream.items))
        return [each for at, each in enumerate(found) if at < stream.items or each.at > changed - AWAY]

    def _page(self, tx: Tx, stream: Stream, span: Span, older: Span | None) -> Document:
        """A page whose stories and neighbour are what they were is what it was."""
        path, state = places.archive(stream, span), self._state(tx, stream, span, older)
        before = self._archive.pop(path, None)
        if before is None or before[0] != state:
            zones = self._config.zones_of(stream)
            stories = tx.stories.all(tx.published.between(zones, span.first, span.last))
            shelf = Shelf(
                config=self._config,
                stream=stream,
                stories=_shown(self._config, stream, stories),
                changed=max(span.changed, since(tx, stream)),
                withdrawn=[Withdrawn(story=each.id, at=each.withdrawn) for each in stories if each.withdrawn],
                older=older,
                span=span,
            )
            before = (state, packed(atom.document(shelf)))
        self._archive[path] = before
        while len(self._archive) > ARCHIVES:
            del self._archive[next(iter(self._archive))]
        return before[1]

    def _state(self, tx: Tx, stream: Stream, span: Span, older: Span | None) -> object:
        """What the bytes of a page depend on, its configuration apart."""
        return span.changed, since(tx, stream), older and older.first

    def _pack(self, path: str, made: Document) -> Document:
        before = self._before.get(path)
        same = before is not None and replace(before, packed=()) == made
        return before if before and same else packed(made)


def render_all(tx: Tx, config: Config) -> dict[str, Document]:
    """Every document of a state, without the archives."""
    return Press(config).render(tx)


def stories_of(tx: Tx, config: Config, stream: Stream, spans: Sequence[Span] = ()) -> list[Story]:
    """What a stream shows, newest first: all that its archive does not have yet, then the newest, up to its ``items``.

    Who has read this and the archive back to a page already read has seen every story (RFC 5005 §4).
    """
    zones = config.zones_of(stream)
    fresh = tx.published.after(zones, spans[-1].last if spans else 0)
    newest = {story.id: story for story in _newest(tx, config, stream)}
    late = tx.stories.all([id for id in fresh if id not in newest])
    found = _shown(config, stream, [*newest.values(), *late])
    known = set(newest) - set(fresh)
    surplus = len(found) - stream.items
    # Those that the archive has already give way, the oldest first.
    spare = {story.id for story in [story for story in found if story.id in known][-surplus:]} if surplus > 0 else set()
    return [story for story in found if story.id not in spare]


def _newest(tx: Tx, config: Config, stream: Stream) -> Sequence[Story]:
    """The newest stories of its zones, so many that it shows its ``items`` if it can; what is rare, farther."""
    zones = config.zones_of(stream)
    if not select.is_filtered(stream):
        return tx.stories.newest(zones, stream.items)
    few = tx.stories.newest(zones, max(SOUGHT // 10, stream.items))
    enough = len(select.newest_first(few, config, stream)) >= stream.items
    return few if enough else tx.stories.newest(zones, max(SOUGHT, stream.items))


def note_presentation(tx: Tx, config: Config, now: datetime) -> None:
    """Remember since when streams look as they are configured now, for that too is a change of their documents."""
    for stream in places.streams(config):
        look = text.digest(__version__, *_look(config, stream))
        if tx.meta.get(f"presentation:{stream.id}") != look:
            tx.meta.put(f"presentation:{stream.id}", look)
            tx.meta.put(f"presentation:{stream.id}:since", now.isoformat())
    told = (config.about, config.fetch, config.retention, config.notices, config.server.search)
    if tx.meta.get("site") != (look := text.digest(*map(repr, told))):
        tx.meta.put("site", look)
        tx.meta.put("site:since", now.isoformat())


def _shown(config: Config, stream: Stream, stories: Sequence[Story]) -> list[Story]:
    """Those of *stories* that a stream shows, newest first, each as it shows it."""
    public = [story for story in stories if story.withdrawn is None and not story.held]
    return select.newest_first(public, config, stream)


def _pinned(tx: Tx, config: Config, stream: Stream) -> list[Story]:
    """What an editor put before all else, of what the stream shows, the latest pin first."""
    found = (select.shown(story, config, stream) for story in tx.stories.pinned())
    return [story for story in found if story][:PINNED]


def _links(tx: Tx, config: Config, stream: Stream, stories: Sequence[Story]) -> dict[str, list[Linked]]:
    """The stories that the page of *stream* links each of its own with: such as it shows too, or has shown."""
    wanted = {story.id: [each.story for each in story.related[:LINKED]] for story in stories}
    here = {story.id: story for story in stories}
    missing = sorted({id for ids in wanted.values() for id in ids} - here.keys())
    here |= {story.id: story for story in _shown(config, stream, tx.stories.all(missing))}

    def linked(id: str) -> Linked:
        return Linked(id, shown.title(here[id].lead), shown.language(here[id].lead))

    return {story: found for story, ids in wanted.items() if (found := [linked(id) for id in ids if id in here])}


def since(tx: Tx, stream: Stream) -> datetime:
    """When a stream changed that no story of it tells: its looks, or a story that is no more."""
    return max(_moment(tx, name) for name in (f"presentation:{stream.id}:since", tidy.GONE))


def _renamed(tx: Tx) -> dict[str, str]:
    return {each.old: each.new for each in renames.done(tx) if each.kind == "stream"}


def _moment(tx: Tx, name: str) -> datetime:
    return datetime.fromisoformat(tx.meta.get(name) or "1970-01-01T00:00:00+00:00")


def _look(config: Config, stream: Stream) -> tuple[str, ...]:
    sources = [replace(source, interval=None, note=None, page=None) for source in config.sources]
    publish = replace(config.publish, directory=None)
    mails = [(digest.id, digest.title, digest.stream, digest.public) for digest in config.digests]
    parts = (stream, config.streams, config.zones, sources, config.base_url, config.language, config.timezone)
    return tuple(repr(part) for part in (*parts, publish, config.hubs, config.server.search, mails))
