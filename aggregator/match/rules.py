"""The rules, from certain to less certain; the first that fires decides and is recorded.

1. the same source showed an entry with the same own key or guid before: it is that entry, perhaps edited;
2. the same address, and texts that have words in common (one address may serve as a list page for many items);
3. the same title and the same text, within a time window: campaigns come back word for word next year.

Nothing else merges.  Of several stories that fit equally, the earliest is taken: the machine never unites two stories.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count

from aggregator import text, uri
from aggregator.match.commonplaces import NONE, Commonplaces
from aggregator.match.keys import plain
from aggregator.match.known import Known
from aggregator.model import Match, Matching, Rule, Sighting, Story

SHORT = 15
"""Words below which a text is too short to be compared by its words."""
COMMON = 0.4
"""Share of the shorter text's words that two texts under one address must have in common."""
REPOST = timedelta(hours=48)
"""How soon one source may repeat itself word for word for both to be one publication."""


def match(
    sighting: Sighting, known: Known, *, authority: str, settings: Matching, commonplaces: Commonplaces = NONE
) -> Match:
    """Find the story of *sighting* among the *known*, or found one, with an id under *authority* (RFC 4151)."""
    window = settings.window
    stories = known.sharing(sighting)
    for rule, fits in _rules(window):
        for story in stories:
            if rule == "url" and _has_another(story, sighting):
                continue
            if any(fits(sighting, member.sighting) for member in story.members):
                return Match(sighting=sighting, story=story.id, rule=rule, evidence=_evidence(rule, sighting))
    return Match(sighting=sighting, story=_new_id(sighting, known, authority), rule="first")


def likeness(one: Sighting, other: Sighting) -> float:
    """How much the shorter of two copies, title and text, has in common with the other, 0 to 1."""
    return text.shared(*(f"{each.entry.title} {plain(each.entry)}" for each in (one, other)))


def is_known(sighting: Sighting, known: Known) -> bool:
    """Whether its source has shown this entry before, however it reads now."""
    stories = known.sharing(sighting)
    return any(same_entry(sighting, member.sighting) for story in stories for member in story.members)


def same_entry(one: Sighting, other: Sighting) -> bool:
    """Whether both are one entry of one source, seen twice, though its guid may have changed in between."""
    if one.source != other.source:
        return False
    return _same_own_key(one, other) or _same_guid(one, other) or _same_address(one, other, timedelta.max)


def _rules(window: timedelta) -> Sequence[tuple[Rule, Callable[[Sighting, Sighting], bool]]]:
    return (
        ("own-key", _same_own_key),
        ("guid", _same_guid),
        ("url", lambda one, other: _same_address(one, other, window)),
        ("text", lambda one, other: _same_text(one, other, window)),
    )


def _key(sighting: Sighting, kind: str) -> frozenset[str]:
    return frozenset(key for key in sighting.keys if key.startswith(kind))


def _same_own_key(one: Sighting, other: Sighting) -> bool:
    return bool(_key(one, "own:") & _key(other, "own:"))


def _same_guid(one: Sighting, other: Sighting) -> bool:
    """A guid yields to the source's own key where both have one."""
    if _key(one, "own:") and _key(other, "own:") and one.source == other.source:
        return False
    return bool(_key(one, "guid:") & _key(other, "guid:"))


def _same_address(one: Sighting, other: Sighting, window: timedelta) -> bool:
    if not _key(one, "url:") & _key(other, "url:"):
        return False
    if one.source == other.source and _key(one, "own:") and _key(other, "own:"):
        return False
    if one.source != other.source:
        return _at_one_address(one, other, window) and likeness(one, other) >= COMMON
    a, b = plain(one.entry), plain(other.entry)
    return min(len(a.split()), len(b.split())) < SHORT or text.shared(a, b) >= COMMON


def _at_one_address(one: Sighting, other: Sighting, window: timedelta) -> bool:
    """Between sources only the addresses of today count, and time: an address is easily claimed for another's news."""
    a, b = one.entry.link, other.entry.link
    if not a or not b or uri.canonical(a) != uri.canonical(b):
        return False
    return abs(one.published - other.published) <= window


def _has_another(story: Story, sighting: Sighting) -> bool:
    """Whether the source tells this story already, in another entry: its two items are two pieces of news."""
    ours = [member.sighting for member in story.members if member.sighting.source == sighting.source]
    return bool(ours) and not any(same_entry(sighting, each) for each in ours)


def _same_text(one: Sighting, other: Sighting, window: timedelta) -> bool:
    if not _key(one, "text:") & _key(other, "text:"):
        return False
    apart = abs(one.published - other.published)
    return apart <= (min(window, REPOST) if one.source == other.source else window)


def _evidence(rule: Rule, sighting: Sighting) -> str:
    kind = {"own-key": "own:", "guid": "guid:", "url": "url:"}.get(rule)
    return min(_key(sighting, kind), default="").split(":", 1)[-1] if kind else ""


def _new_id(sighting: Sighting, known: Known, authority: str) -> str:
    """A tag URI from the founding entry's strongest key, so that the same documents give the same ids again.

    A key that founded a story of which it is no longer recognised gets the next number.
    """
    names = (text.name(sighting.keys[0], *([str(number)] if number else [])) for number in count())
    ids = (uri.tag(authority, f"story/{name}") for name in names)
    return next(id for id in ids if known.is_free(id))
