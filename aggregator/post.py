"""One edition of one digest, from the store to the mailboxes.

    due → freeze → compose → hand over → note

``freeze`` is one transaction: the edition, its letters, a delivery for every recipient and the ledger, all or nothing.
From then on every delivery goes its own way through three durable steps around the one moment of SMTP at which nobody
can tell what happened (RFC 1047): *claimed*, *about to send the final dot*, *answered*.  A process that dies leaves
deliveries that the next one recovers: before the dot nothing was accepted, after it the same bytes go out once more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Literal
from zoneinfo import ZoneInfo

from aggregator import select, text, uri
from aggregator.digest import delivery as step
from aggregator.digest import render, slot_due
from aggregator.errors import MailError, StoreError
from aggregator.mail import Relay, compose
from aggregator.model import Config, Delivery, Digest, Edition, Envelope, Letter, Reader, Reply, Stream
from aggregator.publish import places
from aggregator.store import SINGLE, Store, Tx

Clock = Callable[[], datetime]
LONG_AGO = timedelta(days=2)
LONGEST = f"{'x' * 241}@example.org"  # an address can have no more than 254 characters (RFC 5321 §4.5.3.1.3)
LATELY = timedelta(days=30)
"""How long after its arrival a story may still become eligible for a stream that asks for more than a zone."""


def enrol(tx: Tx, config: Config, now: datetime) -> None:
    """Make the recipients of the configuration recipients from now on, and streams what they are from now on."""
    for digest in config.digests:
        tx.audience.enrol(digest.id, digest.recipients, now)
    for stream in config.streams:
        if tx.meta.get(f"selection:{stream.id}") != select.settings(stream):
            tx.meta.put(f"selection:{stream.id}", select.settings(stream))
            tx.meta.put(f"selection:{stream.id}:since", now.isoformat())


# -- freezing ----------------------------------------------------------------------


def due_slots(tx: Tx, config: Config, now: datetime) -> list[tuple[Digest, str]]:
    """The digests whose slot has come and that nobody froze before; for looking before taking the writer's turn."""
    timezone = ZoneInfo(config.timezone)
    slots = [(digest, slot_due(digest, timezone, now)) for digest in config.digests]
    return [(digest, slot) for digest, slot in slots if slot and tx.mailing.edition(digest.id, slot) is None]


def freeze_slot(tx: Tx, config: Config, digest: Digest, slot: str, now: datetime) -> Edition | None:
    """``freeze``, unless somebody else was quicker."""
    return None if tx.mailing.edition(digest.id, slot) else freeze(tx, config, digest, slot, now)


def missed(tx: Tx, config: Config, now: datetime) -> list[tuple[Digest, str]]:
    """The digests whose last slot passed unfrozen, beyond its grace: their stories go into the next edition."""
    timezone = ZoneInfo(config.timezone)
    passed = [(digest, slot_due(replace(digest, misfire_grace=LONG_AGO), timezone, now)) for digest in config.digests]
    return [
        (digest, slot)
        for digest, slot in passed
        if slot and slot_due(digest, timezone, now) != slot
        if tx.mailing.edition(digest.id, slot) is None and tx.mailing.editions(digest.id, limit=1)
    ]


def freeze(tx: Tx, config: Config, digest: Digest, slot: str, now: datetime) -> Edition:
    """Freeze the edition of *slot*: for every recipient what arrived and was not yet mailed to them.

    Recipients with the same news share a letter.  The slot is unique; freezing it again fails whole.  What arrived last
    and does not fit into the letter is not mailed, and its readers' cursors stay, so that the next edition has it.
    """
    letters: list[tuple[Letter, Sequence[str], dict[str, Envelope]]] = []
    behind: set[str] = set()
    for ids, readers in _readers(tx, config, digest, now):
        letter, many = _letter(tx, config, digest, slot, ids, now)
        envelopes = {reader.address: envelope(config, digest, slot, reader, now) for reader in readers}
        letters.append((letter, ids[:many], envelopes))
        behind.update(envelopes if many < len(ids) else ())
    expires = now + digest.expire
    return tx.mailing.freeze(digest.id, slot, now=now, expires=expires, letters=letters, behind=behind)


