"""Content codings (RFC 9110 §8.4.1) and their decoders, all of them bounded: gzip, br, zstd.

Law: what is handed out at a time is about 64 kB, whatever it was packed into (100 kB from br, whose library counts in
blocks).  What a decoder holds beside it is its window, which the formats bound: 32 kB, 16 MB and 8 MB.  br fills its
window before it hands out anything of it, so one that has to wait is put to rest, and holds what it was sent.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Mapping
from typing import Protocol

import brotli

from aggregator.fetch.faults import FaultError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OFFERED = "gzip, br, zstd"
_PIECE = 64_000
_MEMBER = 0x1F  # the first byte of a gzip member
_MEMBERS = 1000  # a body is one, or one for each 64 kB; each costs a new decoder
_IDLE = 200_000  # bytes of br that may unfold to nothing: what was sent is kept for after a rest
_WINDOW = 23  # RFC 9659 §3: a zstd window of more than 8 MB (2 to the 23rd) is not for the web


class Decoder(Protocol):
    """Takes a body as it arrives.  All but ``rest`` raise FaultError."""

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What *chunk* unfolds to, a piece at a time."""
        ...

    def end(self) -> None:
        """Called after the last chunk of a body that is not empty: is it whole?"""
        ...

    def rest(self) -> None:
        """Called between two pieces: hold as little as can be until the next one is asked for."""
        ...


class Gunzip:
    """RFC 1952: one member or several.

    What follows the last member and is not another one is ignored, as browsers and gzip itself do: the checksum has
    vouched for what came before.
    """

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self._members = 1
        self._over = False

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while chunk := self._next_member(chunk) if self._inflate.eof else chunk:
            try:
                piece = self._inflate.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise _damaged("gzip") from error
            if piece:
                yield piece
            chunk = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail

    def _next_member(self, chunk: bytes) -> bytes:
        chunk = chunk.lstrip(b"\0")
        self._over = self._over or (bool(chunk) and chunk[0] != _MEMBER)
        if self._over or not chunk:
            return b""
        self._members = _one_more(self._members, "gzip")
        self._inflate = zlib.decompressobj(wbits=31)
        return chunk

    def end(self) -> None:
        if not self._inflate.eof:
            raise _broken_off("gzip")

    def rest(self) -> None: ...


class Unbrotli:
    """RFC 7932: one stream; the library asks to be emptied before it is fed again.

    After a rest it begins anew, and leaves out what it had handed out before.
    """

    def __init__(self) -> None:
        self._stream: brotli.Decompressor | None = brotli.Decompressor()
        self._sent = bytearray()
        self._given = 0

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        self._sent += chunk
        while True:
            stream, piece = (self._stream, _unfold(self._stream, chunk)) if self._stream else self._anew()
            self._stream, chunk = stream, b""
            if piece:
                self._given += len(piece)
                del stream
                yield piece
            elif stream.can_accept_more_data():
                break
        if len(self._sent) > self._given + _IDLE:
            raise _damaged("br")

    def _anew(self) -> tuple[brotli.Decompressor, bytes]:
        """A decoder that is where the last one was, and what it had handed out too much on the way there."""
        stream, chunk, left = brotli.Decompressor(), bytes(self._sent), self._given
        while left > 0:
            piece = _unfold(stream, chunk)
            chunk, left = b"", left - len(piece)
        return stream, piece[left:] if left else _unfold(stream, chunk)

    def end(self) -> None:
        if self._stream is None or not self._stream.is_finished():
            raise _broken_off("br")

    def rest(self) -> None:
        self._stream = None


def _unfold(stream: brotli.Decompressor, chunk: bytes) -> bytes:
    try:
        piece: bytes = stream.process(chunk, output_buffer_limit=_PIECE)
    except brotli.error as error:
        raise _damaged("br") from error
    return piece


class Unzstd:
    """RFC 8878: one frame or several, each with a window of at most 8 MB."""

    def __init__(self) -> None:
        self._frame = _frame()
        self._frames = 1

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while chunk or not (self._frame.needs_input or self._frame.eof):
            if self._frame.eof:
                self._frames = _one_more(self._frames, "zstd")
                self._frame = _frame()
            try:
                piece = self._frame.decompress(chunk, _PIECE)
            except zstd.ZstdError as error:
                raise _damaged("zstd") from error
            if piece:
                yield piece
            chunk = self._frame.unused_data

    def end(self) -> None:
        if not self._frame.eof:
            raise _broken_off("zstd")

    def rest(self) -> None: ...


def _frame() -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW})


def _one_more(members: int, coding: str) -> int:
    if members == _MEMBERS:
        raise FaultError(f"sent a body in more than {_MEMBERS} parts ({coding})")
    return members + 1


def _damaged(coding: str) -> FaultError:
    return FaultError(f"sent a damaged body ({coding})")


def _broken_off(coding: str) -> FaultError:
    return FaultError(f"sent a body that broke off before its end ({coding})")


_DECODERS: Mapping[str, type[Gunzip | Unbrotli | Unzstd]] = {
    "gzip": Gunzip,
    "x-gzip": Gunzip,
    "br": Unbrotli,
    "zstd": Unzstd,
}


def decoder(coding: str) -> Decoder | None:
    """For a Content-Encoding: None when there is none.

    Raises FaultError for more than one coding, and for one that was not asked for.
    """
    codings = [name for part in coding.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if not codings:
        return None
    if len(codings) > 1:
        raise FaultError("sent a body that is encoded more than once (Content-Encoding)")
    if codings[0] not in _DECODERS:
        raise FaultError(f"sent an encoding that was not asked for (Content-Encoding is none of {OFFERED})")
    return _DECODERS[codings[0]]()
