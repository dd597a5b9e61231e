"""Who counts as having been mailed a story because it took in, or left, another one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, exists, insert, literal, select

from aggregator.store import schema

Lent = tuple[str, str, int]
"""A row of the ledger that one story owes to another: the digest, the address, the delivery."""


class Ledger:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count_as(self, story: str, other: str) -> list[Lent]:
        """Who was mailed *story* counts as having been mailed *other*, which has taken it in; who that is."""
        mailed = schema.mailed.c
        has_other = schema.mailed.alias()
        rows = select(mailed.digest, mailed.address, literal(other), mailed.delivery).where(
            mailed.story == story,
            ~exists().where(
                has_other.c.digest == mailed.digest, has_other.c.address == mailed.address, has_other.c.story == other
            ),
        )
        lent = [tuple(row) for row in self._connection.execute(rows)]
        if lent:
            names = ("digest", "address", "story", "delivery")
            self._connection.execute(insert(schema.mailed), [dict(zip(names, row, strict=True)) for row in lent])
        return [(digest, address, delivery) for digest, address, _, delivery in lent]

    def count_apart(self, story: str, lent: Iterable[Lent]) -> bool:
        """Undo ``count_as`` for *story*, which had taken another one in; whether anybody is due it again."""
        mailed = schema.mailed.c
        gone = [
            self._connection.execute(
                delete(schema.mailed).where(
                    mailed.story == story,
                    mailed.digest == digest,
                    mailed.address == address,
                    mailed.delivery == delivery,
                )
            ).rowcount
            for digest, address, delivery in lent
        ]
        return any(gone)
