"""``/feeds/``: what a feed is and where ours are, for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aggregator import text
from aggregator.model import Config, Stream
from aggregator.publish import page, places

PATH = "/feeds/"
_ROOT = "../"


@dataclass(frozen=True, slots=True)
class Choice:
    """A stream in the list: its page, its feeds by format, and the address to copy."""

    title: str
    page: str
    atom: str
    rss: str
    json: str
    opml: str
    address: str


def render(config: Config) -> bytes:
    """The page's bytes, UTF-8: the same for the same configuration."""
    return page.written(
        config,
        "feeds.html",
        **page.frame(config, _ROOT),
        canonical=places.base(config) + PATH,
        streams=_choices(config, config.streams),
        zones=_choices(config, (places.of_zone(zone) for zone in config.zones)),
    )


def _choices(config: Config, streams: Iterable[Stream]) -> list[Choice]:
    return [
        Choice(
            title=text.clean(stream.title) or stream.id,
            page=_ROOT + places.path(config, stream)[1:],
            atom=f"{_ROOT}{stream.id}.atom",
            rss=f"{_ROOT}{stream.id}.rss",
            json=f"{_ROOT}{stream.id}.json",
            opml=f"{_ROOT}{stream.id}.opml",
            address=places.feed(config, stream),
        )
        for stream in streams
    ]
