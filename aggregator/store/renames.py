"""Sources, zones and streams under a new id: every row that bears the old one follows.

The tables are found by their columns, ``source`` and ``zone``, so that none is forgotten.  Two ids may become one: of
two rows that may stand there only once, the one of the new id stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from pydantic import TypeAdapter
from sqlalchemy import Connection, PrimaryKeyConstraint, Table, UniqueConstraint, delete, exists, func, select, update

from aggregator.model import Poll
from aggregator.store import schema

_poll = TypeAdapter(Poll)
_BATCH = 1000


class Renames:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def source(self, old: str, new: str, *, rekeyed: Callable[[str], str], prefixes: Iterable[tuple[str, str]]) -> int:
        """Give what source *old* brought to *new*; how many copies that were.

        *rekeyed* says what becomes of one of its keys, *prefixes* how its keys begin and are to begin.
        """
        self._poll(old, new)
        for kind in ("guids:{}", "held:{}"):
            self._named(kind, old, new)
        self._rewrite_keys(old, rekeyed)
        for before, after in prefixes:
            self._move_keys(schema.key, before, after)
            self._move_keys(schema.tombstone, before, after)
        return self._everywhere("source", old, new)

    def zone(self, old: str, new: str) -> int:
        """Give what zone *old* published to *new*; how many copies that were.

        Of two arrivals of a story the louder and later stays: what was news to a subscriber stays news.
        """
        mine, other = schema.arrival, schema.arrival.alias()
        louder = other.c.loud & (~mine.c.loud | (other.c.seq > mine.c.seq))
        self._connection.execute(
            delete(mine).where(
                mine.c.zone == new, exists().where(other.c.story == mine.c.story, other.c.zone == old, louder)
            )
        )
        return self._everywhere("zone", old, new)

    def stream(self, old: str, new: str) -> int:
        """Let *new* go on as what it was; nothing that is stored bears the id of a stream but what it looked like."""
        for kind in ("selection:{}", "selection:{}:since"):
            self._named(kind, old, new)
        gone = [f"presentation:{old}", f"presentation:{old}:since"]
        self._connection.execute(delete(schema.meta).where(schema.meta.c.name.in_(gone)))
        return 0

    # -- inside ---------------------------------------------------------------

    def _everywhere(self, column: str, old: str, new: str) -> int:
        moved = {
            table.name: self._move(table, column, old, new)
            for table in schema.metadata.sorted_tables
            if column in table.c and table is not schema.poll
        }
        return moved["member"]

    def _named(self, kind: str, old: str, new: str) -> None:
        """A fact about the database that bears the id in its name; the new id's own stays."""
        name = schema.meta.c.name
        if not self._connection.scalar(select(exists().where(name == kind.format(new)))):
            moved = update(schema.meta).where(name == kind.format(old)).values(name=kind.format(new))
            self._connection.execute(moved)
        self._connection.execute(delete(schema.meta).where(name == kind.format(old)))

    def _move(self, table: Table, column: str, old: str, new: str) -> int:
        for constraint in table.constraints:
            once = isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint)
            if once and column in constraint.columns:  # type: ignore[attr-defined]
                other = table.alias()
                others = [each.name for each in constraint.columns if each.name != column]  # type: ignore[attr-defined]
                there = exists().where(other.c[column] == new, *(other.c[name] == table.c[name] for name in others))
                self._connection.execute(delete(table).where(table.c[column] == old, there))
        return self._connection.execute(update(table).where(table.c[column] == old).values({column: new})).rowcount

    def _poll(self, old: str, new: str) -> None:
        """The later of the two polls stays, with the earlier of the two first successes: the source is not new."""
        rows = select(schema.poll.c.record).where(schema.poll.c.source.in_((old, new)))
        polls = sorted((_poll.validate_json(row) for row in self._connection.scalars(rows)), key=lambda each: each.at)
        if not any(each.source == old for each in polls):
            return
        firsts = [each.first_success for each in polls if each.first_success]
        kept = replace(polls[-1], source=new, first_success=min(firsts, default=None))
        self._connection.execute(delete(schema.poll).where(schema.poll.c.source.in_((old, new))))
        values = {"source": new, "record": _poll.dump_json(kept).decode()}
        self._connection.execute(schema.poll.insert().values(values))

    def _rewrite_keys(self, old: str, rekeyed: Callable[[str], str]) -> None:
        """The keys as they stand in the copies themselves, some at a time."""
        member, last = schema.member.c, 0
        query = select(member.id, member["keys"]).where(member.source == old).order_by(member.id).limit(_BATCH)
        while rows := self._connection.execute(query.where(member.id > last)).all():
            for id, keys in rows:
                changed = json.dumps(list(dict.fromkeys(map(rekeyed, json.loads(keys)))))
                self._connection.execute(update(schema.member).where(member.id == id).values({"keys": changed}))
                last = id

    def _move_keys(self, table: Table, before: str, after: str) -> None:
        """The keys by which copies are found; what is found under the new key already needs no second row."""
        key, other = table.c[table.primary_key.columns.keys()[0]], table.alias()
        begins = key.startswith(before, autoescape=True)
        moved = after + func.substr(key, len(before) + 1)
        rest = [name for name in table.primary_key.columns.keys() if name != key.name]  # noqa: SIM118 - a collection of columns
        there = exists().where(other.c[key.name] == moved, *(other.c[name] == table.c[name] for name in rest))
        self._connection.execute(delete(table).where(begins, there))
        self._connection.execute(update(table).where(begins).values({key.name: moved}))
