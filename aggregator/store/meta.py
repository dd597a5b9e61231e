"""Facts about the database itself, by name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from aggregator.store import schema
from aggregator.store.among import among
from aggregator.store.direct import Direct

_SOME = Direct(select(schema.meta).where(among(schema.meta.c.name, "names")))


class Meta:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """The value that was put under *name*."""
        return self._connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == name))

    def some(self, names: Sequence[str]) -> dict[str, str]:
        """The values that were put under these names, by name."""
        return {row.name: row.value for row in _SOME(self._connection, names=list(names))}

    def put(self, name: str, value: str) -> None:
        """Keep *value* under *name*."""
        self._connection.execute(delete(schema.meta).where(schema.meta.c.name == name))
        self._connection.execute(insert(schema.meta).values(name=name, value=value))

    def drop(self, name: str) -> None:
        """Forget what was put under *name*, if anything was."""
        self._connection.execute(delete(schema.meta).where(schema.meta.c.name == name))
