"""Parsers that others wrote read the same stories from our feeds, in every format.

Those that are not installed are skipped, and say so.
"""

from __future__ import annotations

import calendar
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import fastfeedparser
import feedparser
import listparser
import podcastparser
import pytest

from aggregator.model import Content, Document
from aggregator.publish import Shelf, of_shelf, opml
from tests.stories import CONFIG, HZ_NEWS, NOW, fortnight, joint, sighting, story

FULL = replace(CONFIG, sources=(CONFIG.sources[0], replace(HZ_NEWS, publish="full")))
BODY = "<p>Een <b>lang</b> verhaal &amp; meer: <a href='https://hz.example/'>lees</a>.</p>"
STORIES = (
    joint(70),
    story(sighting("hz", "Ruzie & rumoer <in de wijk> “vannacht”", content=Content(value=BODY), key="71"), number=71),
    *fortnight()[1:],
)
SHELF = Shelf(config=FULL, stream=FULL.streams[0], stories=STORIES, changed=NOW)
DOCUMENTS = of_shelf(SHELF)

Item = tuple[str, str, str, datetime]
"""What a reader shows: id, title, link, and when it was published."""
WANTED: list[Item] = [(each.id, each.lead.entry.title, each.lead.entry.link or "", each.published) for each in STORIES]


def with_feedparser(document: Document) -> list[Item]:
    read = feedparser.parse(document.content)
    assert not read.bozo
    moments = (datetime.fromtimestamp(calendar.timegm(each.published_parsed), UTC) for each in read.entries)
    return [(each.id, each.title, each.link, moment) for each, moment in zip(read.entries, moments, strict=True)]


def with_fastfeedparser(document: Document) -> list[Item]:
    read = fastfeedparser.parse(document.content)
    return [(each.id, each.title, each.link, datetime.fromisoformat(each.published)) for each in read.entries]


def with_podcastparser(document: Document) -> list[Item]:
    read = podcastparser.parse("https://nieuws.example.be/x", io.BytesIO(document.content))
    return [
        (each["guid"], each["title"], each["link"], datetime.fromtimestamp(each["published"], UTC))
        for each in read["episodes"]
    ]


@pytest.mark.parametrize(
    ("parser", "path"),
    [
        (with_feedparser, "/samenwerking.atom"),
        (with_feedparser, "/samenwerking.rss"),
        (with_fastfeedparser, "/samenwerking.atom"),
        (with_fastfeedparser, "/samenwerking.rss"),
        (with_fastfeedparser, "/samenwerking.json"),
        (with_podcastparser, "/samenwerking.atom"),
        (with_podcastparser, "/samenwerking.rss"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_every_parser_reads_the_same(parser: Callable[[Document], list[Item]], path: str) -> None:
    """Each story once, with its title, its address and its moment, in order (podcastparser has one of its own)."""
    read = parser(DOCUMENTS[path])
    assert sorted(read) == sorted(WANTED)
    assert read == WANTED or parser is with_podcastparser


def test_our_own_parsers_read_the_same() -> None:
    """What we publish is what we would read ourselves, JSON Feed included."""
    made: dict[str, Any] = json.loads(DOCUMENTS["/samenwerking.json"].content)
    assert [
        (each["id"], each["title"], each["url"], datetime.fromisoformat(each["date_published"]))
        for each in made["items"]
    ] == WANTED


def test_opml_is_read() -> None:
    """A feed of ours in the list of sources is found; a page is a link, which no reader subscribes to."""
    read = listparser.parse(opml.document(SHELF).content.decode())
    assert not read.bozo
    assert [(each.url, each.title) for each in read.feeds] == [(HZ_NEWS.url, HZ_NEWS.title)]
