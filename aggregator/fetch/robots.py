"""Whether a page may be read by a program: robots.txt (RFC 9309), asked once a day for each origin.

    200        its rules hold                               304   the old ones do
    4xx        there are none, so everything may be read    §2.3.1.3
    5xx        nothing may be read until it can be          §2.3.1.4, as when it cannot be fetched at all
    429        nor when we are asked to slow down, which is about the whole server (RFC 6585 §4)

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
_MOST_LINES = 100_000  # of all of them together; a rule takes up to 1 kB of memory
_FEW_LINES = 1000
_USER_AGENT = re.compile(r"\s*user[-\s]*agent[\s:]+([*\w-]*)", re.IGNORECASE)

Ask = Callable[[str, Validators | None], Awaitable[Response]]


class RebuffError(FetchError):
    """A server that asks to be left alone where we only asked for robots.txt; *answer* says for how long."""

    def __init__(self, words: str, answer: Response) -> None:
        super().__init__(words)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class _Copy:
    """What an origin said last, in so many *lines*: *rules* are None when it has none.

    *refusal* is why nothing may be read at all.
    """

    expires: datetime
    rules: Protego | None = None
    validators: Validators | None = None
    refusal: str | None = None
    lines: int = 0


class Robots:
    """Remembers, for the life of the process."""

    def __init__(self) -> None:
        self._copies: dict[str, _Copy] = {}
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def verdict(self, asked: Target, now: datetime, ask: Ask) -> str | None:
        """None when *asked* may be read, else a sentence that says why not; *ask* fetches what is not remembered.

        Raises NetworkError when nothing could be reached and nothing is remembered, and RebuffError.
        """
        async with self._asking.setdefault(asked.origin, asyncio.Lock()):
            copy = self._copies.get(asked.origin)
            if copy is None or not now < copy.expires <= now + FRESH:  # later than that is a clock that was set back
                copy = await self._renewed(asked, copy, now, ask)
                self._remember(asked.origin, copy)
        if copy.refusal or copy.rules is None or await _allows(copy, asked):
            return copy.refusal
        return (
            f"{asked.host}: robots.txt does not allow programs to read this page; "
            f"ask the site to allow {AGENT}, or set [fetch].robots = false if you have its word"
        )

    async def _renewed(self, asked: Target, old: _Copy | None, now: datetime, ask: Ask) -> _Copy:
        try:
            answer = await ask(f"{asked.origin}/robots.txt", old.validators if old else None)
            if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
                words = f"{asked.host}: the server asks us to slow down ({answer.status}), even for robots.txt"
                self._remember(asked.origin, _Copy(now + RETRY, refusal=words))
                raise RebuffError(words, answer)
            if answer.status >= 500:
                raise FetchError(f"{asked.host}: the server failed ({answer.status})")
        except RebuffError:
            raise
        except FetchError as failure:
            if old and not old.refusal:
                return replace(old, expires=now + RETRY)
            if isinstance(failure, NetworkError):
                raise
            refusal = f"robots.txt could not be read, so the page is left alone for now: {failure}"
            return _Copy(now + RETRY, refusal=refusal)
        if answer.status == 304 and old:
            return replace(old, expires=now + FRESH)
        if answer.status != 200:
            return _Copy(now + FRESH, None, _validators(answer))
        rules, lines = await asyncio.to_thread(_rules, answer.content)
        return _Copy(now + FRESH, rules, _validators(answer), lines=lines)

    def _remember(self, origin: str, copy: _Copy) -> None:
        self._copies.pop(origin, None)
        self._copies[origin] = copy
        lines = sum(each.lines for each in self._copies.values())
        while len(self._copies) > _MOST or (lines > _MOST_LINES and len(self._copies) > 1):
            lines -= self._copies.pop(next(iter(self._copies))).lines


async def _allows(copy: _Copy, asked: Target) -> bool:
    """Forty thousand rules against a URL of 8 kB take half a second: in a thread, so that nobody waits for it."""
    assert copy.rules is not None
    if copy.lines < _FEW_LINES:
        return copy.rules.can_fetch(asked.text, AGENT)
    return await asyncio.to_thread(copy.rules.can_fetch, asked.text, AGENT)


def _validators(answer: Response) -> Validators | None:
    etag, last_modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    return Validators(url=answer.url, etag=etag, last_modified=last_modified) if etag or last_modified else None


def _rules(content: bytes) -> tuple[Protego, int]:
    """The rules, and of how many lines: "$" makes two rules of one."""
    lines = list(_groups(content[:_LONGEST].decode("utf-8", "replace")))
    return Protego.parse("\n".join(lines)), len(lines) + sum("$" in line for line in lines)


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
