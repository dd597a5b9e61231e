"""Entries made canonical: one form for every reader after this, whatever the source.

Identities are unique in their document, titles are plain text, HTML is sanitised, links are absolute http(s), dates are
in UTC, and what is empty is absent.  Idempotent, and total: any ``Feed`` has a normal form.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

from aggregator import html, text, uri
from aggregator.model import Category, Content, Entry, Feed, Link, Origin, Person, Text

MAX_ENTRIES = 1000
MAX_ID = 2000  # characters
MAX_TITLE = 500  # characters; a longer one is an article in the wrong place
_TITLE_FROM_TEXT = 80
_GROWTH = 4  # times what was sent may be kept of it, and so much besides:
_ROOM = 500_000  # characters
_MANY = 50  # links, categories or persons of one entry

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_RELATION = re.compile(r"[a-z][a-z0-9.:/_-]*")
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_CLOCKS_DIFFER = timedelta(days=1)


def normalize(feed: Feed, *, base: str, now: datetime) -> Feed:
    """The canonical form of *feed*, read at *now* from *base*, against which its links are resolved.

    ``problems`` gains a sentence for everything that was left out or replaced.
    """
    entries, cut = _within_room(feed.entries[:MAX_ENTRIES], base)
    known = [entry for entry in entries if entry.title]
    unique = _identified(known)
    problems = (
        *_left_out(feed, entries, known),
        *_unlinked(cut, entries),
        *_renamed(known, unique),
        *_ahead(unique, now),
    )
    return Feed(
        id=_short(feed.id) or _short(base),
        title=_title(feed.title) or uri.host(base),
        updated=_utc(feed.updated),
        subtitle=_short(feed.subtitle) or None,
        authors=_persons(feed.authors, base),
        links=_links(feed.links, base),
        rights=_short(feed.rights) or None,
        lang=_language(feed.lang),
        pace=feed.pace,
        entries=tuple(unique),
        problems=tuple(dict.fromkeys((*map(text.clean, feed.problems), *problems))),
        cut=feed.cut,
    )


def _within_room(entries: Sequence[Entry], base: str) -> tuple[list[Entry], int]:
    """The entries in normal form, and how many of them lost their relative links, for want of room.

    A document of many short links against one long address would be kept as a hundred times what was sent.
    """
    room = _ROOM + _GROWTH * sum(map(_size, entries))
    found: list[Entry] = []
    cut = 0
    for raw in entries:
        entry = _entry(raw, base)
        if _size(entry) > room:
            entire, entry = entry, _entry(raw, base, relative=False)
            cut += entry != entire
        room -= _size(entry)
        found.append(entry)
    return found, cut


def _size(entry: Entry) -> int:
    """How many characters there are to keep, all but the smallest fields."""
    bodies = (body.value for body in (entry.summary, entry.content) if body)
    addresses = (link.href for link in entry.links)
    people = (person.uri or "" for person in (*entry.authors, *entry.contributors))
    origin = (link.href for link in entry.origin.links) if entry.origin else ()
    return len(entry.title) + sum(map(len, (*bodies, *addresses, *people, *origin)))


def _entry(entry: Entry, site: str, *, relative: bool = True) -> Entry:
    """An entry in normal form; not *relative*: links that are not absolute are dropped and not resolved."""
    base = site if relative else ""
    links = _links(entry.links, base)
    here = next((link.href for link in links if link.rel == "alternate"), base) if relative else ""
    summary, content = _summary(entry.summary, here), _content(entry.content, here)
    return Entry(
        id=text.clean(entry.id[:MAX_ID]),
        title=_title(entry.title) or _title_from(content or summary, links),
        updated=_utc(entry.updated),
        published=_utc(entry.published),
        authors=_persons(entry.authors, base),
        contributors=_persons(entry.contributors, base),
        categories=_categories(entry.categories),
        links=links,
        summary=summary,
        content=content,
        rights=_short(entry.rights) or None,
        origin=_origin(entry.origin, base),
        lang=_language(entry.lang),
    )


def _short(value: str | None) -> str:
    return text.clean((value or "")[:MAX_ID])


def _title(value: str) -> str:
    return html.excerpt(value, MAX_TITLE)


def _title_from(body: Text | Content | None, links: tuple[Link, ...]) -> str:
    """The first words of the text, else of the address; empty when there is neither."""
    if body and (words := html.excerpt(_plain(body), _TITLE_FROM_TEXT)):
        return words
    for link in links:
        last = urlsplit(link.href).path.rstrip("/").rpartition("/")[2]
        return html.excerpt(re.sub(r"[-_+.\s]+", " ", unquote(last)), _TITLE_FROM_TEXT) or uri.host(link.href)
    return ""


def _plain(body: Text | Content) -> str:
    return html.to_text(body.value) if body.type == "html" else body.value


def _summary(raw: Text | None, base: str) -> Text | None:
    value = _body(raw, base)
    return Text(value=value, type=raw.type) if raw and value else None


def _content(raw: Content | None, base: str) -> Content | None:
    value = _body(raw, base)
    return Content(value=value, type=raw.type) if raw and value else None


def _body(raw: Text | Content | None, base: str) -> str:
    if raw is None:
        return ""
    return html.sanitize(raw.value, base) if raw.type == "html" else text.clean_block(raw.value[: html.MAX_SIZE])


def _utc(moment: datetime | None) -> datetime | None:
    try:
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except OverflowError:
        return None


def _links(links: Iterable[Link], base: str) -> tuple[Link, ...]:
    """The links that lead somewhere, each once for what it is to the entry, with the title that one of them has."""
    found: dict[tuple[str, str], Link] = {}
    for raw in links:
        if link := _link(raw, base):
            known = found.setdefault((link.rel, link.href), link)
            if link.title and not known.title:
                found[link.rel, link.href] = replace(known, title=link.title)
    return tuple(found.values())[:_MANY]


def _link(raw: Link, base: str) -> Link | None:
    href, relation, kind = uri.absolute(raw.href, base), text.clean(raw.rel).lower(), text.clean(raw.type or "").lower()
    if href is None or not _RELATION.fullmatch(relation):
        return None
    return Link(
        href=href,
        rel=relation,
        type=kind if _MEDIA_TYPE.fullmatch(kind) else None,
        hreflang=_language(raw.hreflang),
        title=_short(raw.title) or None,
        length=raw.length if raw.length is not None and raw.length >= 0 else None,
    )


def _persons(persons: Iterable[Person], base: str) -> tuple[Person, ...]:
    found: dict[Person, None] = {}
    for person in persons:
        email = _short(person.email)
        if name := _short(person.name):
            address = uri.absolute(person.uri, base) if person.uri else None
            found[Person(name=name, uri=address, email=email if _EMAIL.fullmatch(email) else None)] = None
    return tuple(found)[:_MANY]


def _categories(categories: Iterable[Category]) -> tuple[Category, ...]:
    found: dict[tuple[str, str | None], Category] = {}
    for category in categories:
        term, scheme = _short(category.term), _short(category.scheme) or None
        if term:
            label = _short(category.label) or None
            found.setdefault((text.fold(term), scheme), Category(term=term, scheme=scheme, label=label))
    return tuple(found.values())[:_MANY]


def _origin(origin: Origin | None, base: str) -> Origin | None:
    if origin is None or not (id := _short(origin.id)):
        return None
    return Origin(
        id=id,
        title=_title(origin.title),
        updated=_utc(origin.updated),
        links=_links(origin.links, base),
        rights=_short(origin.rights) or None,
    )


def _language(value: str | None) -> str | None:
    """A language tag (RFC 5646), or nothing where a program wrote something else."""
    tag = text.clean(value or "").replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def _identified(entries: list[Entry]) -> list[Entry]:
    """The entries with ids that are unique among them.

    An id that more than one entry has, or that is empty, identifies nothing: all of these get their address if nobody
    else has it, else a hash of their words.  The same document gives the same ids, in whatever order it stands.
    """
    shared = Counter(entry.id for entry in entries)
    taken = {entry.id for entry in entries if entry.id and shared[entry.id] == 1}
    lacking = [entry for entry in entries if entry.id not in taken]
    addresses = Counter(map(_address, lacking))
    names: dict[int, str] = {}
    for entry in lacking:
        address = _address(entry)
        own = address if address and addresses[address] == 1 and address not in taken else _hashed(entry)
        names[id(entry)] = next(name for name in _variants(own) if name not in taken)
        taken.add(names[id(entry)])
    return [replace(entry, id=names[id(entry)]) if id(entry) in names else entry for entry in entries]


def _address(entry: Entry) -> str | None:
    return uri.canonical(entry.link) if entry.link and not uri.is_root(entry.link) else None


def _hashed(entry: Entry) -> str:
    body = entry.content or entry.summary
    return f"urn:xxh3:{text.digest(text.fold(entry.title), text.fold(_plain(body)) if body else '')}"


def _variants(name: str) -> Iterator[str]:
    yield name
    for number in range(2, MAX_ENTRIES + 2):
        yield f"{name}:{number}"


def _left_out(feed: Feed, entries: list[Entry], known: list[Entry]) -> Iterator[str]:
    if len(feed.entries) > MAX_ENTRIES:
        yield f"holds {len(feed.entries)} entries; only the first {MAX_ENTRIES} were read"
    if len(known) < len(entries):
        yield f"{len(entries) - len(known)} of {len(entries)} entries have no title, text or link and were left out"


def _unlinked(cut: int, entries: list[Entry]) -> Iterator[str]:
    if cut:
        yield f"{cut} of {len(entries)} entries lost their relative links, which made them many times longer"


def _renamed(before: list[Entry], after: list[Entry]) -> Iterator[str]:
    """Pages have no ids of their own: only ids that somebody chose are worth a word."""
    shared = sum(old.id != new.id for old, new in zip(before, after, strict=True) if old.id)
    if shared:
        yield f"{shared} of {len(before)} entries share their id with another; address or words identify them instead"


def _ahead(entries: list[Entry], now: datetime) -> Iterator[str]:
    ahead = sum(bool(entry.published and entry.published - now > _CLOCKS_DIFFER) for entry in entries)
    if ahead:
        yield f"{ahead} of {len(entries)} entries are dated in the future"
