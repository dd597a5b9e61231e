"""Sitemaps (sitemaps.org) with Google's extension for news, which names titles and moments of publication.

A sitemap without that extension lists every page of a site: it can be a source when ``key`` says which of its
addresses are news, and the titles then come from the articles behind them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

from aggregator import dates, text, uri
from aggregator.errors import ParseError
from aggregator.model import Category, Entry, Feed, Link, Response, Source
from aggregator.parse import answers
from aggregator.parse.repair import in_utf8, with_characters

_LARGEST = 50_000_000  # bytes: the protocol's own limit
_MOST = 1000
_GZIP = b"\x1f\x8b"
_Node = etree._Element


def read(response: Response, source: Source, tz: ZoneInfo) -> Feed:
    """The news of a sitemap, the newest first; dates without a zone are in *tz*.

    Raises ParseError when it is no sitemap, an index of sitemaps, or one that does not say what of it is news.
    """
    unpacked = _unpacked(response.content)
    content = with_characters(in_utf8(unpacked) or unpacked)
    root, whole = _root(replace(response, content=content))
    pages = [node for node in root if _name(node) == "url"]
    if _name(root) == "sitemapindex":
        raise ParseError(_index(root, response.url))
    kept = pages if whole else pages[: content.count(b"</url>")]
    reader = _Reader(source, tz, response.date)
    entries = [entry for node in kept if (entry := reader.entry(node))]
    if kept and not entries:
        raise ParseError(_no_news(source, len(kept)))
    return Feed(
        id=source.url,
        title=source.title or _publication(root) or uri.host(source.url),
        lang=next((words for node in _all(root, "language") if (words := _words(node))), None),
        entries=tuple(sorted(entries, key=_age, reverse=True)[:_MOST]),
        problems=() if whole else (f"the XML is broken; {len(kept)} complete addresses were kept",),
        cut=not whole,
    )


def _unpacked(content: bytes) -> bytes:
    """A file that was compressed before it was put on the server; bounded, whatever it claims."""
    if not content.startswith(_GZIP):
        return content
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(content, _LARGEST)
    except zlib.error:
        found = b""
    if not found:
        raise ParseError("the compressed sitemap is damaged; tell the site's owner")
    if unpacker.unconsumed_tail:
        raise ParseError(f"the sitemap is larger than the {_LARGEST // 1_000_000} MB that its protocol allows")
    return found


def _root(response: Response) -> tuple[_Node, bool]:
    """The root element, and whether the document is well-formed."""
    if not answers.is_sitemap(response):
        sentence = answers.not_a_feed(response).replace("not a feed", "not a sitemap")
        raise ParseError(sentence)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)
    root = etree.fromstring(response.content, parser)
    if root is None:
        raise ParseError("the sitemap's XML is broken and holds nothing that can be read; tell the site's owner")
    return root, not len(parser.error_log.filter_from_fatals())


def _index(root: _Node, base: str) -> str:
    found = [address for node in _all(root, "loc") if (address := uri.absolute(_words(node), base))]
    named = ", ".join(found[:5]) + (" …" if len(found) > 5 else "")
    return f"is an index of {len(found)} sitemaps; set url to the one that holds the news: {named or 'it names none'}"


def _no_news(source: Source, many: int) -> str:
    if source.key:
        return f"lists {many} addresses, and key finds none of them; correct key"
    return (
        f"lists {many} addresses and does not say which are news; set key to a pattern of their addresses, "
        "and add a table [sources.article] for their titles and texts"
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    source: Source
    tz: ZoneInfo
    now: datetime

    def entry(self, node: _Node) -> Entry | None:
        """The entry of a ``url`` element; None when it is no news."""
        href = uri.absolute(_child(node, "loc"), self.source.url)
        news = next(_children(node, "news"), None)
        if href is None or (self.source.key and not re.search(self.source.key, href)):
            return None
        if news is None and not self.source.key:
            return None
        return Entry(
            id="",
            title=_child(news, "title"),
            published=self.moment(news, "publication_date"),
            updated=self.moment(node, "lastmod"),
            categories=tuple(Category(term=term) for term in _terms(news)),
            links=(Link(href=href), *_images(node)),
        )

    def moment(self, node: _Node | None, name: str) -> datetime | None:
        return dates.parse(_child(node, name), tz=self.tz, now=self.now)


def _age(entry: Entry) -> float:
    moment = entry.published or entry.updated
    return moment.timestamp() if moment else 0.0


def _images(node: _Node) -> Iterator[Link]:
    for image in _children(node, "image"):
        if href := _child(image, "loc"):
            yield Link(href=href, rel="enclosure", type=answers.image_type(href), title=_child(image, "title") or None)


def _terms(news: _Node | None) -> list[str]:
    return [term for word in _child(news, "keywords").split(",") if (term := word.strip())]


def _publication(root: _Node) -> str | None:
    return next((words for node in _all(root, "name") if (words := _words(node))), None)


def _name(node: _Node) -> str:
    """The local name; a prefix that nobody has declared goes too."""
    return re.split("[}:]", node.tag)[-1] if isinstance(node.tag, str) else ""


def _child(node: _Node | None, name: str) -> str:
    """The words of a child by its local name: every site has its own idea of the namespaces' addresses."""
    return _words(next(_children(node, name), None)) if node is not None else ""


def _children(node: _Node, name: str) -> Iterator[_Node]:
    return (child for child in node.iterchildren() if _name(child) == name)


def _all(root: _Node, name: str) -> Iterator[_Node]:
    return (node for node in root.iter() if _name(node) == name)


def _words(node: _Node | None) -> str:
    return text.clean("".join(map(str, node.itertext()))) if node is not None else ""
