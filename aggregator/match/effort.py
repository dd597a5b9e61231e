"""How much comparing one document is worth, so that a source that floods harms only itself.

A thousand entries that are nearly the same have each other for candidates, and members of one another's stories.  What
a document may cost is bounded as a whole: what is left of it when that is spent is known by its keys, finds what says
the same word for word, and else founds stories of its own, without being compared.
"""

from __future__ import annotations

from aggregator.model import Sighting

WORK = 40_000_000
"""In characters: fifteen thousand comparisons of texts as they mostly are, a thousand of the longest."""
_EACH, _LONGEST = 500, 20_000
"""What an entry weighs whose text is short, and how much of a long one is read."""


class Effort:
    """What is *left* to be spent; and how many entries were decided *without* any of it."""

    def __init__(self, left: int = WORK) -> None:
        self.left = left
        self.without = 0

    def is_left(self) -> bool:
        """Whether one more entry may be compared; it is noted when it may not."""
        self.without += self.left <= 0
        return self.left > 0

    def spend(self, one: Sighting, other: Sighting) -> None:
        """Take what comparing these two costs."""
        self.left -= sum(_EACH + min(each.length, _LONGEST) for each in (one, other))
