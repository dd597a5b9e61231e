"""The copies that make a story: read whole, and written only where they changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, func, insert, select, update

from aggregator.model import Entry, Match, Sighting, Story
from aggregator.store import schema
from aggregator.store.among import among
from aggregator.store.anchors import Anchors, day_of, packed, unpacked
from aggregator.store.search import Search

_entry = TypeAdapter(Entry)
CROWD = 10
"""A key that this many stories have is given to no more than one other: it tells none of them from the others."""


# Made once: it runs for every entry that is new, and building it would take longer than carrying it out.
_OF_STORIES = (
    select(schema.member)
    .where(among(schema.member.c.story, "stories"))
    .order_by(schema.member.c.position, schema.member.c.id)
)


class Members:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._anchors = Anchors(connection)
        self._search = Search(connection)

    def replace(self, story: Story, *, new: bool = False) -> frozenset[tuple[str, str]]:
        """Make the copies that are kept those of *story*; sources and zones of those before.  A *new* story has none.

        A row goes on standing for the copy with which it has most keys in common, so that an edit costs no more than
        what it changes.
        """
        rows = [] if new else [r._asdict() for r in self._connection.execute(_OF_STORIES, {"stories": [story.id]})]
        before = frozenset((row["source"], row["zone"]) for row in rows)
        for position, member in enumerate(story.members):
            wanted = _row(member, story.id, position)
            row = _counterpart(wanted, rows)
            if row is None:
                self._insert(wanted, member.sighting.entry)
            else:
                rows.remove(row)
                self._update(row, wanted, member.sighting.entry)
        for row in rows:
            self._delete(row)
        return before

    def _insert(self, wanted: dict[str, Any], entry: Entry) -> None:
        id = self._connection.scalar(insert(schema.member).values(wanted).returning(schema.member.c.id))
        assert isinstance(id, int)
        self._keep_keys(id, json.loads(wanted["keys"]))
        self._anchors.keep(id, wanted)
        self._search.keep(id, entry, new=True)

    def _update(self, row: dict[str, Any], wanted: dict[str, Any], entry: Entry) -> None:
        id = row["id"]
        if all(row[name] == value for name, value in wanted.items()):
            return
        self._connection.execute(update(schema.member).where(schema.member.c.id == id).values(wanted))
        if row["entry"] != wanted["entry"]:
            self._search.keep(id, entry)
        old, new = json.loads(row["keys"]), json.loads(wanted["keys"])
        if gone := set(old) - set(new):
            self._connection.execute(
                delete(schema.key).where(schema.key.c.member == id, schema.key.c.value.in_(sorted(gone)))
            )
        self._keep_keys(id, [key for key in new if key not in old])
        if (row["anchors"], row["anchored"]) != (wanted["anchors"], wanted["anchored"]):
            self._anchors.drop(row)
            self._anchors.keep(id, wanted)

    def _delete(self, row: dict[str, Any]) -> None:
        self._connection.execute(delete(schema.key).where(schema.key.c.member == row["id"]))
        self._anchors.drop(row)
        self._search.drop(row["id"])
        self._connection.execute(delete(schema.member).where(schema.member.c.id == row["id"]))

    def _keep_keys(self, member: int, keys: Iterable[str]) -> None:
        """Index the keys that still tell something; so one that thousands share costs no more than one that few do."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return
        having = (
            select(schema.key.c.value)
            .join(schema.member, schema.member.c.id == schema.key.c.member)
            .where(schema.key.c.value.in_(wanted))
            .group_by(schema.key.c.value)
            .having(func.count(schema.member.c.story.distinct()) > CROWD)
        )
        crowded = set(self._connection.scalars(having))
        rows = [{"value": key, "member": member} for key in wanted if key not in crowded]
        if rows:
            self._connection.execute(insert(schema.key), rows)


def _counterpart(wanted: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    keys = set(json.loads(wanted["keys"]))
    ours = [row for row in rows if row["source"] == wanted["source"]]
    return max(ours, key=lambda row: len(keys & set(json.loads(row["keys"]))), default=None)


def _row(match: Match, story: str, position: int) -> dict[str, Any]:
    seen = match.sighting
    return {
        "story": story,
        "position": position,
        "source": seen.source,
        "zone": seen.zone,
        "seen": seen.seen,
        "words": seen.words,
        "length": seen.length,
        "rule": match.rule,
        "score": match.score,
        "evidence": match.evidence,
        "differs": match.differs,
        "keys": json.dumps(seen.keys),
        "entry": _entry.dump_json(seen.entry, exclude_defaults=True).decode(),
        "anchors": packed(seen.anchors),
        "anchored": day_of(seen.published) if seen.anchors else None,
    }


def match_of(row: Any) -> Match:
    """The copy that a row of ``member`` keeps, whatever else stands in the row."""
    sighting = Sighting(
        source=row.source,
        zone=row.zone,
        entry=_usual(row.entry) if len(row.entry) <= _USUAL else _entry.validate_json(row.entry),
        keys=tuple(json.loads(row.keys)),
        words=row.words,
        length=row.length,
        seen=row.seen,
        anchors=unpacked(row.anchors),
    )
    return Match(
        sighting=sighting,
        story=row.story,
        rule=row.rule,
        score=row.score,
        evidence=row.evidence,
        differs=row.differs,
    )


_USUAL = 8_000
"""Characters of an entry that is worth remembering: the bound of what is held is this and how many are."""


@lru_cache(maxsize=512)
def _usual(written: str) -> Entry:
    """An entry as it was written, kept for a while: the same candidates come up again and again."""
    return _entry.validate_json(written)
