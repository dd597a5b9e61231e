"""What we noted of a digest: its editions, what they say, to whom, and what became of each mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an editor wants of an edition: one line of *introduction*, and the stories that come *first*, in this order.

    The order holds among the stories that stand under the same heading.
    """

    introduction: str = ""
    first: tuple[str, ...] = ()


AS_IT_COMES = Plan()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One sending of a digest.  *slot* names the moment it was due and is unique in the digest.

    One that is held goes out at *until*, or without one when somebody says so.
    """

    id: int
    digest: str
    slot: str
    frozen: datetime
    state: Literal["held", "sending", "done", "skipped", "cancelled"]
    stories: int = 0
    until: datetime | None = None
    plan: Plan = AS_IT_COMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a subscriber reads: the frozen, rendered part of a message that many recipients share."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a message is rebuilt from, byte for byte, whatever the configuration says by then.

    *sender* and *reply_to* are header values, *date* is the moment of freezing, or of an attempt hours after it
    (``digest.delivery.dated``).  *unsubscribe* is the reader's own one-click address (RFC 8058), *preferences* the page
    of their choices, *view* the edition's page, *leave* the mailbox by which they leave without anybody having to read
    that.
    """

    sender: str
    reply_to: str | None
    recipient: str
    list_id: str
    message_id: str
    date: datetime
    archive: str
    unsubscribe: str | None = None
    preferences: str | None = None
    view: str | None = None
    leave: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How far a hand-over to the relay came, and what the relay said (RFC 5321 §4.2).

    *code* is None when there was no answer; in phase ``dot`` that means nobody can tell whether it was taken.
    """

    phase: Literal["connect", "mail", "rcpt", "data", "dot"]
    code: int | None
    text: str


DeliveryState = Literal[
    "queued", "sending", "dot", "deferred", "in_doubt", "held", "sent", "failed", "expired", "cancelled"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One edition to one subscriber.

    *attempted* is when it was last taken for an attempt; *doubts* counts how often nobody could tell whether the relay
    took it; *reply* is what the relay said last, without addresses: it is logged, and an address of a subscriber may
    not be.
    """

    id: int
    edition: int
    digest: str
    address: str
    state: DeliveryState
    next_attempt: datetime
    expires: datetime
    attempts: int = 0
    doubts: int = 0
    reply: str | None = None
    attempted: datetime | None = None
