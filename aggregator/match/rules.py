"""Which story an entry belongs to: the first rule that fires decides and is recorded.

The certain rules come first (``certain``), then likeness (``compare``), which joins a story only where no member of it
contradicts.  Of several stories that fit equally, the earliest is taken: the machine never unites two stories.
"""

from __future__ import annotations

from itertools import count

from aggregator import text, uri
from aggregator.match.certain import evidence, rules, same_entry
from aggregator.match.commonplaces import NONE, Commonplaces
from aggregator.match.known import Known
from aggregator.model import Match, Matching, Sighting, Story


def match(
    sighting: Sighting, known: Known, *, authority: str, settings: Matching, commonplaces: Commonplaces = NONE
) -> Match:
    """Find the story of *sighting* among the *known*, or found one, with an id under *authority* (RFC 4151)."""
    window = settings.window
    stories = known.sharing(sighting)
    for rule, fits in rules(window):
        for story in stories:
            if rule == "url" and _has_another(story, sighting):
                continue
            if any(fits(sighting, member.sighting) for member in story.members):
                return Match(sighting=sighting, story=story.id, rule=rule, evidence=evidence(rule, sighting))
    return Match(sighting=sighting, story=_new_id(sighting, known, authority), rule="first")


def is_known(sighting: Sighting, known: Known) -> bool:
    """Whether its source has shown this entry before, however it reads now."""
    stories = known.sharing(sighting)
    return any(same_entry(sighting, member.sighting) for story in stories for member in story.members)


def _has_another(story: Story, sighting: Sighting) -> bool:
    """Whether the source tells this story already, in another entry: its two items are two pieces of news."""
    ours = [member.sighting for member in story.members if member.sighting.source == sighting.source]
    return bool(ours) and not any(same_entry(sighting, each) for each in ours)


def _new_id(sighting: Sighting, known: Known, authority: str) -> str:
    """A tag URI from the founding entry's strongest key, so that the same documents give the same ids again.

    A key that founded a story of which it is no longer recognised gets the next number.
    """
    names = (text.name(sighting.keys[0], *([str(number)] if number else [])) for number in count())
    ids = (uri.tag(authority, f"story/{name}") for name in names)
    return next(id for id in ids if known.is_free(id))
