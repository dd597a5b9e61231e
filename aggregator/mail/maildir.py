"""The folder into which mail for us is delivered, in the form that mail servers and mail programs know (Maildir).

What was understood goes into ``.processed``, where it is kept for a while.  What was not stays, unread, for whoever
opens the folder with a mail program.  Each message is one rename away from its place: dying between two leaves it where
it was, to be read again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from aggregator import text
from aggregator.errors import MailError
from aggregator.mail.returned import LIMIT

KEPT = timedelta(days=30)
"""For how long what was understood is kept: it names people."""
_SEEN = ":2,S"


class Maildir:
    """Raises MailError, with what to do, when the folder is none or may not be changed."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._processed = self.path / ".processed"

    def new(self, most: int) -> list[Path]:
        """What was delivered and not looked at, the oldest first; at most so many."""
        return sorted(self._entries(self.path / "new"), key=lambda path: path.name)[:most]

    def read(self, path: Path) -> bytes | None:
        """The beginning of a message; None for what is no file, or is there no more."""
        with suppress(OSError), open(path, "rb", opener=_carefully) as file:
            return file.read(LIMIT) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
        return None

    def done(self, path: Path) -> None:
        """Put a message away."""
        self._move(path, self._processed / "cur", _SEEN)

    def leave(self, path: Path) -> None:
        """Leave a message to a human, and look at it no more."""
        self._move(path, self.path / "cur", ":2,")

    def deliver(self, raw: bytes) -> None:
        """Leave to a human what came another way."""
        name = f"{text.digest('maildir', raw.hex())}.aggregator"
        try:
            for folder in ("tmp", "new", "cur"):
                (self.path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.path / "tmp" / name).write_bytes(raw)
        except OSError as failure:
            raise self._refused(failure) from None
        self._move(self.path / "tmp" / name, self.path / "cur", ":2,")

    def unread(self) -> int:
        """How many wait for a human."""
        return sum("S" not in path.name.partition(":2,")[2] for path in self._entries(self.path / "cur"))

    def tidy(self, now: datetime) -> None:
        """Delete what was put away long ago."""
        for path in self._entries(self._processed / "cur", there=False):
            with suppress(OSError):
                if path.lstat().st_mtime < (now - KEPT).timestamp():
                    path.unlink()

    def _entries(self, folder: Path, *, there: bool = True) -> Iterator[Path]:
        try:
            yield from (Path(each.path) for each in os.scandir(folder) if not each.name.startswith("."))
        except FileNotFoundError as failure:
            if there and not self.path.is_dir():
                raise self._refused(failure) from None
        except OSError as failure:
            raise self._refused(failure) from None

    def _move(self, path: Path, folder: Path, flags: str) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.rename(folder / f"{path.name.partition(':')[0]}{flags}")
        except FileNotFoundError:
            return  # somebody else has taken it
        except OSError as failure:
            raise self._refused(failure) from None

    def _refused(self, failure: OSError) -> MailError:
        reason = (failure.strerror or str(failure)).lower()
        return MailError(f"[mail].maildir {self.path} cannot be used: {reason}; README, section Bounces, says how")


def _carefully(path: str, flags: int) -> int:
    """Follows no link and waits for no pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
