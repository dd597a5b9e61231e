"""The RSS 2.0 feed of a stream (rssboard.org/rss-specification), through feedgen.

What RSS cannot say is said in Atom's and Dublin Core's words: who wrote an item (RSS wants a mail address), its other
sources, the hubs.  ``_Item`` and ``_Channel`` are feedgen's extension hooks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

import aggregator
from aggregator import shown, text
from aggregator.model import Config, Document, Link, Story
from aggregator.publish import atom, entry, places
from aggregator.publish.shelf import Shelf

MEDIA_TYPE = "application/rss+xml"

_ATOM = "http://www.w3.org/2005/Atom"
_CREATOR = "http://purl.org/dc/elements/1.1/"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_NAMESPACES = {"atom": _ATOM, "content": _CONTENT, "dc": _CREATOR}
_END = b"</channel>"


def document(shelf: Shelf) -> Document:
    """The feed: the same bytes for the same shelf."""
    config, own = shelf.config, places.feed(shelf.config, shelf.stream, "rss")
    head, _, tail = _channel(shelf, own).rss_str(pretty=True).rpartition(_END)
    items = shelf.entries("rss", lambda story, full: render(config, story, full=full))
    return shelf.document(f"{MEDIA_TYPE}; charset=utf-8", own, (head, *items, _END + tail))


def render(config: Config, story: Story, *, full: bool = True) -> bytes:
    """The item's bytes, for a document that declares the namespaces of Atom, Dublin Core and RSS content."""
    root = etree.Element("rss", nsmap=_NAMESPACES)
    root.append(_item(config, story, full).rss_entry())
    made = etree.tostring(root, encoding="utf-8", pretty_print=True)
    return made[made.index(b"<item>") : made.rindex(b"</rss>")]


def _channel(shelf: Shelf, own: str) -> Any:
    """The channel without its items; it is described by its subtitle, or its title again."""
    config, stream, page = shelf.config, shelf.stream, places.page(shelf.config, shelf.stream)
    title = text.clean(stream.title) or stream.id
    feed = FeedGenerator()
    feed.title(title)
    feed.link(href=own, rel="self", type=MEDIA_TYPE)
    feed.link(href=page, rel="alternate")
    feed.description(text.clean(stream.subtitle or "") or title)
    feed.language(config.language)
    feed.lastBuildDate(entry.second(shelf.changed))
    feed.generator("aggregator", version=aggregator.__version__)
    feed.copyright(atom.rights(config, stream))
    if config.publish.logo:
        feed.image(url=config.publish.logo, title=title, link=page)
    feed.register_extension("channel", partial(_Channel, config.hubs), atom=False)
    return feed


def _item(config: Config, story: Story, full: bool) -> Any:
    lead, main = story.lead, shown.main_link(story)
    item = FeedEntry()
    item.title(shown.title(lead))
    item.link(href=main.href if main else places.page_of(config, story.id))
    item.guid(story.id, permalink=False)
    item.pubDate(entry.second(story.published))
    # A description is HTML (RSS 2.0, "element may contain entity-encoded HTML"), and what we have is text.
    item.description(escape(shown.excerpt(lead) or shown.title(lead), quote=False))
    if full and (found := entry.content(config, lead)):
        item.content(found[1])
    for zone in (shown.zone(config, id) for id in story.zones):
        item.category(term=text.clean(zone.name), scheme=f"{places.base(config)}/zones")
    if source := shown.source(config, lead.source):
        item.source(url=source.url, title=text.clean(source.title or "") or shown.zone(config, lead.zone).name)
    item.register_extension("item", partial(_Item, config, story), atom=False)
    return item


@dataclass(frozen=True, slots=True)
class _Channel:
    hubs: tuple[str, ...]

    def extend_ns(self) -> dict[str, str]:
        return _NAMESPACES

    def extend_rss(self, root: etree._Element) -> etree._Element:
        for hub in self.hubs:
            etree.SubElement(root[0], f"{{{_ATOM}}}link", href=hub, rel="hub")
        return root


@dataclass(frozen=True, slots=True)
class _Item:
    config: Config
    story: Story

    def extend_ns(self) -> dict[str, str]:
        return {}

    def extend_rss(self, item: etree._Element) -> etree._Element:
        for person in entry.authors(self.config, self.story):
            etree.SubElement(item, f"{{{_CREATOR}}}creator").text = text.clean(person.name)
        for link in self._related():
            etree.SubElement(item, f"{{{_ATOM}}}link", entry.attributes(link))
        # RSS takes one enclosure, and wants its type and length; zero is an unknown length.
        enclosures = (entry.attributes(link) for link in self.story.lead.entry.links if link.rel == "enclosure")
        if found := next((each for each in enclosures if each.get("type")), None):
            length = found.get("length", "0")
            etree.SubElement(item, "enclosure", url=found["href"], length=length, type=found["type"])
        return item

    def _related(self) -> Iterator[Link]:
        return (link for link in entry.links(self.config, self.story) if link.rel == "related")
