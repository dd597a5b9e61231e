"""Where documents are reached from outside: addresses below ``base_url``, its path prefix included."""

from __future__ import annotations

from urllib.parse import urlsplit

from aggregator import shown, uri
from aggregator.model import Config, Story, Stream


def base(config: Config) -> str:
    """base_url without its last slash."""
    return config.base_url.rstrip("/")


def prefix(config: Config) -> str:
    """The path of base_url without its last slash: empty, or ``/nieuws``."""
    return urlsplit(base(config)).path


def authority(config: Config) -> str:
    """In whose name ids are made (RFC 4151)."""
    return config.authority or uri.host(config.base_url)


def path(config: Config, stream: Stream) -> str:
    """The path of a stream's page below base_url: the first one's is the front page."""
    return "/" if config.streams and config.streams[0].id == stream.id else f"/{stream.id}/"


def page(config: Config, stream: Stream) -> str:
    return base(config) + path(config, stream)


def feed(config: Config, stream: Stream) -> str:
    return f"{base(config)}/{stream.id}.atom"


def fallback(config: Config, story: Story) -> str:
    """For a story that no publisher gives an address: its source, its zone, or ourselves."""
    source, zone = shown.source(config, story.lead.source), shown.zone(config, story.lead.zone)
    return (source and source.url) or zone.url or f"{base(config)}/"
