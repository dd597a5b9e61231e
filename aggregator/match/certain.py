"""The rules that are certain, for two sightings: the same key, the same address, or the same words.

1. the same source showed an entry with the same own key or guid before: it is that entry, perhaps edited;
2. the same address, and texts that have words in common (one address may serve as a list page for many items);
3. the same title and the same text, within a time window: campaigns come back word for word next year.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from aggregator import text, uri
from aggregator.match.keys import plain
from aggregator.model import Rule, Sighting

SHORT = 15
"""Words below which a text is too short to be compared by its words."""
COMMON = 0.4
"""Share of the shorter text's words that two texts under one address must have in common."""
REPOST = timedelta(hours=48)
"""How soon one source may repeat itself word for word for both to be one publication."""


def likeness(one: Sighting, other: Sighting) -> float:
    """How much the shorter of two copies, title and text, has in common with the other, 0 to 1."""
    return text.shared(*(f"{each.entry.title} {plain(each.entry)}" for each in (one, other)))


def same_entry(one: Sighting, other: Sighting) -> bool:
    """Whether both are one entry of one source, seen twice, though its guid may have changed in between."""
    if one.source != other.source:
        return False
    return _same_own_key(one, other) or _same_guid(one, other) or _same_address(one, other, timedelta.max)


def rules(window: timedelta) -> Sequence[tuple[Rule, Callable[[Sighting, Sighting], bool]]]:
    return (
        ("own-key", _same_own_key),
        ("guid", _same_guid),
        ("url", lambda one, other: _same_address(one, other, window)),
        ("text", lambda one, other: _same_text(one, other, window)),
    )


def key(sighting: Sighting, kind: str) -> frozenset[str]:
    return frozenset(key for key in sighting.keys if key.startswith(kind))


def _same_own_key(one: Sighting, other: Sighting) -> bool:
    return bool(key(one, "own:") & key(other, "own:"))


def _same_guid(one: Sighting, other: Sighting) -> bool:
    """A guid yields to the source's own key where both have one."""
    if key(one, "own:") and key(other, "own:") and one.source == other.source:
        return False
    return bool(key(one, "guid:") & key(other, "guid:"))


def _same_address(one: Sighting, other: Sighting, window: timedelta) -> bool:
    if not key(one, "url:") & key(other, "url:"):
        return False
    if one.source == other.source and key(one, "own:") and key(other, "own:"):
        return False
    if one.source != other.source:
        return _at_one_address(one, other, window) and likeness(one, other) >= _least(one, other)
    return kept_words(one, other)


def kept_words(one: Sighting, other: Sighting) -> bool:
    """Whether two looks of one source may be of one entry, edited: most texts keep some words, short ones need not."""
    return _words(one, other) < SHORT or likeness(one, other) >= COMMON


def _words(one: Sighting, other: Sighting) -> int:
    return min(len(plain(each.entry).split()) for each in (one, other))


def _least(one: Sighting, other: Sighting) -> float:
    """A teaser of a line has words of its own for what it points at."""
    return COMMON if _words(one, other) >= SHORT else COMMON / 2


def _at_one_address(one: Sighting, other: Sighting, window: timedelta) -> bool:
    """Between sources only the addresses of today count, and time: an address is easily claimed for another's news."""
    a, b = one.entry.link, other.entry.link
    if not a or not b or uri.canonical(a) != uri.canonical(b):
        return False
    return abs(one.published - other.published) <= window


def same_words(one: Sighting, other: Sighting, window: timedelta) -> bool:
    """Whether both have the same title and text, word for word, and were published within *window*."""
    return bool(key(one, "text:") & key(other, "text:")) and abs(one.published - other.published) <= window


def _same_text(one: Sighting, other: Sighting, window: timedelta) -> bool:
    return same_words(one, other, min(window, REPOST) if one.source == other.source else window)


def evidence(rule: Rule, sighting: Sighting) -> str:
    kind = {"own-key": "own:", "guid": "guid:", "url": "url:"}.get(rule)
    return min(key(sighting, kind), default="").split(":", 1)[-1] if kind else ""
