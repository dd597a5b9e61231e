"""OPML 2.0 (opml.org/spec2.opml): the sources, by zone, for whoever wants to read them elsewhere.

A source that is a page has no feed that a reader could subscribe to: it is a link (``type="link"``).
"""

from __future__ import annotations

from lxml import etree

from aggregator.model import Config, Source, Zone

MEDIA_TYPE = "text/x-opml"
_PAGES = ("page", "sitemap")


def render(config: Config) -> bytes:
    """The sources that are switched on, as OPML; the same configuration gives the same bytes."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = config.streams[0].title if config.streams else "aggregator"
    body = etree.SubElement(root, "body")
    for zone in config.zones:
        sources = [source for source in config.sources if source.zone == zone.id and source.enabled]
        if sources:
            folder = etree.SubElement(body, "outline", text=zone.name)
            for source in sources:
                etree.SubElement(folder, "outline", _outline(source, zone))
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _outline(source: Source, zone: Zone) -> dict[str, str]:
    title = source.title or source.id
    if source.type in _PAGES:
        return {"type": "link", "text": title, "url": source.url}
    home = {"htmlUrl": zone.url} if zone.url else {}
    return {"type": "rss", "text": title, "title": title, "xmlUrl": source.url, **home}
