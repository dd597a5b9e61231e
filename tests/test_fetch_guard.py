"""Which addresses may be connected to (server-side request forgery, CWE-918): the table, and real connections."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher
from aggregator.fetch.guard import Guard, RefusedError
from aggregator.model import Fetch, Response
from tests.fakes.origin import Origin

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

PUBLIC = [
    "1.1.1.1",
    "93.184.215.14",
    "2606:4700:4700::1111",
    "2a00:1450:400e:80c::200e",
    "::ffff:93.184.215.14",  # RFC 4291 §2.5.5.2: is 93.184.215.14
    "64:ff9b::5db8:d70e",  # RFC 6052: 93.184.215.14, as a host with IPv6 only reaches it
]
NOT_PUBLIC = [
    "0.0.0.0",  # RFC 1122 §3.2.1.3: this host
    "10.1.2.3",  # RFC 1918
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",  # RFC 6598: carriers' own
    "100.100.100.200",  # Alibaba's metadata
    "127.0.0.1",  # RFC 1122: loopback
    "127.255.255.254",
    "169.254.169.254",  # RFC 3927: link-local; metadata of most clouds
    "168.63.129.16",  # Azure's metadata, a global address
    "192.0.0.192",  # RFC 6890; Oracle's metadata
    "192.0.2.1",  # RFC 5737: documentation
    "192.88.99.1",  # RFC 7526: 6to4 relays
    "198.18.0.1",  # RFC 2544: benchmarks
    "203.0.113.1",
    "224.0.0.1",  # RFC 1112: multicast, which is_global lets through
    "239.255.255.250",
    "240.0.0.1",  # RFC 1112: reserved
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # RFC 4291 §2.5.5.1: IPv4-compatible, which is_global lets through
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",  # RFC 6052 §3.1: NAT64 of 127.0.0.1, which is_global lets through
    "64:ff9b::a00:1",
    "64:ff9b:1::1",  # RFC 8215: NAT64 for local use
    "100::1",  # RFC 6666: discard
    "2001::1",  # RFC 4380: Teredo
    "2001:db8::1",  # RFC 3849: documentation
    "2002:7f00:1::1",  # RFC 7526: 6to4 of 127.0.0.1, which is_global lets through
    "2002:5db8:d70e::1",
    "3fff::1",  # RFC 9637: documentation
    "5f00::1",  # RFC 9602: segment routing
    "fc00::1",  # RFC 4193: unique local
    "fd00:ec2::254",  # Amazon's metadata
    "fe80::1",  # RFC 4291: link-local
    "fe80::1%eth0",
    "fec0::1",  # RFC 3879: site-local
    "ff02::1",  # RFC 4291: multicast
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_connected_to(address: str) -> None:
    """Global unicast is what news is published at."""
    Guard().check(address, 443)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_every_other_address_is_refused(address: str) -> None:
    """Whatever name or form it hides behind; the sentence names the address and the setting."""
    with pytest.raises(RefusedError) as refused:
        Guard().check(address, 443)
    assert address in refused.value.reason
    assert "[fetch].allow_private" in refused.value.reason


def test_a_private_network_that_the_operator_names_is_allowed_and_no_other() -> None:
    """The operator's own intranet may be fetched from; an IPv4-mapped form is the same address."""
    guard = Guard(["10.1.0.0/16", "fd12::/16", "192.0.2.7"])
    for address in ("10.1.255.1", "::ffff:10.1.0.1", "fd12::1", "192.0.2.7"):
        guard.check(address, 80)
    for address in ("10.2.0.1", "fd13::1", "192.0.2.8", "64:ff9b::a01:1"):
        with pytest.raises(RefusedError):
            guard.check(address, 80)


def test_ports_are_free_until_some_are_named() -> None:
    """`allow_ports` narrows; without it any port may be fetched from."""
    Guard().check("1.1.1.1", 8443)
    Guard(allow_ports=[80, 443]).check("1.1.1.1", 443)
    with pytest.raises(RefusedError) as refused:
        Guard(allow_ports=[80, 443]).check("1.1.1.1", 22)
    assert refused.value.reason == "port 22 is not among [fetch].allow_ports"


# On real connections


def fetch(url: str, allow_private: tuple[str, ...] = (), **settings: Any) -> Response:
    async def once() -> Response:
        wanted = Fetch(allow_private=allow_private, per_host_pause=timedelta(0), **settings)
        async with Fetcher(wanted, version="1") as fetcher:
            return await fetcher.fetch(url, None, NOW)

    return asyncio.run(once())


def names(monkeypatch: pytest.MonkeyPatch, known: dict[str, list[str]]) -> None:
    """A DNS in which only these names exist, as a hostile one may answer."""

    def look_up(host: str, port: int, *, family: int = 0, type: int = 0) -> list[tuple[Any, ...]]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [_info(address, port, type) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def _info(address: str, port: int, kind: int) -> tuple[Any, ...]:
    if ":" in address:
        return (socket.AF_INET6, kind, 6, "", (address, port, 0, 0))
    return (socket.AF_INET, kind, 6, "", (address, port))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "localhost", "0.0.0.0"]
)
def test_loopback_is_not_reached_by_name_nor_by_address(host: str) -> None:
    """aiohttp does not ask its resolver about IP literals; the guard sees the connection all the same."""
    with Origin() as origin:
        origin.serve("/", "secret")
        with pytest.raises(FetchError, match=r"allow it with \[fetch\].allow_private if it is yours"):
            fetch(f"http://{host}:{origin.port}/")
        assert origin.connections == 0


