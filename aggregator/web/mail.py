"""``/mail/``: where people subscribe, confirm, choose and leave.

GET and HEAD change nothing, whatever fetches them: mail gateways open every link.  POST needs no cookie and carries no
authority but the token in its address, which only the mailbox has: another site can send no form that a stranger could
not send as well, so there is nothing to forge (CSRF).  What is answered never depends on who is subscribed, and comes
no sooner for some than for others.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aggregator.model import Config, Reader
from aggregator.publish import page, places
from aggregator.rates import Rates
from aggregator.store import Store, Tx
from aggregator.subscribing import addresses, desk, forms, pages
from aggregator.web.body import whole
from aggregator.web.prepared import SECURITY

BODY = 10_000  # bytes
RATES = {"all": 600, "network": 20}
"""Forms an hour that can have a mail sent: in all, and of one network."""
HOUR = timedelta(hours=1)
FLOOR = 0.3
"""Seconds that an answer takes at least, so that it does not tell what was done for it."""
_PATIENCE = 10.0
_FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_PAGE = {
    **SECURITY,
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}


def routes(
    config: Callable[[], Config], store: Store, clock: Callable[[], datetime], *, floor: float = FLOOR
) -> list[Route]:
    """With and without the path prefix of base_url, as it is when the daemon starts."""
    ends = _Ends(config, store, clock, floor)
    found: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [
        ("/mail", ends.home),
        ("/mail/", ends.subscribe),
        ("/mail/c/{token}", ends.confirm),
        ("/mail/u/{token}", ends.leave),
        ("/mail/p/{token}", ends.preferences),
    ]
    before = sorted({"", places.prefix(config())})
    return [Route(f"{each}{path}", end, methods=["GET", "HEAD", "POST"]) for each in before for path, end in found]


class _Ends:
    def __init__(self, config: Callable[[], Config], store: Store, clock: Callable[[], datetime], floor: float) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._floor = floor
        self._rates = Rates(RATES, HOUR)
        self._secret: bytes | None = None

    async def home(self, request: Request) -> Response:
        """To the form; relative, because what stands before it is the proxy's business."""
        return RedirectResponse("mail/", 308, {**_PAGE})

    async def subscribe(self, request: Request) -> Response:
        """The form; what is sent with it is answered in the same words and time whoever it is about."""
        config, now = self._config(), self._clock()
        if not places.is_open(config):
            return _missing(config)
        secret = await self._key()
        stamp = forms.stamp(secret, now)
        if request.method != "POST":
            return _page(pages.subscribe(config, None, stamp))
        form = await _form(request)
        if isinstance(form, Response):
            return form
        if not self._may(request, now):
            return _page(pages.too_often(config), 429, {"retry-after": str(int(HOUR.total_seconds()))})
        filled = forms.subscribing(form, config, secret, now)
        if filled.problems:
            return _page(pages.subscribe(config, filled, stamp), 422)
        if not filled.trapped:
            asking = self._store.write(lambda tx: desk.ask(tx, config, filled.address, filled.choices, now))
            await asyncio.gather(asking, asyncio.sleep(self._floor))
        else:
            await asyncio.sleep(self._floor)
        return _page(pages.asked(config))

    async def confirm(self, request: Request) -> Response:
        """The page behind the link of a mail, and its two buttons."""
        config, now, token = self._config(), self._clock(), request.path_params["token"]
        asked = await self._store.read(lambda tx: desk.pending(tx, token, now)) if _TOKEN.fullmatch(token) else None
        if asked is None:
            return _page(pages.gone(config), 404)
        if request.method != "POST":
            return _page(pages.confirm(config, asked))
        form = await _form(request)
        if isinstance(form, Response):
            return form
        if forms.act(form) == "refuse":
            await self._store.write(lambda tx: desk.refuse(tx, token, now))
            return _page(pages.refused(config))
        if forms.act(form) != "confirm":
            return _page(pages.confirm(config, asked), 422)
        reader = await self._store.write(lambda tx: desk.confirm(tx, config, token, now))
        if reader is None:
            return _page(pages.gone(config), 404)
        return _page(pages.confirmed(config, pages.here(config, f"p/{reader.token}")))

    async def leave(self, request: Request) -> Response:
        """One click (RFC 8058 §3.2): POST unsubscribes, whatever is in it; a second one is no mistake, and no news."""
        config, token = self._config(), request.path_params["token"]
        reader = await self._whose(token)
        if request.method != "POST":
            return _page(pages.leave(config, reader[0]) if reader else pages.left(config))
        refused = await whole(request, BODY, _PATIENCE)
        if not isinstance(refused, bytes):
            return _plain(refused.status, refused.words)
        if reader:
            now = self._clock()
            await self._store.write(lambda tx: tx.subscribers.leave(token, now))
        return _page(pages.left(config))

    async def preferences(self, request: Request) -> Response:
        """What a reader gets, and every button below it."""
        config, now, token = self._config(), self._clock(), request.path_params["token"]
        found = await self._whose(token)
        if found is None:
            return _page(pages.nobody(config), 404)
        if request.method != "POST":
            return await self._show(config, token)
        form = await _form(request)
        if isinstance(form, Response):
            return form
        act = forms.act(form)
        if act == "export":
            known = await self._store.read(lambda tx: tx.privacy.known(found[0].address))
            return _download(known)
        if act == "leave":
            address = found[0].address if found[1] else token
            await self._store.write(lambda tx: tx.subscribers.leave(address, now))
            return _page(pages.left(config))
        return await self._change(request, config, found, form, now)

    async def _change(
        self, request: Request, config: Config, found: desk.Person, form: forms.Form, now: datetime
    ) -> Response:
        reader, subscriber, digests = found
        act, token = forms.act(form), reader.token
        if act == "save":
            offered = forms.offer(config, digests) if subscriber else pages.only(config, reader)
            choices, problems = forms.choosing(form, config, offered)
            if problems:
                return await self._show(config, token, forms.Filled(choices=choices, problems=problems))
            await self._store.write(lambda tx: desk.save(tx, reader, choices, now))
            return await self._show(config, token, act=act)
        if subscriber is None:
            return await self._show(config, token)
        if act == "move":
            return await self._move(request, config, reader, form, now)
        until, wrong = forms.pausing(form, config.timezone, now) if act == "pause" else (None, None)
        if wrong:
            return await self._show(config, token, forms.Filled(problems={"until": wrong}))
        if act == "pause":
            await self._store.write(lambda tx: tx.subscribers.pause(subscriber.id, until))
        elif act == "resume":
            await self._store.write(lambda tx: tx.subscribers.resume(subscriber.id, now))
        return await self._show(config, token, act=act if act in ("pause", "resume") else "")

    async def _move(
        self, request: Request, config: Config, reader: Reader, form: forms.Form, now: datetime
    ) -> Response:
        typed = next(iter(form.get("address", ())), "")
        address, wrong = addresses.read(typed)
        told = "same" if address.lower() == reader.address.lower() else wrong
        if told:
            filled = forms.Filled(typed=typed[: addresses.LONGEST], problems={"address": told})
            return await self._show(config, reader.token, filled)
        if not self._may(request, now):
            return _page(pages.too_often(config), 429, {"retry-after": str(int(HOUR.total_seconds()))})
        asking = self._store.write(lambda tx: desk.move(tx, config, reader, address, now))
        await asyncio.gather(asking, asyncio.sleep(self._floor))
        return await self._show(config, reader.token, act="move")

    async def _show(self, config: Config, token: str, filled: forms.Filled | None = None, *, act: str = "") -> Response:
        """The preferences as they are now, with what came of a button."""

        def look(tx: Tx) -> bytes | None:
            found = desk.person(tx, config, token)
            if found is None:
                return None
            reader, subscriber, digests = found
            proof = [line for line in tx.subscribers.proof(reader.address) if line.digest == reader.digest]
            done = pages.done(config, act) if act else ""
            return pages.preferences(config, reader, digests, subscriber, proof, filled=filled, done=done)

        content = await self._store.read(look)
        if content is None:  # they chose nothing of it
            return _page(pages.left(config))
        return _page(content, 422 if filled else 200)

    async def _whose(self, token: str) -> desk.Person | None:
        if not _TOKEN.fullmatch(token):
            return None
        return await self._store.read(partial(desk.person, config=self._config(), token=token))

    def _may(self, request: Request, now: datetime) -> bool:
        client = request.client.host if request.client else ""
        return self._rates.take(now, network=addresses.network(client))

    async def _key(self) -> bytes:
        if self._secret is None:
            self._secret = await self._store.write(lambda tx: tx.audience.secret())
        return self._secret


async def _form(request: Request) -> forms.Form | Response:
    """The fields of a form, or what to say instead."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return _plain(415, f"expected {_FORM}")
    body = await whole(request, BODY, _PATIENCE)
    if not isinstance(body, bytes):
        return _plain(body.status, body.words)
    try:
        return parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError:
        return _plain(400, f"expected {_FORM} in UTF-8")


def _page(content: bytes, status: int = 200, more: dict[str, str] | None = None) -> Response:
    return Response(content, status, {**_PAGE, **(more or {})}, media_type="text/html; charset=utf-8")


def _plain(status: int, words: str) -> Response:
    return Response(f"{words}\n", status, {**_PAGE, "connection": "close"}, media_type="text/plain; charset=utf-8")


def _missing(config: Config) -> Response:
    return _page(page.render_error(config, 404), 404)


def _download(known: dict[str, object]) -> Response:
    fields = {**_PAGE, "content-disposition": 'attachment; filename="mail.json"'}
    content = json.dumps(known, ensure_ascii=False, indent=2)
    return Response(content, 200, fields, media_type="application/json")
