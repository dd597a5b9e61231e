"""How far the mail of a database has come, as a file beside it remembers: a restored database is behind its witness.

The database counts each step of a mail around the final dot.  The number is in the file, and the file on the disk,
before the dot is sent, and always after it was committed: so a crash at any instant leaves a database that is at least
as far as its witness, and one that is not has lost something that was mailed.

A line is appended for each number; one that was cut off does not count.  Of several lines the highest number holds.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aggregator.errors import StoreError

SIZE = 8_000
"""Bytes at which the file is written anew, with its last number alone."""
_TOLD = "# How far the mail of one database has come. It is no part of a backup: see README, Backup.\n"
_LINE = re.compile(r"(\d{1,18}) (\S+\+00:00)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """*number* was reached when a mail was about to leave, at *at*."""

    number: int
    at: datetime


class Witness:
    """The file *path*, for any number of threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._sworn = -1

    def read(self) -> Reached | None:
        """The highest number that was written; None where there is none.  Raises StoreError when it cannot be read."""
        try:
            lines = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise StoreError(f"cannot read {self.path}: {failure.strerror}") from failure
        return max(filter(None, map(_read, lines)), key=lambda each: each.number, default=None)

    def begin(self, number: int, at: datetime) -> None:
        """Write the file anew, whole or not at all, and its directory where there is none.  Raises StoreError."""
        with self._lock:
            self._attempt(lambda: self._replace(number, at))

    def note(self, number: int, at: datetime, *, durable: bool = True) -> None:
        """Have *number* in the file, and unless that can wait for the next one, on the disk.

        Raises StoreError when it is not, or when nobody has begun the file.
        """
        with self._lock:
            if number > self._sworn:
                self._attempt(lambda: self._append(number, at, durable=durable))

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as failure:
            remedy = "no mail leaves while that cannot be written ([mail].witness)"
            raise StoreError(f"cannot write {self.path}: {failure.strerror}; {remedy}") from failure

    def _append(self, number: int, at: datetime, *, durable: bool) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            full = os.fstat(file).st_size >= SIZE
            if not full:
                os.write(file, _line(number, at))
                if durable:
                    os.fdatasync(file)
                    self._sworn = number
        finally:
            os.close(file)
        if full:
            self._replace(number, at)

    def _replace(self, number: int, at: datetime) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.new")
        with draft.open("wb") as file:
            file.write(_TOLD.encode() + _line(number, at))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        for folder in (self.path.parent, self.path.parent.parent):
            _sync(folder)
        self._sworn = number


def _line(number: int, at: datetime) -> bytes:
    """It begins with the end of a line, so that it is no continuation of one that was cut off."""
    return f"\n{number} {at.astimezone(UTC).isoformat()}\n".encode("ascii")


def _read(line: str) -> Reached | None:
    found = _LINE.fullmatch(line)
    try:
        return Reached(number=int(found[1]), at=datetime.fromisoformat(found[2])) if found else None
    except ValueError:
        return None


def _sync(folder: Path) -> None:
    """What is new in a directory is on the disk only when the directory is."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
