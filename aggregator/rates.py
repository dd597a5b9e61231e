"""How often something may happen: so many times in a while, in all and for each of its names.  The clock is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class Rates:
    """*limits* are by the kind of name; ``all`` is the one that everything has.

    Law: in any *window*, no name is let through more often than its kind allows, and no more names are remembered than
    ``all`` allows times the kinds there are.
    """

    def __init__(self, limits: Mapping[str, int], window: timedelta = MINUTE) -> None:
        self._limits = dict(limits)
        self._window = window
        self._let: deque[tuple[datetime, frozenset[tuple[str, str]]]] = deque()

    def take(self, now: datetime, **names: str) -> bool:
        """Whether one more of these *names* may pass; it counts for all of them, or for none."""
        while self._let and self._let[0][0] <= now - self._window:
            self._let.popleft()
        if len(self._let) >= self._limits["all"]:
            return False
        for name in names.items():
            if sum(name in counted for _, counted in self._let) >= self._limits[name[0]]:
                return False
        self._let.append((now, frozenset(names.items())))
        return True
