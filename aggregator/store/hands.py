"""What editors did, and when, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from aggregator.store import schema


class Hands:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, *, at: datetime, who: str, act: str, story: str, detail: str, undo: str | None = None) -> None:
        """Keep that *who* did *act* to *story* at *at*, and what undoing it will have to know."""
        self._connection.execute(
            insert(schema.hand).values(at=at, who=who, act=act, story=story, detail=detail, undo=undo)
        )

    def undoing(self, story: str, act: str) -> str | None:
        """What undoing the latest *act* on *story* has to know."""
        columns = schema.hand.c
        return self._connection.scalar(
            select(columns.undo)
            .where(columns.story == story, columns.act == act, columns.undo.is_not(None))
            .order_by(columns.id.desc())
            .limit(1)
        )

    def joined_into(self, story: str) -> str | None:
        """The id of the story that took the copies of *story* in, which has none any more."""
        columns = schema.hand.c
        query = select(columns.detail).where(columns.story == story, columns.act == "join")
        detail = self._connection.scalar(query.order_by(columns.id.desc()).limit(1)) or ""
        return detail.removeprefix("into ").partition(";")[0] if detail.startswith("into ") else None

    def on(self, story: str) -> list[tuple[datetime, str, str, str]]:
        """What was done to a story, oldest first: when, who, what, and the detail."""
        columns = schema.hand.c
        rows = self._connection.execute(
            select(columns.at, columns.who, columns.act, columns.detail)
            .where(columns.story == story)
            .order_by(columns.id)
        )
        return [(row.at, row.who, row.act, row.detail) for row in rows]
