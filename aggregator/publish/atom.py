"""The Atom feed of a stream (RFC 4287), through feedgen.

feedgen makes the document; ``_Mend`` rewrites what it gets wrong in every entry: links lose all but their href, the
atom:source has no id and no date, titles have no type.  Nothing depends on the moment of rendering, and every string
is cleaned before feedgen sees it, because one that XML 1.0 §2.2 forbids would cost the whole feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

import aggregator
from aggregator import html, i18n, shown, text, uri
from aggregator.model import Category, Config, Link, Origin, Person, Sighting, Story, Stream
from aggregator.publish import places, static

MEDIA_TYPE = "application/atom+xml"

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# What RFC 4287's schema (appendix B) asks of a language tag, a media type and a mail address, and RFC 3987 of an IRI.
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(config: Config, stream: Stream, stories: Sequence[Story], changed: datetime) -> bytes:
    """The feed's bytes: the same for the same arguments, valid whatever the sources wrote.

    *stories* are as the stream shows them, in its order; *changed* is the feed's ``updated``.
    """
    feed = _frame(config, stream, changed)
    newest = _newest(stories)
    for story in stories:
        feed.add_entry(_entry(config, story, newest), order="append")
    made: bytes = feed.atom_str(pretty=True)
    return made


def _frame(config: Config, stream: Stream, changed: datetime) -> Any:
    """atom:feed without its entries (RFC 4287 §4.1.1); its author stands in for entries that would lack one."""
    title, page = text.clean(stream.title) or stream.id, places.page(config, stream)
    feed = FeedGenerator()
    feed.id(uri.tag(places.authority(config), f"stream/{(*stream.was, stream.id)[0]}"))
    feed.title(title)
    feed.updated(_second(changed))
    feed.author({"name": title, "uri": page})
    feed.link(href=places.feed(config, stream), rel="self", type=MEDIA_TYPE)
    feed.link(href=page, rel="alternate", type="text/html", hreflang=config.language)
    feed.language(config.language)
    feed.generator("aggregator", version=aggregator.__version__)
    feed.icon(places.base(config) + static.ICON)
    feed.rights(_rights(config, stream))
    if subtitle := text.clean(stream.subtitle or ""):
        feed.subtitle(subtitle)
    feed.register_extension("mend", partial(_Mend, (), None, None), rss=False)
    return feed


def _rights(config: Config, stream: Stream) -> str:
    gettext = i18n.translations(config.language).gettext
    names = [text.clean(config.zone(id).name) for id in config.zones_of(stream)]
    return gettext("Titles and texts belong to their publishers: %(zones)s.") % {
        "zones": i18n.listed(config.language, names)
    }


def _entry(config: Config, story: Story, newest: dict[str, datetime]) -> Any:
    """atom:entry (RFC 4287 §4.1.2), what feedgen does right of it."""
    lead, main = story.lead, shown.main_link(story) or Link(href=places.fallback(config, story))
    entry = FeedEntry()
    entry.id(story.id)
    entry.title(shown.title(lead))
    entry.published(_second(story.published))
    entry.updated(_second(story.updated))
    entry.link(href=main.href)  # feedgen refuses an entry without one
    _people(entry, config, story)
    _categories(entry, config, story)
    _words(entry, config, lead)
    origin = _origin(config, lead, newest)
    mend = partial(_Mend, tuple(_links(config, story, main)), origin, shown.language(lead))
    entry.register_extension("mend", mend, rss=False)
    return entry


def _people(entry: Any, config: Config, story: Story) -> None:
    """Authors are the lead's, or its zone; contributors the other zones (RFC 4287 §4.2.1, §4.2.3)."""
    own, *others = (shown.zone(config, id) for id in dict.fromkeys((story.lead.zone, *story.zones)))
    named = [person for person in story.lead.entry.authors if text.clean(person.name)]
    for person in named or [Person(name=own.name, uri=own.url)]:
        entry.author(_person(person))
    for zone in others:
        entry.contributor(_person(Person(name=zone.name, uri=zone.url)))


def _person(person: Person) -> dict[str, str]:
    made = {"name": text.clean(person.name)}
    if address := uri.absolute(person.uri or "", None):
        made["uri"] = address
    if _EMAIL.fullmatch(email := text.clean(person.email or "")):
        made["email"] = email
    return made


def _categories(entry: Any, config: Config, story: Story) -> None:
    """The zones, under a scheme of ours, and the lead's own (RFC 4287 §4.2.2)."""
    scheme = f"{places.base(config)}/zones"
    zones = (shown.zone(config, id) for id in story.zones)
    ours = [Category(term=zone.id, scheme=scheme, label=zone.name) for zone in zones]
    seen = set()
    theirs = (category for category in story.lead.entry.categories if category.scheme != scheme)
    for category in (*ours, *theirs):
        made = _category(category)
        if made["term"] and (made["term"], made["scheme"]) not in seen:
            seen.add((made["term"], made["scheme"]))
            entry.category(**made)


def _category(category: Category) -> dict[str, str]:
    scheme = category.scheme or ""
    return {
        "term": text.clean(category.term),
        "scheme": scheme if _iri(scheme) else "",
        "label": text.clean(category.label or ""),
    }


