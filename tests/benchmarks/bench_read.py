"""Reading a feed of 20 entries and 50 kB: parse, sanitise and normalise beside feedparser alone; what the keys for
recognising add; what reading in another process adds.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import feedparser

from aggregator.model import Feed, Parse, Response, Source
from aggregator.normalize import normalize
from aggregator.parse import parse
from aggregator.reading import read
from aggregator.workers import Workers
from tests.benchmarks.timing import ratio

SENTENCE = "De <b>wijkagenten</b> controleerden in de <a href='/straat'>Havikskruidlaan</a> 140 fietsen op licht. "
TZ = ZoneInfo("Europe/Brussels")
SOURCE = Source(id="s", zone="z", url="https://s.example/rss.xml")


def feed(entries: int = 20, sentences: int = 23) -> bytes:
    items = "".join(
        f"<item><title>Bericht {n} van de politie</title><link>https://s.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>Mon, 23 Nov 2026 {n % 24:02}:00:00 +0100</pubDate>"
        f"<description><![CDATA[<p>{SENTENCE * sentences}</p>]]></description></item>"
        for n in range(entries)
    )
    return (
        f"<rss version='2.0'><channel><title>T</title><link>https://s.example/</link>{items}</channel></rss>".encode()
    )


def answer() -> Response:
    return Response(url=SOURCE.url, status=200, content=feed(), date=datetime(2026, 11, 23, 12, tzinfo=UTC))


def bare(content: bytes) -> object:
    return feedparser.parse(content, sanitize_html=False, resolve_relative_uris=False)


def understood(given: Response) -> Feed:
    return normalize(parse(given, SOURCE, TZ), base=given.url, now=given.date)


def test_reading_costs_little_more_than_parsing() -> None:
    """At most twice feedparser with its sanitising and link resolution off, in one process; 2.5 times with keys."""
    given = answer()
    assert len(understood(given).entries) == 20
    ours = ratio(lambda: understood(given), lambda: bare(given.content), rounds=40)
    whole = ratio(lambda: read(given, SOURCE, TZ.key), lambda: bare(given.content), rounds=40)
    print(f"\n{len(given.content) / 1000:.0f} kB, 20 entries, beside feedparser alone ({ours.other * 1000:.1f} ms)")
    print(f"parsed, sanitised and normalised: {ours}\nwith keys: {whole}")
    assert ours.median < 2
    assert whole.median < 2.5


def test_the_price_of_isolation() -> None:
    """What a worker adds to reading: handing over the bytes and taking back the entries."""

    async def isolated(workers: Workers, rounds: int) -> float:
        await workers.run(read, given, SOURCE, TZ.key)
        before = time.perf_counter()
        for _ in range(rounds):
            await workers.run(read, given, SOURCE, TZ.key)
        return (time.perf_counter() - before) / rounds

    given = answer()
    with closing(Workers(Parse(workers=1))) as workers:
        there = asyncio.run(isolated(workers, 100))
    before = time.perf_counter()
    for _ in range(100):
        read(given, SOURCE, TZ.key)
    here = (time.perf_counter() - before) / 100
    print(f"\nin this process {here * 1000:.1f} ms, in a worker {there * 1000:.1f} ms,", end=" ")
    print(f"isolation {(there - here) * 1000:.1f} ms")
    assert there - here < 0.05
