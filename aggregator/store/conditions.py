"""Which stories a list is of, and which of them readers see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, exists, func, select

from aggregator.store import schema

SHOWN = schema.story.c.withdrawn.is_(None) & schema.story.c.held.is_(False)
"""Readers may see it."""
State = Literal["shown", "hidden", "held", "joint", "differs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which stories a list is of; *differs*: with a copy that an edit made another text.  *word* occurs in a copy."""

    zone: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: State | None = None
    word: str | None = None


def conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    story, member = schema.story.c, schema.member.c
    of_story = exists().where(member.story == story.id)
    if wanted.zone:
        yield of_story.where(member.zone == wanted.zone)
    if wanted.source:
        yield of_story.where(member.source == wanted.source)
    if wanted.word:
        yield of_story.where(member.entry.icontains(wanted.word, autoescape=True))
    if wanted.since:
        yield story.published >= wanted.since
    if wanted.until:
        yield story.published < wanted.until
    match wanted.state:
        case "shown":
            yield SHOWN
        case "hidden":
            yield story.withdrawn.is_not(None) & of_story
        case "held":
            yield story.held.is_(True) & story.withdrawn.is_(None)
        case "joint":
            zones = select(func.count(member.zone.distinct())).where(member.story == story.id).scalar_subquery()
            yield zones > 1
        case "differs":
            yield of_story.where(member.differs != "") & story.withdrawn.is_(None)
        case None:
            yield of_story


def in_zones(zones: Sequence[str]) -> ColumnElement[bool]:
    """One of *zones* published it."""
    return exists().where(schema.member.c.story == schema.story.c.id, schema.member.c.zone.in_(zones))
