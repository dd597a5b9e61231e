"""What may be alike, found without comparing: 32 rows an entry, read by value within a window.

Every anchor is one seek in a B-tree, whose newest rows alone are read where thousands have it: such an anchor tells
little anyway.  So an entry costs the same in a database of a million.  Anchors of entries that were first seen before
the longest window are taken out by the turns that bring new ones, a few at a time (``prune``).
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from itertools import chain
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text, update

from aggregator.store import schema
from aggregator.store.among import array
from aggregator.store.direct import Direct

HITS = 2
"""How many anchors two entries must have in common."""
CANDIDATES = 12
"""How many members are candidates at most, those with the most anchors in common: as many as are compared."""
DEPTH = 40
"""How many rows of one anchor are read at most; one that so many have tells little."""
_MORE = 3
"""How many anchors that many have are worth the difference between them and one that few have."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Anchors:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def alike(self, anchors: Sequence[int], around: datetime, span: timedelta) -> list[int]:
        """The members that have at least two of *anchors*, published within *span*, the likeliest first."""
        if not anchors:
            return []
        database = self._connection.dialect.name
        some = json.dumps(anchors) if database == "sqlite" else array(anchors)
        since, until = day_of(around - span), day_of(around + span)
        found = _MEMBERS[database].scalars(self._connection, anchors=some, since=since, until=until, depth=DEPTH)
        return _likeliest([members.split(",") for members in (found[0] or "").split(";") if members])

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


# One seek for each anchor, and all members as one value: a row for each takes a driver longer than finding it.
_EVERY = (
    "SELECT {0}((SELECT {0}(CAST(member AS text), ',') FROM (SELECT member FROM anchor WHERE anchor.value ="
    " wanted.value AND day BETWEEN :since AND :until ORDER BY day DESC, member DESC LIMIT :depth) AS newest), ';')"
    " AS members FROM {1}"
)
_MEMBERS = {
    "sqlite": Direct(text(_EVERY.format("group_concat", "json_each(:anchors) AS wanted"))),
    "postgresql": Direct(text(_EVERY.format("string_agg", "unnest(CAST(:anchors AS bigint[])) AS wanted(value)"))),
}


def _likeliest(having: Collection[Sequence[str]]) -> list[int]:
    """The members that come up twice at least, most first; *having* are for each anchor the newest that have it.

    What few have counts for more than what many have: the newest forms of a series have the anchors of its template,
    and a copy of one that is not so new has those of what it tells.
    """
    every = Counter(chain.from_iterable(having))
    few = Counter(chain.from_iterable(members for members in having if len(members) < DEPTH))
    found = ((hits + _MORE * few[member], int(member)) for member, hits in every.items() if hits >= HITS)
    return [member for _, member in nlargest(CANDIDATES, found)]


def day_of(moment: datetime) -> int:
    """The day in UTC, counted from 1970."""
    return (moment - _EPOCH).days


def packed(anchors: Sequence[int]) -> bytes | None:
    """Anchors as bytes, eight each; None for none."""
    return struct.pack(f"<{len(anchors)}q", *anchors) if anchors else None


def unpacked(value: bytes | None) -> tuple[int, ...]:
    """What ``packed`` packed."""
    return struct.unpack(f"<{len(value) // 8}q", value) if value else ()
