"""What could be a source: the feeds that a page announces, and the lists in it that read like news.

Announced feeds are looked for when the operator asks (``discover``, ``check --online``), never on an ordinary poll.
A list is proposed with the selectors that read it, and with what they read, so that a person can judge.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import sqrt
from statistics import mean
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from parsel import Selector

from aggregator import text, uri
from aggregator.errors import ParseError
from aggregator.model import Entry, Feed, Link, Response, Selectors, Source
from aggregator.parse import answers, parse, structure
from aggregator.parse.page import base_of, opened

_FEEDS = {
    "application/rss+xml": "RSS",
    "application/atom+xml": "Atom",
    "application/feed+json": "JSON Feed",
    "application/rdf+xml": "RDF",
    "application/x.atom+xml": "Atom",
    "text/rss+xml": "RSS",
    "text/rss": "RSS",
}
_MAYBE = re.compile(r"rss|atom|feed", re.IGNORECASE)  # for types that say little, such as application/json and text/xml
_NEVER = re.compile(r"oembed|wp-json", re.IGNORECASE)
_HEADER = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\s,;\"]+))*)")
_PARAMETER = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]+))")
_MOST = 20
_PROPOSALS = 3
_TRIED = 12
_GOOD = 4.0
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A list of the page as a source: its selectors and key, and the feed that they read."""

    page: Selectors
    key: str | None
    feed: Feed
    score: float


