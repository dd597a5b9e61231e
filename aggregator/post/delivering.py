"""One delivery after the other, in three durable steps around the one undecidable moment of SMTP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.utils import parseaddr

from aggregator import bounces
from aggregator.digest import delivery as step
from aggregator.errors import MailError, StoreError
from aggregator.mail import verp
from aggregator.mail.message import compose
from aggregator.mail.relay import Relay
from aggregator.model import Config, Delivery, Envelope, Letter, Reply
from aggregator.post.doubts import doubted
from aggregator.store import SINGLE, Store, Tx
from aggregator.witness import Witness

Clock = Callable[[], datetime]


def deliver_due(
    store: Store, relay: Relay, config: Config, clock: Clock, *, limit: int = 100, witness: Witness | None = None
) -> list[Delivery]:
    """Hand over up to *limit* deliveries whose time has come, one after the other."""
    due = store.look(lambda tx: tx.mailing.due(clock(), limit))
    return [deliver(store, relay, delivery, config, clock, witness=witness)[0] for delivery in due]


def deliver(
    store: Store,
    relay: Relay,
    delivery: Delivery,
    config: Config,
    clock: Clock,
    *,
    again: Callable[[], bool] = lambda: False,
    witness: Witness | None = None,
) -> tuple[Delivery, Reply | None]:
    """Hand one due delivery to the relay, in three durable steps; what became of it, and what the relay said.

    *again* is asked, and may wait, when the store does not take the relay's answer; as long as it says so the store is
    tried again, for an answer that was heard is no doubt.  *witness* knows of the step before the relay does; when it
    cannot be told, nothing is handed over and StoreError raised.  Synchronous: it belongs in the mailing thread.
    """
    claimed = store.submit(lambda tx: _claim(tx, delivery.id, config, clock())).result()
    if claimed is None or claimed.state != "sending":
        return claimed or delivery, None
    at_dot = claimed

    def before_dot() -> None:
        nonlocal at_dot
        at_dot = step.dot(claimed, clock())
        number = store.submit(lambda tx: _note(tx, at_dot)).result()
        if witness:
            _testify(store, witness, number, claimed, clock())

    letter, about, sender = store.look(lambda tx: (*tx.mailing.contents(claimed), _sender(tx, config, claimed)))
    reply = _hand_over(relay, letter, about, sender, before_dot)
    answered = step.answered(at_dot if reply.phase == "dot" else claimed, reply, clock())
    if answered.state == "in_doubt":
        answered = doubted(answered, config, clock())
    number = _keep(store, answered, clock(), again)
    if witness and reply.phase == "dot":
        with suppress(StoreError):  # the next step says it too, and cannot be taken without
            witness.note(number, clock(), durable=False)
    return answered, reply


def _note(tx: Tx, delivery: Delivery) -> int:
    """Keep how a delivery stands at the dot or after it, and count that; the number."""
    tx.mailing.note(delivery)
    return tx.mailing.move()


def _testify(store: Store, witness: Witness, number: int, claimed: Delivery, now: datetime) -> None:
    """Tell the witness that a mail is about to leave; one that cannot leave for it is in no doubt."""
    try:
        witness.note(number, now)
    except StoreError:
        store.submit(lambda tx: tx.mailing.note(step.recover(claimed, "hold", now))).result()
        raise


def _keep(store: Store, answered: Delivery, now: datetime, again: Callable[[], bool]) -> int:
    def keep(tx: Tx) -> int:
        bounces.refused(tx, answered, now)
        return _note(tx, answered)

    while True:
        try:
            return store.submit(keep).result()
        except StoreError:
            if not again():
                raise


def _sender(tx: Tx, config: Config, delivery: Delivery) -> str | None:
    """The address to which this mail, and no other, is returned; None where the operator has none for that."""
    if config.mail is None or config.mail.bounces is None:
        return None
    return verp.address(config.mail.bounces, verp.token(tx.audience.secret(), delivery.id))


def _hand_over(
    relay: Relay, letter: Letter, about: Envelope, sender: str | None, before_dot: Callable[[], None]
) -> Reply:
    try:
        content = compose(letter, about)
    except MailError as failure:
        return Reply(phase="rcpt", code=553, text=str(failure))
    return relay.hand_over(sender or parseaddr(about.sender)[1], about.recipient, content, before_dot)


def _claim(tx: Tx, id: int, config: Config, now: datetime) -> Delivery | None:
    """Claim a delivery if it is still due; one that is too late expires, one that nobody wants is cancelled."""
    delivery = tx.mailing.delivery(id)
    edition = tx.mailing.edition_of(delivery) if delivery else None
    if delivery is None or edition is None or delivery.state not in {"queued", "deferred"} or edition.state == "held":
        return delivery
    wanted = edition.state != "cancelled" and _wanted(tx, config, delivery)
    claimed = step.claim(delivery, now) if wanted else step.cancel(delivery)
    tx.mailing.note(claimed)
    if claimed.state == "sending" and now - edition.frozen > step.STALE:
        tx.mailing.write_on(claimed, step.dated(claimed, tx.mailing.envelope(claimed), now))
    if edition.state == "cancelled":
        tx.mailing.give_back(delivery.digest, delivery.id)
    return claimed


def _wanted(tx: Tx, config: Config, delivery: Delivery) -> bool:
    """Whether its reader is one still; a mail to one address alone is always wanted."""
    if delivery.digest.startswith(SINGLE):
        return True
    configured = next((digest.recipients for digest in config.digests if digest.id == delivery.digest), None)
    return configured is not None and tx.audience.wants(delivery.digest, delivery.address, configured)
