"""``/search``, for people: GET, no script, and bounds on what strangers can make it cost.

A search reads the database, which nothing else that is served does.  Two run at a time, a few wait, and whoever asks
too often is told so; how long one takes is bounded by the store.  A page is compressed for who asked for it: it holds
nothing that is secret, whose length could tell what was typed beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aggregator import query
from aggregator.errors import SearchError
from aggregator.model import Config
from aggregator.publish import packing, places, results
from aggregator.publish.results import Results
from aggregator.rates import Rates
from aggregator.seek import PAGES, Asked, Found
from aggregator.web.negotiation import coding
from aggregator.web.prepared import SECURITY, SHORT

AT_ONCE = 2
WAITING = 10
"""How many searches wait for one of the two places; further ones are told to come back."""
RATES = {"all": 600, "client": 60}
"""Searches in a minute, in all and of one address."""
_AGAIN = 30  # seconds

# What a reader sees again within a minute costs nothing; nobody between keeps what was sought.
_KEEP = "private, max-age=60, must-revalidate"

Find = Callable[[Asked], Awaitable[Found]]


def routes(config: Callable[[], Config], find: Find, clock: Callable[[], datetime]) -> list[Route]:
    """With and without the path prefix of base_url, as it is when the daemon starts."""
    end = _End(config, find, clock)
    made = ((results.PATH, end.answer), (f"{results.PATH}/", _home))
    before = sorted({"", places.prefix(config())})
    return [Route(f"{each}{path}", answer, methods=["GET"]) for each in before for path, answer in made]


async def _home(request: Request) -> Response:
    """From the address with a slash to the one without; relative, because what is before it is the proxy's business."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"..{results.PATH}{asked}", 308, {**SECURITY, "cache-control": SHORT})


class _End:
    def __init__(self, config: Callable[[], Config], find: Find, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._find = find
        self._clock = clock
        self._rates = Rates(RATES)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def answer(self, request: Request) -> Response:
        config = self._config()
        asked = _asked(config, request)
        made = Results(query=asked.query, stream=asked.stream, zone=asked.zone, number=asked.page)
        if not asked.query.wanted:
            return _page(request, config, made)
        client = request.client.host if request.client else ""
        if self._waiting >= WAITING or not self._rates.take(self._clock(), client=client):
            return _page(request, config, replace(made, trouble="busy"), 429, {"retry-after": str(_AGAIN)})
        try:
            found = await self._turn(asked)
        except SearchError:
            return _page(request, config, replace(made, trouble="broad"))
        last = asked.page >= PAGES
        return _page(request, config, replace(made, stories=found.stories, more=found.more, last=last))

    async def _turn(self, asked: Asked) -> Found:
        self._waiting += 1
        try:
            async with self._places:
                return await self._find(asked)
        finally:
            self._waiting -= 1


def _asked(config: Config, request: Request) -> Asked:
    """What the address says; a zone or a stream that is not there is none, and so is a page."""
    values = request.query_params
    zone = next((each.id for each in config.zones if each.id == values.get("zone")), None)
    stream = next((each for each in config.streams if each.id == values.get("stream")), None)
    number = values.get("page", "")
    page = min(max(int(number), 1), PAGES) if number.isascii() and number.isdigit() and len(number) < 5 else 1
    return Asked(query=query.read(values.get("q", "")), stream=stream, zone=zone, page=page)


def _page(
    request: Request, config: Config, made: Results, status: int = 200, more: dict[str, str] | None = None
) -> Response:
    fields = {**SECURITY, "cache-control": _KEEP if status == 200 else "no-store", "x-robots-tag": "noindex"}
    content = results.render(config, made)
    if chosen := coding(",".join(request.headers.getlist("accept-encoding")), packing.CODINGS):
        content = packing.pack(chosen, content)
        fields["content-encoding"] = chosen
    fields |= {"vary": "Accept-Encoding", **(more or {})}
    return Response(content, status, fields, media_type="text/html; charset=utf-8")
