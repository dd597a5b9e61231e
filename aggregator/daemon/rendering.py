"""From the database to the documents: what is published, and since when it looks as it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from aggregator import __version__, select, text, tidy
from aggregator.model import Config, Document, Story, Stream
from aggregator.publish import assets, documents
from aggregator.store import Tx

SOUGHT = 2000
"""Among how many of the newest stories of its zones a stream seeks those that its rules let through."""


def render_all(tx: Tx, config: Config) -> dict[str, Document]:
    """Every document of every stream, and the files that they refer to, as the database says."""
    rendered = assets(config, max(_since(tx, stream) for stream in config.streams))
    for stream in config.streams:
        since = _since(tx, stream)
        changed = max(since, tx.stories.changed(config.zones_of(stream)) or since)
        rendered |= documents(config, stream, _stories(tx, config, stream), changed)
    return rendered


def _stories(tx: Tx, config: Config, stream: Stream) -> list[Story]:
    """The newest stories that the stream shows, as many as it has room for; what is rare is sought among the newest."""
    limit = stream.items if not select.is_filtered(stream) else max(SOUGHT // 10, stream.items)
    while True:
        stories = tx.stories.newest(config.zones_of(stream), limit)
        shown = select.newest_first(stories, config, stream)
        if len(shown) >= stream.items or len(stories) < limit or limit >= SOUGHT:
            return shown[: stream.items]
        limit = SOUGHT


def note_presentation(tx: Tx, config: Config, now: datetime) -> None:
    """Remember since when streams look as they are configured now, for that too is a change of their documents."""
    for stream in config.streams:
        look = text.digest(__version__, *_look(config, stream))
        if tx.meta.get(f"presentation:{stream.id}") != look:
            tx.meta.put(f"presentation:{stream.id}", look)
            tx.meta.put(f"presentation:{stream.id}:since", now.isoformat())


def _since(tx: Tx, stream: Stream) -> datetime:
    """When a stream changed that no story of it tells: its looks, or a story that is no more."""
    moments = (tx.meta.get(name) for name in (f"presentation:{stream.id}:since", tidy.GONE))
    return max(datetime.fromisoformat(moment or "1970-01-01T00:00:00+00:00") for moment in moments)


def _look(config: Config, stream: Stream) -> tuple[str, ...]:
    sources = [replace(source, interval=None, note=None, page=None) for source in config.sources]
    parts = (stream, config.streams, config.zones, sources, config.base_url, config.language, config.timezone)
    return tuple(repr(part) for part in parts)
