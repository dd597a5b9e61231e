"""Bodies: decoded, complete and bounded, however they are cut up on the way."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.body import Body, written
from aggregator.fetch.faults import FaultError
from tests.fakes import codings

PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "br": codings.br, "zstd": codings.zstd}
CODINGS = sorted(PACKERS)


def read(content: bytes, coding: str = "", *, limit: int = 1_000_000, step: int = 16_384) -> bytes:
    body = Body(coding, limit)
    for start in range(0, len(content), step):
        list(body.feed(content[start : start + step]))
    return body.end()


@given(
    st.lists(st.binary(max_size=300_000), min_size=1, max_size=4), st.integers(100, 70_000), st.sampled_from(CODINGS)
)
def test_what_was_packed_comes_out_whole_however_it_is_cut(parts: list[bytes], step: int, coding: str) -> None:
    """RFC 1952 §2.2, RFC 8878 §3: members and frames simply follow one another; br has one; chunks have no meaning."""
    pack, content = PACKERS[coding], b"".join(parts)
    packed = pack(content) if coding == "br" else b"".join(map(pack, parts))
    assert read(packed, coding, limit=2_000_000, step=step) == content


@given(st.binary(max_size=300_000), st.integers(1, 20), st.integers(100, 70_000), st.sampled_from(CODINGS))
def test_rests_change_nothing(content: bytes, times: int, step: int, coding: str) -> None:
    """A body that has to wait for room gives up what its decoder holds, and goes on where it was."""
    packed = PACKERS[coding](content * times)
    body = Body(coding, 10_000_000)
    for start in range(0, len(packed), step):
        for _ in body.feed(packed[start : start + step]):
            body.rest()
    assert body.end() == content * times


def test_brotli_that_unfolds_to_nothing_is_damaged() -> None:
    """RFC 7932 §9.2: metadata is skipped, and nobody needs much of it; what was sent is kept for after a rest."""
    first, following = b"\xcc\x2f\x75" + bytes(60_000), b"\xe6\x97\x3a" + bytes(60_000)
    assert read(first + following + b"\x03", "br") == b""
    with pytest.raises(FaultError, match="damaged body"):
        read(first + following * 4, "br")


@given(st.binary(max_size=300_000), st.integers(100, 70_000))
def test_without_a_coding_a_body_is_its_chunks(content: bytes, step: int) -> None:
    """Nothing is added, nothing is lost."""
    assert read(content, "", step=step) == content


@given(st.binary(max_size=2_000), st.integers(1, 60), st.sampled_from(CODINGS))
def test_a_coded_body_that_was_cut_short_is_never_taken_for_whole(content: bytes, missing: int, coding: str) -> None:
    """A truncated body must not be stored as fresh (standards, item 7)."""
    packed = PACKERS[coding](content)
    short = packed[: max(1, len(packed) - missing)]
    if short == packed:
        return
    with pytest.raises(FaultError, match="broke off"):
        read(short, coding, step=7)


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_no_coding_and_identity_are_the_same(coding: str) -> None:
    """RFC 9110 §8.4: identity should not be named, and sometimes is."""
    assert read(b"news", coding) == b"news"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "identity, gzip", "br", "Br", "zstd", "ZSTD, identity"])
def test_codings_by_their_names(coding: str) -> None:
    """RFC 9110 §8.4.1: x-gzip is gzip; codings are case-insensitive."""
    pack = next(PACKERS[name] for name in CODINGS if name in coding.lower())
    assert read(pack(b"news"), coding) == b"news"


@pytest.mark.parametrize("coding", ["gzip, gzip", "br, gzip", "gzip,gzip,gzip", "zstd, br", "gzip, identity, br"])
def test_stacked_codings_are_refused(coding: str) -> None:
    """1.8 kB of gzip in gzip unfolds to 1 GB (standards, items 23 and 39)."""
    with pytest.raises(FaultError, match="encoded more than once"):
        read(gzip.compress(gzip.compress(b"news")), coding)


@pytest.mark.parametrize("coding", ["deflate", "compress", "dcb", "aes128gcm", "x"])
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


@pytest.mark.parametrize("coding", ["br", "zstd"])
@pytest.mark.parametrize("content", [b"<html>", b"\xff" * 100, gzip.compress(b"news", mtime=0)])
def test_what_is_not_of_its_coding_is_damaged(coding: str, content: bytes) -> None:
    """A server that mislabels its body has sent nothing to be read."""
    with pytest.raises(FaultError, match=rf"damaged body \({coding}\)|broke off"):
        read(content, coding)


def test_what_follows_a_br_stream_is_damage() -> None:
    """RFC 7932 knows one stream and no checksum that would vouch for it; cut up or not, it is the same."""
    for step in (1, 1000):
        with pytest.raises(FaultError, match="damaged"):
            read(codings.br(b"news") + b"more", "br", step=step)


def test_a_zstd_checksum_is_checked() -> None:
    """RFC 8878 §3.1.1: the content checksum is there to be checked."""
    whole = codings.zstd(b"news" * 100, checksum=True)
    assert read(whole, "zstd") == b"news" * 100
    with pytest.raises(FaultError, match="damaged"):
        read(whole[:-1] + bytes([whole[-1] ^ 1]), "zstd")


def test_a_skippable_frame_is_skipped() -> None:
    """RFC 8878 §3.1.2."""
    assert read(b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd" + codings.zstd(b"news"), "zstd", step=3) == b"news"


def test_a_zstd_window_of_more_than_8_mb_is_refused() -> None:
    """RFC 9659 §3: a frame that asks for 128 MB of memory does not get it."""
    content = bytes(20_000_000)
    assert len(read(codings.zstd(content, window=23), "zstd", limit=20_000_000)) == 20_000_000
    with pytest.raises(FaultError, match="damaged"):
        read(codings.zstd(content, window=24), "zstd", limit=20_000_000)


def test_padding_after_the_last_member_is_ignored() -> None:
    """gzip and browsers do so; the checksum has vouched for the member."""
    assert read(gzip.compress(b"news") + b"\0" * 700 + b"<!-- x -->", "gzip", step=11) == b"news"


@pytest.mark.parametrize("coding", CODINGS)
def test_an_empty_body_is_empty_in_any_coding(coding: str) -> None:
    """Some servers name a coding for a body that they do not send."""
    assert read(b"", coding) == b""


@pytest.mark.parametrize("coding", ["", *CODINGS])
def test_the_limit_is_on_decoded_bytes_and_exact(coding: str) -> None:
    """max_size bytes are fine, one more is not."""

    def sent(size: int) -> bytes:
        content = bytes(size)
        return PACKERS[coding](content) if coding else content

    assert len(read(sent(100_000), coding, limit=100_000)) == 100_000
    with pytest.raises(FaultError, match=r"sent more than 100 kB \(\[fetch\].max_size\)"):
        read(sent(100_001), coding, limit=100_000)


def test_coded_bytes_that_unfold_to_nothing_are_bounded_too() -> None:
    """An endless stream that decodes to nothing never reaches a limit on decoded bytes: a byte a block of br."""
    with pytest.raises(FaultError, match="sent more than"):
        read(codings.br_of_nothing(200_000), "br", limit=100_000)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_in_thousands_of_members_is_refused(coding: str) -> None:
    """Each takes a new decoder: 10 MB of empty ones would keep the processor busy for half a minute."""
    assert read(PACKERS[coding](b"x") * 1000, coding) == b"x" * 1000
    with pytest.raises(FaultError, match=rf"in more than 1000 parts \({coding}\)"):
        read(PACKERS[coding](b"x") * 1001, coding)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_unfolded_no_further_than_the_limit(coding: str) -> None:
    """200 MB of zeros in one chunk: what is held is the limit and a piece (standards, item 39)."""
    bomb = codings.bomb(coding, 200_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(FaultError, match="sent more than 1 MB"):
            read(bomb, coding, limit=1_000_000, step=len(bomb))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("coding", CODINGS)
def test_memory_is_bounded_while_a_gigabyte_unfolds(coding: str) -> None:
    """What the libraries take behind Python's back counts too: under 40 MB for 1 GB, in a process of its own."""
    program = (
        "import json, resource, sys\n"
        "from aggregator.fetch.body import Body\n"
        "from aggregator.fetch.faults import FaultError\n"
        "content = sys.stdin.buffer.read()\n"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "before, error = most(), ''\n"
        "try:\n"
        f"    list(Body({coding!r}, 10_000_000).feed(content))\n"
        "except FaultError as fault:\n"
        "    error = str(fault)\n"
        "print(json.dumps([most() - before, error]))\n"
    )
    bomb = codings.bomb(coding, 1_000_000_000)
    done = subprocess.run(
        [sys.executable, "-c", program], input=bomb, capture_output=True, timeout=60, cwd=Path(__file__).parents[1]
    )
    assert done.returncode == 0, done.stderr
    growth, error = json.loads(done.stdout)
    assert error == "sent more than 10 MB ([fetch].max_size)"
    assert growth < 40_000_000, f"{len(bomb)} bytes"


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
