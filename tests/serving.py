"""Our web server on a loopback port, in a thread of its own, for tests that are its clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from starlette.types import ASGIApp

from aggregator.model import Config, Document, Story
from aggregator.publish import documents
from aggregator.web import Server, app


@contextmanager
def serving(site: ASGIApp, listen: str = "127.0.0.1:0", proxies: Sequence[str] = ()) -> Iterator[str]:
    """The address at which *site* answers while the block runs; what *proxies* say of their clients is believed."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = Server(site, listen, proxies)
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        yield server.address
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def site(config: Config, found: Mapping[str, Document], health: tuple[bool, str] = (True, "all is well")) -> ASGIApp:
    """The application over documents that do not change."""
    return app(lambda: found, lambda: health, config)


def published(config: Config, stories: Sequence[Story], changed: datetime) -> dict[str, Document]:
    """The documents of every stream, each with those of *stories* that one of its zones published."""
    made: dict[str, Document] = {}
    for stream in config.streams:
        within = (story.within(config.zones_of(stream), stream.prefer) for story in stories)
        made |= documents(config, stream, [story for story in within if story], changed)
    return made
