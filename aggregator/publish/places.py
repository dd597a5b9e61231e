"""Where documents are reached from outside: addresses below ``base_url``, its path prefix included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from aggregator import shown, uri
from aggregator.model import Config, Span, Story, Stream, Zone

_ARCHIVE = re.compile(r"/(?P<stream>(?:zones/)?[a-z0-9-]+)/archive/(?P<first>\d{1,15})-(?P<last>\d{1,15})\.atom")
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
UNSUBSCRIBE, PREFERENCES = "/mail/u/", "/mail/p/"
"""Where a reader's own addresses begin; their token follows."""
ITEMS = 50
"""How many stories the feed of a zone shows."""


def base(config: Config) -> str:
    """base_url without its last slash."""
    return config.base_url.rstrip("/")


def prefix(config: Config) -> str:
    """The path of base_url without its last slash: empty, or ``/nieuws``."""
    return urlsplit(base(config)).path


def authority(config: Config) -> str:
    """In whose name ids are made (RFC 4151)."""
    return config.authority or uri.host(config.base_url)


def streams(config: Config) -> Iterator[Stream]:
    """All that is published as a stream: those of the configuration, then each zone."""
    yield from config.streams
    yield from (of_zone(zone) for zone in config.zones)


def of_zone(zone: Zone) -> Stream:
    """What one zone published, as a stream of its own."""
    return Stream(id=f"zones/{zone.id}", title=zone.name, zones=(zone.id,), items=ITEMS)


def path(config: Config, stream: Stream) -> str:
    """The path of a stream's page below base_url: the first one's is the front page."""
    return "/" if config.streams and config.streams[0].id == stream.id else f"/{stream.id}/"


def page(config: Config, stream: Stream) -> str:
    return base(config) + path(config, stream)


def feed(config: Config, stream: Stream, format: str = "atom") -> str:
    """The address of a stream's feed: ``atom``, ``rss``, ``json``, or ``opml`` for its sources."""
    return f"{base(config)}/{stream.id}.{format}"


def archive(stream: Stream, span: Span) -> str:
    """The path of a page of a stream's archive below base_url; it names what the page holds."""
    return f"/{stream.id}/archive/{span.first}-{span.last}.atom"


def archived(config: Config, path: str) -> tuple[Stream, int, int] | None:
    """What a path of an archive names, if its stream is there: the first and the last number of its stories."""
    found = _ARCHIVE.fullmatch(path)
    stream = next((each for each in streams(config) if found and each.id == found["stream"]), None)
    return (stream, int(found["first"]), int(found["last"])) if found and stream else None


def editions(digest: str) -> str:
    """The path of the page of a digest's editions below base_url."""
    return f"/mail/{digest}/"


def edition(digest: str, slot: str) -> str:
    """The path of an edition's page; its slot in letters that a path and a file name may have."""
    return f"{editions(digest)}{_UNSAFE.sub('-', slot)}/"


def relative(path: str, to: str) -> str:
    """The way from one path below base_url to another, as a reference that works below any prefix (RFC 3986 §4.2)."""
    return "../" * (path.count("/") - 1) + to.removeprefix("/") or "./"


def fallback(config: Config, story: Story) -> str:
    """For a story that no publisher gives an address: its source, its zone, or ourselves."""
    source, zone = shown.source(config, story.lead.source), shown.zone(config, story.lead.zone)
    return (source and source.url) or zone.url or f"{base(config)}/"
