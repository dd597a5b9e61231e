"""The latest poll of every source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from aggregator.model import Poll
from aggregator.store import schema
from aggregator.store.meta import Meta

_poll = TypeAdapter(Poll)


def _upsert(insert: Callable[[Table], Any]) -> Any:
    new = insert(schema.poll)
    return new.on_conflict_do_update(index_elements=["source"], set_={"record": new.excluded.record})


_UPSERT = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


class Polls:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._meta = Meta(connection)

    def all(self) -> dict[str, Poll]:
        """Every source's latest poll, by the source's id."""
        records = self._connection.scalars(select(schema.poll.c.record))
        polls = [_poll.validate_json(record) for record in records]
        return {poll.source: poll for poll in polls}

    def of(self, source: str) -> Poll | None:
        """The latest poll of one source; None when it has never been polled."""
        return self.some([source]).get(source)

    def some(self, sources: Sequence[str]) -> dict[str, Poll]:
        """The latest polls of these sources, by id; one that has never been polled is not among them."""
        wanted = select(schema.poll.c.record).where(schema.poll.c.source.in_(sources))
        polls = [_poll.validate_json(record) for record in self._connection.scalars(wanted)]
        return {poll.source: poll for poll in polls}

    def revision(self) -> int:
        """A number that moves whenever a poll is noted, by whatever process."""
        return int(self._meta.get("polls") or 0)

    def note(self, *polls: Poll) -> None:
        """Keep each of *polls* as its source's latest."""
        if not polls:
            return
        self._meta.put("polls", str(self.revision() + 1))
        records = [{"source": p.source, "record": _poll.dump_json(p, exclude_defaults=True).decode()} for p in polls]
        self._connection.execute(_UPSERT[self._connection.dialect.name], records)
