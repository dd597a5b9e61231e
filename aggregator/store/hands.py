"""What editors did, and when, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from aggregator.model import Deed
from aggregator.store import schema


class Hands:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(
        self,
        *,
        at: datetime,
        who: str,
        act: str,
        story: str,
        detail: str,
        why: str = "",
        other: str | None = None,
        undo: str | None = None,
    ) -> None:
        """Keep that *who* did *act* to *story* at *at*, and what undoing it will have to know."""
        values = {"at": at, "who": who, "act": act, "story": story, "detail": detail}
        self._connection.execute(insert(schema.hand).values(**values, why=why, other=other, undo=undo))

    def log(
        self, *, story: str | None = None, before: int | None = None, after: int = 0, limit: int = 50
    ) -> list[Deed]:
        """What was done, the latest first: to one *story*, *before* a deed, *after* a deed."""
        columns = schema.hand.c
        query = select(schema.hand).order_by(columns.id.desc()).limit(limit)
        if story is not None:
            query = query.where(columns.story == story)
        if after:
            query = query.where(columns.id > after)
        if before is not None:
            query = query.where(columns.id < before)
        rows = self._connection.execute(query)
        return [Deed(**{name: getattr(row, name) for name in Deed.__slots__}) for row in rows]

    def deed(self, id: int) -> Deed | None:
        """One of them."""
        return next((deed for deed in self.log(before=id + 1, limit=1) if deed.id == id), None)

    def latest(self, story: str | None = None) -> int:
        """A number that moves whenever something is done, to *story*."""
        columns = schema.hand.c
        query = select(func.max(columns.id))
        return self._connection.scalar(query.where(columns.story == story) if story is not None else query) or 0

    def touched(self, after: int) -> set[str]:
        """The ids of all to which something was done *after* a deed."""
        columns = schema.hand.c
        return set(self._connection.scalars(select(columns.story).where(columns.id > after).distinct()))

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
        query = select(columns.other, columns.detail).where(columns.story == story, columns.act == "join")
        # What took another one in has nothing to know for an undoing: that is noted to what was taken in.
        row = self._connection.execute(query.where(columns.undo.is_not(None)).order_by(columns.id.desc())).first()
        if row is None:
            return None
        # Until other stories had a column of their own, the words alone named them.
        return str(row.other or row.detail.removeprefix("into ").partition(";")[0])

    def on(self, story: str) -> list[tuple[datetime, str, str, str]]:
        """What was done to a story, oldest first: when, who, what, and the detail."""
        columns = schema.hand.c
        rows = self._connection.execute(
            select(columns.at, columns.who, columns.act, columns.detail)
            .where(columns.story == story)
            .order_by(columns.id)
        )
        return [(row.at, row.who, row.act, row.detail) for row in rows]

    # -- logins ----------------------------------------------------------------

    def end(self, login: str, until: datetime, now: datetime) -> None:
        """Let *login*, which would last *until*, be of no use any more; those that are over are forgotten."""
        ended = schema.ended
        self._connection.execute(delete(ended).where((ended.c.until <= now) | (ended.c.login == login)))
        self._connection.execute(insert(ended).values(login=login, until=until))

    def has_ended(self, login: str) -> bool:
        """Whether somebody has ended *login*."""
        return self._connection.scalar(select(schema.ended.c.login).where(schema.ended.c.login == login)) is not None
