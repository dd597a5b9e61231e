"""Rows by many values at once: the same that an IN list finds, by an index, in one statement however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Connection, Engine, MetaData, String, Table, create_engine, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import StaticPool

from aggregator.model import Story
from aggregator.store import Store, meta, sentences, stories
from aggregator.store.among import among
from aggregator.store.direct import Direct
from tests import postgres
from tests.stories import NOW, sighting, story

_NAMES = Table("names", MetaData(), Column("name", String), Column("number", BigInteger))
_ODD = ("", "it's", '"', "\\", "{a,b}", "NULL", "é", "e\u0301", "\U0001f693", "a\nb", "%s", ":x", "[1]", "1")
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(_ODD)
_NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
_ENGINE = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})


@contextmanager
def holding(engine: Engine, names: list[str], numbers: list[int]) -> Iterator[Connection]:
    with engine.connect() as connection:
        _NAMES.create(connection)
        rows: list[dict[str, object]] = [{"name": name, "number": None} for name in names]
        rows += [{"name": None, "number": number} for number in numbers]
        if rows:
            connection.execute(_NAMES.insert(), rows)
        yield connection
        connection.rollback()
        _NAMES.drop(connection, checkfirst=True)


def found(connection: Connection, names: list[str], numbers: list[int]) -> tuple[list[str], list[int]]:
    return (
        sorted(connection.scalars(select(_NAMES.c.name).where(among(_NAMES.c.name, "some")), {"some": names})),
        sorted(connection.scalars(select(_NAMES.c.number).where(among(_NAMES.c.number, "some")), {"some": numbers})),
    )


@given(st.lists(_TEXTS), st.lists(_TEXTS), st.lists(_NUMBERS), st.lists(_NUMBERS))
def test_what_an_in_list_finds_is_found(
    names: list[str], asked: list[str], numbers: list[int], others: list[int]
) -> None:
    """Exactly the rows whose value was asked for, each once: strings of any characters, numbers of 64 bits."""
    asked, others = [*asked, *names[::2]], [*others, *numbers[::2]]
    with holding(_ENGINE, names, numbers) as connection:
        assert found(connection, asked, others) == (
            sorted(name for name in names if name in asked),
            sorted(number for number in numbers if number in others),
        )


def test_postgresql_finds_the_same() -> None:
    """Odd strings, the largest numbers, and nothing for nothing."""
    with postgres.database() as url:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        numbers = [-(1 << 63), 0, (1 << 63) - 1]
        with holding(engine, list(_ODD), numbers) as connection:
            assert found(connection, list(_ODD[::2]), numbers[1:]) == (sorted(_ODD[::2]), numbers[1:])
            assert found(connection, [], []) == ([], [])
        engine.dispose()


@pytest.mark.parametrize(
    "query",
    [
        stories._SHARING,
        stories._WHOLE,
        stories._OF_MEMBERS,
        sentences._KNOWN,
        meta._SOME,
        sentences._KNOWN_AND_COMMON["sqlite"],
    ],
)
def test_every_table_is_asked_by_an_index(tmp_path: Path, query: Direct) -> None:
    """SQLite scans none but the values themselves: a comparison that it took for a number would use no index."""
    with Store(f"sqlite:///{tmp_path / 'a.db'}") as store:
        written = str(query.statement.compile(dialect=sqlite.dialect()))
        asked = tuple("[]" if "json_each" in part else "" for part in written.split("?")[:-1])
        plan = store.look(lambda tx: tx._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}", asked).all())
    scanned = [row.detail for row in plan if row.detail.startswith("SCAN")]
    assert scanned == ["SCAN json_each VIRTUAL TABLE INDEX 1:"] * written.count("json_each")


def test_a_story_without_copies_is_a_story_all_the_same(tmp_path: Path) -> None:
    """An editor may move all copies to another story: what is left has none, and is found by its id."""
    made = story(sighting(), number=1)
    with Store(f"sqlite:///{tmp_path / 'a.db'}") as store:
        store.submit(lambda tx: tx.stories.save(made, at=NOW, loud=True)).result()
        store.submit(lambda tx: tx.stories.save(_without_copies(made, NOW), at=NOW, loud=True)).result()
        kept = store.look(lambda tx: tx.stories.get(made.id))
    assert kept is not None
    assert kept.members == ()


def _without_copies(made: Story, now: datetime) -> Story:
    return Story(id=made.id, published=made.published, updated=now, changed=now, members=())
