"""What was published, by arrival: pages of the archive that never gain a story, and the tombstones.

A story's place in a stream is the number of its first arrival there.  Numbers are given once and in order, so that
pages cut by them stay as they are whatever comes later; a story that is brought back arrives anew, at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Subquery, func, select

from aggregator.model import Span, Withdrawn
from aggregator.store import schema


class Published:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def spans(self, zones: Sequence[str], size: int) -> list[Span]:
        """The full pages of *size* stories of these zones, the oldest first, withdrawn stories included."""
        first = _first(zones)
        numbered = select(first, func.row_number().over(order_by=first.c.seq).label("number")).subquery()
        page = (numbered.c.number - 1) // size
        rows = self._connection.execute(
            select(func.min(numbered.c.seq), func.max(numbered.c.seq), func.max(schema.story.c.changed))
            .join(schema.story, schema.story.c.id == numbered.c.story)
            .group_by(page)
            .having(func.count() == size)
            .order_by(page)
        )
        return [Span(first=first, last=last, changed=changed) for first, last, changed in rows]

    def between(self, zones: Sequence[str], first: int, last: int) -> list[str]:
        """The ids of the stories of these zones that arrived from *first* to *last*, in that order."""
        found = _first(zones)
        within = found.c.seq.between(first, last)
        return list(self._connection.scalars(select(found.c.story).where(within).order_by(found.c.seq)))

    def after(self, zones: Sequence[str], last: int) -> list[str]:
        """The ids of the stories of these zones that arrived after *last*, in that order."""
        found = _first(zones)
        return list(self._connection.scalars(select(found.c.story).where(found.c.seq > last).order_by(found.c.seq)))

    def withdrawn(self, zones: Sequence[str], limit: int) -> list[Withdrawn]:
        """The stories that were shown in these zones and are not any more, the latest first."""
        found = _first(zones)
        rows = self._connection.execute(
            select(schema.story.c.id, schema.story.c.withdrawn)
            .join(found, found.c.story == schema.story.c.id)
            .where(schema.story.c.withdrawn.is_not(None))
            .order_by(schema.story.c.withdrawn.desc(), schema.story.c.id)
            .limit(limit)
        )
        return [Withdrawn(story=id, at=at) for id, at in rows]

    def streams(self) -> list[str]:
        """The ids of all streams that were ever published, in order."""
        name, prefix = schema.meta.c.name, "presentation:"
        names = self._connection.scalars(select(name).where(name.startswith(prefix), ~name.endswith(":since")))
        return sorted(found.removeprefix(prefix) for found in names)


def _first(zones: Sequence[str]) -> Subquery:
    """The first arrival of each story in any of these zones."""
    arrival = schema.arrival.c
    return (
        select(arrival.story, func.min(arrival.seq).label("seq"))
        .where(arrival.zone.in_(zones))
        .group_by(arrival.story)
        .subquery()
    )
