"""The bytes that come back: decoded, complete and bounded.

Law: no more than *limit* decoded bytes are ever held, whatever was promised or sent; what is returned is complete.
That a body of known length is complete is aiohttp's to see (RFC 9112 §8), that a gzip one is, is ours.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from aggregator.fetch.faults import FaultError

_PIECE = 64_000
_MAGIC = 0x1F  # the first byte of a member


class Body:
    """Takes a body as it arrives; *coding* is its Content-Encoding, *limit* the most decoded bytes it may have.

    Raises FaultError for a coding that we did not ask for.
    """

    def __init__(self, coding: str, limit: int) -> None:
        self._decoder = _decoder(coding)
        self._limit = limit
        self._pieces: list[bytes] = []
        self._room = limit
        self._sent = 0

    def expect(self, length: str) -> None:
        """Raises FaultError when a Content-Length (RFC 9110 §8.6) promises too much to even begin."""
        if length.isascii() and length.isdigit():
            self._check(int(length[:20]))

    def feed(self, chunk: bytes) -> None:
        """Raises FaultError as soon as there is too much or it cannot be decoded."""
        self._sent += len(chunk)
        self._check(self._sent)
        for piece in self._decoder.pieces(chunk) if self._decoder else (chunk,):
            self._room -= len(piece)
            if self._room < 0:
                raise self._too_big()
            self._pieces.append(piece)

    def end(self) -> bytes:
        """Everything; raises FaultError when a decoder still waits for more."""
        if self._decoder and self._sent:
            self._decoder.end()
        return self.so_far()

    def so_far(self) -> bytes:
        """What there is, for those who do not mind that it may be a part."""
        return b"".join(self._pieces)

    def _check(self, sent: int) -> None:
        """Coded bytes are bounded too, for a coding may go on for ever and unfold to nothing."""
        if sent > self._limit + self._limit // 1000 + 1000:  # deflate adds 5 bytes to 16 kB that it cannot compress
            raise self._too_big()

    def _too_big(self) -> FaultError:
        return FaultError(f"sent more than {written(self._limit)} ([fetch].max_size)")


class Gunzip:
    """RFC 1952: one member or several, in pieces of bounded size.

    What follows the last member and is not another one is ignored, as browsers and gzip itself do: the checksum has
    vouched for what came before.
    """

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self._over = False

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What *chunk* unfolds to, never more than 64 kB at a time."""
        while chunk := self._next_member(chunk) if self._inflate.eof else chunk:
            try:
                piece = self._inflate.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise FaultError("sent a damaged body (gzip)") from error
            if piece:
                yield piece
            chunk = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail

    def _next_member(self, chunk: bytes) -> bytes:
        chunk = chunk.lstrip(b"\0")
        self._over = self._over or (bool(chunk) and chunk[0] != _MAGIC)
        if self._over or not chunk:
            return b""
        self._inflate = zlib.decompressobj(wbits=31)
        return chunk

    def end(self) -> None:
        """Raises FaultError when the last member is not complete."""
        if not self._inflate.eof:
            raise FaultError("sent a body that broke off before its end (gzip)")


def _decoder(coding: str) -> Gunzip | None:
    """For a Content-Encoding (RFC 9110 §8.4): at most one coding, and the one that was asked for."""
    codings = [name for part in coding.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if not codings:
        return None
    if len(codings) > 1:
        raise FaultError("sent a body that is encoded more than once (Content-Encoding)")
    if codings[0] not in ("gzip", "x-gzip"):
        raise FaultError("sent an encoding that was not asked for (Content-Encoding is not gzip)")
    return Gunzip()


def written(size: int) -> str:
    """A size as the configuration has it: ``10 MB``."""
    for unit, factor in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if size >= factor:
            return f"{size / factor:g} {unit}"
    return f"{size} B"
