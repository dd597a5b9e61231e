"""The tables.  Every change to them is a migration in ``migrations/``; a test compares the two."""

from aggregator.store.schema.base import Instant, metadata
from aggregator.store.schema.mail import (
    amended,
    content,
    delivery,
    edition,
    letter,
    mailed,
    recipient,
    subscriber,
    suppression,
)
from aggregator.store.schema.river import (
    anchor,
    arrival,
    hand,
    key,
    member,
    meta,
    notice,
    poll,
    related,
    sentence,
    story,
    tombstone,
)
from aggregator.store.schema.websub import intent, lease, ping, subscription

__all__ = [
    "Instant",
    "amended",
    "anchor",
    "arrival",
    "content",
    "delivery",
    "edition",
    "hand",
    "intent",
    "key",
    "lease",
    "letter",
    "mailed",
    "member",
    "meta",
    "metadata",
    "notice",
    "ping",
    "poll",
    "recipient",
    "related",
    "sentence",
    "story",
    "subscriber",
    "subscription",
    "suppression",
    "tombstone",
]
