"""Stories → documents: what a stream looks like from outside, rendered once per change.

``atom`` for feed readers, ``page`` for people, ``static`` for what the pages need.  Same arguments, same bytes: nothing
here reads the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aggregator.model import Config, Document, Story, Stream
from aggregator.publish import atom, page, places
from aggregator.publish.static import assets, document

__all__ = ["assets", "document", "documents"]


def documents(config: Config, stream: Stream, stories: Sequence[Story], changed: datetime) -> dict[str, Document]:
    """Every document of a stream by its path below base_url: ``/<id>.atom``, ``/<id>/``, and ``/`` for the first.

    A stream that was renamed is found at its former addresses too, and says where it is now.

    *stories* are as the stream shows them (``Story.within``, lead first), newest first, none withdrawn or held;
    *changed* is when any of it changed last, withdrawals included.  The files that the pages refer to are ``assets``.
    """
    shown = stories[: stream.items]
    feed = atom.render(config, stream, shown, changed)
    ids = (stream.id, *stream.was)
    made = {f"/{id}.atom": document(f"{atom.MEDIA_TYPE}; charset=utf-8", feed, changed) for id in ids}
    for path in dict.fromkeys((places.path(config, stream), *(f"/{id}/" for id in ids))):
        content = page.render(config, stream, shown, changed, root="" if path == "/" else "../")
        made[path] = document("text/html; charset=utf-8", content, changed)
    return made
