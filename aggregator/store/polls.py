"""The latest poll of every source."""

from __future__ import annotations

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, insert, select

from aggregator.model import Poll
from aggregator.store import schema

_poll = TypeAdapter(Poll)


class Polls:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> dict[str, Poll]:
        """Every source's latest poll, by the source's id."""
        records = self._connection.scalars(select(schema.poll.c.record))
        polls = [_poll.validate_json(record) for record in records]
        return {poll.source: poll for poll in polls}

    def of(self, source: str) -> Poll | None:
        """The latest poll of one source; None when it has never been polled."""
        record = self._connection.scalar(select(schema.poll.c.record).where(schema.poll.c.source == source))
        return _poll.validate_json(record) if record else None

    def revision(self) -> int:
        """A number that moves whenever a poll is noted, by whatever process."""
        return int(self._connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "polls")) or 0)

    def note(self, poll: Poll) -> None:
        """Keep *poll* as its source's latest."""
        following = str(self.revision() + 1)
        self._connection.execute(delete(schema.meta).where(schema.meta.c.name == "polls"))
        self._connection.execute(insert(schema.meta).values(name="polls", value=following))
        self._connection.execute(delete(schema.poll).where(schema.poll.c.source == poll.source))
        record = _poll.dump_json(poll).decode()
        self._connection.execute(insert(schema.poll).values(source=poll.source, record=record))
