"""The site: finished documents by their path, and the little that a web server says beside them.

Nothing is rendered for a request but an error page.  A path prefix of base_url is accepted and not required, because
some proxies pass it on and some take it off; redirects are relative (RFC 9110 §10.2.2) for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from aggregator.model import Config, Document
from aggregator.publish import page, places, static
from aggregator.web.conditional import evaluate, http_date

# The pages load one style sheet and one icon of ours, and nothing else in the world.
SECURITY = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_SHORT = "public, max-age=60, must-revalidate"
_FOR_EVER = "public, max-age=31536000, immutable"
_NEVER = "no-store"
_ROBOTS = b"User-agent: *\nAllow: /\n"
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_ALLOW = {"allow": "GET, HEAD"}

Documents = Callable[[], Mapping[str, Document]]
Health = Callable[[], tuple[bool, str]]


def app(documents: Documents, health: Health, config: Config, more: Sequence[BaseRoute] = ()) -> Starlette:
    """An ASGI application.

    *documents* gives the current documents by their path below base_url and is asked on every request; *health* says
    whether the job works, and why not; *more* are routes that take requests (``web/hub.py``).  What the mapping lacks
    of ``/static`` comes from the package.
    """
    site = _Site(documents, health, config)
    return Starlette(
        routes=[*more, Route("/{path:path}", site.answer)],
        exception_handlers={HTTPException: site.refuse, Exception: site.fail},
    )


class _Site:
    def __init__(self, documents: Documents, health: Health, config: Config) -> None:
        self._documents = documents
        self._health = health
        self._config = config
        self._prefix = places.prefix(config)
        self._own = static.assets(config, _UNDATED)
        self._own["/favicon.ico"] = self._own[static.ICON]
        self._own["/robots.txt"] = static.document("text/plain; charset=utf-8", _ROBOTS, _UNDATED)

    async def answer(self, request: Request) -> Response:
        path = self._below("/" + request.path_params["path"])
        if path == "/health":
            return self._say_health(request)
        documents = self._documents()
        if found := documents.get(path) or self._own.get(path):
            return _send(request, path, found)
        if f"{path}/" in documents or path == self._prefix:
            # Relative to what the reader asked for, whatever stands before it.
            return _reply(request, 308, headers={"location": f"{path.rpartition('/')[2]}/", "cache-control": _SHORT})
        raise HTTPException(404)

    async def refuse(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self._page(request, error.status_code, _ALLOW if error.status_code == 405 else {})

    async def fail(self, request: Request, error: Exception) -> Response:
        """Starlette raises *error* again afterwards, so that it is logged."""
        return self._page(request, 500, {})

    def _below(self, path: str) -> str:
        """The path below base_url; the prefix alone stays as it is."""
        if self._prefix and path.startswith(f"{self._prefix}/"):
            return path.removeprefix(self._prefix)
        return path

    def _say_health(self, request: Request) -> Response:
        well, words = self._health()
        headers = {"content-type": "text/plain; charset=utf-8", "cache-control": _NEVER}
        return _reply(request, 200 if well else 503, f"{words}\n".encode(), headers)

    def _page(self, request: Request, status: int, headers: Mapping[str, str]) -> Response:
        content = page.render_error(self._config, status)
        return _reply(
            request, status, content, {"content-type": "text/html; charset=utf-8", "cache-control": _NEVER, **headers}
        )


def _send(request: Request, path: str, document: Document) -> Response:
    """A document, or the news that the reader has it already (RFC 9110 §15.4.5: the fields that a 200 would have)."""
    headers = {"etag": document.etag, "cache-control": _keep(request, path, document), "vary": "Accept-Encoding"}
    if document.last_modified > _UNDATED:
        headers["last-modified"] = http_date(document.last_modified)
    status = evaluate(request.headers, document)
    if status != 200:
        return Response(status_code=status, headers=headers)
    return _reply(request, 200, document.content, {"content-type": document.media_type, **headers})


def _keep(request: Request, path: str, document: Document) -> str:
    """For ever when the address names these very bytes."""
    named = path.startswith("/static/") and request.query_params.get("v") == static.version(document.content)
    return _FOR_EVER if named else _SHORT


def _reply(request: Request, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
    """To HEAD the same fields as to GET, without the content (RFC 9110 §9.3.2)."""
    fields = {**SECURITY, **(headers or {}), "content-length": str(len(content))}
    return Response(b"" if request.method == "HEAD" else content, status, fields)
