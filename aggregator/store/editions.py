"""Editions, who is due what, and the ledgers: what makes a digest neither lost nor sent twice.

A recipient's *cursor* counts arrivals.  ``fresh`` is what arrived after it and is not in the ledger; ``freeze`` writes
the edition, one delivery a recipient, the ledgers and the cursors in its caller's transaction: all of it or nothing.
The ledgers are written by the database itself, from the deliveries and from what is in their letters: ten thousand
readers of twenty stories are two hundred thousand rows.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from aggregator.model import AS_IT_COMES, DeliveryState, Edition, Envelope, Lot, Plan
from aggregator.store import schema
from aggregator.store.news import News, batches

SINGLE = "~"
"""What the name of a digest begins with that is none: mails to one address each."""
UNFINISHED: tuple[DeliveryState, ...] = ("queued", "sending", "dot", "deferred", "in_doubt", "held")
WAITING: tuple[DeliveryState, ...] = ("queued", "deferred")
_envelope = TypeAdapter(Envelope)


# Made once: it runs for every mail.
_FINISH = (
    update(schema.edition)
    .where(
        schema.edition.c.id == bindparam("of"),
        schema.edition.c.state == "sending",
        ~exists().where(schema.delivery.c.edition == bindparam("of"), schema.delivery.c.state.in_(UNFINISHED)),
    )
    .values(state="done")
)
_COUNT_AS_MAILED = insert(schema.mailed).from_select(
    ["digest", "address", "story"],
    select(schema.recipient.c.digest, schema.recipient.c.address, schema.arrival.c.story)
    .distinct()
    .where(
        schema.arrival.c.seq > schema.recipient.c.cursor,
        ~exists().where(
            schema.mailed.c.digest == schema.recipient.c.digest,
            schema.mailed.c.address == schema.recipient.c.address,
            schema.mailed.c.story == schema.arrival.c.story,
        ),
    ),
)


class Editions(News):
    # -- editions --------------------------------------------------------------

    def edition(self, digest: str, slot: str) -> Edition | None:
        """The edition of a slot, None while it has not been frozen."""
        return self._edition(schema.edition.c.digest == digest, schema.edition.c.slot == slot)

    def editions(self, digest: str | None = None, limit: int = 20) -> list[Edition]:
        """The latest editions, newest first."""
        columns = schema.edition.c
        query = select(schema.edition).where(columns.digest.not_like(f"{SINGLE}%")).order_by(columns.id.desc())
        return self._editions((query.where(columns.digest == digest) if digest else query).limit(limit))

    def on_the_way(self, digest: str | None = None) -> list[Edition]:
        """The editions that are held or being sent, newest first."""
        columns = schema.edition.c
        query = select(schema.edition).where(columns.state.in_(("held", "sending")))
        query = query.where(columns.digest == digest if digest else columns.digest.not_like(f"{SINGLE}%"))
        return self._editions(query.order_by(columns.id.desc()))

    def frozen_since(self, digest: str, moment: datetime) -> int:
        """How many editions with stories in them were frozen from *moment* on."""
        columns = schema.edition.c
        query = select(func.count()).select_from(schema.edition)
        since = (columns.digest == digest, columns.frozen >= moment, columns.state != "skipped")
        return self._connection.scalar(query.where(*since)) or 0

    def freeze(
        self,
        digest: str,
        slot: str,
        *,
        now: datetime,
        expires: datetime,
        lots: Sequence[Lot],
        state: str = "sending",
        until: datetime | None = None,
        advance: bool = True,
        plan: Plan = AS_IT_COMES,
    ) -> Edition:
        """Write an edition in *state*: each letter, what is in it, and a delivery for each of its envelopes.

        The slot is unique in the digest and the ledger's rows are unique too, so a second freezing of either fails
        whole.  Without lots the edition is recorded as skipped.  Of readers who are due more than is in their letter
        the cursor stays (of all of them without *advance*): the ledger keeps the next edition from what is in this one.
        """
        stories = {story for lot in lots for story in lot.stories}
        values: dict[str, object] = {"state": state, "until": until} if lots else {"state": "skipped"}
        values |= {"digest": digest, "slot": slot, "frozen": now, "stories": len(stories), **_written(plan)}
        edition = self._insert(schema.edition, **values)
        for lot in lots:
            self._post(edition, digest, lot, now, expires)
        if stories:
            self._enter_ledgers(edition)
        if advance:
            self.advance(digest, edition)
        return self._known(edition)

    def advance(self, digest: str, edition: int = 0) -> None:
        """Put all that has arrived behind the readers of *digest*, but those whose news *edition* left a rest of."""
        recipient, delivery, letter = schema.recipient.c, schema.delivery.c, schema.letter.c
        behind = select(delivery.address).join(schema.letter, letter.id == delivery.letter)
        behind = behind.where(delivery.edition == edition, letter.rest > 0)
        newest = self._connection.scalar(select(func.max(schema.arrival.c.seq))) or 0
        self._connection.execute(
            update(schema.recipient)
            .where(recipient.digest == digest, recipient.address.not_in(behind))
            .values(cursor=newest)
        )

    def keep(self, edition: Edition, *, now: datetime, expires: datetime) -> None:
        """Keep what became of a held edition, or of one that is to be held.

        What waits in one that is released may go at once, until *expires*.  What waits in a cancelled one is given up,
        and its stories go back to its readers' next edition.
        """
        columns = schema.edition.c
        values = {"state": edition.state, "until": edition.until}
        self._connection.execute(update(schema.edition).where(columns.id == edition.id).values(values))
        waiting = (schema.delivery.c.edition == edition.id) & schema.delivery.c.state.in_(WAITING)
        if edition.state == "sending":
            fresh = waiting & (schema.delivery.c.doubts == 0)
            self._connection.execute(update(schema.delivery).where(fresh).values(next_attempt=now))
            self._connection.execute(update(schema.delivery).where(waiting).values(expires=expires))
            self.finish(edition.id)
        elif edition.state == "cancelled":
            ids = select(schema.delivery.c.id).where(waiting)
            self._give_back(edition.digest, list(self._connection.scalars(ids)))
            self._connection.execute(update(schema.delivery).where(waiting).values(state="cancelled"))

    # -- what an editor wants of it ----------------------------------------------

    def plan(self, digest: str) -> Plan:
        """What is wanted of the edition that is frozen next."""
        row = self._connection.execute(select(schema.plan).where(schema.plan.c.digest == digest)).first()
        return _plan_of(row) if row else AS_IT_COMES

    def intend(self, digest: str, plan: Plan) -> None:
        """Want *plan* of the edition that is frozen next."""
        self._connection.execute(delete(schema.plan).where(schema.plan.c.digest == digest))
        if plan != AS_IT_COMES:
            self._connection.execute(insert(schema.plan).values(digest=digest, **_written(plan)))

    def is_untouched(self, edition: Edition) -> bool:
        """Whether it is held and nobody can have read it: none of its mails was tried."""
        columns = schema.delivery.c
        tried = (columns.state != "queued") | (columns.attempts > 0) | (columns.doubts > 0)
        found = select(columns.id).where(columns.edition == edition.id, tried).limit(1)
        return edition.state == "held" and self._connection.scalar(found) is None

    def thaw(self, edition: Edition) -> None:
        """Take an untouched edition back, as if it had never been frozen."""
        delivery, letter = schema.delivery.c, schema.letter.c
        ids = select(delivery.id).where(delivery.edition == edition.id)
        self._give_back(edition.digest, list(self._connection.scalars(ids)))
        self._connection.execute(delete(schema.delivery).where(delivery.edition == edition.id))
        letters = select(letter.id).where(letter.edition == edition.id)
        self._connection.execute(delete(schema.content).where(schema.content.c.letter.in_(letters)))
        self._connection.execute(delete(schema.letter).where(letter.edition == edition.id))
        self._connection.execute(delete(schema.edition).where(schema.edition.c.id == edition.id))

    def take_for_mailed(self, never: Collection[int] = ()) -> int:
        """Count all that has arrived, and all that waits but *never* was sent, as mailed; how many mails that gives up.

        Mails to one address alone too: who waits for one asks again.  The ledger says so as well as the cursors, so
        that a story which another zone joins later is no news either.
        """
        self._connection.execute(_COUNT_AS_MAILED)
        newest = self._connection.scalar(select(func.max(schema.arrival.c.seq))) or 0
        self._connection.execute(update(schema.recipient).values(cursor=newest))
        columns = schema.delivery.c
        unfinished = set(self._connection.scalars(select(columns.id).where(columns.state.in_(UNFINISHED))))
        given_up = sorted(unfinished - set(never))
        for batch in batches(given_up):
            self._connection.execute(update(schema.delivery).where(columns.id.in_(batch)).values(state="cancelled"))
        edition = schema.edition.c
        waits = exists().where(columns.edition == edition.id, columns.state.in_(UNFINISHED))
        over = update(schema.edition).where(edition.state.in_(("held", "sending")), ~waits)
        self._connection.execute(over.values(state="cancelled", until=None))
        return len(given_up)

    def give_back(self, digest: str, delivery: int) -> None:
        """Let the stories of a delivery that will not be made be news to its reader again."""
        self._give_back(digest, [delivery])

    def finish(self, edition: int) -> None:
        """An edition is done when each of its deliveries is settled."""
        self._connection.execute(_FINISH, {"of": edition})

    # -- inside ----------------------------------------------------------------

    def _post(self, edition: int, digest: str, lot: Lot, now: datetime, expires: datetime) -> None:
        told = lot.letter
        values = {"subject": told.subject, "text": told.text, "html": told.html, "rest": lot.rest}
        letter = self._insert(schema.letter, edition=edition, **values)
        self._list_content(letter, lot.stories, new=True)
        self._list_content(letter, lot.updates, new=False)
        common = {"edition": edition, "letter": letter, "digest": digest, "next_attempt": now, "expires": expires}
        common |= {"state": "queued", "attempts": 0, "doubts": 0}
        rows = [
            {**common, "address": each.recipient, "envelope": _envelope.dump_json(each).decode()}
            for each in lot.envelopes
        ]
        self._connection.execute(insert(schema.delivery), rows)

    def _list_content(self, letter: int, stories: Sequence[str], *, new: bool) -> None:
        """What is in a letter, in the version that stands in the store while it is frozen."""
        for batch in batches(stories):
            versions = self._connection.execute(select(schema.story).where(schema.story.c.id.in_(batch)))
            rows = [{"letter": letter, "story": row.id, "version": row.updated, "new": new} for row in versions]
            if rows:
                self._connection.execute(insert(schema.content), rows)

    def _enter_ledgers(self, edition: int) -> None:
        delivery, content = schema.delivery.c, schema.content.c
        columns = (delivery.digest, delivery.address, content.story)
        rows = schema.delivery.join(schema.content, content.letter == delivery.letter)
        here = delivery.edition == edition
        fresh = select(*columns, delivery.id).select_from(rows).where(here, content.new.is_(True))
        self._connection.execute(insert(schema.mailed).from_select(["digest", "address", "story", "delivery"], fresh))
        names = ["digest", "address", "story", "version", "delivery"]
        edits = select(*columns, content.version, delivery.id).select_from(rows).where(here, content.new.is_(False))
        self._connection.execute(insert(schema.amended).from_select(names, edits))

    def _give_back(self, digest: str, deliveries: Sequence[int]) -> None:
        """Out of the ledgers, and the cursors before the first of their stories; letter by letter."""
        delivery, recipient = schema.delivery.c, schema.recipient.c
        for batch in batches(deliveries):
            lost = delivery.id.in_(batch)
            for letter in self._connection.scalars(select(delivery.letter).distinct().where(lost)).all():
                first = self._first_arrival(letter)
                theirs = select(delivery.address).where(lost, delivery.letter == letter)
                before = (recipient.digest == digest, recipient.cursor >= first, recipient.address.in_(theirs))
                if first is not None:
                    self._connection.execute(update(schema.recipient).where(*before).values(cursor=first - 1))
            self._connection.execute(delete(schema.mailed).where(schema.mailed.c.delivery.in_(batch)))
            self._connection.execute(delete(schema.amended).where(schema.amended.c.delivery.in_(batch)))

    def _first_arrival(self, letter: int) -> int | None:
        content, arrival = schema.content.c, schema.arrival.c
        fresh = select(content.story).where(content.letter == letter, content.new.is_(True))
        first: int | None = self._connection.scalar(select(func.min(arrival.seq)).where(arrival.story.in_(fresh)))
        return first

    def _insert(self, table: Table, **values: object) -> int:
        id = self._connection.scalar(insert(table).values(**values).returning(table.c.id))
        assert isinstance(id, int)
        return id

    def _known(self, id: int) -> Edition:
        found = self._edition(schema.edition.c.id == id)
        assert found is not None
        return found

    def _edition(self, *where: ColumnElement[bool]) -> Edition | None:
        return next(iter(self._editions(select(schema.edition).where(*where))), None)

    def _editions(self, query: Select[tuple[object, ...]]) -> list[Edition]:
        return [edition_of(row) for row in self._connection.execute(query)]


def edition_of(row: Row[tuple[object, ...]]) -> Edition:
    """A row of the table, as what it is."""
    names = ("id", "digest", "slot", "frozen", "state", "stories", "until")
    return Edition(**{name: getattr(row, name) for name in names}, plan=_plan_of(row))


def _plan_of(row: Row[tuple[object, ...]]) -> Plan:
    return Plan(introduction=row.introduction, first=tuple(json.loads(row.foremost)))


def _written(plan: Plan) -> dict[str, str]:
    return {"introduction": plan.introduction, "foremost": json.dumps(plan.first)}
