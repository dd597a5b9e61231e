"""What may be alike, found without comparing: 32 rows an entry, read by value within a window.

Every anchor is one seek in a B-tree, whose newest rows alone are read where thousands have it: such an anchor tells
nothing anyway.  So an entry costs the same in a database of a million.  Anchors of entries that were first seen before
the longest window are taken out by the turns that bring new ones, a few at a time (``prune``).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, union_all, update

from aggregator.store import schema

HITS = 2
"""How many anchors two entries must have in common."""
CANDIDATES = 50
"""How many members are candidates at most, those with the most anchors in common."""
DEPTH = 200
"""How many rows of one anchor are read at most."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Anchors:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def alike(self, anchors: Sequence[int], around: datetime, span: timedelta) -> list[str]:
        """The stories of the members that have at least two of *anchors*, published within *span*, most first."""
        if not anchors:
            return []
        since, until = day_of(around - span), day_of(around + span)
        values = {f"v{number}": value for number, value in enumerate(anchors)}
        found = self._connection.execute(_candidates(len(anchors)), {**values, "since": since, "until": until})
        members = [row.member for row in found]
        stories = {
            row.id: row.story
            for row in self._connection.execute(
                select(schema.member.c.id, schema.member.c.story).where(schema.member.c.id.in_(members))
            )
        }
        return list(dict.fromkeys(stories[member] for member in members if member in stories))

    def keep(self, member: int, row: dict[str, Any]) -> None:
        """Index the anchors of *row*, which is the member's."""
        if row["anchored"] is not None:
            rows = [{"value": v, "day": row["anchored"], "member": member} for v in unpacked(row["anchors"])]
            self._connection.execute(insert(schema.anchor), rows)

    def drop(self, row: dict[str, Any]) -> None:
        """Take the anchors of *row* out of the index."""
        if row["anchored"] is not None:
            columns = schema.anchor.c
            self._connection.execute(
                delete(schema.anchor).where(
                    columns.value.in_(unpacked(row["anchors"])),
                    columns.day == row["anchored"],
                    columns.member == row["id"],
                )
            )

    def prune(self, before: datetime, limit: int) -> int:
        """Forget the anchors of at most *limit* members that were first seen before *before*; how many there were."""
        columns = schema.member.c
        old = self._connection.execute(
            select(columns.id, columns.anchors, columns.anchored)
            .where(columns.anchored.is_not(None), columns.seen < before)
            .order_by(columns.seen)
            .limit(limit)
        ).all()
        for row in old:
            self.drop(row._asdict())
        if old:
            pruned = [row.id for row in old]
            self._connection.execute(
                update(schema.member).where(columns.id.in_(pruned)).values(anchors=None, anchored=None)
            )
        return len(old)


@cache
def _candidates(many: int) -> Select[tuple[int]]:
    """The query for so many anchors.  It is a query an anchor, because only so can each be bounded."""
    found = union_all(*(_having(f"v{number}") for number in range(many))).subquery()
    return (
        select(found.c.member)
        .group_by(found.c.member)
        .having(func.count() >= HITS)
        .order_by(func.count().desc(), found.c.member.desc())
        .limit(CANDIDATES)
    )


def _having(name: str) -> Select[tuple[int]]:
    """The newest members that have the anchor bound to *name*."""
    columns = schema.anchor.c
    newest = (
        select(columns.member)
        .where(columns.value == bindparam(name), columns.day.between(bindparam("since"), bindparam("until")))
        .order_by(columns.day.desc(), columns.member.desc())
        .limit(DEPTH)
        .subquery()
    )
    return select(newest.c.member)


def day_of(moment: datetime) -> int:
    """The day in UTC, counted from 1970."""
    return (moment - _EPOCH).days


def packed(anchors: Sequence[int]) -> bytes | None:
    """Anchors as bytes, eight each; None for none."""
    return struct.pack(f"<{len(anchors)}q", *anchors) if anchors else None


def unpacked(value: bytes | None) -> tuple[int, ...]:
    """What ``packed`` packed."""
    return struct.unpack(f"<{len(value) // 8}q", value) if value else ()
