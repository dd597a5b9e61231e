"""The tokens of texts that were read lately, packed: a reading takes 40 kB in memory, and 4 as bytes.

A copy comes hours after its original, when thousands of others have been read.  Unpacking takes a tenth of reading.
"""

from __future__ import annotations

import marshal
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock

from aggregator.match.token import Token

Read = tuple[str, tuple[Token, ...], tuple[int, ...]]
"""The language of a text, its tokens, and the hash of each of its sentences where these were asked for."""


class Remembered:
    """At most *size* of what *read* made last, by a name that nobody can make two texts have; for any thread."""

    def __init__(self, size: int, read: Callable[[str, str, bool], Read]) -> None:
        self._size = size
        self._read = read
        self._packed: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    def __call__(self, title: str, text: str, sentences: bool) -> Read:
        """What *read* makes of these."""
        whole = f"{sentences:d}{len(title)} {title}{text}".encode("utf-8", "surrogatepass")
        name = blake2b(whole, digest_size=16).digest()
        if packed := self._packed.get(name):
            self._keep(name, packed)
            return _unpack(packed)
        found = self._read(title, text, sentences)
        self._keep(name, _pack(found))
        return found

    def forget(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._packed.clear()

    def _keep(self, name: bytes, packed: bytes) -> None:
        with self._lock:
            self._packed[name] = packed
            self._packed.move_to_end(name)
            if len(self._packed) > self._size:
                self._packed.popitem(last=False)

    def __len__(self) -> int:
        return len(self._packed)


def _pack(found: Read) -> bytes:
    tongue, tokens, sentences = found
    return marshal.dumps((tongue, list(zip(*tokens, strict=True)), sentences))


def _unpack(packed: bytes) -> Read:
    tongue, columns, sentences = marshal.loads(packed)  # noqa: S302 - our own, from this process
    return tongue, tuple(map(Token._make, zip(*columns, strict=True))), sentences
