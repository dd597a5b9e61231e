"""The subscribers of our hub, and our own subscriptions at others."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Integer, String, Table, Text

from aggregator.store.schema.base import Instant, metadata

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
