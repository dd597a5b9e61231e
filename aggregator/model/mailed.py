"""What we noted of the people who read a digest by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aggregator.model.sent import Envelope, Letter

SubscriberState = Literal["active", "paused", "suspended"]
"""*suspended*: what was sent came back.  Who has not confirmed is a ``Confirmation``, who has left a suppression."""
Format = Literal["both", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who gets the editions of one digest, and what of them.

    *subscriber* is None for a recipient in the configuration.  Of *zones* and *categories* an empty one is all of them.
    *token* is unguessable and stands in the links of the reader's mails (RFC 8058 §3.1); it never changes.
    """

    digest: str
    address: str
    token: str
    subscriber: int | None = None
    zones: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    format: Format = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What somebody wants to read: digests, and of each of them these zones and categories (none: all)."""

    digests: tuple[str, ...]
    zones: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    format: Format = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What was asked for at a form, and waits for the owner of *address* to say that they meant it.

    *subscriber* is who moves to the address, None for somebody who wants to subscribe.  *words* are what was agreed to,
    *version* names them.  *done* is when it was confirmed: a link works once.
    """

    token: str
    act: Literal["subscribe", "move"]
    address: str
    choices: Choices
    version: str
    words: str
    asked: datetime
    expires: datetime
    subscriber: int | None = None
    done: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Who subscribed, or was entered by the operator; a pause without *until* lasts until they end it."""

    id: int
    address: str
    state: SubscriberState
    created: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How often mail to a mailbox came back: *points*, when the last one counted, and its status (RFC 3463)."""

    points: float = 0.0
    last: datetime | None = None
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One line of the proof that a subscriber wanted this: what was done, when, and in which words.

    *source* says how we know of it.  There is no network address in it: it would prove nothing that the mailbox does
    not, and is personal data.
    """

    address: str
    digest: str
    act: Literal["asked", "confirmed", "moved", "entered", "imported", "left"]
    at: datetime
    version: str = ""
    words: str = ""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One letter of an edition: the *stories* that are new in it, the *updates* of others, and who gets it.

    *rest* is how many stories its readers are due beyond it.
    """

    letter: Letter
    stories: tuple[str, ...]
    envelopes: tuple[Envelope, ...]
    updates: tuple[str, ...] = ()
    rest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What the relay's log knows: the Message-IDs that were *taken*, those *begun*, from when until when."""

    taken: frozenset[str]
    begun: frozenset[str]
    since: datetime | None
    until: datetime | None
