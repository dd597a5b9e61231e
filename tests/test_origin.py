"""The fake origin keeps the protocol where it means to: a fake that is wrong proves nothing."""

from __future__ import annotations

import gzip
import http.client
import time

import pytest

from tests.fakes.origin import Origin


def ask(origin: Origin, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", origin.port, timeout=5)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_it_serves_what_it_is_told_until_it_is_told_otherwise() -> None:
    """A path may be replaced and removed while the server runs; its query may be left to it."""
    with Origin() as origin:
        origin.serve("/feed", "één", "text/plain; charset=utf-8")
        assert ask(origin, "/feed?page=2") == (200, ask(origin, "/feed")[1], "één".encode())
        origin.serve("/feed", b"two")
        assert ask(origin, "/feed")[2] == b"two"
        origin.remove("/feed")
        assert ask(origin, "/feed")[0] == 404


def test_conditional_requests() -> None:
    """RFC 9110 §13.1, §13.2.2, §15.4.5."""
    with Origin() as origin:
        origin.serve("/", b"one", headers={"Last-Modified": "Mon, 23 Nov 2026 06:00:00 GMT"})
        status, headers, _ = ask(origin, "/")
        etag = headers["ETag"]
        assert status == 200
        for matching in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            status, again, body = ask(origin, "/", if_none_match=matching)
            assert (status, again["ETag"], body) == (304, etag, b"")
        assert ask(origin, "/", if_modified_since="Mon, 23 Nov 2026 06:00:00 GMT")[0] == 304
        assert ask(origin, "/", if_none_match='"x"', if_modified_since="Mon, 23 Nov 2026 06:00:00 GMT")[0] == 200
        origin.serve("/", b"two")
        assert ask(origin, "/", if_none_match=etag)[0] == 200


def test_compression_is_negotiated() -> None:
    """RFC 9110 §8.8.3.3: each encoding has an entity tag of its own, and the answer says what it varies by."""
    with Origin() as origin:
        origin.serve("/", b"news", compress=True)
        plain, packed = ask(origin, "/"), ask(origin, "/", accept_encoding="gzip")
        assert plain[2] == gzip.decompress(packed[2]) == b"news"
        assert packed[1]["Content-Encoding"] == "gzip"
        assert plain[1]["Vary"] == packed[1]["Vary"] == "Accept-Encoding"
        assert plain[1]["ETag"] != packed[1]["ETag"]


def test_head_has_the_headers_of_get_and_no_body() -> None:
    """RFC 9110 §9.3.2."""
    with Origin() as origin:
        origin.serve("/", b"news")
        assert ask(origin, "/", "HEAD") == (200, ask(origin, "/")[1], b"")


def test_requests_are_noted_as_they_came() -> None:
    """Method, path with query, and headers by lower-case name."""
    with Origin() as origin:
        ask(origin, "/a?b=c", X_Test="1")
        assert origin.requests[0][:2] == ("GET", "/a?b=c")
        assert origin.requests[0].headers["x-test"] == "1"
        assert origin.asked("/a?b=c") == origin.requests


def test_the_bomb_is_valid_gzip() -> None:
    """RFC 1952: a client that reads it to the end finds its checksum right."""
    with Origin() as origin:
        origin.bomb("/", 3_000_000)
        status, headers, body = ask(origin, "/")
        assert (status, headers["Content-Encoding"]) == (200, "gzip")
        assert len(body) < 10_000
        assert gzip.decompress(body) == bytes(3_000_000)


def test_endless_ends_in_the_end() -> None:
    """It sends as much as was asked for, in chunks."""
    with Origin() as origin:
        origin.endless("/", 2_500_000)
        assert len(ask(origin, "/")[2]) == 3_000_000


def test_it_stops_at_once_whatever_hangs() -> None:
    """A test does not wait for a server that it told to hang."""
    with Origin() as origin:
        origin.hang("/hang")
        connection = http.client.HTTPConnection("127.0.0.1", origin.port, timeout=5)
        connection.request("GET", "/hang")
        while not origin.requests:
            pass
        start = time.monotonic()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        connection.getresponse()
    connection.close()
    assert time.monotonic() - start < 5
