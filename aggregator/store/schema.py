"""The tables.  Every change to them is a migration in ``migrations/``; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite, which knows no time zones, keeps the UTC wall time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone reached the store")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

poll = Table(
    "poll",
    metadata,
    Column("source", String, primary_key=True),
    Column("record", Text, nullable=False),
)

story = Table(
    "story",
    metadata,
    Column("id", String, primary_key=True),
    Column("published", Instant, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("withdrawn", Instant),
    Column("held", Boolean, nullable=False),
    Index(None, "published", "id"),
    Index(None, "changed"),
)

member = Table(
    "member",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("story", String, ForeignKey("story.id"), nullable=False, index=True),
    Column("source", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("words", String, nullable=False),
    Column("length", Integer, nullable=False),
    Column("rule", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("differs", Text, nullable=False, server_default=""),
    Column("anchors", LargeBinary),
    Column("anchored", Integer),
    Index(
        "ix_member_anchored",
        "seen",
        sqlite_where=text("anchored IS NOT NULL"),
        postgresql_where=text("anchored IS NOT NULL"),
    ),
)
"""*position* is the member's place in its story; *anchored* the day under which its anchors stand in ``anchor``, null
once they have been pruned.
"""

anchor = Table(
    "anchor",
    metadata,
    Column("value", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("member", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""By what texts have in common: at most 32 rows a member, in days since 1970, read by value within a window.

No foreign key: its cascade would want an index of its own, as large as the table.  A row whose member is gone finds
nothing.
"""

sentence = Table(
    "sentence",
    metadata,
    Column("source", String, primary_key=True),
    Column("value", BigInteger, primary_key=True, autoincrement=False),
    Column("openings", Text, nullable=False),
    Column("common", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_sentence_source_at", "source", "at"),
    Index("ix_sentence_common", "source", "value", sqlite_where=text("common"), postgresql_where=text("common")),
    sqlite_with_rowid=False,
)
"""What a source says under its items, and under which openings: what is *common* is left out of comparisons."""

related = Table(
    "related",
    metadata,
    Column("story", String, ForeignKey("story.id"), primary_key=True),
    Column("other", String, ForeignKey("story.id"), primary_key=True, index=True),
    Column("rule", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Pairs of stories to be linked and not merged, each once; *story* is the later one."""

key = Table(
    "key",
    metadata,
    Column("value", String, primary_key=True),
    Column("member", Integer, ForeignKey("member.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "member"),
)

arrival = Table(
    "arrival",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("story", String, ForeignKey("story.id"), nullable=False),
    Column("zone", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("loud", Boolean, nullable=False),
    UniqueConstraint("story", "zone"),
    sqlite_autoincrement=True,
)
"""Numbered inside the writer's turn.  One that is not *loud* (a source's first fetch) reaches no digest."""

tombstone = Table(
    "tombstone",
    metadata,
    Column("key", String, primary_key=True),
    Column("story", String, ForeignKey("story.id"), nullable=False),
    Column("published", Instant, nullable=False),
)
"""By what an entry is recognised whose story was deleted, so that it does not come back (``guards.grave``)."""

notice = Table(
    "notice",
    metadata,
    Column("story", String, ForeignKey("story.id"), primary_key=True),
    Column("expires", Instant, nullable=False, index=True),
)
"""Stories about wanted and missing persons, and when they are deleted."""

hand = Table(
    "hand",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("act", String, nullable=False),
    Column("story", String, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("undo", Text),
)
"""What an editor did: who, when, what, and why; *undo* is what a join must remember to be undone."""

edition = Table(
    "edition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    Column("slot", String, nullable=False),
    Column("frozen", Instant, nullable=False),
    Column("state", String, nullable=False),
    Column("stories", Integer, nullable=False),
    UniqueConstraint("digest", "slot"),
)

letter = Table(
    "letter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("edition", Integer, ForeignKey("edition.id"), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
)

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
    UniqueConstraint("edition", "address"),
    Index(None, "state", "next_attempt"),
)

mailed = Table(
    "mailed",
    metadata,
    Column("digest", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("story", String, primary_key=True),
    Column("delivery", Integer, ForeignKey("delivery.id"), nullable=False, index=True),
)
"""The ledger: its primary key is what makes sending a story twice to one subscriber impossible."""

recipient = Table(
    "recipient",
    metadata,
    Column("digest", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("cursor", Integer, nullable=False),
    Column("since", Instant, nullable=False),
)
"""A subscriber of a digest; arrivals up to *cursor* are behind them."""

intent = Table(
    "intent",
    metadata,
    Column("topic", String, primary_key=True),
    Column("callback", String, primary_key=True),
    Column("mode", String, nullable=False),
    Column("secret", String),
    Column("lease", Integer, nullable=False),
    Column("asked", Instant, nullable=False),
)
"""What was asked of our hub and is still to be confirmed; a later request takes the place of an earlier one."""


def _told() -> list[Column[Any]]:
    """How far somebody has been told of a topic."""
    return [
        Column("wanted", String, nullable=False),
        Column("delivered", String, nullable=False),
        Column("due", Instant, index=True),
        Column("attempts", Integer, nullable=False),
        Column("failing", Instant),
        Column("error", Text),
    ]


subscription = Table(
    "subscription",
    metadata,
    Column("topic", String, primary_key=True),
    Column("callback", String, primary_key=True),
    Column("host", String, nullable=False, index=True),
    Column("secret", String),
    Column("expires", Instant, nullable=False),
    *_told(),
)

ping = Table(
    "ping",
    metadata,
    Column("hub", String, primary_key=True),
    Column("topic", String, primary_key=True),
    *_told(),
)

lease = Table(
    "lease",
    metadata,
    Column("source", String, primary_key=True),
    Column("hub", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("token", String, nullable=False, unique=True),
    Column("secret", String, nullable=False),
    Column("wish", String, nullable=False),
    Column("asked", Instant),
    Column("due", Instant, nullable=False),
    Column("expires", Instant),
    Column("pushed", Instant),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
)
"""Our own subscriptions at the hubs of sources."""
