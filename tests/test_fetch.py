"""The fetcher against an origin server, over real sockets.

Each test names what it guards: the RFC, or the item of the checklist for feed clients.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.errors import FetchError, NetworkError
from aggregator.fetch import Fetcher
from aggregator.model import Fetch, Response, Validators
from tests.fakes import codings, tls
from tests.fakes.origin import Origin, Request

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FEED = b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"/>'


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        running.serve("/feed", FEED, "application/atom+xml")
        yield running


def fetcher(**settings: Any) -> Fetcher:
    """One that may reach loopback and does not pause."""
    manners: dict[str, Any] = {
        "allow_private": ("127.0.0.0/8",),
        "per_host_pause": timedelta(0),
        "per_host_concurrency": 100,
        "timeout": timedelta(seconds=20),
    }
    return Fetcher(Fetch(**manners | settings), version="1.2")


def fetch(url: str, validators: Validators | None = None, **settings: Any) -> Response:
    async def once() -> Response:
        async with fetcher(**settings) as opened:
            return await opened.fetch(url, validators, NOW)

    return uvloop.run(once())  # the loop that the program runs on; other tests have the standard library's


def failure(url: str, **settings: Any) -> str:
    with pytest.raises(FetchError) as failed:
        fetch(url, **settings)
    return str(failed.value)


# An answer


def test_an_answer_is_returned_as_it_came(origin: Origin) -> None:
    """Final URL, status, headers by lower-case name, decoded content, and when we asked."""
    answer = fetch(origin.url("/feed"))
    assert (answer.url, answer.status, answer.content) == (origin.url("/feed"), 200, FEED)
    assert (answer.date, answer.hops) == (NOW, ())
    assert answer.headers["content-type"] == "application/atom+xml"
    assert answer.headers["etag"]


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("br", codings.br), ("zstd", codings.zstd)],
    ids=["gzip", "br", "zstd"],
)
def test_codings_are_asked_for_and_decoded(origin: Origin, coding: str, pack: Callable[[bytes], bytes]) -> None:
    """2 to 10 times less to send (standards, item 23); codings without a bounded decoder are not offered."""
    origin.serve("/packed", pack(FEED * 1000), headers={"Content-Encoding": coding})
    answer = fetch(origin.url("/packed"))
    assert answer.headers["content-encoding"] == coding
    assert answer.content == FEED * 1000
    assert origin.requests[0].headers["accept-encoding"] == "gzip, br, zstd"


@pytest.mark.parametrize("status", [201, 204, 300, 400, 401, 403, 404, 410, 429, 500, 503, 599])
def test_a_status_code_is_an_answer(origin: Origin, status: int) -> None:
    """What it means is for others to decide; what stands in the body may tell them (a challenge page)."""
    body = b"" if status == 204 else b"why"
    origin.serve("/x", body, "text/html", status=status, headers={"Retry-After": "120"})
    answer = fetch(origin.url("/x"))
    assert (answer.status, answer.content, answer.headers["retry-after"]) == (status, body, "120")


def test_an_error_page_is_read_only_so_far_and_may_be_broken(origin: Origin) -> None:
    """The status has said what matters: a big, damaged or truncated error page is still that answer."""
    origin.serve("/big", b"x" * 1_000_000, status=500)
    origin.serve("/damaged", b"no gzip", status=503, headers={"Content-Encoding": "gzip"})
    origin.serve("/odd", b"?", status=403, headers={"Content-Encoding": "deflate"})
    origin.raw("/cut", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\nbad")
    assert [fetch(origin.url(path)).status for path in ("/big", "/damaged", "/odd", "/cut")] == [500, 503, 403, 502]
    assert 0 < len(fetch(origin.url("/big")).content) <= 64_000


# 1a Conditional requests


def test_a_conditional_request_is_answered_304(origin: Origin) -> None:
    """RFC 9110 §13: nothing is sent twice; the headers of the 304 are there to renew what is stored (item 6)."""
    first = fetch(origin.url("/feed"))
    again = fetch(origin.url("/feed"), Validators(url=first.url, etag=first.headers["etag"]))
    assert (again.status, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_validators_are_echoed_byte_for_byte(origin: Origin) -> None:
    """Item 1; RFC 9110 §8.8.3 allows any byte above 0x7f in a tag."""
    etag = 'W/"caf\xc3\xa9, 1"'
    origin.serve("/odd", FEED, headers={"ETag": etag, "Last-Modified": "monday, or so"})
    first = fetch(origin.url("/odd"))
    assert first.headers["etag"] == etag
    validators = Validators(url=first.url, etag=etag, last_modified=first.headers["last-modified"])
    assert fetch(origin.url("/odd"), validators).status == 304
    sent = origin.requests[1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == (etag, "monday, or so")


def test_validators_are_for_the_hop_that_they_came_from(origin: Origin) -> None:
    """Item 9: on a redirect they go to the URL that answered, and to no other."""
    origin.redirect("/old", "/feed", 301)
    first = fetch(origin.url("/old"))
    assert (first.url, first.hops) == (origin.url("/feed"), (origin.url("/old"),))
    again = fetch(origin.url("/old"), Validators(url=first.url, etag=first.headers["etag"]))
    assert again.status == 304
    assert ["if-none-match" in asked.headers for asked in origin.requests] == [False, False, False, True]


def test_304_without_a_condition_is_a_failure(origin: Origin) -> None:
    """Item 8: a server's bug, and nothing to be kept."""
    origin.serve("/x", b"", status=304)
    assert failure(origin.url("/x")) == "127.0.0.1: answered 304 Not Modified to a request without conditions"


