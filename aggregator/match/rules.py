"""Which story an entry belongs to: the first rule that fires decides and is recorded.

The certain rules come first (``certain``), then likeness (``compare``), which joins a story only where no member of it
says otherwise: what is like a copy and unlike the original is neither's copy.  What is like two stories that differ
from each other is kept apart from both.  The machine never unites two stories; of several that are one, the earliest is
taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import cast

from aggregator import text, uri
from aggregator.match.certain import evidence, rules, same_entry, same_words
from aggregator.match.commonplaces import NONE, Commonplaces
from aggregator.match.compare import by_words, claimed, compare
from aggregator.match.effort import Effort
from aggregator.match.known import Known
from aggregator.model import Match, Matching, Rule, Sighting, Story, Verdict

NEAREST = 12
"""How many stories an entry is compared with, word by word, and with how many of the members of each."""
LINKS = 5
"""How many related stories are named."""
EQUAL = 0.02
"""Likenesses that differ by less tell no two stories apart."""


def match(
    sighting: Sighting,
    known: Known,
    *,
    authority: str,
    settings: Matching,
    commonplaces: Commonplaces = NONE,
    effort: Effort | None = None,
) -> Match:
    """Find the story of *sighting* among the *known*, or found one, with an id under *authority* (RFC 4151).

    What comparing costs is taken from *effort*; nothing is compared when none is left.
    """
    if found := _certain(sighting, known, settings, commonplaces):
        return found
    effort = effort or Effort()
    near = known.near(sighting)[:NEAREST] if effort.is_left() else []
    judged = [_judged(sighting, story, settings, commonplaces, effort) for story in near]
    best = _best([each for each in judged if each.fits], settings, commonplaces)
    related = tuple(
        (each.story.id, each.verdict)
        for each in sorted(judged, key=lambda each: (-each.verdict.score, each.story.published, each.story.id))
        if each is not best and each.verdict.verdict != "different"
    )[:LINKS]
    if best is None:
        return Match(sighting=sighting, story=_new_id(sighting, known, authority), rule="first", related=related)
    said = best.verdict
    return Match(
        sighting=sighting,
        story=best.story.id,
        rule=cast(Rule, said.rule),
        score=said.score,
        evidence=said.evidence,
        related=related,
    )


def _certain(sighting: Sighting, known: Known, settings: Matching, commonplaces: Commonplaces) -> Match | None:
    stories = known.sharing(sighting)
    for story in stories:  # what an editor withdrew does not come back because its source says it once more
        if story.withdrawn and any(same_words(sighting, each.sighting, settings.window) for each in story.members):
            return Match(sighting=sighting, story=story.id, rule="text", evidence=evidence("text", sighting))
    for rule, fits in rules(settings.window):
        for story in stories:
            if rule == "url" and _has_another(story, sighting):
                continue
            if any(fits(sighting, member.sighting) for member in story.members):
                if rule == "url" and _is_claimed(sighting, story, settings, commonplaces):
                    continue
                return Match(sighting=sighting, story=story.id, rule=rule, evidence=evidence(rule, sighting))
    return None


def _is_claimed(sighting: Sighting, story: Story, settings: Matching, commonplaces: Commonplaces) -> bool:
    """Whether another zone tells different things under this address: one of them claims what is the other's."""
    copies = (member.sighting for member in story.members)
    return any(claimed(sighting, each, settings, commonplaces, brief=True) for each in copies)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A story, the verdict on the member that is most like the entry, and whether the entry may join it."""

    story: Story
    verdict: Verdict
    fits: bool


_NEARER = {"same": 2, "related": 1, "different": 0}


def _judged(
    sighting: Sighting, story: Story, settings: Matching, commonplaces: Commonplaces, effort: Effort
) -> _Judged:
    """An editor's members are no reason to keep an entry out, nor are those that an edit made another text.

    What an editor withdrew does not come back because its source says it again, under a title of its own.
    """
    hidden = story.withdrawn is not None
    counting = [member for member in story.members if not member.differs][-NEAREST:] or list(story.members[-1:])
    for each in counting:
        effort.spend(sighting, each.sighting)
    verdicts = [
        (each, by_words(sighting, each.sighting, settings, commonplaces, repeats=hidden, brief=True))
        for each in counting
    ]
    nearest = max((said for _, said in verdicts), key=lambda said: (_NEARER[said.verdict], said.score))
    against = any(said.verdict == "different" and member.rule != "editor" for member, said in verdicts)
    ours = [said for member, said in verdicts if member.sighting.source == sighting.source]
    alone = hidden or not _has_another(story, sighting) or any(said.verdict == "same" for said in ours)
    return _Judged(story, nearest, nearest.verdict == "same" and not against and alone)


def _best(fitting: list[_Judged], settings: Matching, commonplaces: Commonplaces) -> _Judged | None:
    """The story that fits best, None where another one fits as well and is not the same story."""
    if not fitting:
        return None
    fitting = [each for each in fitting if not each.story.withdrawn] or fitting  # who is shown is not hidden by a twin
    top = max(each.verdict.score for each in fitting)
    equal = [each for each in fitting if each.verdict.score >= top - EQUAL]
    first = min(equal, key=lambda each: (each.story.published, each.story.id))
    for each in equal:
        if each is first:
            continue
        said = compare(first.story.lead, each.story.lead, settings=settings, commonplaces=commonplaces)
        if said.verdict != "same":
            return None
    return first


def _has_another(story: Story, sighting: Sighting) -> bool:
    """Whether the source tells this story already, in another entry: its two items are two pieces of news."""
    ours = [member.sighting for member in story.members if member.sighting.source == sighting.source]
    return bool(ours) and not any(same_entry(sighting, each) for each in ours)


def _new_id(sighting: Sighting, known: Known, authority: str) -> str:
    """An id that is free: a key that founded a story of which it is no longer recognised gets the next number."""
    return next(id for number in count() if known.is_free(id := founded(sighting, authority, number)))


def founded(sighting: Sighting, authority: str, number: int = 0) -> str:
    """The id of the story that *sighting* would found, the *number*-th of its kind, under *authority*.

    It is a tag URI (RFC 4151) from the entry's strongest key: the same documents give the same ids again.
    """
    return uri.tag(authority, f"story/{text.name(sighting.keys[0], *([str(number)] if number else []))}")
