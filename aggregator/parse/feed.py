"""Feeds: RSS, RDF, Atom and CDF.  The only door of feedparser.

feedparser is given the bytes, never an address, with its own sanitising and link resolution off (``normalize`` does
both, once).  Its known faults are mended here: it reads HTML as an empty feed, CET as UTC, the cut last item of broken
XML as a whole one, a caption as the summary, and an e-mail address up to its fourth letter after the dot; it knows no
version for CDF, and "repairs" texts whose Latin-1 bytes happen to be UTF-8.
"""

from __future__ import annotations

import io
import re
from calendar import timegm
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from types import FunctionType
from typing import Any
from xml.sax import SAXException, SAXParseException
from zoneinfo import ZoneInfo

import feedparser
from feedparser.datetimes import _parse_date

from aggregator import dates, html, text, uri
from aggregator.errors import ParseError
from aggregator.model import Content, Entry, Feed, Link, Origin, Response, Source, Text
from aggregator.parse import answers, elements, pace
from aggregator.parse.elements import Values, detail, is_markup, several, word
from aggregator.parse.mended import Mended
from aggregator.parse.repair import in_utf8, well_formed, with_characters

_ITEM_END = re.compile(rb"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_RELATIVE = re.compile(r"<a\s[^>]{0,500}?href\s*=\s*[\"']?(?!https?:|mailto:|tel:)", re.IGNORECASE)
_GROWTH, _SHORT = 4, 500  # a text that addresses make many times longer loses them
_BARE_HOST = re.compile(r"www\.[\w-]+(?:\.[\w-]+)+(?:[/?]|$)", re.IGNORECASE)


# feedparser's own ``parse``, which finds the mended parsers in place of its own; for others the library stays as it is.
_MENDED = {
    name: type(name, (Mended, getattr(feedparser.api, name)), {}) for name in ("StrictFeedParser", "LooseFeedParser")
}
_NAMES = vars(feedparser.api) | _MENDED
_parse = FunctionType(feedparser.api.parse.__code__, _NAMES, "parse", (None,) * 9)
_parse_loosely = FunctionType(feedparser.api.parse.__code__, _NAMES | {"_XML_AVAILABLE": False}, "parse", (None,) * 9)


def read(response: Response, source: Source, tz: ZoneInfo) -> Feed:
    """The feed as its publisher wrote it; dates without a zone are in *tz*.

    Raises ParseError when it is no feed or has no complete entry left.
    """
    transcoded = in_utf8(response.content)
    content = with_characters(_without_lead(response.content if transcoded is None else transcoded))
    headers = _headers(response, encoded=transcoded is None)
    found = _parsed(content, headers)
    broken = found.get("bozo_exception")
    if isinstance(broken, SAXException) and (mended := well_formed(content)) != content:
        found = _parsed(mended, headers)
    if not content.strip() or not found.get("version"):
        raise ParseError(answers.not_a_feed(response))
    reader = _Reader(source, found.version.startswith("atom"), response.url, tz, response.date)
    whole, problems = _complete(found, content, broken)
    feed = reader.feed(found.feed, whole, problems)
    return replace(feed, cut=isinstance(found.get("bozo_exception"), SAXException))


def _parsed(content: bytes, headers: dict[str, str]) -> feedparser.FeedParserDict:
    """What feedparser makes of it; where its strict parser fails at what is XML, the looser one reads.

    A document that begins with a line break has no declaration that could name an encoding which is none.
    """
    given: dict[str, Any] = {"response_headers": headers, "resolve_relative_uris": False, "sanitize_html": False}
    try:
        return _parse(io.BytesIO(content), **given)
    except (ValueError, KeyError, IndexError, TypeError):
        return _parse_loosely(io.BytesIO(b"\n" + content), **given)


def _without_lead(content: bytes) -> bytes:
    """Without the white space that keeps an XML declaration from being one."""
    stripped = content.lstrip()
    return stripped if stripped.startswith(b"<?xml") else content


def _headers(response: Response, *, encoded: bool) -> dict[str, str]:
    """What feedparser needs of the headers: not the address, or it would make links of guids that are none.

    Not *encoded*: the document is no longer in the encoding that its type names.
    """
    wanted = ("content-type", "content-language") if encoded else ("content-language",)
    return {name: response.headers[name] for name in wanted if name in response.headers}


def _complete(found: feedparser.FeedParserDict, content: bytes, broken: object) -> tuple[list[Values], tuple[str, ...]]:
    """The entries that were sent whole, and what is wrong with the document, in words; *broken* was its first fault."""
    entries: list[Values] = found.entries
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

    def feed(self, found: Values, entries: Iterable[Values], problems: tuple[str, ...]) -> Feed:
        source = self.source
        return Feed(
            id=word(found, "id") or source.url,
            title=self.plain(found, "title") or source.title or uri.host(source.url),
            updated=self.moment(found, "updated") or self.moment(found, "published"),
            subtitle=self.plain(found, "subtitle") or self.plain(found, "summary") or None,
            authors=elements.persons(found, "authors", escaped=not self.atom),
            links=tuple(elements.links(found)),
            rights=self.plain(found, "rights") or None,
            lang=word(found, "language") or None,
            pace=pace.read(found, self.moment(found, "sy_updatebase")),
            entries=tuple(map(self.entry, entries)),
            problems=problems,
        )

    def entry(self, found: Values) -> Entry:
        updated, published = self.moment(found, "updated"), self.moment(found, "published")
        return Entry(
            id=word(found, "id"),
            title=self.plain(found, "title") or self.plain(found, "itunes_title"),
            updated=updated,
            # The only date of an RSS 1.0 item (dc:date) is when it was published; feedparser calls it updated.
            published=published or self.moment(found, "created") or (None if self.atom else updated),
            authors=elements.persons(found, "authors", escaped=not self.atom),
            contributors=elements.persons(found, "contributors", escaped=not self.atom),
            categories=tuple(elements.categories(found, escaped=not self.atom)),
            links=(*self.links(found), *elements.media(found), *self.pictures(found)),
            summary=self.summary(found),
            content=self.content(found),
            rights=self.plain(found, "rights") or None,
            origin=self.origin(found) if self.atom else None,
            lang=elements.language(found),
        )

    def plain(self, found: Values, name: str) -> str:
        """A text as plain text.

        Atom says whether it is markup.  Elsewhere it is HTML where it has tags, an entity is one in either case, and
        what escaping twice has left of a character is taken for the character.
        """
        value = word(found, name)
        if self.atom:
            markup = is_markup(detail(found, name))
            return html.to_text(value) if markup and "<" in value else unescape(value) if markup else value
        return elements.without_strays(html.to_text(value) if elements.has_tags(value) else unescape(value))

    def moment(self, found: Values, name: str) -> datetime | None:
        """A date by our own reading, else by feedparser's."""
        if not (written := word(found, name)):
            return None
        if moment := dates.parse(written, tz=self.tz, now=self.now):
            return moment
        with suppress(ValueError, OverflowError, IndexError, TypeError):
            parsed = _parse_date(written[: dates.MAX_LENGTH])
            return datetime.fromtimestamp(timegm(parsed), UTC) if parsed and 1971 <= parsed[0] < 2200 else None
        return None

    def summary(self, found: Values) -> Text | None:
        """The summary, else what Media RSS says of the entry as a whole, or iTunes in a line."""
        if value := word(detail(found, "summary"), "value"):
            construct = detail(found, "summary")
            return Text(value=self.marked(construct, value), type="html") if is_markup(construct) else Text(value=value)
        value = word(found, "media_description") or word(found, "media_text") or word(found, "subtitle")
        return Text(value=value, type="html" if elements.has_tags(value) else "text") if value else None

    def content(self, found: Values) -> Content | None:
        """The full text.

        Outside Atom, plain text here is a second summary, as podcasts have: no text, unless it says more.
        """
        plain = [item for item in several(found, "content") if word(item, "type") == "text/plain"]
        if not self.atom:
            plain = [item for item in plain if len(word(item, "value")) > len(word(found, "summary"))]
        for construct in (*filter(is_markup, several(found, "content")), *plain):
            if value := word(construct, "value"):
                markup = is_markup(construct)
                value = self.marked(construct, value) if markup else value
                return Content(value=value, type="html" if markup else "text")
        return None

    def marked(self, construct: Values, value: str) -> str:
        """Markup, its relative links resolved here when only the feed says against what: xml:base, or in Atom the
        document itself (RFC 4287 §2, RFC 3986 §5.1).  Elsewhere they are meant as on the entry's own page.
        """
        base = self.meant(construct)
        if not base or not _RELATIVE.search(value):
            return value
        found = html.sanitize(value, base)
        return found if len(found) <= _GROWTH * len(value) + _SHORT else html.sanitize(value)

    def meant(self, construct: Values) -> str | None:
        """What the relative links of a text are relative to, as far as the feed says."""
        return uri.absolute(word(construct, "base"), self.base) or (self.base if self.atom else None)

    def pictures(self, found: Values) -> Iterable[Link]:
        """The pictures of the texts, with their alternative texts, since the texts themselves lose them."""
        for construct in (*several(found, "content"), detail(found, "summary")):
            for picture in html.pictures(word(construct, "value")):
                if href := uri.absolute(picture.source, self.meant(construct) or self.page(found)):
                    kind = answers.image_type(href)
                    yield Link(href=href, rel="enclosure", type=kind, title=picture.alternative or None)

    def page(self, found: Values) -> str:
        """The address of an entry's own page, else of the feed."""
        pages = (link.href for link in self.links(found) if link.rel == "alternate")
        return uri.absolute(next(pages, self.base), self.base) or self.base

    def links(self, found: Values) -> list[Link]:
        """The page for people first; a guid that is a permanent link where there is no such page."""
        links = sorted(
            map(_with_scheme, elements.links(found)),
            key=lambda link: link.rel == "alternate" and link.type not in (None, "text/html"),
        )
        pages = [link for link in links if link.rel == "alternate" and uri.absolute(link.href, self.base)]
        if original := uri.absolute(word(found, "feedburner_origlink"), None):
            pages = [Link(href=original)]
        if not pages and not self.atom and (found.get("guidislink") or found.get("link")):
            pages = [Link(href=guid)] if (guid := uri.absolute(word(found, "id"), None)) else []
        return [*pages, *(link for link in links if link.rel != "alternate")]

    def origin(self, found: Values) -> Origin | None:
        raw = dict.get(found, "source")
        if not isinstance(raw, dict) or not word(raw, "id"):
            return None
        return Origin(
            id=word(raw, "id"),
            title=self.plain(raw, "title"),
            updated=self.moment(raw, "updated"),
            links=tuple(elements.links(raw)),
            rights=self.plain(raw, "rights") or None,
        )


def _with_scheme(link: Link) -> Link:
    """A link to "www.politie.example/nieuws" as people type it."""
    return replace(link, href=f"https://{link.href}") if _BARE_HOST.match(link.href) else link
