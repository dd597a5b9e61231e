"""JSON Feed 1.0 and 1.1 (jsonfeed.org), told by its media type or by its ``version``.

Read with a forgiving eye: a member of another type than the specification's counts as absent, numbers may stand for
texts, the single ``author`` of 1.0 stands beside the ``authors`` of 1.1, and an item without the id that the
specification demands is kept, because its address or its words identify it.  Of a document that was cut, the complete
items are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from aggregator import dates, html, text, uri
from aggregator.errors import ParseError
from aggregator.model import Category, Content, Entry, Feed, Link, Person, Response, Source, Text
from aggregator.parse import answers

_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/\d")
_MEDIA_TYPE = "application/feed+json"
_TAGS = re.compile(r"</[a-z]+\d?\s*>|<(?:br|img)\b", re.IGNORECASE)

_SPACE = re.compile(r"[ \t\r\n]*+")
_DECODER = json.JSONDecoder()
_TEXTS = {"content_html", "content_text"}
_TELLING = ("id", "url", "external_url", "title", "summary", *_TEXTS)

_Values = dict[str, Any]


def read(response: Response, source: Source, tz: ZoneInfo) -> Feed:
    """The feed as its publisher wrote it; dates without a zone are in *tz*.

    Raises ParseError when it is no JSON Feed.
    """
    found, cut = _document(response)
    reader = _Reader(tz, response.date)
    items = [item for item in found["items"] if isinstance(item, dict)]
    return Feed(
        id=_word(found, "feed_url") or source.url,
        title=_plain(found, "title") or source.title or uri.host(source.url),
        subtitle=_plain(found, "description") or None,
        authors=tuple(_persons(found)),
        links=tuple(_feed_links(found)),
        lang=_word(found, "language") or None,
        entries=tuple(map(reader.entry, items)),
        problems=(*cut, *_problems(found, items)),
        cut=bool(cut),
    )


def _document(response: Response) -> tuple[_Values, tuple[str, ...]]:
    """The feed, and in words what is wrong with it as a document."""
    written = answers.decoded(response).lstrip("\ufeff")
    called = response.headers.get("content-type", "").lower().startswith(_MEDIA_TYPE)
    cut: tuple[str, ...] = ()
    try:
        found = json.loads(written)
    except RecursionError:
        raise ParseError("the JSON is nested too deeply to be a feed; correct url") from None
    except ValueError as error:
        where = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        found = _saved(written)
        whole = sum(isinstance(item, dict) and any(map(item.get, _TELLING)) for item in found["items"])
        if not whole:
            raise ParseError(
                answers.challenge(response) or f"the JSON is broken{where}; tell the site's owner"
            ) from None
        cut = (f"the JSON is broken{where}; {whole} complete items were kept, the rest was left out",)
        called = called or any(item.keys() & _TEXTS for item in found["items"] if isinstance(item, dict))
    if not isinstance(found, dict) or not (called or _VERSION.match(_word(found, "version"))):
        raise ParseError("answered with JSON, not a feed: it names no version of JSON Feed; correct url")
    if not isinstance(found.get("items"), list):
        raise ParseError("answered with a JSON Feed that has no list of items; tell the site's owner")
    return found, cut


def _saved(written: str) -> _Values:
    """What is whole in a broken document: its members up to the first that is not, ``items`` up to where it breaks."""
    found: _Values = {"items": []}
    with suppress(ValueError, RecursionError):
        at = _past(written, 0, "{")
        while True:
            name, at = _DECODER.raw_decode(written, at)
            at = _past(written, at, ":")
            if name == "items":
                at = _save_items(written, _past(written, at, "["), found["items"])
            else:
                found[str(name)], at = _DECODER.raw_decode(written, at)
            at = _past(written, at, ",")
    return found


def _save_items(written: str, at: int, into: list[Any]) -> int:
    """Where the list ends.  Raises ValueError where it breaks."""
    while not written.startswith("]", at):
        item, at = _DECODER.raw_decode(written, at)
        into.append(item)
        at = _skipped(written, at)
        if not written.startswith("]", at):
            at = _past(written, at, ",")
    return at + 1


def _past(written: str, at: int, sign: str) -> int:
    """Where what follows *sign* begins.  Raises ValueError when there is no such sign."""
    at = _skipped(written, at)
    if not written.startswith(sign, at):
        raise ValueError(f"no {sign}")
    return _skipped(written, at + 1)


def _skipped(written: str, at: int) -> int:
    found = _SPACE.match(written, at)
    return found.end() if found else at


def _problems(found: _Values, items: list[_Values]) -> Iterator[str]:
    if found.get("expired") is True:
        yield "the feed says that it has ended (expired); nothing new is to be expected"
    if other := len(found["items"]) - len(items):
        yield f"{other} of {len(found['items'])} items are no objects and were left out"
    if nameless := sum(not _word(item, "id") for item in items):
        yield f"{nameless} of {len(items)} items have no id; their address or their words identify them"


@dataclass(frozen=True, slots=True)
class _Reader:
    """Translates the words of JSON Feed into ours."""

    tz: ZoneInfo
    now: datetime

    def entry(self, item: _Values) -> Entry:
        return Entry(
            id=_word(item, "id"),
            title=_plain(item, "title"),
            updated=self.moment(item, "date_modified"),
            published=self.moment(item, "date_published"),
            authors=tuple(_persons(item)),
            categories=tuple(Category(term=tag) for tag in _list(item, "tags") if isinstance(tag, str) and tag),
            links=tuple(_links(item)),
            summary=Text(value=summary) if (summary := _plain(item, "summary")) else None,
            content=_content(item),
            lang=_word(item, "language") or None,
        )

    def moment(self, item: _Values, name: str) -> datetime | None:
        return dates.parse(_word(item, name), tz=self.tz, now=self.now)


def _content(item: _Values) -> Content | None:
    if markup := _word(item, "content_html"):
        return Content(value=markup)
    plain = _word(item, "content_text")
    return Content(value=plain, type="text") if plain else None


def _links(item: _Values) -> Iterator[Link]:
    """The permanent link first; what an item points at is its own page where it has no other."""
    url, pointed = _word(item, "url"), _word(item, "external_url")
    if url or pointed:
        yield Link(href=url or pointed)
    if url and pointed:
        yield Link(href=pointed, rel="related")
    if image := _word(item, "image") or _word(item, "banner_image"):
        yield Link(href=image, rel="enclosure", type=answers.image_type(image))
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict) and (href := _word(attachment, "url")):
            size = attachment.get("size_in_bytes")
            yield Link(
                href=href,
                rel="enclosure",
                type=_word(attachment, "mime_type") or None,
                title=_word(attachment, "title") or None,
                length=int(size) if isinstance(size, int | float) and 0 <= size < 2**53 else None,
            )


def _feed_links(found: _Values) -> Iterator[Link]:
    if home := _word(found, "home_page_url"):
        yield Link(href=home, type="text/html")
    if own := _word(found, "feed_url"):
        yield Link(href=own, rel="self", type=_MEDIA_TYPE)
    for hub in _list(found, "hubs"):
        if isinstance(hub, dict) and _word(hub, "type").lower() == "websub" and (href := _word(hub, "url")):
            yield Link(href=href, rel="hub")


def _persons(found: _Values) -> Iterator[Person]:
    """``authors`` of 1.1, else ``author`` of 1.0; the list wins where both are there, as 1.1 says."""
    for person in _list(found, "authors") or [found.get("author")]:
        if isinstance(person, dict) and (name := _word(person, "name") or _word(person, "url")):
            yield Person(name=name, uri=_word(person, "url") or None)


def _list(found: _Values, name: str) -> list[Any]:
    value = found.get(name)
    return value if isinstance(value, list) else []


def _word(found: _Values, name: str) -> str:
    value = found.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _plain(found: _Values, name: str) -> str:
    """A text that should be plain, and is not where a program exported its own escapes or tags."""
    value = _word(found, name)
    return text.clean_block(html.to_text(value) if _TAGS.search(value) else unescape(value))
