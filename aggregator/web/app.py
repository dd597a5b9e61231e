"""The site: finished documents by their path, and the little that a web server says beside them.

Nothing is rendered for a request but error pages, and what is asked for one by one: stories, months, pages of the
archive.  A path prefix of base_url is accepted and not required, because some proxies pass it on and some take it off;
redirects are relative (RFC 9110 §10.2.2) for the same reason.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope, Send

from aggregator.errors import StoreError
from aggregator.model import Config, Document
from aggregator.publish import faults, page, places, standing, static
from aggregator.web.conditional import evaluate, named
from aggregator.web.negotiation import coding, takes_entries
from aggregator.web.news import News
from aggregator.web.prepared import (
    ARCHIVED,
    FOR_EVER,
    PREFLIGHT,
    SECURITY,
    SHORT,
    UNDATED,
    Answer,
    Prepared,
    Ready,
    encoded,
    is_feed,
    prepare,
    ready,
)

_NEVER = "no-store"
_WRITERS = {b"if-match", b"if-unmodified-since"}
_CONDITIONS = {b"if-none-match", b"if-modified-since", *_WRITERS}
_READING = ("GET", "HEAD")
_AGAIN = {"retry-after": "60"}
log = logging.getLogger("aggregator")

Documents = Callable[[], Mapping[str, Document]]
Health = Callable[[], tuple[bool, str]]
Asked = Callable[[str], Awaitable[Document | None]]


async def _nothing(path: str) -> Document | None:
    return None


def _note(failure: StoreError) -> None:
    log.error("web: %s", failure)


def app(
    documents: Documents,
    health: Health,
    config: Config,
    routes: Sequence[Route] = (),
    *,
    asked: Asked = _nothing,
    status: Callable[[], Document] | None = None,
    unwell: Callable[[StoreError], None] = _note,
) -> Site:
    """An ASGI application.

    *documents* gives the current documents by their path below base_url and is asked on every request; *health* says
    whether the job works, and why not; *asked* makes what is made only for who asks (``places.is_asked_for``);
    *status* is the operators' feed, for the networks of ``[server].operators``; *unwell* is told when the database did
    not answer.  What the mapping lacks of ``/static`` comes from the package.  *routes* are what else is there.
    """
    return Site(documents, health, config, routes, asked, status, unwell)


class Site:
    """What ``app`` makes; told of another configuration by ``configure``."""

    def __init__(
        self,
        documents: Documents,
        health: Health,
        config: Config,
        routes: Sequence[Route],
        asked: Asked,
        status: Callable[[], Document] | None,
        unwell: Callable[[StoreError], None],
    ) -> None:
        self._documents = documents
        self._health = health
        self._asked = asked
        self._status = status
        self._unwell = unwell
        self._routes = routes
        self._ready: dict[tuple[str, str], Prepared] = {}
        self._news = News()
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on say what *config* wants to be said: its own pages, its errors, its prefix."""
        self._config = config
        self._operators = [ip_network(network, strict=False) for network in config.server.operators]
        self._prefix = places.prefix(config)
        self._own = static.assets(config, UNDATED)
        self._own["/favicon.ico"] = self._own[static.ICON]
        self._own |= standing.documents(config, UNDATED)
        self._errors: dict[int, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = _Reply(scope, send)
        try:
            await self._answer(scope, receive, reply)
        except StoreError as failure:
            self._unwell(failure)
            if reply.begun:
                raise
            await self._error(reply, 503, _AGAIN)
        except Exception:
            if not reply.begun:
                await self._error(reply, 500)
            raise

    def at_once(self, scope: Scope) -> Ready | None:
        """The answer to who reads a document that is in memory: nothing has to be waited for."""
        path = self._below(scope)
        found = self._documents().get(path) or self._own.get(path)
        return self._read(scope, path, found) if found and scope["method"] in _READING else None

    async def _answer(self, scope: Scope, receive: Receive, reply: _Reply) -> None:
        path = self._below(scope)
        if path == "/health" and scope["method"] in _READING:
            return await self._say_health(reply)
        found = await self._find(scope, path)
        if found and scope["method"] in _READING:
            return await reply.send(self._read(scope, path, found))
        if found and scope["method"] == "OPTIONS" and is_feed(found):
            return await reply.send(ready(204, encoded({**SECURITY, **PREFLIGHT})))
        for route in () if found else self._routes:
            match, child = route.matches(scope)
            if match is Match.PARTIAL:
                return await self._error(reply, 405, {"allow": ", ".join(sorted(route.methods or ()))})
            if match is Match.FULL:
                scope.update(child)
                return await route.handle(scope, receive, reply.pass_on)
        if scope["method"] not in _READING:
            options = found is not None and is_feed(found)
            return await self._error(reply, 405, {"allow": "GET, HEAD, OPTIONS" if options else "GET, HEAD"})
        below = f"{path}/"
        if below in self._documents() or below in self._own or path == self._prefix or places.is_asked_for(below):
            # Relative to what the reader asked for, whatever stands before it.
            fields = {**SECURITY, "location": f"{path.rpartition('/')[2]}/", "cache-control": SHORT}
            return await reply.send(ready(308, encoded({**fields, "content-length": "0"})))
        return await self._error(reply, 404)

    async def _find(self, scope: Scope, path: str) -> Document | None:
        if found := self._documents().get(path) or self._own.get(path):
            return found
        if places.is_asked_for(path) and scope["method"] in _READING:
            return await self._asked(path)
        if path == faults.PATH and self._status and self._is_operator(scope):
            return self._status()
        return None

    def _read(self, scope: Scope, path: str, found: Document) -> Ready:
        """A document, or the news that the reader has it already."""
        prepared = self._prepared(path, found, self._keep(scope, path, found))
        fields: dict[bytes, bytes] = dict(scope["headers"])
        chosen = None
        if prepared.codings and b"accept-encoding" in fields:
            lines = (value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-encoding")
            chosen = coding(",".join(lines), prepared.codings)
        answer = prepared.answers[chosen]
        if found.status != 200 or _CONDITIONS.isdisjoint(fields):
            return answer.whole
        if fields.get(b"if-none-match") == answer.tag and _WRITERS.isdisjoint(fields):
            return answer.not_modified  # what nearly every reader asks, without taking it apart
        headers = Headers(raw=scope["headers"])
        status = evaluate(headers, answer)
        if status != 200:
            return answer.not_modified if status == 304 else answer.refused
        news = self._news_for(headers, path, prepared, answer) if b"a-im" in fields else None
        return news or answer.whole

    def _news_for(self, headers: Headers, path: str, prepared: Prepared, answer: Answer) -> Ready | None:
        """226 with the entries that the reader lacks (RFC 3229 §10.4.1), when that is shorter than all of it."""
        if not takes_entries(headers.getlist("a-im")):
            return None
        news = self._news.since(path, prepared.document, named(headers))
        if news is None or len(news[1]) >= len(answer.whole.content):
            return None
        base, content = news
        changed = {b"content-length": str(len(content)).encode(), b"cache-control": b"no-store, im"}
        fields = [(name, changed.get(name, value)) for name, value in prepared.answers[None].whole.fields]
        return ready(226, [*fields, (b"im", b"feed"), (b"delta-base", base.encode("latin-1"))], content)

    def _prepared(self, path: str, found: Document, keep: str) -> Prepared:
        if keep == _NEVER or places.is_asked_for(path):
            return prepare(found, keep)  # kept by whoever renders it, as long as there is room
        prepared = self._ready.get((path, keep))
        if prepared is None or prepared.document is not found:
            if len(self._ready) > 4 * len(self._documents()) + 100:
                self._ready.clear()
            self._ready[path, keep] = prepared = prepare(found, keep)
            self._news.remember(path, found)
        return prepared

    def _keep(self, scope: Scope, path: str, found: Document) -> str:
        """For ever when the address names these very bytes."""
        if path.startswith("/static/"):
            version = f"v={static.version(found.content)}"
            return FOR_EVER if scope["query_string"].decode("latin-1") == version else SHORT
        if path == faults.PATH:
            return _NEVER
        return ARCHIVED if path.endswith(".atom") and "/archive/" in path else SHORT

    def _below(self, scope: Scope) -> str:
        """The path below base_url; the prefix alone stays as it is."""
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        if root and path.startswith(f"{root}/"):
            path = path.removeprefix(root)
        if self._prefix and path.startswith(f"{self._prefix}/"):
            return path.removeprefix(self._prefix)
        return path

    def _is_operator(self, scope: Scope) -> bool:
        """Whether who asks is in a network of the operators; over a socket of a file nobody is."""
        try:
            address = ip_address((scope.get("client") or ("", 0))[0])
        except ValueError:
            return False
        return any(address in network for network in self._operators)

    async def _say_health(self, reply: _Reply) -> None:
        well, words = self._health()
        fields = {**SECURITY, "content-type": "text/plain; charset=utf-8", "cache-control": _NEVER}
        await self._whole(reply, 200 if well else 503, f"{words}\n".encode(), fields)

    async def _error(self, reply: _Reply, status: int, more: Mapping[str, str] | None = None) -> None:
        if status not in self._errors:
            self._errors[status] = page.render_error(self._config, status)
        fields = {**SECURITY, "content-type": "text/html; charset=utf-8", "cache-control": _NEVER, **(more or {})}
        await self._whole(reply, status, self._errors[status], fields)

    async def _whole(self, reply: _Reply, status: int, content: bytes, fields: Mapping[str, str]) -> None:
        await reply.send(ready(status, encoded({**fields, "content-length": str(len(content))}), content))


class _Reply:
    """The one answer to a request; to HEAD the same fields as to GET, without the content (RFC 9110 §9.3.2)."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.begun = False
        self._head = scope["method"] == "HEAD"
        self._send = send

    async def send(self, found: Ready) -> None:
        self.begun = True
        await self._send({"type": "http.response.start", "status": found.status, "headers": found.fields})
        await self._send({"type": "http.response.body", "body": b"" if self._head else found.content})

    async def pass_on(self, message: Message) -> None:
        self.begun = True
        await self._send(message)
