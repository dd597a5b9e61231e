"""One guarded, well-mannered request, and the only door of httpx and aiohttp.

Its parts, in the order in which a request meets them:

    request.py      what is asked for: URLs, redirects, request headers        pure
    politeness.py   when a host may be asked
    guard.py        which addresses may be connected to                        pure
    wire.py         httpx over aiohttp, set up so that both of the above hold
    body.py         the bytes that come back: decoded, complete, bounded
    faults.py       what went wrong, as a sentence for the operator
    exchange.py     one request and its answer
    fetcher.py      from the host's turn to the last byte, redirects followed
"""

from aggregator.fetch.fetcher import Fetcher

__all__ = ["Fetcher"]
