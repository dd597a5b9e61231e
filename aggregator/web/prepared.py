"""A document as it goes over the wire: its fields and bytes in each coding, put together once per change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.model import Coding, Document, Link
from aggregator.web.conditional import http_date

Fields = list[tuple[bytes, bytes]]

# The pages load one style sheet and one icon of ours, and nothing else in the world.
SECURITY = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
# Caches that readers share may keep these without being told "public" (RFC 9111 §5.2.2.9).
# The next change may come at any moment; who has asked a minute ago may be told a minute later.
SHORT = "max-age=60, must-revalidate"
# A page of the archive changes only when something in it is withdrawn or mended.
ARCHIVED = "max-age=3600, must-revalidate"
FOR_EVER = "max-age=31536000, immutable"
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)

_FEEDS = ("application/atom+xml", "application/rss+xml", "application/feed+json", "text/x-opml")
_MANIPULATED = _FEEDS[:2]
_CROSS_ORIGIN = {"access-control-allow-origin": "*", "access-control-expose-headers": "ETag, Link, IM"}
PREFLIGHT = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "A-IM, If-Modified-Since, If-None-Match",
    "access-control-max-age": "86400",
    "allow": "GET, HEAD, OPTIONS",
}


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that only has to be sent; *head* are its fields as they stand on the wire, after the status line."""

    status: int
    fields: Fields
    content: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A document in one coding: its validators, all of it, and what says that it is known or not the one that was meant
    (RFC 9110 §15.4.5, §15.5.13).
    """

    etag: str
    tag: bytes
    last_modified: datetime
    whole: Ready
    not_modified: Ready
    refused: Ready


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document in every coding that it has; None is no coding."""

    document: Document
    codings: tuple[Coding, ...]
    answers: dict[Coding | None, Answer]


def prepare(document: Document, keep: str) -> Prepared:
    """*document* with *keep* as its Cache-Control."""
    packed: list[tuple[Coding | None, bytes]] = [(None, document.content), *document.packed]
    return Prepared(
        document=document,
        codings=tuple(coding for coding, _ in document.packed),
        answers={coding: _answer(document, coding, content, keep) for coding, content in packed},
    )


def is_feed(document: Document) -> bool:
    """Whether programs of other sites may read it in a browser (fetch.spec.whatwg.org, CORS)."""
    return document.media_type.startswith(_FEEDS)


def is_manipulated(document: Document) -> bool:
    """Whether a reader may ask for its new entries alone."""
    return len(document.parts) > 1 and document.media_type.startswith(_MANIPULATED)


def tag(etag: str, coding: Coding | None) -> str:
    """The entity tag of a coding: other bytes, another strong tag (RFC 9110 §8.8.3.3)."""
    return f'{etag[:-1]}-{coding}"' if coding else etag


def ready(status: int, fields: Fields, content: bytes = b"") -> Ready:
    """An answer, put together as far as it can be before it is asked for."""
    return Ready(status, fields, content, b"".join(b"%b: %b\r\n" % field for field in fields))


def encoded(fields: dict[str, str]) -> Fields:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in fields.items()]


def _answer(document: Document, coding: Coding | None, content: bytes, keep: str) -> Answer:
    etag = tag(document.etag, coding)
    common = {"etag": etag, "cache-control": keep, "vary": _vary(document)}
    if document.last_modified > UNDATED:
        common["last-modified"] = http_date(document.last_modified)
    if document.links:
        common["link"] = ", ".join(_links(document.links))
    if is_feed(document):
        common |= _CROSS_ORIGIN
    whole = {**SECURITY, **common, "content-type": document.media_type, "content-length": str(len(content))}
    if coding:
        whole["content-encoding"] = coding
    if document.location:
        whole["location"] = document.location
    return Answer(
        etag=etag,
        tag=etag.encode("latin-1"),
        last_modified=document.last_modified,
        whole=ready(document.status, encoded(whole), content),
        not_modified=ready(304, encoded(common)),
        refused=ready(412, encoded({**common, "content-length": "0"})),
    )


def _vary(document: Document) -> str:
    return "Accept-Encoding, A-IM" if is_manipulated(document) else "Accept-Encoding"


def _links(links: Iterable[Link]) -> Iterable[str]:
    """Link field values (RFC 8288 §3)."""
    for link in links:
        type = f'; type="{link.type}"' if link.type else ""
        yield f'<{link.href}>; rel="{link.rel}"{type}'
