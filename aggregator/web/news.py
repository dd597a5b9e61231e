"""New entries alone, for a reader that has the rest (RFC 3229, instance manipulation ``feed``).

What a feed's last states held is remembered by their entity tags.  A reader that names one of them gets the feed with
the entries that were not in it; one that names none we remember, after a restart for example, gets the whole feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from aggregator.model import Document
from aggregator.web.prepared import is_manipulated

STATES = 100
"""How many states of a feed are remembered."""
_CODING = re.compile(r'-(?:gzip|br|zstd)"$')


class News:
    def __init__(self) -> None:
        self._states: dict[str, dict[str, frozenset[bytes]]] = {}

    def remember(self, path: str, document: Document) -> None:
        """Note what readers of *document* will have."""
        if is_manipulated(document):
            states = self._states.setdefault(path, {})
            states[document.etag] = frozenset(document.parts[1:-1])
            while len(states) > STATES:
                del states[next(iter(states))]

    def since(self, path: str, document: Document, tags: Iterable[str]) -> tuple[str, bytes] | None:
        """The feed without the entries that were in the state of one of *tags*, and which; None when none is known."""
        states = self._states.get(path, {})
        for etag in (_CODING.sub('"', each) for each in tags):
            if (had := states.get(etag)) is not None and is_manipulated(document):
                head, *entries, tail = document.parts
                return etag, b"".join((head, *(entry for entry in entries if entry not in had), tail))
        return None
