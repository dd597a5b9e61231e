"""Stories that are linked and not merged: each pair once, read from either side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, union_all

from aggregator.model import Related, Verdict
from aggregator.store import schema

MOST = 20
"""How many links of a story are shown."""


class Relations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, story: str, related: Sequence[tuple[str, Verdict]], at: datetime) -> None:
        """Keep what *story* is to be linked with, and why; what was kept about a pair is replaced."""
        for other, verdict in related:
            if other == story:
                continue
            self.part(story, other)
            self._connection.execute(
                insert(schema.related).values(
                    story=story,
                    other=other,
                    rule=verdict.rule,
                    score=verdict.score,
                    evidence=verdict.evidence,
                    at=at,
                )
            )

    def shown(self, stories: Sequence[str]) -> dict[str, tuple[Related, ...]]:
        """What each of these stories is linked with that readers may see, the likeliest first."""
        return self._of(stories, schema.story.c.withdrawn.is_(None), schema.story.c.held.is_(False))

    def of(self, story: str) -> tuple[Related, ...]:
        """What *story* is linked with, withdrawn and held stories too, the likeliest first."""
        return self._of([story]).get(story, ())

    def changed(self, story: str) -> list[datetime]:
        """When each of the stories that *story* is linked with changed last, withdrawn and held ones too."""
        columns = schema.related.c
        others = union_all(
            select(columns.other.label("id")).where(columns.story == story),
            select(columns.story.label("id")).where(columns.other == story),
        ).subquery()
        query = select(schema.story.c.changed).join(others, others.c.id == schema.story.c.id)
        return list(self._connection.scalars(query))

    def move(self, story: str, to: str) -> None:
        """What *story* was linked with is linked with *to*, which has taken it in."""
        for each in self.of(story):
            self.part(story, each.story)
            verdict = Verdict(verdict="related", rule=each.rule, score=each.score, evidence=each.evidence)
            if not self._connection.scalar(select(schema.related.c.rule).where(_pair(to, each.story))):
                at = self._connection.scalar(select(schema.story.c.changed).where(schema.story.c.id == story))
                assert at is not None
                self.note(to, [(each.story, verdict)], at)

    def part(self, story: str, other: str) -> None:
        """Two stories are linked no longer."""
        self._connection.execute(delete(schema.related).where(_pair(story, other)))

    def _of(self, stories: Sequence[str], *conditions: ColumnElement[bool]) -> dict[str, tuple[Related, ...]]:
        columns = schema.related.c
        told = (columns.rule, columns.score, columns.evidence)
        both = union_all(
            select(columns.story.label("one"), columns.other.label("two"), *told).where(columns.story.in_(stories)),
            select(columns.other.label("one"), columns.story.label("two"), *told).where(columns.other.in_(stories)),
        ).subquery()
        rows = self._connection.execute(
            select(both)
            .join(schema.story, schema.story.c.id == both.c.two)
            .where(*conditions)
            .order_by(both.c.score.desc(), both.c.two)
        )
        found: defaultdict[str, list[Related]] = defaultdict(list)
        for row in rows:
            if len(found[row.one]) < MOST:
                found[row.one].append(Related(story=row.two, rule=row.rule, score=row.score, evidence=row.evidence))
        return {story: tuple(related) for story, related in found.items()}


def _pair(one: str, other: str) -> ColumnElement[bool]:
    columns = schema.related.c
    return or_((columns.story == one) & (columns.other == other), (columns.story == other) & (columns.other == one))
