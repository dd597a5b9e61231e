"""What the log says of a failure: once, and again every hour that it lasts, so that one cause does not fill it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from aggregator.errors import AggregatorError

log = logging.getLogger("aggregator")
Say = Callable[[Exception, str], None]
"""Logs a failure, and what failed."""
AGAIN = timedelta(hours=1)


class Saying:
    """A sentence for what the operator can mend, a traceback for what only a programmer can; *what* failed at it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str], datetime] = {}

    def __call__(self, failure: Exception, what: str) -> None:
        now, told = self._clock(), (what, f"{type(failure).__name__} {failure}")
        self._said = {one: at for one, at in self._said.items() if timedelta(0) <= now - at < AGAIN}
        if told in self._said:
            return
        self._said[told] = now
        if isinstance(failure, AggregatorError):
            log.error("%s: %s", what, failure)
        else:
            log.error("%s: a fault in the program, please report it", what, exc_info=failure)
