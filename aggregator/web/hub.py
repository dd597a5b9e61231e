"""Where WebSub reaches us: ``/hub`` for our subscribers, ``/websub/TOKEN`` for the hubs that we subscribed to.

Bodies are bounded while they arrive, and a push is read only for a token that there is.  What a hub sent to be echoed
goes back as a type that no browser runs (WebSub §8.2).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.web.body import whole
from aggregator.websub import Hub, Subscriber
from aggregator.websub.requests import BODY
from aggregator.websub.subscriber import PATH

_PATIENCE = 10.0  # seconds for a request to arrive
_PUSH_PATIENCE = 60.0
_FORM = "application/x-www-form-urlencoded"
_SAFE = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
}


def routes(hub: Hub, subscriber: Subscriber) -> list[Route]:
    """With and without the path prefix of base_url: some proxies take it off."""
    ends = _Ends(hub, subscriber)
    prefix = urlsplit(hub.config.base_url).path.rstrip("/")
    found = [("/hub", ends.hub), (f"{PATH}{{token}}", ends.callback)]
    return [_route(f"{before}{path}", end) for before in {"", prefix} for path, end in found]


def _route(path: str, end: Callable[[Request], Awaitable[Response]]) -> Route:
    """For every method: what is at *path* says itself which it takes (RFC 9110 §15.5.6), and that may be none."""
    route = Route(path, end)
    route.methods = None
    return route


class _Ends:
    def __init__(self, hub: Hub, subscriber: Subscriber) -> None:
        self._hub = hub
        self._subscriber = subscriber

    async def hub(self, request: Request) -> Response:
        if not self._hub.config.websub.hub:
            return _say(404, "there is no hub here")
        if request.method != "POST":
            return _say(405, "a WebSub hub: programs subscribe here with POST", allow="POST")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return _say(415, f"expected {_FORM}")
        body = await _body(request, BODY, _PATIENCE)
        if isinstance(body, Response):
            return body
        answer = await self._hub.accept(body, request.client.host if request.client else "")
        return _say(answer.status, answer.words, **({"retry-after": str(answer.wait)} if answer.wait else {}))

    async def callback(self, request: Request) -> Response:
        token = request.path_params["token"]
        if request.method not in ("GET", "POST"):  # nor HEAD: it must change nothing
            return _say(405, "hubs ask here with GET, and bring news with POST", allow="GET, POST")
        if request.method == "POST":
            return await self._push(request, token)
        said = await self._subscriber.hear(token, dict(request.query_params))
        if said is None or said.status == 404:
            return _say(404, "this was not asked for")
        return Response(said.words, said.status, _SAFE)

    async def _push(self, request: Request, token: str) -> Response:
        lease = await self._subscriber.lease(token)
        if lease is None:
            return _say(410, "there is no such subscription")
        body = await _body(request, self._subscriber.means.config.fetch.max_size, _PUSH_PATIENCE)
        if isinstance(body, Response):
            return body
        return Response(status_code=await self._subscriber.take(lease, body, request.headers), headers=_SAFE)


async def _body(request: Request, limit: int, seconds: float) -> bytes | Response:
    """All of it, or what to say to somebody who sends too much or too slowly."""
    body = await whole(request, limit, seconds)
    return body if isinstance(body, bytes) else _say(body.status, body.words, connection="close")


def _say(status: int, words: str, **headers: str) -> Response:
    return Response(f"{words}\n", status, {**_SAFE, **headers})