def _words(entry: Any, config: Config, lead: Sighting) -> None:
    """An excerpt as summary; the content, in full, only of a source whose operator said so."""
    source = shown.source(config, lead.source)
    if excerpt := shown.excerpt(lead):
        entry.summary(excerpt, type="text")
    if source and source.publish == "full" and lead.entry.content:
        content = lead.entry.content
        markup = html.sanitize(content.value) if content.type == "html" else content.value
        entry.content(_ILLEGAL.sub("", markup), type=content.type)
    if rights := text.clean(lead.entry.rights or ""):
        entry.rights(rights)


def _links(config: Config, story: Story, main: Link) -> Iterator[Link]:
    """The lead's page as the alternate, every other source as related, the lead's enclosures (RFC 4287 §4.2.7)."""
    yield main
    for copy in shown.others(story):
        if found := shown.link(copy):
            yield replace(found, rel="related", title=_named(config, copy))
    yield from (link for link in story.lead.entry.links if link.rel == "enclosure")


def _named(config: Config, copy: Sighting) -> str:
    return f"{shown.zone(config, copy.zone).name}: {shown.title(copy)}"


def _origin(config: Config, lead: Sighting, newest: dict[str, datetime]) -> Origin:
    """Where the lead came from: what its feed says of itself, completed with what we know (RFC 4287 §4.2.11)."""
    ours = _configured(config, lead)
    said = lead.entry.origin
    if said is None:
        return replace(ours, updated=newest[lead.source])
    return Origin(
        id=said.id if _iri(said.id) else ours.id,
        title=text.clean(said.title) or ours.title,
        updated=said.updated or newest[lead.source],
        links=tuple(link for link in said.links if link.rel in ("self", "alternate")) or ours.links,
        rights=said.rights,
    )


def _configured(config: Config, lead: Sighting) -> Origin:
    """An atom:source from the configuration: an RSS feed or a page has no id of its own but its address."""
    source, zone = shown.source(config, lead.source), shown.zone(config, lead.zone)
    if source is None:
        id = uri.tag(places.authority(config), f"source/{lead.source}")
        return Origin(id=id, title=zone.name, links=_homes(zone.url))
    own = Link(href=source.url, rel="alternate" if source.type in ("page", "sitemap") else "self")
    return Origin(
        id=source.url,
        title=text.clean(source.title or "") or zone.name,
        links=(own, *(_homes(zone.url) if own.rel == "self" else ())),
    )


def _homes(url: str | None) -> tuple[Link, ...]:
    return (Link(href=url, type="text/html"),) if url else ()


def _newest(stories: Iterable[Story]) -> dict[str, datetime]:
    """The newest ``updated`` in this document of every source that leads a story."""
    found: dict[str, datetime] = {}
    for story in stories:
        source = story.lead.source
        found[source] = max(story.updated, found.get(source, story.updated))
    return found


@dataclass(frozen=True, slots=True)
class _Mend:
    """feedgen's extension hook: gets every finished element last, and sets right what feedgen cannot.

    Elements carry no namespace here: feedgen writes ``xmlns`` as a plain attribute of atom:feed.
    """

    links: tuple[Link, ...]
    origin: Origin | None
    lang: str | None

    def extend_ns(self) -> dict[str, str]:
        return {}

    def extend_atom(self, element: etree._Element) -> etree._Element:
        for construct in ("title", "subtitle", "rights"):
            for found in element.findall(construct):
                found.set("type", "text")
        if self.lang:
            element.set(_XML_LANG, self.lang)
        if self.origin:
            self._entry(element, self.origin)
        return element

    def _entry(self, element: etree._Element, origin: Origin) -> None:
        for found in element.findall("link"):
            element.remove(found)
        _put_links(element, self.links)
        _put_origin(etree.SubElement(element, "source"), origin)


def _put_links(parent: etree._Element, links: Iterable[Link]) -> None:
    """Each link once, and one alternate of a type and language (RFC 4287 §4.1.1)."""
    seen = set()
    for made in filter(None, map(_link, links)):
        unique = ("rel", "type", "hreflang") if made["rel"] == "alternate" else ("rel", "href")
        if (key := tuple(made.get(name) for name in unique)) not in seen:
            seen.add(key)
            etree.SubElement(parent, "link", made)


def _link(link: Link) -> dict[str, str]:
    """The attributes of an atom:link; none when it leads nowhere."""
    href = uri.absolute(link.href, None)
    if href is None:
        return {}
    attributes = {
        "href": href,
        "rel": link.rel,
        "type": link.type if _TYPE.fullmatch(link.type or "") else None,
        "hreflang": link.hreflang if _LANGUAGE.fullmatch(link.hreflang or "") else None,
        "title": text.clean(link.title or ""),
        "length": str(link.length) if link.length is not None and link.length >= 0 else None,
    }
    return {name: value for name, value in attributes.items() if value}


def _put_origin(parent: etree._Element, origin: Origin) -> None:
    etree.SubElement(parent, "id").text = origin.id
    title = etree.SubElement(parent, "title", type="text")
    title.text = origin.title
    if origin.updated:
        etree.SubElement(parent, "updated").text = _second(origin.updated).isoformat()
    _put_links(parent, origin.links)
    if rights := text.clean(origin.rights or ""):
        etree.SubElement(parent, "rights", type="text").text = rights


def _iri(value: str) -> bool:
    return bool(_IRI.fullmatch(value)) and value.isprintable()


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