def preview(tx: Tx, config: Config, digest: Digest, now: datetime) -> tuple[Letter, Envelope] | None:
    """The letter and envelope that the first recipient would get now; None when there is nothing new."""
    tx.audience.enrol(digest.id, digest.recipients, now)
    for ids, readers in _readers(tx, config, digest, now):
        theirs = {reader.address: reader for reader in readers}
        first = next((theirs[address] for address in digest.recipients if address in theirs), None)
        if first:
            letter, _ = _letter(tx, config, digest, "preview", ids, now)
            return letter, envelope(config, digest, "preview", first, now)
    return None


def _readers(tx: Tx, config: Config, digest: Digest, now: datetime) -> list[tuple[tuple[str, ...], list[Reader]]]:
    """Which recipients are due the same stories, and so share a letter."""
    stream = config.stream(digest.stream)
    zones = config.zones_of(stream)
    again = _eligible_since(tx, stream, now) if select.is_filtered(stream) else None
    known = {reader.address: reader for reader in tx.audience.readers(digest.id, digest.recipients)}
    fresh = tx.mailing.fresh(digest.id, list(known), zones, again=again)
    if select.is_filtered(stream):
        stories = tx.stories.all(sorted({id for ids in fresh.values() for id in ids}))
        shown = {story.id for story in stories if select.shown(story, config, stream)}
        fresh = {address: tuple(id for id in ids if id in shown) for address, ids in fresh.items()}
    readers: defaultdict[tuple[str, ...], list[Reader]] = defaultdict(list)
    for address, ids in sorted(fresh.items()):
        if ids:
            readers[ids].append(known[address])
    return sorted(readers.items())


def _eligible_since(tx: Tx, stream: Stream, now: datetime) -> datetime:
    """Since when an arrival counts that was no news to the stream then: an edit or a second zone may have made it so.

    What arrived before the operator changed the stream is history to it, however old its recipients are.
    """
    since = tx.meta.get(f"selection:{stream.id}:since")
    return max(now - LATELY, datetime.fromisoformat(since)) if since else now


def _letter(tx: Tx, config: Config, digest: Digest, slot: str, ids: Sequence[str], now: datetime) -> tuple[Letter, int]:
    """The letter of the stories *ids*, in the order of their arrival, and how many of them it holds."""
    found = (select.shown(story, config, config.stream(digest.stream)) for story in tx.stories.all(ids))
    shown = [story for story in found if story]
    about = envelope(config, digest, slot, Reader(digest=digest.id, address=LONGEST, token="x" * 22), now)
    letter, many = render(config, digest, shown, now, lambda letter: _weight(letter, about))
    return letter, len(ids) if many == len(shown) else ids.index(shown[many].id)


def _weight(letter: Letter, about: Envelope) -> int:
    """The bytes of its message; none for one that cannot be sent, whatever its size."""
    try:
        return len(compose(letter, about))
    except MailError:
        return 0


def envelope(config: Config, digest: Digest, slot: str, reader: Reader, now: datetime) -> Envelope:
    """The fields of one message that are not its letter; the Message-ID derives from digest, slot and address.

    A reader without a token, to whom something is only shown, has no links of their own.
    """
    assert config.mail is not None
    base, token = places.base(config), reader.token
    domain = parseaddr(config.mail.sender)[1].rpartition("@")[2]
    return Envelope(
        sender=config.mail.sender,
        reply_to=config.mail.reply_to,
        recipient=reader.address,
        list_id=f"{digest.id}.{list_domain(config)}",
        message_id=f"<{digest.id}.{text.digest(config.base_url, digest.id, slot, reader.address)}@{domain}>",
        date=now,
        archive=f"{base}/{digest.stream}/",
        unsubscribe=f"{base}{places.UNSUBSCRIBE}{token}" if token else None,
        preferences=f"{base}{places.PREFERENCES}{token}" if token else None,
        view=f"{base}{places.edition(digest.id, slot)}" if digest.public and token else None,
    )


