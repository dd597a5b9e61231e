"""A story as the editor sees it: its copies side by side and why they are one, its neighbours and why not.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator import html, shown, text
from aggregator.desk import marks
from aggregator.desk.marks import Run
from aggregator.explain import Explanation, Neighbour
from aggregator.model import Config, Match, Sighting, Story, Verdict
from aggregator.publish import page, reasons

_NUMBER = re.compile(r"#(?=\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy: *title* and *body* with the words marked that the copy beside it has not; *reason* is why it is
    here, *today* what would keep it from coming here now.
    """

    number: int
    key: str
    source: str
    badge: page.Badge
    published: datetime
    href: str | None
    lang: str | None
    title: tuple[Run, ...]
    body: tuple[Run, ...]
    cut: bool
    reason: str
    rule: str
    score: float
    told: str
    today: str
    differs: str
    leads: bool
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A story that was not merged with this one, and why; *reason* says it in a sentence, *state* is whether readers
    see it.
    """

    id: str
    name: str
    title: str
    lang: str | None
    published: datetime
    badges: tuple[page.Badge, ...]
    verdict: Verdict
    reason: str
    state: str
    joinable: bool


def copies(config: Config, told: Explanation) -> list[Copy]:
    """The copies, the first of them the founder, as what the others are compared with; and it with the second."""
    story = told.story
    pairs = sorted(zip(story.members, told.now, strict=True), key=lambda pair: pair[0].rule != "first")
    whole = story.within(story.zones)
    founder = pairs[0][0].sighting if pairs else None
    made: list[Copy] = []
    for number, (member, now) in enumerate(pairs):
        beside = pairs[1][0].sighting if number == 0 and len(pairs) > 1 else founder
        made.append(_copy(config, story, member, now, number, beside, whole.lead if whole else None))
    return made


def _copy(
    config: Config,
    story: Story,
    member: Match,
    now: Verdict | None,
    number: int,
    beside: Sighting | None,
    lead: Sighting | None,
) -> Copy:
    seen = member.sighting
    body, link = text_of(seen), shown.link(seen)
    title = shown.title(seen)
    alone = beside is None or beside is seen
    return Copy(
        number=number,
        key=seen.keys[0],
        source=seen.source,
        badge=page.badges(config, [seen.zone], "")[0],
        published=seen.published,
        href=link.href if link else None,
        lang=shown.language(seen),
        title=marks.plain(title) if alone else marks.marked(title, shown.title(_is(beside)))[0],
        body=marks.plain(body) if alone else marks.marked(body, text_of(_is(beside)))[0],
        cut=len(body.split()) > marks.MOST,
        reason=reasons.joined(config, member),
        rule=member.rule,
        score=member.score,
        told=readable(member.evidence),
        today=_apart(config, now) if now else "",
        differs=reasons.differs(config, member),
        leads=seen is lead,
        chosen=story.chosen in seen.keys,
    )


def _is(beside: Sighting | None) -> Sighting:
    assert beside is not None
    return beside


def text_of(copy: Sighting) -> str:
    """The fullest text of a copy, in one line without markup."""
    parts = (part for part in (copy.entry.content, copy.entry.summary) if part is not None)
    return max((text.clean(html.to_text(p.value) if p.type == "html" else p.value) for p in parts), key=len, default="")


def others(config: Config, story: Story, neighbours: Sequence[Neighbour]) -> list[Other]:
    return [_other(config, story, each) for each in neighbours]


def _other(config: Config, story: Story, neighbour: Neighbour) -> Other:
    other = neighbour.story
    lead = (other.within(other.zones) or other).lead
    return Other(
        id=other.id,
        name=name(other.id),
        title=shown.title(lead),
        lang=shown.language(lead),
        published=other.published,
        badges=page.badges(config, other.zones, ""),
        verdict=replace(neighbour.verdict, evidence=readable(neighbour.verdict.evidence)),
        reason=_apart(config, neighbour.verdict),
        state=state(other),
        joinable=not (story.withdrawn or other.withdrawn),
    )


def _apart(config: Config, verdict: Verdict) -> str:
    """What keeps two apart; empty where nothing does."""
    said = replace(verdict, evidence=readable(verdict.evidence))
    return "" if verdict.verdict == "same" else reasons.apart(config, said)


def readable(evidence: str) -> str:
    """What was compared, with numbers as people write them: "week 12" where the matcher says "week #12"."""
    return _NUMBER.sub("", text.clean(evidence))


def name(id: str) -> str:
    """By what a story is called in addresses: the last part of its id."""
    return id.rpartition("/")[2]


def state(story: Story) -> str:
    """Whether readers see it, and if not why: ``joined``, ``hidden``, ``held``, else ``pinned`` or ``shown``."""
    if not story.members:
        return "joined"
    if story.withdrawn:
        return "hidden"
    return "held" if story.held else "pinned" if story.pinned else "shown"