def spellings(last: int) -> list[str]:
    """127.0.0.*last* as inet_aton (RFC 3493 §6.3), IPv6 and people who want to get past a filter write it."""
    return [
        *(f"127.{last}", f"127.0.{last}", f"0x7f.0.0.{last}", f"0x7f00000{last}", f"0X7F.{last}", f"0177.0.0.{last}"),
        *(f"01770000000{last}", f"{0x7F000000 + last}", f"[::ffff:7f00:{last}]", f"[0:0:0:0:0:ffff:7f00:{last}]"),
        *("[::1%25lo]", "[::1%lo]", "[fe80::1%25lo]", f"127.0.0.{last}.", f"\uff11\uff12\uff17.0.0.{last}"),
        *(f"\u0661\u0662\u0667.0.0.{last}", f"127\u30020\u30020\u3002{last}"),
    ]


@pytest.mark.parametrize("host", spellings(1))
def test_no_odd_spelling_of_loopback_reaches_a_server_here(host: str) -> None:
    """getaddrinfo reads what inet_aton read; either it is no URL to the client or the guard sees what it stands for."""
    with Origin() as origin:
        origin.serve("/", "secret")
        with pytest.raises(FetchError):
            fetch(f"http://{host}:{origin.port}/")
        assert origin.connections == 0


def test_a_name_that_resolves_to_private_addresses_only_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's name server may say anything; the sentence survives happy eyeballs over several addresses."""
    names(monkeypatch, {"intranet.example": ["10.0.0.1", "::1", "127.0.0.1"]})
    with pytest.raises(FetchError) as refused:
        fetch("http://intranet.example/")
    assert "intranet.example: address " in str(refused.value)
    assert "is private; allow it with [fetch].allow_private if it is yours" in str(refused.value)


def test_of_several_addresses_only_an_allowed_one_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused address is skipped like one that does not answer."""
    with Origin() as origin, Origin(host="127.0.0.2") as other:
        origin.serve("/", "news")
        names(monkeypatch, {"both.example": ["127.0.0.2", "127.0.0.1"]})
        assert fetch(f"http://both.example:{origin.port}/", ("127.0.0.1",)).content == b"news"
        assert other.connections == 0


def test_every_hop_is_guarded() -> None:
    """A public server that redirects to a private one does not get us there."""
    with Origin() as public, Origin(host="127.0.0.2") as private:
        public.redirect("/", private.url("/metadata"))
        with pytest.raises(FetchError, match=r"^127.0.0.2 \(redirected from 127.0.0.1\): address 127.0.0.2 is private"):
            fetch(public.url("/"), ("127.0.0.1",))
        assert private.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.2", *spellings(2)])
def test_no_redirect_leads_to_a_private_address_however_it_is_spelt(host: str) -> None:
    """Location is written by a stranger; it is a URL like any other, and the guard looks at the address."""
    with Origin() as public, Origin(host="127.0.0.2") as private:
        public.redirect("/", f"http://{host}:{private.port}/".encode().decode("latin-1"))
        with pytest.raises(FetchError):
            fetch(public.url("/"), ("127.0.0.1",))
        assert private.connections == 0


def test_a_name_that_changes_its_mind_between_hops_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: what was a public address at the first look-up is judged again at the connection that is made."""
    with Origin() as public, Origin(host="127.0.0.2") as private:
        public.redirect("/", f"http://two.example:{private.port}/")
        names(monkeypatch, {"one.example": ["127.0.0.1"], "two.example": ["127.0.0.2"]})
        with pytest.raises(
            FetchError, match=r"^two.example \(redirected from one.example\): address 127.0.0.2 is private"
        ):
            fetch(f"http://one.example:{public.port}/", ("127.0.0.1",))
        assert private.connections == 0


def test_between_look_up_and_connection_there_is_nothing_to_rebind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was judged is the one that is connected to: the name is looked up once for a connection."""
    asked: list[str] = []
    with Origin() as public, Origin(host="127.0.0.2") as private:
        public.serve("/", "news")

        def look_up(host: str, port: int, *, family: int = 0, type: int = 0) -> list[tuple[Any, ...]]:
            asked.append(host)
            return [_info("127.0.0.1" if len(asked) == 1 else "127.0.0.2", port, type)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        assert fetch(f"http://rebind.example:{public.port}/", ("127.0.0.1",)).content == b"news"
        assert (asked, private.connections) == (["rebind.example"], 0)
        with pytest.raises(FetchError, match=r"address 127.0.0.2 is private"):
            fetch(f"http://rebind.example:{private.port}/", ("127.0.0.1",))
        assert private.connections == 0


def test_an_address_with_a_zone_is_judged_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 4007 §11: the zone says which link, not which address."""
    names(monkeypatch, {"link.example": ["fe80::1%lo"], "mapped.example": ["::ffff:127.0.0.1"]})
    for name in ("link.example", "mapped.example"):
        with pytest.raises(FetchError, match="is private"):
            fetch(f"http://{name}/")


def test_a_port_that_is_not_allowed_is_not_connected_to() -> None:
    """With `allow_ports` set, a URL's port is checked at the connection too."""
    with Origin() as origin:
        with pytest.raises(FetchError, match=rf"127.0.0.1: port {origin.port} is not among \[fetch\].allow_ports"):
            fetch(origin.url("/"), ("127.0.0.0/8",), allow_ports=(80, 443))
        assert origin.connections == 0
