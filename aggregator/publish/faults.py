"""``/status.atom``: what goes wrong, for the people who run the program; no public feed ever says such a thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from feedgen.feed import FeedGenerator

import aggregator
from aggregator import text, uri
from aggregator.model import Config, Document, Link
from aggregator.publish import atom, entry, places, static

PATH = "/status.atom"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is wrong: *name* identifies it as long as it lasts, *at* is when it was last seen."""

    name: str
    title: str
    words: str
    at: datetime


def document(config: Config, faults: Sequence[Fault]) -> Document:
    """The operators' feed, in English; without faults it is empty."""
    own = places.base(config) + PATH
    feed = FeedGenerator()
    feed.id(uri.tag(places.authority(config), "status"))
    feed.title(f"{uri.host(config.base_url)}: what goes wrong")
    feed.updated(max((entry.second(fault.at) for fault in faults), default=_NEVER))
    feed.author({"name": "aggregator"})
    feed.link(href=own, rel="self", type=atom.MEDIA_TYPE)
    feed.link(href=f"{places.base(config)}/", rel="alternate", type="text/html")
    feed.language("en")
    feed.generator("aggregator", version=aggregator.__version__)
    for fault in faults:
        _add(feed, config, fault)
    media_type = f"{atom.MEDIA_TYPE}; charset=utf-8"
    links = (Link(href=own, rel="self", type=atom.MEDIA_TYPE),)
    return static.document(media_type, feed.atom_str(pretty=True), _NEVER, links=links)


def _add(feed: FeedGenerator, config: Config, fault: Fault) -> None:
    found = feed.add_entry(order="append")
    found.id(uri.tag(places.authority(config), f"status/{fault.name}"))
    found.title(text.clean(fault.title))
    found.updated(entry.second(fault.at))
    found.content(text.clean(fault.words) or text.clean(fault.title))
