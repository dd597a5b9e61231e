"""Repeated structure in a page: groups of elements that are built alike, and selectors that find them again.

Nothing here knows what news is; it knows that a list repeats itself, that a title is a heading or a link, and that a
date can be read.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cssselect import SelectorError
from lxml import etree
from parsel import Selector

from aggregator import dates, text, uri
from aggregator.model import Selectors

_Element = etree._Element

_MOST_ELEMENTS = 20_000
_SIZES = range(2, 301)
_MOST_GROUPS = 60
_SAMPLE = 20
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ITEMS = ("article", "li", "div", "section", "tr", "a", "h2", "h3", "h4", "dt", "p", "dl")
_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# Classes that say where an element stands or how it looks, not what it is.
_PASSING = re.compile(
    r"(?:odd|even|first|last|active|sticky|pinned|promoted|clearfix|container|flex|grid|(?:is|has|js|col|row|m|p|mt|mb|pt|pb)-.*)"
    r"|.*\d.*|.*(?:sticky|promoted|unread|first|last)$",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:nav|menu|breadcrumbs?|pager|pagination|footer|header|social|share|sidebar|widget|related|cookies?|tabs?|language)\b",
    re.IGNORECASE,
)
_NOT_LISTS = ("nav", "footer", "form", "head", "script", "style", "select", "button")
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


@dataclass(frozen=True, slots=True)
class Group:
    """Elements that are built alike, and how each is read.

    *links* are where they lead first; *aside* tells that they stand where menus stand.
    """

    selectors: Selectors
    links: tuple[str, ...]
    heading: bool
    aside: bool


def groups(page: Selector, base: str, tz: ZoneInfo, now: datetime) -> Iterator[Group]:
    """The groups of a page, the larger first; each with selectors that find exactly its elements."""
    found: dict[tuple[int, ...], list[_Element]] = {}
    for members in _alike(page):
        found.setdefault(tuple(id(member) for member in members), members)
    for members in sorted(found.values(), key=len, reverse=True)[:_MOST_GROUPS]:
        with suppress(SelectorError, ValueError):  # a tag may be called what no selector can say
            if group := _group(page, members, base, tz, now):
                yield group


def _alike(page: Selector) -> Iterator[list[_Element]]:
    """Elements at the same path of tags, and of these the ones with a class in common, and the brothers among them."""
    by_path: defaultdict[str, list[_Element]] = defaultdict(list)
    for element in _elements(page):
        by_path[_path(element)].append(element)
    for members in by_path.values():
        yield members
        by_class: defaultdict[str, list[_Element]] = defaultdict(list)
        by_parent: defaultdict[_Element | None, list[_Element]] = defaultdict(list)
        for member in members:
            by_parent[member.getparent()].append(member)
            for name in _classes(member):
                by_class[name].append(member)
        for part in (*by_class.values(), *by_parent.values()):
            if len(part) in _SIZES:
                yield part


def _elements(page: Selector) -> Iterator[_Element]:
    body = page.root.find("body") if isinstance(page.root, _Element) else None
    if body is None:
        return
    for number, element in enumerate(body.iter(*_ITEMS)):
        if number == _MOST_ELEMENTS:
            return
        if not any(above.tag in _NOT_LISTS for above in element.iterancestors()) and _leads(element):
            yield element


def _leads(element: _Element) -> str:
    """Where the element leads, itself or by the first link in it; empty where it leads nowhere."""
    found = element if element.get("href") else element.find(".//a[@href]")
    return (found.get("href") if found is not None else None) or ""


def _path(element: _Element) -> str:
    return "/".join(str(above.tag) for above in element.iterancestors()) + f">{element.tag}"


def _classes(element: _Element) -> list[str]:
    names = (element.get("class") or "").split()
    return [name for name in names if _SAFE.fullmatch(name) and not _PASSING.fullmatch(name)]


# -- selectors -----------------------------------------------------------------------


def _group(page: Selector, members: list[_Element], base: str, tz: ZoneInfo, now: datetime) -> Group | None:
    if len(members) not in _SIZES or any(above in members for above in members[0].iterancestors()):
        return None
    around = _around(members)
    container = _unique(page, around)
    where = page.css(container) if container else [page]
    item = next((css for css in _spellings(members) if _finds(where[0], css, members)), None)
    if item is None:
        return None
    items = [Selector(root=member, type="html") for member in members[:_SAMPLE]]
    heading = _heading(members[:_SAMPLE])
    title = heading or _title(items)
    date = _date(items, tz, now)
    selectors = Selectors(
        list=container,
        item=item,
        title=title,
        link=_link(items, title, base),
        date=date,
        summary=_summary(items, title, date),
    )
    aside = _is_aside([members[0], *members[0].iterancestors()])
    return Group(selectors, tuple(map(_leads, members)), heading is not None, aside)


def _is_aside(line: Iterable[_Element]) -> bool:
    return any(
        element.tag == "aside" or _ASIDE.search(f"{element.get('class') or ''} {element.get('id') or ''}")
        for element in line
        if element.tag not in ("body", "html", "main")
    )


def _around(members: list[_Element]) -> _Element:
    """The innermost element that holds them all."""
    first = list(members[0].iterancestors())
    shared = set(map(id, first))
    for member in members[1:]:
        shared &= set(map(id, member.iterancestors()))
    return next(element for element in first if id(element) in shared)


def _unique(page: Selector, element: _Element) -> str | None:
    """A selector of this element and of no other; None for the page itself, or where there is none."""
    if element.tag in ("body", "html"):
        return None
    inner = ""
    for level in (element, *element.iterancestors()):
        if level.tag in ("body", "html"):
            return None
        for own in _names(level):
            css = f"{own} > {inner}" if inner else own
            if _finds(page, css, [element]):
                return css
        inner = f"{_names(level)[0]} > {inner}" if inner else _names(level)[0]
    return None


def _names(element: _Element) -> list[str]:
    """How one element may be called, the best name first."""
    id = element.get("id") or ""
    named = [f"#{id}"] if _SAFE.fullmatch(id) and not re.search(r"\d{2}", id) else []
    return [*named, *(f"{element.tag}.{name}" for name in _classes(element)), str(element.tag)]


def _spellings(members: list[_Element]) -> Iterator[str]:
    """How the members may be called together: by tag, by a class that all have, as children of what holds them."""
    tag = str(members[0].tag)
    shared = set.intersection(*(set(_classes(member)) for member in members))
    classes = [f"{tag}.{name}" for name in _classes(members[0]) if name in shared]
    yield from ([tag] if tag == "article" else [])
    yield from classes
    yield tag
    parents = [parent for member in members if (parent := member.getparent()) is not None]
    for name in set.intersection(*(set(_classes(parent)) for parent in parents)) if parents else ():
        yield from (f".{name} > {own}" for own in (*classes, tag))


def _finds(where: Selector, css: str, members: list[_Element]) -> bool:
    return [found.root for found in where.css(css)] == members


def _most(items: Sequence[Selector], good: Callable[[Selector], bool], share: float = 0.8) -> bool:
    return sum(map(good, items)) >= share * len(items)


def _heading(members: list[_Element]) -> str | None:
    for tag in _HEADINGS:
        if all(any(_said(found) for found in member.iter(tag) if found is not member) for member in members):
            return tag
    return None


def _title(items: list[Selector]) -> str:
    for css in (*_by_class(items, _TITLES), "a"):
        if _most(items, lambda item, css=css: any(_said(found.root) for found in item.css(css)), 1.0):  # type: ignore[misc]
            return css
    return "a"


def _link(items: list[Selector], title: str, base: str) -> str:
    """The link that is each item's own: that of its title, else the first, else the one that all have at one place."""
    for css in (f"{title} a", "a"):
        first = [item.css(css)[:1].attrib.get("href") for item in items]
        if all(first) and len({uri.absolute(href or "", base) for href in first}) == len(items):
            return css
    return "a"


