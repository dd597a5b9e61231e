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
_PROLOGUE = re.compile(r"<!--[\s\S]*?(?:-->|\Z)|<\?[\s\S]*?(?:\?>|\Z)")
_ROOT = re.compile(r"(?:<!doctype[^<>]*>\s*)?<([\w:.-]{1,60})", re.IGNORECASE)
_HTML_ROOTS = ("<!doctype html", "<html", "<head", "<title", "<body", "<div", "<p>", "<h1", "<script", "<meta")
_XML_ROOTS = ("<?xml", "<rss", "<feed", "<rdf")


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


def title(markup: str) -> str:
    """The title of a page, empty when it has none."""
    found = _TITLE.search(markup)
    return text.clean(unescape(found[1])) if found else ""


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
            'set type = "page" and give [sources.page] its selectors, else correct url'
        )
    return f"answered with {_kind(response, head)}, not a feed; correct url"


def _kind(response: Response, head: str) -> str:
    if head.lstrip()[:1] in ("{", "["):
        return "JSON"
    if root := _ROOT.match(_start(head)):
        return f"XML whose root is <{root[1]}>"
    media_type = text.clean(_media_type(response).partition(";")[0])[:80]
    return f"something of type {media_type}" if media_type else "something unknown"


def _start(head: str) -> str:
    """The document from its first element or document type on."""
    return _PROLOGUE.sub("", head).lstrip("\ufeff \t\r\n")


def _titled(head: str, word: str) -> str:
    found = title(head)
    return f'{word} "{found[:100]}"' if found else ""


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "").lower()


def _head(response: Response) -> str:
    content = response.content[:_HEAD]
    encoding = next((name for bom, name in _BOMS.items() if content.startswith(bom)), "utf-8")
    return content.decode(encoding, "replace")
