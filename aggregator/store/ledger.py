"""Who counts as having been mailed a story because it took in, or left, another one; or because they have moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, exists, insert, literal, select, update

from aggregator.model import Envelope
from aggregator.store import schema

_envelope = TypeAdapter(Envelope)
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

    def move(self, digest: str, old: str, new: str, tokens: tuple[str, str]) -> None:
        """Let *new* be mailed instead of *old*, which is the same reader: what waits, and what counts as mailed.

        *tokens* are those of the old and the new address, for the links.  A message whose fate is unknown stays as it
        is: only the same bytes may be sent again.
        """
        columns = schema.delivery.c
        for ledger in (schema.mailed, schema.amended):
            theirs = ledger.alias()
            same = [theirs.c[key.name] == key for key in ledger.primary_key if key.name != "address"]
            before = (ledger.c.digest == digest) & (ledger.c.address == old)
            has = exists().where(theirs.c.address == new, *same)
            self._connection.execute(update(ledger).where(before, ~has).values(address=new))
            self._connection.execute(delete(ledger).where(before))
        rows = self._connection.execute(
            select(columns.id, columns.envelope).where(
                columns.digest == digest,
                columns.address == old,
                columns.state.in_(("queued", "deferred")),
                columns.doubts == 0,
            )
        ).all()
        for row in rows:
            envelope = _moved(_envelope.validate_json(row.envelope), new, tokens)
            values = {"address": new, "envelope": _envelope.dump_json(envelope).decode()}
            self._connection.execute(update(schema.delivery).where(columns.id == row.id).values(**values))


def _moved(envelope: Envelope, address: str, tokens: tuple[str, str]) -> Envelope:
    values: dict[str, Any] = {each.name: getattr(envelope, each.name) for each in fields(envelope)}
    linked = {name: value.replace(*tokens) for name, value in values.items() if isinstance(value, str)}
    return Envelope(**{**values, **linked, "recipient": address})
