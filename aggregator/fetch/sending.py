"""One request that brings something, and the beginning of its answer: for the two sides of WebSub.

No redirect is followed: "subscribers MUST NOT use redirects to move subscriptions" (WebSub §7).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address

from aggregator.fetch import request
from aggregator.fetch.exchange import Exchange
from aggregator.fetch.faults import FaultError
from aggregator.fetch.guard import Guard
from aggregator.fetch.request import Access, Target
from aggregator.fetch.room import Room
from aggregator.fetch.wire import Wire


class Sending(Exchange):
    """*method* with *headers* and *content*, to an address that *guard* lets pass."""

    def __init__(
        self, asked: Target, room: Room, method: str, headers: Mapping[str, str], content: bytes, guard: Guard
    ) -> None:
        super().__init__(asked, None, Access(asked.text), room)
        self._method = method
        self._fields = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        self._sent = content
        self._guard = guard

    async def carry_out(self, wire: Wire, proxy: str | None) -> None:
        """Raises FaultError, RefusedError, and whatever the libraries below raise (``faults.LIBRARIES``)."""
        with suppress(ValueError):  # a name, whose address is seen when it is connected to
            self._guard.check(str(ip_address(self.asked.host)), self.asked.port)
        content = self._sent if self._method == "POST" else None
        async with wire.get(self.asked, self._fields, proxy, method=self._method, content=content) as answer:
            self.status = answer.status_code
            if proxy and self.status == 407:  # RFC 9110 §15.5.8: not the server's answer
                raise FaultError("the proxy wants a user name and password (407)")
            self._headers = request.fields(answer.headers.raw)
            self._content = await self._beginning(answer)
