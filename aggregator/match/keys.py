"""What an entry can be recognised by: a set of keys, strongest first.

* ``own:<source>:<key>``     the source's own identity, found in the link by the operator's pattern
* ``guid:<source>:<id>``     the publisher's id, which is unique in its source only
* ``path:<source>:<path>``   the publisher's id where that is an address, without its scheme and host
* ``url:<canonical>``        the address for people, unless many entries share it or it is a front page
* ``slug:<source>:<day>:…``  the last part of the address where that is words, and the day of publication
* ``text:<hash>``            the same title and the same text, word for word

A CMS that moves changes some keys of an entry and not all, so a set recognises what a single id would call new
(``identity``).  A source whose guids turn out to be useless is known by the others from then on (``without_guid``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aggregator import html, text, uri
from aggregator.model import Entry, Feed, Sighting, Source

TITLE_WORDS = 4
TEXT_WORDS = 8
SLUG_WORDS = 3
_LONGEST = 500
_WEB = re.compile("https?://", re.IGNORECASE)
_SLUG_WORD = re.compile(r"[^\W\d_]{2,}")


def sightings(feed: Feed, source: Source, now: datetime, timezone: ZoneInfo) -> tuple[Sighting, ...]:
    """Every entry of *feed* as *source*, whose clock is in *timezone*, showed it at *now*, each with its keys."""
    addresses = [uri.canonical(entry.link) if entry.link else None for entry in feed.entries]
    shared = Counter(addresses)
    useless = {None, uri.canonical(source.url), *(address for address, count in shared.items() if count > 1)}
    return tuple(
        _sighting(entry, source, None if address in useless else address, now, timezone)
        for entry, address in zip(feed.entries, addresses, strict=True)
    )


def order(seen: Iterable[Sighting]) -> list[Sighting]:
    """The order in which entries that were seen together are decided, whatever order they came in."""
    return sorted(seen, key=lambda sighting: (sighting.published, sighting.source, sighting.keys))


def plain(entry: Entry) -> str:
    """The words of the fullest text of a normalised entry, without markup."""
    candidates = [
        _words(part.value) if part.type == "html" else part.value
        for part in (entry.content, entry.summary)
        if part is not None
    ]
    return max(candidates, key=len, default="")


def _words(markup: str) -> str:
    return _remembered(markup) if len(markup) <= _USUAL else html.words(markup)


_USUAL = 8_000
"""Characters of a text that is worth remembering: the bound of what is held is this and how many are."""
_remembered = lru_cache(maxsize=256)(html.words)


def _sighting(entry: Entry, source: Source, address: str | None, now: datetime, timezone: ZoneInfo) -> Sighting:
    body = plain(entry)
    title, words = text.fold(entry.title), text.fold(body)
    return Sighting(
        source=source.id,
        zone=source.zone,
        entry=entry,
        keys=tuple(_keys(entry, source, address, title, words, timezone)),
        words=text.digest(title, words),
        length=len(body),
        seen=now,
        timeless=entry.published is not None and entry.published.astimezone(timezone).time() == time(0),
    )


def without_guid(sighting: Sighting) -> Sighting:
    """The sighting as one of a source whose guids identify nothing; what has no other key is known by its words."""
    keys = tuple(key for key in sighting.keys if not key.startswith(("guid:", "path:")))
    return replace(sighting, keys=keys or (f"words:{sighting.source}:{sighting.words}",))


def _keys(
    entry: Entry, source: Source, address: str | None, title: str, words: str, timezone: ZoneInfo
) -> Iterable[str]:
    if own := _own_key(entry.link, source.key):
        yield f"own:{source.id}:{_bounded(own)}"
    yield f"guid:{source.id}:{_bounded(entry.id)}"
    if path := _path(entry.id):
        yield f"path:{source.id}:{_bounded(path)}"
    if address and not uri.is_root(address) and not _LIST.search(address):
        yield f"url:{_bounded(address)}"
    if entry.published and (slug := _slug(address)):
        yield f"slug:{source.id}:{entry.published.astimezone(timezone):%Y-%m-%d}:{_bounded(slug)}"
    if len(title.split()) >= TITLE_WORDS and len(words.split()) >= TEXT_WORDS:
        yield f"text:{text.digest(title, words)}"


def _path(guid: str) -> str | None:
    """What is left of a guid that is an address when its scheme and host change."""
    if not _WEB.match(guid) or uri.is_root(guid):
        return None
    parts = urlsplit(uri.canonical(guid))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _slug(address: str | None) -> str | None:
    """The last part of an address, without an ending such as ``.html``, when it reads as words and not as a number."""
    last = urlsplit(address or "").path.rpartition("/")[2].partition(".")[0]
    return last if len(_SLUG_WORD.findall(last)) >= SLUG_WORDS else None


_LIST = re.compile(
    r"//[^/?]+/(?:[^?]*/)?(?:home|index|default|start|nieuws|news|actua|actueel|actualites?|aktuelles|blog|persberichten|"
    r"archief|archives?|rss|feed|overzicht)(?:\.(?:html?|php|aspx?))?(?:\?page=\d+)?$|[?&]page=\d+$",
    re.IGNORECASE,
)
"""An address of a list, which many items may be given for theirs."""


def _bounded(value: str) -> str:
    """A long value as its beginning and a hash of it: an index takes no more (PostgreSQL: 2,704 bytes)."""
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…{text.name(value)}"


def _own_key(link: str | None, pattern: str | None) -> str | None:
    found = re.search(pattern, link) if link and pattern else None
    return found.groupdict().get("key") if found else None
