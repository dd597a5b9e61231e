"""Bodies: decoded, complete and bounded, however they are cut up on the way."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.body import Body, written
from aggregator.fetch.faults import FaultError


def read(content: bytes, coding: str = "", *, limit: int = 1_000_000, step: int = 16_384) -> bytes:
    body = Body(coding, limit)
    for start in range(0, len(content), step):
        body.feed(content[start : start + step])
    return body.end()


@given(st.lists(st.binary(max_size=300_000), min_size=1, max_size=4), st.integers(100, 70_000), st.booleans())
def test_what_was_packed_comes_out_whole_however_it_is_cut(parts: list[bytes], step: int, packed: bool) -> None:
    """RFC 1952 §2.2: members simply follow one another; chunks have no meaning."""
    content = b"".join(gzip.compress(part) for part in parts) if packed else b"".join(parts)
    assert read(content, "gzip" if packed else "", limit=2_000_000, step=step) == b"".join(parts)


@given(st.binary(max_size=2_000), st.integers(1, 60))
def test_a_gzip_body_that_was_cut_short_is_never_taken_for_whole(content: bytes, missing: int) -> None:
    """A truncated body must not be stored as fresh (standards, item 7)."""
    packed = gzip.compress(content)
    short = packed[: max(1, len(packed) - missing)]
    with pytest.raises(FaultError, match="broke off"):
        read(short, "gzip", step=7)


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_no_coding_and_identity_are_the_same(coding: str) -> None:
    """RFC 9110 §8.4: identity should not be named, and sometimes is."""
    assert read(b"news", coding) == b"news"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "identity, gzip"])
def test_gzip_by_its_names(coding: str) -> None:
    """RFC 9110 §8.4.1.3: x-gzip is gzip; codings are case-insensitive."""
    assert read(gzip.compress(b"news"), coding) == b"news"


@pytest.mark.parametrize("coding", ["gzip, gzip", "br, gzip", "gzip,gzip,gzip"])
def test_stacked_codings_are_refused(coding: str) -> None:
    """1.8 kB of gzip in gzip unfolds to 1 GB (standards, items 23 and 39)."""
    with pytest.raises(FaultError, match="encoded more than once"):
        read(gzip.compress(gzip.compress(b"news")), coding)


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "compress", "x"])
def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    """Only codings with a bounded decoder are accepted, so any other is the server's fault."""
    with pytest.raises(FaultError, match="not asked for"):
        read(b"news", coding)


@pytest.mark.parametrize(
    "content",
    [b"<html>", zlib.compress(b"news"), gzip.compress(b"news", mtime=0)[:-8] + b"\0" * 8, b"\x1f\x8b\x09rest"],
    ids=["text", "deflate", "checksum", "method"],
)
def test_what_is_no_gzip_or_fails_its_checksum_is_damaged(content: bytes) -> None:
    """RFC 1952 §2.3.1: the CRC is there to be checked."""
    with pytest.raises(FaultError, match="damaged"):
        read(content, "gzip")


def test_padding_after_the_last_member_is_ignored() -> None:
    """gzip and browsers do so; the checksum has vouched for the member."""
    assert read(gzip.compress(b"news") + b"\0" * 700 + b"<!-- x -->", "gzip", step=11) == b"news"


def test_an_empty_body_is_empty_in_any_coding() -> None:
    """Some servers name a coding for a body that they do not send."""
    assert read(b"", "gzip") == b""


@pytest.mark.parametrize("packed", [False, True])
def test_the_limit_is_on_decoded_bytes_and_exact(packed: bool) -> None:
    """max_size bytes are fine, one more is not."""

    def sent(size: int) -> bytes:
        content = bytes(size)
        return gzip.compress(content) if packed else content

    assert len(read(sent(100_000), "gzip" if packed else "", limit=100_000)) == 100_000
    with pytest.raises(FaultError, match=r"sent more than 100 kB \(\[fetch\].max_size\)"):
        read(sent(100_001), "gzip" if packed else "", limit=100_000)


def test_coded_bytes_that_unfold_to_nothing_are_bounded_too() -> None:
    """Empty members for ever never reach a limit on decoded bytes."""
    with pytest.raises(FaultError, match="sent more than"):
        read(gzip.compress(b"") * 10_000, "gzip", limit=100_000)


def test_a_bomb_is_unfolded_no_further_than_the_limit() -> None:
    """200 MB of zeros in one chunk of 200 kB: what is held is the limit and a piece (standards, item 39)."""
    bomb = gzip.compress(bytes(200_000_000), compresslevel=1)
    tracemalloc.start()
    try:
        with pytest.raises(FaultError, match="sent more than 1 MB"):
            read(bomb, "gzip", limit=1_000_000, step=len(bomb))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("length", ["101201", "99999999999999999999999999"])
def test_a_promise_of_too_much_is_enough(length: str) -> None:
    """Content-Length saves both sides the bytes."""
    with pytest.raises(FaultError, match="sent more than 100 kB"):
        Body("", 100_000).expect(length)


@pytest.mark.parametrize("length", ["", "5", "100000", "-1", "1e9", "٣٣٣٣٣٣٣٣٣", "5, 5"])
def test_a_content_length_that_promises_nothing_bad_is_left_to_the_library(length: str) -> None:
    """aiohttp knows what a valid one is (RFC 9112 §6.3)."""
    Body("", 100_000).expect(length)


def test_sizes_are_written_as_the_configuration_has_them() -> None:
    """The operator finds the number in the file."""
    assert [written(size) for size in (10_000_000, 2_500_000, 500_000, 999)] == ["10 MB", "2.5 MB", "500 kB", "999 B"]
