"""What we noted of the people who read a digest by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aggregator.model.noted import Envelope, Letter

SubscriberState = Literal["pending", "active", "paused", "suspended"]
"""*pending*: not confirmed yet; *suspended*: what was sent came back.  Who has left is a suppression and no row."""


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
    format: Literal["both", "text"] = "both"


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
