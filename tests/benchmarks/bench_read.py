"""Reading a feed of 20 entries and 50 kB: parse, sanitise, normalise, and the keys, beside feedparser alone."""

from __future__ import annotations

from datetime import UTC, datetime

import feedparser

from aggregator.model import Response, Source
from aggregator.poll import read
from tests.benchmarks.timing import ratio

SENTENCE = "De <b>wijkagenten</b> controleerden in de <a href='/straat'>Havikskruidlaan</a> 140 fietsen op licht. "
SOURCE = Source(id="s", zone="z", url="https://s.example/rss.xml")


def feed(entries: int = 20, sentences: int = 20) -> bytes:
    items = "".join(
        f"<item><title>Bericht {n} van de politie</title><link>https://s.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>Mon, 23 Nov 2026 {n % 24:02}:00:00 +0100</pubDate>"
        f"<description><![CDATA[<p>{SENTENCE * sentences}</p>]]></description></item>"
        for n in range(entries)
    )
    return (
        f"<rss version='2.0'><channel><title>T</title><link>https://s.example/</link>{items}</channel></rss>".encode()
    )


def test_reading_costs_little_more_than_parsing() -> None:
    """At most eight times feedparser with its own sanitising and link resolution off, in one process."""
    content = feed()
    answer = Response(url=SOURCE.url, status=200, content=content, date=datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert len(read(answer, SOURCE, "Europe/Brussels")[1]) == 20
    whole, bare, times = ratio(
        lambda: read(answer, SOURCE, "Europe/Brussels"),
        lambda: feedparser.parse(content, sanitize_html=False, resolve_relative_uris=False),
    )
    print(
        f"\n{len(content) / 1000:.0f} kB, 20 entries: read {whole * 1000:.1f} ms, feedparser {bare * 1000:.1f} ms,",
        end="",
    )
    print(f" ratio {times:.2f}")
    assert times < 8
