"""One entry of the Atom feed (RFC 4287 §4.1.2), through feedgen.

feedgen makes the element; ``_Mend`` rewrites what it gets wrong: links lose all but their href, the atom:source has no
id and no date, titles have no type.  An entry depends on its story and the configuration alone, so that it can be kept
until they change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from feedgen.entry import FeedEntry
from lxml import etree

from aggregator import html, shown, text, uri
from aggregator.model import Category, Config, Link, Origin, Person, Sighting, Story
from aggregator.publish import places

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# What RFC 4287's schema (appendix B) asks of a language tag, a media type and a mail address, and RFC 3987 of an IRI.
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(config: Config, story: Story, *, full: bool = True) -> bytes:
    """The entry's bytes, UTF-8, for a document whose default namespace is Atom's.

    Without *full* it has an excerpt even of a source that is published in full.
    """
    made: bytes = etree.tostring(_entry(config, story, full).atom_entry(), encoding="utf-8", pretty_print=True)
    return made


def second(moment: datetime) -> datetime:
    """Whole seconds: fractions that a database rounds must not change the bytes."""
    return moment.replace(microsecond=0)


def typed(element: etree._Element) -> None:
    """The texts that feedgen writes are plain, and say so (RFC 4287 §3.1.1)."""
    for construct in ("title", "subtitle", "rights"):
        for found in element.findall(construct):
            found.set("type", "text")


def content(config: Config, lead: Sighting) -> tuple[str, str] | None:
    """Type and text of the content, sanitised, where the operator lets it be published in full."""
    source = shown.source(config, lead.source)
    if source is None or source.publish != "full" or not lead.entry.content:
        return None
    found = lead.entry.content
    markup = html.sanitize(found.value) if found.type == "html" else found.value
    return found.type, _ILLEGAL.sub("", markup)


def authors(config: Config, story: Story) -> list[Person]:
    """The lead's authors that have a name, else its zone."""
    own = shown.zone(config, story.lead.zone)
    named = [person for person in story.lead.entry.authors if text.clean(person.name)]
    return named or [Person(name=own.name, uri=own.url)]


def _entry(config: Config, story: Story, full: bool) -> Any:
    """atom:entry (RFC 4287 §4.1.2), what feedgen does right of it."""
    lead = story.lead
    entry = FeedEntry()
    entry.id(story.id)
    entry.title(shown.title(lead))
    entry.published(second(story.published))
    entry.updated(second(story.updated))
    entry.link(href=places.base(config))  # feedgen refuses an entry without one
    _people(entry, config, story)
    _categories(entry, config, story)
    _words(entry, config, lead, full)
    origin = _origin(config, story)
    mend = partial(_Mend, tuple(links(config, story)), origin, shown.language(lead))
    entry.register_extension("mend", mend, rss=False)
    return entry


def _people(entry: Any, config: Config, story: Story) -> None:
    """Authors are the lead's, or its zone; contributors the other zones (RFC 4287 §4.2.1, §4.2.3)."""
    others = (shown.zone(config, id) for id in dict.fromkeys(story.zones) if id != story.lead.zone)
    for person in authors(config, story):
        entry.author(_person(person))
    for zone in others:
        entry.contributor(_person(Person(name=zone.name, uri=zone.url)))


def href(value: str) -> str | None:
    """An address of the web, or None."""
    return uri.absolute(value, None)


def _person(person: Person) -> dict[str, str]:
    made = {"name": text.clean(person.name)}
    if address := href(person.uri or ""):
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


def _words(entry: Any, config: Config, lead: Sighting, full: bool) -> None:
    """An excerpt as summary; the content, in full, only of a source whose operator said so.

    An entry without either has its title for a summary: readers should find a text (RFC 4287 §4.1.1.1).
    """
    found = content(config, lead) if full else None
    if excerpt := shown.excerpt(lead) or ("" if found else shown.title(lead)):
        entry.summary(excerpt, type="text")
    if found:
        entry.content(found[1], type=found[0])
    if said := rights(lead):
        entry.rights(said)


def rights(lead: Sighting) -> str:
    """Whose the text is, in the publisher's words; empty where it says nothing."""
    return text.clean(lead.entry.rights or "")


def links(config: Config, story: Story) -> Iterator[Link]:
    """The lead's page as the alternate, every other source as related, the lead's enclosures (RFC 4287 §4.2.7)."""
    yield shown.main_link(story) or Link(href=places.page_of(config, story.id))
    for copy in shown.others(story):
        if found := shown.link(copy):
            yield replace(found, rel="related", title=_named(config, copy))
    yield from (link for link in story.lead.entry.links if link.rel == "enclosure")


def _named(config: Config, copy: Sighting) -> str:
    return f"{shown.zone(config, copy.zone).name}: {shown.title(copy)}"


def _origin(config: Config, story: Story) -> Origin:
    """Where the lead came from: what its feed says of itself, completed with what we know (RFC 4287 §4.2.11).

    A source that gives no date is dated by its newest entry, as it was when this one was the newest.
    """
    ours, said = _configured(config, story.lead), story.lead.entry.origin
    if said is None:
        return replace(ours, updated=story.updated)
    return Origin(
        id=said.id if _iri(said.id) else ours.id,
        title=text.clean(said.title) or ours.title,
        updated=said.updated or story.updated,
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


@dataclass(frozen=True, slots=True)
class _Mend:
    """feedgen's extension hook: gets the finished element last, and sets right what feedgen cannot."""

    links: tuple[Link, ...]
    origin: Origin
    lang: str | None

    def extend_ns(self) -> dict[str, str]:
        return {}

    def extend_atom(self, element: etree._Element) -> etree._Element:
        typed(element)
        if self.lang:
            element.set(_XML_LANG, self.lang)
        for found in element.findall("link"):
            element.remove(found)
        _put_links(element, self.links)
        _put_origin(etree.SubElement(element, "source"), self.origin)
        return element


def _put_links(parent: etree._Element, links: Iterable[Link]) -> None:
    """Each link once, and one alternate of a type and language (RFC 4287 §4.1.1)."""
    seen = set()
    for made in filter(None, map(attributes, links)):
        unique = ("rel", "type", "hreflang") if made["rel"] == "alternate" else ("rel", "href")
        if (key := tuple(made.get(name) for name in unique)) not in seen:
            seen.add(key)
            etree.SubElement(parent, "link", made)


def attributes(link: Link) -> dict[str, str]:
    """The attributes of an atom:link; none when it leads nowhere."""
    address = href(link.href)
    if address is None:
        return {}
    found = {
        "href": address,
        "rel": link.rel,
        "type": link.type if _TYPE.fullmatch(link.type or "") else None,
        "hreflang": link.hreflang if _LANGUAGE.fullmatch(link.hreflang or "") else None,
        "title": text.clean(link.title or ""),
        "length": str(link.length) if link.length is not None and link.length >= 0 else None,
    }
    return {name: value for name, value in found.items() if value}


def _put_origin(parent: etree._Element, origin: Origin) -> None:
    etree.SubElement(parent, "id").text = origin.id
    title = etree.SubElement(parent, "title", type="text")
    title.text = origin.title
    if origin.updated:
        etree.SubElement(parent, "updated").text = second(origin.updated).isoformat()
    _put_links(parent, origin.links)
    if rights := text.clean(origin.rights or ""):
        etree.SubElement(parent, "rights", type="text").text = rights


def _iri(value: str) -> bool:
    return bool(_IRI.fullmatch(value)) and value.isprintable()
