"""Where the items of a list keep their titles, links, dates and texts: selectors that find these in all of them.

Names are tried before places: a heading, a class that says what it is, a tag; then, where a site has no names (or has
them made anew with every release), the place within the item, and the words beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from posixpath import commonprefix
from statistics import mean
from zoneinfo import ZoneInfo

from lxml import etree
from parsel import Selector, SelectorList

from aggregator import dates, text, uri
from aggregator.parse.page import select

_Element = etree._Element

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_DATES = ("date", "datum", "time", "published", "publicatie", "day", "dag", "badge", "meta")
_TEXTS = (
    "teaser",
    "summary",
    "intro",
    "samenvatting",
    "excerpt",
    "lead",
    "description",
    "body",
    "text",
    "txt",
    "inhoud",
    "content",
)
_TITLES = ("title", "titel", "headline", "heading", "kop")
_OWN = "./text()[normalize-space()]"
_BESIDE = ("./preceding-sibling::*[1]", "./following-sibling::*[1]", "./following-sibling::*[2]")
_LEAVES = 40
_LONGEST_DATE = 60
_SHORTEST_MORE, _LONGEST_MORE = 4, 40

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# Classes that say where an element stands or how it looks, not what it is, and those that a program has made.
_PASSING = re.compile(
    r"(?:odd|even|first|last|active|sticky|pinned|promoted|clearfix|container|flex|grid|(?:is|has|js|col|row|m|p|mt|mb|pt|pb)-.*)"
    r"|.*\d.*|.*(?:sticky|promoted|unread|first|last)$|(?:css|sc|jss|jsx|svelte)-.*|.*_(?-i:[a-z]*[A-Z]\w*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fields:
    """Selectors within an item, *strip* as in [sources.page]; *heading* tells that the title is one."""

    title: str
    link: str
    date: str | None
    summary: str | None
    strip: tuple[str, ...]
    heading: bool


def fields(items: list[Selector], base: str, tz: ZoneInfo, now: datetime) -> Fields:
    """The selectors that read *items*, elements of the page at *base* that are built alike."""

    def dated(words: str) -> bool:
        return 0 < len(words) <= _LONGEST_DATE and dates.parse(words, tz=tz, now=now) is not None

    leaves = _leaves(items)
    heading = _heading(items)
    title = heading or _title(items, leaves, dated)
    date = _date(items, dated)
    summary = _summary(items, leaves, title, date, dated)
    return Fields(title, _link(items, title, base), date, summary, _more(items, summary), heading is not None)


def said(element: _Element | str) -> str:
    """The words of an element, or a text."""
    words = [element] if isinstance(element, str) else element.itertext()
    return text.clean(" ".join(each for each in words if isinstance(each, str)))


def classes(element: _Element) -> list[str]:
    """The classes that say what an element is."""
    names = (element.get("class") or "").split()
    return [name for name in names if _SAFE.fullmatch(name) and not _PASSING.fullmatch(name)]


def names(element: _Element) -> list[str]:
    """How one element may be called, the best name first."""
    id = element.get("id") or ""
    named = [f"#{id}"] if _SAFE.fullmatch(id) and not re.search(r"\d{2}", id) else []
    return [*named, *(f"{element.tag}.{name}" for name in classes(element)), str(element.tag)]


def _find(item: Selector, wanted: str) -> SelectorList[Selector]:
    return select(item, wanted, wanted, inside=True)


def _most(items: Sequence[Selector], good: Callable[[Selector], bool], share: float) -> bool:
    return sum(map(good, items)) >= share * len(items)


def _first(item: Selector, wanted: str) -> str:
    """The words of the first thing found, empty without one."""
    words: Iterator[str] = (said(found.root) for found in _find(item, wanted))
    return next(words, "")


# -- the title and its link ----------------------------------------------------------


def _heading(items: list[Selector]) -> str | None:
    for tag in _HEADINGS:
        if all(any(said(found) for found in item.root.iter(tag) if found is not item.root) for item in items):
            return tag
    return None


def _title(items: list[Selector], leaves: list[str], dated: Callable[[str], bool]) -> str:
    """A class that is called so, the link where it holds nothing but a title, else the first words in it that differ
    from item to item and are no date.
    """
    for css in _by_class(items, _TITLES):
        if _most(items, lambda item, css=css: any(said(found.root) for found in item.css(css)), 1.0):  # type: ignore[misc]
            return css
    for path in leaves:
        words = [_first(item, path) for item in items]
        shorter = sum(len(own) < len(_first(item, "a")) for own, item in zip(words, items, strict=True))
        several = mean(len(own.split()) for own in words) >= 2 and len(set(words)) >= 0.8 * len(words)
        if several and shorter >= 0.8 * len(items) and not any(map(dated, words)):
            return path
    return "a"


def _link(items: list[Selector], title: str, base: str) -> str:
    """The link that is each item's own: that of its title, else the first, else the one that all have at one place."""
    inside: tuple[str, ...] = () if title.startswith("./") else (f"{title} a",)
    for css in (*inside, "a"):
        first = [item.css(css)[:1].xpath("@href").get() for item in items]
        if all(first) and len({uri.absolute(href or "", base) for href in first}) == len(items):
            return css
    return "a"


