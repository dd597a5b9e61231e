"""Who subscribed: what they asked for, confirmed, chose, and how they leave again.

What somebody asked for waits as a confirmation until the owner of the address says that they meant it; only then is
there a subscriber, with a recipient for each digest they read.  Whoever leaves is a suppression and no row: the
suppression keeps an import from bringing them back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from aggregator.model import Choices, Confirmation, Consent, Reader, Subscriber, SubscriberState
from aggregator.store import schema
from aggregator.store.audience import EVERY, Audience
from aggregator.store.ledger import Ledger

_choices = TypeAdapter(Choices)


class Subscribers:
    def __init__(self, connection: Connection, audience: Audience | None = None) -> None:
        self._connection = connection
        self._audience = audience or Audience(connection)

    # -- finding -----------------------------------------------------------------

    def get(self, id: int) -> Subscriber | None:
        """The subscriber with this number."""
        return self._one(schema.subscriber.c.id == id)

    def of(self, address: str) -> Subscriber | None:
        """The subscriber with this address; capitals make no other of it."""
        whose = select(schema.recipient.c.subscriber).where(schema.recipient.c.folded == address.lower())
        return self._one(schema.subscriber.c.id.in_(whose))

    def all(self) -> Iterator[tuple[Subscriber, list[Reader]]]:
        """Every subscriber by address, with what they read."""
        rows = self._connection.execute(select(schema.subscriber).order_by(schema.subscriber.c.address)).all()
        for row in rows:
            yield _subscriber(row), self._audience.of_subscriber(row.id)

    # -- asking ------------------------------------------------------------------

    def ask(self, confirmation: Confirmation) -> None:
        """Keep what somebody asked for until it is confirmed, or forgotten."""
        values = {**asdict(confirmation), "choices": _choices.dump_json(confirmation.choices).decode()}
        self._connection.execute(insert(schema.confirmation).values(**values))

    def asked(self, token: str) -> Confirmation | None:
        """What a link of a mail asks to confirm."""
        found = select(schema.confirmation).where(schema.confirmation.c.token == token)
        row = self._connection.execute(found).first()
        return _confirmation(row) if row else None

    def settle(self, token: str, now: datetime) -> None:
        """Keep that it was confirmed."""
        columns = schema.confirmation.c
        self._connection.execute(update(schema.confirmation).where(columns.token == token).values(done=now))

    def withdraw(self, address: str) -> None:
        """Forget whatever was asked for *address*."""
        columns = schema.confirmation.c
        theirs = func.lower(columns.address) == address.lower()
        self._connection.execute(delete(schema.confirmation).where(theirs, columns.done.is_(None)))

    # -- reading -----------------------------------------------------------------

    def subscribe(self, address: str, choices: Choices, now: datetime) -> int:
        """Make *address* a reader of these digests from now on; the number of the subscriber."""
        known = self.of(address)
        if known is None:
            values = {"address": address, "state": "active", "created": now}
            made = insert(schema.subscriber).values(**values).returning(schema.subscriber.c.id)
            number = self._connection.scalar(made)
            assert isinstance(number, int)
        else:
            number, address = known.id, known.address
            self._state(number, "active", None)
        for digest in choices.digests:
            self._join(number, digest, address, choices, now)
        return number

    def choose(self, id: int, choices: Choices, now: datetime) -> None:
        """Have a subscriber read these digests and no others, so."""
        known = self.get(id)
        assert known is not None
        before = {reader.digest: reader for reader in self._audience.of_subscriber(id)}
        for digest in choices.digests:
            if digest not in before:
                self._join(id, digest, known.address, choices, now)
        for digest, reader in before.items():
            if digest in choices.digests:
                self.prefer(reader, choices, now)
            else:
                self._leave(reader, now, "unsubscribed")

    def prefer(self, reader: Reader, choices: Choices, now: datetime) -> None:
        """Have a reader get this of the digest from now on; what has arrived already is behind them."""
        columns = schema.recipient.c
        values = _chosen(choices)
        if (reader.zones, reader.categories) != (choices.zones, choices.categories):
            values["since"] = now
        where = (columns.digest == reader.digest) & (columns.address == reader.address)
        self._connection.execute(update(schema.recipient).where(where).values(**values))

    def pause(self, id: int, until: datetime | None) -> None:
        """Send a subscriber nothing until then, or until they resume."""
        self._state(id, "paused", until)

    def suspend(self, id: int) -> None:
        """Send a subscriber nothing because what was sent came back; they may resume."""
        self._state(id, "suspended", None)

    def resume(self, id: int, now: datetime) -> None:
        """Go on with what arrives from now on: nobody wants the mail of their holidays at once."""
        self._state(id, "active", None)
        self._connection.execute(
            update(schema.recipient).where(schema.recipient.c.subscriber == id).values(cursor=self._newest(), since=now)
        )

    def resume_due(self, now: datetime) -> int:
        """Resume whose pause is over; how many."""
        columns = schema.subscriber.c
        over = select(columns.id).where(columns.state == "paused", columns.until <= now)
        ids = list(self._connection.scalars(over))
        for id in ids:
            self.resume(id, now)
        return len(ids)

    # -- moving and leaving --------------------------------------------------------

    def move(self, id: int, address: str, now: datetime) -> None:
        """Give a subscriber another address, which they own; who had it before becomes part of them.

        Mails that wait go to the new address.  Links in mails to the old one end: nothing is sent there any more, and
        whoever reads that mailbox now has no business with the new one.
        """
        old = self.get(id)
        assert old is not None
        other = self.of(address)
        for reader in self._audience.of_subscriber(id):
            self._move(reader, id, address)
        if other and other.id != id:
            for reader in self._audience.of_subscriber(other.id):
                self._own(reader, id)
            self._drop(other.id)
        columns = schema.subscriber.c
        self._connection.execute(update(schema.subscriber).where(columns.id == id).values(address=address))
        proofs = update(schema.consent).where(schema.consent.c.address == old.address.lower())
        self._connection.execute(proofs.values(address=address.lower()))
        if old.state == "suspended":
            self.resume(id, now)

    def leave(
        self, who: str, now: datetime, *, digest: str = EVERY, reason: str = "unsubscribed", source: str = "link"
    ) -> int:
        """Send *who* no digest any more: the one of a token, or every one of an address (of it, that *digest*).

        How many that were; doing it twice is doing it once.
        """
        found = self._audience.by_token(who)
        readers = self._audience.by_address(who) if "@" in who else [found] if found else []
        meant = [reader for reader in readers if digest in (EVERY, reader.digest)]
        for reader in meant:
            self._leave(reader, now, reason, source)
        return len(meant)

    # -- proof -----------------------------------------------------------------------

    def note(self, consent: Consent) -> None:
        """Keep one line of the proof."""
        values = {**asdict(consent), "address": consent.address.lower()}
        self._connection.execute(insert(schema.consent).values(**values))

    def proof(self, address: str) -> list[Consent]:
        """What *address* agreed to, oldest first."""
        columns = schema.consent.c
        theirs = select(schema.consent).where(columns.address == address.lower()).order_by(columns.id)
        return [
            Consent(
                address=row.address,
                digest=row.digest,
                act=row.act,
                at=row.at,
                version=row.version,
                words=row.words,
                source=row.source,
            )
            for row in self._connection.execute(theirs)
        ]

    # -- inside ------------------------------------------------------------------------

    def _one(self, where: Any) -> Subscriber | None:
        row = self._connection.execute(select(schema.subscriber).where(where)).first()
        return _subscriber(row) if row else None

    def _state(self, id: int, state: SubscriberState, until: datetime | None) -> None:
        where = schema.subscriber.c.id == id
        self._connection.execute(update(schema.subscriber).where(where).values(state=state, until=until))

    def _join(self, id: int, digest: str, address: str, choices: Choices, now: datetime) -> None:
        columns = schema.recipient.c
        where = (columns.digest == digest) & (columns.folded == address.lower())
        if self._connection.execute(select(columns.address).where(where)).first() is None:
            self._audience.enrol(digest, [address], now)
        self._audience.forgive(address, digest)
        values = {"subscriber": id, "cursor": self._newest(), "since": now, **_chosen(choices)}
        self._connection.execute(update(schema.recipient).where(where).values(**values))

    def _move(self, reader: Reader, id: int, address: str) -> None:
        """A reader who reads the digest at the new address already goes on as that one."""
        columns = schema.recipient.c
        here = (columns.digest == reader.digest) & (columns.address == reader.address)
        there = (columns.digest == reader.digest) & (columns.folded == address.lower()) & ~here
        if self._connection.execute(select(columns.token).where(there)).first() is None:
            token = self._audience.token(reader.digest, address)
            values = {"address": address, "folded": address.lower(), "token": token}
            self._connection.execute(update(schema.recipient).where(here).values(**values))
            Ledger(self._connection).move(reader.digest, reader.address, address, (reader.token, token))
        else:
            self._forget_mailed(reader)
            self._connection.execute(delete(schema.recipient).where(here))
            self._connection.execute(update(schema.recipient).where(there).values(subscriber=id))
        self._audience.forgive(address, reader.digest)

    def _own(self, reader: Reader, id: int) -> None:
        columns = schema.recipient.c
        where = (columns.digest == reader.digest) & (columns.address == reader.address)
        self._connection.execute(update(schema.recipient).where(where).values(subscriber=id))

    def _leave(self, reader: Reader, now: datetime, reason: str, source: str = "form") -> None:
        self._audience.suppress(reader.address, reader.digest, reason, now)
        if reader.subscriber is None:
            return
        self._forget_mailed(reader)
        columns = schema.recipient.c
        row = (columns.digest == reader.digest) & (columns.address == reader.address)
        self._connection.execute(delete(schema.recipient).where(row))
        self.note(Consent(address=reader.address, digest=reader.digest, act="left", at=now, source=source))
        if not self._audience.of_subscriber(reader.subscriber):
            self._drop(reader.subscriber)

    def _forget_mailed(self, reader: Reader) -> None:
        """What they were mailed is nobody's business any more; who comes back begins with what arrives then."""
        for ledger in (schema.mailed, schema.amended):
            theirs = (ledger.c.digest == reader.digest) & (ledger.c.address == reader.address)
            self._connection.execute(delete(ledger).where(theirs))

    def _drop(self, id: int) -> None:
        self._connection.execute(delete(schema.confirmation).where(schema.confirmation.c.subscriber == id))
        self._connection.execute(delete(schema.subscriber).where(schema.subscriber.c.id == id))

    def _newest(self) -> int:
        return self._connection.scalar(select(func.max(schema.arrival.c.seq))) or 0


def _chosen(choices: Choices) -> dict[str, Any]:
    lists = {"zones": json.dumps(choices.zones), "categories": json.dumps(choices.categories)}
    return {**lists, "format": choices.format}


def _subscriber(row: Row[Any]) -> Subscriber:
    return Subscriber(id=row.id, address=row.address, state=row.state, created=row.created, until=row.until)


def _confirmation(row: Row[Any]) -> Confirmation:
    return Confirmation(
        token=row.token,
        act=row.act,
        address=row.address,
        choices=_choices.validate_json(row.choices),
        version=row.version,
        words=row.words,
        asked=row.asked,
        expires=row.expires,
        subscriber=row.subscriber,
        done=row.done,
    )
