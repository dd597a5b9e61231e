"""Proxies: which one a request goes through, over real sockets, and what the guard still sees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.errors import FetchError, NetworkError
from aggregator.fetch import Access, Fetcher
from aggregator.model import Fetch, Response
from tests.fakes import tls
from tests.fakes.origin import Origin
from tests.fakes.proxy import Proxy

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of what this machine may have set."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        running.serve("/feed", "<feed/>")
        yield running


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as running:
        yield running


def fetch(url: str, access: Access | None = None, **settings: Any) -> Response:
    async def once() -> Response:
        wanted = Fetch(per_host_pause=timedelta(0), timeout=timedelta(seconds=10), **settings)
        async with Fetcher(wanted, version="1") as fetcher:
            return await fetcher.fetch(url, None, NOW, access)

    return asyncio.run(once())


def test_a_proxy_is_asked_for_what_it_is_to_fetch(origin: Origin, proxy: Proxy) -> None:
    """RFC 9112 §3.2.2: absolute-form, with the path as it was written; 304 and headers come through."""
    origin.serve("/a%2Fb", "<feed/>")
    answer = fetch(f"http://news.example:{origin.port}/a%2Fb?x=[1]", proxy=proxy.url)
    assert (answer.status, answer.content) == (200, b"<feed/>")
    assert proxy.requests == [f"GET http://news.example:{origin.port}/a%2Fb?x=[1] HTTP/1.1"]
    assert origin.requests[0].headers["host"] == f"news.example:{origin.port}"


def test_https_goes_through_a_tunnel(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9110 §9.3.6: CONNECT; the certificate is still the origin's to show."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.AUTHORITY))
    with Origin(tls=tls.server("good")) as secure, Origin(tls=tls.server("expired")) as expired:
        secure.serve("/feed", "<feed/>")
        assert fetch(secure.url("/feed"), proxy=proxy.url).content == b"<feed/>"
        assert proxy.requests == [f"CONNECT 127.0.0.1:{secure.port} HTTP/1.1"]
        with pytest.raises(FetchError, match=r"\(through the proxy 127.0.0.1:\d+\): TLS certificate expired"):
            fetch(expired.url("/feed"), proxy=proxy.url)


def test_the_guard_admits_the_proxy_and_leaves_the_target_to_it(origin: Origin, proxy: Proxy) -> None:
    """The proxy's address is private, as such addresses are, and needs no allow_private; only it is connected to."""
    assert fetch(f"http://10.255.255.1:{origin.port}/feed", proxy=proxy.url).content == b"<feed/>"
    with pytest.raises(FetchError, match="is private"):
        fetch(origin.url("/feed"))


def test_allow_ports_holds_with_a_proxy_too(origin: Origin, proxy: Proxy) -> None:
    """What can be checked without the address is."""
    with pytest.raises(FetchError, match=rf"port {origin.port} is not among \[fetch\].allow_ports"):
        fetch(origin.url("/feed"), proxy=proxy.url, allow_ports=(80, 443))
    assert proxy.requests == []


def test_a_source_has_a_proxy_of_its_own(origin: Origin, proxy: Proxy) -> None:
    """It goes before the one for all, and `direct` is none, so that the guard holds again."""
    with Proxy() as general:
        assert fetch(origin.url("/feed"), Access(origin.url("/feed"), proxy=proxy.url), proxy=general.url).status == 200
        assert (len(proxy.requests), len(general.requests)) == (1, 0)
        direct = Access(origin.url("/feed"), proxy="direct")
        with pytest.raises(FetchError, match="is private"):
            fetch(origin.url("/feed"), direct, proxy=general.url)
        assert fetch(origin.url("/feed"), direct, proxy=general.url, allow_private=("127.0.0.1",)).status == 200
        assert len(general.requests) == 0


def test_redirects_go_through_the_proxy_too(origin: Origin, proxy: Proxy) -> None:
    """Every hop is the proxy's to reach."""
    origin.redirect("/old", f"http://elsewhere.example:{origin.port}/feed")
    assert fetch(f"http://news.example:{origin.port}/old", proxy=proxy.url).status == 200
    assert [line.split("/")[2].split(":")[0] for line in proxy.requests] == ["news.example", "elsewhere.example"]


# From the environment


