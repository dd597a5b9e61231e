"""The daemon's part in WebSub: our hub and our subscriptions go on at every tick, beside everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from starlette.routing import Route

from aggregator.daemon.posting import REST
from aggregator.daemon.saying import Say
from aggregator.model import Document, Poll
from aggregator.poll import Means
from aggregator.web import hub as web
from aggregator.websub import Hub, Subscriber


class Hubbing:
    """*documents* and *polls* are asked for at every tick; *say* logs a failure."""

    def __init__(
        self,
        means: Means,
        documents: Callable[[], Mapping[str, Document]],
        polls: Callable[[], Mapping[str, Poll]],
        say: Say,
    ) -> None:
        self._means = means
        self._say = say
        self._hub = Hub(means.config, means.store, means.fetcher, documents, means.clock, say)
        self._subscriber = Subscriber(means, polls, say)
        self._task: asyncio.Task[None] | None = None
        self._rest_until = means.clock()

    @property
    def routes(self) -> list[Route]:
        """Where subscribers and hubs reach us."""
        return web.routes(self._hub, self._subscriber)

    def configure(self, means: Means) -> None:
        """Go on with another configuration."""
        self._means = self._subscriber.means = means
        self._hub.configure(means.config)

    def go_on(self) -> None:
        """Start what is due, unless we are still at it or have just failed."""
        if (self._task is None or self._task.done()) and self._means.clock() >= self._rest_until:
            self._task = asyncio.create_task(self._go_on())

    async def finish(self, seconds: float) -> None:
        """Let what is under way end within so many seconds."""
        if self._task:
            await asyncio.wait([self._task], timeout=seconds)
        await asyncio.gather(self._hub.finish(seconds), self._subscriber.finish(seconds))

    async def _go_on(self) -> None:
        for part, name in ((self._hub, "hub"), (self._subscriber, "subscriptions")):
            try:
                await part.go_on()
            except Exception as failure:  # noqa: BLE001 - what WebSub cannot do keeps nothing else
                self._say(failure, name)
                self._rest_until = self._means.clock() + REST
