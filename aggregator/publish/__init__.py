"""Stories → documents: what a stream looks like from outside, rendered once per change.

    shelf.py     what a document is made of: stories, tombstones, its place in the archive
    kept.py      entries that were rendered before
    entry.py atom.py rss.py jsonfeed.py opml.py     a format each, for programs
    page.py      for people: what all pages have, and the stream's
    story.py months.py zones.py feeds.py     the other pages
    reasons.py   why copies are one story, for readers
    static.py    what the pages need
    former.py    addresses that lead elsewhere
    faults.py    the operators' feed
    packing.py   content codings
    places.py    the addresses

Same arguments, same bytes: nothing here reads the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aggregator.model import Config, Document, Link, Story, Stream
from aggregator.publish import atom, jsonfeed, opml, page, places, rss
from aggregator.publish.shelf import Shelf
from aggregator.publish.static import assets, document

__all__ = ["Shelf", "assets", "document", "documents", "of_shelf"]


def documents(config: Config, stream: Stream, stories: Sequence[Story], changed: datetime) -> dict[str, Document]:
    """``of_shelf`` for a stream without history."""
    return of_shelf(Shelf(config=config, stream=stream, stories=stories[: stream.items], changed=changed))


def of_shelf(shelf: Shelf) -> dict[str, Document]:
    """Every document of a stream by its path below base_url: the feeds, the sources, ``/<id>/``, ``/`` for the first.

    The files that the pages refer to are ``assets``.
    """
    stream = shelf.stream
    made = {
        f"/{stream.id}.atom": atom.document(shelf),
        f"/{stream.id}.rss": rss.document(shelf),
        f"/{stream.id}.json": jsonfeed.document(shelf),
        f"/{stream.id}.opml": opml.document(shelf),
    }
    for path in dict.fromkeys((places.path(shelf.config, stream), f"/{stream.id}/")):
        made[path] = _page(shelf, path)
    return made


def _page(shelf: Shelf, path: str) -> Document:
    root = page.root_of(path)
    content = page.render(
        shelf.config, shelf.stream, shelf.stories, shelf.changed, root=root, links=shelf.links, pinned=shelf.pinned
    )
    return document("text/html; charset=utf-8", content, shelf.changed, links=_ways(shelf))


def _ways(shelf: Shelf) -> tuple[Link, ...]:
    """The page's feeds, and its hubs with its own address (WebSub §4), for programs that read no HTML (RFC 8288)."""
    config, stream = shelf.config, shelf.stream
    types = {"atom": atom.MEDIA_TYPE, "rss": rss.MEDIA_TYPE, "json": jsonfeed.MEDIA_TYPE}
    feeds = (
        Link(href=places.feed(config, stream, format), rel="alternate", type=type) for format, type in types.items()
    )
    own = (Link(href=places.page(config, stream), rel="self"),) if config.hubs else ()
    return (*feeds, *(Link(href=hub, rel="hub") for hub in config.hubs), *own)
