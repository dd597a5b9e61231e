"""News pages without a feed, read by the operator's selectors (``[sources.page]``).

A contract: the page must have what the selectors name.  A page that was rebuilt is a failure that says which selector
finds nothing, never a feed without entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lxml import etree
from parsel import Selector, SelectorList

from aggregator import dates, html, text, uri
from aggregator.errors import ParseError
from aggregator.model import Entry, Feed, Link, Response, Selectors, Source, Text
from aggregator.parse import answers

_XPATH = ("/", "./", "../", "(")


def read(response: Response, source: Source, tz: ZoneInfo) -> Feed:
    """The items of the page, in its order, as entries without ids.

    Raises ParseError when the page is not as ``[sources.page]`` describes it.
    """
    if source.page is None:
        raise ParseError('type = "page" needs a table [sources.page] that names item, title and link')
    if not response.content.strip():
        raise ParseError("answered with an empty page; open the address in a browser and correct url")
    markup = answers.decoded(response)
    page = Selector(text=markup, type="html", huge_tree=False)
    base = uri.absolute(page.xpath("string(//base/@href)").get() or "", response.url) or response.url
    reader = _Reader(source.page, response, base, tz)
    entries, problems = reader.entries(page)
    return Feed(
        id=source.url,
        title=answers.title(markup) or source.title or uri.host(source.url),
        links=(Link(href=response.url),),
        lang=page.xpath("string(/html/@lang)").get() or None,
        entries=entries,
        problems=problems,
    )


@dataclass(frozen=True, slots=True)
class _Item:
    title: str
    href: str | None
    date: str
    summary: str


@dataclass(frozen=True, slots=True)
class _Reader:
    """Follows the selectors through one page; addresses are resolved against *base*."""

    selectors: Selectors
    response: Response
    base: str
    tz: ZoneInfo

    def entries(self, page: Selector) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        """The whole items, each once, and what is wrong with the others."""
        items = [self.item(item) for item in self.items(page)]
        whole = list(dict.fromkeys(item for item in items if item.title and item.href))
        problems = tuple(self.missing(items))
        if len(whole) < self.selectors.min_items:
            raise ParseError(
                f"the page has {len(whole)} items, fewer than min_items = {self.selectors.min_items}; "
                "open it in a browser and correct [sources.page].item or min_items"
            )
        entries = tuple(map(self.entry, whole))
        return entries, (*problems, *self.undated(whole, entries))

    def items(self, page: Selector) -> SelectorList[Selector]:
        """The items of the page; none is fine only where their list is there."""
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
        """What the selector called *name* finds; *inside* keeps an absolute XPath within *where*."""
        wanted: str | None = getattr(self.selectors, name)
        if not wanted:
            return SelectorList()
        try:
            if wanted.startswith(_XPATH):
                return where.xpath(f".{wanted}" if inside and wanted.startswith("/") else wanted)
            return where.css(wanted)
        except (ValueError, SyntaxError, RuntimeError, etree.XPathError) as error:
            reason = text.clean(str(error))[:200]
            raise ParseError(f'[sources.page].{name} = "{wanted}" is no valid CSS or XPath: {reason}') from error

    def item(self, item: Selector) -> _Item:
        links = self.select(item, "link", inside=True)
        titles = (self.select(item, "title", inside=True)[:1], *([link] for link in links))
        return _Item(
            title=text.clean(next(filter(None, map(self.text, titles)), "")),
            href=next((href for link in (*links, item) if (href := self.href(link))), None),
            date=self.date(item),
            summary=self.text(self.select(item, "summary", inside=True)),
        )

    def href(self, link: Selector) -> str | None:
        """The address that an element holds, or that was selected itself."""
        written = link.root if isinstance(link.root, str) else link.xpath("string((@href | .//a/@href)[1])").get()
        return uri.absolute(written or "", self.base)

    def date(self, item: Selector) -> str:
        """A machine-readable date where there is one, then the words."""
        found = self.select(item, "date", inside=True)[:1]
        machine = found.xpath("string((@datetime | @content | .//time/@datetime)[1])").get() or ""
        return f"{machine}\n{self.text(found)}"

    def text(self, found: Sequence[Selector]) -> str:
        """The words of what was found, without those that ``strip`` names."""
        words = "\n\n".join(_words(part) for part in _outermost(found))
        for pattern in self.selectors.strip:
            words = re.sub(pattern, "", words, flags=re.MULTILINE)
        return text.clean_block(words)

    def missing(self, items: list[_Item]) -> Iterator[str]:
        """Raises ParseError when most items lack a title or a link."""
        wanted = self.selectors
        for what, selector, lacking in (
            ("title", wanted.title, sum(not item.title for item in items)),
            ("link", wanted.link, sum(not item.href for item in items)),
        ):
            if lacking * 2 > len(items):
                raise ParseError(
                    f'{lacking} of the {len(items)} items have no {what} ("{selector}"); '
                    f"open the page in a browser and correct [sources.page].{what}"
                )
            if lacking:
                yield f'{lacking} of {len(items)} items have no {what} ("{selector}") and were left out'

    def undated(self, items: list[_Item], entries: tuple[Entry, ...]) -> Iterator[str]:
        unread = [item.date.strip() for item, entry in zip(items, entries, strict=True) if entry.published is None]
        if not self.selectors.date or not unread:
            return
        example = next((text.clean(words)[:60] for words in unread if words), None)
        yield f'{len(unread)} of {len(items)} items have no date that can be read ("{self.selectors.date}")' + (
            f', for example "{example}"' if example else ""
        )

    def entry(self, item: _Item) -> Entry:
        moments = (dates.parse(words, tz=self.tz, now=self.response.date) for words in item.date.split("\n", 1))
        return Entry(
            id="",
            title=item.title,
            published=next(filter(None, moments), None),
            links=(Link(href=item.href),) if item.href else (),
            summary=Text(value=item.summary) if item.summary else None,
        )


def _words(part: Selector) -> str:
    return part.root if isinstance(part.root, str) else html.to_text(part.get())


def _outermost(found: Sequence[Selector]) -> Iterator[Selector]:
    """The selection without what lies inside another part of it."""
    roots = {id(part.root) for part in found}
    for part in found:
        if isinstance(part.root, str) or not any(id(above) in roots for above in part.root.iterancestors()):
            yield part
