"""Where documents are reached from outside: addresses below ``base_url``, its path prefix included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from aggregator import uri
from aggregator.model import Config, Digest, Span, Stream, Zone

# One spelling each: a page that answered under others too could be asked for under any number of addresses.
_ARCHIVE = re.compile(
    r"/(?P<stream>(?:zones/)?[a-z0-9-]+)/archive/(?P<first>[1-9]\d{0,14})-(?P<last>[1-9]\d{0,14})\.atom", re.ASCII
)
_STORY = re.compile(r"/story/(?P<name>[0-9a-f]{1,32})/")
_MONTHS = re.compile(
    r"/(?P<stream>(?:zones/)?[a-z0-9-]+)/archive/(?:(?P<month>\d{4}-\d{2})/(?:(?P<number>[1-9]\d{0,3})/)?)?", re.ASCII
)
_EDITIONS = re.compile(r"/mail/(?![cpu]/)(?P<digest>[a-z0-9-]+)(?:\.atom|/(?:(?P<slot>[A-Za-z0-9-]+)/)?)")
ZONES = "/zones/"
"""All zones: what the scheme of the zones' categories says, with a slash."""
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
SUBSCRIBE = "/mail/"
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


def story(id: str) -> str:
    """The path of a story's own page below base_url: the last part of its id, which never changes."""
    return f"/story/{id.rpartition('/')[2]}/"


def months(stream: Stream) -> str:
    """The path of the list of the months in which a stream had news."""
    return f"/{stream.id}/archive/"


def month(stream: Stream, name: str, number: int = 1) -> str:
    """The path of a page of a month (``2026-11``) of a stream; they are numbered from 1, the newest news first."""
    return f"{months(stream)}{name}/" + (f"{number}/" if number > 1 else "")


def is_asked_for(path: str) -> bool:
    """Whether what stands at *path* is made when somebody asks for it: stories, months, archives, editions."""
    return any(pattern.fullmatch(path) for pattern in (_STORY, _MONTHS, _ARCHIVE, _EDITIONS))


def told(config: Config, path: str) -> str | None:
    """The id of the story whose page stands at *path*, if there is such a story."""
    found = _STORY.fullmatch(path)
    return uri.tag(authority(config), f"story/{found['name']}") if found else None


def dated(config: Config, path: str) -> tuple[Stream, str | None, int] | None:
    """What a path of the months names: a stream, one of its months or None for their list, and a page of the month.

    A page that has another address, as the first one's with its number, is none.
    """
    found = _MONTHS.fullmatch(path)
    stream = next((each for each in streams(config) if found and each.id == found["stream"]), None)
    if found is None or stream is None or found["number"] == "1":
        return None
    return stream, found["month"], int(found["number"] or 1)


def whole(config: Config) -> Stream:
    """What a story's own page takes of it: the copies of every zone that there is, led as the first stream says."""
    first = config.streams[0] if config.streams else None
    return Stream(id="story", title=first.title if first else "", prefer=first.prefer if first else None)


def is_open(config: Config) -> bool:
    """Whether anybody can subscribe to something here."""
    return config.mail is not None and any(digest.open for digest in config.digests)


def editions(digest: str) -> str:
    """The path of the page of a digest's editions below base_url."""
    return f"/mail/{digest}/"


def edition(digest: str, slot: str) -> str:
    """The path of an edition's page; its slot in letters that a path and a file name may have."""
    return f"{editions(digest)}{_UNSAFE.sub('-', slot)}/"


def editions_feed(digest: str) -> str:
    """The path of the feed of a digest's editions."""
    return f"/mail/{digest}.atom"


def mailed(config: Config, path: str) -> Digest | None:
    """The digest whose editions, one of them, or their feed stand at *path*, if it is there and public."""
    found = _EDITIONS.fullmatch(path)
    return next((each for each in config.digests if found and each.public and each.id == found["digest"]), None)


def relative(path: str, to: str) -> str:
    """The way from one path below base_url to another, as a reference that works below any prefix (RFC 3986 §4.2)."""
    return "../" * (path.count("/") - 1) + to.removeprefix("/") or "./"


def page_of(config: Config, id: str) -> str:
    """The address of a story's own page; what leads to a story that no publisher gives an address."""
    return base(config) + story(id)
