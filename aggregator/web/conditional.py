"""Conditional requests: whether a reader already has what we would send (RFC 9110 §13).

Pure.  The preconditions of a GET or HEAD are taken in the order of §13.2.2; one that is malformed is ignored where
the RFC says so, and otherwise holds for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal, Protocol

from starlette.datastructures import Headers

# entity-tag (RFC 9110 §8.8.3): anything visible but the quote, obs-text included.
_ETAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class Validated(Protocol):
    """What has a strong entity tag and a date of its last change."""

    @property
    def etag(self) -> str: ...
    @property
    def last_modified(self) -> datetime: ...


def evaluate(headers: Headers, document: Validated) -> Literal[200, 304, 412]:
    """The status that a GET or HEAD of *document* gets."""
    if not _may(headers, document):
        return 412
    if "if-none-match" in headers:
        return 304 if _weakly_listed(_field(headers, "if-none-match"), document.etag) else 200
    # "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match header field" (§13.1.3)
    since = _date(headers, "if-modified-since")
    return 304 if since is not None and document.last_modified <= since else 200


def named(headers: Headers) -> list[str]:
    """The entity tags of If-None-Match, without what stands before their quotes."""
    return [found[1] for found in _tags(_field(headers, "if-none-match"))]


def http_date(moment: datetime) -> str:
    """IMF-fixdate (RFC 9110 §5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _may(headers: Headers, document: Validated) -> bool:
    """If-Match, else If-Unmodified-Since (§13.1.1, §13.1.4)."""
    if "if-match" in headers:
        return _strongly_listed(_field(headers, "if-match"), document.etag)
    until = _date(headers, "if-unmodified-since")
    return until is None or document.last_modified <= until


def _field(headers: Headers, name: str) -> str:
    """A list that came in several lines is one list (§5.3)."""
    return ", ".join(headers.getlist(name)).strip()


def _weakly_listed(value: str, etag: str) -> bool:
    """Weak comparison: equal, whatever stands before the quotes (§8.8.3.2)."""
    return value == "*" or etag in (found[1] for found in _tags(value))


def _strongly_listed(value: str, etag: str) -> bool:
    return value == "*" or etag in (found[0] for found in _tags(value))


def _tags(value: str) -> Iterator[re.Match[str]]:
    return _ETAG.finditer(value)


def _date(headers: Headers, name: str) -> datetime | None:
    """An HTTP-date; None for anything else, which is to be ignored (§13.1.3)."""
    lines = headers.getlist(name)
    if len(lines) != 1:
        return None
    try:
        found = parsedate_to_datetime(lines[0])
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
