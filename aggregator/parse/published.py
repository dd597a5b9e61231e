"""When an article was published, as its page says.

It is taken from the first place that has it: the operator's selector, JSON-LD, ``meta``, microdata, a line such as
"Gepubliceerd op …"; these are believed before the list.  A bare ``<time>`` and a date beside the title are believed
where the list said nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree
from parsel import Selector

from aggregator import dates, html, text
from aggregator.model import Article, Entry
from aggregator.parse import years
from aggregator.parse.page import select

_META = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date",
    "dcterms.date",
    "publish-date",
    "publication_date",
    "pubdate",
    "sailthru.date",
    "parsely-pub-date",
)
_ARTICLES = ("newsarticle", "article", "blogposting", "reportagenewsarticle", "report", "socialmediaposting")
_SAID = re.compile(
    r"(?i)\W*(?:gepubliceerd|geplaatst|gepost|publicatiedatum|datum van publicatie|published|posted|publication date"
    r"|publié|publiee?|mise? en ligne|date de publication|veröffentlicht|erstellt am)\b"
)
_LINE = 120  # characters
_BADGE = 40
_NEAR = 3  # lines above and below the title
_NODES = 2000
_LONGEST = 2000


def published(page: Selector, entry: Entry, settings: Article, tz: ZoneInfo, now: datetime) -> datetime | None:
    """When the article says it was published, else when the list said so."""
    lines = _lines(page)
    said = (*_chosen(page, settings), *_structured(page), *(each for each in lines if _says(each)))
    for words in said:
        moment = dates.parse(words, tz=tz, now=now)
        if moment and moment <= now + timedelta(days=1) and not years.names_no_year(words, tz=tz, now=now):
            return _finer(moment, entry.published, tz)
    if entry.published:
        return entry.published
    guesses = (words for words in said if years.names_no_year(words, tz=tz, now=now))
    beside = (*guesses, *_times(page), *_beside_the_title(lines, entry.title))
    titled = years.titled(entry.title, tz=tz, now=now)
    pictures = page.xpath("//body//img/@src").getall()
    written = years.Written(words=(*beside, *titled), hints=years.hints("", pictures, tz=tz, now=now))
    return years.dated([written], tz=tz, now=now)[0]


def _finer(moment: datetime, listed: datetime | None, tz: ZoneInfo) -> datetime:
    """The article's moment, but the list's where both are of one day and only the list knows the time."""
    here = moment.astimezone(tz)
    same = listed is not None and listed.astimezone(tz).date() == here.date()
    return listed if listed and same and here.time() == time(0) else moment


def _chosen(page: Selector, settings: Article) -> Iterator[str]:
    for found in select(page, settings.date, "[sources.article].date"):
        if isinstance(found.root, str):
            yield found.root
        else:
            yield found.xpath("string((@datetime | @content | .//time/@datetime)[1])").get() or ""
            yield text.clean(line(found.root))


def _structured(page: Selector) -> Iterator[str]:
    yield from _linked_data(page)
    metas = {
        (meta.xpath("string(@property | @name | @itemprop)").get() or "").lower(): meta.root.get("content") or ""
        for meta in page.xpath("//meta[@content]")[::-1]
    }
    yield from (metas[name] for name in _META if name in metas)
    yield from page.xpath(
        "//*[@itemprop='datePublished']/@content | //*[@itemprop='datePublished']/@datetime"
        " | //time[@pubdate]/@datetime"
    ).getall()[:5]


def _linked_data(page: Selector) -> list[str]:
    """``datePublished`` of every node of JSON-LD, those that are articles first."""
    found: list[tuple[bool, str]] = []
    for script in page.xpath("//script[contains(@type, 'ld+json')]/text()").getall()[:20]:
        try:
            nodes = _nodes(json.loads(script, strict=False))
            found += [(_is_article(node), str(node["datePublished"])) for node in nodes if "datePublished" in node]
        except (ValueError, RecursionError):
            found += [(False, words) for words in re.findall(r'"datePublished"\s*:\s*"([^"]{1,60})"', script)[:1]]
    return [words for _, words in sorted(found, key=lambda each: not each[0])]


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    for _ in range(_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(reversed(node))


def _is_article(node: dict[str, Any]) -> bool:
    kinds = node.get("@type")
    return any(str(kind).lower() in _ARTICLES for kind in (kinds if isinstance(kinds, list) else [kinds]))


def _says(line: str) -> bool:
    return len(line) <= _LINE and _SAID.match(line) is not None


def _times(page: Selector) -> Iterator[str]:
    """The first ``<time>`` of the article, not of what stands beside it."""
    inside = "//*[self::article or self::main][1]//time[not(ancestor::aside or ancestor::nav or ancestor::footer)]"
    yield page.xpath(f"string(({inside})[1]/@datetime)").get() or ""


def _beside_the_title(lines: list[str], title: str) -> Iterator[str]:
    """Short lines next to the title, and what stands before it in its own line."""
    wanted = text.fold(title)
    for index, each in enumerate(lines):
        if not wanted or not text.fold(each).endswith(wanted):
            continue
        yield each[: max(0, len(each) - len(title))]
        near = (*lines[max(0, index - _NEAR) : index][::-1], *lines[index + 1 : index + 1 + _NEAR])
        yield from (badge for badge in near if len(badge) <= _BADGE)


def _lines(page: Selector) -> list[str]:
    """The lines of the page as a reader sees them, without what stands beside the article."""
    body = deepcopy(page.root.find("body")) if isinstance(page.root, etree._Element) else None
    if body is None:
        return []
    etree.strip_elements(body, "aside", "nav", "footer", with_tail=False)
    markup = etree.tostring(body, encoding="unicode", method="html")
    return [said for each in html.to_text(markup[: html.MAX_SIZE]).split("\n") if (said := each.strip())]


def line(block: etree._Element, break_: str = " ") -> str:
    """The words of an element, up to as many as a banner may have."""
    words: list[str] = []
    size = 0
    for event, node in etree.iterwalk(block, events=("start", "end")):
        if event == "start":
            piece = break_ if node.tag == "br" else node.text if isinstance(node.tag, str) else None
        else:
            piece = node.tail if node is not block else None
        words.append(piece or "")
        size += len(piece or "")
        if size > _LONGEST:
            break
    return "".join(words)
