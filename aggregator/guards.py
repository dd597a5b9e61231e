"""What does not go straight through: notices that nobody asked for, what was deleted, floods, sites that moved.  Pure.

A flood is many unknown entries at once in a source that is not new.  A site has moved when its known entries come back
under new identities: they are recognised by another key or by their words and are no news; what is not recognised
waits for the operator, and so does a whole list that was replaced by older items.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator import patterns, select, text
from aggregator.match import Known
from aggregator.model import Entry, Guard, Notices, Poll, Sighting, Story

LIST = 5
"""How many entries make a list that can be said to have been replaced."""
RECENT = 200
"""Among how many of the latest stories of its zone the items of a site that moved are sought by their titles."""
RECENTLY = timedelta(days=7)
"""How long after a success entries without a date cannot all be new."""
_RESTLESS = 3
"""A copy that has had so many guids is from a source whose guids mean nothing."""


# -- notices of wanted and missing persons ------------------------------------------


def is_notice(entry: Entry, settings: Notices) -> bool:
    """Whether *entry* seeks a person, by its publisher's category or by its title."""
    by_title = any(patterns.found(rule, entry.title) for rule in settings.words)
    return by_title or select.in_categories(entry, settings.categories)


def without_notices(seen: Sequence[Sighting], settings: Notices) -> tuple[tuple[Sighting, ...], tuple[str, ...]]:
    """What is left of *seen* when notices are not published, and a sentence on what is not."""
    if settings.publish:
        return tuple(seen), ()
    kept = tuple(each for each in seen if not is_notice(each.entry, settings))
    out = len(seen) - len(kept)
    if not out:
        return kept, ()
    many = "1 notice" if out == 1 else f"{out} notices"
    return kept, (f"{many} of wanted or missing persons left out ([notices].publish)",)


# -- what was deleted -----------------------------------------------------------------


def grave(sighting: Sighting) -> tuple[str, ...]:
    """By what an entry is recognised of which nothing else is kept.

    Its source's own keys, its words, and its address with its title: an address alone may be a list's.
    """
    title = text.fold(sighting.entry.title)
    addresses = [key for key in sighting.keys if key.startswith("url:")]
    return (
        *(key for key in sighting.keys if key not in addresses),
        *(f"here:{sighting.source}:{text.digest(key, title)}" for key in addresses),
        *(f"at:{text.digest(key, title)}" for key in addresses),
    )


def living(
    seen: Iterable[Sighting],
    buried: Mapping[str, datetime],
    *,
    window: timedelta,
    kept: Callable[[Sighting], bool] = lambda one: False,
) -> tuple[Sighting, ...]:
    """Those of *seen* that were never deleted; *buried* has the keys of what was, and when it had been published.

    What any source may claim (words, an address and a title) counts within *window*: campaigns come back word for word
    next year, and who dates another's news ten years back must not have it buried.  An entry that is *kept* lives.
    """
    return tuple(each for each in seen if not _is_buried(each, buried, window) or kept(each))


def _is_buried(sighting: Sighting, buried: Mapping[str, datetime], window: timedelta) -> bool:
    return any(
        not key.startswith(("text:", "at:")) or abs(buried[key] - sighting.published) <= window
        for key in grave(sighting)
        if key in buried
    )


# -- floods, and sites that moved --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """What a source brought, with their old identities; how many are *unknown*, whether these are *held*, and why."""

    seen: tuple[Sighting, ...]
    unknown: int
    held: bool = False
    problems: tuple[str, ...] = ()


def judge(
    seen: Sequence[Sighting],
    before: Sequence[Sighting | None],
    known: Known,
    last: Poll | None,
    settings: Guard,
    recent: Callable[[], Iterable[Story]] = tuple,
) -> Judged:
    """Look at what a source shows, given its *last* poll and the stories that are *known*.

    *before* is for each entry the copy of which it is a new look, None for one that is unknown.  *recent* brings the
    latest stories of its zone, and is asked only where a site seems to have moved.
    """
    strangers = [each for each, old in zip(seen, before, strict=True) if old is None]
    if last is None or last.first_success is None:
        return Judged(tuple(seen), len(strangers))
    here = {key for each in seen for key in each.keys}
    twins = _twins(strangers, known, here)
    looks = [_is_renamed(each, old) for each, old in zip(seen, before, strict=True) if old is not None]
    if len(strangers) >= settings.moved and len(strangers) > looks.count(False) and _mostly_old(strangers, last):
        twins |= _namesakes([each for each in strangers if each not in twins], recent(), here)
    changed, unknown = looks.count(True) + len(twins), len(strangers) - len(twins)
    if changed >= settings.moved and changed > looks.count(False):
        moved = tuple(_with_keys(each, twins.get(each)) for each in seen)
        words = (f"{changed} known items came under new identities: has the site moved?",)
        return Judged(moved, unknown, unknown > 0, words)
    if not looks and not twins and _is_history(strangers, last):
        words = (f"all items were replaced by {unknown} that are older than the last poll: has the site moved?",)
        return Judged(tuple(seen), unknown, True, words)
    return Judged(tuple(seen), len(strangers), len(strangers) >= settings.flood)


