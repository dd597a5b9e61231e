"""Blanks: what a letter leaves open for each of its readers, because many readers share one letter.

A blank is its name between two control characters.  Nothing that is shown can hold those: ``text.clean`` takes them out
of words, ``uri.absolute`` writes them in percent.  So no source can have a reader's own link put where it likes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

UNSUBSCRIBE, PREFERENCES, VIEW = "unsubscribe", "preferences", "view"
_BLANK = re.compile("\x02([a-z]+)\x03")


def blank(name: str) -> str:
    """Where the value *name* goes."""
    return f"\x02{name}\x03"


def fill(words: str, values: Mapping[str, str]) -> str:
    """*words* with a value in every blank; KeyError for one that *values* does not know."""
    return _BLANK.sub(lambda found: values[found[1]], words)
