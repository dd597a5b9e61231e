"""Which addresses may be connected to.  No I/O.

A source's URL is written by the operator, but its host name is resolved by strangers and its redirects are written by
them, so the check is on the address of each connection at the moment it is made (server-side request forgery, CWE-918).

Law: an address is good when it lies in a network that the operator allows, or is global unicast.  For IPv6 that is
2000::/3, the only block IANA has handed out, less what is set aside in it; a form that carries an IPv4 address is
judged by what it carries, and the relics among them (6to4, Teredo, ``::a.b.c.d``) are refused whatever they carry.
``ipaddress.is_global`` alone does not do: it is true for NAT64, 6to4, ``::127.0.0.1`` and multicast.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1
_GLOBAL6 = IPv6Network("2000::/3")  # RFC 4291 §2.4, IANA's registry of global unicast
_SPECIAL6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # RFC 2928: protocol assignments, Teredo (RFC 4380) among them
            "2001:db8::/32",  # RFC 3849: documentation
            "2002::/16",  # RFC 7526: 6to4
            "3fff::/20",  # RFC 9637: documentation
        ),
    )
)
_SPECIAL4 = tuple(  # what is_global lets through
    map(
        IPv4Network,
        (
            "168.63.129.16/32",  # Azure's metadata and DNS service
            "192.0.0.0/24",  # RFC 6890 §2.1: protocol assignments, Oracle's metadata service among them
            "192.88.99.0/24",  # RFC 7526: 6to4's relays
            "224.0.0.0/4",  # RFC 1112: multicast
        ),
    )
)


class RefusedError(OSError):
    """The guard does not let us connect; *reason* says to what and why.

    An OSError, so that happy eyeballs go on to the next address of the name.  All instances have the same words,
    because aiohappyeyeballs hands on the first error only where all errors read the same.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("refused by the guard")
        self.reason = reason


class Guard:
    """Holds what the operator allows: private networks, and ports (none named: any).

    Raises ValueError for a network that is none.
    """

    def __init__(self, allow_private: Iterable[str] = (), allow_ports: Iterable[int] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(text, strict=False) for text in allow_private)
        self._ports = frozenset(allow_ports)

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The socket for one address (as getaddrinfo gives it), unless that is refused.

        This is aiohttp's ``socket_factory``, the one place that sees every connection: its resolver is not asked for
        a URL whose host is an address already.
        """
        family, kind, protocol, _, (host, port, *_) = info
        self.check(host, port)
        return socket.socket(family, kind, protocol)

    def check(self, host: str, port: int) -> None:
        """Raises RefusedError when nothing may be fetched from this address or this port."""
        self.check_port(port)
        address = _carried(ip_address(host.partition("%")[0]))
        if not _is_global(address) and not any(address in network for network in self._networks):
            kind = "private" if address.is_private else "not a public one"
            raise RefusedError(f"address {host} is {kind}; allow it with [fetch].allow_private if it is yours")

    def check_port(self, port: int) -> None:
        """What is left to check when a proxy is to find the address.  Raises RefusedError."""
        if self._ports and port not in self._ports:
            raise RefusedError(f"port {port} is not among [fetch].allow_ports")


def _carried(address: Address) -> Address:
    """The IPv4 address that a mapped or a NAT64 address stands for, else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64 and _is_global(carried := IPv4Address(int(address) & 0xFFFFFFFF)):
            return carried  # RFC 6052 §3.1: the prefix stands for global addresses only
    return address


def _is_global(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in _GLOBAL6 and not any(address in network for network in _SPECIAL6)
    return address.is_global and not any(address in network for network in _SPECIAL4)
