"""Matched entries folded into stories: idempotent, and blind to order within one turn.

A merge stays put.  A member is added or edited in place, never removed or moved; a story's id and published date never
change; ``updated`` moves when what is told changes, ``changed`` when anything does.  A copy that an edit made another
text is marked (``differs``): it stays, is reported, and does not lead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import Match, Sighting, Story

Same = Callable[[Sighting, Sighting], bool]
Differs = Callable[[Sighting, Sighting], str]
Told = Callable[[Sighting], str]
ALIASES = 16
"""How many keys that an entry no longer shows are kept, those that it showed last."""
_YEAR = timedelta(days=365.2425)


def words(sighting: Sighting) -> str:
    """What a sighting tells, when every word counts."""
    return sighting.words


def fold(
    story: Story | None,
    match: Match,
    now: datetime,
    *,
    same: Same,
    differs: Differs = lambda one, other: "",
    told: Told = words,
    held: bool = False,
    updated: bool = False,
) -> Story:
    """*story* with *match* in it, or the story that *match* founds (*held* back if so).

    *same* tells whether two sightings are one entry of one source; *differs* in words why two copies are not the same
    news, empty when they are; *told* what a sighting tells, churn left out.  *updated*: it is a marked update or
    correction, which readers are to notice even where another copy leads.
    """
    if story is None:
        return _found(_timed(match), now, held)
    joins = all(match.sighting.source != member.sighting.source for member in story.members)
    members, edited = _with(story.members, match, same)
    if edited is not None and edited[0].sighting.words != edited[1].sighting.words:
        members = _compared(members, edited[1], differs)
    # What was held because of one source's flood is news when a source without one brings it.
    folded = revise(replace(story, held=story.held and (held or not joins)), members, now, told=told)
    return replace(folded, updated=max(folded.updated, now)) if updated and edited is None else folded


def revise(story: Story, members: tuple[Match, ...], now: datetime, *, told: Told = words) -> Story:
    """*story* with these *members* (at least one), and its moments moved as far as what is shown has changed."""
    if members == story.members:
        return story
    changed = replace(story, members=members, changed=max(story.changed, now))
    before, after = _shown(story), _shown(changed)
    if before.words == after.words or told(before) == told(after):
        return changed
    return replace(changed, updated=max(story.updated, now))


def _compared(members: tuple[Match, ...], edited: Match, differs: Differs) -> tuple[Match, ...]:
    """The members with what the edit of one of them did to their likeness.

    The story is what its founder says: when that was edited, all copies are compared anew, else the edited one only.
    What an editor put together nobody doubts.
    """
    founder = next((member for member in members if member.rule == "first"), members[0])
    compared: list[Match] = []
    for member in members:
        if member is founder or member.rule == "editor":
            compared.append(replace(member, differs=""))
        elif edited is member or edited is founder:
            others = [founder, *(other for other in compared if not other.differs and other.rule != "first")]
            compared.append(replace(member, differs=_unlike(member, others, differs)))
        else:
            compared.append(member)
    return tuple(compared)


def _unlike(member: Match, others: list[Match], differs: Differs) -> str:
    """Why a copy is like none of the *others*; the reason is the first one's, who is the founder."""
    reason = ""
    for other in others:
        found = differs(member.sighting, other.sighting)
        if not found:
            return ""
        reason = reason or found
    return reason


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


def _with(members: tuple[Match, ...], match: Match, same: Same) -> tuple[tuple[Match, ...], tuple[Match, Match] | None]:
    """The members with *match* among them, and the one that it edited, before and after."""
    for index, member in enumerate(members):
        if same(member.sighting, match.sighting):
            edited = _edited(member, match.sighting)
            return (*members[:index], edited, *members[index + 1 :]), (member, edited)
    joined = sorted((*members, _timed(match)), key=lambda m: (m.sighting.seen, m.sighting.source, m.sighting.keys))
    return tuple(joined), None


def _edited(member: Match, sighting: Sighting) -> Match:
    """The member with its new text, its old first sight, its old reason and the keys that it had."""
    old = member.sighting
    new, first = sighting.entry.published, old.entry.published
    if sighting.timeless and (_within_a_day(new, first) or _years_apart(new, first)):
        sighting = _at(sighting, first)
    if sighting.words == old.words:
        # A system that moves the moment of the last edit has edited nothing.
        sighting = replace(sighting, entry=replace(sighting.entry, updated=old.entry.updated))
    kept = [key for key in old.keys if not key.startswith("text:") and key not in sighting.keys]
    keys = (*sighting.keys, *kept[:ALIASES])
    anchors = sighting.anchors or (old.anchors if sighting.words == old.words else ())
    return replace(member, sighting=replace(sighting, seen=old.seen, keys=keys, anchors=anchors))


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


def _shown(story: Story) -> Sighting:
    whole = story.within(story.zones)
    assert whole is not None
    return whole.lead