# 1c The shape of a request


def test_a_request_is_modest(origin: Origin) -> None:
    """Items 20 to 28: who asks, what for, and nothing else: no cookies, Referer, cache-busters, A-IM, Range."""
    fetch(origin.url("/feed?page=1#top"), contact="https://news.example/about")
    (asked,) = origin.requests
    assert (asked.method, asked.path) == ("GET", "/feed?page=1")
    assert asked.headers["user-agent"] == "aggregator/1.2 (+https://news.example/about)"
    assert asked.headers["accept"].startswith("application/atom+xml, application/rss+xml;q=0.9")
    assert asked.headers.keys() <= {"host", "connection", "user-agent", "accept", "accept-encoding"}


def test_no_cookie_is_kept_or_sent(origin: Origin) -> None:
    """Item 21; both httpx and aiohttp beneath it have a jar of their own."""
    origin.serve("/a", b"x", headers={"Set-Cookie": "a=1; Path=/"})
    origin.serve("/b", b"", status=302, headers={"Set-Cookie": "b=1; Path=/", "Location": "/a"})

    async def twice() -> None:
        async with fetcher() as opened:
            await opened.fetch(origin.url("/b", host="localhost"), None, NOW)
            await opened.fetch(origin.url("/a", host="localhost"), None, NOW)

    asyncio.run(twice())
    assert len(origin.requests) == 3
    assert not any("cookie" in asked.headers for asked in origin.requests)


def test_the_url_is_sent_as_it_was_written(origin: Origin) -> None:
    """Item 26: escapes are neither undone nor added, for a signed URL would not survive that."""
    path = "/a%2Fb%3Dc/%7Ex?sig=a%2Fb%3D%3d&x=[1]|{2}&y=%20+&z"
    fetch(origin.url(path))
    assert origin.requests[0].path == path


