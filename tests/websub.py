"""Our hub and our subscriber as the daemon runs them, on real sockets, with the clock in the test's hand."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from aggregator.daemon.connecting import means
from aggregator.daemon.hubbing import Hubbing
from aggregator.model import (
    Config,
    Document,
    Fetch,
    Lease,
    Link,
    Parse,
    Ping,
    Poll,
    Source,
    Stream,
    Subscription,
    WebSub,
    Zone,
)
from aggregator.poll import poll
from aggregator.web import Server, app
from tests.databases import migrated
from tests.fakes.callback import Callback
from tests.processes import free_port

T = TypeVar("T")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
FEED = "/samen.atom"


def document(content: str, media_type: str = "application/atom+xml", *links: Link) -> Document:
    data = content.encode()
    return Document(
        media_type=media_type, content=data, etag=f'"{hashlib.md5(data).hexdigest()}"', last_modified=START, links=links
    )


class Live:
    """A daemon's part in WebSub; time passes with ``tick``.  *fetch* sets [fetch], what has no name here [websub]."""

    def __init__(self, directory: Path, *urls: str, fetch: dict[str, Any] | None = None, **websub: Any) -> None:
        self.clock = START
        port = free_port()
        manners: dict[str, Any] = {"allow_private": ("127.0.0.0/8",), "per_host_pause": timedelta(0)}
        self.config = Config(
            base_url=f"http://127.0.0.1:{port}",
            database=migrated(directory / "aggregator.db"),
            fetch=Fetch(timeout=timedelta(seconds=3), **manners | (fetch or {})),
            parse=Parse(workers=1),
            websub=WebSub(**websub),
            zones=(Zone(id="z", name="Zone"),),
            sources=tuple(Source(id=f"s{number}", zone="z", url=url) for number, url in enumerate(urls)),
            streams=(Stream(id="samen", title="Samen"),),
        )
        self.documents = {"/static/style.css": document("p{}", "text/css")}
        self.publish("<feed>1</feed>")
        self.faults: list[Exception] = []
        self._listen = f"127.0.0.1:{port}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        assert error is not None or not self.faults

    def restart(self) -> None:
        """Close everything and open it again, on the same database."""
        self.run(self._stack.aclose())
        self.run(self._open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _open(self) -> None:
        self._stack = AsyncExitStack()
        self.means = await self._stack.enter_async_context(means(self.config, lambda: self.clock))
        self.hubbing = Hubbing(
            self.means, lambda: self.documents, lambda: self.polls, lambda fault, _: self.faults.append(fault)
        )
        site = app(lambda: self.documents, lambda: (True, ""), self.config, self.hubbing.routes)
        server = Server(site, self._listen)
        await server.start()
        self._stack.push_async_callback(server.stop)

    # -- what happens ------------------------------------------------------------

    def tick(self, after: timedelta = timedelta(0)) -> None:
        """Let time pass, and all that is due be done."""
        self.clock += after

        async def go_on() -> None:
            for _ in range(2):
                self.hubbing.go_on()
                await self.hubbing.finish(10)

        self.run(go_on())

    def configure(self, **changes: Any) -> None:
        """Change the configuration, as after a reload."""
        self.config = replace(self.config, **changes)
        self.means = replace(self.means, config=self.config)
        self.hubbing.configure(self.means)

    def publish(self, content: str, path: str = FEED) -> None:
        """Another version of a document."""
        links = [Link(href=hub, rel="hub") for hub in self.config.hubs]
        links.append(Link(href=f"{self.config.base_url}{path}", rel="self"))
        self.documents = self.documents | {path: document(content, "application/atom+xml", *links)}

    def poll(self, source: int = 0) -> Poll:
        return self.run(poll(self.config.sources[source], self.means))

    # -- what others say to us -----------------------------------------------------

    @property
    def topic(self) -> str:
        return f"{self.config.base_url}{FEED}"

    def post(self, **form: str | None) -> httpx.Response:
        """A request to the hub; ``topic="x"`` is ``hub.topic=x``, and None leaves out."""
        fields = {"mode": "subscribe", "topic": self.topic} | form
        data = {f"hub.{name}": value for name, value in fields.items() if value is not None}
        return httpx.post(f"{self.config.base_url}/hub", data=data)

    def subscribe(self, callback: Callback, path: str = "/callback", **form: str | None) -> None:
        """Subscribe, and be verified."""
        assert self.post(callback=callback.url(path), **form).status_code == 202
        self.tick()

    def change(self, content: str) -> None:
        """Publish, and deliver."""
        self.publish(content)
        self.tick()
        self.tick(10 * SECOND)

    # -- what we noted ---------------------------------------------------------------

    @property
    def polls(self) -> dict[str, Poll]:
        return self.means.store.look(lambda tx: tx.polls.all())

    @property
    def subscriptions(self) -> list[Subscription]:
        return self.means.store.look(lambda tx: tx.websub.subscriptions())

    @property
    def pings(self) -> list[Ping]:
        return self.means.store.look(lambda tx: tx.websub.pings())

    @property
    def leases(self) -> list[Lease]:
        return self.means.store.look(lambda tx: tx.websub.leases())
