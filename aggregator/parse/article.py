"""The page behind an item: its full text, and when it was published (``[sources.article]``).

The only door of trafilatura, which finds the text by its looks where the operator names no selector.  It is asked for
nothing else: its dates are guesses, and it would read the clock for them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree
from parsel import Selector

from aggregator import html, text, uri
from aggregator.errors import ParseError
from aggregator.model import Article, Content, Entry, Link, Response, Source
from aggregator.parse import answers
from aggregator.parse.page import base_of, opened, outermost, select
from aggregator.parse.published import line, published

_Element = etree._Element

_BLOCKS = "//body//*[self::p or self::div or self::li or self::section or self::aside or self::header or self::footer]"
_BLOCK = 1000  # characters; what is longer is no banner
_WRAPPERS = ("div", "article", "section", "main")
_SOME = 0.6  # of the words of a title


def read(response: Response, entry: Entry, source: Source, tz: ZoneInfo) -> Entry:
    """*entry*, whose link led to *response*, with what its article adds: the text, the moment, the declared address.

    Raises ParseError when this is not the article, or cannot be read at all; nothing of it is taken then.
    """
    try:
        return _read(response, entry, source, tz)
    except (ParseError, MemoryError):
        raise
    except Exception as error:  # a reader that fails on a hostile document has read nothing
        raise ParseError(f"could not be read ({type(error).__name__})") from error


def _read(response: Response, entry: Entry, source: Source, tz: ZoneInfo) -> Entry:
    if source.article is None:
        return entry
    page = _article(response, entry, source)
    base = base_of(page, response)
    strip = (*(source.page.strip if source.page else ()), *source.article.strip)
    moment = published(page, entry, source.article, tz, response.date)
    title = _title(page) if _is_unnamed(entry, source) else ""
    _prune(page, strip)
    content = _content(page, entry, source.article, base)
    declared = uri.absolute(page.xpath("string(//link[@rel='canonical']/@href)").get() or "", base)
    return replace(
        entry,
        title=title or entry.title,
        published=moment,
        content=_longer(content, entry.content),
        links=(*entry.links, *_canonical(declared, entry)),
    )


def kept(entry: Entry, before: Entry, source: Source) -> Entry:
    """*entry* as its list shows it now, with what was read of its article *before*."""
    return replace(
        entry,
        title=before.title if _is_unnamed(entry, source) else entry.title,
        published=before.published or entry.published,
        content=_longer(before.content, entry.content),
        links=tuple(dict.fromkeys((*entry.links, *(link for link in before.links if link.rel == "canonical")))),
    )


def _article(response: Response, entry: Entry, source: Source) -> Selector:
    """The page, if it is the article of *entry*: not a file, a check for robots, the front page or an apology."""
    if not answers.is_html(response) and not answers.decoded(response).lstrip().startswith("<"):
        raise ParseError(answers.not_a_feed(response).replace("not a feed; correct url", "not an article"))
    if entry.link and uri.is_root(response.url) and not uri.is_root(entry.link):
        raise ParseError("leads to the site's front page")
    if uri.canonical(response.url) == uri.canonical(source.url):
        raise ParseError("leads back to the list")
    page = opened(response)
    if not _is_unnamed(entry, source) and not _shows(page, entry.title):
        raise ParseError(answers.challenge(response) or "leads to a page that does not show the title of its item")
    return page


def _shows(page: Selector, title: str) -> bool:
    """Whether a heading of the page has most words of the title, or its text has all of them in a row."""
    headings = page.xpath("//title | //h1 | //h2 | //meta[@property='og:title']/@content")[:20]
    said = (each.root if isinstance(each.root, str) else line(each.root) for each in headings)
    if any(text.shared(title, words) >= _SOME for words in said):
        return True
    words = " ".join(page.xpath("//body//text()[not(parent::script)]").getall())
    return f" {text.fold(title)} " in f" {text.fold(words)} "


def _is_unnamed(entry: Entry, source: Source) -> bool:
    """Whether the title is made of the address, because a sitemap knows no other."""
    if source.type != "sitemap":
        return False
    last = urlsplit(entry.link or "").path.rstrip("/").rpartition("/")[2]
    made = text.fold(unquote(last)).removesuffix(" html")
    return not entry.summary and not entry.content and bool(made) and made.startswith(text.fold(entry.title)[:60])


def _title(page: Selector) -> str:
    candidates = ("//meta[@property='og:title']/@content", "//h1", "//title")
    return next((words for each in candidates if (words := text.clean(page.xpath(f"string({each})").get() or ""))), "")


def _longer(one: Content | None, other: Content | None) -> Content | None:
    return max((each for each in (one, other) if each), key=lambda each: len(each.value), default=None)


def _canonical(declared: str | None, entry: Entry) -> tuple[Link, ...]:
    if declared is None or uri.is_root(declared) or any(link.rel == "canonical" for link in entry.links):
        return ()
    return (Link(href=declared, rel="canonical"),) if declared != entry.link else ()


# -- the text ----------------------------------------------------------------------


def _content(page: Selector, entry: Entry, settings: Article, base: str) -> Content | None:
    """The text, where it says more than the list did."""
    tree = _selected(page, settings.text) if settings.text else _found(page)
    if tree is None:
        return None
    while len(tree) == 1 and tree[0].tag in _WRAPPERS and not (tree.text or "").strip():
        tree = tree[0]
    _behead(tree, entry.title)
    inner = (etree.tostring(child, encoding="unicode", method="html") for child in tree)
    markup = html.sanitize(f"{tree.text or ''}{''.join(inner)}", base)
    told = html.to_text(entry.summary.value) if entry.summary and entry.summary.type == "html" else entry.summary
    known = told if isinstance(told, str) else told.value if told else ""
    return Content(value=markup) if len(html.to_text(markup)) > len(known) else None


def _selected(page: Selector, wanted: str) -> _Element:
    """What the operator's selector finds, in one element."""
    found = select(page, wanted, "[sources.article].text")
    if not found:
        raise ParseError(
            f'the article no longer has "{wanted}"; open one in a browser and correct [sources.article].text'
        )
    whole = etree.Element("div")
    for part in outermost(found):
        whole.append(_alone(part.root))
    return whole


