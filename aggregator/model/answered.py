"""What the origin server said, in the words of RFC 9110."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One final answer (after redirects), whatever its status code.

    *url* is the target URI of the last request, *headers* have lower-case names, *content* is decoded and complete,
    *date* is when that request began, *hops* are the URLs that redirected, in order.  *permanent*: there were hops, and
    each of them was 301 or 308.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    date: datetime
    hops: tuple[str, ...] = ()
    permanent: bool = False
