"""One guarded, well-mannered request, and the only door of httpx and aiohttp.

Its parts, in the order in which a request meets them:

    request.py      what is asked for: URLs, redirects, request headers        pure
    politeness.py   when a host may be asked
    proxies.py      through which proxy
    guard.py        which addresses may be connected to                        pure
    wire.py         httpx over aiohttp, set up so that all of the above hold
    coding.py       the decoders for what comes packed
    body.py         the bytes that come back: decoded, complete, bounded
    room.py         how much all bodies together may hold
    faults.py       what went wrong, as a sentence for the operator
    exchange.py     one request and its answer
    sending.py      one request that brings something, for WebSub
    fetcher.py      from the host's turn to the last byte, redirects followed
    robots.py       whether a page may be read at all
"""

from aggregator.fetch.fetcher import Errand, Fetcher
from aggregator.fetch.request import Access
from aggregator.fetch.robots import RebuffError

__all__ = ["Access", "Errand", "Fetcher", "RebuffError"]
