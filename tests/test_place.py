"""The database under a running daemon is deleted, moved or replaced."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.store import Store
from tests.fakes.origin import Origin
from tests.processes import eventually, installation
from tests.sites import Zones

NOW = datetime.now(UTC)


def replace(path: Path) -> None:
    os.replace(path.with_name("backup.db"), path)


def delete(path: Path) -> None:
    path.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def back_up(path: Path) -> None:
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path.with_name("backup.db"))) as other:
        one.backup(other)


def put(store: Store, value: str) -> None:
    store.submit(lambda tx: tx.meta.put("word", value)).result()


@pytest.mark.parametrize(("done", "said"), [(replace, "was replaced"), (delete, "was deleted"), (move, "or moved")])
def test_a_store_notices_that_its_file_is_gone(tmp_path: Path, done: Callable[[Path], None], said: str) -> None:
    """In place it says nothing, whatever is written; once the file is another, or none, it says which."""
    path = tmp_path / "a.db"
    with Store(f"sqlite:///{path}") as store:
        back_up(path)
        put(store, "one")
        assert store.lost() is None
        done(path)
        found = store.lost()
        assert found
        assert said in found
        assert str(path) in found


def test_the_journal_of_the_old_file_does_not_reach_the_new_one(tmp_path: Path) -> None:
    """A backup that was moved over the open file is whole after the daemon has ended, and is what was backed up."""
    path = tmp_path / "a.db"
    with Store(f"sqlite:///{path}") as store:
        put(store, "backed up")
        back_up(path)
        with closing(sqlite3.connect(tmp_path / "backup.db", isolation_level=None)) as other:
            other.execute("CREATE TABLE filler AS SELECT randomblob(500) FROM json_each('[1,2,3,4,5,6,7,8,9,10]')")
        for number in range(50):
            put(store, f"later {number}")
        assert store.lost() is None
        replace(path)
        assert store.lost()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with Store(f"sqlite:///{path}") as store:
        assert store.look(lambda tx: tx.meta.get("word")) == "backed up"


def test_the_journal_of_a_moved_file_can_be_put_back(tmp_path: Path) -> None:
    """Nothing is deleted: the moved file and the journal that was set aside are together what they were."""
    path = tmp_path / "a.db"
    with Store(f"sqlite:///{path}") as store:
        put(store, "last word")
        assert store.lost() is None
        move(path)
        assert store.lost()
    (tmp_path / "a.db-wal.left").rename(tmp_path / "moved.db-wal")
    with Store(f"sqlite:///{tmp_path / 'moved.db'}") as store:
        assert store.look(lambda tx: tx.meta.get("word")) == "last word"


def test_a_store_that_stays_leaves_nothing_aside(tmp_path: Path) -> None:
    """Closing a database that is in its place leaves the file and nothing else; PostgreSQL and memory have no file."""
    with Store(f"sqlite:///{tmp_path / 'a.db'}") as store:
        assert store.lost() is None
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.parametrize("done", [replace, delete])
def test_the_daemon_ends_and_starts_with_what_is_there(tmp_path: Path, done: Callable[[Path], None]) -> None:
    """It ends with status 1 and a sentence, so that systemd starts it again, and then it works with the new file."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: one.json("stories", "list"))
        back_up(tmp_path / "aggregator.db")
        zones.publish(2, NOW)
        eventually(lambda: len(one.json("stories", "list")) == 2)
        done(tmp_path / "aggregator.db")
        assert one.process is not None
        assert one.process.wait(timeout=20) == 1
        assert "while the daemon was running" in one.log
        assert "Traceback" not in one.log
        one.start()
        eventually(lambda: len(one.json("stories", "list")) == 2)
        assert one.stop() == 0
