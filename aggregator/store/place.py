"""Whether the database is still where it was opened.

Unix lets a file be deleted or replaced under those who have it open.  SQLite then goes on with the old one: everything
is stored, nobody sees it, and it is gone with the process.  Worse, the old file's journal (``-wal``) stays beside the
new one, and whoever opens that has the old pages written into it: "database disk image is malformed" is all that is
left of a restored backup (https://www.sqlite.org/howtocorrupt.html §1.4).  So the process must end, and its journal go.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

Identity = tuple[int, int]
LEFT = ".left"
"""What the name of a journal ends with that was set aside."""


class Place:
    """The file of an SQLite database that has just been opened; PostgreSQL looks after its own."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        path = parsed.database if parsed.get_backend_name() == "sqlite" else None
        self._path = Path(path) if path and path != ":memory:" else None
        self._opened = _identity(self._path) if self._path else None
        self._journal: Identity | None = None
        self._lost = False

    def lost(self) -> str | None:
        """None while the file is the one that was opened, else a sentence for the operator.  Costs two look-ups."""
        if self._path is None or self._opened is None:
            return None
        try:
            found = _identity(self._path)
        except OSError:
            return None  # it cannot be looked at now, and whatever reads it will say why
        self._lost = found != self._opened
        if self._lost:
            what = "was replaced" if found else "was deleted or moved"
            return (
                f"the database {self._path} {what} while the daemon was running, so that nothing more could be kept; "
                "it ends, and starts with what is there now. Stop it before you touch its files"
            )
        self._journal = _identity(_beside(self._path, "-wal"))
        return None

    def leave(self) -> None:
        """After closing: set the journal of a lost database aside, so that nobody takes it for the new one's."""
        if self._path is None or not self._lost:
            return
        journal = _beside(self._path, "-wal")
        with suppress(OSError):
            if self._journal and _identity(journal) == self._journal:
                journal.rename(_beside(journal, LEFT))
                _beside(self._path, "-shm").unlink()


def _identity(path: Path) -> Identity | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
