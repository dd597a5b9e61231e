"""Whether an entry is one that its source has shown before, though its guid, address or text may have changed since.

The source's own key and the guid are certain, and so are the words of an entry that has nothing else.  What a system
that moved leaves (the path of the guid, the address, the slug and the day) is believed when the texts have words in
common and the entry that it points to is not itself in the document: two items in one document are two entries,
however alike.  Words alone identify no other entry: a source may say them again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta

from aggregator.match.certain import COMMON, kept_words, likeness
from aggregator.match.known import Known
from aggregator.model import Match, Sighting, Story

ANOTHER_DATE = timedelta(hours=1)
_CERTAIN = ("own:", "guid:", "words:")
_MOVED = ("path:", "url:", "slug:")


def identify(
    sighting: Sighting,
    known: Known,
    here: Collection[str],
    another: Callable[[Sighting, Sighting], bool] = lambda one, other: False,
) -> tuple[Story, Match] | None:
    """The story and the member that *sighting* shows again; *here* are the keys of all entries of its document.

    *another* tells of two that have what a move leaves in common whether they are two items nevertheless.
    """
    ours = [
        (story, member)
        for story in known.sharing(sighting)
        for member in story.members
        if member.sighting.source == sighting.source
    ]
    for kind in _CERTAIN:
        for story, member in ours:
            if _certainly(kind, sighting, member.sighting):
                return story, member
    gone = [(story, member) for story, member in ours if not _is_here(member.sighting, here)]
    for kind in _MOVED:
        for story, member in gone:
            old = member.sighting
            if _shared(kind, sighting, old) and _moved(sighting, old) and not another(sighting, old):
                return story, member
    return None


def is_known(sighting: Sighting, known: Known) -> bool:
    """Whether it is certain that its source has shown this entry before, however it reads now."""
    members = (member.sighting for story in known.sharing(sighting) for member in story.members)
    ours = [each for each in members if each.source == sighting.source]
    return any(_certainly(kind, sighting, each) for kind in _CERTAIN for each in ours)


def reuses(sighting: Sighting, known: Known) -> bool:
    """Whether its source gave it the guid of another entry: another address, another date and other words."""
    return any(
        _reused(sighting, member.sighting)
        for story in known.sharing(sighting)
        for member in story.members
        if member.sighting.source == sighting.source
    )


def _certainly(kind: str, one: Sighting, other: Sighting) -> bool:
    """A guid yields to the source's own key where both have one."""
    if kind == "guid:" and _have("own:", one, other):
        return False
    return _shared(kind, one, other)


def _moved(one: Sighting, other: Sighting) -> bool:
    return not _have("own:", one, other) and kept_words(one, other)


def _reused(one: Sighting, other: Sighting) -> bool:
    if not _certainly("guid:", one, other) or _have("own:", one, other):
        return False
    moved = _have("url:", one, other) and not _shared("url:", one, other)
    dates = one.entry.published, other.entry.published
    redated = dates[0] is not None and dates[1] is not None and abs(dates[0] - dates[1]) > ANOTHER_DATE
    return moved and redated and likeness(one, other) < COMMON


def _is_here(member: Sighting, here: Collection[str]) -> bool:
    return any(key in here for key in member.keys if key.startswith(_CERTAIN))


def _have(kind: str, one: Sighting, other: Sighting) -> bool:
    return all(any(key.startswith(kind) for key in each.keys) for each in (one, other))


def _shared(kind: str, one: Sighting, other: Sighting) -> bool:
    return not _of(kind, one.keys).isdisjoint(_of(kind, other.keys))


def _of(kind: str, keys: Iterable[str]) -> frozenset[str]:
    return frozenset(key for key in keys if key.startswith(kind))
