"""Addresses: making them absolute, and telling whether two are the same (RFC 3986 §6, RFC 4151).

Nothing here raises: an address that cannot be used is None, or itself where an identity is asked for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

# Longer ones are data in disguise; the common servers refuse a request line beyond 8 kB.
MAX_LENGTH = 8000

_WEB = ("http", "https")
_DEFAULT_PORTS = (None, 80, 443)
_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?:)|feed:(?=//)", re.IGNORECASE)
_EDGES = "".join(map(chr, range(0x21)))
_INSIDE = re.compile("[\t\n\r]")  # browsers drop these inside an address (WHATWG URL §4.4)
_BAD_AUTHORITY = re.compile(r"[\s\"%<>\\^`{|}]")
# What stays as it is, most addresses that are seen; the rest takes the long way.
_PCHAR = r"A-Za-z0-9\-._~!$&'()*+,;=:@/"
_PATH = rf"(?:[{_PCHAR}]++|%[0-9A-Fa-f]{{2}})*+"
_QUERY = rf"(?:[{_PCHAR}?]++|%[0-9A-Fa-f]{{2}})++"
_TAIL = rf"(?:\?{_QUERY})?(?:#{_QUERY})?"
_PLAIN = re.compile(rf"https?://[a-z0-9][a-z0-9.-]*+(?:/{_PATH})?{_TAIL}")
_PLAIN_PATH = re.compile(rf"(?!//|[^?#]*+/\.)/{_PATH}{_TAIL}")
_LONE_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_SUB_DELIMS = "!$&'()*+,;="
_PATH_SAFE = f"/:@{_SUB_DELIMS}~%"
_QUERY_SAFE = f"{_PATH_SAFE}?"
_ESCAPE = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_SESSION = re.compile(r";jsessionid=[^/]*", re.IGNORECASE)
# Parameters that say how a reader got there, never what is there.
_TRACKING = re.compile(
    r"(?:utm_|mtm_|pk_|piwik_|hsa_|vero_|oly_|at_)\w*"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|twclid|ttclid|yclid|li_fat_id|igshid|igsh|mc_cid|mc_eid|mkt_tok"
    r"|_ga|_gl|_hsenc|_hsmi|s_cid|cmpid|ns_campaign|ns_source|ns_mchannel|itok|phpsessid|jsessionid",
    re.IGNORECASE,
)
_NO_AUTHORITY = re.compile(r"[^a-z0-9.@_-]+")


def absolute(href: str, base: str | None) -> str | None:
    """*href* as an absolute http(s) URL, resolved against *base* (RFC 3986 §5); None when there is no such URL.

    The fragment stays.  Characters that RFC 3986 does not allow are percent-encoded; an international host name stays
    as it is written.  A user and a password are left out, and the link stays: ``https://bank.example@evil.example/``
    looks like the bank's and leads elsewhere (RFC 3986 §7.6), a password is nobody else's business (§7.5), and without
    them the address says where it leads.  Leaving out the whole link would lose an item for a slip of its editor.
    """
    if _PLAIN.fullmatch(href) and len(href) <= MAX_LENGTH:
        return href
    if base and _PLAIN_PATH.fullmatch(href) and (origin := _origin(base)) and len(href) <= MAX_LENGTH:
        return f"{origin}{href}"
    href = _FEED_SCHEME.sub(_unwrapped, _INSIDE.sub("", href.strip(_EDGES)), count=1)
    if not href or len(href) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(urljoin(base or "", href))
        return urlunsplit(_encoded(parts)) if _usable(parts) else None
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _origin(base: str) -> str | None:
    """Scheme and authority of a base that needs no repair."""
    found = _PLAIN.fullmatch(base)
    return base[: base.index("/", 8)] if found and "/" in base[8:] else None


def canonical(url: str) -> str:
    """The form in which two addresses are the same address; for identity, not for fetching.

    https, the host in lower case and without ``www.``, no user, default port, fragment, session, tracking parameter
    or trailing slash, the query sorted, percent-encoding normalised (RFC 3986 §6.2.2).  What is not an http(s) URL
    comes back with white space trimmed.
    """
    found = absolute(url, None)
    if found is None:
        return url.strip()
    parts = urlsplit(found)
    port = "" if parts.port in _DEFAULT_PORTS else f":{parts.port}"
    path = _without_dots(_normalised(_SESSION.sub("", parts.path))).rstrip("/")
    return urlunsplit(("https", f"{_plain_host(parts.hostname or '')}{port}", path, _sorted_query(parts.query), ""))


def is_root(url: str) -> bool:
    """Whether this is a site's front page: no path beyond ``/`` and no query."""
    found = absolute(url, None)
    if found is None:
        return False
    parts = urlsplit(found)
    return parts.path in ("", "/") and not parts.query


@lru_cache(maxsize=4096)
def host(url: str) -> str:
    """The host name in lower case, without port; empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=4096)
def server(url: str) -> str:
    """Who answers for a URL: its host, with the port where that is neither http's nor https's own."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    return (parts.hostname or "") + ("" if port in _DEFAULT_PORTS else f":{port}")


def tag(authority: str, specific: str) -> str:
    """A tag URI (RFC 4151).  *authority* is ``host,date`` or a bare ``host``, which gets the date 2026."""
    name, _, date = authority.partition(",")
    name = _NO_AUTHORITY.sub("-", name.lower()).strip("-")
    return f"tag:{name},{date or '2026'}:{quote(specific, safe=_QUERY_SAFE.replace('%', ''), errors='replace')}"


def _unwrapped(found: re.Match[str]) -> str:
    return "http:" if found.string[found.end() :].startswith("//") else ""


def _usable(parts: SplitResult) -> bool:
    """Raises ValueError, as ``urllib`` does, for a port that is no number from 0 to 65535."""
    _ = parts.port
    if parts.scheme not in _WEB or not parts.hostname:
        return False
    return parts.netloc.isprintable() and not _BAD_AUTHORITY.search(parts.netloc)


def _encoded(parts: SplitResult) -> SplitResult:
    """Raises UnicodeEncodeError (a ValueError) for a surrogate without a partner."""
    return parts._replace(
        netloc=parts.netloc.rpartition("@")[2],
        path=_quoted(parts.path, _PATH_SAFE),
        query=_quoted(parts.query, _QUERY_SAFE),
        fragment=_quoted(parts.fragment, _QUERY_SAFE),
    )


def _quoted(value: str, safe: str) -> str:
    return quote(_LONE_PERCENT.sub("%25", value), safe=safe)


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept)


def _normalised(value: str) -> str:
    """Escapes of unreserved characters undone, the others in upper case (RFC 3986 §6.2.2.1 and §6.2.2.2)."""
    return _ESCAPE.sub(lambda found: quote(unquote_to_bytes(found[0]), safe="~"), value)


def _sorted_query(query: str) -> str:
    pieces = (piece for piece in query.split("&") if piece and not _TRACKING.fullmatch(piece.partition("=")[0]))
    return "&".join(sorted(_normalised(piece.replace("+", "%20")) for piece in pieces))


def _plain_host(name: str) -> str:
    name = name.rstrip(".")
    if name.startswith("www.") and "." in name[4:]:
        name = name[4:]
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return name
