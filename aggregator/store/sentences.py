"""What a source says again and again, learnt sentence by sentence and kept in bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from aggregator.store import schema
from aggregator.store.among import among
from aggregator.store.direct import Direct

MOST = 4000
"""How many sentences of a source are kept, and at most a quarter more."""


_columns = schema.sentence.c
# Made once: these run for every entry that is new, and building them would take longer than carrying them out.
# In the words of the partial index: neither database takes "common IS true" for the same.  SQLite, of which nobody
# gathers statistics, reads all that the source ever said unless it is told.
_TABLE = {"postgresql": "sentence", "sqlite": "sentence INDEXED BY ix_sentence_common"}
_COMMON = {
    database: Direct(text(f"SELECT value FROM {table} WHERE source = :source AND common"))  # noqa: S608 - our own words
    for database, table in _TABLE.items()
}
_known = select(_columns.value, _columns.openings, _columns.common).where(
    _columns.source == bindparam("source"), among(_columns.value, "values")
)
_KNOWN = Direct(_known)
_KNOWN_AND_COMMON = {
    database: Direct(
        _known.union_all(
            text(f"SELECT value, NULL, common FROM {table} WHERE source = :source AND common").columns(  # noqa: S608
                _columns.value, _columns.openings, _columns.common
            )
        )
    )
    for database, table in _TABLE.items()
}
_NEW = Direct(insert(schema.sentence))
_SAID_AGAIN = Direct(
    update(schema.sentence)
    .where(_columns.source == bindparam("of"), _columns.value == bindparam("said"))
    .values(openings=bindparam("openings"), common=bindparam("common"), at=bindparam("at"))
)
# PostgreSQL takes them in one statement, for there each one is a journey.
_SAID = (
    "unnest(CAST(:values AS bigint[]), CAST(:openings AS varchar[]), CAST(:common AS boolean[]))"
    " AS said(value, openings, common)"
)
_ALL_NEW = Direct(
    text(
        "INSERT INTO sentence (source, value, openings, common, at)"  # noqa: S608 - our own words
        f" SELECT :source, said.value, said.openings, said.common, :at FROM {_SAID}"
    ).bindparams(bindparam("at", type_=schema.Instant))
)
_ALL_AGAIN = Direct(
    text(
        f"UPDATE sentence SET openings = said.openings, common = said.common, at = :at FROM {_SAID}"  # noqa: S608 - our own
        " WHERE sentence.source = :source AND sentence.value = said.value"
    ).bindparams(bindparam("at", type_=schema.Instant))
)


class Sentence(NamedTuple):
    """A sentence's hash, the openings that it stood under, and whether it is common; *known* as one that is kept."""

    value: int
    openings: str
    common: bool
    known: bool = True


class Sentences:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def common(self, source: str) -> frozenset[int]:
        """The sentences of *source* that stood under so many openings that they are its boilerplate."""
        return frozenset(_COMMON[self._connection.dialect.name].scalars(self._connection, source=source))

    def known(self, source: str, values: Sequence[int]) -> dict[int, Sentence]:
        """What is kept of these sentences of *source*, by hash."""
        return {row.value: Sentence(*row) for row in _KNOWN(self._connection, source=source, values=values)}

    def known_and_common(self, source: str, values: Sequence[int]) -> tuple[dict[int, Sentence], frozenset[int]]:
        """What ``known`` and ``common`` tell, in one question."""
        rows = _KNOWN_AND_COMMON[self._connection.dialect.name](self._connection, source=source, values=values)
        known = {value: Sentence(value, openings, bool(common)) for value, openings, common in rows if openings}
        return known, frozenset([value for value, openings, _ in rows if openings is None])

    def note(self, source: str, said: Iterable[Sentence], at: datetime) -> None:
        """Keep these sentences of *source*, as said at *at*."""
        new: list[Sentence] = []
        again: list[Sentence] = []
        for one in said:
            (again if one.known else new).append(one)
        self._note(source, at, new, known=False)
        self._note(source, at, again, known=True)

    def _note(self, source: str, at: datetime, rows: Sequence[Sentence], *, known: bool) -> None:
        if rows and self._connection.dialect.name == "postgresql":
            values, openings, common, _ = map(list, zip(*rows, strict=True))
            statement = _ALL_AGAIN if known else _ALL_NEW
            statement(self._connection, source=source, at=at, values=values, openings=openings, common=common)
        elif rows:
            of, said, statement = ("of", "said", _SAID_AGAIN) if known else ("source", "value", _NEW)
            statement.many(
                self._connection,
                [
                    {of: source, said: one.value, "openings": one.openings, "common": one.common, "at": at}
                    for one in rows
                ],
            )

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
