"""Opening the database: SQLite (WAL, foreign keys, full durability) or PostgreSQL, migrated to the newest schema."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as Alembic
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from aggregator.errors import StoreError

LOCK = 5373_5375
"""The advisory lock that makes PostgreSQL's writers take turns."""


def open_engine(url: str, *, create: bool = True) -> Engine:
    """An engine for *url*; nothing is connected yet.

    Raises StoreError when SQLite's directory is missing, and without *create* when the file is.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        if not create and not _is_file(path):
            raise StoreError(f"there is no database at {path} yet; start the daemon, or poll once (aggregator poll)")
        return _sqlite(path, url)
    return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)


def begin_reading(connection: Connection) -> None:
    """Make all reads of the transaction see one state, and refuse it every write."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def begin_writing(connection: Connection) -> None:
    """Take the writer's turn, before the first read of the transaction."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema.  Raises StoreError with what to do when it cannot."""
    if _is_current(engine):
        return
    try:
        with engine.connect() as connection:
            begin_writing(connection)
            with as_file(files("aggregator") / "migrations") as scripts:
                alembic = Alembic()
                alembic.set_main_option("script_location", str(scripts))
                alembic.attributes["connection"] = connection
                command.upgrade(alembic, "head")
            connection.commit()
    except CommandError as failure:
        raise StoreError(
            f"the database is newer than this program ({failure}); install the newer version again, or restore a backup"
        ) from failure
    except SQLAlchemyError as failure:
        raise StoreError(explain(failure, engine)) from failure


def _is_current(engine: Engine) -> bool:
    """Whether there is nothing to migrate; found out without taking the writer's turn."""
    with as_file(files("aggregator") / "migrations") as scripts:
        alembic = Alembic()
        alembic.set_main_option("script_location", str(scripts))
        newest = set(ScriptDirectory.from_config(alembic).get_heads())
    try:
        with engine.connect() as connection:
            return set(MigrationContext.configure(connection).get_current_heads()) == newest
    except SQLAlchemyError as failure:
        raise StoreError(explain(failure, engine)) from failure


def explain(failure: SQLAlchemyError, engine: Engine) -> str:
    """What the database refused, in words, without the statement and its values."""
    cause = str(getattr(failure, "orig", None) or failure).strip().splitlines()[0]
    hints = {
        "readonly": "make the file and its directory writable for the user that runs the daemon",
        "unable to open": "make the file and its directory writable for the user that runs the daemon",
        "disk is full": "free some space; nothing that was stored is lost",
        "not a database": "the file is damaged or something else; restore a backup",
        "malformed": "the file is damaged; restore a backup",
        "locked": "another process holds the database; stop it or wait",
    }
    hint = next((hint for part, hint in hints.items() if part in cause), "see `database` in the configuration")
    return f"the database {engine.url.render_as_string()} refused: {cause}; {hint}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as failure:
        raise StoreError(f"cannot look for the database {path}: {failure.strerror}") from None


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as failure:
        raise StoreError(f"cannot look for the database's directory {path}: {failure.strerror}") from None


def _sqlite(path: Path, url: str) -> Engine:
    if not _is_directory(path.parent):
        raise StoreError(
            f"the directory {path.parent} of the database does not exist; create it "
            f"(install -d -o USER {path.parent}) or change `database` in the configuration"
        )
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
