"""What is known of somebody, and how it is forgotten: on their word, or because its time is over.

Addresses stand in: bounce, subscriber, recipient, confirmation, consent, delivery (and the letters of mails to one
address), mailed, amended.  A suppression and ``told`` hold keyed hashes.  A log holds neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, exists, func, select, update

from aggregator.store import schema
from aggregator.store.audience import ASKING, EVERY, Audience
from aggregator.store.editions import SINGLE, UNFINISHED
from aggregator.store.subscribers import Subscribers

_ASKING = (f"{SINGLE}confirm", f"{SINGLE}move")
"""The mails that ask for a confirmation; the token is their key."""
FADED = timedelta(days=180)
"""When nothing is left of what stood against a mailbox (``mail.score``)."""
_BATCH = 500
"""Rows that one step forgets."""


class Privacy:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._audience = Audience(connection)
        self._subscribers = Subscribers(connection)

    def known(self, address: str) -> dict[str, Any]:
        """All that is known of *address*, as JSON has it (RFC 8259); moments as ISO 8601 in UTC.

        The tokens of links are left out: they are keys, and whoever reads this holds one or is the operator.
        """
        subscriber = self._subscribers.of(address)
        return {
            "address": address,
            "subscriber": _row(schema.subscriber, self._rows(schema.subscriber, address)[0]) if subscriber else None,
            "digests": [_row(schema.recipient, row) for row in self._rows(schema.recipient, address)],
            "consent": [_row(schema.consent, row) for row in self._rows(schema.consent, address)],
            "unconfirmed": [_row(schema.confirmation, row) for row in self._rows(schema.confirmation, address)],
            "mails": self._mails(address),
            "stories_mailed": [_row(schema.mailed, row) for row in self._rows(schema.mailed, address)],
            "updates_mailed": [_row(schema.amended, row) for row in self._rows(schema.amended, address)],
            "came_back": [_row(schema.bounce, row) for row in self._rows(schema.bounce, address)],
            "suppressed": [
                {"digest": {EVERY: "all", ASKING: "asking"}.get(digest, digest), "reason": reason, "at": _told(at)}
                for digest, reason, at in self._audience.suppressions(address)
            ],
        }

    def erase(self, address: str, now: datetime) -> dict[str, int]:
        """Forget *address*: how many rows of each kind went.  What stays is the suppression, by keyed hash.

        A configuration that names the address goes on naming it, and nothing is sent there all the same.
        """
        self._overwrite()
        gone = {table.name: 0 for table in _HOLDING}
        subscriber = self._subscribers.of(address)
        if subscriber:
            moving = schema.confirmation.c.subscriber == subscriber.id
            gone["confirmation"] += self._delete(schema.confirmation, moving)
        for ledger in (schema.mailed, schema.amended):
            gone[ledger.name] += self._delete(ledger, _is(ledger.c.address, address))
        gone["delivery"] += self._forget_mails(_is(schema.delivery.c.address, address))
        for table in (schema.recipient, schema.confirmation, schema.consent, schema.subscriber, schema.bounce):
            gone[table.name] += self._delete(table, _is(table.c.address, address))
        self._audience.suppress(address, EVERY, "erased", now)
        return gone

    def purge(self, now: datetime, keep: timedelta, pause: timedelta) -> int:
        """One step of forgetting what is kept no longer; how many rows went.

        Confirmations when their time is over, with the mails that asked for them; deliveries, and the proof of those
        who left, after *keep*; what stood against a mailbox when it has faded; since when a mailbox may be told again,
        after *pause*.
        """
        self._overwrite()
        columns = schema.confirmation.c
        over = list(self._connection.scalars(select(columns.token).where(columns.expires <= now).limit(_BATCH)))
        asked = schema.edition.c.slot.in_(over) & schema.edition.c.digest.in_(_ASKING)
        mails = exists().where(schema.edition.c.id == schema.delivery.c.edition, asked)
        gone = self._forget_mails(mails) if over else 0
        gone += self._delete(schema.confirmation, columns.token.in_(over)) if over else 0
        gone += self._delete(schema.told, schema.told.c.at <= now - pause)
        gone += self._delete(schema.bounce, schema.bounce.c.last <= now - FADED)
        return gone + self._purge_mails(now - keep) + self._purge_proof(now - keep)

    def _overwrite(self) -> None:
        """Have SQLite overwrite what is deleted from now on; else it stays readable in the file until it is reused."""
        if self._connection.dialect.name == "sqlite":
            self._connection.exec_driver_sql("PRAGMA secure_delete = ON")

    def _purge_mails(self, before: datetime) -> int:
        delivery, edition = schema.delivery.c, schema.edition.c
        old = (
            select(delivery.id)
            .join(schema.edition, edition.id == delivery.edition)
            .where(edition.frozen <= before, delivery.state.not_in(UNFINISHED))
            .limit(_BATCH)
        )
        ids = list(self._connection.scalars(old))
        return self._forget_mails(delivery.id.in_(ids)) if ids else 0

    def _purge_proof(self, before: datetime) -> int:
        """The proof of who is no subscriber any more: nothing is sent that would have to be proved."""
        consent, recipient = schema.consent, schema.recipient.c
        is_there = exists().where(recipient.folded == consent.c.address, recipient.subscriber.is_not(None))
        lately = consent.alias()
        recent = exists().where(lately.c.address == consent.c.address, lately.c.at > before)
        waiting = exists().where(schema.confirmation.c.address == consent.c.address)
        return self._delete(consent, ~is_there & ~recent & ~waiting)

    def _forget_mails(self, which: ColumnElement[bool]) -> int:
        """Delete these deliveries; a letter to one address alone goes with its delivery, its edition too."""
        columns = schema.delivery.c
        rows = self._connection.execute(
            select(columns.id, columns.edition, columns.letter, columns.digest).where(which)
        ).all()
        for some in _batches([row.id for row in rows]):
            for ledger in (schema.mailed, schema.amended):
                whose = update(ledger).where(ledger.c.delivery.in_(some))
                self._connection.execute(whose.values(delivery=None))
            self._connection.execute(delete(schema.delivery).where(columns.id.in_(some)))
        single = [row for row in rows if row.digest.startswith(SINGLE)]
        for some in _batches([row.letter for row in single]):
            self._connection.execute(delete(schema.letter).where(schema.letter.c.id.in_(some)))
        for some in _batches([row.edition for row in single]):
            self._connection.execute(delete(schema.edition).where(schema.edition.c.id.in_(some)))
        return len(rows)

    def _mails(self, address: str) -> list[dict[str, Any]]:
        delivery, edition, letter = schema.delivery.c, schema.edition.c, schema.letter.c
        found = (
            select(delivery.digest, edition.slot, edition.frozen, letter.subject, delivery.state, delivery.reply)
            .join(schema.edition, edition.id == delivery.edition)
            .join(schema.letter, letter.id == delivery.letter)
            .where(_is(delivery.address, address))
            .order_by(delivery.id)
        )
        return [
            {
                "digest": row.digest,
                "edition": None if row.digest.startswith(SINGLE) else row.slot,
                "at": _told(row.frozen),
                "subject": row.subject,
                "state": row.state,
                "relay_said": row.reply,
            }
            for row in self._connection.execute(found)
        ]

    def _rows(self, table: Table, address: str) -> list[dict[str, Any]]:
        found = self._connection.execute(
            select(table).where(_is(table.c.address, address)).order_by(*table.primary_key)
        )
        return [dict(row._mapping) for row in found]

    def _delete(self, table: Table, where: ColumnElement[bool]) -> int:
        return self._connection.execute(delete(table).where(where)).rowcount


_HOLDING = (
    schema.bounce, schema.subscriber, schema.recipient, schema.confirmation, schema.consent, schema.delivery,
    schema.mailed, schema.amended,
)  # fmt: skip
_KEYS = ("id", "subscriber", "token", "cursor", "delivery", "address", "folded")


def _is(column: Column[Any], address: str) -> ColumnElement[bool]:
    return func.lower(column) == address.lower()


def _row(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _told(value) for name, value in row.items() if name not in _KEYS}


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
