"""Matched entries folded into stories: idempotent, and blind to order within one turn.

A merge stays put.  A member is added or edited in place, never removed or moved; a story's id and published date never
change; ``updated`` moves when the words that are shown change, ``changed`` when anything does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import Match, Sighting, Story

Like = Callable[[Sighting, Sighting], float]
Same = Callable[[Sighting, Sighting], bool]
_YEAR = timedelta(days=365.2425)


def fold(
    story: Story | None,
    match: Match,
    now: datetime,
    *,
    same: Same,
    like: Like = lambda one, other: 1.0,
    held: bool = False,
) -> Story:
    """*story* with *match* in it, or the story that *match* founds (*held* back if so).

    *same* tells whether two sightings are one entry of one source.
    """
    if story is None:
        return _found(_timed(match), now, held)
    joins = all(match.sighting.source != member.sighting.source for member in story.members)
    members = _with(story.members, match, same)
    members = tuple(_scored(member, members, match.sighting.source, like) for member in members)
    # What was held because of one source's flood is news when a source without one brings it.
    return revise(replace(story, held=story.held and (held or not joins)), members, now)


def _scored(member: Match, members: tuple[Match, ...], source: str, like: Like) -> Match:
    """A copy that was just read, with its likeness to the best of the other sources' copies, if there are any."""
    others = [other.sighting for other in members if other.sighting.source != source]
    if member.sighting.source != source or member.rule == "editor" or not others:
        return member
    return replace(member, score=max(like(other, member.sighting) for other in others))


def revise(story: Story, members: tuple[Match, ...], now: datetime) -> Story:
    """*story* with these *members* (at least one), and its moments moved as far as what is shown has changed."""
    if members == story.members:
        return story
    changed = replace(story, members=members, changed=max(story.changed, now))
    return changed if _shown(changed) == _shown(story) else replace(changed, updated=max(story.updated, now))


def _found(match: Match, now: datetime, held: bool) -> Story:
    seen = match.sighting
    edited = min(seen.entry.updated or seen.published, seen.seen)
    return Story(
        id=match.story,
        published=seen.published,
        updated=max(edited, seen.published),
        changed=now,
        members=(match,),
        held=held,
    )


def _with(members: tuple[Match, ...], match: Match, same: Same) -> tuple[Match, ...]:
    for index, member in enumerate(members):
        if same(member.sighting, match.sighting):
            return (*members[:index], _edited(member, match.sighting), *members[index + 1 :])
    return tuple(sorted((*members, _timed(match)), key=lambda m: (m.sighting.seen, m.sighting.source, m.sighting.keys)))


def _edited(member: Match, sighting: Sighting) -> Match:
    """The member with its new text, its old first sight, its old reason and every key it ever had."""
    old = member.sighting
    new, first = sighting.entry.published, old.entry.published
    if sighting.timeless and (_within_a_day(new, first) or _years_apart(new, first)):
        sighting = _at(sighting, first)
    kept = tuple(key for key in old.keys if not key.startswith("text:") and key not in sighting.keys)
    return replace(member, sighting=replace(sighting, seen=old.seen, keys=sighting.keys + kept))


def _timed(match: Match) -> Match:
    """A source that names the day and no time, and that day is today: first seen is nearer the truth than midnight."""
    seen = match.sighting
    if not seen.timeless:
        return match
    today = _within_a_day(seen.entry.published, seen.seen)
    return replace(match, sighting=_at(seen, seen.seen if today else seen.entry.published))


def _at(sighting: Sighting, published: datetime | None) -> Sighting:
    return replace(sighting, timeless=False, entry=replace(sighting.entry, published=published))


def _within_a_day(midnight: datetime | None, moment: datetime | None) -> bool:
    return midnight is not None and moment is not None and timedelta(0) <= moment - midnight < timedelta(days=1)


def _years_apart(one: datetime | None, other: datetime | None) -> bool:
    """Whether a day was moved by whole years: a list that names no year is read anew each time, and was right first."""
    if one is None or other is None:
        return False
    years = round(abs(one - other) / _YEAR)
    return years > 0 and abs(abs(one - other) - years * _YEAR) < timedelta(days=2)


def _shown(story: Story) -> str:
    whole = story.within(story.zones)
    assert whole is not None
    return whole.lead.words
