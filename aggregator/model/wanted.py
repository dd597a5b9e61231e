"""What the operator wants: the configuration, as values.

Each class is one table of the TOML file, each field one setting with its default, so this is the one place that knows
them.  ``config/`` reads the file into these and checks what goes beyond a single field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from aggregator.model.units import Duration, Size

Ident = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s]*$")]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """An organisation whose news is merged."""

    id: Ident
    name: str
    url: HttpUrl | None = None
    color: Color = "#1f4e79"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """Where a news page keeps its items: CSS, or XPath when it starts with ``/`` or ``./``.

    *item* is sought in the page (in *list* when that is set), everything else inside an item.
    """

    item: str
    list: str | None = None
    title: str
    link: str = "a"
    date: str | None = None
    summary: str | None = None
    strip: tuple[str, ...] = ()
    min_items: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One URL that is polled for a zone: a feed, or a page without one.

    *key* is a pattern with a group ``key``, searched in an item's link: the source's own identity of an item.
    *note* is the operator's own remark, shown wherever the source is reported as failing.
    """

    id: Ident
    zone: str
    url: HttpUrl
    title: str | None = None
    type: Literal["auto", "feed", "page"] = "auto"
    interval: Duration | None = None
    key: str | None = None
    publish: Literal["excerpt", "full"] = "excerpt"
    page: Selectors | None = None
    note: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A published selection of stories; no *zones* means all of them.  *prefer* names the zone whose text leads."""

    id: Ident
    title: str
    subtitle: str | None = None
    zones: tuple[str, ...] = ()
    prefer: str | None = None
    items: Annotated[int, Field(ge=1, le=1000)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A scheduled mail edition of a stream.

    An edition is due at each of *at* (local wall time) on *days*; when *every* is set, at each whole multiple of it.
    """

    id: Ident
    stream: str
    title: str | None = None
    at: tuple[time, ...] = (time(7, 0),)
    days: tuple[Weekday, ...] = WEEK
    every: Duration | None = None
    recipients: tuple[str, ...] = ()
    misfire_grace: Duration = timedelta(hours=6)
    expire: Duration = timedelta(hours=24)
    in_doubt: Literal["resend", "hold"] = "resend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The web server; *listen* is ``host:port`` or ``unix:/path``."""

    listen: str = "127.0.0.1:8080"
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Manners and limits of every request."""

    contact: str | None = None
    interval: Duration = timedelta(hours=1)
    timeout: Duration = timedelta(seconds=30)
    max_size: Size = 10_000_000
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 32
    per_host_concurrency: Annotated[int, Field(ge=1, le=100)] = 1
    per_host_pause: Duration = timedelta(seconds=1)
    allow_private: tuple[str, ...] = ()
    allow_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parse:
    """Limits of the worker processes that read what a source sent."""

    workers: Annotated[int, Field(ge=1, le=64)] = 2
    timeout: Duration = timedelta(seconds=20)
    memory: Size = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How far apart in time two copies of one story may be."""

    window: Duration = timedelta(days=21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A source that is not new and brings *flood* or more unknown entries at once has them held."""

    flood: Annotated[int, Field(ge=1)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Who the digest comes from and the relay that takes it."""

    sender: Annotated[str, Field(alias="from")]
    relay: str = "smtp://127.0.0.1:25"
    reply_to: str | None = None
    password_file: str | None = None
    timeout: Duration = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file."""

    language: str = "nl-BE"
    timezone: str = "Europe/Brussels"
    base_url: HttpUrl = "http://127.0.0.1:8080"
    authority: str | None = None
    database: str = "sqlite:////var/lib/aggregator/aggregator.db"
    server: Server = field(default_factory=Server)
    fetch: Fetch = field(default_factory=Fetch)
    parse: Parse = field(default_factory=Parse)
    match: Matching = field(default_factory=Matching)
    guard: Guard = field(default_factory=Guard)
    mail: Mail | None = None
    zones: tuple[Zone, ...] = ()
    sources: tuple[Source, ...] = ()
    streams: tuple[Stream, ...] = ()
    digests: tuple[Digest, ...] = ()

    def zone(self, id: str) -> Zone:
        """The zone with this id; KeyError when the configuration has none."""
        return _by_id(self.zones, id)

    def source(self, id: str) -> Source:
        """The source with this id; KeyError when the configuration has none."""
        return _by_id(self.sources, id)

    def stream(self, id: str) -> Stream:
        """The stream with this id; KeyError when the configuration has none."""
        return _by_id(self.streams, id)

    def digest(self, id: str) -> Digest:
        """The digest with this id; KeyError when the configuration has none."""
        return _by_id(self.digests, id)

    def zones_of(self, stream: Stream) -> tuple[str, ...]:
        """The ids of the zones that a stream selects, in the order of the file."""
        return tuple(zone.id for zone in self.zones if not stream.zones or zone.id in stream.zones)


_T = TypeVar("_T", Zone, Source, Stream, Digest)


def _by_id(items: tuple[_T, ...], id: str) -> _T:
    for item in items:
        if item.id == id:
            return item
    raise KeyError(id)
