"""What the publisher wrote: the elements of RFC 4287, spelled as the RFC spells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A Text construct (RFC 4287 §3.1).  After ``normalize`` an html *value* is sanitised."""

    value: str
    type: Literal["text", "html"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A Person construct (RFC 4287 §3.2)."""

    name: str
    uri: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """atom:link (RFC 4287 §4.2.7); *length* in bytes."""

    href: str
    rel: str = "alternate"
    type: str | None = None
    hreflang: str | None = None
    title: str | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """atom:category (RFC 4287 §4.2.2)."""

    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """atom:content (RFC 4287 §4.1.3), text or html only."""

    value: str
    type: Literal["text", "html"] = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """atom:source (RFC 4287 §4.2.11): the feed that an entry came from."""

    id: str
    title: str
    updated: datetime | None = None
    links: tuple[Link, ...] = ()
    rights: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """atom:entry (RFC 4287 §4.1.2).

    *id* is as the publisher wrote it until ``normalize``, which replaces one that is missing or not unique in its
    document; *title* is plain text after it.  A date that the publisher did not give is None.
    """

    id: str
    title: str
    updated: datetime | None = None
    published: datetime | None = None
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    categories: tuple[Category, ...] = ()
    links: tuple[Link, ...] = ()
    summary: Text | None = None
    content: Content | None = None
    rights: str | None = None
    origin: Origin | None = None
    lang: str | None = None

    @property
    def link(self) -> str | None:
        """The address of the item for people: its first alternate link."""
        return next((link.href for link in self.links if link.rel == "alternate"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a feed changes, in its publisher's words, which are not Atom's.

    *ttl*, *skip_hours* (0 to 23, GMT) and *skip_days* (Monday is 0, GMT) are RSS 2.0's; an update each *period*,
    counted from *base* where there is one, is the syndication module's of RSS 1.0.
    """

    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    period: timedelta | None = None
    base: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """atom:feed (RFC 4287 §4.1.1), or a page read as one.

    *problems* says in words what was mended or left out; *cut* that the document ends before its end, so that there is
    more to be had at its address.
    """

    id: str
    title: str
    updated: datetime | None = None
    subtitle: str | None = None
    authors: tuple[Person, ...] = ()
    links: tuple[Link, ...] = ()
    rights: str | None = None
    lang: str | None = None
    pace: Pace | None = None
    entries: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()
    cut: bool = False
