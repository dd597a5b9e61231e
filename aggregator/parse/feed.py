"""Feeds: RSS, RDF, Atom and CDF.  The only door of feedparser.

feedparser is given the bytes, never an address, with its own sanitising and link resolution off (``normalize`` does
both, once).  Its known faults are mended here: it reads HTML as an empty feed, CET as UTC, and the cut last item of
broken XML as a whole one.
"""

from __future__ import annotations

import io
import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any
from xml.sax import SAXException, SAXParseException
from zoneinfo import ZoneInfo

import feedparser

from aggregator import dates, html, text, uri
from aggregator.errors import ParseError
from aggregator.model import Category, Content, Entry, Feed, Link, Origin, Person, Response, Source, Text
from aggregator.parse import answers, pace

_ITEM_END = re.compile(rb"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_MARKUP = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")
_RELATIVE = re.compile(r"<a\s[^>]{0,500}?href\s*=\s*[\"']?(?!https?:|mailto:|tel:)", re.IGNORECASE)
_IMAGES = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "gif": "gif", "webp": "webp", "avif": "avif", "svg": "svg+xml"}

_Values = dict[str, Any]


def _start_media_description(parser: Any, _: object) -> None:
    parser.push("media_description", 1)


def _end_media_description(parser: Any) -> None:
    parser.pop("media_description")


def _end_hour(parser: Any) -> None:
    parser._get_context().setdefault("hours", []).append(parser.pop("hour"))


def _end_day(parser: Any) -> None:
    parser._get_context().setdefault("days", []).append(parser.pop("day"))


# feedparser takes the caption of a picture (media:description) for the summary of its entry.
for _parser in (feedparser.api.StrictFeedParser, feedparser.api.LooseFeedParser):
    _parser._start_media_description = _start_media_description
    _parser._end_media_description = _end_media_description
    _parser._end_hour = _end_hour  # of skipHours and skipDays it keeps the last
    _parser._end_day = _end_day


