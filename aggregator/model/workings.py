"""What the operator wants of the program itself: the tables that stand once in the configuration.

How it serves, fetches, parses, matches, guards, deletes and mails; ``wanted`` has the rest, and the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from aggregator.model.units import Color, Duration, HttpUrl, Lasting, Line, Several, Size

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Flag = Annotated[bool, Field(strict=True)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The web server; *listen* is ``host:port`` or ``unix:/path``; *operators* are networks that may read errors.

    *search*: whether pages have a form to search with; off where files are served without the daemon.
    """

    listen: str = "127.0.0.1:8080"
    trusted_proxies: Several = ("127.0.0.1",)
    operators: Several = ()
    search: Flag = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may come to the desk, by *name* and password; only an editor may change anything.

    *password_hash* is what ``aggregator desk password`` prints; *email* is where a test of a digest goes.
    """

    name: Line
    password_hash: Line | None = None
    role: Literal["editor", "reader"] | None = None
    email: Line | None = None

    @property
    def is_editor(self) -> bool:
        """Whether they may change anything; who has no role may look only."""
        return self.role == "editor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The editor's desk at ``/desk/``, closed while it has no *users*.

    With *trusted_header* the one of *proxies* that asks says in it which of the users is asking, and passwords are
    not used.  A login lasts *session*.
    """

    trusted_header: Line | None = None
    proxies: Several = ("127.0.0.1",)
    session: Lasting = timedelta(hours=10)
    users: tuple[User, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """Colours of the pages: of their *top*, of its *stripe* and of a *link*; what is written in them or on them is made
    readable, in the dark as well.
    """

    top: Color | None = None
    stripe: Color | None = None
    link: Color | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """What documents are like: in a feed of more than *max_size* bytes the older stories have no full text, only an
    excerpt.  *logo* is the address of a picture for feeds, twice as wide as high.  With *directory* all documents are
    files too.  *robots*: whether search engines may list the pages.

    *name* is the site's, the first stream's title where there is none.  *templates* is a directory of templates that
    are tried before ours, *style* a file whose rules follow those of our style sheet, *icon* one with a picture.
    """

    directory: str | None = None
    max_size: Size = 1_000_000
    logo: HttpUrl | None = None
    robots: Flag = True
    name: Line | None = None
    icon: str | None = None
    style: str | None = None
    templates: str | None = None
    colours: Colours = field(default_factory=Colours)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Who publishes this and how to reach them, in their own words; paragraphs are parted by empty lines.

    *security_contact* is whom to tell of a hole, until *security_expires*, the day on which this is looked at again.
    """

    name: Line | None = None
    address: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    text: str | None = None
    privacy: str | None = None
    accessibility: str | None = None
    security_contact: Line | None = None
    security_expires: date | None = None


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
    """When two entries are one story, and when they are only to be linked.

    *window* is how far apart copies may be published, *related_window* how far apart entries that are linked.  Shares
    are 0 to 1: *alike* of the words of both texts in the same order make one story of texts of some length, *contained*
    of the shorter text's words make an excerpt of it, *related* of the shorter text's rarer words make a link.
    """

    window: Lasting = timedelta(days=21)
    related_window: Lasting = timedelta(days=90)
    alike: Share = 0.75
    contained: Share = 0.85
    related: Share = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A source that is not new and brings *flood* or more unknown entries at once has them held.

    So has one that brings *moved* or more known entries under new identities, and fewer under their old ones.
    """

    flood: Annotated[int, Field(strict=True, ge=1)] = 20
    moved: Annotated[int, Field(strict=True, ge=2)] = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Notices of wanted and missing persons, known by a category, or by words in their title (``patterns``).

    They are left out, or with *publish* withdrawn *keep* after they were first seen.
    """

    publish: Flag = False
    keep: Lasting = timedelta(days=14)
    categories: Several = ("opsporing", "opsporingsbericht", "opsporingsberichten", "vermist", "vermiste personen")
    words: Several = (
        "opsporingsbericht*",
        "opsporing verzocht",
        "vermist",
        "vermiste persoon",
        "vermiste personen",
        "verontrustende verdwijning",
        "wie herkent",
        "herkent u",
        "avis de recherche",
        "disparition inquiétante",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long after its publication a story is kept, and after its sending what became of a mail."""

    stories: Lasting = timedelta(days=1825)
    deliveries: Lasting = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """How mails are signed (RFC 6376): the key in *key_file*, its public half at selector._domainkey.domain.

    *domain* is the sender's when it is not given; the other two belong together.
    """

    selector: Line | None = None
    key_file: Line | None = None
    domain: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Who the digest comes from and the relay that takes it.

    *relay_log* is where a Postfix notes what it took: a file, or ``|`` and a command.  *machine* names this
    installation where /etc/machine-id does not: a database that was last mailed from by another one mails nothing.
    *witness* is the directory in which it is kept how far the mail has come, so that a database which is older than
    that mails nothing; beside the database when it is not given.
    *timeout* is for the greeting and each command, *data_timeout* for the answer to DATA, *block_timeout* for each
    block of the text, *dot_timeout* for the answer to the final dot; a shorter wait there makes doubts, and doubts make
    duplicates (RFC 5321 §4.5.3.2, RFC 1047).  *rate* is in mails a minute.

    *bounces* is the address to which failures are returned, with a token behind its local part (VERP); *maildir* is
    the folder into which that mail is delivered.

    *urgent* are rules (``patterns``) for a story that asks readers for help: one of them is found in its title, or is
    one of its publisher's categories.  Such stories come first.
    """

    sender: Annotated[str, Field(alias="from")]
    relay: str = "smtp://127.0.0.1:25"
    reply_to: str | None = None
    password_file: Line | None = None
    relay_log: Line | None = None
    machine: Line | None = None
    witness: Line | None = None
    starttls: Literal["offered", "required"] = "offered"
    connections: Annotated[int, Field(strict=True, ge=1, le=20)] = 2
    rate: Annotated[int, Field(strict=True, ge=1)] | None = None
    timeout: Lasting = timedelta(minutes=5)
    data_timeout: Lasting = timedelta(minutes=2)
    block_timeout: Lasting = timedelta(minutes=3)
    dot_timeout: Lasting = timedelta(minutes=10)
    bounces: str | None = None
    maildir: Line | None = None
    dkim: Dkim | None = None
    urgent: Several = (
        "opsporing",
        "opsporingsbericht*",
        "opsporing verzocht",
        "vermist",
        "vermiste persoon",
        "vermiste personen",
        "verontrustende verdwijning",
        "getuigen gezocht",
        "getuigenoproep*",
        "oproep tot getuigen",
        "wie herkent",
        "herkent u",
        "avis de recherche",
        "disparition inquiétante",
        "appel à témoins",
        "zeugenaufruf",
        "vermisst",
    )


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
