"""Whether the network is down here, so that what fails is our own fault and not held against the sources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from aggregator import uri
from aggregator.model import Fetch, Poll

_SWEEP = timedelta(hours=1)


def offline(polls: Iterable[Poll], fetch: Fetch, now: datetime) -> datetime | None:
    """Since when the network is down here; None while anything at all can be reached.

    It is down when no host could be reached that was asked within the last sweep, and these are two or more: one host
    alone cannot be told from its own failure.
    """
    window = max(2 * fetch.interval, _SWEEP)
    latest: dict[str, Poll] = {}
    for poll in polls:
        if now - poll.at <= window:
            server = uri.server(poll.url)
            if server not in latest or latest[server].at < poll.at:
                latest[server] = poll
    since = [poll.unreachable for poll in latest.values() if poll.unreachable]
    return max(since) if len(since) == len(latest) > 1 else None
