"""Deliveries: one edition to one subscriber each, and how they stand; mails to one address alone too."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Integer, Row, Select, String, bindparam, cast, func, select, update

from aggregator.model import Delivery, DeliveryState, Edition, Envelope, Letter, Lot
from aggregator.store import schema
from aggregator.store.editions import SINGLE, UNFINISHED, WAITING, Editions
from aggregator.store.editions import edition_of as as_edition
from aggregator.store.meta import Meta

_envelope = TypeAdapter(Envelope)


_CHANGING = ("state", "next_attempt", "expires", "attempts", "doubts", "reply", "attempted")

# Made once: these run for every mail, and building them would take longer than carrying them out.
_DELIVERY = select(schema.delivery).where(schema.delivery.c.id == bindparam("delivery"))
_EDITION = select(schema.edition).where(schema.edition.c.id == bindparam("edition"))
_CONTENTS = (
    select(schema.letter, schema.delivery.c.envelope)
    .join(schema.delivery, schema.delivery.c.letter == schema.letter.c.id)
    .where(schema.delivery.c.id == bindparam("delivery"))
)
_NOTE = (
    update(schema.delivery)
    .where(schema.delivery.c.id == bindparam("delivery"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_REVISION = "mailing:revision"
_MOVE = (
    update(schema.meta)
    .where(schema.meta.c.name == _REVISION)
    .values(value=cast(cast(schema.meta.c.value, Integer) + 1, String))
    .returning(schema.meta.c.value)
)


class Mailing(Editions):
    def single(
        self, kind: str, key: str, letter: Letter, envelope: Envelope, *, now: datetime, expires: datetime
    ) -> bool:
        """One mail to one address that is no edition of a digest, such as a request to confirm.

        It goes out like any delivery.  *key* is unique within *kind*: the same one again is False, and no second mail.
        """
        digest = f"{SINGLE}{kind}"
        if self.edition(digest, key):
            return False
        lot = Lot(letter=letter, stories=(), envelopes=(envelope,))
        self.freeze(digest, key, now=now, expires=expires, lots=[lot], advance=False)
        return True

    # -- deliveries ------------------------------------------------------------

    def due(self, now: datetime, limit: int) -> list[Delivery]:
        """Deliveries whose time has come, of editions that are not held, oldest first."""
        columns = schema.delivery.c
        return self._deliveries(
            select(schema.delivery)
            .join(schema.edition, schema.edition.c.id == columns.edition)
            .where(columns.state.in_(WAITING), columns.next_attempt <= now, schema.edition.c.state != "held")
            .order_by(columns.next_attempt, columns.id)
            .limit(limit)
        )

    def in_doubt(self, now: datetime) -> list[tuple[Delivery, str]]:
        """Deliveries in doubt about which the relay's log is to be asked now, each with its Message-ID."""
        columns = schema.delivery.c
        return self._with_ids((columns.state == "in_doubt") & (columns.next_attempt <= now))

    def waiting(self) -> list[tuple[Delivery, str]]:
        """Deliveries that wait, each with its Message-ID."""
        return self._with_ids(schema.delivery.c.state.in_(WAITING))

    def interrupted(self) -> list[Delivery]:
        """Deliveries that a process which is no more was in the middle of."""
        return self._deliveries(
            select(schema.delivery)
            .where(schema.delivery.c.state.in_(("sending", "dot", "in_doubt")))
            .order_by(schema.delivery.c.id)
        )

    def delivery(self, id: int) -> Delivery | None:
        """One delivery as it stands."""
        row = self._connection.execute(_DELIVERY, {"delivery": id}).first()
        return _delivery(row) if row else None

    def edition_of(self, delivery: Delivery) -> Edition | None:
        """The edition that a delivery is part of."""
        row = self._connection.execute(_EDITION, {"edition": delivery.edition}).first()
        return as_edition(row) if row else None

    def answers(self, edition: int) -> list[str | None]:
        """What the relay said of each mail of an edition that it took or refused for good."""
        columns = schema.delivery.c
        found = select(columns.reply).where(columns.edition == edition, columns.state.in_(("sent", "failed")))
        return list(self._connection.scalars(found))

    def contents(self, delivery: Delivery) -> tuple[Letter, Envelope]:
        """What the message of a delivery is rebuilt from."""
        row = self._connection.execute(_CONTENTS, {"delivery": delivery.id}).one()
        return Letter(subject=row.subject, text=row.text, html=row.html), _envelope.validate_json(row.envelope)

    def refusals(self, since: datetime) -> list[str]:
        """What was said of each mail of editions frozen after *since* that was refused for good, at once or later."""
        columns = schema.delivery.c
        found = (
            select(columns.reply)
            .join(schema.edition, schema.edition.c.id == columns.edition)
            .where(schema.edition.c.frozen > since, columns.state.in_(("sent", "failed")), columns.reply.like("5%"))
        )
        return [reply for reply in self._connection.scalars(found) if reply]

    def envelope(self, delivery: Delivery) -> Envelope:
        """The fields of a delivery's message that are not its letter."""
        columns = schema.delivery.c
        return _envelope.validate_json(
            self._connection.execute(select(columns.envelope).where(columns.id == delivery.id)).scalar_one()
        )

    def write_on(self, delivery: Delivery, envelope: Envelope) -> None:
        """Have other fields in the message of a delivery."""
        written = _envelope.dump_json(envelope).decode()
        here = schema.delivery.c.id == delivery.id
        self._connection.execute(update(schema.delivery).where(here).values(envelope=written))

    def note(self, delivery: Delivery) -> None:
        """Keep how a delivery stands.  One that *expired* gives its stories back to the next edition."""
        values = {name: getattr(delivery, name) for name in _CHANGING}
        self._connection.execute(_NOTE, {"delivery": delivery.id, **values})
        if delivery.state == "expired":
            self.give_back(delivery.digest, delivery.id)
        if delivery.state not in UNFINISHED:
            self.finish(delivery.edition)

    def revision(self) -> int:
        """How many steps mails have ever taken at the final dot; 0 when none was counted yet."""
        return int(Meta(self._connection).get(_REVISION) or 0)

    def move(self) -> int:
        """Count one more of these steps; the number of it."""
        moved = self._connection.scalar(_MOVE)
        return int(moved) if moved else self.move_to(1)

    def move_to(self, number: int) -> int:
        """Count on from *number*, unless more were counted already; from where."""
        found = max(number, self.revision())
        Meta(self._connection).put(_REVISION, str(found))
        return found

    def tally(self, edition: int | None = None) -> dict[str, int]:
        """How many deliveries are in each state."""
        query = select(schema.delivery.c.state, func.count().label("many")).group_by(schema.delivery.c.state)
        rows = self._connection.execute(query.where(schema.delivery.c.edition == edition) if edition else query)
        return {row.state: row.many for row in rows}

    def tally_of(self, states: Collection[DeliveryState]) -> dict[str, int]:
        """How many deliveries are in each of these *states*, of which there are few; cheap."""
        state = schema.delivery.c.state
        query = select(state, func.count().label("many")).where(state.in_(states)).group_by(state)
        return {row.state: row.many for row in self._connection.execute(query)}

    def late(self, since: datetime) -> int:
        """How many deliveries that were frozen before *since* have been tried in vain until now.

        Mails to one address alone do not count: strangers have them sent, to addresses of their choice.
        """
        waiting = (
            select(func.count())
            .select_from(schema.delivery.join(schema.edition, schema.edition.c.id == schema.delivery.c.edition))
            .where(
                schema.delivery.c.state == "deferred",
                schema.edition.c.frozen < since,
                schema.edition.c.state != "held",
                schema.edition.c.digest.not_like(f"{SINGLE}%"),
            )
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

    def _with_ids(self, where: ColumnElement[bool]) -> list[tuple[Delivery, str]]:
        rows = self._connection.execute(select(schema.delivery).where(where).order_by(schema.delivery.c.id))
        return [(_delivery(row), _envelope.validate_json(row.envelope).message_id) for row in rows]

    def _deliveries(self, query: Select[tuple[object, ...]]) -> list[Delivery]:
        return [_delivery(row) for row in self._connection.execute(query)]


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
        attempted=row.attempted,
    )
