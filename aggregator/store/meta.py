"""Facts about the database itself, by name."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from aggregator.store import schema


class Meta:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """The value that was put under *name*."""
        return self._connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == name))

    def put(self, name: str, value: str) -> None:
        """Keep *value* under *name*."""
        self._connection.execute(delete(schema.meta).where(schema.meta.c.name == name))
        self._connection.execute(insert(schema.meta).values(name=name, value=value))
