"""How long an answer says that it stays fresh (RFC 9111 §4.2), and how long a server wants to be left alone.

We keep no cache, so freshness says one thing only: asking sooner would bring nothing.  What makes no sense counts for
nothing: where RFC 9111 takes a malformed answer for stale, the operator's interval stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aggregator.model import Caching, Response

RETRY = (429, 503)
"""What Retry-After is read on (RFC 6585 §4, RFC 9110 §15.6.4)."""
MOST = timedelta(days=7)
"""The longest Retry-After that is obeyed."""

_NONE = timedelta(0)
_BEYOND = 2**31  # seconds; RFC 9111 §1.2.2
_CACHEABLE = frozenset({200, 203, 204, 300, 301, 304, 308, 501})  # by default (RFC 9110 §15.1), and all of 4xx
_PARTS = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(?P<time>\d\d:\d\d:\d\d)"
_DATES = tuple(
    re.compile(form + r"\s*(?:,|$)", re.IGNORECASE)
    for form in (
        rf"[a-z]{{3}}, (?P<day>\d\d) (?P<month>[a-z]{{3}}) (?P<year>\d{{4}}) {_TIME} GMT",  # IMF-fixdate
        rf"[a-z]{{6,9}}, (?P<day>\d\d)-(?P<month>[a-z]{{3}})-(?P<year>\d\d) {_TIME} GMT",  # RFC 850
        rf"[a-z]{{3}} (?P<month>[a-z]{{3}}) (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",  # asctime
    )
)


def caching(answer: Response, old: Caching | None) -> Caching:
    """What an answer says of its freshness; what a 304 leaves out stays as it was (RFC 9111 §3.2)."""
    before = old if old and answer.status == 304 else Caching()
    return Caching(
        cache_control=answer.headers.get("cache-control", before.cache_control),
        expires=answer.headers.get("expires", before.expires),
    )


def fresh(answer: Response, said: Caching, arrived: datetime) -> timedelta:
    """For how long an answer stays fresh after it has *arrived*, as far as it *said* so; never negative.

    A private cache's view: s-maxage is not for us.  Nothing is guessed (RFC 9111 §4.2.2).
    """
    if not (said.cache_control or said.expires):
        return _NONE
    if answer.status not in _CACHEABLE and not 400 <= answer.status < 500:
        return _NONE
    date = http_date(answer.headers.get("date", ""), arrived) or arrived
    age = _age(answer.headers.get("age", ""), date, arrived)
    return max(_lifetime(said, date, arrived) - age, _NONE)


def retry_after(answer: Response, arrived: datetime) -> timedelta:
    """How long a 429 or 503 that has *arrived* asks to be left alone (RFC 9110 §10.2.3), at most ``MOST``.

    Nothing when it is missing or makes no sense.  Dates are read leniently here: obeying costs us nothing.
    """
    if answer.status not in RETRY:
        return _NONE
    value = answer.headers.get("retry-after", "").strip()
    if seconds := re.match(r"([0-9]+)(?:\.[0-9]*)?\s*(?:,|$)", value):
        return min(_seconds(seconds[1]) or _NONE, MOST)
    until = http_date(value, arrived) or _lenient(value)
    return max(min(until - arrived, MOST), _NONE) if until else _NONE


def http_date(value: str, now: datetime) -> datetime | None:
    """An HTTP-date in any of its three forms (RFC 9110 §5.6.7), the first where there are several; None for others.

    A year of two digits that looks more than fifty years ahead of *now* is past.
    """
    for form in _DATES:
        if found := form.match(value.strip()):
            return _moment(found.groupdict(), now)
    return None


def _moment(found: Mapping[str, str], now: datetime) -> datetime | None:
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += now.year // 100 * 100
        year -= 100 if year > now.year + 50 else 0
    hour, minute, second = map(int, found["time"].split(":"))
    try:
        month = _MONTHS.index(found["month"].lower()) + 1
        return datetime(year, month, int(found["day"]), hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None


def _lenient(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _lifetime(said: Caching, date: datetime, now: datetime) -> timedelta:
    """RFC 9111 §4.2.1: max-age, and where there is none Expires minus Date; the most restrictive of what conflicts."""
    directives = _directives(said.cache_control or "")
    if "no-store" in directives or directives.get("no-cache") == "":
        return _NONE
    if "max-age" in directives:  # §5.3: then Expires is ignored, be it as it may
        return _seconds(directives["max-age"]) or _NONE
    expires = http_date(said.expires or "", now)  # §5.3: what is no date, "0" above all, is in the past
    return max(expires - date, _NONE) if expires else _NONE


def _directives(value: str) -> dict[str, str]:
    """Cache-Control by lower-case name (RFC 9111 §5.2), quotes taken off; the first of a name counts (§4.2.1)."""
    found: dict[str, str] = {}
    for part in _PARTS.findall(value):
        name, _, argument = part.strip().partition("=")
        quoted = len(argument) > 1 and argument[0] == argument[-1] == '"'
        found.setdefault(name.lower(), argument[1:-1] if quoted else argument)
    return found


def _age(value: str, date: datetime, arrived: datetime) -> timedelta:
    """RFC 9111 §4.2.3; of a list the first member counts, and what is no number is ignored (§5.1)."""
    return max(_seconds(value.partition(",")[0].strip()) or _NONE, arrived - date)


def _seconds(value: str) -> timedelta | None:
    """Delta-seconds (RFC 9111 §1.2.2); None for what is no non-negative integer."""
    if not (value.isascii() and value.isdigit()):
        return None
    return timedelta(seconds=int(value) if len(value) < 11 and int(value) < _BEYOND else _BEYOND)