def _is_renamed(sighting: Sighting, old: Sighting) -> bool:
    """Whether an entry that is known has lost the strongest of the keys that it can have.

    A kind of key that it never had before (the operator wrote a pattern) tells nothing, nor do guids that never last.
    """
    if sum(key.startswith("guid:") for key in old.keys) >= _RESTLESS:
        return False
    kinds = {_kind(key) for key in old.keys}
    strongest = next((key for key in sighting.keys if _kind(key) in kinds), None)
    return strongest is not None and strongest not in old.keys


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _twins(strangers: Sequence[Sighting], known: Known, here: Collection[str]) -> dict[Sighting, Sighting]:
    """For unknown entries the copy of their source with the same words, each copy once, the nearest in time first.

    A copy whose guid is *here*, in the document itself, is an entry of its own.
    """
    pairs = [
        (abs(each.published - other.published), number, each, other)
        for number, each in enumerate(strangers)
        for other in _said_before(each, known)
        if not _is_here(other, here)
    ]
    found: dict[Sighting, Sighting] = {}
    taken: set[Sighting] = set()
    for _, _, each, other in sorted(pairs, key=lambda pair: pair[:2]):
        if each not in found and other not in taken:
            found[each] = other
            taken.add(other)
    return found


def _said_before(sighting: Sighting, known: Known) -> list[Sighting]:
    members = (member.sighting for story in known.sharing(sighting) for member in story.members)
    return [each for each in members if each.source == sighting.source and each.words == sighting.words]


def _is_here(copy: Sighting, here: Collection[str]) -> bool:
    return any(key in here for key in copy.keys if key.startswith(("own:", "guid:")))


def _namesakes(
    strangers: Sequence[Sighting], recent: Iterable[Story], here: Collection[str]
) -> dict[Sighting, Sighting]:
    """For unknown entries the one copy of their source that has the same title, and the same day or teaser.

    A list shows teasers, and what is kept has the words of the article behind: their words cannot be the same.
    """
    copies: defaultdict[tuple[str, str], list[Sighting]] = defaultdict(list)
    for story in recent:
        for member in story.members:
            copies[member.sighting.source, text.fold(member.sighting.entry.title)].append(member.sighting)
    titles = Counter(text.fold(each.entry.title) for each in strangers)
    found = {}
    for each in strangers:
        title = text.fold(each.entry.title)
        same = copies[each.source, title]
        if len(same) == titles[title] == 1 and _agree(each.entry, same[0].entry) and not _is_here(same[0], here):
            found[each] = same[0]
    return found


def _agree(one: Entry, other: Entry) -> bool:
    if one.published and other.published and one.published.date() == other.published.date():
        return True
    return one.summary is not None and one.summary == other.summary


def _with_keys(sighting: Sighting, twin: Sighting | None) -> Sighting:
    """An entry that was recognised by its words gets the keys that it had, and so is the same entry to every rule."""
    if twin is None:
        return sighting
    old = (key for key in twin.keys if not key.startswith("text:") and key not in sighting.keys)
    return replace(sighting, keys=(*sighting.keys, *old))


def _is_history(unknown: Sequence[Sighting], last: Poll) -> bool:
    """Whether a source that had a list shows another one, most of which it must have had before.

    A list that was empty the last time is judged by dates alone: what fills it may be new.
    """
    return len(unknown) >= LIST and not 0 < last.entries < LIST and _mostly_old(unknown, last)


def _mostly_old(unknown: Sequence[Sighting], last: Poll) -> bool:
    """Whether most of what is unknown is older than the last success, as far as can be told."""
    since, undated = last.last_success, last.entries > 0
    if since is None:
        return False
    old = (each.entry.published < since if each.entry.published else undated and _soon(each, since) for each in unknown)
    return sum(old) * 2 > len(unknown)


def _soon(sighting: Sighting, since: datetime) -> bool:
    return sighting.seen - since < RECENTLY