def list_domain(config: Config) -> str:
    """The domain under which our lists have their ids (RFC 2919)."""
    return uri.host(config.base_url)


# -- delivering --------------------------------------------------------------------


def recover(store: Store, config: Config, clock: Clock) -> list[Delivery]:
    """Take up the deliveries that a dead process left in the middle; to be called before any is claimed."""

    def take_up(tx: Tx) -> list[Delivery]:
        found = [
            step.recover(delivery, _policy(config, delivery.digest), clock()) for delivery in tx.mailing.interrupted()
        ]
        for delivery in found:
            tx.mailing.note(delivery)
        return found

    return store.submit(take_up).result()


def deliver_due(store: Store, relay: Relay, config: Config, clock: Clock, *, limit: int = 100) -> list[Delivery]:
    """Hand over up to *limit* deliveries whose time has come, one after the other."""
    due = store.look(lambda tx: tx.mailing.due(clock(), limit))
    return [deliver(store, relay, delivery, config, clock)[0] for delivery in due]


def deliver(
    store: Store,
    relay: Relay,
    delivery: Delivery,
    config: Config,
    clock: Clock,
    *,
    again: Callable[[], bool] = lambda: False,
) -> tuple[Delivery, Reply | None]:
    """Hand one due delivery to the relay, in three durable steps; what became of it, and what the relay said.

    *again* is asked, and may wait, when the store does not take the relay's answer; as long as it says so the store is
    tried again, for an answer that was heard is no doubt.  Synchronous: it belongs in the mailing thread.
    """
    claimed = store.submit(lambda tx: _claim(tx, delivery.id, config, clock())).result()
    if claimed is None or claimed.state != "sending":
        return claimed or delivery, None
    at_dot = step.dot(claimed)

    def before_dot() -> None:
        store.submit(lambda tx: tx.mailing.note(at_dot)).result()

    letter, about = store.look(lambda tx: tx.mailing.contents(claimed))
    reply = _hand_over(relay, letter, about, before_dot)
    answered = step.answered(at_dot if reply.phase == "dot" else claimed, reply, clock())
    if answered.state == "in_doubt":
        answered = step.recover(answered, _policy(config, delivery.digest), clock())
    _keep(store, answered, again)
    return answered, reply


def _keep(store: Store, answered: Delivery, again: Callable[[], bool]) -> None:
    while True:
        try:
            return store.submit(lambda tx: tx.mailing.note(answered)).result()
        except StoreError:
            if not again():
                raise


def _hand_over(relay: Relay, letter: Letter, about: Envelope, before_dot: Callable[[], None]) -> Reply:
    try:
        content = compose(letter, about)
    except MailError as failure:
        return Reply(phase="rcpt", code=553, text=str(failure))
    return relay.hand_over(parseaddr(about.sender)[1], about.recipient, content, before_dot)


def _claim(tx: Tx, id: int, config: Config, now: datetime) -> Delivery | None:
    """Claim a delivery if it is still due; one that is too late expires, one that nobody wants is cancelled."""
    delivery = tx.mailing.delivery(id)
    if delivery is None or delivery.state not in {"queued", "deferred"}:
        return delivery
    claimed = step.claim(delivery, now) if _wanted(tx, config, delivery) else step.cancel(delivery)
    tx.mailing.note(claimed)
    return claimed


def _wanted(tx: Tx, config: Config, delivery: Delivery) -> bool:
    """Whether its reader is one still; a mail to one address alone is always wanted."""
    if delivery.digest.startswith(SINGLE):
        return True
    configured = next((digest.recipients for digest in config.digests if digest.id == delivery.digest), None)
    return configured is not None and tx.audience.wants(delivery.digest, delivery.address, configured)


def _policy(config: Config, digest: str) -> Literal["resend", "hold"]:
    return next((known.in_doubt for known in config.digests if known.id == digest), "hold")