def test_the_environment_has_no_say(origin: Origin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a proxy nor a password that happens to lie about is used."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(origin.url("/feed")).status == 200
    assert "authorization" not in origin.requests[0].headers


def test_a_connection_is_used_again(origin: Origin) -> None:
    """Item 29."""

    async def thrice() -> None:
        async with fetcher() as opened:
            for _ in range(3):
                await opened.fetch(origin.url("/feed"), None, NOW)

    asyncio.run(thrice())
    assert (len(origin.requests), origin.connections) == (3, 1)


def test_an_unsolicited_part_is_a_failure(origin: Origin) -> None:
    """Item 28; RFC 9110 §15.3.7: 206 answers a Range, and none was asked for."""
    origin.serve("/part", b"<fe", status=206, headers={"Content-Range": "bytes 0-2/64"})
    assert failure(origin.url("/part")) == "127.0.0.1: sent a part (206) where the whole was asked for"


# 1d Redirects


def test_five_redirects_are_followed_and_six_are_not(origin: Origin) -> None:
    """Item 31."""
    for hop in range(6):
        origin.redirect(f"/{hop}", f"/{hop + 1}", (301, 302, 303, 307, 308, 301)[hop])
    origin.serve("/6", FEED)
    answer = fetch(origin.url("/1"))
    assert (answer.status, answer.url) == (200, origin.url("/6"))
    assert answer.hops == tuple(origin.url(f"/{hop}") for hop in range(1, 6))
    assert failure(origin.url("/0")) == "127.0.0.1: redirects more than 5 times"


def test_a_circle_is_left_at_once(origin: Origin) -> None:
    """No server is asked the same twice to learn that it goes round."""
    origin.redirect("/a", "/b")
    origin.redirect("/b", "/a")
    assert failure(origin.url("/a")) == "127.0.0.1: redirects in a circle"
    assert len(origin.requests) == 2


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://[::1", "http://xn--/"])
def test_redirects_lead_to_http_and_nowhere_else(origin: Origin, to: str) -> None:
    """Items 37 and 40; what is no URL is no place either."""
    origin.redirect("/x", to)
    assert failure(origin.url("/x")).startswith("127.0.0.1: ")


def test_a_failure_on_the_way_names_who_sent_us_there(origin: Origin) -> None:
    """The operator did not write the second name."""
    origin.redirect("/x", "http://localhost:1/")
    assert failure(origin.url("/x"), allow_private=("127.0.0.0/8", "::1")) == (
        "localhost (redirected from 127.0.0.1): connection refused: nothing listens at this address and port"
    )


# 1e Hostile and broken servers


def test_one_deadline_for_all_of_it(origin: Origin) -> None:
    """Item 38: httpx alone allows so much for each read; nothing, dripped headers and a dripped body all end."""
    origin.hang("/hang")
    origin.drip("/headers", every=0.05, headers=True)
    origin.drip("/body", every=0.05)
    limit = timedelta(seconds=0.4)
    assert failure(origin.url("/hang"), timeout=limit) == "127.0.0.1: did not answer within 0.4 s ([fetch].timeout)"
    assert failure(origin.url("/headers"), timeout=limit) == "127.0.0.1: did not answer within 0.4 s ([fetch].timeout)"
    assert failure(origin.url("/body"), timeout=limit) == (
        "127.0.0.1: did not finish its answer within 0.4 s ([fetch].timeout)"
    )


def test_redirects_share_the_deadline(origin: Origin) -> None:
    """Item 38: five slow hops are one slow answer."""

    def slowly(onward: bytes) -> Any:
        async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
            await asyncio.sleep(0.2)
            writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % onward)
            return True

        return behave

    for hop in range(5):
        origin.answer(f"/{hop}", slowly(b"/%d" % (hop + 1)))
    origin.hang("/5")
    assert "did not answer within 0.5 s" in failure(origin.url("/0"), timeout=timedelta(seconds=0.5))
    assert not origin.asked("/3")


