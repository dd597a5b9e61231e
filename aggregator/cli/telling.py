"""What commands say of a story: the stable form for programs, and lines for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aggregator.cli.output import console, local, rfc3339, table
from aggregator.explain import Explanation, Neighbour
from aggregator.match import sentence
from aggregator.model import Config, Deed, Match, Story, Verdict

Act = tuple[datetime, str, str, str]


def as_json(story: Story) -> dict[str, Any]:
    """The stable form of a story, for programs."""
    return {
        "id": story.id,
        "title": title(story),
        "state": state_of(story),
        "published": rfc3339(story.published),
        "updated": rfc3339(story.updated),
        "zones": list(story.zones),
        "sources": [_member(member) for member in story.members],
        "related": [
            {"story": other.story, "rule": other.rule, "score": other.score, "reason": other.evidence}
            for other in story.related
        ],
    }


def _member(member: Match, now: Verdict | None = None) -> dict[str, Any]:
    seen = member.sighting
    told = {
        "source": seen.source,
        "zone": seen.zone,
        "title": seen.entry.title,
        "link": seen.entry.link,
        "published": rfc3339(seen.entry.published),
        "first_seen": rfc3339(seen.seen),
        "rule": member.rule,
        "score": member.score,
        "reason": sentence(member),
        "differs": member.differs or None,
    }
    return told | ({"now": _verdict(now)} if now else {})


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.verdict,
        "rule": verdict.rule,
        "score": verdict.score,
        "reason": verdict.evidence,
    }


def _neighbour(other: Neighbour) -> dict[str, Any]:
    named = {"story": other.story.id, "title": title(other.story), "state": state_of(other.story)}
    return named | _verdict(other.verdict)


def explained_as_json(told: Explanation, acts: Sequence[Act]) -> dict[str, Any]:
    """The stable form of a story with what its copies are like today, its nearest neighbours, and what editors did."""
    return as_json(told.story) | {
        "sources": [_member(*pair) for pair in zip(told.story.members, told.now, strict=True)],
        "neighbours": [_neighbour(each) for each in told.neighbours],
        "acts": [{"at": rfc3339(at), "who": who, "act": act, "detail": detail} for at, who, act, detail in acts],
    }


def deed_as_json(deed: Deed) -> dict[str, Any]:
    """The stable form of a deed in the log."""
    told = {"id": deed.id, "at": rfc3339(deed.at), "who": deed.who, "act": deed.act, "what": deed.story}
    return told | {"detail": deed.detail, "why": deed.why, "other": deed.other}


def tell(told: Explanation, acts: Sequence[Act], config: Config) -> None:
    """Print why a story is as it is."""
    story = told.story
    say(title(story), style="bold")
    say(f"{story.id}, {state_of(story)}, published {local(story.published, config)}\n")
    for member, now in zip(story.members, told.now, strict=True):
        seen = member.sighting
        say(f"{seen.source} ({seen.zone}), first seen {local(seen.seen, config)}")
        say(f"  {seen.entry.title}\n  {seen.entry.link or 'no link'}\n  {sentence(member)}")
        if now is not None:
            say(f"  today: {now.verdict}, {now.evidence}")
        if member.differs:
            say(f"  was edited since, and does not lead: {member.differs}")
    if told.neighbours:
        say("\nother stories, and why they are others:")
    for other in told.neighbours:
        verdict = other.verdict
        say(f"  {short(other.story)}  {local(other.story.published, config)[:16]}  {_marked(other.story)}")
        why = "the machine does not unite two stories; join does" if verdict.verdict == "same" else verdict.verdict
        say(f"    {why}: {verdict.evidence}")
    if acts:
        say("")
    for at, who, act, detail in acts:
        say(f"{local(at, config)}  {who}: {act} {detail}")


def say(line: str, style: str | None = None) -> None:
    """Print a line as it is: what sources wrote is no markup."""
    console.print(line, style=style, markup=False, soft_wrap=True)


def show_table(stories: Sequence[Story], config: Config) -> None:
    """Print a line a story."""
    if not stories:
        console.print("none")
        return
    table(
        ("story", "published", "zones", "title"),
        ((short(s), local(s.published, config)[:16], "+".join(s.zones), _marked(s)) for s in stories),
    )


def _marked(story: Story) -> str:
    state = state_of(story)
    return title(story) if state == "shown" else f"[{state}] {title(story)}"


def title(story: Story) -> str:
    """The title that is shown, whatever the stream."""
    whole = story.within(story.zones)
    return whole.lead.entry.title if whole else "(joined into another story)"


def state_of(story: Story) -> str:
    """Whether readers see it, and if not why."""
    if story.withdrawn:
        return "withdrawn"
    return "held" if story.held else "shown"


def short(story: Story) -> str:
    """The part of a story's id that people type."""
    return story.id.rpartition("/")[2]
