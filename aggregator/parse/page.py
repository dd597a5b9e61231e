"""News pages without a feed, read by the operator's selectors (``[sources.page]``).

A contract: the page must have what the selectors name.  A page that was rebuilt is a failure that says which selector
finds nothing, never a feed without entries.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree
from parsel import Selector, SelectorList

from aggregator import html, text, uri
from aggregator.errors import ParseError
from aggregator.model import Entry, Feed, Link, Poll, Response, Selectors, Source, Text
from aggregator.parse import answers, years

_EMPTIED = "is there, and empty"
_XPATH = ("/", "./", "../", "(")


def read(response: Response, source: Source, tz: ZoneInfo, more: Sequence[Response] = ()) -> Feed:
    """The items of the page and of those that continue it (*more*), in their order, as entries without ids.

    Raises ParseError when the page is not as ``[sources.page]`` describes it; one of *more* that is not is a problem.
    """
    if source.page is None:
        raise ParseError('type = "page" needs a table [sources.page] that names item, title and link')
    page = opened(response)
    reader = _Reader(source.page, source.key, response, base_of(page, response), tz)
    items, problems = reader.whole(page)
    for further in more:
        try:
            found = opened(further)
            continued = replace(reader, response=further, base=base_of(found, further))
            items += continued.whole(found)[0]
        except ParseError as error:
            problems.append(f"{further.url}: {error}")
    items = list(dict.fromkeys(items))
    published = years.dated([item.written for item in items], tz=tz, now=response.date)
    return Feed(
        id=source.url,
        title=text.clean(page.xpath("string(//title)").get() or "") or source.title or uri.host(source.url),
        links=(Link(href=response.url),),
        lang=page.xpath("string(/html/@lang)").get() or None,
        entries=tuple(map(_entry, items, published)),
        problems=(*problems, *_undated(source.page, items, published)),
    )


def emptied(feed: Feed, last: Poll | None) -> tuple[str, ...]:
    """In words that a source holds nothing any more; nothing where it holds something, or was always empty.

    *last* is its last poll: what that found, or already said.
    """
    if feed.entries or last is None:
        return ()
    if last.entries:
        many = "1 entry" if last.entries == 1 else f"{last.entries} entries"
        return (f"{_EMPTIED} ({many} at the poll before); open it in a browser: was it rebuilt, or did it move?",)
    return tuple(problem for problem in last.problems if problem.startswith(_EMPTIED))


def opened(response: Response) -> Selector:
    """A page, ready to be asked.  Raises ParseError for one without content."""
    if not response.content.strip():
        raise ParseError("answered with an empty page; open the address in a browser and correct url")
    with warnings.catch_warnings():  # what nests deeper than any page is left out; that is no news to a terminal
        warnings.simplefilter("ignore")
        return Selector(text=answers.decoded(response), type="html", huge_tree=False)


def base_of(page: Selector, response: Response) -> str:
    """What the relative links of a page are relative to."""
    return uri.absolute(page.xpath("string(//base/@href)").get() or "", response.url) or response.url


def select(where: Selector, wanted: str | None, name: str, *, inside: bool = False) -> SelectorList[Selector]:
    """What a selector finds; *inside* keeps an absolute XPath within *where*.

    Raises ParseError, with the *name* of its setting, for one that is neither CSS nor XPath.
    """
    if not wanted:
        return SelectorList()
    try:
        if wanted.startswith(_XPATH):
            found = where.xpath(f".{wanted}" if inside and wanted.startswith("/") else wanted)
            if any(isinstance(part.root, bool | float) for part in found):
                raise ValueError("it finds a value, where elements or texts are wanted")
            return found
        return where.css(wanted)
    except (ValueError, SyntaxError, RuntimeError, etree.XPathError) as error:
        reason = text.clean(str(error))[:200]
        raise ParseError(f'{name} = "{wanted}" is no valid CSS or XPath: {reason}') from error


@dataclass(frozen=True, slots=True)
class _Item:
    title: str
    href: str | None
    summary: str
    date: str
    written: years.Written


@dataclass(frozen=True, slots=True)
class _Reader:
    """Follows the selectors through one page; addresses are resolved against *base*."""

    selectors: Selectors
    key: str | None
    response: Response
    base: str
    tz: ZoneInfo

    def whole(self, page: Selector) -> tuple[list[_Item], list[str]]:
        """The items, each with a title and a link, and in words what was left out.

        Raises ParseError for an item that lacks one of them; what lacks both is no item, such as an advertisement.
        """
        found = self.items(page)
        items = [item for item in found if item.title or item.href]
        if found and not items:
            raise self.broken("title", len(found), len(found))
        for name, lacking in (
            ("title", sum(not item.title for item in items)),
            ("link", sum(not item.href for item in items)),
        ):
            if lacking:
                raise self.broken(name, lacking, len(items))
        if len(set(items)) < self.selectors.min_items:
            raise ParseError(
                f"the page has {len(set(items))} items, fewer than min_items = {self.selectors.min_items}; "
                "open it in a browser and correct [sources.page].item or min_items"
            )
        other = len(found) - len(items)
        return items, [f"{other} of {len(found)} items have neither title nor link and were left out"] if other else []

    def broken(self, name: str, lacking: int, all_: int) -> ParseError:
        return ParseError(
            f'{lacking} of the {all_} items have no {name} ("{getattr(self.selectors, name)}"); '
            f"open the page in a browser and correct [sources.page].{name}, "
            "or item where it takes in what is no news"
        )

    def items(self, page: Selector) -> list[_Item]:
        """The items of the page; none is fine only where their list is there."""
        found = [self.item(each) for each in self.elements(page)]
        times = Counter(item.title for item, borrowed in found if borrowed)
        return [
            replace(item, title="") if borrowed and times[item.title] > 1 else item  # "Lees meer" is nobody's title
            for item, borrowed in found
        ]

    def elements(self, page: Selector) -> SelectorList[Selector]:
        if self.selectors.list is None:
            return self.present(page, "item")
        found: SelectorList[Selector] = SelectorList()
        for container in self.present(page, "list"):
            found += self.select(container, "item", inside=True)
        return found

    def present(self, page: Selector, name: str) -> SelectorList[Selector]:
        found = self.select(page, name)
        if not found:
            wanted = getattr(self.selectors, name)
            raise ParseError(
                answers.challenge(self.response)
                or f'the page no longer has "{wanted}" ({name}); open it in a browser and correct [sources.page].{name}'
            )
        return found

    def select(self, where: Selector, name: str, *, inside: bool = False) -> SelectorList[Selector]:
        return select(where, getattr(self.selectors, name), f"[sources.page].{name}", inside=inside)

    def item(self, item: Selector) -> tuple[_Item, bool]:
        """The item, and whether its title is only what its link says."""
        links = self.select(item, "link", inside=True)
        title = self.first([part] for part in self.select(item, "title", inside=True))
        href = next((href for link in (*links, item) if (href := self.href(link))), None)
        summary = self.text(self.select(item, "summary", inside=True))
        found = title or self.first([link] for link in links)
        date = self.select(item, "date", inside=True)[:1]
        hints = self.hints(item, f"{found}\n{summary}") if date else ()
        written = years.Written(self.said(date, found), self.number(href), hints)
        return _Item(found, href, summary, self.text(date), written), not title

    def first(self, candidates: Iterator[Sequence[Selector]]) -> str:
        """The words of the first candidate that has any: a picture's link comes before the title's, and has none."""
        return text.clean(next(filter(None, map(self.text, candidates)), ""))

    def href(self, link: Selector) -> str | None:
        """The address that an element holds, or that was selected itself."""
        written = link.root if isinstance(link.root, str) else link.xpath("string((@href | .//a/@href)[1])").get()
        return uri.absolute(written or "", self.base)

    def said(self, date: SelectorList[Selector], title: str) -> tuple[str, ...]:
        """A machine-readable date where there is one, then the words, then a title that is a date."""
        machine = date.xpath("string((@datetime | @content | .//time/@datetime)[1])").get() or ""
        return (machine, self.text(date), *years.titled(title, tz=self.tz, now=self.response.date))

    def number(self, href: str | None) -> int | None:
        """The source's own number of an item, which rises with time."""
        own = re.search(self.key, href) if self.key and href else None
        number = own.groupdict().get("key") if own else None
        return int(number) if number and number.isdecimal() and len(number) < 16 else None

    def hints(self, item: Selector, words: str) -> tuple[datetime, ...]:
        pictures = [] if isinstance(item.root, str) else item.xpath(".//img/@src").getall()
        return years.hints(words, pictures, tz=self.tz, now=self.response.date)

    def text(self, found: Sequence[Selector]) -> str:
        """The words of what was found, without those that ``strip`` names."""
        words = "\n\n".join(_words(part) for part in outermost(found))
        for pattern in self.selectors.strip:
            words = re.sub(pattern, "", words, flags=re.MULTILINE)
        return text.clean_block(words)


def _undated(selectors: Selectors, items: list[_Item], published: list[datetime | None]) -> Iterator[str]:
    unread = [item.date for item, moment in zip(items, published, strict=True) if moment is None]
    if not selectors.date or not unread:
        return
    example = next((text.clean(words)[:60] for words in unread if words), None)
    yield f'{len(unread)} of {len(items)} items have no date that can be read ("{selectors.date}")' + (
        f', for example "{example}"' if example else ""
    )


def _entry(item: _Item, published: datetime | None) -> Entry:
    return Entry(
        id="",
        title=item.title,
        published=published,
        links=(Link(href=item.href),) if item.href else (),
        summary=Text(value=item.summary) if item.summary else None,
    )


def _words(part: Selector) -> str:
    return part.root if isinstance(part.root, str) else html.to_text(part.get())


def outermost(found: Sequence[Selector]) -> Iterator[Selector]:
    """The selection without what lies inside another part of it."""
    roots = {id(part.root) for part in found}
    for part in found:
        if isinstance(part.root, str) or not any(id(above) in roots for above in part.root.iterancestors()):
            yield part