def test_waiting_for_a_turn_is_not_held_against_a_server(origin: Origin) -> None:
    """The deadline is for its own time, not for its neighbours'; and it is asked one thing at a time."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True

    origin.answer("/slow", behave)

    async def together() -> list[Response]:
        async with fetcher(per_host_concurrency=1, timeout=timedelta(seconds=0.7)) as opened:
            return await asyncio.gather(*(opened.fetch(origin.url("/slow"), None, NOW) for _ in range(5)))

    assert [answer.status for answer in asyncio.run(together())] == [200] * 5
    assert origin.busiest == 1


@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd"])
def test_a_body_without_end_is_cut_off(origin: Origin, coding: str) -> None:
    """Items 39 and 40: the cap is on decoded bytes, and 1 GB of it is never made."""
    origin.bomb("/x", coding=coding) if coding else origin.endless("/x")
    assert failure(origin.url("/x")) == "127.0.0.1: sent more than 10 MB ([fetch].max_size)"
    assert failure(origin.url("/x"), max_size=500_000) == "127.0.0.1: sent more than 500 kB ([fetch].max_size)"


def test_a_body_of_just_max_size_is_read(origin: Origin) -> None:
    """The cap is a cap, not an estimate."""
    origin.serve("/x", bytes(100_000), compress=True)
    assert len(fetch(origin.url("/x"), max_size=100_000).content) == 100_000
    assert "sent more than" in failure(origin.url("/x"), max_size=99_999)


def test_a_truncated_body_is_a_failure(origin: Origin) -> None:
    """Item 7; RFC 9112 §8: fewer bytes than Content-Length, a chunk too few, and half of what was packed."""
    origin.truncate("/length", FEED)
    origin.raw("/chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<feed\r\n")
    origin.serve("/gzip", gzip.compress(FEED)[:-9], headers={"Content-Encoding": "gzip"})
    origin.serve("/br", codings.br(FEED)[:-1], headers={"Content-Encoding": "br"})
    origin.serve("/zstd", codings.zstd(FEED)[:-1], headers={"Content-Encoding": "zstd"})
    for path in ("/length", "/chunks", "/gzip", "/br", "/zstd"):
        assert "broke off before its end" in failure(origin.url(path))


def test_an_encoding_that_was_not_asked_for_is_a_failure(origin: Origin) -> None:
    """Items 23 and 39: stacked ones, and those that have no bounded decoder here."""
    origin.serve("/twice", gzip.compress(gzip.compress(FEED)), headers={"Content-Encoding": "gzip, gzip"})
    origin.serve("/deflate", zlib.compress(FEED), headers={"Content-Encoding": "deflate"})
    assert failure(origin.url("/twice")) == "127.0.0.1: sent a body that is encoded more than once (Content-Encoding)"
    assert "encoding that was not asked for" in failure(origin.url("/deflate"))


def test_giant_headers_are_a_failure_with_words(origin: Origin) -> None:
    """Item 42b: aiohttp raises an error of its own for them, through httpx."""
    origin.raw("/long", b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1_000_000 + b"\r\n\r\n")
    origin.raw("/many", b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 100_000 + b"\r\n")
    assert failure(origin.url("/long")) == "127.0.0.1: sent a header of more than 8 kB"
    assert failure(origin.url("/many")) == "127.0.0.1: did not answer in well-formed HTTP"


@pytest.mark.parametrize(
    "sent",
    [
        b"220 mail.example ESMTP\r\n",
        b"<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nfeed",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_failure_with_words(origin: Origin, sent: bytes) -> None:
    """RFC 9112 §6.3: an ambiguous message is not read either."""
    origin.raw("/x", sent)
    assert failure(origin.url("/x")) == "127.0.0.1: did not answer in well-formed HTTP"


def test_a_connection_that_is_closed_without_an_answer(origin: Origin) -> None:
    """No answer is a failure of that server; interim answers (RFC 9110 §15.2) are none."""
    origin.raw("/nothing", b"")
    origin.raw("/interim", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)
    for path in ("/nothing", "/interim"):
        assert failure(origin.url(path)) == "127.0.0.1: closed the connection without an answer"


@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_answer_whatever_makes_another_error(origin: Origin, junk: bytes) -> None:
    """A source may fail; the program may not."""
    origin.raw("/junk", junk)
    origin.raw("/header", b"HTTP/1.1 200 OK\r\n" + junk + b"\r\n\r\n")
    origin.raw("/location", b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + junk + b"\r\n\r\n")

    async def all_three() -> None:
        async with fetcher(timeout=timedelta(seconds=3)) as opened:
            for path in ("/junk", "/header", "/location"):
                with suppress(FetchError):
                    await opened.fetch(origin.url(path), None, NOW)

    asyncio.run(all_three())


# Nothing there


@pytest.mark.parametrize(
    ("number", "system", "words"),
    [
        (socket.EAI_NONAME, "Name or service not known", "no such host (DNS)"),
        (socket.EAI_AGAIN, "Try again", "the host's name could not be looked up (DNS: try again)"),
    ],
)
def test_a_name_that_does_not_resolve_is_a_network_error(
    monkeypatch: pytest.MonkeyPatch, number: int, system: str, words: str
) -> None:
    """It may be our own network that is down: the caller can tell."""

    def look_up(*asked: Any, **more: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror(number, system)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(NetworkError) as failed:
        fetch("https://www.example.org/feed")
    assert str(failed.value) == f"www.example.org: {words}"


def test_a_name_server_that_hangs_delays_nobody_else(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Item 38: a look-up has a thread of its own and counts for the deadline."""
    release, look_up = threading.Event(), socket.getaddrinfo

    def slowly(host: str, *rest: Any, **more: Any) -> Any:
        if host.endswith(".example"):
            release.wait(10)
        return look_up("127.0.0.1" if host.endswith(".example") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)

    async def together() -> list[Response | BaseException]:
        async with fetcher(timeout=timedelta(seconds=1), concurrency=9) as opened:
            urls = [f"http://{name}.example/" for name in "abcdefgh"] + [origin.url("/feed", host="localhost")]
            found = await asyncio.gather(*(opened.fetch(url, None, NOW) for url in urls), return_exceptions=True)
            release.set()
            return found

    *late, healthy = asyncio.run(together())
    assert isinstance(healthy, Response)
    assert [str(error)[1:] for error in late] == [".example: did not answer within 1 s ([fetch].timeout)"] * 8


