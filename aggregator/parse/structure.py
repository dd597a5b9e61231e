"""Repeated structure in a page: groups of elements that are built alike, and selectors that find them again.

Nothing here knows what news is; it knows that a list repeats itself.  ``fields`` looks into its items.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cssselect import SelectorError
from lxml import etree
from parsel import Selector

from aggregator.errors import ParseError
from aggregator.model import Selectors
from aggregator.parse.fields import classes, fields, names

_Element = etree._Element

_MOST_ELEMENTS = 20_000
_SIZES = range(2, 301)
_MOST_GROUPS = 60
_SAMPLE = 20
_ITEMS = ("article", "li", "div", "section", "tr", "a", "h2", "h3", "h4", "dt", "dd", "p", "dl")
_ASIDE = re.compile(
    r"\b(?:nav|menu|breadcrumbs?|pager|pagination|footer|header|social|share|sidebar|widget|related|cookies?|tabs?|language)\b",
    re.IGNORECASE,
)
_NOT_LISTS = ("nav", "footer", "form", "head", "script", "style", "select", "button")


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
        with suppress(SelectorError, ValueError, ParseError):  # a tag may be called what no selector can say
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
            for name in classes(member):
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
    found = fields(items, base, tz, now)
    selectors = Selectors(
        list=container,
        item=item,
        title=found.title,
        link=found.link,
        date=found.date,
        summary=found.summary,
        strip=found.strip,
    )
    aside = _is_aside([members[0], *members[0].iterancestors()])
    return Group(selectors, tuple(map(_leads, members)), found.heading, aside)


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
        for own in names(level):
            css = f"{own} > {inner}" if inner else own
            if _finds(page, css, [element]):
                return css
        inner = f"{names(level)[0]} > {inner}" if inner else names(level)[0]
    return None


def _spellings(members: list[_Element]) -> Iterator[str]:
    """How the members may be called together: by tag, by a class that all have, as children of what holds them."""
    tag = str(members[0].tag)
    shared = set.intersection(*(set(classes(member)) for member in members))
    named = [f"{tag}.{name}" for name in classes(members[0]) if name in shared]
    yield from ([tag] if tag == "article" else [])
    yield from named
    yield tag
    parents = [parent for member in members if (parent := member.getparent()) is not None]
    for name in set.intersection(*(set(classes(parent)) for parent in parents)) if parents else ():
        yield from (f".{name} > {own}" for own in (*named, tag))


def _finds(where: Selector, css: str, members: list[_Element]) -> bool:
    return [found.root for found in where.css(css)] == members
