"""The same bytes in content codings (RFC 9110 §8.4.1): made once per change, for every reader after that."""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace

import brotli

from aggregator.model import Coding, Document

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODINGS: tuple[Coding, ...] = ("br", "zstd", "gzip")
SMALL = 200
"""Bytes below which packing saves nothing worth a header."""


def packed(document: Document) -> Document:
    """*document* in every coding that makes it shorter, the shortest first."""
    if len(document.content) < SMALL or document.packed:
        return document
    made = {coding: pack(coding, document.content) for coding in CODINGS}
    shorter = sorted((len(content), coding) for coding, content in made.items() if len(content) < len(document.content))
    return replace(document, packed=tuple((coding, made[coding]) for _, coding in shorter))


def pack(coding: Coding, content: bytes) -> bytes:
    """*content* in a coding, at the level beyond which time grows faster than anything gets shorter."""
    if coding == "gzip":
        return gzip.compress(content, 9, mtime=0)
    if coding == "br":
        found: bytes = brotli.compress(content, quality=7)
        return found
    return zstd.compress(content, 12)
