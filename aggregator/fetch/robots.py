"""Whether a page may be read by a program: robots.txt (RFC 9309), asked once a day for each origin.

    200        its rules hold                               304   the old ones do
    4xx        there are none, so everything may be read    §2.3.1.3
    5xx        nothing may be read until it can be          §2.3.1.4, as when it cannot be fetched at all

An old copy goes on holding while a new one cannot be had (§2.4).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from protego import Protego

from aggregator.errors import FetchError, NetworkError
from aggregator.fetch.request import AGENT, Target
from aggregator.model import Response, Validators

FRESH = timedelta(days=1)  # RFC 9309 §2.4
RETRY = timedelta(minutes=10)
"""How long nobody asks again when it could not be read."""
_LONGEST = 512_000  # RFC 9309 §2.5: at least 500 KiB are to be read
_MOST = 1000  # origins
_USER_AGENT = re.compile(r"\s*user[-\s]*agent[\s:]+([*\w-]*)", re.IGNORECASE)

Ask = Callable[[str, Validators | None], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Copy:
    """What an origin said last: *rules* are None when it has none; *refusal* is why nothing may be read at all."""

    expires: datetime
    rules: Protego | None = None
    validators: Validators | None = None
    refusal: str | None = None


class Robots:
    """Remembers, for the life of the process."""

    def __init__(self) -> None:
        self._copies: dict[str, _Copy] = {}
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def verdict(self, asked: Target, now: datetime, ask: Ask) -> str | None:
        """None when *asked* may be read, else a sentence that says why not; *ask* fetches what is not remembered.

        Raises NetworkError when nothing could be reached and nothing is remembered.
        """
        async with self._asking.setdefault(asked.origin, asyncio.Lock()):
            copy = self._copies.get(asked.origin)
            if copy is None or copy.expires <= now:
                copy = await self._renewed(asked, copy, now, ask)
                self._remember(asked.origin, copy)
        if copy.refusal or copy.rules is None or copy.rules.can_fetch(asked.text, AGENT):
            return copy.refusal
        return (
            f"{asked.host}: robots.txt does not allow programs to read this page; "
            f"ask the site to allow {AGENT}, or set [fetch].robots = false if you have its word"
        )

    async def _renewed(self, asked: Target, old: _Copy | None, now: datetime, ask: Ask) -> _Copy:
        try:
            answer = await ask(f"{asked.origin}/robots.txt", old.validators if old else None)
            if answer.status >= 500:
                raise FetchError(f"{asked.host}: the server failed ({answer.status})")
        except FetchError as failure:
            if old and not old.refusal:
                return replace(old, expires=now + RETRY)
            if isinstance(failure, NetworkError):
                raise
            refusal = f"robots.txt could not be read, so the page is left alone for now: {failure}"
            return _Copy(now + RETRY, refusal=refusal)
        if answer.status == 304 and old:
            return replace(old, expires=now + FRESH)
        rules = await asyncio.to_thread(_rules, answer.content) if answer.status == 200 else None
        return _Copy(now + FRESH, rules, _validators(answer))

    def _remember(self, origin: str, copy: _Copy) -> None:
        self._copies.pop(origin, None)
        self._copies[origin] = copy
        if len(self._copies) > _MOST:
            del self._copies[next(iter(self._copies))]


def _validators(answer: Response) -> Validators | None:
    etag, last_modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    return Validators(url=answer.url, etag=etag, last_modified=last_modified) if etag or last_modified else None


def _rules(content: bytes) -> Protego:
    return Protego.parse("\n".join(_groups(content[:_LONGEST].decode("utf-8", "replace"))))


def _groups(text: str) -> Iterator[str]:
    """The lines, all other robots under one name.

    A group of ten thousand names before as many rules would take the library a hundred million rules.
    """
    for line in text.removeprefix("\ufeff").splitlines():
        named = _USER_AGENT.match(line)
        if named is None:
            yield line
        else:
            name = named[1].lower()
            yield f"User-agent: {name if name in ('*', AGENT) else 'other'}"
