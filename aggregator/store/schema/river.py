"""What is polled, and the stories that come of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from aggregator.store.schema.base import Instant, metadata

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
    Column("chosen", String),
    Column("pinned", Instant),
    Index(None, "published", "id"),
    Index(None, "changed"),
    Index(
        "ix_story_pinned",
        "pinned",
        sqlite_where=text("pinned IS NOT NULL"),
        postgresql_where=text("pinned IS NOT NULL"),
    ),
)
"""*chosen* is a key of the copy that an editor lets lead, *pinned* since when the story comes first."""

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
    Column("why", Text, nullable=False, server_default=""),
    Column("other", String),
)
"""What an editor did: who, when, what, and why, to a *story* or a digest (``digest/<id>``), with which *other* story.

*detail* says it to people; *undo* is what undoing has to know.
"""

ended = Table(
    "ended",
    metadata,
    Column("login", String, primary_key=True),
    Column("until", Instant, nullable=False, index=True),
)
"""Logins to the desk that somebody has ended, until they would have ended by themselves."""