def test_a_port_where_nothing_listens_is_a_network_error() -> None:
    """So is what the operating system refuses to connect."""
    with pytest.raises(NetworkError, match=r"^127.0.0.1: connection refused: nothing listens"):
        fetch("http://127.0.0.1:1/")


def test_a_network_that_does_not_take_us_anywhere_is_a_network_error() -> None:
    """The operating system's own words, whatever they are: here those for a broadcast address."""
    with pytest.raises(NetworkError, match=r"^255.255.255.255: could not connect \("):
        fetch("http://255.255.255.255/", allow_private=("255.255.255.255",))


@pytest.mark.parametrize(
    "url",
    [
        *("", "feed.xml", "http://", "http:///x", "http://u:secret@x.example/", "http://x.example:99999/"),
        *("http://[::1", "ftp://x.example/", "http://xn--/", "http://\udcff/", "http://x.example/\udcff"),
        *("http://a..b/", "http://%00/", "http://x y/", "http://[fe80::1%lo]/"),
        *(f"http://{'a' * 64}.example/", f"http://{'.'.join(['a' * 60] * 5)}/"),
    ],
)
def test_a_weird_url_is_a_fetch_error(url: str) -> None:
    """No library's error leaks out, and no password either."""
    assert "secret" not in failure(url)


# TLS


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' authority, trusted as an operator would have an authority of his own trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.AUTHORITY))


@pytest.mark.usefixtures("trusted")
def test_https_with_a_good_certificate() -> None:
    """And one hop from http to https is welcome."""
    with Origin(tls=tls.server("good")) as secure, Origin() as plain:
        secure.serve("/feed", FEED)
        plain.redirect("/feed", secure.url("/feed"), 301)
        assert fetch(secure.url("/feed")).content == FEED
        assert fetch(plain.url("/feed")).url == secure.url("/feed")


@pytest.mark.usefixtures("trusted")
def test_https_is_not_left_for_http(origin: Origin) -> None:
    """Item 31: the plain server is not even asked."""
    with Origin(tls=tls.server("good")) as secure:
        secure.redirect("/feed", origin.url("/feed"))
        assert failure(secure.url("/feed")) == (
            "127.0.0.1: redirects from https to http (127.0.0.1), which is not followed"
        )
    assert not origin.requests


@pytest.mark.usefixtures("trusted")
def test_tls_faults_are_named() -> None:
    """Item 34: no bypass, and a sentence that the site's operator can be sent."""
    with Origin(tls=tls.server("expired")) as expired:
        assert failure(expired.url("/")) == "127.0.0.1: TLS certificate expired"
    with Origin(tls=tls.server("selfsigned")) as own:
        assert failure(own.url("/")) == "127.0.0.1: TLS certificate is signed by itself, not by an authority"
    with Origin(tls=tls.server("good"), host="127.0.0.2") as other:
        assert failure(other.url("/")) == "127.0.0.2: TLS certificate belongs to another address"
    with Origin() as plain:
        url = plain.url("/").replace("http:", "https:")
        assert failure(url) == "127.0.0.1: does not speak TLS at this port; is it http instead of https?"


def test_an_unknown_authority_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SSL_CERT_FILE the public authorities are trusted, and nobody else."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with Origin(tls=tls.server("good")) as unknown:
        assert "signed by an authority that is not trusted here" in failure(unknown.url("/"))


@pytest.mark.usefixtures("trusted")
def test_a_handshake_that_never_ends_meets_the_deadline() -> None:
    """Item 38: the connection counts too."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert "did not answer within 0.3 s" in failure(url, timeout=timedelta(seconds=0.3))


@pytest.mark.parametrize("line", [b"200 Ge\xf6ffnet", b"200 \xff\xfe\x1b[31m", b"200 ", b"200"])
def test_a_reason_phrase_means_nothing(origin: Origin, line: bytes) -> None:
    """RFC 9112 §4: it is there for the days of people at terminals, and in any encoding."""
    origin.raw("/x", b"HTTP/1.1 " + line + b"\r\nContent-Length: 4\r\n\r\nnews")
    assert fetch(origin.url("/x")).content == b"news"
