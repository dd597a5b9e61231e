"""Which proxy a request goes through, if any (RFC 9110 §3.7).

A source's own goes before the one for all, and both before the environment's, which is not looked at unless the
operator says so.
"""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

import httpx

from aggregator.fetch.faults import FaultError
from aggregator.fetch.request import Target

DIRECT = "direct"


class Proxies:
    """*fixed* is the proxy for all; with *environment*, HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY count."""

    def __init__(self, fixed: str | None, *, environment: bool) -> None:
        self._fixed = fixed
        self._environment = getproxies() if environment else {}

    def of(self, asked: Target, own: str | None) -> str | None:
        """The URL of the proxy; *own* is what the source says.  Raises FaultError for one that is not of our kind."""
        if chosen := own or self._fixed:
            return None if chosen == DIRECT else chosen
        named = self._environment.get(asked.url.scheme) or self._environment.get("all")
        if not named or proxy_bypass(asked.url.netloc.decode("ascii")):
            return None
        return _of_our_kind(named)


def _of_our_kind(named: str) -> str:
    url = named if "://" in named else f"http://{named}"
    try:
        scheme = httpx.URL(url).scheme
    except (httpx.InvalidURL, ValueError) as error:
        raise FaultError("the proxy that the environment names is no URL") from error
    if scheme != "http":
        raise FaultError(f"the proxy that the environment names speaks {scheme}; only http proxies are used")
    return url


def shown(proxy: str) -> str:
    """Host and port, without a password that it may carry."""
    return httpx.URL(proxy).netloc.decode("ascii")
