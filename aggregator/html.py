"""HTML of strangers: made safe to publish, and made plain text.

The only door of nh3 and inscriptis.  What goes in is hostile; what comes out of ``sanitize`` is a small set of elements
with http(s), mailto and tel links, closed and nested as HTML wants it, and stable: sanitising it again changes nothing.

Size and depth are capped before a library sees the markup, because their cost grows with the square of either.  The
depth is counted on tags, not on a parsed tree, so a contrived document can still be slow: who sanitises what a source
sent does so within a worker's time limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import NamedTuple, cast

import nh3
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_engine import Inscriptis
from inscriptis.html_properties import Display
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement
from lxml import etree
from lxml.html import HtmlElement as Element
from lxml.html import document_fromstring

from aggregator import text, uri

MAX_SIZE = 512_000  # characters
MAX_DEPTH = 100

_KEPT = "p br strong em b i a sub sup del s ul ol li blockquote h3 h4 table caption thead tbody tfoot tr th td"
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
# What these hold is not prose: it goes with them.
_OTHER_MEDIA = (
    "script style template noscript iframe frameset object embed applet svg math canvas audio video map"
    " head title select textarea button noembed noframes"
)
# A block that we do not keep must not glue its text to its neighbour's.
_OTHER_BLOCKS = (
    "div section article aside header footer main nav figure figcaption address center details summary dl dt dd"
    " fieldset legend form pre hgroup"
)
_RENAMED = dict.fromkeys(_OTHER_BLOCKS.split(), "p") | {"h1": "h3", "h2": "h3", "h5": "h4", "h6": "h4"}
# Elements that never nest directly, so that an unclosed one adds no depth.
_FLAT = "p li dt dd option tr td th thead tbody tfoot br hr img input meta link wbr col source area embed"

_TAG = re.compile(r"""(</?)([a-zA-Z][^\s/>]*)((?:[^>"']++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))*+(?:>|\Z))""")
_NAMED = re.compile(r"""(?<![\w-])([a-zA-Z][\w-]{0,30})\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s"'>]+)""")
_PIXEL = re.compile(r"\s*[0-3]\s*(?:px)?\s*")
_COMMENT = re.compile(r"<!--[\s\S]*?(?:-->|\Z)")
_MAYBE_EMPTY = re.compile(r">(?<!<br>)(?:\s|&nbsp;|<br>)*+</")  # quicker, for the most texts have none
_EMPTY = re.compile(
    r"<(p|li|ul|ol|blockquote|h3|h4)>(?:\s|&nbsp;|<br>)*</\1>|<(strong|em|b|i|a|sub|sup|del|s)(?: [^<>]*)?></\2>"
)
# The first letters are looked at first: most tags are others.
_RENAME = re.compile(rf"(</?)(?=[dsfmncl]|h[1256eg]|a[rsd]|pre)({'|'.join(_RENAMED)})(?=[\s/>])", re.IGNORECASE)
_INLINE_DATA = re.compile(r"data:[\w/+.-]+;base64,[\w+/=%]*", re.ASCII | re.IGNORECASE)
_HIDING = re.compile(r"<[^<>]{0,500}\s(?:hidden[\s=>/]|style\s*=[^<>]{0,500}display\s*:\s*none)", re.IGNORECASE)
_HIDDEN = etree.XPath("//*[@hidden or contains(translate(@style, 'DISPLAYNOE ', 'displaynoe'), 'display:none')]")
_CONTACT = re.compile(r"(?:mailto|tel):[\w.!#$&'*+/=?^`{|}~@%,;:()-]+", re.IGNORECASE | re.ASCII)
_CONTACT_START = "mtMT"
_CONTACT_SPACE = re.compile(r"(?<=tel:)\s+|(?<=[\d)])\s+(?=[\d(])")
_STRUCTURE = re.compile(r"<(/?)(p|a|h[34]|ul|ol|li|blockquote|table|caption|thead|tbody|tfoot|tr|th|td)[ >]")
_BLOCK_TAG = re.compile(r"</?(?:p|br|ul|ol|li|blockquote|h[34]|table|caption|thead|tbody|tfoot|tr|th|td)(?: [^<>]*)?>")
_INLINE_TAG = re.compile(r"</?[a-z][^<>]*>")
_HREF = re.compile(r'<a href="([^"]*)">')
# A span or a beginning that is no small number, by what stands before it in its tag.
_NUMBER = re.compile(r' (?:colspan|rowspan|start)="(?!\d{1,3}")[^"]*"(?=(?: (?:colspan|rowspan)="[^"]*")*>)', re.ASCII)
_TEXT_BLOCKS = ("p", "h3", "h4")
_PASSES = 5
_CLEANER = nh3.Cleaner(
    tags=set(_KEPT.split()),
    clean_content_tags=set(_OTHER_MEDIA.split()),
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,
)


def sanitize(markup: str, base: str | None = None) -> str:
    """*markup* as HTML that is safe to publish; links are resolved against *base* and dropped when they cannot be.

    Images, frames, forms, scripts, styles and everything hidden go; text stays.  Idempotent; never raises.
    """
    once = _visible(markup)
    for _ in range(_PASSES):
        before, once = once, _sanitized(once, base)
        if len(once) > MAX_SIZE:
            break
        if once == before or _is_settled(once):
            return once
    return _sanitized(_paragraphs(to_text(once)[: MAX_SIZE // 8]), base)


def to_text(markup: str) -> str:
    """What a reader would read, as plain text: paragraphs separated by blank lines, no-break spaces kept."""
    tree = _tree(_protected(_visible(markup)))
    if "&" in markup:
        _protect_ampersands(tree)
    try:
        found: str = Inscriptis(tree, _TEXT).get_text()
    except RecursionError:
        found = "".join(tree.itertext())
    return text.clean_block(found.replace(_NBSP, "\u00a0").replace(_NNBSP, "\u202f").replace(_AMPERSAND, "&"))


def words(sanitized: str) -> str:
    """The words of what ``sanitize`` gave, in their order; a block ends a word and an inline element does not.

    For comparing: no layout, no numbers of lists, and 50 times as fast as ``to_text``.
    """
    return unescape(_INLINE_TAG.sub("", _BLOCK_TAG.sub("\n", sanitized))).strip()


class Picture(NamedTuple):
    """An image of a text: its address as written, and what it shows in words, empty where nobody said."""

    source: str
    alternative: str


def pictures(markup: str) -> Iterator[Picture]:
    """The images of *markup* in their order, as far as they are meant to be seen: none of a pixel or two."""
    if "<img" not in (markup := markup[:MAX_SIZE]).lower():
        return
    for tag in _TAG.finditer(_COMMENT.sub("", markup)):
        if tag[2].lower() != "img":
            continue
        named = ((name.lower(), value) for name, value in _NAMED.findall(tag[3]))
        attributes = {name: unescape(value.strip("\"'")) for name, value in named}
        source = attributes.get("src", "")
        if source and not any(_PIXEL.fullmatch(attributes.get(side, "")) for side in ("width", "height")):
            yield Picture(source, text.clean(attributes.get("alt", "")))


def excerpt(value: str, limit: int = 300) -> str:
    """The beginning of a plain text on one line, at most *limit* characters, "…" included when it was cut.

    It ends with a sentence if that fills at least 40 % of *limit*, else with a word.
    """
    line = text.clean(value)
    if len(line) <= limit:
        return line
    ends = [end for end in _sentence_ends(line[:limit]) if end <= limit - 2]
    if ends and ends[-1] >= limit * 0.4:
        return f"{line[: ends[-1]]} …"
    room = line[: limit - 1]
    if not line[limit - 1].isspace():
        room = room.rpartition(" ")[0] or room
    return f"{room.rstrip(_LOOSE_ENDS)}…"


_LOOSE_ENDS = " .,;:(-\N{EN DASH}\N{EM DASH}"
_CLOSING = "\"')\\]»\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
_SENTENCE_END = re.compile(rf"[.!?…][{_CLOSING}]*(?= [^\sa-z])")
_ABBREVIATION = re.compile(
    r"\b(?:dhr|mevr|mr|mrs|dr|ir|ing|prof|st|nr|no|art|tel|ca|bv|blz|resp|incl|excl|vs|gem|mme|bzw|ggf|\w)\.$",
    re.IGNORECASE,
)


def _sentence_ends(line: str) -> list[int]:
    found = (match.end() for match in _SENTENCE_END.finditer(line))
    return [end for end in found if not _ABBREVIATION.search(line, max(0, end - 8), end)]


def _visible(markup: str) -> str:
    """The markup within its caps, without what hides from the reader."""
    if len(markup) > MAX_SIZE:
        markup = _INLINE_DATA.sub("", markup)[:MAX_SIZE]
    markup = text.visible(markup)
    if markup.count("<") > MAX_DEPTH:
        markup = _flattened(markup)
    lower = markup.lower()
    if ("hidden" in lower or "display" in lower) and _HIDING.search(markup):
        markup = _unhidden(markup)
    return markup


def _flattened(markup: str) -> str:
    """The markup without the tags that would nest deeper than ``MAX_DEPTH``."""
    depth = 0
    flat = _FLAT.split()

    def keep(found: re.Match[str]) -> str:
        nonlocal depth
        if found[2].lower() in flat:
            return found[0]
        if found[1] == "<":
            depth += 1
            return found[0] if depth <= MAX_DEPTH else " "
        depth = max(0, depth - 1)
        return found[0] if depth < MAX_DEPTH else " "

    return _TAG.sub(keep, _COMMENT.sub("", markup))


def _unhidden(markup: str) -> str:
    tree = _tree(markup)
    for element in cast(list[Element], _HIDDEN(tree)):
        if element.tag not in ("html", "body"):
            element.clear(keep_tail=True)
    body: Element = tree.find("body")
    inner = (etree.tostring(child, encoding="unicode", method="html") for child in body)
    return f"{escape(body.text or '', quote=False)}{''.join(inner)}"


def _tree(markup: str) -> Element:
    return document_fromstring(f"<html><body>{markup}</body></html>")


def _sanitized(markup: str, base: str | None) -> str:
    renamed = _RENAME.sub(lambda found: f"{found[1]}{_RENAMED[found[2].lower()]}", markup)
    clean = text.visible(_resolved(_CLEANER.clean(renamed), base))
    while _MAYBE_EMPTY.search(clean) and _EMPTY.search(clean):
        clean = _EMPTY.sub("", clean)
    return clean.strip()


def _resolved(clean: str, base: str | None) -> str:
    """What the sanitiser wrote, each attribute as it may be published, or gone.

    Its output is canonical (no ``<`` but a tag's, values in double quotes), so this needs no parser; as a callback of
    the sanitiser it would cost three times as much.
    """

    tags: dict[str, str] = {}  # a text leads to the same place more than once

    def address(found: re.Match[str]) -> str:
        if (tag := tags.get(found[1])) is None:
            href = _link(unescape(found[1]) if "&" in found[1] else found[1], base)
            tag = tags[found[1]] = f'<a href="{href.replace("&", "&amp;")}">' if href else "<a>"
        return tag

    numbered = "span=" in clean or "start=" in clean
    return _HREF.sub(address, _NUMBER.sub("", clean) if numbered else clean)


def _link(href: str, base: str | None) -> str | None:
    if href.lstrip()[:1] in _CONTACT_START and (found := _CONTACT.fullmatch(_CONTACT_SPACE.sub("", href.strip()))):
        return found[0]
    address = uri.absolute(href, base)
    # All but the host is ASCII by now; the sanitiser knows which hosts there can be (UTS 46), and saw only the link.
    if address and not address.isascii() and "href" not in _CLEANER.clean(f'<a href="{escape(address)}">'):
        return None
    return address


def _is_settled(clean: str) -> bool:
    """Whether sanitised markup is read again as it was written; False where that takes another pass to know.

    What the sanitiser takes out can leave a nesting that HTML does not have: a block in a paragraph, an item in an
    item, a link in a link, and many ways in tables.
    """
    lists = ["ul"]
    text_open = links = 0
    for closing, tag in _STRUCTURE.findall(clean):
        step = -1 if closing else 1
        if tag == "a":
            links += step
        elif tag in _TEXT_BLOCKS:
            text_open += step
        elif tag[0] == "t" or tag == "caption" or (text_open and not closing):
            return False
        elif closing:
            lists.pop()
        elif tag == "li" == lists[-1]:
            return False
        else:
            lists.append(tag)
        if links > 1 or text_open > 1:
            return False
    return True


def _paragraphs(value: str) -> str:
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in value.split("\n\n") if part)


# inscriptis folds no-break spaces like any other and decodes entities a second time; noncharacters stand in for them.
_NBSP, _NNBSP, _AMPERSAND = "\ufdd0", "\ufdd1", "\ufdd2"
_NBSP_WRITTEN = re.compile(r"\u00a0|&nbsp;?|&#160;?|&#x0*a0;?", re.IGNORECASE)
_NNBSP_WRITTEN = re.compile(r"\u202f|&#8239;?|&#x202f;?", re.IGNORECASE)


def _protected(markup: str) -> str:
    return _NNBSP_WRITTEN.sub(_NNBSP, _NBSP_WRITTEN.sub(_NBSP, markup))


def _protect_ampersands(tree: Element) -> None:
    for element in tree.iter():
        if element.text and "&" in element.text:
            element.text = text.visible(element.text).replace("&", _AMPERSAND)
        if element.tail and "&" in element.tail:
            element.tail = text.visible(element.tail).replace("&", _AMPERSAND)


def _text_config() -> ParserConfig:
    block = HtmlElement(display=Display.block, margin_before=1, margin_after=1)
    hidden = HtmlElement(display=Display.none)
    css = STRICT_CSS_PROFILE | dict.fromkeys(("blockquote", "pre", "dl", "section", "article"), block)
    return ParserConfig(css=css | dict.fromkeys(_OTHER_MEDIA.split(), hidden), table_cell_separator=" ")


_TEXT = _text_config()
