"""What the relay's own log knows of messages that nobody knows of: Postfix, in a file or from a command.

``cleanup`` notes the Message-ID of what a client sends, under the queue's id for it; ``qmgr`` notes that id as active
once the message is taken, and never before.  So a message is taken exactly when both lines are there, in this order.
Queue ids are used again, which is why a newer Message-ID under the same id puts the older one aside.

Reading is bounded: of a file its end, and of its forerunner (``mail.log.1``, ``.1.gz``) what is still missing.
"""

from __future__ import annotations

import gzip
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.errors import MailError
from aggregator.model import Traces

MOST = 64_000_000
"""Bytes that are read of one file, or of what a command says; a hundred thousand mails take 40 MB."""
_PATIENCE = 30
"""Seconds that a command gets."""
_CLEANUP = re.compile(rb"/cleanup\[\d+\]: ([0-9A-Za-z]+): (?:resent-)?message-id=(<.*>)\s*$")
_QMGR = re.compile(rb"/qmgr\[\d+\]: ([0-9A-Za-z]+): from=<.*\(queue active\)\s*$")
_ISO = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))\s")
_BSD = re.compile(rb"([A-Z][a-z]{2}) +(\d+) (\d\d):(\d\d):(\d\d)\s")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True, frozen=True)
class RelayLog:
    """The log of *place*: a file's path, or a command behind a bar, in which ``{since}`` is seconds since 1970."""

    place: str

    def read(self, since: datetime, now: datetime) -> Traces:
        """What the log says of the time from *since* on.  Raises MailError when it cannot be read."""
        try:
            if self.place.startswith("|"):
                return traces(_said(self.place[1:], since), now)
            return self._of_files(Path(self.place), since, now)
        except (OSError, EOFError, subprocess.SubprocessError, ValueError) as failure:
            reason = getattr(failure, "strerror", None) or str(failure)
            told = f"[mail].relay_log cannot be read ({self.place}): {reason}; README, section Doubts, says how"
            raise MailError(told) from failure

    def _of_files(self, path: Path, since: datetime, now: datetime) -> Traces:
        lines = _end_of(path)
        found = traces(lines, now)
        before = _forerunner(path)
        if before and (found.since is None or found.since > since):
            return traces([*_end_of(before), *lines], now)
        return found


def traces(lines: Iterable[bytes], now: datetime) -> Traces:
    """What these lines of a log, the oldest first, know; *now* tells the year of dates that have none."""
    under: dict[bytes, str] = {}
    taken: set[str] = set()
    first, last = b"", b""
    for line in lines:
        first, last = first or line, line
        if seen := _CLEANUP.search(line):
            under[seen[1]] = seen[2].decode("ascii", "replace")
        elif (active := _QMGR.search(line)) and active[1] in under:
            taken.add(under.pop(active[1]))
    begun = frozenset(under.values()) - taken
    return Traces(taken=frozenset(taken), begun=begun, since=_moment(first, now), until=_moment(last, now))


def _end_of(path: Path) -> list[bytes]:
    """The lines at the end of a file, the first of them whole."""
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as packed:
            return packed.read(MOST).splitlines()
    with path.open("rb") as file:
        start = max(0, file.seek(0, 2) - MOST)
        file.seek(start)
        lines = file.read(MOST).splitlines()
    return lines[1:] if start else lines


def _forerunner(path: Path) -> Path | None:
    """The file that was put aside last when *path* was begun anew."""
    others = [other for other in path.parent.glob(f"{path.name}[.-]*") if other.is_file()]
    return max(others, key=lambda other: other.stat().st_mtime, default=None)


def _said(command: str, since: datetime) -> list[bytes]:
    words = [word.replace("{since}", str(int(since.timestamp()))) for word in shlex.split(command)]
    done = subprocess.run(words, capture_output=True, timeout=_PATIENCE, check=True)  # noqa: S603 - the operator's own
    return done.stdout[-MOST:].splitlines()


def _moment(line: bytes, now: datetime) -> datetime | None:
    """When a line was written; of a date without a year the latest that is not to come, on the machine's clock."""
    if found := _ISO.match(line):
        return datetime.fromisoformat(found[1].decode()).astimezone(UTC)
    if not (found := _BSD.match(line)) or found[1].decode() not in _MONTHS:
        return None
    wall = f"-{_MONTHS.index(found[1].decode()) + 1:02}-{int(found[2]):02}T{b':'.join(found.groups()[2:]).decode()}"
    return next(_in_years(now, wall), None)


def _in_years(now: datetime, wall: str) -> Iterator[datetime]:
    for year in (now.year + 1, now.year, now.year - 1):
        try:
            moment = datetime.fromisoformat(f"{year}{wall}").astimezone(UTC)  # on the machine's own clock
        except ValueError:
            continue
        if moment <= now + timedelta(days=1):
            yield moment
