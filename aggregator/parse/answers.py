"""What an answer is, before anybody reads it: its characters, and why it is not what was promised, in words."""

from __future__ import annotations

import codecs
import re
from html import unescape

from aggregator import text
from aggregator.model import Response
from aggregator.parse import challenges

_HEAD = 50_000  # what there is to recognise stands at the beginning
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_TITLE = re.compile(r"<title\b[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_PROLOGUE = re.compile(r"(?:[\ufeff\s]++|<!--[\s\S]*?(?:-->|\Z)|<\?[\s\S]*?(?:\?>|\Z))*+")
_ROOT = re.compile(rf"(?:<!doctype[^\[<>]*+(?:\[[^\]]*+\]\s*+)?>{_PROLOGUE.pattern})?<([\w:.-]{{1,60}})", re.IGNORECASE)
_HTML_ROOTS = ("<!doctype html", "<html", "<head", "<title", "<body", "<div", "<p>", "<h1", "<script", "<meta")
_XML_ROOTS = ("<?xml", "<rss", "<feed", "<rdf")
_SITEMAP_ROOTS = ("urlset", "sitemapindex")
_IMAGES = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "gif": "gif", "webp": "webp", "avif": "avif", "svg": "svg+xml"}


def decoded(response: Response) -> str:
    """The characters of a page.

    Bytes that are valid UTF-8 are UTF-8, whatever is declared; then the header, the page itself and Windows-1252 are
    believed, in this order.
    """
    content = response.content
    for bom, encoding in _BOMS.items():
        if content.startswith(bom):
            return content.decode(encoding, "replace")
    declared = (_CHARSET.search(part) for part in (_media_type(response).encode(), content[:4096]))
    for encoding in ("utf-8", *(found[1].decode("ascii", "replace") for found in declared if found)):
        try:
            return content.decode(encoding)
        except (LookupError, ValueError):
            continue
    return content.decode("windows-1252", "replace")


def is_html(response: Response) -> bool:
    """Whether this is a web page: it begins like one, or it is called one and does not begin like a feed."""
    head = _head(response)
    if _start(head).lower().startswith(_HTML_ROOTS):
        return True
    return "html" in _media_type(response) and not head.lstrip().lower().startswith(_XML_ROOTS)


def is_json(response: Response) -> bool:
    """Whether this is a JSON document: it begins like an object, or it is called JSON and does not begin like XML."""
    head = _head(response).lstrip("\ufeff \t\r\n")
    return head.startswith("{") or ("json" in _media_type(response) and not head.startswith("<"))


def is_sitemap(response: Response) -> bool:
    """Whether this is a sitemap or an index of sitemaps (sitemaps.org), by its root."""
    return _root(_head(response)) in _SITEMAP_ROOTS


def title(markup: str) -> str:
    """The title of a page, empty when it has none."""
    found = _TITLE.search(markup)
    return text.clean(unescape(found[1])) if found else ""


def image_type(url: str) -> str | None:
    """The media type that the address of a picture ends in."""
    kind = _IMAGES.get(url.partition("?")[0].rpartition(".")[2].lower())
    return f"image/{kind}" if kind else None


def challenge(response: Response) -> str | None:
    """A sentence when the site sent a check for robots instead of its news, whatever the status."""
    head = _head(response)
    if (maker := challenges.maker(response, head)) is None:
        return None
    return f"blocked by {maker}{_titled(head, ', which shows')}: ask the site to allow our User-Agent, or our address"


def not_a_feed(response: Response) -> str:
    """The sentence for an answer that is not a feed: what it is instead, and what to do."""
    head = _head(response)
    if not head.strip():
        return "answered with an empty document; open the address in a browser and correct url"
    if sentence := challenge(response):
        return sentence
    if is_html(response):
        return (
            f"answered with a web page{_titled(head, ' titled')}, not a feed; if this is the news page itself, "
            'set type = "page" and give [sources.page] its selectors (aggregator discover proposes them), '
            "else correct url"
        )
    if _root(head) in _SITEMAP_ROOTS:
        return 'answered with a sitemap, not a feed; set type = "sitemap", or correct url'
    return f"answered with {_kind(response, head)}, not a feed; correct url"


def _kind(response: Response, head: str) -> str:
    if head.lstrip()[:1] in ("{", "["):
        return "JSON"
    if root := _ROOT.match(_start(head)):
        return f"XML whose root is <{root[1]}>"
    media_type = text.clean(_media_type(response).partition(";")[0])[:80]
    return f"something of type {media_type}" if media_type else "something unknown"


def _root(head: str) -> str:
    """The name of the root element without its prefix, empty where there is none."""
    found = _ROOT.match(_start(head))
    return found[1].rpartition(":")[2] if found else ""


def _start(head: str) -> str:
    """The document from its first element or document type on."""
    found = _PROLOGUE.match(head)
    return head[found.end() :] if found else head


def _titled(head: str, word: str) -> str:
    found = title(head)
    return f'{word} "{found[:100]}"' if found else ""


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "").lower()


def _head(response: Response) -> str:
    content = response.content[:_HEAD]
    encoding = next((name for bom, name in _BOMS.items() if content.startswith(bom)), "utf-8")
    return content.decode(encoding, "replace")