def _alone(part: _Element | str) -> _Element:
    """An element without the text behind it, or a paragraph of selected text."""
    if isinstance(part, str):
        alone = etree.Element("p")
        alone.text = text.visible(part)
    else:
        alone = deepcopy(part)
        alone.tail = None
    return alone


def _found(page: Selector) -> _Element | None:
    for talker in (
        "trafilatura",
        "htmldate",
        "htmldate.validators",
        "justext",
    ):  # what they cannot read is said here, once
        logging.getLogger(talker).setLevel(logging.CRITICAL)
    from trafilatura import extract  # a tenth of a second, which only articles are worth

    markup = extract(
        page.get(),
        output_format="html",
        favor_precision=True,
        include_comments=False,
        include_links=True,
        include_formatting=True,
        date_extraction_params={"max_date": "9999-12-31"},
    )
    return etree.fromstring(markup, etree.HTMLParser()).find("body") if markup else None


def _behead(tree: _Element, title: str) -> None:
    """Take out the title, and the badge and what else stands above it."""
    wanted = text.fold(title)
    blocks = list(tree)
    for index, block in enumerate(blocks[:8]):
        if text.fold(line(block)) == wanted:
            for above in blocks[: index + 1]:
                tree.remove(above)
            tree.text = block.tail
            return


def _prune(page: Selector, patterns: Sequence[str]) -> None:
    """Take out every block of which the patterns leave nothing."""
    if not patterns:
        return
    compiled = [re.compile(pattern, re.MULTILINE) for pattern in patterns]
    for block in list(page.root.xpath(_BLOCKS)):
        words = text.clean_block(line(block, "\n"))
        left = words[:_BLOCK]
        for pattern in compiled:
            left = pattern.sub("", left)
        if words and len(words) <= _BLOCK and not left.strip() and block.getparent() is not None:
            block.drop_tree()
