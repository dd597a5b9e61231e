"""What a source says again and again, learnt sentence by sentence and kept in bounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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
_COMMON = {
    "postgresql": Direct(text("SELECT value FROM sentence WHERE source = :source AND common")),
    "sqlite": Direct(
        text("SELECT value FROM sentence INDEXED BY ix_sentence_common WHERE source = :source AND common")
    ),
}
_KNOWN = Direct(
    select(_columns.value, _columns.openings, _columns.common).where(
        _columns.source == bindparam("source"), among(_columns.value, "values")
    )
)
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
_Row = tuple[int, str, bool]
"""A sentence, its openings, and whether it is common."""


class Sentences:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def common(self, source: str) -> frozenset[int]:
        """The sentences of *source* that stood under so many openings that they are its boilerplate."""
        return frozenset(_COMMON[self._connection.dialect.name].scalars(self._connection, source=source))

    def learn(self, source: str, said: Sequence[tuple[int, int]], *, enough: int, at: datetime) -> frozenset[int]:
        """Note that *source* said these sentences, each under its opening; those that so became common.

        Under *enough* different openings a sentence is common, and stays so for as long as it is said.
        """
        if not said:
            return frozenset()
        rows = _KNOWN(self._connection, source=source, values=[value for value, _ in said])
        known = {row.value: row for row in rows}
        new = [(value, str(opening), enough <= 1) for value, opening in said if value not in known]
        self._note(source, at, new, known=False)
        became: set[int] = set()
        again: list[_Row] = []
        for value, opening in said:
            row = known.get(value)
            if row is None:
                continue
            openings = dict.fromkeys((*row.openings.split(), str(opening)))
            common = row.common or len(openings) >= enough
            became |= {value} if common and not row.common else set()
            again.append((value, row.openings if row.common else " ".join(openings), common))
        self._note(source, at, again, known=True)
        return frozenset(became)

    def _note(self, source: str, at: datetime, rows: Sequence[_Row], *, known: bool) -> None:
        if rows and self._connection.dialect.name == "postgresql":
            columns = dict(zip(("values", "openings", "common"), map(list, zip(*rows, strict=True)), strict=True))
            (_ALL_AGAIN if known else _ALL_NEW)(self._connection, source=source, at=at, **columns)
        elif rows and known:
            _SAID_AGAIN.many(
                self._connection,
                [{"of": source, "said": v, "openings": said, "common": common, "at": at} for v, said, common in rows],
            )
        elif rows:
            _NEW.many(
                self._connection,
                [
                    {"source": source, "value": v, "openings": said, "common": common, "at": at}
                    for v, said, common in rows
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