def read(response: Response, source: Source, tz: ZoneInfo) -> Feed:
    """The feed as its publisher wrote it; dates without a zone are in *tz*.

    Raises ParseError when it is no feed or has no complete entry left.
    """
    found = feedparser.parse(
        io.BytesIO(response.content),
        response_headers=_headers(response),
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    if not response.content.strip() or not found.get("version"):
        raise ParseError(answers.not_a_feed(response))
    reader = _Reader(source, found.version.startswith("atom"), response.url, tz, response.date)
    return reader.feed(found.feed, *_complete(found, response.content))


def _headers(response: Response) -> dict[str, str]:
    """What feedparser needs of the headers: not the address, or it would make links of guids that are none."""
    wanted = ("content-type", "content-language")
    return {name: response.headers[name] for name in wanted if name in response.headers}


def _complete(found: feedparser.FeedParserDict, content: bytes) -> tuple[list[_Values], tuple[str, ...]]:
    """The entries that were sent whole, and what is wrong with the document, in words."""
    entries: list[_Values] = found.entries
    broken = found.get("bozo_exception")
    if not isinstance(broken, SAXException):
        return entries, ()
    fault = _fault(broken, content)
    whole = min(len(_ITEM_END.findall(content.replace(b"\0", b""))), len(entries))
    if not whole:
        raise ParseError(f"the feed's XML is broken ({fault}) and holds no complete entry; tell the site's owner")
    if whole == len(entries):
        return entries, (f"the XML is not well-formed ({fault}); {whole} entries could be read",)
    return entries[:whole], (
        f"the XML is broken ({fault}); {whole} complete entries were kept, the cut one was left out",
    )


def _fault(broken: SAXException, content: bytes) -> str:
    message = text.clean(broken.getMessage())
    if not isinstance(broken, SAXParseException):
        return message
    added = 0 if content.lstrip().startswith(b"<?xml") else 1  # feedparser writes the declaration that is missing
    return f"{message} in line {(broken.getLineNumber() or 0) - added}"


@dataclass(frozen=True, slots=True)
class _Reader:
    """Translates feedparser's words into ours; *atom* tells whether a title's type can be believed."""

    source: Source
    atom: bool
    base: str
    tz: ZoneInfo
    now: datetime

    def feed(self, found: _Values, entries: Iterable[_Values], problems: tuple[str, ...]) -> Feed:
        source = self.source
        return Feed(
            id=_word(found, "id") or source.url,
            title=self.plain(found, "title") or source.title or uri.host(source.url),
            updated=self.moment(found, "updated") or self.moment(found, "published"),
            subtitle=self.plain(found, "subtitle") or None,
            authors=_persons(found, "authors"),
            links=tuple(_links(found)),
            rights=self.plain(found, "rights") or None,
            lang=_word(found, "language") or None,
            pace=pace.read(found, self.moment(found, "sy_updatebase")),
            entries=tuple(map(self.entry, entries)),
            problems=problems,
        )

    def entry(self, found: _Values) -> Entry:
        updated, published = self.moment(found, "updated"), self.moment(found, "published")
        return Entry(
            id=_word(found, "id"),
            title=self.plain(found, "title"),
            updated=updated,
            # The only date of an RSS 1.0 item (dc:date) is when it was published; feedparser calls it updated.
            published=published or self.moment(found, "created") or (None if self.atom else updated),
            authors=_persons(found, "authors"),
            contributors=_persons(found, "contributors"),
            categories=tuple(_categories(found)),
            links=(*self.links(found), *_images(found)),
            summary=self.summary(found),
            content=self.content(found),
            rights=self.plain(found, "rights") or None,
            origin=self.origin(found) if self.atom else None,
            lang=_language(found),
        )

    def plain(self, found: _Values, name: str) -> str:
        """A text as plain text.

        Atom says whether it is markup; elsewhere it may be HTML, and escaped once more than it should be.
        """
        value = _word(found, name)
        if _is_markup(_detail(found, name)):
            value = html.to_text(value) if "<" in value else unescape(value)
        return value if self.atom else unescape(value)

    def moment(self, found: _Values, name: str) -> datetime | None:
        """A date by our own reading, else by feedparser's."""
        if moment := dates.parse(_word(found, name), tz=self.tz, now=self.now):
            return moment
        parsed = dict.get(found, f"{name}_parsed")
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed and 1971 <= parsed[0] < 2200 else None

    def summary(self, found: _Values) -> Text | None:
        detail = _detail(found, "summary")
        value = _word(detail, "value")
        if not value:
            return None
        return Text(value=self.marked(detail, value), type="html") if _is_markup(detail) else Text(value=value)

    def content(self, found: _Values) -> Content | None:
        """The full text.

        Outside Atom, plain text here is a second summary, as podcasts have: no text, unless it says more.
        """
        plain = [item for item in _list(found, "content") if _word(item, "type") == "text/plain"]
        if not self.atom:
            plain = [item for item in plain if len(_word(item, "value")) > len(_word(found, "summary"))]
        for detail in (*filter(_is_markup, _list(found, "content")), *plain):
            if value := _word(detail, "value"):
                markup = _is_markup(detail)
                return Content(value=self.marked(detail, value) if markup else value, type="html" if markup else "text")
        return None

    def marked(self, detail: _Values, value: str) -> str:
        """Markup, its relative links resolved here when only the feed says against what: xml:base, or in Atom the
        document itself (RFC 4287 §2, RFC 3986 §5.1).  Elsewhere they are meant as on the entry's own page.
        """
        base = uri.absolute(_word(detail, "base"), self.base) or (self.base if self.atom else None)
        return html.sanitize(value, base) if base and _RELATIVE.search(value) else value

    def links(self, found: _Values) -> list[Link]:
        """The page for people first; a guid that is a permanent link where there is no such page."""
        links = sorted(_links(found), key=lambda link: link.rel == "alternate" and link.type not in (None, "text/html"))
        pages = [link for link in links if link.rel == "alternate" and uri.absolute(link.href, self.base)]
        if original := uri.absolute(_word(found, "feedburner_origlink"), None):
            pages = [Link(href=original)]
        if not pages and not self.atom and (found.get("guidislink") or found.get("link")):
            pages = [Link(href=guid)] if (guid := uri.absolute(_word(found, "id"), None)) else []
        return [*pages, *(link for link in links if link.rel != "alternate")]

    def origin(self, found: _Values) -> Origin | None:
        raw = dict.get(found, "source")
        if not isinstance(raw, dict) or not _word(raw, "id"):
            return None
        return Origin(
            id=_word(raw, "id"),
            title=self.plain(raw, "title"),
            updated=self.moment(raw, "updated"),
            links=tuple(_links(raw)),
            rights=self.plain(raw, "rights") or None,
        )


def _word(found: _Values, name: str) -> str:
    """A string by its own name: feedparser's dictionaries answer for other names as well."""
    value = dict.get(found, name)
    return value if isinstance(value, str) else ""


def _list(found: _Values, name: str) -> list[_Values]:
    value = dict.get(found, name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _detail(found: _Values, name: str) -> _Values:
    value = dict.get(found, f"{name}_detail")
    return value if isinstance(value, dict) else {}


def _is_markup(detail: _Values) -> bool:
    return _word(detail, "type") in _MARKUP


def _language(found: _Values) -> str | None:
    details = (_detail(found, "title"), _detail(found, "summary"), *_list(found, "content"))
    return next((language for detail in details if (language := _word(detail, "language"))), None)


def _persons(found: _Values, name: str) -> tuple[Person, ...]:
    people = _list(found, name) or [person for person in (_detail(found, name.removesuffix("s")),) if person]
    return tuple(
        Person(name=_word(person, "name") or email, uri=_word(person, "href") or None, email=email or None)
        for person in people
        if (email := _word(person, "email")) or _word(person, "name")
    )


def _categories(found: _Values) -> Iterator[Category]:
    for tag in _list(found, "tags"):
        label = _word(tag, "label")
        if term := _word(tag, "term") or label:
            yield Category(term=term, scheme=_word(tag, "scheme") or None, label=label or None)


def _links(found: _Values) -> Iterator[Link]:
    for link in _list(found, "links"):
        if href := _word(link, "href"):
            length = _word(link, "length")
            yield Link(
                href=href,
                rel=_word(link, "rel") or "alternate",
                type=_word(link, "type") or None,
                hreflang=_word(link, "hreflang") or None,
                title=_word(link, "title") or None,
                length=int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None,
            )


def _images(found: _Values) -> Iterator[Link]:
    """Media RSS and iTunes pictures, as enclosures."""
    for media in _list(found, "media_content"):
        kind = _word(media, "type") or _image_type(_word(media, "url"))
        if _word(media, "url") and (kind or _word(media, "medium") == "image"):
            yield Link(href=_word(media, "url"), rel="enclosure", type=kind)
    pictures = [_word(media, "url") for media in _list(found, "media_thumbnail")]
    image = dict.get(found, "image")
    pictures += [_word(image, "href")] if isinstance(image, dict) else []
    for picture in filter(None, pictures):
        yield Link(href=picture, rel="enclosure", type=_image_type(picture))


def _image_type(url: str) -> str | None:
    kind = _IMAGES.get(url.partition("?")[0].rpartition(".")[2].lower())
    return f"image/{kind}" if kind else None
