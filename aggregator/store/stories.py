"""Stories and their members: found by key, kept whole, numbered as they arrive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    String,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from aggregator import uri
from aggregator.model import Related, Sighting, Story
from aggregator.store import schema
from aggregator.store.among import among
from aggregator.store.anchors import Anchors
from aggregator.store.conditions import SHOWN, Wanted, conditions, in_zones
from aggregator.store.direct import Direct
from aggregator.store.members import Members, match_of
from aggregator.store.meta import Meta
from aggregator.store.relations import Relations

_BATCH = 500
"""How many stories are read at once."""
_PAGE = 100
_SOME = 9
"""How many names of stories are enough to show that one is ambiguous."""
_REVISION = "revision"
# Made once: these run for every entry that is new, and building them would take longer than carrying them out.
_SHARING = Direct(
    select(schema.member.c.story)
    .join(schema.key, schema.key.c.member == schema.member.c.id)
    .where(among(schema.key.c.value, "keys"))
    .union_all(select(schema.story.c.id).where(among(schema.story.c.id, "ids")))
)
_FIELDS = ("published", "updated", "changed", "withdrawn", "held", "chosen", "pinned")
_EXISTS = Direct(select(exists().where(schema.story.c.id == bindparam("id"))))
_FOUND = insert(schema.story)
_KEEP = (
    update(schema.story)
    .where(schema.story.c.id == bindparam("story"))
    .values({name: bindparam(name) for name in _FIELDS})
)
_COPIES = (
    select(schema.story.c.id.label("of"), *list(schema.story.c)[1:], *schema.member.c)
    .outerjoin(schema.member, schema.member.c.story == schema.story.c.id)
    .order_by(schema.member.c.position, schema.member.c.id)
)
_WHOLE = Direct(_COPIES.where(among(schema.story.c.id, "ids")))
_candidate = schema.member.alias("candidate")
_OF_MEMBERS = Direct(
    _COPIES.where(schema.story.c.id.in_(select(_candidate.c.story).where(among(_candidate.c.id, "members"))))
)


class Stories:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._members = Members(connection)
        self._anchors = Anchors(connection)
        self._related = Relations(connection)
        self._bumped: set[str] = set()

    # -- looking --------------------------------------------------------------

    def get(self, id: str) -> Story | None:
        """The story with this id, withdrawn and held ones too."""
        return next(iter(self._load([id])), None)

    def exists(self, id: str) -> bool:
        """Whether a story has this id, whatever became of it."""
        return bool(_EXISTS.scalars(self._connection, id=id)[0])

    def all(self, ids: Sequence[str]) -> list[Story]:
        """The stories with these ids, in this order; unknown ids are left out."""
        found = {story.id: story for story in self._load(ids)}
        return [found[id] for id in ids if id in found]

    def named(self, name: str) -> list[str]:
        """The ids of the stories that *name* may mean: a whole id, or how the last part of one begins."""
        id = schema.story.c.id
        begin = uri.tag(Meta(self._connection).get("authority") or "", f"story/{name}")
        ways = (
            id == name,
            (id >= begin) & (id < f"{begin}g"),  # names are hexadecimal digits, and these come before
            id.contains(f"story/{name}", autoescape=True),
        )
        found = (list(self._connection.scalars(select(id).where(way).order_by(id).limit(_SOME))) for way in ways)
        return next(filter(None, found), [])

    def sharing(self, keys: Iterable[str], ids: Collection[str] = ()) -> list[Story]:
        """Every story of which a member has one of *keys*, or that has one of *ids*, withdrawn and held ones too.

        Their links are left out.
        """
        found = _SHARING.scalars(self._connection, keys=sorted(set(keys)), ids=sorted(ids))
        return self._load(sorted(set(found)), links=False)

    def alike(self, sighting: Sighting, span: timedelta) -> list[Story]:
        """Stories published within *span* of *sighting* whose texts may be like its own, the likeliest first."""
        members = self._anchors.alike(sighting.anchors, sighting.published, span)
        rows = _OF_MEMBERS(self._connection, members=members) if members else []
        place = {row.id: members.index(row.id) for row in rows if row.id in members}
        found = sorted(
            _copies(rows).values(), key=lambda copies: min(place.get(each.id, len(members)) for each in copies)
        )
        return [_story(copies, ()) for copies in found]

    def newest(self, zones: Sequence[str], limit: int) -> list[Story]:
        """What a stream of these zones shows, newest first."""
        return self._select(SHOWN, in_zones(zones), limit=limit)

    def pinned(self) -> list[Story]:
        """What an editor put before all else and readers may see, what was pinned last first."""
        found = self._select(schema.story.c.pinned.is_not(None), SHOWN)
        return sorted(found, key=lambda story: (story.pinned or story.published, story.id), reverse=True)

    def held(self) -> list[Story]:
        """What waits for the operator's word, newest first."""
        return self._select(schema.story.c.held.is_(True), schema.story.c.withdrawn.is_(None))

    def listed(self, wanted: Wanted) -> Iterator[Story]:
        """The stories that are *wanted*, withdrawn and held ones too, newest first, read as they are asked for."""
        columns = schema.story.c
        query = select(columns.id, columns.published).where(*conditions(wanted)).limit(_PAGE)
        query = query.order_by(columns.published.desc(), columns.id)
        rows = self._connection.execute(query).all()
        while rows:
            yield from self.all([row.id for row in rows])
            last = rows[-1]
            older = (columns.published < last.published) | (
                (columns.published == last.published) & (columns.id > last.id)
            )
            rows = self._connection.execute(query.where(older)).all()

    def changed(self, zones: Sequence[str]) -> datetime | None:
        """When anything that a stream of these zones shows changed last, withdrawals included."""
        latest: datetime | None = self._connection.scalar(
            select(func.max(schema.story.c.changed)).where(in_zones(zones))
        )
        return latest

    def counts(self) -> tuple[int, int]:
        """How many stories are shown, and how many of them more than one zone published."""
        shown = (
            select(schema.story.c.id, func.count(schema.member.c.zone.distinct()).label("zones"))
            .join(schema.member, schema.member.c.story == schema.story.c.id)
            .where(SHOWN)
            .group_by(schema.story.c.id)
            .subquery()
        )
        stories = self._connection.scalar(select(func.count()).select_from(shown)) or 0
        joint = self._connection.scalar(select(func.count()).select_from(shown).where(shown.c.zones > 1)) or 0
        return stories, joint

    def differing(self, since: datetime) -> int:
        """How many stories that are shown have a copy that is another text, and changed after *since*."""
        story, member = schema.story.c, schema.member.c
        differs = exists().where(member.story == story.id, member.differs != "")
        query = select(func.count()).select_from(schema.story).where(story.changed > since, SHOWN, differs)
        return self._connection.scalar(query) or 0

    def revision(self) -> int:
        """A number that moves whenever a story is saved, by whatever process."""
        return int(self._connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == _REVISION)) or 0)

    # -- keeping --------------------------------------------------------------

    def save(self, story: Story, *, at: datetime, loud: bool) -> None:
        """Keep *story*, and number its arrival for every zone that is new to it.

        Arrivals that are not *loud* reach the feed and not the digest.  A held story arrives when it is released.
        """
        values = {name: getattr(story, name) for name in _FIELDS}
        known = self._connection.execute(_KEEP, {"story": story.id, **values}).rowcount
        if not known:
            self._connection.execute(_FOUND, {"id": story.id, **values})
        before = self._members.replace(story, new=not known)
        if not story.held and story.withdrawn is None:
            self._arrive(story, at, loud, frozenset(source for source, _ in before))
        self._bump({*story.zones, *(zone for _, zone in before)})

    def prune(self, before: datetime, limit: int) -> None:
        """Let at most *limit* copies first seen before *before* be found by their keys only."""
        self._anchors.prune(before, limit)

    def arrive_again(self, story: Story, *, at: datetime) -> None:
        """Number the story's arrivals anew, so that subscribers whose cursor has passed still get it.

        What had arrived quietly arrives quietly again.
        """
        arrival = schema.arrival.c
        quiet = self._connection.scalars(select(arrival.zone).where(arrival.story == story.id, arrival.loud.is_(False)))
        loud = set(story.zones) - set(quiet)
        self._connection.execute(delete(schema.arrival).where(arrival.story == story.id))
        for zone in story.zones:
            self._insert_arrival(story.id, zone, at, zone in loud)

    def recall(self, id: str) -> None:
        """Let the story not have arrived yet: whoever lets it go decides anew whether it is news."""
        self._connection.execute(delete(schema.arrival).where(schema.arrival.c.story == id))

    def is_loud(self, id: str) -> bool:
        """Whether any arrival of the story was news, and not a source's first fetch."""
        arrival = schema.arrival.c
        loud = select(func.count()).where(arrival.story == id, arrival.loud.is_(True))
        return bool(self._connection.scalar(loud))

    # -- inside ---------------------------------------------------------------

    def _arrive(self, story: Story, at: datetime, loud: bool, before: frozenset[str]) -> None:
        """A zone whose copies all came from sources that were here *before* was renamed: that is no news."""
        known = set(self._connection.scalars(select(schema.arrival.c.zone).where(schema.arrival.c.story == story.id)))
        if gone := known - set(story.zones):  # an editor took its copies out: no digest of that zone alone is due it
            self._connection.execute(
                delete(schema.arrival).where(schema.arrival.c.story == story.id, schema.arrival.c.zone.in_(gone))
            )
        for zone in story.zones:
            if zone not in known:
                sources = {member.sighting.source for member in story.members if member.sighting.zone == zone}
                renamed = bool(known) and sources <= before
                self._insert_arrival(story.id, zone, at, self.is_loud(story.id) if renamed else loud)

    def _insert_arrival(self, story: str, zone: str, at: datetime, loud: bool) -> None:
        self._connection.execute(insert(schema.arrival).values(story=story, zone=zone, at=at, loud=loud))

    def _bump(self, zones: Iterable[str]) -> None:
        """Move the revision of everything, and of each zone of which a story was saved; once a transaction."""
        names = {_REVISION, *map(revision_of, zones)} - self._bumped
        self._bumped |= names
        name, value = schema.meta.c.name, schema.meta.c.value
        number = cast(cast(value, Integer) + 1, String)
        moved = update(schema.meta).where(name.in_(sorted(names))).values(value=number)
        if names and self._connection.execute(moved).rowcount < len(names):
            there = set(self._connection.scalars(select(name).where(name.in_(sorted(names)))))
            new = [{"name": each, "value": "1"} for each in sorted(names - there)]
            self._connection.execute(insert(schema.meta), new)

    def _select(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Story]:
        ids = self._connection.scalars(
            select(schema.story.c.id)
            .where(*conditions)
            .order_by(schema.story.c.published.desc(), schema.story.c.id)
            .limit(limit)
        )
        return self.all(list(ids))

    def _load(self, ids: Sequence[str], *, links: bool = True) -> list[Story]:
        stories: list[Story] = []
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            linked = self._related.shown(batch) if links else {}
            found = _copies(_WHOLE(self._connection, ids=batch))
            stories.extend(_story(rows, linked.get(id, ())) for id, rows in found.items())
        return sorted(stories, key=lambda story: story.id)


def revision_of(zone: str) -> str:
    """The name of the fact that moves whenever a story with a copy of *zone* is saved, or with one until then."""
    return f"{_REVISION}:{zone}"


def _copies(rows: Iterable[Any]) -> dict[str, list[Any]]:
    """The rows of each story."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.of].append(row)
    return found


def _story(rows: Sequence[Any], related: tuple[Related, ...]) -> Story:
    """The story of which each of *rows* has a copy, if it has any left."""
    row = rows[0]
    return Story(
        id=row.of,
        published=row.published,
        updated=row.updated,
        changed=row.changed,
        members=tuple(match_of(each) for each in rows if each.id is not None),
        withdrawn=row.withdrawn,
        held=row.held,
        chosen=row.chosen,
        pinned=row.pinned,
        related=related,
    )