@dataclass(frozen=True, slots=True)
class Discovered:
    """What an address holds: itself a feed or a sitemap, or a page that announces feeds and has lists."""

    feed: Feed | None = None
    sitemap: bool = False
    announced: tuple[Link, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    problem: str | None = None


def look(response: Response, tz: ZoneInfo) -> Discovered:
    """Everything that can be said of an answer; never raises ParseError."""
    if not answers.is_html(response):
        try:
            source = Source(id="discovered", zone="discovered", url=response.url)
            return Discovered(feed=parse(response, source, tz), sitemap=answers.is_sitemap(response))
        except ParseError as error:
            return Discovered(problem=str(error))
    try:
        return Discovered(announced=announced(response), proposals=proposals(response, tz))
    except ParseError as error:
        return Discovered(problem=str(error))


def announced(response: Response) -> tuple[Link, ...]:
    """The feeds that a page announces, in its order: ``<link rel=alternate>`` (HTML, autodiscovery) and the Link header
    (RFC 8288).
    """
    if not response.content.strip():
        return ()
    page = opened(response)
    base = base_of(page, response)
    found: dict[str, Link] = {}
    for rel, kind, href, title in (*_in_header(response), *_in_page(page)):
        address = uri.absolute(href, base)
        if address and address != response.url and _is_feed(rel, kind, href):
            found.setdefault(address, Link(href=address, type=kind or None, title=title or None))
    return tuple(found.values())[:_MOST]


def _in_page(page: Selector) -> Iterator[tuple[str, str, str, str]]:
    for link in page.xpath("//link[@href][@rel]"):
        # One by one: an attribute beside them may be called what lxml cannot say.
        rel, kind, href, title = (link.root.get(name) or "" for name in ("rel", "type", "href", "title"))
        yield rel.lower(), kind.partition(";")[0].strip().lower(), href, text.clean(title)


def _in_header(response: Response) -> Iterator[tuple[str, str, str, str]]:
    for href, rest in _HEADER.findall(response.headers.get("link", "")[:10_000]):
        said = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        kind = said.get("type", "").partition(";")[0].strip().lower()
        yield said.get("rel", "").lower(), kind, href, text.clean(said.get("title", ""))


def _is_feed(rel: str, kind: str, href: str) -> bool:
    if _NEVER.search(kind) or _NEVER.search(href):
        return False
    rels = rel.split()
    if "alternate" not in rels and "feed" not in rels:
        return False
    return kind in _FEEDS or (("json" in kind or "xml" in kind or "feed" in rels) and bool(_MAYBE.search(href)))


# -- lists ---------------------------------------------------------------------------


def proposals(response: Response, tz: ZoneInfo) -> tuple[Proposal, ...]:
    """The lists of the page that read like news, the best first; none where nothing does."""
    page = opened(response)
    best: dict[tuple[str, ...], structure.Group] = {}
    for group in structure.groups(page, base_of(page, response), tz, response.date):
        best[group.links] = max(best.get(group.links, group), group, key=_promise)
    tried = sorted(best.values(), key=lambda group: (group.aside, -len(set(group.links))))[:_TRIED]
    found = [proposal for group in tried if (proposal := _proposal(group, response, tz)) and proposal.score >= _GOOD]
    return tuple(_distinct(sorted(found, key=lambda each: -each.score)))[:_PROPOSALS]


def _promise(group: structure.Group) -> tuple[bool, bool, bool, bool]:
    """Of several ways to read the same links, which is likely the best."""
    selectors = group.selectors
    return (
        group.heading,
        selectors.date is not None,
        selectors.summary is not None,
        selectors.item.startswith("article"),
    )


def _proposal(group: structure.Group, response: Response, tz: ZoneInfo) -> Proposal | None:
    source = Source(id="discovered", zone="discovered", url=response.url, type="page", page=group.selectors)
    try:
        feed = parse(response, source, tz)
        links = [entry.link for entry in feed.entries if entry.link]
        if len(set(links)) < 2 or len(set(links)) < 0.8 * len(links):
            return None
        key = key_of(links)
        if group.selectors.date:
            feed = parse(response, replace(source, key=key), tz)
    except ParseError:
        return None
    return Proposal(group.selectors, key, feed, _score(feed.entries, group, response))


def _distinct(found: Sequence[Proposal]) -> Iterator[Proposal]:
    """One proposal for a list: the other ways to read the same items are left out."""
    seen: set[str] = set()
    for proposal in found:
        links = {entry.link for entry in proposal.feed.entries if entry.link}
        if len(links & seen) * 2 < len(links):
            yield proposal
        seen |= links


def _score(entries: Sequence[Entry], group: structure.Group, response: Response) -> float:
    """How much a list looks like news: dates, headings, titles of some words, addresses of one kind, enough items."""
    links = [entry.link or "" for entry in entries]
    words = mean(min(8, len(entry.title.split())) for entry in entries)
    dated = mean(entry.published is not None and entry.published <= response.date + _DAY for entry in entries)
    if words < 2 and not dated:
        return 0.0
    quality = (
        2 * group.heading
        + 2 * dated
        + mean(entry.summary is not None for entry in entries)
        + words / 4
        + mean(uri.host(link) == uri.host(response.url) for link in links)
        + (key_of(links) is not None)
        + 0.2 * group.selectors.item.startswith("article")
    )
    return quality * sqrt(min(len(entries), 10)) * (0.3 if group.aside else 1.0) * (0.5 if _is_mixed(links) else 1.0)


def _is_mixed(links: Sequence[str]) -> bool:
    """Whether these are two lists, such as news and events: several addresses each of more than one kind."""
    kinds = Counter(re.sub(r"\d+", "0", urlsplit(link).path.rstrip("/").rpartition("/")[0]) for link in links)
    return sum(times >= max(2, 0.15 * len(links)) for times in kinds.values()) > 1


def key_of(links: Sequence[str]) -> str | None:
    """A pattern of what identifies an item in these addresses: a number, else the last part; None when neither does."""
    paths = [urlsplit(link).path for link in links]
    numbers = [re.fullmatch(r"(.*/)(\d+)(?:[/-].*|\.\w+)?", path) for path in paths]
    found = [(number[1], number[2]) for number in numbers if number]
    if len(found) == len(paths) and len({start for start, _ in found}) == 1 and _unique([key for _, key in found]):
        return f"{_escaped(found[0][0])}(?P<key>\\d+)"
    starts = Counter(path.rstrip("/").rpartition("/")[0] for path in paths)
    start = next(iter(starts))
    if len(starts) > 1 or not start or not _unique([path.rstrip("/") for path in paths]):
        return None
    return f"{_escaped(start)}/(?P<key>[^/?#]+)/?$"


def _escaped(path: str) -> str:
    return re.escape(path).replace(r"\-", "-")


def _unique(keys: Sequence[str]) -> bool:
    return len(set(keys)) == len(keys)
