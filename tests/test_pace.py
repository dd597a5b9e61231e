"""How often a feed says that it changes: RSS 2.0's ttl, skipHours and skipDays, RSS 1.0's syndication module."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.model import Pace, Response, Source
from aggregator.normalize import normalize
from aggregator.parse import parse

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOURCE = Source(id="s", zone="z", url="https://s.example/feed")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def pace(words: str) -> Pace | None:
    """The pace of an RSS 2.0 feed that says so."""
    content = (
        "<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel><title>T</title>"
        f"<link>https://s.example/</link>{words}<item><title>A</title><guid>1</guid></item></channel></rss>"
    )
    response = Response(url=SOURCE.url, status=200, content=content.encode(), date=NOW)
    feed = normalize(parse(response, SOURCE, ZoneInfo("Europe/Brussels")), base=SOURCE.url, now=NOW)
    return feed.pace


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("<ttl>90</ttl>", Pace(ttl=90 * MINUTE)),
        ("<ttl> 90 </ttl>", Pace(ttl=90 * MINUTE)),
        ("<ttl>90.5</ttl>", Pace(ttl=90 * MINUTE)),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>often</ttl>", None),
        ("<ttl/>", None),
        (f"<ttl>{'9' * 400}</ttl>", None),
        ("<skipHours><hour>0</hour><hour>1</hour><hour> 2 </hour></skipHours>", Pace(skip_hours=(0, 1, 2))),
        ("<skipHours><hour>24</hour><hour>23</hour></skipHours>", Pace(skip_hours=(0, 23))),
        ("<skipHours><hour>25</hour><hour>-1</hour><hour>noon</hour></skipHours>", None),
        ("<skipHours/>", None),
        ("<skipDays><day>Saturday</day><day>sunday </day></skipDays>", Pace(skip_days=(5, 6))),
        ("<skipDays><day>zaterdag</day></skipDays>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", Pace(period=HOUR)),
        ("<sy:updatePeriod>\n Daily\n</sy:updatePeriod>", Pace(period=DAY)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", Pace(period=12 * HOUR)),
        ("<sy:updateFrequency>4</sy:updateFrequency>", Pace(period=6 * HOUR)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", Pace(period=DAY)),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", Pace(period=7 * DAY)),
        ("<sy:updatePeriod>now and then</sy:updatePeriod>", None),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateBase>2000-01-01T12:00+00:00</sy:updateBase>",
            Pace(period=DAY, base=datetime(2000, 1, 1, 12, 0, tzinfo=UTC)),
        ),
        ("<sy:updateBase>2000-01-01T12:00+00:00</sy:updateBase>", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_a_feed_says_of_its_pace(words: str, expected: Pace | None) -> None:
    """Standards, item 16; what makes no sense counts for nothing."""
    assert pace(words) == expected


def test_what_an_item_says_is_its_own() -> None:
    """An item that has an hour or a day of its own does not silence its feed."""
    assert pace("<item><title>B</title><hour>3</hour><day>Monday</day><ttl>7</ttl></item>") is None


def test_rss_1_has_the_syndication_module() -> None:
    """The module is RSS 1.0's own, and stands in its channel."""
    content = (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' "
        "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel><title>T</title><link>https://s.example/</link>"
        "<sy:updatePeriod>daily</sy:updatePeriod></channel><item><title>A</title></item></rdf:RDF>"
    )
    response = Response(url=SOURCE.url, status=200, content=content.encode(), date=NOW)
    assert parse(response, SOURCE, ZoneInfo("UTC")).pace == Pace(period=DAY)
