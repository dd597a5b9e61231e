"""What a source says again and again, learnt sentence by sentence and kept in bounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from aggregator.store import schema

MOST = 4000
"""How many sentences of a source are kept, and at most a quarter more."""


class Sentences:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def common(self, source: str) -> frozenset[int]:
        """The sentences of *source* that stood under so many openings that they are its boilerplate."""
        columns = schema.sentence.c
        return frozenset(
            self._connection.scalars(select(columns.value).where(columns.source == source, columns.common.is_(True)))
        )

    def learn(self, source: str, said: Sequence[tuple[int, int]], *, enough: int, at: datetime) -> frozenset[int]:
        """Note that *source* said these sentences, each under its opening; those that so became common.

        Under *enough* different openings a sentence is common, and stays so for as long as it is said.
        """
        columns = schema.sentence.c
        values = [value for value, _ in said]
        rows = self._connection.execute(
            select(columns.value, columns.openings, columns.common).where(
                columns.source == source, columns.value.in_(values)
            )
        )
        known = {row.value: row for row in rows}
        fresh = [(value, opening) for value, opening in said if value not in known]
        if fresh:
            self._connection.execute(
                insert(schema.sentence),
                [
                    {"source": source, "value": value, "openings": str(opening), "common": enough <= 1, "at": at}
                    for value, opening in fresh
                ],
            )
        became: set[int] = set()
        for value, opening in said:
            row = known.get(value)
            if row is None:
                continue
            openings = dict.fromkeys((*row.openings.split(), str(opening)))
            common = row.common or len(openings) >= enough
            became |= {value} if common and not row.common else set()
            self._connection.execute(
                update(schema.sentence)
                .where(columns.source == source, columns.value == value)
                .values(openings=row.openings if row.common else " ".join(openings), common=common, at=at)
            )
        return frozenset(became)

    def forget(self, source: str) -> None:
        """Keep the sentences that *source* said last, common ones before others; done when there are many too many."""
        columns = schema.sentence.c
        many = self._connection.scalar(select(func.count()).where(columns.source == source)) or 0
        if many <= MOST * 5 // 4:
            return
        last = (
            select(columns.value)
            .where(columns.source == source)
            .order_by(columns.common.desc(), columns.at.desc(), columns.value)
            .offset(MOST)
        )
        self._connection.execute(delete(schema.sentence).where(columns.source == source, columns.value.in_(last)))
