"""The web server: HTTP as RFC 9110 has it, and a listener that starts, says where, and stops in time."""

from __future__ import annotations

import asyncio
import http.client
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as markup
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from aggregator.errors import ServeError, StoreError
from aggregator.model import Document
from aggregator.publish import assets, static
from aggregator.web import Server, app
from aggregator.web.conditional import evaluate, http_date
from tests.serving import published, serving, site
from tests.stories import CONFIG, NOW, STREAM, fortnight

HEUSDEN = replace(STREAM, id="heusden-zolder", title="Heusden-Zolder", zones=("hz",))
TWO = replace(CONFIG, streams=(STREAM, HEUSDEN))
DOCUMENTS = published(TWO, fortnight(), NOW)
FEED = DOCUMENTS["/samenwerking.atom"]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a running server, which follows no redirect."""
    with serving(site(TWO, DOCUMENTS)) as address, httpx.Client(base_url=address) as made:
        yield made


def documented(etag: str = '"abc"') -> Document:
    return Document(media_type="text/plain", content=b"x", etag=etag, last_modified=NOW)


class TestConditional:
    @pytest.mark.parametrize(
        ("value", "status"),
        [
            ('"abc"', 304),
            ('W/"abc"', 304),
            ('"x", W/"abc"', 304),
            ('"x","abc"', 304),
            ("*", 304),
            ('"ab"', 200),
            ('"x, abc"', 200),
            ("abc", 200),
            ("", 200),
            ('"', 200),
            ('"x", *', 200),
        ],
    )
    def test_if_none_match(self, value: str, status: int) -> None:
        """A list of entity tags, compared weakly, or an asterisk (RFC 9110 §13.1.2)."""
        assert evaluate(Headers({"if-none-match": value}), documented()) == status

    def test_if_none_match_in_several_lines(self) -> None:
        """Field lines of one name are one list (§5.3)."""
        lines = [(b"if-none-match", b'"x"'), (b"if-none-match", b'"abc"')]
        assert evaluate(Headers(raw=lines), documented()) == 304

    @pytest.mark.parametrize(
        ("value", "status"),
        [
            (http_date(NOW), 304),
            (http_date(NOW + timedelta(days=1)), 304),
            (http_date(NOW - timedelta(seconds=1)), 200),
            ("Monday, 23-Nov-26 08:00:00 GMT", 304),  # RFC 850 form, which recipients must take (§5.6.7)
            ("Mon Nov 23 08:00:00 2026", 304),  # asctime form
            ("yesterday", 200),
            ("", 200),
            ("Mon, 99 Nov 2026 08:00:00 GMT", 200),
        ],
    )
    def test_if_modified_since(self, value: str, status: int) -> None:
        """A date not before the last change; what is no date is ignored (§13.1.3)."""
        assert evaluate(Headers({"if-modified-since": value}), documented()) == status

    def test_if_none_match_comes_first(self) -> None:
        """If-Modified-Since counts only without If-None-Match (§13.1.3)."""
        headers = Headers({"if-none-match": '"other"', "if-modified-since": http_date(NOW)})
        assert evaluate(headers, documented()) == 200

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"if-match": '"abc"'}, 200),
            ({"if-match": "*"}, 200),
            ({"if-match": 'W/"abc"'}, 412),
            ({"if-match": '"x"'}, 412),
            ({"if-unmodified-since": http_date(NOW)}, 200),
            ({"if-unmodified-since": http_date(NOW - timedelta(seconds=1))}, 412),
            ({"if-match": '"abc"', "if-unmodified-since": http_date(NOW - timedelta(days=1))}, 200),
            ({"if-match": '"abc"', "if-none-match": '"abc"'}, 304),
        ],
    )
    def test_preconditions_of_writers(self, headers: dict[str, str], status: int) -> None:
        """If-Match compares strongly, goes before If-Unmodified-Since, and both before the rest (§13.2.2)."""
        assert evaluate(Headers(headers), documented()) == status

    @given(st.dictionaries(st.sampled_from(["if-none-match", "if-modified-since", "if-match"]), st.binary()))
    def test_any_header_is_answered(self, headers: dict[str, bytes]) -> None:
        """No field value is an error."""
        raw = [(name.encode(), value) for name, value in headers.items()]
        assert evaluate(Headers(raw=raw), documented()) in (200, 304, 412)


class TestSite:
    @pytest.mark.parametrize("path", ["/", "/samenwerking/", "/samenwerking.atom", "/heusden-zolder/"])
    def test_documents_are_served(self, client: httpx.Client, path: str) -> None:
        """The bytes as they were rendered, with their media type, validators and a truthful lifetime."""
        answer = client.get(path)
        document = DOCUMENTS[path]
        assert (answer.status_code, answer.content) == (200, document.content)
        assert answer.headers["content-type"] == document.media_type
        assert answer.headers["etag"] == document.etag
        assert answer.headers["last-modified"] == "Mon, 23 Nov 2026 08:00:00 GMT"
        assert answer.headers["cache-control"] == "max-age=60, must-revalidate"

    def test_a_reader_that_has_it_gets_304(self, client: httpx.Client) -> None:
        """No content, and the fields that a 200 would have had (RFC 9110 §15.4.5)."""
        first = client.get("/samenwerking.atom")
        answer = client.get("/samenwerking.atom", headers={"if-none-match": first.headers["etag"]})
        assert (answer.status_code, answer.content) == (304, b"")
        for name in ("etag", "last-modified", "cache-control", "vary"):
            assert answer.headers[name] == first.headers[name]
        assert client.get("/", headers={"if-modified-since": first.headers["last-modified"]}).status_code == 304
        assert client.get("/", headers={"if-match": '"other"'}).status_code == 412

    @pytest.mark.parametrize("path", ["/samenwerking.atom", "/nowhere", "/health", "/samenwerking"])
    def test_head_is_get_without_content(self, client: httpx.Client, path: str) -> None:
        """The same status and fields, length included (§9.3.2)."""
        got, asked = client.get(path), client.head(path)
        assert (asked.status_code, asked.content) == (got.status_code, b"")
        assert {**asked.headers, "date": ""} == {**got.headers, "date": ""}

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
    def test_only_reading(self, client: httpx.Client, method: str) -> None:
        """Another method is refused with the ones that are allowed (§15.5.6)."""
        answer = client.request(method, "/")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert "Dat kan hier niet" in answer.text

    def test_a_feed_takes_options(self, client: httpx.Client) -> None:
        """Scripts of other sites ask before they read it, and it says so (§15.5.6)."""
        answer = client.delete("/samenwerking.atom")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")

    @pytest.mark.parametrize("path", ["/", "/samenwerking.atom", "/nowhere", "/health", "/static/style.css"])
    def test_browsers_are_told_to_trust_nothing(self, client: httpx.Client, path: str) -> None:
        """The policy lets a page load our style sheet and icon, and nothing else; no cookie is ever set."""
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; img-src 'self';")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers
        assert "server" not in headers

    def test_a_stream_without_its_slash(self, client: httpx.Client) -> None:
        """Moved for good, relative to where the reader asked (§10.2.2); a strange host cannot be named."""
        answer = client.get("/heusden-zolder")
        assert (answer.status_code, answer.headers["location"]) == (308, "heusden-zolder/")
        assert client.get(f"{client.base_url}//evil.example").status_code == 404

    @pytest.mark.parametrize(
        "path", ["/nowhere", "/static/", "/static/../i18n.py", "/%00", "/a%0Ab", "/samenwerking.atom/"]
    )
    def test_not_found(self, client: httpx.Client, path: str) -> None:
        """A page in the stream's language that leads back to the news."""
        answer = client.get(path)
        assert answer.status_code == 404
        page = markup.fromstring(answer.content)
        assert page.get("lang") == "nl-BE"
        assert [link.get("href") for link in page.cssselect("main a")] == ["/"]
        assert "Pagina niet gevonden" in answer.text

    def test_the_style_sheet_may_be_kept(self, client: httpx.Client) -> None:
        """For ever by the address that names its bytes, a minute by any other."""
        forever = client.get("/" + static.style_address(TWO))
        assert forever.headers["content-type"] == "text/css; charset=utf-8"
        assert forever.headers["cache-control"] == "max-age=31536000, immutable"
        assert "last-modified" not in forever.headers
        assert ".zone-bht" in forever.text
        assert client.get("/static/style.css?v=old").headers["cache-control"] == "max-age=60, must-revalidate"

    def test_an_icon_and_robots(self, client: httpx.Client) -> None:
        """What browsers and robots ask for unasked is there."""
        assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
        assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /search\nAllow: /\n"

    def test_health(self, client: httpx.Client) -> None:
        """200 while the job works, 503 and the reason when it does not, never from a cache."""
        well = client.get("/health")
        assert (well.status_code, well.text, well.headers["cache-control"]) == (200, "all is well\n", "no-store")
        with serving(site(CONFIG, {}, (False, "bht-nieuws: not read since yesterday"))) as address:
            ill = httpx.get(f"{address}/health")
        assert (ill.status_code, ill.text) == (503, "bht-nieuws: not read since yesterday\n")

    def test_the_newest_documents(self) -> None:
        """The mapping is asked on every request: what the daemon publishes is served at once."""
        current: dict[str, Document] = {}
        with serving(app(lambda: current, lambda: (True, ""), CONFIG)) as address:
            before = httpx.get(f"{address}/samenwerking.atom").status_code
            current.update(DOCUMENTS)
            assert (before, httpx.get(f"{address}/samenwerking.atom").status_code) == (404, 200)

    def test_published_files_come_before_the_packages(self) -> None:
        """A style sheet in the mapping (zones repainted since the start) is the one that is served."""
        repainted = assets(replace(CONFIG, zones=(replace(CONFIG.zones[0], color="#800000"),)), NOW)
        with serving(site(CONFIG, repainted)) as address:
            assert httpx.get(f"{address}{static.STYLE}").content == repainted[static.STYLE].content

    @pytest.mark.parametrize("prefix", ["", "/nieuws"])
    def test_a_path_prefix(self, prefix: str) -> None:
        """Behind a proxy that passes base_url's path on, and behind one that takes it off."""
        config = replace(TWO, base_url="https://www.example.be/nieuws")
        with serving(site(config, DOCUMENTS)) as address, httpx.Client(base_url=address) as proxy:
            assert proxy.get(f"{prefix}/samenwerking.atom").content == FEED.content
            assert proxy.get(f"{prefix}/heusden-zolder").headers["location"] == "heusden-zolder/"
            assert proxy.get(f"{prefix}/static/style.css").status_code == 200
            lost = markup.fromstring(proxy.get(f"{prefix}/a/b").content)
            assert lost.cssselect("main a")[0].get("href") == "/nieuws/"
            assert proxy.get("/nieuws").headers["location"] == "nieuws/"

    def test_a_mounted_application(self) -> None:
        """ASGI's root_path is not part of the address."""

        async def ask() -> int:
            transport = httpx.ASGITransport(app=site(CONFIG, DOCUMENTS), root_path="/mounted")
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as inside:
                return (await inside.get("/mounted/samenwerking.atom")).status_code

        assert asyncio.run(ask()) == 200

    def test_our_own_mistakes(self) -> None:
        """A crash is a page that says so, without a word of ours about how; the next request is served."""

        def broken() -> NoReturn:
            raise RuntimeError("secret")

        with serving(app(broken, lambda: (True, ""), CONFIG)) as address:
            answer = httpx.get(f"{address}/")
            assert (answer.status_code, "secret" in answer.text) == (500, False)
            assert "Er ging iets mis" in answer.text
            assert "content-security-policy" in answer.headers
            assert httpx.get(f"{address}/health").status_code == 200

    def test_a_database_that_does_not_answer(self) -> None:
        """What needs it is 503 with a sentence and when to come back; the operator is told; the news stays."""
        told: list[Exception] = []

        async def silent(path: str) -> NoReturn:
            raise StoreError("secret")

        with serving(app(lambda: DOCUMENTS, lambda: (True, ""), CONFIG, asked=silent, unwell=told.append)) as address:
            answer = httpx.get(f"{address}/story/0123456789abcdef/")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
            assert "over een minuut" in answer.text
            assert "secret" not in answer.text
            assert [str(each) for each in told] == ["secret"]
            assert httpx.get(f"{address}/samenwerking/").status_code == 200

    def test_another_configuration(self) -> None:
        """Errors and the site's own pages speak as the newest configuration wants, and stand where it says."""
        one = app(dict, lambda: (True, ""), CONFIG)
        with serving(one) as address:
            assert "Pagina niet gevonden" in httpx.get(f"{address}/nothing").text
            one.configure(replace(CONFIG, language="en", base_url="https://example.be/news"))
            assert "Page not found" in httpx.get(f"{address}/nothing").text
            assert 'lang="en"' in httpx.get(f"{address}/news/over/").text


