"""A connection under strain: answers in their order, also when some are written at once, and bounds that hold."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from aggregator.publish import documents
from aggregator.web.connection import HEAD
from tests.serving import serving, site
from tests.stories import CONFIG, NOW, STREAM, fortnight

DOCUMENTS = documents(CONFIG, STREAM, fortnight(), NOW)
FEED = DOCUMENTS["/samenwerking.atom"]


@pytest.fixture(scope="module")
def host() -> Iterator[tuple[str, int]]:
    with serving(site(CONFIG, DOCUMENTS)) as address:
        name, _, port = address.removeprefix("http://").partition(":")
        yield name, int(port)


def get(path: str, method: str = "GET", more: str = "", version: str = "1.1") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n{more}\r\n".encode()


def everything(host: tuple[str, int], content: bytes) -> bytes:
    """All that comes back until the server closes."""
    with socket.create_connection(host, 10) as one:
        one.sendall(content)
        answer = b""
        while piece := one.recv(1_000_000):
            answer += piece
        return answer


LAST = get("/nowhere", more="Connection: close\r\n")


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def test_answers_come_in_the_order_of_the_requests(host: tuple[str, int]) -> None:
    """Those that are ready do not overtake those that take a while (RFC 9112 §9.3.2)."""
    known = get("/samenwerking.atom", more=f"If-None-Match: {FEED.etag}\r\n")
    asked = [
        get("/samenwerking.atom"),
        get("/lost"),
        known,
        get("/health"),
        get("/", "POST"),
        known,
        get("/samenwerking"),
    ]
    assert statuses(everything(host, b"".join([*asked, LAST]))) == [200, 404, 304, 200, 405, 304, 308, 404]


@pytest.mark.parametrize(
    "request_",
    [
        get("/samenwerking.atom", more="Connection: close\r\n"),
        get("/samenwerking.atom", more="Content-Length: 3\r\nConnection: close\r\n") + b"abc",
        get("/samenwerking.atom", version="1.0"),
        get("http://x/samenwerking.atom", more="Connection: close\r\n"),
        get("/samenwerking%2eatom?x=1", more="Connection: close\r\n"),
    ],
)
def test_every_way_to_ask_gets_the_same(host: tuple[str, int], request_: bytes) -> None:
    """With a body, an old version, an absolute address: the slower way has the same answer."""
    answer = everything(host, request_)
    assert statuses(answer) == [200]
    assert answer.endswith(FEED.content)


def test_an_answer_has_a_date(host: tuple[str, int]) -> None:
    """Every answer says when (RFC 9110 §6.6.1), the quick one too, and once."""
    for path in ("/samenwerking.atom", "/nowhere"):
        head = everything(host, get(path) + LAST).partition(b"\r\n\r\n")[0]
        assert head.lower().count(b"\r\ndate: ") == 1


def test_a_request_in_pieces(host: tuple[str, int]) -> None:
    """The head may come byte by byte."""
    with socket.create_connection(host, 10) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in get("/samenwerking.atom"):
            one.sendall(bytes([byte]))
        assert one.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    "flood",
    [get("/samenwerking.atom") * 20_000, get("/nowhere") * 20_000, b"GET / HTTP/1.1\r\nX: " + b"x" * HEAD * 2],
    ids=["ready", "rendered", "head"],
)
def test_a_flood_is_cut(host: tuple[str, int], flood: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Who asks without reading, or never ends a head, is cut off: nothing is heaped up, nothing fills the log."""
    with socket.create_connection(host, 10) as one, pytest.raises(OSError, match=r"reset|Broken pipe"):
        one.sendall(flood * 100)
    assert everything(host, get("/samenwerking.atom") + LAST).startswith(b"HTTP/1.1 200")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
