"""Which content coding a reader gets (RFC 9110 §12.5.3), and whether it can take less than a whole feed (RFC 3229).

Pure.  What a field says that no grammar knows counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from aggregator.model import Coding

_ITEM = re.compile(
    r"\s*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*[qQ]\s*=\s*(?P<q>[01](?:\.\d{0,3})?)\s*)?(?:;(?!\s*[qQ]\s*=).*)?"
)


@lru_cache(maxsize=1024)
def coding(accepted: str, offered: tuple[Coding, ...]) -> Coding | None:
    """The coding that *accepted* likes best, of equals the first *offered*; None is no coding at all.

    "identity" that is refused is sent all the same when nothing else is left, which §12.5.3 allows.
    """
    weights = {("gzip" if name == "x-gzip" else name): q for name, q in _items(accepted)}
    other = weights.get("*", 0.0)
    wanted = max(offered, key=lambda each: weights.get(each, other), default=None)
    if wanted is None or weights.get(wanted, other) == 0:
        return None
    return None if weights.get("identity", 0.0) > weights.get(wanted, other) else wanted


def takes_entries(accepted: Sequence[str]) -> bool:
    """Whether A-IM lists ``feed``: then the entries that are new to the reader are enough (RFC 3229 §10.5.3)."""
    return any(name == "feed" and q > 0 for line in accepted for name, q in _items(line))


def _items(field: str) -> Iterator[tuple[str, float]]:
    """The names of a list, in small letters, each with its weight."""
    for item in field.split(","):
        if found := _ITEM.fullmatch(item):
            yield found["name"].lower(), float(found["q"] or 1)
