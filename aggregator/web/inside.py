"""A request to the desk of somebody who may make it, its form, and how it is answered."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aggregator import text
from aggregator.desk import pages
from aggregator.desk.sessions import Session
from aggregator.desk.views import Wish
from aggregator.errors import StoreError
from aggregator.hand import Hand
from aggregator.model import Config, Plan
from aggregator.publish import page
from aggregator.web.body import Refused, whole
from aggregator.web.prepared import SECURITY

SMALL, LARGE = 10_000, 1_000_000
"""Bytes of a form of anybody, and of an editor's: a flood of ten thousand is named in it."""
_PATIENCE = 10.0
_FORM = "application/x-www-form-urlencoded"
PAGE = {**SECURITY, "cache-control": "no-store", "x-robots-tag": "noindex", "referrer-policy": "same-origin"}
_WORD = re.compile(r"[a-z]{1,20}")
_PLACE = re.compile(r"[0-9]{1,4}")
Form = dict[str, list[str]]
Answer = Callable[[Request], Awaitable[Response]]
log = logging.getLogger("aggregator")


@dataclass(frozen=True, slots=True)
class Inside:
    """A request of somebody who may make it, as things are now."""

    config: Config
    session: Session
    now: datetime
    request: Request
    form: Form

    def one(self, name: str) -> str:
        """The first value of a field of the form."""
        return next(iter(self.form.get(name, ())), "")

    def plan(self) -> Plan:
        """An introduction, and the stories that were given a place, by their numbers."""
        placed = zip(self.form.get("place", ()), self.form.get("story", ()), strict=False)
        numbered = [(int(place), story) for place, story in placed if _PLACE.fullmatch(place)]
        first = dict.fromkeys(story for _, story in sorted(numbered, key=lambda each: each[0]))
        introduction = self._line("introduction")
        return Plan(introduction=introduction, first=tuple(first))

    def why(self) -> str:
        """The reason, in one line."""
        return self._line("why")

    def _line(self, name: str) -> str:
        """What was typed, in one line; of what no browser sends not all is cleaned."""
        return text.clean(self.one(name)[: 10 * pages.LONGEST])[: pages.LONGEST]

    def wish(self) -> Wish:
        """What the form asks for."""
        return Wish(self.one("act"), self.one("what"), self.one("seen"), self.hand())

    def hand(self) -> Hand:
        return Hand(who=self.session.user.name, at=self.now, why=self.why())


async def form_of(request: Request, most: int = SMALL) -> Form | Response:
    """The fields of a form, or what to say instead."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return plain(415, f"expected {_FORM}")
    body = await whole(request, most, _PATIENCE)
    if isinstance(body, Refused):
        return plain(body.status, body.words)
    try:
        form = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=most // 80, errors="strict")
    except ValueError:
        return plain(400, f"expected {_FORM} in UTF-8")
    if any("\0" in value for values in form.values() for value in values):  # which no text in PostgreSQL may have
        return plain(400, f"expected {_FORM} without NUL")
    return form


def page_of(content: bytes, status: int = 200, more: dict[str, str] | None = None) -> Response:
    return Response(content, status, {**PAGE, **(more or {})}, media_type="text/html; charset=utf-8")


def plain(status: int, words: str) -> Response:
    return Response(f"{words}\n", status, {**PAGE, "connection": "close"}, media_type="text/plain; charset=utf-8")


def told(request: Request) -> str:
    """What came of the form before, by the one word that stands in the address."""
    said = request.query_params.get("said", "")
    return said if _WORD.fullmatch(said) else ""


def go_to(config: Config, path: str) -> Response:
    return RedirectResponse(pages.here(config, path), 303, {**PAGE})


def missing(config: Config, request: Request) -> Response:
    """What stands at every address at which nothing is."""
    if request.method == "POST":
        return page_of(page.render_error(config, 405), 405, {"allow": "GET, HEAD"})
    return page_of(page.render_error(config, 404), 404)


def patient(config: Callable[[], Config], end: Answer) -> Answer:
    """*end*; where the database does not answer both the editor and the operator are told, in words."""

    async def answer(request: Request) -> Response:
        try:
            return await end(request)
        except StoreError as failure:
            log.error("desk: %s", failure)
            return page_of(pages.refused(config(), None, "unwell"), 503, {"retry-after": "60"})

    return answer
