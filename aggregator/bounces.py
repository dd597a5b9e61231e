"""What a mail that came back changes: who is sent nothing more, and who has left.

A mail counts only by a token that its sender must have been sent.  So nobody is suspended or taken off a list by a
stranger: whoever can forge a failure of a reader's mail has that mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from aggregator import text
from aggregator.digest.reply import anonymous
from aggregator.mail import score, verp
from aggregator.mail.returned import Returned, Weight, refusal
from aggregator.model import Delivery
from aggregator.store import EVERY, SINGLE, Tx

RECENT = timedelta(days=14)
"""For how long after its edition a mail's failure is believed; a mail server gives up after five days (RFC 5321
§4.5.4.1)."""
LONGEST = 300
"""Characters that are kept of what a receiver said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a mail that came back; *words* name nobody.  What is ``unknown`` is for a human.

    ``objected``: the receiver would not have the mail, for what it is or who sends it, as one of this *edition*.
    """

    outcome: Literal["counted", "suspended", "left", "ignored", "objected", "unknown"]
    words: str
    edition: int | None = None


def take(tx: Tx, returned: Returned, now: datetime) -> Taken:
    """Do what a mail that came back asks for, if it has a token of ours."""
    match returned.kind:
        case "automatic":
            return Taken(outcome="ignored", words="an automatic answer")
        case "failure":
            return _failed(tx, returned, now)
        case "complaint":
            return _leave(tx, returned.inside, now, "complained")
        case "leave":
            return _leave(tx, returned.to, now, "unsubscribed")
        case "unknown":
            return Taken(outcome="unknown", words="nobody can tell what it is")


def refused(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """Count what a relay said at once of a recipient, as if it had come back later."""
    if delivery.state == "failed":
        _count(tx, delivery.address, refusal(delivery.reply or ""), delivery.reply or "", now)


def _failed(tx: Tx, returned: Returned, now: datetime) -> Taken:
    delivery = _delivery(tx, returned.to) or _delivery(tx, returned.inside)
    if delivery is None:
        return Taken(outcome="unknown", words="it says that a mail failed, and has no token of one")
    edition = tx.mailing.edition_of(delivery)
    told = f"mail {delivery.id} of digest {delivery.digest} came back: {returned.status or 'no status'}"
    if edition is None or now - edition.frozen > RECENT:
        return Taken(outcome="ignored", words=f"{told}; too late to count")
    if returned.weight == "none":
        _object(tx, delivery, returned)
        words = f"{told}; that is about the mail or its sender, not about the mailbox"
        return Taken(outcome="objected", words=words, edition=delivery.edition)
    if _count(tx, delivery.address, returned.weight, returned.status, now):
        return Taken(outcome="suspended", words=f"{told}; nothing more is sent there")
    return Taken(outcome="counted", words=told)


def _object(tx: Tx, delivery: Delivery, returned: Returned) -> None:
    """Keep what the receiver said as the last word on a mail, as if the relay had said it at once."""
    if delivery.state == "sent":
        said = anonymous(text.clean(returned.words), delivery.address)[:LONGEST]
        words = f"550 {returned.status} came back later" + (f": {said}" if said else "")
        tx.mailing.note(replace(delivery, reply=words))


def _count(tx: Tx, address: str, weight: Weight, status: str, now: datetime) -> bool:
    """Whether that was enough, and *address* is sent nothing more."""
    if weight == "none":
        return False
    found = score.after(tx.bounces.score(address), weight, status[:100], now)
    enough = found.points >= score.ENOUGH
    tx.bounces.note(address, score.cleared(found) if enough else found)
    if enough:
        _suspend(tx, address, now)
    return enough


def _suspend(tx: Tx, address: str, now: datetime) -> None:
    """A subscriber may resume; of a recipient in the configuration the operator lifts it."""
    subscriber = tx.subscribers.of(address)
    if subscriber:
        tx.subscribers.suspend(subscriber.id)
    for reader in tx.audience.by_address(address):
        if reader.subscriber is None:
            tx.audience.suppress(reader.address, reader.digest, "bounced", now)


def _leave(tx: Tx, tokens: Sequence[str], now: datetime, reason: Literal["unsubscribed", "complained"]) -> Taken:
    """By the token of a mail or by a reader's own: the digest that it stands for, and after a complaint every one."""
    delivery = _delivery(tx, tokens)
    reader = next((tx.audience.by_token(known) for found in tokens if (known := tx.bounces.token(found))), None)
    found = delivery or reader
    if found is None:
        return Taken(outcome="unknown", words="somebody wants to leave, and has no token")
    every = reason == "complained" or found.digest.startswith(SINGLE)
    source = "complaint" if reason == "complained" else "mail"
    digest = EVERY if every else found.digest
    if every:  # of a question to somebody who reads nothing as well: nobody may ask them again at a stranger's wish
        tx.audience.suppress(found.address, EVERY, reason, now)
    many = tx.subscribers.leave(found.address, now, digest=digest, reason=reason, source=source)
    return Taken(outcome="left", words=f"a reader {reason}, and has left {many} of our digests")


def _delivery(tx: Tx, tokens: Sequence[str]) -> Delivery | None:
    """The mail that one of these tokens proves to have been sent."""
    key = tx.audience.secret()
    numbers = (verp.delivery(key, found) for found in tokens)
    return next((mail for number in numbers if number and (mail := tx.mailing.delivery(number))), None)
