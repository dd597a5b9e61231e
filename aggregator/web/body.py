"""The body of a request, bounded while it arrives."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request


@dataclass(frozen=True, slots=True)
class Refused:
    """What to say to somebody who sends too much or too slowly."""

    status: int
    words: str


async def whole(request: Request, limit: int, seconds: float) -> bytes | Refused:
    """All of it: at most *limit* bytes, within so many seconds."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    return Refused(413, f"expected at most {limit} bytes")
    except (TimeoutError, ClientDisconnect):
        return Refused(408, f"expected all of it within {seconds:g} seconds")
    return bytes(body)
