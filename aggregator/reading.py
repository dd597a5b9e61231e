"""From bytes to sightings: all that is done in a worker, which has this module and what it imports, and nothing more.

What a poll does around it takes the store, the fetcher and their libraries; a worker that had to load them before its
first task would take half a second and as many megabytes for nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from aggregator.match import sightings
from aggregator.model import Entry, Feed, Link, Origin, Response, Sighting, Source
from aggregator.normalize import normalize
from aggregator.parse import article, discover, parse
from aggregator.parse.discover import Discovered


def read(
    answer: Response, source: Source, timezone: str, more: tuple[Response, ...] = ()
) -> tuple[Feed, tuple[Sighting, ...]]:
    """From bytes to sightings: parse and normalise what a source answered.  Pure; raises ParseError."""
    zone = ZoneInfo(timezone)
    feed = normalize(parse(answer, source, zone, more), base=answer.url, now=answer.date)
    feed = replace(feed, entries=tuple(_with_origin(entry, feed, source, answer.url) for entry in feed.entries))
    return feed, sightings(feed, source, answer.date, zone)


def _with_origin(entry: Entry, feed: Feed, source: Source, url: str) -> Entry:
    """Name the feed that the entry came from (atom:source); an RSS feed or a page has its URL for an id."""
    if entry.origin:
        return entry
    site = next((link.href for link in feed.links if link.rel == "alternate"), None)
    links = (*((Link(href=site),) if site else ()), Link(href=url, rel="self"))
    origin = Origin(id=feed.id or url, title=source.title or feed.title, links=links, rights=feed.rights)
    return replace(entry, origin=origin)


def with_article(answer: Response, entry: Entry, source: Source, timezone: str) -> Entry:
    """The entry with its article, in normal form.  Pure; raises ParseError."""
    found = article.read(answer, entry, source, ZoneInfo(timezone))
    whole = normalize(Feed(id=source.url, title="", entries=(found,)), base=answer.url, now=answer.date)
    return whole.entries[0]


def sighted(feed: Feed, source: Source, timezone: str, now: datetime) -> tuple[Sighting, ...]:
    """The entries as sightings, with all that is in them now.  Pure."""
    return sightings(feed, source, now, ZoneInfo(timezone))


def looked(answer: Response, timezone: str) -> Discovered:
    """What could be a source, what it reads in normal form.  Pure."""

    def normal(feed: Feed) -> Feed:
        return normalize(feed, base=answer.url, now=answer.date)

    found = discover.look(answer, ZoneInfo(timezone))
    proposals = tuple(replace(each, feed=normal(each.feed)) for each in found.proposals)
    return replace(found, feed=normal(found.feed) if found.feed else None, proposals=proposals)
