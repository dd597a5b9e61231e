"""Editions, deliveries and the ledger: what makes a digest neither lost nor sent twice.

A recipient's *cursor* counts arrivals.  ``fresh`` is what arrived after it and is not in the ledger; ``freeze`` writes
the edition, one delivery a recipient, the ledger and the cursors in its caller's transaction: all of it or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, Table, delete, exists, func, insert, select, update

from aggregator.model import Delivery, DeliveryState, Edition, Envelope, Letter
from aggregator.store import schema

_envelope = TypeAdapter(Envelope)
SINGLE = "~"
"""What the name of a digest begins with that is none: mails to one address each."""
UNFINISHED: tuple[DeliveryState, ...] = ("queued", "sending", "dot", "deferred", "in_doubt", "held")


class Mailing:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- who gets what ---------------------------------------------------------

    def fresh(
        self, digest: str, addresses: Sequence[str], zones: Sequence[str], *, again: datetime | None = None
    ) -> dict[str, tuple[str, ...]]:
        """For each address the stories of *zones* that it has not been mailed, oldest arrival first.

        A story counts when it arrived after the address's cursor in one of these zones, is shown, and is not in the
        ledger; with *again* also when it arrived after that moment and since the address is a recipient.
        """
        arrival, recipient, mailed, story = schema.arrival, schema.recipient, schema.mailed, schema.story
        counts = arrival.c.seq > recipient.c.cursor
        if again is not None:
            counts |= (arrival.c.at > again) & (arrival.c.at > recipient.c.since)
        rows = self._connection.execute(
            select(recipient.c.address, arrival.c.story, func.min(arrival.c.seq).label("first"))
            .join(arrival, counts)
            .join(story, story.c.id == arrival.c.story)
            .where(
                recipient.c.digest == digest,
                recipient.c.address.in_(addresses),
                arrival.c.zone.in_(zones),
                arrival.c.loud.is_(True),
                story.c.withdrawn.is_(None),
                story.c.held.is_(False),
                ~exists().where(
                    mailed.c.digest == digest,
                    mailed.c.address == recipient.c.address,
                    mailed.c.story == arrival.c.story,
                ),
            )
            .group_by(recipient.c.address, arrival.c.story)
            .order_by(recipient.c.address, "first")
        )
        found: defaultdict[str, list[str]] = defaultdict(list)
        for row in rows:
            found[row.address].append(row.story)
        return {address: tuple(stories) for address, stories in found.items()}

    # -- editions --------------------------------------------------------------

    def edition(self, digest: str, slot: str) -> Edition | None:
        """The edition of a slot, None while it has not been frozen."""
        row = self._connection.execute(
            select(schema.edition).where(schema.edition.c.digest == digest, schema.edition.c.slot == slot)
        ).first()
        return _edition(row) if row else None

    def editions(self, digest: str | None = None, limit: int = 20) -> list[Edition]:
        """The latest editions, newest first."""
        query = (
            select(schema.edition)
            .where(schema.edition.c.digest.not_like(f"{SINGLE}%"))
            .order_by(schema.edition.c.id.desc())
            .limit(limit)
        )
        rows = self._connection.execute(query.where(schema.edition.c.digest == digest) if digest else query)
        return [_edition(row) for row in rows]

    def freeze(
        self,
        digest: str,
        slot: str,
        *,
        now: datetime,
        expires: datetime,
        letters: Sequence[tuple[Letter, Sequence[str], Mapping[str, Envelope]]],
        behind: Collection[str] = (),
    ) -> Edition:
        """Write an edition: each letter with its stories and the envelope of every address that gets it.

        The slot is unique in the digest and the ledger's rows are unique too, so a second freezing of either fails
        whole.  Without letters the edition is recorded as skipped.  Of the addresses *behind*, which are due more than
        is in their letter, the cursor stays: the ledger keeps the next edition from what is in this one.
        """
        stories = {story for _, ids, _ in letters for story in ids}
        state = "sending" if letters else "skipped"
        edition = self._insert(schema.edition, digest=digest, slot=slot, frozen=now, state=state, stories=len(stories))
        for letter, ids, envelopes in letters:
            self._post(edition, digest, letter, ids, envelopes, now, expires)
        self._connection.execute(
            update(schema.recipient)
            .where(schema.recipient.c.digest == digest, schema.recipient.c.address.not_in(behind))
            .values(cursor=self._newest())
        )
        found = self.edition(digest, slot)
        assert found is not None
        return found

    def single(
        self, kind: str, key: str, letter: Letter, envelope: Envelope, *, now: datetime, expires: datetime
    ) -> bool:
        """One mail to one address that is no edition of a digest, such as a request to confirm.

        It goes out like any delivery.  *key* is unique within *kind*: the same one again is False, and no second mail.
        """
        digest = f"{SINGLE}{kind}"
        if self.edition(digest, key):
            return False
        edition = self._insert(schema.edition, digest=digest, slot=key, frozen=now, state="sending", stories=0)
        self._post(edition, digest, letter, (), {envelope.recipient: envelope}, now, expires)
        return True

    # -- deliveries ------------------------------------------------------------

    def due(self, now: datetime, limit: int) -> list[Delivery]:
        """Deliveries whose time has come, oldest first."""
        return self._deliveries(
            select(schema.delivery)
            .where(
                schema.delivery.c.state.in_(("queued", "deferred")),
                schema.delivery.c.next_attempt <= now,
            )
            .order_by(schema.delivery.c.next_attempt, schema.delivery.c.id)
            .limit(limit)
        )

    def interrupted(self) -> list[Delivery]:
        """Deliveries that a process which is no more was in the middle of."""
        return self._deliveries(
            select(schema.delivery)
            .where(schema.delivery.c.state.in_(("sending", "dot", "in_doubt")))
            .order_by(schema.delivery.c.id)
        )

    def delivery(self, id: int) -> Delivery | None:
        """One delivery as it stands."""
        return next(iter(self._deliveries(select(schema.delivery).where(schema.delivery.c.id == id))), None)

    def contents(self, delivery: Delivery) -> tuple[Letter, Envelope]:
        """What the message of a delivery is rebuilt from."""
        row = self._connection.execute(
            select(schema.letter, schema.delivery.c.envelope)
            .join(schema.delivery, schema.delivery.c.letter == schema.letter.c.id)
            .where(schema.delivery.c.id == delivery.id)
        ).one()
        return Letter(subject=row.subject, text=row.text, html=row.html), _envelope.validate_json(row.envelope)

    def note(self, delivery: Delivery) -> None:
        """Keep how a delivery stands.  One that *expired* gives its stories back to the next edition."""
        self._connection.execute(
            update(schema.delivery)
            .where(schema.delivery.c.id == delivery.id)
            .values(
                state=delivery.state,
                next_attempt=delivery.next_attempt,
                expires=delivery.expires,
                attempts=delivery.attempts,
                doubts=delivery.doubts,
                reply=delivery.reply,
            )
        )
        if delivery.state == "expired":
            self._give_back(delivery)
        self._finish(delivery.edition)

    def tally(self, edition: int | None = None) -> dict[str, int]:
        """How many deliveries are in each state."""
        query = select(schema.delivery.c.state, func.count().label("many")).group_by(schema.delivery.c.state)
        rows = self._connection.execute(query.where(schema.delivery.c.edition == edition) if edition else query)
        return {row.state: row.many for row in rows}

    def late(self, since: datetime) -> int:
        """How many deliveries that were frozen before *since* have been tried in vain until now."""
        waiting = (
            select(func.count())
            .select_from(schema.delivery.join(schema.edition, schema.edition.c.id == schema.delivery.c.edition))
            .where(schema.delivery.c.state == "deferred", schema.edition.c.frozen < since)
        )
        return self._connection.scalar(waiting) or 0

    def troubled(self, since: datetime, limit: int = 20) -> list[Delivery]:
        """Deliveries that wait after an attempt, are held, or were given up in editions frozen after *since*."""
        query = (
            select(schema.delivery)
            .join(schema.edition, schema.edition.c.id == schema.delivery.c.edition)
            .where(
                schema.delivery.c.state.in_(("deferred", "held"))
                | (schema.delivery.c.state.in_(("failed", "expired")) & (schema.edition.c.frozen > since))
            )
            .order_by(schema.delivery.c.id.desc())
            .limit(limit)
        )
        return self._deliveries(query)

    def of_edition(self, edition: int) -> list[Delivery] | None:
        """The deliveries of an edition, None when there is no such edition."""
        known = select(schema.edition.c.id).where(schema.edition.c.id == edition)
        found = select(schema.delivery).where(schema.delivery.c.edition == edition).order_by(schema.delivery.c.id)
        return self._deliveries(found) if self._connection.scalar(known) else None

    def held(self, digest: str) -> list[Delivery]:
        """Deliveries of a digest that wait for the operator, because nobody can tell whether the relay took them."""
        found = select(schema.delivery).where(schema.delivery.c.digest == digest, schema.delivery.c.state == "held")
        return self._deliveries(found.order_by(schema.delivery.c.id))

    def doubtful(self) -> list[Delivery]:
        """Deliveries of which nobody could tell, at least once, whether the relay had taken them."""
        return self._deliveries(select(schema.delivery).where(schema.delivery.c.doubts > 0).order_by("id"))

    # -- inside ----------------------------------------------------------------

    def _newest(self) -> int:
        return self._connection.scalar(select(func.max(schema.arrival.c.seq))) or 0

    def _post(
        self,
        edition: int,
        digest: str,
        letter: Letter,
        stories: Sequence[str],
        envelopes: Mapping[str, Envelope],
        now: datetime,
        expires: datetime,
    ) -> None:
        written = self._insert(
            schema.letter, edition=edition, subject=letter.subject, text=letter.text, html=letter.html
        )
        for address, envelope in envelopes.items():
            delivery = self._insert(
                schema.delivery,
                edition=edition,
                letter=written,
                digest=digest,
                address=address,
                state="queued",
                next_attempt=now,
                expires=expires,
                attempts=0,
                doubts=0,
                envelope=_envelope.dump_json(envelope).decode(),
            )
            ledger = [{"digest": digest, "address": address, "story": story, "delivery": delivery} for story in stories]
            if ledger:
                self._connection.execute(insert(schema.mailed), ledger)

    def _insert(self, table: Table, **values: object) -> int:
        id = self._connection.scalar(insert(table).values(**values).returning(table.c.id))
        assert isinstance(id, int)
        return id

    def _give_back(self, delivery: Delivery) -> None:
        ours = select(schema.mailed.c.story).where(schema.mailed.c.delivery == delivery.id)
        first = self._connection.scalar(select(func.min(schema.arrival.c.seq)).where(schema.arrival.c.story.in_(ours)))
        if first is not None:
            self._connection.execute(
                update(schema.recipient)
                .where(
                    schema.recipient.c.digest == delivery.digest,
                    schema.recipient.c.address == delivery.address,
                    schema.recipient.c.cursor >= first,
                )
                .values(cursor=first - 1)
            )
        self._connection.execute(delete(schema.mailed).where(schema.mailed.c.delivery == delivery.id))

    def _finish(self, edition: int) -> None:
        open_ones = exists().where(schema.delivery.c.edition == edition, schema.delivery.c.state.in_(UNFINISHED))
        self._connection.execute(
            update(schema.edition)
            .where(schema.edition.c.id == edition, schema.edition.c.state == "sending", ~open_ones)
            .values(state="done")
        )

    def _deliveries(self, query: Select[tuple[object, ...]]) -> list[Delivery]:
        return [_delivery(row) for row in self._connection.execute(query)]


def _edition(row: Row[tuple[object, ...]]) -> Edition:
    return Edition(id=row.id, digest=row.digest, slot=row.slot, frozen=row.frozen, state=row.state, stories=row.stories)


def _delivery(row: Row[tuple[object, ...]]) -> Delivery:
    return Delivery(
        id=row.id,
        edition=row.edition,
        digest=row.digest,
        address=row.address,
        state=row.state,
        next_attempt=row.next_attempt,
        expires=row.expires,
        attempts=row.attempts,
        doubts=row.doubts,
        reply=row.reply,
    )
