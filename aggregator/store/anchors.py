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

from sqlalchemy import Connection, TextClause, delete, insert, select, text, update

from aggregator.store import schema

HITS = 2
"""How many anchors two entries must have in common."""
CANDIDATES = 12
"""How many members are candidates at most, those with the most anchors in common: as many as are compared."""
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
        bounds = {"since": since, "until": until, "depth": DEPTH, "hits": HITS, "most": CANDIDATES}
        if self._connection.dialect.name == "postgresql":
            found = self._connection.execute(_AT_ONCE, {"anchors": list(anchors), **bounds})
        else:
            values = {f"v{number}": value for number, value in enumerate(anchors)}
            found = self._connection.execute(_one_by_one(len(anchors)), {**values, **bounds})
        return list(dict.fromkeys(row.story for row in found))

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


# As text: SQLAlchemy takes longer to build and look up an expression of this size than a database to answer it.
_NEWEST = "SELECT member FROM anchor WHERE value = {} AND day BETWEEN :since AND :until ORDER BY day DESC, member DESC"
_MOST = (
    "SELECT story FROM (SELECT found.member, count(*) AS hits FROM {} GROUP BY found.member HAVING count(*) >= :hits "
    "ORDER BY hits DESC, found.member DESC LIMIT :most) AS candidate JOIN member ON member.id = candidate.member "
    "ORDER BY hits DESC, member.id DESC"
)
_AT_ONCE = text(
    _MOST.format(
        "unnest(CAST(:anchors AS bigint[])) AS wanted(value) "
        f"CROSS JOIN LATERAL ({_NEWEST.format('wanted.value')} LIMIT :depth) AS found"
    )
)


@cache
def _one_by_one(many: int) -> TextClause:
    """The query for so many anchors in SQLite, which cannot join a bounded query for each of them."""
    newest = (_NEWEST.format(f":v{number}") for number in range(many))
    each = " UNION ALL ".join(f"SELECT member FROM ({one} LIMIT :depth)" for one in newest)  # noqa: S608 - our own words
    return text(_MOST.format(f"({each}) AS found"))


def day_of(moment: datetime) -> int:
    """The day in UTC, counted from 1970."""
    return (moment - _EPOCH).days


def packed(anchors: Sequence[int]) -> bytes | None:
    """Anchors as bytes, eight each; None for none."""
    return struct.pack(f"<{len(anchors)}q", *anchors) if anchors else None


def unpacked(value: bytes | None) -> tuple[int, ...]:
    """What ``packed`` packed."""
    return struct.unpack(f"<{len(value) // 8}q", value) if value else ()
