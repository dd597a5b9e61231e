"""What is asked for: URLs, redirects and request headers.  Pure.

A URL is sent as it was written, after the normalising that RFC 3986 §6.2.2 calls syntax-based (case, dot segments,
default port, escapes where they were missing), and without its fragment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import httpx

from aggregator.fetch.coding import OFFERED
from aggregator.fetch.faults import FaultError
from aggregator.model import Validators

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})  # RFC 9110 §15.4; 300 and 304 to 306 are answers
PERMANENT = frozenset({301, 308})
_PORTS = {"http": 80, "https": 443}
_ACCEPT = (
    "application/atom+xml, application/rss+xml;q=0.9, application/rdf+xml;q=0.8, application/feed+json;q=0.8, "
    "application/xml;q=0.7, text/xml;q=0.7, text/html;q=0.6, application/xhtml+xml;q=0.6, */*;q=0.1"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A target URI (RFC 9110 §7.1): *text* is what is requested and what validators belong to."""

    text: str
    url: httpx.URL = field(compare=False)

    @property
    def host(self) -> str:
        """Lower-case, in ASCII; an IPv6 address without its brackets."""
        return self.url.raw_host.decode("ascii")

    @property
    def port(self) -> int:
        """The one that is connected to, the scheme's own included."""
        return self.url.port or _PORTS[self.url.scheme]

    @property
    def origin(self) -> str:
        """Scheme, host and port (RFC 6454 §6.2), the port only when it is not the scheme's own."""
        return self.text[: self.text.index("/", self.text.index("//") + 2)]


@dataclass(frozen=True, slots=True)
class Access:
    """What it takes to reach a source beside its URL: the *headers* that say who we are, and a *proxy* of its own.

    Law: the headers go to the origin of *url* and to no other, wherever redirects lead (standards, item 31).
    """

    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str | None = None

    def credentials(self, asked: Target) -> tuple[tuple[bytes, bytes], ...]:
        """The headers for *asked*.  Raises FaultError when *url* is none."""
        if not self.headers or target(self.url).origin != asked.origin:
            return ()
        return tuple((name.encode("ascii"), value.encode("ascii")) for name, value in self.headers)


@lru_cache(maxsize=4096)
def target(url: str | httpx.URL) -> Target:
    """Raises FaultError when this is no URL that we fetch."""
    try:
        read = httpx.URL(url)
        scheme, authority, path = read.scheme, _authority(read), read.raw_path.decode("ascii")
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise FaultError("the URL is not one that can be fetched") from error
    if not scheme:
        raise FaultError("the URL does not begin with http:// or https://")
    if scheme not in _PORTS:
        raise FaultError(f"only http and https are fetched, not {scheme}")
    if not read.raw_host:
        raise FaultError("the URL has no host")
    if read.userinfo:
        raise FaultError("the URL carries a user name or password, which are not sent; take them out")
    text = f"{scheme}://{authority}{path}"
    return Target(text, read if str(read) == text else httpx.URL(text))


def _authority(url: httpx.URL) -> str:
    """Host and port in their normal form, which httpx does not quite reach; ValueError for what is neither."""
    name = url.host and url.raw_host.decode("ascii").lower()  # reading `host` is what finds fault with an A-label
    if url.port is not None and url.port > 65535:
        raise ValueError("no such port")
    if "%" in name and ":" not in name:
        raise ValueError("no such name")  # RFC 3986 allows escapes in a host, DNS does not
    host = f"[{name}]" if ":" in name else name
    return host if url.port in (None, _PORTS.get(url.scheme)) else f"{host}:{url.port}"


def redirection(asked: Target, status: int, location: str | None) -> Target | None:
    """Where an answer sends us (RFC 9110 §10.2.2), or None when it is final; *location* decoded as latin-1.

    Raises FaultError for a place that we do not go to.
    """
    if status not in REDIRECTS or location is None:
        return None
    try:
        onward = target(asked.url.join(_text(location)))
    except (httpx.InvalidURL, ValueError) as error:
        raise FaultError("redirects to what is no URL") from error
    except FaultError as fault:
        raise FaultError(f"redirects, but {fault}") from None
    if asked.url.scheme == "https" and onward.url.scheme == "http":
        raise FaultError(f"redirects from https to http ({onward.host}), which is not followed")
    return onward


def _text(value: str) -> str:
    """A header value as servers mean it: UTF-8 where it is that (RFC 9110 §5.5 leaves it opaque)."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


AGENT = "aggregator"
"""Our product token (RFC 9110 §10.1.5), which is also our name in robots.txt (RFC 9309 §2.2.1)."""


def standing(version: str, contact: str | None) -> dict[str, str]:
    """The headers of every request.

    Not among them: cookies, Referer, Cache-Control and Pragma, A-IM.
    """
    return {
        "User-Agent": f"{AGENT}/{version}" + (f" (+{_comment(contact)})" if contact else ""),
        "Accept": _ACCEPT,
        "Accept-Encoding": OFFERED,
    }


def _comment(value: str) -> str:
    """Only what a comment may hold unescaped (RFC 9110 §5.6.5)."""
    return re.sub(r"[^\x21-\x27\x2a-\x5b\x5d-\x7e]", "", value)


def conditions(asked: Target, validators: Validators | None) -> tuple[tuple[bytes, bytes], ...]:
    """The validators as precondition headers (RFC 9110 §13.1), byte for byte, and only for the URL they belong to."""
    if validators is None or not _belong(validators, asked):
        return ()
    return tuple(_conditions(validators))


def _belong(validators: Validators, asked: Target) -> bool:
    try:
        return validators.url == asked.text or target(validators.url).text == asked.text
    except FaultError:
        return False


def _conditions(validators: Validators) -> Iterator[tuple[bytes, bytes]]:
    for name, value in ((b"If-None-Match", validators.etag), (b"If-Modified-Since", validators.last_modified)):
        if value and (sendable := _bytes(value)):
            yield name, sendable


def _bytes(value: str) -> bytes | None:
    """The bytes that the server sent; None when they cannot be sent back unchanged (aiohttp writes UTF-8 only)."""
    try:
        content = value.encode("latin-1")
        content.decode("utf-8")
    except UnicodeError:
        return None
    return None if re.search(rb"[\r\n\0]", content) else content


def fields(raw: list[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Header fields by lower-case name, the values of a repeated one joined (RFC 9110 §5.2), decoded as latin-1."""
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
