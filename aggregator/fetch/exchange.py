"""One request and its answer, redirects not followed.

A status code is an answer and goes wrong for nobody here, but for 206, which answers a question that was not asked, and
a 304 to a request without conditions.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from datetime import datetime
from typing import cast

import httpx

from aggregator.fetch import request
from aggregator.fetch.body import Body
from aggregator.fetch.faults import LIBRARIES, FaultError
from aggregator.fetch.request import Access, Target
from aggregator.fetch.room import Room
from aggregator.fetch.wire import Wire
from aggregator.model import Response, Validators

_OTHER_BODY = 64_000  # bytes of an answer that is no news, to tell a challenge page by
_OTHER_PATIENCE = 5.0  # seconds to wait for them
_EMPTY = frozenset({204, 304})  # RFC 9110 §6.4.1


class Exchange:
    """Filled in while the answer arrives: *status* is 0 until its headers are there, *onward* is where it redirects."""

    def __init__(self, asked: Target, validators: Validators | None, access: Access, room: Room) -> None:
        self.asked = asked
        self.status = 0
        self.onward: Target | None = None
        self._conditions = request.conditions(asked, validators)
        self._access = access
        self._room = room
        self._headers: Mapping[str, str] = {}
        self._content = b""

    async def carry_out(self, wire: Wire, proxy: str | None) -> None:
        """Raises FaultError, and whatever the libraries below raise (``faults.LIBRARIES``)."""
        headers = (*self._conditions, *self._access.credentials(self.asked))
        async with wire.get(self.asked, headers, proxy) as answer:
            self.status = answer.status_code
            if proxy and self.status == 407:  # RFC 9110 §15.5.8: not the server's answer
                raise FaultError("the proxy wants a user name and password (407)")
            self._headers = request.fields(answer.headers.raw)
            self.onward = request.redirection(self.asked, self.status, self._headers.get("location"))
            if self.onward is None:
                self._refuse_what_was_not_asked()
                self._content = await self._read(answer)

    def response(self, date: datetime, hops: tuple[str, ...], *, permanent: bool) -> Response:
        """The answer as a value; *date* is when we asked."""
        return Response(
            url=self.asked.text,
            status=self.status,
            headers=self._headers,
            content=self._content,
            date=date,
            hops=hops,
            permanent=permanent,
        )

    def _refuse_what_was_not_asked(self) -> None:
        if self.status == 206:  # RFC 9110 §15.3.7
            raise FaultError("sent a part (206) where the whole was asked for")
        if self.status == 304 and not self._conditions:  # RFC 9110 §15.4.5
            raise FaultError("answered 304 Not Modified to a request without conditions")

    async def _read(self, answer: httpx.Response) -> bytes:
        if self.status in _EMPTY:
            return b""
        if self.status == 200:
            return await self._whole(answer)
        return await self._beginning(answer)

    async def _whole(self, answer: httpx.Response) -> bytes:
        body = Body(self._coding, self._room.limit)
        body.expect(self._headers.get("content-length", ""))
        try:
            await self._pour(answer, body)
            return body.end()
        finally:
            self._room.leave(body)
            body.drop()

    async def _beginning(self, answer: httpx.Response) -> bytes:
        """As much as comes easily: the status has said what matters."""
        body = Body("", _OTHER_BODY)
        with suppress(FaultError, *LIBRARIES):
            body = Body(self._coding, _OTHER_BODY)
            async with asyncio.timeout(_OTHER_PATIENCE):
                await self._pour(answer, body)
        return body.so_far()

    async def _pour(self, answer: httpx.Response, body: Body) -> None:
        async with aclosing(cast(AsyncGenerator[bytes, None], answer.aiter_raw())) as chunks:
            async for chunk in chunks:
                for size in body.feed(chunk):
                    if self._room.is_short(body, size, body.size):
                        body.rest()
                    await self._room.take(body, size, body.size)

    @property
    def _coding(self) -> str:
        return self._headers.get("content-encoding", "")
