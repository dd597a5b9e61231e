"""Where the log goes: standard error, a line a message, with priorities for the journal or times for a terminal."""

from __future__ import annotations

import logging
import os
import sys

from aggregator import text

_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_NOISY = ("httpx", "alembic", "asyncio")


class _Line(logging.Formatter):
    """A message is one line of visible text, whatever a server put into it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = text.clean(record.message)
        return super().formatMessage(record)


class _Journal(_Line):
    """The journal knows the time, and the priority from how a line begins (sd-daemon(3))."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return f"<{_PRIORITIES.get(record.levelno, 6)}>{super().formatMessage(record)}"


def to_journal() -> bool:
    """Whether what is written to standard error is kept by systemd's journal."""
    return bool(os.environ.get("JOURNAL_STREAM"))


def set_up() -> None:
    """Log to standard error, in the form that whoever reads it there understands."""
    handler = logging.StreamHandler(sys.stderr)
    if to_journal():
        handler.setFormatter(_Journal("%(message)s"))
    else:
        handler.setFormatter(_Line("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of every tick that finds the last one still at work, which is what ticks are for.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
