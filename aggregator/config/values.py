"""Whether a setting that is well written means something: a language, a time zone, a pattern, a network, an address.

One table says which setting is checked by what.  Each check takes the text and returns the words of its mistake, or
None.  It sees the document as it is written, so that it can speak whatever else is wrong there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from cssselect import SelectorError
from parsel import Selector

from aggregator import patterns
from aggregator.config.mailboxes import HOST, address, bounces, sender
from aggregator.config.words import Mistake, Place, did_you_mean, wrong
from aggregator.model.units import http_url

Check = Callable[[str], str | None]

_AUTHORITY = re.compile(r"(?:[a-z0-9._-]+@)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:,[0-9]{4}(?:-[0-9]{2}){0,2})?")
_HASH = re.compile(r"\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-length", "cookie", "host", "if-modified-since"),
        *("if-none-match", "proxy-authorization", "range", "referer", "te", "transfer-encoding", "upgrade"),
        "user-agent",
    }
)
_TAKEN = frozenset({"atom", "favicon", "feed", "feeds", "health", "hub", "index", "json", "robots", "rss", "static"})
_TAKEN |= {"accessibility", "desk", "mail", "over", "privacy", "search", "status", "story", "websub", "zones"}
_PROBE = Selector(text="<html><body><p>news</p></body></html>")


def values(document: dict[str, Any]) -> list[Mistake]:
    """Every setting that is text of the right form and yet cannot be used."""
    return [
        Mistake(place, words)
        for pattern, check in CHECKS.items()
        for place, value in at(document, tuple(pattern.split(".")))
        if isinstance(value, str) and (words := check(value))
    ]


def at(node: Any, pattern: tuple[str, ...], place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """What stands at *pattern*, with its place; ``*`` is each of a list, or the one text that stands for a list."""
    if not pattern:
        yield place, node
        return
    head, *rest = pattern
    if head == "*":
        items = enumerate(node) if isinstance(node, list) else ()
        for number, item in items:
            yield from at(item, tuple(rest), (*place, number))
        if isinstance(node, str):
            yield from at(node, tuple(rest), place)
    elif isinstance(node, dict) and head in node:
        yield from at(node[head], tuple(rest), (*place, head))


def language(value: str) -> str | None:
    try:
        Locale.parse(value, sep="-")
    except (ValueError, UnknownLocaleError):
        return wrong('a language that Babel knows, such as "nl-BE"', value)
    return None


def timezone(value: str) -> str | None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        return wrong(
            'a time zone such as "Europe/Brussels"', value, did_you_mean(value, available_timezones(), likeness=0.75)
        )
    return None


def base_url(value: str) -> str | None:
    return wrong('an address without "?" and "#"', value) if "?" in value or "#" in value else None


def stream(value: str) -> str | None:
    """The id of a stream stands in addresses beside some of ours."""
    return wrong("a name that is not taken by an address of the site", value) if value in _TAKEN else None


def digest(value: str) -> str | None:
    """The id of a digest stands in addresses beside those of its readers."""
    return (
        wrong("a name other than c, p and u, which addresses of readers have", value)
        if value in {"c", "p", "u"}
        else None
    )


def authority(value: str) -> str | None:
    """An authority of RFC 4151 §2.1: a domain name or a mail address, and since when it was ours."""
    if _AUTHORITY.fullmatch(value):
        return None
    return wrong('a domain name and a date, such as "nieuws.example.be,2026"', value)


def database(value: str) -> str | None:
    """A password is let through for PostgreSQL, because libpq takes it so; its own place is ``~/.pgpass``."""
    rest = value.removeprefix("sqlite:///")
    if rest != value and rest not in ("", ":memory:") and not rest.startswith("?"):
        return None
    parts = _parts(value)
    if parts and parts.scheme == "postgresql" and parts.netloc + parts.path.strip("/"):
        return None
    return wrong('"sqlite:////path/to/a/file" or "postgresql://user@host/name"', value)


def listen(value: str) -> str | None:
    parts = _parts(f"tcp://{value}")
    if value.startswith("unix:/") and not value.endswith("/"):
        return None
    if parts and parts.hostname and parts.port is not None and parts.netloc == value and "@" not in value:
        return None
    return wrong('"host:port" or "unix:/path", such as "127.0.0.1:8080"', value)


def network(value: str) -> str | None:
    try:
        ip_network(value)
    except ValueError:
        return wrong('a network or an address such as "10.1.0.0/16"', value, _meant_network(value))
    return None


def _meant_network(value: str) -> str:
    try:
        return f'; did you mean "{ip_network(value, strict=False)}"?'
    except ValueError:
        return ""


def contact(value: str) -> str | None:
    try:
        http_url(value)
    except ValueError:
        if not address(value):
            return None
        return wrong('an http or https address or a mail address such as "redactie@example.be"', value)
    return None


def pattern(value: str) -> str | None:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        return wrong("a regular expression", value, f": {error}")
    return None


def rule(value: str) -> str | None:
    """Words, or a regular expression between slashes."""
    mistake = patterns.problem(value)
    return wrong("words, or a regular expression between slashes", value, f": {mistake}") if mistake else None


def key(value: str) -> str | None:
    if mistake := pattern(value):
        return mistake
    named = "key" in re.compile(value).groupindex
    return None if named else wrong(r"a group named key, such as '/detail/(?P<key>\d+)'", value)


def selector(value: str) -> str | None:
    """CSS as parsel takes it, or XPath 1.0 when it starts with ``/`` or ``./``."""
    xpath = value.startswith(("/", "./"))
    try:
        _PROBE.xpath(value) if xpath else _PROBE.css(value)
    except (ValueError, SelectorError) as error:
        reason = str(error).removesuffix(f" in {value}").removeprefix("XPath error: ")
        return wrong("an XPath expression" if xpath else "a CSS selector", value, f": {reason}")
    return None


def relay(value: str) -> str | None:
    if value.startswith("sendmail:/") and not value.endswith("/"):
        return None
    parts = _parts(value)
    if parts and parts.password is not None:
        return wrong("no password in the address: put it into a file and name that in password_file", value)
    whole = parts and parts.hostname and parts.port and parts.path in ("", "/") and not parts.query + parts.fragment
    if parts and parts.scheme in ("smtp", "smtps") and whole:
        return None
    expected = '"smtp://host:port", "smtps://user@host:port" or "sendmail:/path", such as "smtp://127.0.0.1:25"'
    return wrong(expected, value)


def folder(value: str) -> str | None:
    return None if value.startswith("/") else wrong("an absolute path", value)


def domain(value: str) -> str | None:
    return None if HOST.fullmatch(value) else wrong('a name in the DNS such as "example.be"', value)


def proxy(value: str) -> str | None:
    """An HTTP proxy; a password would have to stand in the file, so it is left to the environment."""
    parts = _parts(value)
    if parts and parts.username is not None:
        return wrong("no user and password in the address: HTTP_PROXY may carry them (proxy_from_environment)", value)
    whole = parts and parts.hostname and parts.path in ("", "/") and not parts.query + parts.fragment
    return None if parts and parts.scheme == "http" and whole else wrong('"http://host:port"', value)


def proxy_of_one(value: str) -> str | None:
    mistake = None if value == "direct" else proxy(value)
    return mistake and mistake.replace(", found", ' or "direct", found')


def user(value: str) -> str | None:
    """A user-id of RFC 7617 §2, which ends at the first colon."""
    return wrong("a user name without a colon", value) if ":" in value else None


def header(value: str) -> str | None:
    """A field name (RFC 9110 §5.1) that the request does not have already."""
    if not _TOKEN.fullmatch(value):
        return wrong('the name of a header, such as "X-Api-Key"', value)
    return wrong("a header that is not ours to set already", value) if value.lower() in _OURS else None


def password_hash(value: str) -> str | None:
    """What argon2id makes of a password, in the form of the PHC."""
    if _HASH.fullmatch(value):
        return None
    return wrong('what `aggregator desk password` prints, beginning with "$argon2id$"', "…")


def _parts(value: str) -> SplitResult | None:
    """The parts of an address whose port, if any, is a number up to 65535."""
    try:
        parts = urlsplit(value)
        return parts if parts.port != -1 and not re.search(r"[\s\x00-\x1f]", value) else None
    except ValueError:
        return None


CHECKS: Mapping[str, Check] = {
    "language": language,
    "timezone": timezone,
    "base_url": base_url,
    "authority": authority,
    "database": database,
    "server.listen": listen,
    "server.trusted_proxies.*": network,
    "server.operators.*": network,
    "desk.trusted_header": header,
    "desk.proxies.*": network,
    "desk.users.*.password_hash": password_hash,
    "desk.users.*.email": address,
    "streams.*.id": stream,
    "about.email": address,
    "about.security_contact": contact,
    "fetch.contact": contact,
    "fetch.proxy": proxy,
    "fetch.allow_private.*": network,
    "mail.from": sender,
    "mail.reply_to": sender,
    "mail.relay": relay,
    "mail.bounces": bounces,
    "mail.maildir": folder,
    "mail.witness": folder,
    "mail.dkim.selector": domain,
    "mail.dkim.domain": domain,
    "mail.urgent.*": rule,
    "notices.categories.*": rule,
    "notices.words.*": rule,
    "sources.*.key": key,
    "sources.*.proxy": proxy_of_one,
    "sources.*.auth.user": user,
    "sources.*.auth.header": header,
    "sources.*.page.item": selector,
    "sources.*.page.list": selector,
    "sources.*.page.title": selector,
    "sources.*.page.link": selector,
    "sources.*.page.date": selector,
    "sources.*.page.summary": selector,
    "sources.*.page.strip.*": pattern,
    "sources.*.article.text": selector,
    "sources.*.article.date": selector,
    "sources.*.article.strip.*": pattern,
    "streams.*.include.*": rule,
    "streams.*.exclude.*": rule,
    "digests.*.id": digest,
    "digests.*.recipients.*": address,
    "digests.*.review_by.*": address,
}
