"""What publishing yields: documents, the pages of archives, tombstones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aggregator.model.written import Link

Coding = Literal["gzip", "br", "zstd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What publishing yields: bytes with their media type, strong ETag (quotes included) and Last-Modified.

    *links* are what an HTTP Link field says of it (RFC 8288).  *parts* are the content of a feed in pieces: all before
    its entries, each entry, all after them.  *packed* is the content in content codings (RFC 9110 §8.4.1).  A *status*
    other than 200 stands at an address that is no more: 301 with the *location* that took its place, 302 with one that
    may give it back, or 410.
    """

    media_type: str
    content: bytes
    etag: str
    last_modified: datetime
    links: tuple[Link, ...] = ()
    parts: tuple[bytes, ...] = ()
    packed: tuple[tuple[Coding, bytes], ...] = ()
    status: Literal[200, 301, 302, 410] = 200
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The stories of a stream that arrived from number *first* to number *last*, and when any of them changed last.

    It is a page of the archive (RFC 5005 §4): arrivals are numbered once, so that a full one never gains a story.
    """

    first: int
    last: int
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The tombstone of a story that was published (RFC 6721)."""

    story: str
    at: datetime
