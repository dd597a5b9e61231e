"""The bytes that come back: decoded, complete and bounded.

Law: no more than *limit* decoded bytes are ever held, whatever was promised or sent; what is returned is complete.
That a body of known length is complete is aiohttp's to see (RFC 9112 §8), that a coded one is, is its decoder's.
"""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.fetch.coding import decoder
from aggregator.fetch.faults import FaultError


class Body:
    """Takes a body as it arrives; *coding* is its Content-Encoding, *limit* the most decoded bytes it may have.

    *size* is how many it has.  Raises FaultError for a coding that we did not ask for.
    """

    def __init__(self, coding: str, limit: int) -> None:
        self._decoder = decoder(coding)
        self._limit = limit
        self._pieces: list[bytes] = []
        self._sent = 0
        self.size = 0

    def expect(self, length: str) -> None:
        """Raises FaultError when a Content-Length (RFC 9110 §8.6) promises too much to even begin."""
        if length.isascii() and length.isdigit():
            self._check(int(length[:20]))

    def feed(self, chunk: bytes) -> Iterator[int]:
        """Take a chunk, piece by piece: how large each is.

        Raises FaultError as soon as there is too much or it cannot be decoded.
        """
        self._sent += len(chunk)
        self._check(self._sent)
        for piece in self._decoder.pieces(chunk) if self._decoder else (chunk,):
            self.size += len(piece)
            if self.size > self._limit:
                raise self._too_big()
            self._pieces.append(piece)
            yield len(piece)

    def rest(self) -> None:
        """Hold as little as can be until the next piece is asked for."""
        if self._decoder:
            self._decoder.rest()

    def end(self) -> bytes:
        """Everything; raises FaultError when a decoder still waits for more."""
        if self._decoder and self._sent:
            self._decoder.end()
        return self.so_far()

    def so_far(self) -> bytes:
        """What there is, for those who do not mind that it may be a part."""
        return b"".join(self._pieces)

    def drop(self) -> None:
        """Hold nothing any more: an error on its way up holds everything that it has passed."""
        self._pieces.clear()
        self._decoder = None

    def _check(self, sent: int) -> None:
        """Coded bytes are bounded too, for a coding may go on for ever and unfold to nothing."""
        if sent > self._limit + self._limit // 1000 + 1000:  # deflate adds 5 bytes to 16 kB that it cannot compress
            raise self._too_big()

    def _too_big(self) -> FaultError:
        return FaultError(f"sent more than {written(self._limit)} ([fetch].max_size)")


def written(size: int) -> str:
    """A size as the configuration has it: ``10 MB``."""
    for unit, factor in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if size >= factor:
            return f"{size / factor:g} {unit}"
    return f"{size} B"
