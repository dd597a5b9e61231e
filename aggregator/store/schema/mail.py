"""Editions, deliveries, the ledger, and who reads."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from aggregator.store.schema.base import Instant, metadata

edition = Table(
    "edition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    Column("slot", String, nullable=False),
    Column("frozen", Instant, nullable=False),
    Column("state", String, nullable=False),
    Column("stories", Integer, nullable=False),
    Column("until", Instant),
    Column("introduction", Text, nullable=False, server_default=""),
    Column("foremost", Text, nullable=False, server_default="[]"),
    UniqueConstraint("digest", "slot"),
)

plan = Table(
    "plan",
    metadata,
    Column("digest", String, primary_key=True),
    Column("introduction", Text, nullable=False),
    Column("foremost", Text, nullable=False),
)
"""What an editor wants of the edition that is frozen next: an introduction, and which stories come first."""

letter = Table(
    "letter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("edition", Integer, ForeignKey("edition.id"), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("rest", Integer, nullable=False, server_default="0"),
)

content = Table(
    "content",
    metadata,
    Column("letter", Integer, ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True),
    Column("story", String, primary_key=True),
    Column("version", Instant, nullable=False),
    Column("new", Boolean, nullable=False),
    Index(None, "story"),
)
"""What is in a letter: stories that are *new* to its readers, updates of others; *version* was their ``updated``."""

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("edition", Integer, ForeignKey("edition.id"), nullable=False),
    Column("letter", Integer, ForeignKey("letter.id"), nullable=False),
    Column("digest", String, nullable=False),
    Column("address", String, nullable=False),
    Column("state", String, nullable=False),
    Column("next_attempt", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("doubts", Integer, nullable=False),
    Column("reply", Text),
    Column("envelope", Text, nullable=False),
    Column("attempted", Instant),
    UniqueConstraint("edition", "address"),
    Index(None, "state", "next_attempt"),
    Index(None, "edition", "state"),
)

mailed = Table(
    "mailed",
    metadata,
    Column("digest", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("story", String, primary_key=True),
    Column("delivery", Integer, ForeignKey("delivery.id"), index=True),
    Index(None, "story"),
)
"""The ledger: its primary key is what makes sending a story twice to one subscriber impossible.

*delivery* is null once that is kept no longer.
"""

amended = Table(
    "amended",
    metadata,
    Column("digest", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("story", String, primary_key=True),
    Column("version", Instant, primary_key=True),
    Column("delivery", Integer, ForeignKey("delivery.id", ondelete="CASCADE"), index=True),
)
"""The ledger of updates: its primary key is what makes sending one of them twice impossible."""

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", String, nullable=False, unique=True),
    Column("state", String, nullable=False),
    Column("created", Instant, nullable=False),
    Column("until", Instant),
)
"""Who subscribed by themselves; a pause without *until* lasts until they end it."""

confirmation = Table(
    "confirmation",
    metadata,
    Column("token", String, primary_key=True),
    Column("act", String, nullable=False),
    Column("address", String, nullable=False, index=True),
    Column("choices", Text, nullable=False),
    Column("version", String, nullable=False),
    Column("words", Text, nullable=False),
    Column("asked", Instant, nullable=False),
    Column("expires", Instant, nullable=False, index=True),
    Column("subscriber", Integer, ForeignKey("subscriber.id"), index=True),
    Column("done", Instant),
)
"""What somebody asked for at a form and has to confirm by mail."""

consent = Table(
    "consent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", String, nullable=False, index=True),
    Column("digest", String, nullable=False),
    Column("act", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("version", String, nullable=False),
    Column("words", Text, nullable=False),
    Column("source", Text, nullable=False),
)
"""What a subscriber agreed to, when, and in which words; no network address."""

told = Table(
    "told",
    metadata,
    Column("hash", String, primary_key=True),
    Column("at", Instant, nullable=False),
)
"""When a mailbox was last sent a mail that anybody could have asked for, by a keyed hash."""

recipient = Table(
    "recipient",
    metadata,
    Column("digest", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("cursor", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("subscriber", Integer, ForeignKey("subscriber.id"), index=True),
    Column("token", String),
    Column("zones", Text, nullable=False, server_default="[]"),
    Column("categories", Text, nullable=False, server_default="[]"),
    Column("format", String, nullable=False, server_default="both"),
    Column("folded", String),
    Index(None, "token", unique=True),
    Index(None, "folded"),
)
"""A reader of a digest; arrivals up to *cursor* are behind them.  *subscriber* is null for the configuration's own."""

suppression = Table(
    "suppression",
    metadata,
    Column("hash", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Whom nothing may be sent to: a keyed hash of the address, and the digest, or none for all."""

bounce = Table(
    "bounce",
    metadata,
    Column("address", String, primary_key=True),
    Column("points", Float, nullable=False),
    Column("last", Instant),
    Column("status", String, nullable=False),
)
"""How often mail to an address, in small letters, came back."""
