"""Editions as everybody may read them: which have gone out, and what was in any of their letters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, case, func, select

from aggregator.model import Edition
from aggregator.store import schema
from aggregator.store.editions import edition_of


class Printed:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def editions(self, digest: str) -> list[tuple[Edition, datetime]]:
        """Those of *digest* that were let out, newest first, each with the last change of it or of its stories."""
        columns, changed = schema.edition.c, func.max(schema.story.c.changed)
        rows = self._connection.execute(
            select(schema.edition, changed.label("changed"))
            .join(schema.letter, schema.letter.c.edition == columns.id)
            .join(schema.content, schema.content.c.letter == schema.letter.c.id)
            .join(schema.story, schema.story.c.id == schema.content.c.story)
            .where(columns.digest == digest, columns.state.in_(("sending", "done")))
            .group_by(columns.id)
            .order_by(columns.frozen.desc(), columns.id.desc())
        )
        return [(edition_of(row), max(row.frozen, row.changed)) for row in rows]

    def stories(self, edition: int) -> dict[str, bool]:
        """The ids of the stories in its letters, with whether they were news to any reader of it."""
        content = schema.content.c
        rows = self._connection.execute(
            select(content.story, func.max(case((content.new, 1), else_=0)).label("new"))
            .join(schema.letter, schema.letter.c.id == content.letter)
            .where(schema.letter.c.edition == edition)
            .group_by(content.story)
            .order_by(content.story)
        )
        return {row.story: bool(row.new) for row in rows}

    def latest(self) -> tuple[int, int]:
        """Something that moves when an edition is let out: how many there are, and the number of the last."""
        columns = schema.edition.c
        row = self._connection.execute(
            select(func.count(), func.coalesce(func.max(columns.id), 0)).where(columns.state.in_(("sending", "done")))
        ).one()
        return int(row[0]), int(row[1])
