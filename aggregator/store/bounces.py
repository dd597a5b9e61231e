"""How often mail to an address came back, and whose token it is that came with it."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select

from aggregator.model import Score
from aggregator.store import schema


class Bounces:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def score(self, address: str) -> Score:
        """What stands against *address*; capitals make no other of it."""
        found = select(schema.bounce).where(schema.bounce.c.address == address.lower())
        row = self._connection.execute(found).first()
        return Score(points=row.points, last=row.last, status=row.status) if row else Score()

    def note(self, address: str, score: Score) -> None:
        """Keep what stands against *address*."""
        self._connection.execute(delete(schema.bounce).where(schema.bounce.c.address == address.lower()))
        values = {"points": score.points, "last": score.last, "status": score.status}
        self._connection.execute(insert(schema.bounce).values(address=address.lower(), **values))

    def token(self, found: str) -> str | None:
        """The reader's token that *found* is, whatever a mail server made of its capitals."""
        columns = schema.recipient.c
        return self._connection.scalar(select(columns.token).where(func.lower(columns.token) == found.lower()))
