"""OPML 1.0 and 2.0 (opml.org), read as a list of subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from aggregator import text, uri
from aggregator.errors import ParseError
from aggregator.parse.repair import in_utf8, with_characters

MAX_SIZE = 5_000_000  # bytes; a list of thousands of feeds is a tenth of it
_MOST = 10_000
_PAGES = ("link", "html", "page")


@dataclass(frozen=True, slots=True)
class Outline:
    """One subscription: a feed's address or, where *page* says so, that of a page; *folder* is what it stood in."""

    title: str
    url: str
    folder: str
    page: bool = False


def read(content: bytes) -> tuple[tuple[Outline, ...], tuple[str, ...]]:
    """The subscriptions, each address once and in order, and in words what could not be used.

    Entities are not resolved, nothing is fetched.  Raises ParseError when this is no OPML.
    """
    if len(content) > MAX_SIZE:
        raise ParseError(f"is larger than {MAX_SIZE // 1_000_000} MB, which no list of feeds is")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(with_characters(in_utf8(content) or content), parser)
    except etree.XMLSyntaxError as error:
        raise ParseError(f"is not XML: {text.clean(str(error))[:200]}") from error
    if root is None or str(root.tag).rpartition("}")[2].lower() != "opml":
        raise ParseError("is not OPML: its root is not <opml>")
    found: dict[str, Outline] = {}
    problems = ["the XML is broken; what could be read was taken"] if len(parser.error_log.filter_from_fatals()) else []
    for number, node in enumerate(root.iter("outline")):
        if number == _MOST:
            problems.append(f"holds more than {_MOST} outlines; the rest was not read")
            break
        for taken in _outline(node):
            if isinstance(taken, str):
                problems.append(taken)
            elif taken.url in found:
                problems.append(f"{taken.url}: stands there more than once")
            else:
                found[taken.url] = taken
    return tuple(found.values()), tuple(dict.fromkeys(problems))


def _outline(node: etree._Element) -> Iterator[Outline | str]:
    """What an outline subscribes to, or why it cannot be used; nothing for a folder or a note."""
    values = {str(name).lower(): text.clean(str(value)) for name, value in node.attrib.items()}
    kind, feed = values.get("type", "").lower(), values.get("xmlurl", "")
    title = values.get("title") or values.get("text") or ""
    if kind == "include":
        yield f"{values.get('url') or title}: another list, which is not fetched; import it by itself"
    address = feed or (values.get("url", "") if kind in _PAGES else "")
    if not address:
        return
    if (url := uri.absolute(address, None)) is None:
        yield f"{address}: not an http or https address"
    else:
        yield Outline(title=title or uri.host(url), url=url, folder=_folder(node), page=not feed)


def _folder(node: etree._Element) -> str:
    above = node.getparent()
    if above is None or above.tag != "outline":
        return ""
    return text.clean(above.get("text") or above.get("title") or "")
