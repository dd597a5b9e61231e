"""What is news to whom: what arrived for a reader and was not mailed to them, and what was edited since it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select, true

from aggregator.store import schema

_BATCH = 500
"""How many values one IN list takes."""
_SHOWN = schema.story.c.withdrawn.is_(None) & schema.story.c.held.is_(False)


class News:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fresh(
        self,
        digest: str,
        addresses: Collection[str],
        zones: Collection[str],
        *,
        again: datetime | None = None,
        changed: datetime | None = None,
    ) -> dict[str, tuple[str, ...]]:
        """For each address the stories of *zones* that it has not been mailed, oldest arrival first.

        A story counts when it arrived after the address's cursor in one of these zones, is shown, and is not in the
        ledger; with *again* also when it arrived after that moment and since the address is a recipient, and (with
        *changed*) anything of it changed after that one.
        """
        readers = self._standing(digest, addresses)
        arrivals = self._arrivals(min((row.cursor for row in readers), default=0), zones, again, changed)
        had = self._had(digest, {row.story for row in arrivals})
        due: dict[tuple[int, datetime | None], tuple[str, ...]] = {}
        found: dict[str, tuple[str, ...]] = {}
        for reader in readers:
            stand = (reader.cursor, reader.since if again else None)
            if stand not in due:
                due[stand] = _due(arrivals, reader.cursor, again and max(again, reader.since))
            ids = tuple(id for id in due[stand] if id not in had.get(reader.address, ()))
            if ids:
                found[reader.address] = ids
        return found

    def updates(self, digest: str, since: datetime) -> dict[str, tuple[str, ...]]:
        """For each address the stories that it was mailed after *since* and that were edited since.

        None of which it has been mailed this version already, and none that is not shown any more.
        """
        edition, content, mailed, story = schema.edition.c, schema.content.c, schema.mailed.c, schema.story.c
        joined = schema.content.join(schema.letter).join(schema.edition, edition.id == schema.letter.c.edition)
        edited = (
            select(content.story)
            .distinct()
            .select_from(joined.join(schema.story, story.id == content.story))
            .where(edition.digest == digest, edition.frozen > since, content.version < story.updated, _SHOWN)
        )
        told = schema.amended.c
        same = (told.digest == mailed.digest) & (told.address == mailed.address) & (told.story == mailed.story)
        rows = (
            select(mailed.address, mailed.story)
            .join(schema.delivery, schema.delivery.c.id == mailed.delivery)
            .join(schema.content, (content.letter == schema.delivery.c.letter) & (content.story == mailed.story))
            .join(schema.story, story.id == mailed.story)
            .where(
                mailed.digest == digest,
                schema.delivery.c.state == "sent",
                content.version < story.updated,
                ~exists().where(same, told.version >= story.updated),
            )
            .order_by(mailed.address, story.updated.desc(), mailed.story)
        )
        found: defaultdict[str, list[str]] = defaultdict(list)
        for batch in batches(self._connection.scalars(edited)):
            for row in self._connection.execute(rows.where(mailed.story.in_(batch))):
                found[row.address].append(row.story)
        return {address: tuple(stories) for address, stories in found.items()}

    def _standing(self, digest: str, addresses: Collection[str]) -> list[Any]:
        columns, wanted = schema.recipient.c, set(addresses)
        query = select(columns.address, columns.cursor, columns.since).where(columns.digest == digest)
        if len(wanted) <= _BATCH:
            query = query.where(columns.address.in_(wanted))
        return [row for row in self._connection.execute(query.order_by(columns.address)) if row.address in wanted]

    def _arrivals(
        self, after: int, zones: Collection[str], again: datetime | None, changed: datetime | None
    ) -> list[Row[Any]]:
        arrival = schema.arrival.c
        counts: ColumnElement[bool] = arrival.seq > after
        if again is not None:
            lately = schema.story.c.changed > changed if changed else true()
            counts |= (arrival.at > again) & lately
        query = (
            select(arrival.story, arrival.seq, arrival.at)
            .join(schema.story, schema.story.c.id == arrival.story)
            .where(counts, arrival.zone.in_(zones), arrival.loud.is_(True), _SHOWN)
            .order_by(arrival.seq)
        )
        return list(self._connection.execute(query))

    def _had(self, digest: str, stories: Iterable[str]) -> dict[str, set[str]]:
        """Who has been mailed which of *stories*."""
        mailed, had = schema.mailed.c, defaultdict[str, set[str]](set)
        for batch in batches(sorted(stories)):
            query = select(mailed.address, mailed.story).where(mailed.digest == digest, mailed.story.in_(batch))
            for row in self._connection.execute(query):
                had[row.address].add(row.story)
        return had


def _due(arrivals: Iterable[Row[Any]], cursor: int, again: datetime | None) -> tuple[str, ...]:
    counts = (row for row in arrivals if row.seq > cursor or (again is not None and row.at > again))
    return tuple(dict.fromkeys(row.story for row in counts))


def batches(items: Iterable[object]) -> Iterable[list[object]]:
    """As many at a time as one IN list takes."""
    known = list(items)
    return (known[start : start + _BATCH] for start in range(0, len(known), _BATCH))
