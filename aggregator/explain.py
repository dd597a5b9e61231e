"""Why a story is as it is: what each copy is like now, and why its nearest neighbours are other stories.

Nothing is decided here: what was decided is kept with the copies, and this compares them again as they read today.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from aggregator.match import Commonplaces, anchors, compare
from aggregator.model import Match, Matching, Sighting, Story, Verdict
from aggregator.store import Tx

NEIGHBOURS = 5
"""How many neighbours are told at most, the likeliest."""
_RANK = {"same": 2, "related": 1, "different": 0}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another story, and the verdict on the two copies that are most alike."""

    story: Story
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """*now* compares each copy with the founder, in the order of the copies; None for the founder itself."""

    story: Story
    now: tuple[Verdict | None, ...]
    neighbours: tuple[Neighbour, ...]


def explain(tx: Tx, story: Story, settings: Matching) -> Explanation:
    """Compare the copies of *story* with its founder, and with the copies of the stories that are most like it."""
    sources = {member.sighting.source for member in story.members}
    learnt = {source: tx.sentences.common(source) for source in sources}
    nearest = _nearest(tx, story, settings, Commonplaces(learnt))
    for source in {member.sighting.source for other in nearest for member in other.members} - sources:
        learnt[source] = tx.sentences.common(source)
    common = Commonplaces(learnt)
    neighbours = [Neighbour(other, _verdict(story, other, settings, common)) for other in nearest]
    neighbours.sort(key=lambda each: (-_RANK[each.verdict.verdict], -each.verdict.score, each.story.id))
    return Explanation(story, _now(story, settings, common), tuple(neighbours[:NEIGHBOURS]))


def _now(story: Story, settings: Matching, common: Commonplaces) -> tuple[Verdict | None, ...]:
    if not story.members:
        return ()
    founder = next((member for member in story.members if member.rule == "first"), story.members[0])
    return tuple(
        None
        if member is founder
        else compare(member.sighting, founder.sighting, settings=settings, commonplaces=common)
        for member in story.members
    )


def _nearest(tx: Tx, story: Story, settings: Matching, common: Commonplaces) -> list[Story]:
    span = max(settings.window, settings.related_window)
    found = {linked.story: None for linked in tx.related.of(story.id)}
    for member in story.members:
        found |= dict.fromkeys(each.id for each in tx.stories.sharing(member.sighting.keys))
        found |= dict.fromkeys(each.id for each in tx.stories.alike(_found(member, common), span + timedelta(days=1)))
    return [other for other in tx.stories.all([id for id in found if id != story.id]) if other.members]


def _found(member: Match, common: Commonplaces) -> Sighting:
    seen = member.sighting
    return seen if seen.anchors else replace(seen, anchors=anchors(seen, common))


def _verdict(story: Story, other: Story, settings: Matching, common: Commonplaces) -> Verdict:
    """The verdict on the two copies that are most alike; where any two keep the stories apart, on these."""
    verdicts = [
        compare(one.sighting, two.sighting, settings=settings, commonplaces=common)
        for one in story.members
        for two in other.members
    ]
    return max(verdicts, key=lambda verdict: (verdict.verdict != "same", verdict.score, verdict.evidence))
