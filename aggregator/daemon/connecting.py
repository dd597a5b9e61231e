"""Opening what a poll works with: the store, the fetcher, and the processes that read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from aggregator import __version__, renames
from aggregator.daemon.opening import clock, open_store
from aggregator.fetch import Fetcher
from aggregator.model import Config
from aggregator.poll import Means
from aggregator.workers import Workers


@asynccontextmanager
async def means(
    config: Config, clock: Callable[[], datetime] = clock, *, renaming: bool = True
) -> AsyncIterator[Means]:
    """Open store, fetcher and workers, and close them in order; what ``poll`` works with.

    What was renamed in the configuration follows in the database, unless *renaming* is left to the caller.
    """
    async with AsyncExitStack() as stack:
        store = stack.enter_context(open_store(config))
        if renaming:
            await store.write(lambda tx: renames.apply(tx, config, clock()))
        workers = Workers(config.parse)
        stack.callback(workers.close)
        fetcher = await stack.enter_async_context(Fetcher(config.fetch, version=__version__))
        yield Means(config=config, fetcher=fetcher, workers=workers, store=store, clock=clock, version=__version__)
