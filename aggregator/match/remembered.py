"""The tokens of texts that were read lately, packed: a reading takes 40 kB in memory, and 4 as bytes.

A copy comes hours after its original, when thousands of others have been read.  Unpacking takes a tenth of reading.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable
from functools import lru_cache, partial
from hashlib import blake2b

from aggregator.match.token import Token

Read = tuple[str, tuple[Token, ...], tuple[int, ...]]
"""The language of a text, its tokens, and the hash of each of its sentences where these were asked for."""


class Remembered:
    """What *read* made last, at most *size* times, by a name that nobody can make two texts have."""

    def __init__(self, size: int, read: Callable[[str, str, bool], Read]) -> None:
        self._read = read
        self._place = lru_cache(maxsize=size)(_empty)

    def __call__(self, title: str, text: str, sentences: bool) -> Read:
        """What *read* makes of these."""
        whole = f"{sentences:d}{len(title)} {title}{text}".encode("utf-8", "surrogatepass")
        place = self._place(blake2b(whole, digest_size=16).digest())
        if place:
            return _unpack(place[0])
        found = self._read(title, text, sentences)
        place.append(_pack(found))
        return found

    def forget(self) -> None:
        """Keep nothing of it."""
        self._place.cache_clear()


def _empty(name: bytes) -> list[bytes]:
    """Room for what is packed under *name*."""
    return []


def _pack(found: Read) -> bytes:
    tongue, tokens, sentences = found
    return marshal.dumps((tongue, list(zip(*tokens, strict=True)), sentences))


def _unpack(packed: bytes) -> Read:
    tongue, columns, sentences = marshal.loads(packed)  # noqa: S302 - our own, from this process
    return tongue, tuple(map(_token, zip(*columns, strict=True))), sentences


_token = partial(tuple.__new__, Token)  # half of what a named tuple's own takes