class TestServer:
    def test_it_says_where_it_listens(self) -> None:
        """Port 0 is any free port, and the address is the real one."""
        with serving(site(CONFIG, DOCUMENTS)) as address:
            assert address.startswith("http://127.0.0.1:")
            assert not address.endswith(":0")
            assert httpx.get(address).status_code == 200

    def test_a_port_in_use(self) -> None:
        """One sentence: what, where, what to do."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            assert refused(f"127.0.0.1:{port}") == (
                f"cannot listen on 127.0.0.1:{port}: address already in use; another process has it; "
                "change [server].listen or stop that process"
            )

    @pytest.mark.parametrize(
        ("listen", "words"),
        [
            ("8080", 'expected "host:port" or "unix:/path"'),
            ("127.0.0.1:70000", 'expected "host:port" or "unix:/path"'),
            ("192.0.2.1:0", "this machine has no such address"),
            ("unix:/no/such/place/a.sock", "no such directory"),
            (f"unix:/{'x' * 200}", "path too long"),
        ],
    )
    def test_where_nobody_can_listen(self, listen: str, words: str) -> None:
        """Each mistake has its own words."""
        message = refused(listen)
        assert message.startswith(f"cannot listen on {listen}: ")
        assert words in message
        assert "[server].listen" in message or "make it" in message

    def test_every_interface(self) -> None:
        """Brackets hold an IPv6 address, a name is looked up."""
        assert listening("localhost:0").startswith("http://127.0.0.1:")
        assert listening("[::1]:0").startswith("http://[::1]:")

    def test_a_unix_socket(self, tmp_path: Path) -> None:
        """A socket file that the proxy may use, gone when we are."""
        path = tmp_path / "web.sock"
        with serving(site(CONFIG, DOCUMENTS), f"unix:{path}") as address:
            assert address == f"unix:{path}"
            assert oct(path.stat().st_mode & 0o777) == "0o666"
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as proxy:
                assert proxy.get("http://site/samenwerking.atom").content == FEED.content
        assert not path.exists()

    def test_a_socket_left_behind(self, tmp_path: Path) -> None:
        """The file of a process that was killed is replaced, one that somebody answers on is not, nor is another."""
        path = tmp_path / "web.sock"
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(path))
        with serving(site(CONFIG, DOCUMENTS), f"unix:{path}"):
            assert "already in use" in refused(f"unix:{path}")
        path.write_text("precious")
        assert "no socket is in its place" in refused(f"unix:{path}")
        assert path.read_text() == "precious"

    def test_stopping_does_not_wait_for_idle_readers(self) -> None:
        """Connections that are kept alive, or have sent half a request, hold nobody up."""
        with serving(site(CONFIG, DOCUMENTS)) as address:
            host = address.removeprefix("http://")
            idle, half = http.client.HTTPConnection(host), socket.create_connection(tuple_of(host))
            idle.request("GET", "/")
            idle.getresponse().read()
            half.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            began = time.monotonic()
        assert time.monotonic() - began < 10
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(tuple_of(host))
        idle.close()
        half.close()

    def test_stopping_does_not_wait_for_slow_answers(self) -> None:
        """An answer that takes for ever is cut after the grace."""
        started = asyncio.Event()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            started.set()
            await asyncio.Event().wait()

        async def stop_in_the_middle() -> float:
            server = Server(slow, "127.0.0.1:0")
            await server.start()
            async with httpx.AsyncClient() as client:
                asked = asyncio.create_task(client.get(server.address))
                await started.wait()
                began = time.monotonic()
                await server.stop()
                took = time.monotonic() - began
                assert (await asked).status_code == 500
            return took

        assert asyncio.run(stop_in_the_middle()) < 4

    def test_an_answer_under_way_is_finished(self) -> None:
        """What began before the stop is sent to the end."""
        started = asyncio.Event()

        async def unhurried(scope: Scope, receive: Receive, send: Send) -> None:
            started.set()
            await asyncio.sleep(0.3)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
            await send({"type": "http.response.body", "body": b"done"})

        async def stop_in_the_middle() -> str:
            server = Server(unhurried, "127.0.0.1:0")
            await server.start()
            async with httpx.AsyncClient() as client:
                asked = asyncio.create_task(client.get(server.address))
                await started.wait()
                await server.stop()
                return (await asked).text

        assert asyncio.run(stop_in_the_middle()) == "done"

    def test_signals_are_the_daemons(self) -> None:
        """uvicorn leaves SIGTERM and SIGINT as it found them."""

        async def handlers_change() -> bool:
            before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
            server = Server(site(CONFIG, {}), "127.0.0.1:0")
            await server.start()
            during = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
            await server.stop()
            return before != during

        assert not asyncio.run(handlers_change())

    def test_stopping_twice_and_before_starting(self) -> None:
        """stop() is safe at any time."""

        async def stop_often() -> None:
            server = Server(site(CONFIG, {}), "127.0.0.1:0")
            await server.stop()
            await server.start()
            url = server.address
            assert await asyncio.to_thread(lambda: httpx.get(f"{url}/nowhere").status_code) == 404
            await server.stop()
            await server.stop()
            with pytest.raises(httpx.ConnectError):
                await asyncio.to_thread(httpx.get, url)

        asyncio.run(stop_often())

    @pytest.mark.parametrize(("trusted", "seen"), [((), "127.0.0.1"), (("127.0.0.1",), "203.0.113.7")])
    def test_only_a_trusted_proxy_is_believed(self, trusted: tuple[str, ...], seen: str) -> None:
        """X-Forwarded-For counts from the addresses that the operator named."""

        async def whoami(scope: Scope, receive: Receive, send: Send) -> None:
            body = scope["client"][0].encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

        async def ask() -> str:
            server = Server(whoami, "127.0.0.1:0", trusted)
            await server.start()
            async with httpx.AsyncClient() as client:
                answer = await client.get(server.address, headers={"x-forwarded-for": "203.0.113.7"})
            await server.stop()
            return answer.text

        assert asyncio.run(ask()) == seen


def refused(listen: str) -> str:
    """What the operator reads when nobody can listen there."""
    with pytest.raises(ServeError) as caught:
        asyncio.run(Server(site(CONFIG, {}), listen).start())
    return str(caught.value)


def listening(listen: str) -> str:
    with serving(site(CONFIG, {}), listen) as address:
        return address


def tuple_of(host: str) -> tuple[str, int]:
    name, _, port = host.partition(":")
    return name, int(port)
