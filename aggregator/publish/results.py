"""``/search``: the form, what was found, and how to search.

What somebody typed and what a source wrote meet here, both hostile; the template escapes each piece, marked or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal
from urllib.parse import urlencode

from aggregator import query, select, shown, text
from aggregator.model import Config, Sighting, Story, Stream
from aggregator.publish import page, places
from aggregator.publish.page import Badge
from aggregator.query import Query

PATH = "/search"
_LIMIT = 300  # characters of an excerpt
_BEFORE = 60  # of them that may stand before what was found

Trouble = Literal["", "busy", "broad"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; *marked* when it is what was sought."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A story as the page of results shows it."""

    title: tuple[Piece, ...]
    href: str | None
    lang: str | None
    published: datetime
    page: str
    badges: tuple[Badge, ...]
    excerpt: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A stream or a zone to search in; *value* is empty for all of them."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a page of results is made of: the search, its page, what was found, and why it was not."""

    query: Query
    stream: Stream | None = None
    zone: str | None = None
    number: int = 1
    stories: Sequence[Story] = ()
    more: bool = False
    last: bool = False
    trouble: Trouble = ""


def render(config: Config, results: Results) -> bytes:
    """The page's bytes, UTF-8."""
    stream = results.stream.id if results.stream else ""
    return page.written(
        config,
        "search.html",
        **page.frame(config, _root(config)),
        typed=results.query.typed,
        asks=bool(results.query.wanted),
        trouble=results.trouble,
        hits=[_hit(config, results.query, story) for story in results.stories],
        streams=_choices(((each.id, text.clean(each.title) or each.id) for each in config.streams), stream),
        zones=_choices(((each.id, text.clean(each.name)) for each in config.zones), results.zone or ""),
        number=results.number,
        newer=_address(config, results, results.number - 1) if results.number > 1 else None,
        older=_address(config, results, results.number + 1) if results.more and not results.last else None,
        cut=results.more and results.last,
    )


def _root(config: Config) -> str:
    """The page has one address below base_url, and is reached with a query."""
    return f"{places.prefix(config)}/"


def excerpt(sought: Query, said: str) -> tuple[Piece, ...]:
    """A part of *said*, at most ``_LIMIT`` characters and a sign where it was cut, in which most of what was sought
    stands; nothing when none of it does.
    """
    said = text.clean(said)
    marks = query.spans(sought, said)
    if not marks:
        return ()
    start = _start(said, [begin for begin, _ in marks])
    end = len(said) if len(said) <= start + _LIMIT else max(said.rfind(" ", start + 1, start + _LIMIT), marks[0][0] + 1)
    within = [(begin, min(stop, end)) for begin, stop in marks if start <= begin < end]
    pieces = list(_pieces(said, within, start, end))
    before, after = ("… " if start else ""), (" …" if end < len(said) else "")
    return tuple(each for each in (Piece(before, False), *pieces, Piece(after, False)) if each.text)


def marked(sought: Query, line: str) -> tuple[Piece, ...]:
    """All of *line*, with what was sought marked."""
    return tuple(_pieces(line, query.spans(sought, line), 0, len(line)))


def _start(said: str, begins: Sequence[int]) -> int:
    """Where the excerpt begins: at a word a little before what is found, where most of it fits; else at the top."""
    if begins[-1] < _LIMIT - _BEFORE or len(said) <= _LIMIT:
        return 0
    best = max(begins, key=lambda at: (sum(at <= other < at + _LIMIT - _BEFORE for other in begins), -at))
    space = said.rfind(" ", 0, max(best - _BEFORE, 0) + 1)
    return 0 if best < _BEFORE else max(space + 1, best - _BEFORE)


def _pieces(said: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[Piece]:
    edges = [start, *(edge for span in spans for edge in span), end]
    for number, (begin, stop) in enumerate(pairwise(edges)):
        if begin < stop:
            yield Piece(said[begin:stop], number % 2 == 1)


def _hit(config: Config, sought: Query, story: Story) -> Hit:
    link = shown.main_link(story)
    copies = [member.sighting for member in story.members]
    return Hit(
        title=marked(sought, shown.title(story.lead)),
        href=link.href if link else None,
        lang=shown.language(story.lead),
        published=story.published,
        page=_root(config) + places.story(story.id)[1:],
        badges=page.badges(config, story.zones, _root(config)),
        excerpt=next((found for copy in copies if (found := _told(sought, copy))), ())
        or tuple(Piece(words, False) for words in (shown.excerpt(story.lead),) if words),
    )


def _told(sought: Query, copy: Sighting) -> tuple[Piece, ...]:
    return excerpt(sought, select.words(copy.entry).partition("\n")[2])


def _choices(some: Iterator[tuple[str, str]], chosen: str) -> list[Choice]:
    """No choice where there is only one."""
    found = [Choice(value, name, value == chosen) for value, name in some]
    return found if len(found) > 1 else []


def _address(config: Config, results: Results, number: int) -> str:
    asked = {"q": results.query.typed, "zone": results.zone, "stream": results.stream and results.stream.id}
    values = {name: value for name, value in asked.items() if value} | ({"page": str(number)} if number > 1 else {})
    return f"{places.prefix(config)}{PATH}?{urlencode(values)}"
