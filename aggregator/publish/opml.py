"""OPML 2.0 (opml.org/spec2.opml): the sources, by zone, for whoever wants to read them elsewhere.

A source that is a page has no feed that a reader could subscribe to: it is a link (``type="link"``).
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from aggregator import text
from aggregator.model import Config, Document, Source, Zone
from aggregator.publish import places
from aggregator.publish.shelf import Shelf

MEDIA_TYPE = "text/x-opml"
_PAGES = ("page", "sitemap")


def render(config: Config) -> bytes:
    """The sources that are switched on, as OPML; the same configuration gives the same bytes."""
    title = config.streams[0].title if config.streams else "aggregator"
    return _rendered(config, title, (source for source in config.sources if source.enabled))


def document(shelf: Shelf) -> Document:
    """The sources of a stream for everybody: without those that only we are let in to."""
    config, stream = shelf.config, shelf.stream
    zones = config.zones_of(stream)
    sources = (each for each in config.sources if each.enabled and each.auth is None and each.zone in zones)
    made = _rendered(config, text.clean(stream.title) or stream.id, sources)
    return shelf.document(f"{MEDIA_TYPE}; charset=utf-8", places.feed(config, stream, "opml"), (made,))


def _rendered(config: Config, title: str, sources: Iterable[Source]) -> bytes:
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    body = etree.SubElement(root, "body")
    chosen = list(sources)
    for zone in config.zones:
        if own := [source for source in chosen if source.zone == zone.id]:
            folder = etree.SubElement(body, "outline", text=zone.name)
            for source in own:
                etree.SubElement(folder, "outline", _outline(source, zone))
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _outline(source: Source, zone: Zone) -> dict[str, str]:
    title = source.title or source.id
    if source.type in _PAGES:
        return {"type": "link", "text": title, "url": source.url}
    home = {"htmlUrl": zone.url} if zone.url else {}
    return {"type": "rss", "text": title, "title": title, "xmlUrl": source.url, **home}
