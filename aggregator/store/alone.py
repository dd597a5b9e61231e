"""One daemon a database: a second one would take up the first one's deliveries and send them again."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import StoreError

_PREFIX = "sqlite:///"


@contextmanager
def alone(url: str) -> Iterator[None]:
    """Hold an SQLite database against other daemons, by a lock that dies with the process.

    Raises StoreError when another one holds it.  PostgreSQL is shared between nodes, and nothing is held there.
    """
    path = Path(url.removeprefix(_PREFIX) + ".lock")
    if not url.startswith(_PREFIX) or not path.parent.is_dir():
        yield
        return
    try:
        file = path.open("a+")
    except OSError as failure:
        raise StoreError(f"cannot write {path}: {failure.strerror}; make its directory writable") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StoreError(
                f"another daemon (process {file.read().strip() or 'unknown'}) uses this database; "
                "stop it first (systemctl stop aggregator)"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
