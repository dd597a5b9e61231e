"""Our own subscriptions: what to ask of which hub, and what we confirm when it asks back.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aggregator import text
from aggregator.model import Announced, Config, Lease, Poll

WANTED = timedelta(days=10)
"""The lease that we ask for; the hub decides."""
LONGEST = timedelta(days=30)
"""What is believed of a longer one: hubs forget (and say nothing)."""
ASKED = timedelta(hours=1)
"""How long after our request its verification may come."""
FIRST, LATER = timedelta(minutes=10), timedelta(days=1)
"""How long a request without a verification rests: twice as long each time."""
FAREWELLS = 3
_CHALLENGE = 2000  # characters


def wanted(config: Config, polls: Mapping[str, Poll]) -> dict[str, Announced]:
    """What we want to be subscribed to, by source."""
    if not config.websub.subscribe:
        return {}
    found = ((source, polls.get(source.id)) for source in config.sources if source.enabled)
    return {
        source.id: poll.announced
        for source, poll in found
        if poll and poll.announced and poll.url == source.url and poll.status != "gone"
    }


def missing(wanted: Mapping[str, Announced], leases: Iterable[Lease]) -> list[str]:
    """The sources for which there is no lease, or one of another topic or at another hub."""
    kept = {one.source for one in leases if one.wish == "subscribe" and _is_of(one, wanted.get(one.source))}
    return [source for source in wanted if source not in kept]


def leaving(wanted: Mapping[str, Announced], leases: Iterable[Lease], now: datetime) -> tuple[list[Lease], list[Lease]]:
    """The leases to give back, and those to forget: never confirmed, run out, or given back in vain."""
    unwanted = [one for one in leases if one.source not in wanted]
    over = [one for one in unwanted if not is_active(one, now) or (one.wish != "subscribe" and _is_vain(one, now))]
    back = [one for one in unwanted if one not in over and one.wish == "subscribe"]
    return [replace(one, wish="unsubscribe", due=now, attempts=0, error=None) for one in back], over


def begun(source: str, announced: Announced, token: str, secret: str, now: datetime) -> Lease:
    return Lease(source=source, hub=announced.hubs[0], topic=announced.topic, token=token, secret=secret, due=now)


def is_active(lease: Lease, now: datetime) -> bool:
    """Whether the hub has promised to deliver."""
    return lease.expires is not None and lease.expires > now


def asked(lease: Lease, announced: Announced | None, now: datetime) -> Lease:
    """What is noted before the request is sent; another hub's turn comes after two that led to nothing."""
    hub = lease.hub
    if announced and not is_active(lease, now):
        hub = announced.hubs[lease.attempts // 2 % len(announced.hubs)]
    wait = min(FIRST * (1 << min(lease.attempts, 10)), LATER)
    return replace(lease, hub=hub, asked=now, due=now + wait, attempts=lease.attempts + 1)


def form(lease: Lease, callback: str) -> bytes:
    """The request of WebSub §5.1.  There always is a secret: what comes without a signature is not believed."""
    fields = {"hub.mode": lease.wish, "hub.topic": lease.topic, "hub.callback": callback}
    if lease.wish == "subscribe":
        fields |= {"hub.lease_seconds": str(int(WANTED.total_seconds())), "hub.secret": lease.secret}
    return urlencode(fields).encode()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a hub's question leads to: the lease from now on (None: it is over), and what to say."""

    lease: Lease | None
    status: int
    words: str = ""


def heard(lease: Lease, query: Mapping[str, str], now: datetime) -> Heard:
    """Answer a hub that asks whether we meant it (§5.3), or says that it will not (§5.2).

    "The subscriber MUST confirm that the hub.topic corresponds to a pending subscription or unsubscription that it
    wishes to carry out.  If so, [it] MUST respond with an HTTP success (2xx) code with a response body equal to the
    hub.challenge parameter.  If the subscriber does not agree with the action, [it] MUST respond with a 404."
    """
    mode, topic, challenge = (query.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge"))
    if topic != lease.topic:
        return Heard(lease, 404)
    if mode == "denied":
        reason = text.clean(query.get("hub.reason", ""))[:200]
        error = "the hub refuses the subscription" + (f": {reason}" if reason else "")
        return Heard(replace(lease, expires=None, due=now + LATER, error=error), 200)
    if mode != lease.wish or lease.asked is None or not lease.asked <= now <= lease.asked + ASKED:
        return Heard(lease, 404)
    if not 0 < len(challenge) <= _CHALLENGE:
        return Heard(lease, 400)
    if mode == "unsubscribe":
        return Heard(None, 200, challenge)
    span = _span(query.get("hub.lease_seconds", ""))
    due = now + max(span * 0.8, FIRST / 2)
    return Heard(replace(lease, expires=now + span, due=due, attempts=0, error=None), 200, challenge)


def _span(seconds: str) -> timedelta:
    """What the hub grants; what it leaves out or garbles counts as what we asked for."""
    if not (seconds.isascii() and seconds.isdigit() and int(seconds[:12]) > 0):
        return WANTED
    return min(timedelta(seconds=min(int(seconds[:12]), 10**9)), LONGEST)


def _is_of(lease: Lease, announced: Announced | None) -> bool:
    return announced is not None and lease.topic == announced.topic and lease.hub in announced.hubs


def _is_vain(lease: Lease, now: datetime) -> bool:
    return lease.attempts >= FAREWELLS and lease.due <= now
