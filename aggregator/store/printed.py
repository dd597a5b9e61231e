"""Editions as everybody may read them: which have gone out, and what was in any of their letters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, case, exists, func, select

from aggregator.model import Edition
from aggregator.store import schema
from aggregator.store.editions import SINGLE, edition_of
from aggregator.store.news import batches


class Printed:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def editions(self, digest: str) -> list[Edition]:
        """Those of *digest* that were let out, newest first."""
        columns = schema.edition.c
        rows = self._connection.execute(
            select(schema.edition)
            .where(columns.digest == digest, columns.state.in_(("sending", "done")))
            .order_by(columns.frozen.desc(), columns.id.desc())
        )
        return [edition_of(row) for row in rows]

    def changed(self, editions: Iterable[Edition]) -> dict[int, datetime]:
        """When anything of each of them changed last: it was frozen, a story in it was edited or withdrawn."""
        found = {edition.id: edition.frozen for edition in editions}
        for batch in batches(found):
            rows = self._connection.execute(
                select(schema.letter.c.edition, func.max(schema.story.c.changed).label("changed"))
                .join(schema.content, schema.content.c.letter == schema.letter.c.id)
                .join(schema.story, schema.story.c.id == schema.content.c.story)
                .where(schema.letter.c.edition.in_(batch))
                .group_by(schema.letter.c.edition)
            )
            found |= {row.edition: max(row.changed, found[row.edition]) for row in rows}
        return found

    def joined(self, editions: Iterable[Edition]) -> dict[int, list[str]]:
        """The ids of the stories in each of them whose copies another story has taken in since."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        story, content, letter = schema.story.c, schema.content.c, schema.letter.c
        emptied = (story.withdrawn.is_not(None), ~exists().where(schema.member.c.story == story.id))
        for batch in batches(edition.id for edition in editions):
            rows = self._connection.execute(
                select(letter.edition, content.story)
                .distinct()
                .join(schema.content, content.letter == letter.id)
                .join(schema.story, story.id == content.story)
                .where(letter.edition.in_(batch), *emptied)
                .order_by(letter.edition, content.story)
            )
            for row in rows:
                found[row.edition].append(row.story)
        return found

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
            select(func.count(), func.coalesce(func.max(columns.id), 0)).where(
                columns.state.in_(("sending", "done")), columns.digest.not_like(f"{SINGLE}%")
            )
        ).one()
        return int(row[0]), int(row[1])