# -- the date ------------------------------------------------------------------------


def _date(items: list[Selector], dated: Callable[[str], bool]) -> str | None:
    def readable(item: Selector, wanted: str) -> bool:
        found = _find(item, wanted)[:1]
        machine = "" if not found or isinstance(found[0].root, str) else found[0].root.get("datetime") or ""
        return dated(machine) or dated(_first(item, wanted))

    inside = ("time", "[datetime]", *_by_class(items, _DATES), *_short(items), _OWN)
    # What stands beside some of the items only is the date of their neighbours.
    candidates = [*((wanted, 0.6) for wanted in inside), *((wanted, 1.0) for wanted in _beside(items))]
    for wanted, share in candidates:
        if _most(items, lambda item, wanted=wanted: readable(item, wanted), share):  # type: ignore[misc]
            return wanted
    return None


def _short(items: list[Selector]) -> list[str]:
    """The classes and tags of short texts, where a date may stand that no class calls so."""
    found: Counter[str] = Counter()
    for item in items[:5]:
        short = [part.root for part in item.xpath(".//*[string-length(normalize-space()) < 40]")]
        short = [element for element in short if _SAFE.fullmatch(str(element.tag))]
        found.update({name for element in short for name in names(element) if not name.startswith("#")})
    return [name for name, _ in found.most_common(20)]


def _beside(items: list[Selector]) -> Iterator[str]:
    """The places next to the items, as far as no other item stands there and nothing there leads anywhere."""
    members = {id(item.root) for item in items}
    for place in _BESIDE:
        found = [part.root for item in items for part in _find(item, place)]
        alone = len({id(each) for each in found}) == len(found) and not any(id(each) in members for each in found)
        if found and alone and not any(each.find(".//a[@href]") is not None for each in found):
            yield place


# -- the text ------------------------------------------------------------------------


def _summary(
    items: list[Selector], leaves: list[str], title: str, date: str | None, dated: Callable[[str], bool]
) -> str | None:
    titles = [text.fold(_first(item, title)) for item in items]

    def telling(wanted: str, least: int) -> bool:
        found = [" ".join(said(part.root) for part in _find(item, wanted)) for item in items]
        told = (
            len(words.split()) >= least and text.fold(words) != own and not dated(words)
            for words, own in zip(found, titles, strict=True)
        )
        return sum(told) >= 0.3 * len(items)

    named = ((css, 3) for css in ("p", *_by_class(items, _TEXTS)))
    below = (place for place in _beside(items) if "following" in place)
    placed = ((path, 5) for path in (*leaves, _OWN, *below))
    for wanted, least in (*named, *placed):
        if wanted not in (title, date) and telling(wanted, least):
            return wanted
    return None


def _more(items: list[Selector], summary: str | None) -> tuple[str, ...]:
    """A pattern of the words that lead on from the texts: "Lees verder" at their ends, "Lees meer: " and the title."""
    ends: list[str] = []
    for part in (part for item in items if summary for part in _find(item, summary)[-1:]):
        links = [] if isinstance(part.root, str) else list(part.root.iter("a"))
        words = said(links[-1]) if links else ""
        if words and said(part.root).endswith(words):
            ends.append(words)
    if len(ends) < max(2, 0.5 * len(items)):
        return ()
    shared, alike = commonprefix(ends), len(set(ends)) == 1
    begun = shared if alike else shared[: max(shared.rfind(" "), shared.rfind(":") + 1)].rstrip()
    if not _SHORTEST_MORE <= len(begun) <= _LONGEST_MORE:
        return ()
    return (r"\s*" + re.escape(begun).replace(r"\ ", " ") + (r"\s*$" if alike else r".*$"),)


def _by_class(items: list[Selector], parts: Sequence[str]) -> list[str]:
    """The classes within the items whose name has one of these *parts*, the most frequent first."""
    found: Counter[str] = Counter()
    for item in items[:10]:
        elements = (element for element in item.root.iterdescendants() if isinstance(element.tag, str))
        within = {name for element in elements for name in classes(element)}
        found.update(name for name in within if any(part in name.lower() for part in parts))
    return [f".{name}" for name, _ in found.most_common(10)]


def _leaves(items: list[Selector]) -> list[str]:
    """The places of the words within the items, in their order, as far as all of them have words there."""
    first = items[0].root
    with_words = (
        element
        for element in first.iterdescendants()
        if isinstance(element.tag, str) and any(each.strip() for each in element.xpath("text()"))
    )
    paths = [_place(element, first) for element, _ in zip(with_words, range(_LEAVES), strict=False)]
    return [path for path in paths if path and all(_first(item, path) for item in items)]


def _place(element: _Element, top: _Element) -> str:
    """The way from *top* to the element, empty where a tag on it is called what no selector can say."""
    steps: list[str] = []
    while element is not top:
        if not _SAFE.fullmatch(str(element.tag)):
            return ""
        before = sum(other.tag == element.tag for other in element.itersiblings(preceding=True))
        steps.append(f"{element.tag}[{before + 1}]")
        above = element.getparent()
        assert above is not None
        element = above
    return "./" + "/".join(reversed(steps))
