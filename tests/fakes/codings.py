"""Bodies packed as servers pack them (RFC 1952, RFC 7932, RFC 8878), and as only a hostile one does."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from functools import cache

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd as library
else:
    from backports import zstd as library

_BLOCK = bytes(1_000_000)


def br(content: bytes) -> bytes:
    packed: bytes = brotli.compress(content, quality=5)
    return packed


def zstd(content: bytes, *, window: int = 20, checksum: bool = False) -> bytes:
    """*window* is the binary logarithm of the memory that the frame asks for."""
    parameter = library.CompressionParameter
    packer = library.ZstdCompressor(options={parameter.window_log: window, parameter.checksum_flag: int(checksum)})
    return packer.compress(content) + packer.flush()


def br_of_nothing(blocks: int) -> bytes:
    """A stream of empty metadata blocks (RFC 7932 §9.2): a window of 64 kB, then ISLAST 0, MNIBBLES 0, MSKIPBYTES 0."""
    return b"\x0c" + b"\x06" * blocks


@cache
def bomb(coding: str, size: int) -> bytes:
    """So many zeros (a multiple of a million), packed: 1 GB is 1 MB of gzip, 1 kB of br, 30 kB of zstd."""
    return b"".join({"gzip": _gzip_blocks, "br": _br_blocks, "zstd": _zstd_blocks}[coding](size // len(_BLOCK)))


def _gzip_blocks(blocks: int) -> Iterator[bytes]:
    """One gzip member: the same flushed block of deflate again and again, with the right checksum."""
    deflate = zlib.compressobj(9, wbits=-15)
    block = deflate.compress(_BLOCK) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    for _ in range(blocks):
        checksum = zlib.crc32(_BLOCK, checksum)
        yield block
    size = blocks * len(_BLOCK) & 0xFFFFFFFF
    yield deflate.flush() + checksum.to_bytes(4, "little") + size.to_bytes(4, "little")


def _br_blocks(blocks: int) -> Iterator[bytes]:
    packer = brotli.Compressor(quality=5, lgwin=24)
    for _ in range(blocks):
        yield packer.process(_BLOCK)
    yield packer.finish()


def _zstd_blocks(blocks: int) -> Iterator[bytes]:
    packer = library.ZstdCompressor(options={library.CompressionParameter.window_log: 23})
    for _ in range(blocks):
        yield packer.compress(_BLOCK)
    yield packer.flush()
