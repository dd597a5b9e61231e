"""What feedparser found in one element, taken out of its dictionaries and given our names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from aggregator.model import Category, Link, Person
from aggregator.parse import answers

Values = dict[str, Any]

MARKUP = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|<!--", re.IGNORECASE)
# What is left of an entity that was escaped once more than it should be; nobody writes these to be read.
_STRAY = re.compile(
    r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|quot|apos|nbsp|hellip|[lr][sd]quo|[nm]dash|euro|[aeiouc][a-z]{3,5});"
)


def word(found: Values, name: str) -> str:
    """A string by its own name: feedparser's dictionaries answer for other names as well."""
    value = dict.get(found, name)
    return value if isinstance(value, str) else ""


def several(found: Values, name: str) -> list[Values]:
    """The dictionaries of a list by its own name."""
    value = dict.get(found, name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def detail(found: Values, name: str) -> Values:
    """What feedparser knows of a text beside the text: type, base, language."""
    value = dict.get(found, f"{name}_detail")
    return value if isinstance(value, dict) else {}


def is_markup(construct: Values) -> bool:
    """Whether a text construct is HTML or XHTML by its type."""
    return word(construct, "type") in MARKUP


def has_tags(value: str) -> bool:
    """Whether a text whose type nobody told has tags in it."""
    return "<" in value and _TAG.search(value) is not None


def without_strays(value: str) -> str:
    """The text without the entities that a second escaping has left of its characters."""
    return _STRAY.sub(lambda found: unescape(found[0]), value) if "&" in value else value


def language(found: Values) -> str | None:
    """The language of an entry: that of its title or texts."""
    constructs = (detail(found, "title"), detail(found, "summary"), *several(found, "content"))
    return next((tag for construct in constructs if (tag := word(construct, "language"))), None)


def persons(found: Values, name: str, *, escaped: bool) -> tuple[Person, ...]:
    """The persons of a kind; *escaped*: their names may hold entities, as outside Atom they do."""
    people = several(found, name) or [person for person in (detail(found, name.removesuffix("s")),) if person]
    return tuple(
        Person(
            name=_plain(word(person, "name"), escaped) or email, uri=word(person, "href") or None, email=email or None
        )
        for person in people
        if (email := word(person, "email")) or word(person, "name")
    )


def categories(found: Values, *, escaped: bool) -> Iterator[Category]:
    """The categories; *escaped* as with ``persons``."""
    for tag in several(found, "tags"):
        label = _plain(word(tag, "label"), escaped)
        if term := _plain(word(tag, "term"), escaped) or label:
            yield Category(term=term, scheme=word(tag, "scheme") or None, label=label or None)


def links(found: Values) -> Iterator[Link]:
    """The links; an enclosure that does not say what it is is what its name ends in."""
    for link in several(found, "links"):
        if href := word(link, "href"):
            length, rel = word(link, "length"), word(link, "rel") or "alternate"
            yield Link(
                href=href,
                rel=rel,
                type=word(link, "type") or (answers.image_type(href) if rel == "enclosure" else None),
                hreflang=word(link, "hreflang") or None,
                title=word(link, "title") or None,
                length=int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None,
            )


def media(found: Values) -> Iterator[Link]:
    """What Media RSS and iTunes show, as enclosures, a caption as title."""
    for item in several(found, "media_content"):
        url, size = word(item, "url"), word(item, "filesize")
        kind = word(item, "type") or answers.image_type(url)
        if url and (kind or word(item, "medium") == "image"):
            length = int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None
            caption = _plain(word(item, "caption"), escaped=True) or None
            yield Link(href=url, rel="enclosure", type=kind, title=caption, length=length)
    pictures = [word(item, "url") for item in several(found, "media_thumbnail")]
    image = dict.get(found, "image")
    pictures += [word(image, "href")] if isinstance(image, dict) else []
    for picture in filter(None, pictures):
        yield Link(href=picture, rel="enclosure", type=answers.image_type(picture))


def _plain(value: str, escaped: bool) -> str:
    return unescape(value) if escaped and "&" in value else value
