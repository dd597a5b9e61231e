"""Content codings (RFC 9110 §8.4.1) and their decoders, all of them bounded: gzip, br, zstd.

Law: what is handed out at a time is about 64 kB, whatever it was packed into (100 kB from br, whose library counts in
blocks).  What a decoder holds beside it is its window, which the formats bound: 32 kB, 16 MB and 8 MB.
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
_WINDOW = 23  # RFC 9659 §3: a zstd window of more than 8 MB (2 to the 23rd) is not for the web


class Decoder(Protocol):
    """Takes a body as it arrives.  Both methods raise FaultError."""

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What *chunk* unfolds to, a piece at a time."""
        ...

    def end(self) -> None:
        """Called after the last chunk of a body that is not empty: is it whole?"""
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


class Unbrotli:
    """RFC 7932: one stream; the library asks to be emptied before it is fed again."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece: bytes = self._stream.process(chunk, output_buffer_limit=_PIECE)
            except brotli.error as error:
                raise _damaged("br") from error
            if piece:
                yield piece
            elif self._stream.can_accept_more_data():
                return
            chunk = b""

    def end(self) -> None:
        if not self._stream.is_finished():
            raise _broken_off("br")


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