def _date(items: list[Selector], tz: ZoneInfo, now: datetime) -> str | None:
    def readable(item: Selector, css: str) -> bool:
        found = item.css(css)[:1]
        words = (found.attrib.get("datetime") or "", _said(found[0].root) if found else "")
        return any(dates.parse(each, tz=tz, now=now) for each in words if 0 < len(each) <= 60)

    for css in ("time", "[datetime]", *_by_class(items, _DATES), *_short(items)):
        if _most(items, lambda item, css=css: readable(item, css), 0.6):  # type: ignore[misc]
            return css
    return None


def _short(items: list[Selector]) -> list[str]:
    """The classes and tags of short texts, where a date may stand that no class calls so."""
    names: Counter[str] = Counter()
    for item in items[:5]:
        short = [found.root for found in item.xpath(".//*[string-length(normalize-space()) < 40]")]
        names.update({name for element in short for name in _names(element) if not name.startswith("#")})
    return [name for name, _ in names.most_common(20)]


def _summary(items: list[Selector], title: str, date: str | None) -> str | None:
    def tells(item: Selector, css: str) -> bool:
        words = " ".join(_said(found.root) for found in item.css(css))
        return len(words.split()) >= 3 and text.fold(words) != text.fold(_said(item.css(title)[0].root))

    for css in ("p", *_by_class(items, _TEXTS)):
        if css not in (title, date) and _most(items, lambda item, css=css: tells(item, css), 0.3):  # type: ignore[misc]
            return css
    return None


def _by_class(items: list[Selector], parts: Sequence[str]) -> list[str]:
    """The classes within the items whose name has one of these *parts*, the most frequent first."""
    names: Counter[str] = Counter()
    for item in items[:10]:
        elements = (element for element in item.root.iterdescendants() if isinstance(element.tag, str))
        within = {name for element in elements for name in _classes(element)}
        names.update(name for name in within if any(part in name.lower() for part in parts))
    return [f".{name}" for name, _ in names.most_common(10)]


def _said(element: _Element) -> str:
    return text.clean(" ".join(each for each in element.itertext() if isinstance(each, str)))
