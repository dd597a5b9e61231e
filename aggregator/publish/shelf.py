"""What a document of a stream is made of: the stories, and where it stands in the stream's history (RFC 5005)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.model import Config, Document, Link, Span, Story, Stream, Withdrawn
from aggregator.publish import places, static
from aggregator.publish.kept import Kept
from aggregator.publish.page import Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Stories as a document of a stream shows them (``Story.within``), newest first, none withdrawn or held.

    *changed* is the document's last change, withdrawals included; *older* the newest page of the archive that begins
    before this document; *span* what a page of the archive itself holds, None for what is subscribed to; *links* the
    stories that each story is linked with; *pinned* what stands before all on the page, and in no feed; *kept* the
    entries of the document's last version.
    """

    config: Config
    stream: Stream
    stories: Sequence[Story]
    changed: datetime
    withdrawn: Sequence[Withdrawn] = ()
    older: Span | None = None
    span: Span | None = None
    links: Links = field(default_factory=dict)
    pinned: Sequence[Story] = ()
    kept: Kept = field(default_factory=Kept, compare=False)

    def entries(self, format: str, render: Callable[[Story, bool], bytes]) -> list[bytes]:
        """The entries in one format, none left out; the older ones in short when they would be too much."""
        most = self.config.publish.max_size
        return self.kept.entries(f"{self.stream.id}.{format}", self.stories, render, most)

    def document(self, media_type: str, own: str, parts: Sequence[bytes]) -> Document:
        """The document at *own*: all before its entries, each entry, all after them."""
        links = (
            Link(href=own, rel="self", type=media_type.partition(";")[0]),
            *(Link(href=hub, rel="hub") for hub in (() if self.span else self.config.hubs)),
            Link(href=places.page(self.config, self.stream), rel="alternate", type="text/html"),
        )
        return static.document(media_type, b"".join(parts), self.changed, links=links, parts=tuple(parts))
