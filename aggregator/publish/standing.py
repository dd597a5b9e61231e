"""What stands there whatever the news: who publishes it, what becomes of readers' data, how accessible it is; and what
is said to programs alone, robots.txt and security.txt.

Their addresses are the same in every language; those that people would guess lead to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

import aggregator
from aggregator import i18n, text
from aggregator.model import Config, Document, Source, Zone
from aggregator.publish import page, places
from aggregator.publish.static import document

ABOUT, PRIVACY, ACCESSIBILITY = "/over/", "/privacy/", "/accessibility/"
ROBOTS = "/robots.txt"
SECURITY = "/.well-known/security.txt"
GUESSES = {
    ABOUT: ("about", "contact", "colofon", "impressum", "mentions-legales", "a-propos", "ueber"),
    PRIVACY: ("datenschutz", "vie-privee", "confidentialite", "privacybeleid", "privacy-policy"),
    ACCESSIBILITY: ("toegankelijkheid", "toegankelijkheidsverklaring", "accessibilite", "barrierefreiheit"),
    "/search": ("zoeken", "zoek", "recherche", "suche"),
}
"""What people try who look for these pages, by where it leads."""
_HTML = "text/html; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Read:
    """A source as readers are told of it: how often it is read at most, and whether its whole texts are shown."""

    name: str
    url: str
    interval: timedelta
    whole: bool


@dataclass(frozen=True, slots=True)
class Publisher:
    """A zone and what is read of it."""

    name: str
    url: str | None
    sources: tuple[Read, ...]


def documents(config: Config, changed: datetime) -> dict[str, Document]:
    """Every one of them by its path below base_url, and the redirects; *changed* is when the configuration did."""
    pages = {ABOUT: "over.html", PRIVACY: "privacy.html", ACCESSIBILITY: "accessibility.html"}
    made = {path: document(_HTML, _page(config, path, name), changed) for path, name in pages.items()}
    made[ROBOTS] = document(_PLAIN, robots(config), changed)
    if told := security(config):
        made[SECURITY] = document(_PLAIN, told, changed)
    return made | dict(_redirects(config))


def robots(config: Config) -> bytes:
    """robots.txt (RFC 9309): all but the search, of which each page costs a search; or nothing at all."""
    if not config.publish.robots:
        return b"User-agent: *\nDisallow: /\n"
    closed = "".join(f"Disallow: {before}/search\n" for before in sorted({"", places.prefix(config)}))
    return f"User-agent: *\n{closed}Allow: /\n".encode()


def security(config: Config) -> bytes | None:
    """security.txt (RFC 9116); None without a contact and the day until which the operator vouches for it (§2.5.5)."""
    about = config.about
    if not about.security_contact or not about.security_expires:
        return None
    found = urlsplit(config.base_url)
    contact = about.security_contact if "://" in about.security_contact else f"mailto:{about.security_contact}"
    spoken = dict.fromkeys((i18n.locale(config.language).language, "en"))
    expires = datetime.combine(about.security_expires, time(), UTC)
    return (
        f"Contact: {contact}\n"
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}\n"
        f"Preferred-Languages: {', '.join(spoken)}\n"
        f"Canonical: {found.scheme}://{found.netloc}{SECURITY}\n"
    ).encode()


def email(config: Config) -> str | None:
    """Where people reach the operator by mail."""
    contact = config.fetch.contact or ""
    return config.about.email or (contact if "@" in contact and "://" not in contact else None)


def _page(config: Config, path: str, name: str) -> bytes:
    return page.written(
        config,
        name,
        **page.frame(config, page.root_of(path)),
        canonical=places.base(config) + path,
        about=config.about,
        email=email(config),
        own={each: _paragraphs(getattr(config.about, each)) for each in ("text", "privacy", "accessibility")},
        publishers=[_publisher(config, zone) for zone in config.zones],
        agent=_agent(config),
        obeys=config.fetch.robots,
        mails=bool(config.digests),
        hub=config.websub.hub,
        notices=config.notices,
        kept=config.retention.stories,
    )


def _paragraphs(words: str | None) -> list[str]:
    """Parted by empty lines."""
    return [found for part in (words or "").split("\n\n") if (found := text.clean(part))]


def _publisher(config: Config, zone: Zone) -> Publisher:
    read = (source for source in config.sources if source.zone == zone.id and source.enabled)
    return Publisher(text.clean(zone.name), zone.url, tuple(_read(config, source) for source in read))


def _read(config: Config, source: Source) -> Read:
    return Read(
        name=text.clean(source.title or "") or source.url,
        url=source.url,
        interval=source.interval or config.fetch.interval,
        whole=source.publish == "full",
    )


def _agent(config: Config) -> str:
    contact = config.fetch.contact
    return f"aggregator/{aggregator.__version__}" + (f" (+{contact})" if contact else "")


def _redirects(config: Config) -> Iterator[tuple[str, Document]]:
    for to, names in GUESSES.items():
        if to == "/search" and not config.server.search:
            continue
        for path in (f"/{name}{end}" for name in names for end in ("", "/")):
            made = document(_PLAIN, f"{places.base(config)}{to}\n".encode(), _UNDATED)
            yield path, replace(made, status=301, location=places.relative(path, to))
