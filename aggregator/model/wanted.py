"""What the operator wants: the configuration, as values.

Each class is one table of the TOML file (those that stand once are in ``workings``), each field one setting with its
default, so this is the one place that knows them.  Its type says how a setting is written (``units``); ``config/``
reads the file into these and checks what takes more than its type to know.  Settings that these classes do not know
are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, with_config

from aggregator.model.theme import Theme
from aggregator.model.units import WEEK as WEEK
from aggregator.model.units import (
    Color,
    Days,
    Hours,
    HttpUrl,
    Ident,
    Idents,
    Lasting,
    Line,
    Pages,
    Review,
    Several,
    Times,
)
from aggregator.model.units import Weekday as Weekday
from aggregator.model.workings import (
    About,
    Desk,
    Fetch,
    Flag,
    Guard,
    Mail,
    Matching,
    Notices,
    Parse,
    Publish,
    Retention,
    Server,
    WebSub,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """An organisation whose news is merged; *was* are ids that it had in this file before."""

    id: Ident
    name: Line
    url: HttpUrl | None = None
    color: Color = "#1f4e79"
    was: Idents = ()


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
    failing.  *aliases* are ids that it had in this file before.
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
    aliases: Idents = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A published selection of stories; no *zones* or *sources* means all of them.

    *prefer* names the zone whose text leads.  ``select`` says what *categories*, *include*, *exclude* and *joint_only*
    let through, ``patterns`` how a rule is written.  *was* are ids that the stream had in this file before, the first
    one first: its feed keeps the id that it had then.
    """

    id: Ident
    title: Line
    subtitle: Line | None = None
    zones: Several = ()
    sources: Several = ()
    categories: Several = ()
    include: Several = ()
    exclude: Several = ()
    joint_only: Flag = False
    prefer: str | None = None
    items: Annotated[int, Field(strict=True, ge=1, le=1000)] = 50
    was: Idents = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A scheduled mail edition of a stream.

    It has the stories of *stream*, of these *zones* and in these *categories* only where there are any.  *cadence* says
    when an edition is due: at each of *at* (local wall time) on *days*; weekly and monthly on the first day of the week
    or month that is one of *days*; at once for each story by itself, at most *most* a day and none in the hours of
    *quiet*.  When *every* is set, at each whole multiple of it instead.

    With *review* a frozen edition waits so long before it goes out (``UNTIL_RELEASED``: for the operator's word), and
    *review_by* are mailed it meanwhile.
    *open*: whether people may subscribe to it themselves, and limit themselves to some *topics* (categories).
    *public*: whether its editions are pages of the site too.
    """

    id: Ident
    stream: str
    title: Line | None = None
    at: Times = (time(7, 0),)
    days: Days = WEEK
    every: Lasting | None = None
    cadence: Literal["daily", "weekdays", "weekly", "monthly", "at once"] = "daily"
    zones: Several = ()
    categories: Several = ()
    quiet: Hours | None = None
    most: Annotated[int, Field(strict=True, ge=1, le=1000)] = 10
    review: Review | None = None
    review_by: Several = ()
    recipients: Several = ()
    open: Flag = False
    topics: Several = ()
    misfire_grace: Lasting = timedelta(hours=6)
    expire: Lasting = timedelta(hours=24)
    in_doubt: Literal["resend", "hold"] = "resend"
    public: Flag = True


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file, and in *theme* what the files hold that it names for the pages."""

    language: str = "nl-BE"
    timezone: str = "Europe/Brussels"
    base_url: HttpUrl = "http://127.0.0.1:8080"
    authority: str | None = None
    database: str = "sqlite:////var/lib/aggregator/aggregator.db"
    server: Server = field(default_factory=Server)
    desk: Desk = field(default_factory=Desk)
    fetch: Fetch = field(default_factory=Fetch)
    parse: Parse = field(default_factory=Parse)
    match: Matching = field(default_factory=Matching)
    guard: Guard = field(default_factory=Guard)
    notices: Notices = field(default_factory=Notices)
    retention: Retention = field(default_factory=Retention)
    publish: Publish = field(default_factory=Publish)
    about: About = field(default_factory=About)
    mail: Mail | None = None
    websub: WebSub = field(default_factory=WebSub)
    zones: tuple[Zone, ...] = ()
    sources: tuple[Source, ...] = ()
    streams: tuple[Stream, ...] = ()
    digests: tuple[Digest, ...] = ()
    theme: Theme = field(default_factory=Theme, metadata={"setting": False})

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
        """The ids of the zones that a stream selects, by itself or through its sources, in the order of the file."""
        through = {source.zone for source in self.sources if not stream.sources or source.id in stream.sources}
        named = (zone.id for zone in self.zones if not stream.zones or zone.id in stream.zones)
        return tuple(id for id in named if not stream.sources or id in through)


_T = TypeVar("_T", Zone, Source, Stream, Digest)


def _by_id(items: tuple[_T, ...], id: str) -> _T:
    for item in items:
        if item.id == id:
            return item
    raise KeyError(id)