def test_the_environment_is_looked_at_when_the_operator_says_so(
    origin: Origin, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY is for http, and only with proxy_from_environment; what the configuration names goes first."""
    monkeypatch.setenv("http_proxy", proxy.url)
    url = origin.url("/feed")
    assert fetch(url, proxy_from_environment=True).status == 200
    assert len(proxy.requests) == 1
    assert fetch(url, allow_private=("127.0.0.1",)).status == 200
    assert len(proxy.requests) == 1
    with Proxy() as named:
        assert fetch(url, proxy_from_environment=True, proxy=named.url).status == 200
        assert (len(named.requests), len(proxy.requests)) == (1, 1)


@pytest.mark.parametrize(
    ("exempt", "through"),
    [
        ("*", False),
        ("example", False),
        (".news.example", False),
        ("news.example:PORT", False),
        ("other.example, news.example", False),
        ("other.example", True),
        ("ews.example", True),
    ],
)
def test_no_proxy_names_hosts_and_what_is_below_them(
    exempt: str, through: bool, origin: Origin, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_PROXY as urllib reads it; a host that is exempt is looked up and guarded as ever."""
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", exempt.replace("PORT", str(origin.port)))
    if through:
        assert fetch(f"http://news.example:{origin.port}/feed", proxy_from_environment=True).status == 200
    else:
        with pytest.raises(NetworkError, match="DNS"):
            fetch(f"http://news.example:{origin.port}/feed", proxy_from_environment=True)
    assert bool(proxy.requests) == through


def test_a_password_from_the_environment_is_used_and_never_shown(
    origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 9110 §11.7.2: the proxy gets it, the origin and the operator's log do not."""
    with Proxy(login="jan:geheim") as proxy:
        monkeypatch.setenv("http_proxy", f"http://jan:geheim@127.0.0.1:{proxy.port}")
        assert fetch(origin.url("/feed"), proxy_from_environment=True).status == 200
        assert not any("proxy-authorization" in asked.headers for asked in origin.requests)
        for scheme in ("http", "https"):
            monkeypatch.setenv(f"{scheme}_proxy", f"http://jan:fout@127.0.0.1:{proxy.port}")
            with pytest.raises(FetchError) as failed:
                fetch(f"{scheme}://news.example/feed", proxy_from_environment=True)
            assert str(failed.value) == (
                f"news.example (through the proxy 127.0.0.1:{proxy.port}): "
                "the proxy wants a user name and password (407)"
            )


def test_a_proxy_without_scheme_is_an_http_one(origin: Origin, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many write host:port, and mean that."""
    monkeypatch.setenv("ALL_PROXY", f"127.0.0.1:{proxy.port}")
    assert fetch(origin.url("/feed"), proxy_from_environment=True).status == 200
    assert len(proxy.requests) == 1


def test_a_proxy_of_another_kind_is_told(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    """To go direct instead would be to leave a network that the operator wanted to be left by one door."""
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(FetchError, match=r"^127.0.0.1: the proxy that the environment names speaks socks5; only http"):
        fetch(origin.url("/feed"), proxy_from_environment=True, allow_private=("127.0.0.1",))
    assert origin.requests == []


# What goes wrong there


def test_a_proxy_that_is_not_there_is_a_network_error(origin: Origin) -> None:
    """The fault is on our side of the wire: it may not be held against the source."""
    with pytest.raises(NetworkError) as failed:
        fetch(origin.url("/feed"), proxy="http://127.0.0.1:1")
    assert str(failed.value) == (
        "127.0.0.1 (through the proxy 127.0.0.1:1): "
        "the proxy: connection refused: nothing listens at this address and port"
    )


def test_a_proxy_whose_name_is_unknown_is_named_as_what_is_missing(origin: Origin) -> None:
    """The source's name is not what could not be looked up."""
    with pytest.raises(NetworkError, match=r"\(through the proxy proxy.invalid:3128\): the proxy: .*DNS"):
        fetch(origin.url("/feed"), proxy="http://proxy.invalid:3128")


def test_a_proxy_that_refuses_a_tunnel_is_quoted() -> None:
    """The origin was never asked, so the status is no answer of its."""
    with Proxy(refuse=403) as proxy, pytest.raises(FetchError, match=r"the proxy does not let us through \(403\)"):
        fetch("https://news.example/feed", proxy=proxy.url)
