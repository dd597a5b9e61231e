"""Statements that go to the driver as they are answer as SQLAlchemy would: values, names of columns, and errors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, bindparam, event, insert, select, text
from sqlalchemy.exc import IntegrityError

from aggregator.errors import StoreError
from aggregator.store import Store, Tx, schema
from aggregator.store.direct import Direct
from tests.stories import NOW, sighting, story

SENTENCE = {"source": "s", "value": -(1 << 63), "openings": "1 2", "common": True, "at": NOW}
NEW = Direct(insert(schema.sentence))
ALL = select(schema.sentence).where(schema.sentence.c.source == bindparam("of"))


def noted(connection: Connection, *sources: str) -> None:
    NEW.many(connection, [{**SENTENCE, "source": source} for source in sources])


def test_values_come_as_their_types_say(store: Store) -> None:
    """Moments with their zone, truths as truths, the largest numbers; by name, and the same on both databases."""
    store.submit(lambda tx: noted(tx._connection, "s", "t")).result()
    (row,) = store.look(lambda tx: Direct(ALL)(tx._connection, of="s"))
    assert row._asdict() == SENTENCE
    assert isinstance(row.common, bool)
    assert row.at.tzinfo is UTC
    assert store.look(lambda tx: tx._connection.execute(ALL, {"of": "s"}).one()._asdict()) == SENTENCE
    assert store.look(lambda tx: Direct(ALL)(tx._connection, of="x")) == []


def test_an_error_is_the_one_that_is_expected(store: Store) -> None:
    """So the store explains it, and the transaction of the others goes on."""

    def twice(tx: Tx) -> None:
        noted(tx._connection, "s")
        with pytest.raises(IntegrityError):
            noted(tx._connection, "s")
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        store.submit(twice).result()
    with pytest.raises(StoreError, match="the database refused"):
        store.submit(lambda tx: Direct(text("SELECT nothing FROM nowhere"))(tx._connection)).result()
    assert store.look(lambda tx: Direct(ALL)(tx._connection, of="s")) == []


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    """As everywhere in the store."""
    naive = {**SENTENCE, "at": datetime(2026, 11, 23)}  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        store.submit(lambda tx: NEW.many(tx._connection, [naive])).result()


def test_a_story_is_found_by_the_beginning_of_its_name(store: Store) -> None:
    """By the index where the id is of this database's authority, and of another's all the same; ambiguity shows."""
    store.submit(lambda tx: tx.meta.put("authority", "nieuws.example,2026")).result()
    ids = [f"tag:{host},2026:story/{name}" for host, name in (("nieuws.example", "ab12"), ("old.example", "cd34"))]
    ids += ["tag:nieuws.example,2026:story/ab99"]
    for number, id in enumerate(ids):
        made = replace(story(sighting(key=str(number)), number=number), id=id)
        made = replace(made, members=(replace(made.members[0], story=id),))
        store.submit(lambda tx, made=made: tx.stories.save(made, at=NOW, loud=True)).result()  # type: ignore[misc]

    def named(name: str) -> list[str]:
        return store.look(lambda tx: tx.stories.named(name))

    assert named(ids[1]) == named("cd") == [ids[1]]
    assert named("ab1") == [ids[0]]
    assert sorted(named("ab")) == sorted([ids[0], ids[2]])
    assert named("12") == named("ab_2") == []


def test_a_name_is_sought_by_the_index(store: Store) -> None:
    """No table is looked through for a name of this database's authority: between two ids there is an index."""
    made = story(sighting(), number=1)
    store.submit(lambda tx: tx.meta.put("authority", "nieuws.example.be")).result()
    store.submit(lambda tx: tx.stories.save(made, at=NOW, loud=True)).result()
    said: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    assert store.look(lambda tx: tx.stories.named("00")) == [made.id]
    assert not [words for words in said if "LIKE" in words]
    assert store.look(lambda tx: tx.stories.named("1")) == []
    assert [words for words in said if "LIKE" in words]
