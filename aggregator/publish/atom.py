"""The Atom feed of a stream (RFC 4287) and the pages of its archive (RFC 5005), through feedgen.

feedgen makes the frame, ``entry`` each entry, and the pieces are put together here.  Before the entries stand the
tombstones of what was withdrawn (RFC 6721 §3).  Nothing depends on the moment of rendering, and every string is
cleaned before feedgen sees it, because one that XML 1.0 §2.2 forbids would cost the whole feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from feedgen.feed import FeedGenerator
from lxml import etree

import aggregator
from aggregator import i18n, text, uri
from aggregator.model import Config, Document, Stream
from aggregator.publish import entry, places, static
from aggregator.publish.shelf import Shelf

MEDIA_TYPE = "application/atom+xml"

_HISTORY = "http://purl.org/syndication/history/1.0"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_END = b"</feed>"


def document(shelf: Shelf) -> Document:
    """The feed, or the page of the archive: the same bytes for the same shelf, valid whatever the sources wrote."""
    head, _, tail = _frame(shelf).atom_str(pretty=True).rpartition(_END)
    config = shelf.config
    entries = shelf.entries("atom", lambda story, full: entry.render(config, story, full=full))
    return shelf.document(f"{MEDIA_TYPE}; charset=utf-8", _own(shelf), (head, *entries, _END + tail))


def rights(config: Config, stream: Stream) -> str:
    """Whose the titles and texts are."""
    gettext = i18n.translations(config.language).gettext
    names = [text.clean(config.zone(id).name) for id in config.zones_of(stream)]
    return gettext("Titles and texts belong to their publishers: %(zones)s.") % {
        "zones": i18n.listed(config.language, names)
    }


def _own(shelf: Shelf) -> str:
    if shelf.span:
        return places.base(shelf.config) + places.archive(shelf.stream, shelf.span)
    return places.feed(shelf.config, shelf.stream)


def _frame(shelf: Shelf) -> Any:
    """atom:feed without its entries (RFC 4287 §4.1.1); its author stands in for entries that would lack one."""
    config, stream, page = shelf.config, shelf.stream, places.page(shelf.config, shelf.stream)
    title = text.clean(stream.title) or stream.id
    feed = FeedGenerator()
    feed.id(uri.tag(places.authority(config), f"stream/{(*stream.was, stream.id)[0]}"))
    feed.title(title)
    feed.updated(entry.second(shelf.changed))
    feed.author({"name": title, "uri": page})
    feed.language(config.language)
    feed.generator("aggregator", version=aggregator.__version__)
    feed.icon(f"{places.base(config)}/{static.icon_address(config)}")
    feed.rights(rights(config, stream))
    if subtitle := text.clean(stream.subtitle or ""):
        feed.subtitle(subtitle)
    if config.publish.logo:
        feed.logo(config.publish.logo)
    _link(feed, shelf)
    feed.register_extension("history", partial(_History, shelf), rss=False)
    return feed


def _link(feed: Any, shelf: Shelf) -> None:
    """Itself, the page for people, its hubs, and the way back through the archive (RFC 5005 §4)."""
    config, stream = shelf.config, shelf.stream
    feed.link(href=_own(shelf), rel="self", type=MEDIA_TYPE)
    feed.link(href=places.page(config, stream), rel="alternate", type="text/html", hreflang=config.language)
    if shelf.span:
        feed.link(href=places.feed(config, stream), rel="current", type=MEDIA_TYPE)
    else:
        for hub in config.hubs:
            feed.link(href=hub, rel="hub")
    if shelf.older:
        older = places.base(config) + places.archive(stream, shelf.older)
        feed.link(href=older, rel="prev-archive", type=MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class _History:
    """feedgen's extension hook: the types of texts, and what RFC 5005 and RFC 6721 add to a feed.

    Atom's elements carry no namespace here: feedgen writes ``xmlns`` as a plain attribute of atom:feed.
    """

    shelf: Shelf

    def extend_ns(self) -> dict[str, str]:
        archived = {"fh": _HISTORY} if self.shelf.span else {}
        return archived | ({"at": _TOMBSTONES} if self.shelf.withdrawn else {})

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        entry.typed(feed)
        if self.shelf.span:
            etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        for gone in self.shelf.withdrawn:
            when = entry.second(gone.at).isoformat()
            etree.SubElement(feed, f"{{{_TOMBSTONES}}}deleted-entry", ref=gone.story, when=when)
        return feed
