"""What is shown, by the moment of its publication: the months of an archive, and the pages that they fill."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from aggregator.store import schema
from aggregator.store.conditions import SHOWN, in_zones

_story = schema.story.c


class Calendar:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def latest(self, zones: Sequence[str], before: datetime) -> datetime | None:
        """When the newest story of these zones was published that is older than *before*."""
        query = select(_story.published).where(SHOWN, in_zones(zones), _story.published < before)
        found: datetime | None = self._connection.scalar(query.order_by(_story.published.desc()).limit(1))
        return found

    def earliest(self, zones: Sequence[str], since: datetime) -> datetime | None:
        """When the oldest story of these zones was published that is not older than *since*."""
        query = select(_story.published).where(SHOWN, in_zones(zones), _story.published >= since)
        found: datetime | None = self._connection.scalar(query.order_by(_story.published).limit(1))
        return found

    def tally(self, zones: Sequence[str], since: datetime, before: datetime) -> tuple[int, datetime | None]:
        """How many stories of that time are shown, and when any of it changed last, withdrawals included."""
        shown = func.coalesce(func.sum(case((SHOWN, 1), else_=0)), 0)
        query = select(shown, func.max(_story.changed)).where(
            _story.published >= since, _story.published < before, in_zones(zones)
        )
        count, changed = self._connection.execute(query).one()
        return int(count), changed

    def ids(
        self, zones: Sequence[str], since: datetime, before: datetime, limit: int | None = None, offset: int = 0
    ) -> list[str]:
        """The ids of the stories of that time that are shown, the newest first."""
        query = select(_story.id).where(SHOWN, in_zones(zones), _story.published >= since, _story.published < before)
        query = query.order_by(_story.published.desc(), _story.id.desc()).limit(limit).offset(offset)
        return list(self._connection.scalars(query))

    def changes(self) -> dict[str, tuple[object, ...]]:
        """Of every story that is shown what its own page depends on: another value, perhaps another page."""
        rows = self._connection.execute(select(_story.id, _story.changed, SHOWN.label("shown"))).all()
        moments = {row.id: row.changed for row in rows}
        links: dict[str, list[tuple[str, datetime]]] = {}
        for one, two in self._connection.execute(select(schema.related.c.story, schema.related.c.other)):
            links.setdefault(one, []).append((two, moments[two]))
            links.setdefault(two, []).append((one, moments[one]))
        return {row.id: (row.changed, *sorted(links.get(row.id, ()))) for row in rows if row.shown}
