"""What is kept no longer, and what stays of it: keys by which it is recognised, and no words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, insert, or_, select, update

from aggregator.store import schema

_BATCH = 500
"""How many values one IN list takes."""


class Retention:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def published(self, since: datetime, before: datetime, limit: int) -> list[tuple[datetime, str]]:
        """Stories with copies that were published from *since* on and before *before*, oldest first."""
        story = schema.story.c
        copies = exists().where(schema.member.c.story == story.id)
        between = (story.published >= since, story.published < before, copies)
        query = select(story.published, story.id).where(*between).order_by(story.published, story.id)
        return [(row.published, row.id) for row in self._connection.execute(query.limit(limit))]

    def changed_after(self, moment: datetime, id: str, limit: int) -> list[tuple[datetime, str]]:
        """Stories that changed after *moment* (or then, with a greater id), in that order."""
        story = schema.story.c
        later = or_(story.changed > moment, and_(story.changed == moment, story.id > id))
        query = select(story.changed, story.id).where(later).order_by(story.changed, story.id)
        return [(row.changed, row.id) for row in self._connection.execute(query.limit(limit))]

    def bury(self, story: str, keys: Iterable[str], published: datetime) -> None:
        """Keep that entries with one of *keys* are not to come back, and nothing that quotes *story*."""
        wanted = dict.fromkeys(keys)
        known = self.buried(wanted)
        values = [{"key": key, "story": story, "published": published} for key in wanted if key not in known]
        if values:
            self._connection.execute(insert(schema.tombstone), values)
        self._connection.execute(delete(schema.notice).where(schema.notice.c.story == story))
        related = schema.related.c
        self._connection.execute(delete(schema.related).where(or_(related.story == story, related.other == story)))
        self._connection.execute(update(schema.hand).where(schema.hand.c.story == story).values(undo=None))

    def buried(self, keys: Iterable[str]) -> dict[str, datetime]:
        """Those of *keys* that have a tombstone, each with when its story had been published."""
        wanted = sorted(set(keys))
        found: dict[str, datetime] = {}
        for start in range(0, len(wanted), _BATCH):
            tombstone = schema.tombstone.c
            query = select(tombstone.key, tombstone.published).where(tombstone.key.in_(wanted[start : start + _BATCH]))
            found.update((row.key, row.published) for row in self._connection.execute(query))
        return found

    def expect(self, story: str, expires: datetime | None) -> None:
        """Keep that *story* is a notice that goes at *expires*, or that it is none."""
        self._connection.execute(delete(schema.notice).where(schema.notice.c.story == story))
        if expires is not None:
            self._connection.execute(insert(schema.notice).values(story=story, expires=expires))

    def expired(self, now: datetime, limit: int) -> list[str]:
        """The ids of notices whose day has come."""
        notice = schema.notice.c
        query = select(notice.story).where(notice.expires <= now).order_by(notice.expires, notice.story)
        return list(self._connection.scalars(query.limit(limit)))
