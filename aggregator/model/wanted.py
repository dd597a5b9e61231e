"""What the operator wants: the configuration, as values.

Each class is one table of the TOML file, each field one setting with its default, so this is the one place that knows
them.  Its type says how a setting is written (``units``); ``config/`` reads the file into these and checks what
takes more than its type to know.  Settings that these classes do not know are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, with_config

from aggregator.model.units import WEEK as WEEK
from aggregator.model.units import Color, Days, Duration, HttpUrl, Ident, Lasting, Line, Pages, Several, Size, Times
from aggregator.model.units import Weekday as Weekday

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Flag = Annotated[bool, Field(strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """An organisation whose news is merged."""

    id: Ident
    name: Line
    url: HttpUrl | None = None
    color: Color = "#1f4e79"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """Where a news page keeps its items: CSS, or XPath when it starts with ``/`` or ``./``.

    *item* is sought in the page (in *list* when that is set), everything else inside an item; *strip* are patterns of
    words to take out of its texts.  Fewer than *min_items* items are a failure.  *pages* are further pages, such as
    ``?page={1..3}``, which are asked for until the source has been read for the first time.
    """

    item: str
    list: str | None = None
    title: str
    link: str = "a"
    date: str | None = None
    summary: str | None = None
    strip: Several = ()
    min_items: Annotated[int, Field(strict=True, ge=0)] = 0
    pages: Pages | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """How the page behind an item is read, for its full text and its date.

    At most *most* of them are asked for in one poll.  *text* and *date* are selectors as in ``Selectors``; without
    them the text is found by its looks, and the date where pages of news usually say it.  *strip* are patterns of
    blocks to take out.
    """

    most: Annotated[int, Field(strict=True, ge=1, le=50)] = 5
    text: str | None = None
    date: str | None = None
    strip: Several = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Who we are, for a server that lets in only whom it knows; each file holds one secret.

    *user* with *password_file* is Basic (RFC 7617), *token_file* is Bearer (RFC 6750); *header* with *value_file* is a
    header of the server's own, alone or beside one of them.
    """

    user: Line | None = None
    password_file: Line | None = None
    token_file: Line | None = None
    header: Line | None = None
    value_file: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One URL that is polled for a zone: a feed, a page without one, or a sitemap.

    *page* says how a page is read; with *article* the page behind each new item is read too.  *key* is a pattern with
    a group ``key``, searched in an item's link: the source's own identity of an item.  *proxy* is used instead of the
    one for all; ``direct`` is none.  *note* is the operator's own remark, shown wherever the source is reported as
    failing.
    """

    id: Ident
    zone: str
    url: HttpUrl
    title: Line | None = None
    type: Literal["auto", "feed", "page", "sitemap"] = "auto"
    interval: Lasting | None = None
    key: str | None = None
    publish: Literal["excerpt", "full"] = "excerpt"
    page: Selectors | None = None
    article: Article | None = None
    auth: Auth | None = None
    proxy: Line | None = None
    note: str | None = None
    enabled: Flag = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A published selection of stories; no *zones* means all of them.  *prefer* names the zone whose text leads.

    *formerly* are ids that it had before: what stood under them has moved here.
    """

    id: Ident
    title: Line
    subtitle: Line | None = None
    zones: Several = ()
    prefer: str | None = None
    items: Annotated[int, Field(strict=True, ge=1, le=1000)] = 50
    formerly: tuple[Ident, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A scheduled mail edition of a stream.

    An edition is due at each of *at* (local wall time) on *days*; when *every* is set, at each whole multiple of it.
    """

    id: Ident
    stream: str
    title: Line | None = None
    at: Times = (time(7, 0),)
    days: Days = WEEK
    every: Lasting | None = None
    recipients: Several = ()
    misfire_grace: Lasting = timedelta(hours=6)
    expire: Lasting = timedelta(hours=24)
    in_doubt: Literal["resend", "hold"] = "resend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The web server; *listen* is ``host:port`` or ``unix:/path``; *operators* are networks that may read errors."""

    listen: str = "127.0.0.1:8080"
    trusted_proxies: Several = ("127.0.0.1",)
    operators: Several = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """What documents are like: in a feed of more than *max_size* bytes the older stories have no full text, only an
    excerpt.  *logo* is the address of a picture, twice as wide as high.  With *directory* all documents are files too.
    """

    directory: str | None = None
    max_size: Size = 1_000_000
    logo: HttpUrl | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Manners and limits of every request.

    A source is asked at most each *interval* and at least each *longest*, whatever its server and its feed say, but for
    Retry-After, skipDays and skipHours.  When *adaptive*, its own rate of news decides between the two.  *robots* says
    whether robots.txt (RFC 9309) is asked before a page is read, as against a feed.
    """

    contact: str | None = None
    interval: Lasting = timedelta(hours=1)
    timeout: Lasting = timedelta(seconds=30)
    max_size: Size = 10_000_000
    concurrency: Annotated[int, Field(strict=True, ge=1, le=1000)] = 32
    per_host_concurrency: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    per_host_pause: Duration = timedelta(seconds=1)
    longest: Lasting = timedelta(days=1)
    adaptive: Flag = False
    unconditional: Lasting = timedelta(days=1)
    redirect_after: Lasting = timedelta(days=7)
    robots: Flag = True
    proxy: Line | None = None
    proxy_from_environment: Flag = False
    allow_private: Several = ()
    allow_ports: tuple[Port, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parse:
    """Limits of the worker processes that read what a source sent."""

    workers: Annotated[int, Field(strict=True, ge=1, le=64)] = 2
    timeout: Lasting = timedelta(seconds=20)
    memory: Size = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How far apart in time two copies of one story may be."""

    window: Lasting = timedelta(days=21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A source that is not new and brings *flood* or more unknown entries at once has them held."""

    flood: Annotated[int, Field(strict=True, ge=1)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Who the digest comes from and the relay that takes it."""

    sender: Annotated[str, Field(alias="from")]
    relay: str = "smtp://127.0.0.1:25"
    reply_to: str | None = None
    password_file: Line | None = None
    timeout: Lasting = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSub:
    """News in seconds instead of intervals (W3C WebSub), to our readers and from our sources.

    *hub*: whether readers may subscribe at ``{base_url}/hub``, for at most *lease* and at most *subscriptions* of
    them, *subscriptions_per_host* at one host; *hubs* are public ones that are told of each change too.  *subscribe*:
    whether a source that announces a hub is subscribed to there, which takes a base_url that the hub can reach; one
    whose hub has proved itself is polled once each *interval*.
    """

    hub: Flag = True
    hubs: tuple[HttpUrl, ...] = ()
    lease: Lasting = timedelta(days=10)
    subscriptions: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 1000
    subscriptions_per_host: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 50
    subscribe: Flag = False
    interval: Lasting = timedelta(hours=6)


@with_config(ConfigDict(extra="forbid"))
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
    publish: Publish = field(default_factory=Publish)
    mail: Mail | None = None
    websub: WebSub = field(default_factory=WebSub)
    zones: tuple[Zone, ...] = ()
    sources: tuple[Source, ...] = ()
    streams: tuple[Stream, ...] = ()
    digests: tuple[Digest, ...] = ()

    @property
    def hubs(self) -> tuple[str, ...]:
        """The hubs that our documents announce (rel="hub"): our own, then the public ones."""
        own = (f"{self.base_url.rstrip('/')}/hub",) if self.websub.hub else ()
        return tuple(dict.fromkeys((*own, *self.websub.hubs)))

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
