"""What a request to our hub means (WebSub §5.1), and whether there is room for it.  Pure.

A stranger makes us send one request for each of theirs, to an address of their choice; all bounds on that are here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from aggregator.model import Intent
from aggregator.model import WebSub as Settings

BODY = 10_000  # bytes of a request
CALLBACK = 1000  # characters of a URL
SECRET = 200  # "This value MUST be less than 200 bytes in length" (§5.1)
PENDING = 500  # requests that wait for their verification
HERE = 10  # subscriptions of one host to one topic
RATES = {"all": 120, "host": 20, "client": 20}
"""Verifications a minute: in all, of callbacks at one host, asked for by one client."""

_FIELDS = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub says to a request: a status code and a sentence.  *wait* is in seconds, for Retry-After."""

    status: int
    words: str
    wait: int | None = None


ACCEPTED = Answer(202, "accepted; the callback will be asked whether it meant this")
TOO_OFTEN = Answer(429, "too many requests of this kind; try again in a minute", 60)


def read(body: bytes, settings: Settings, is_topic: Callable[[str], bool], base: str, now: datetime) -> Intent | Answer:
    """The intent in a form (application/x-www-form-urlencoded), or why there is none.

    *is_topic* knows our own documents; *base* is base_url, at which there is no callback of anybody else's.
    """
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
    except ValueError:
        return Answer(400, "expected a form (application/x-www-form-urlencoded) in UTF-8 with hub.mode")
    form = dict(reversed(pairs))  # the first of each name; what we do not understand MUST be ignored
    mode, topic, callback = (form.get(f"hub.{name}", "") for name in ("mode", "topic", "callback"))
    secret, lease = form.get("hub.secret") or None, form.get("hub.lease_seconds")
    if mode not in ("subscribe", "unsubscribe"):
        return Answer(400, 'expected hub.mode to be "subscribe" or "unsubscribe"; this hub knows by itself what is new')
    if wrong := _callback(callback, base):
        return Answer(400, f"expected hub.callback to be {wrong}")
    if mode == "subscribe" and not is_topic(topic):
        return Answer(404, "expected hub.topic to be the address of a feed that is published here, as rel=self has it")
    if secret is not None and len(secret.encode()) >= SECRET:
        return Answer(400, f"expected hub.secret to have less than {SECRET} bytes")
    if mode == "unsubscribe":
        lease = None  # "MUST be ignored by the hub in that case"
    if lease and not (lease.isascii() and lease.isdigit() and int(lease[:12]) > 0):
        return Answer(400, "expected hub.lease_seconds to be a positive number of seconds")
    longest = int(settings.lease.total_seconds())
    seconds = min(int(lease[:12]), longest) if lease else longest
    return Intent(mode=mode, topic=topic, callback=callback, secret=secret, lease=seconds, asked=now)  # type: ignore[arg-type]


def room(intent: Intent, settings: Settings, crowd: Sequence[int], *, known: bool) -> Answer | None:
    """Why there is no room for this intent; *crowd* are the counts of ``tx.websub.crowd``.

    What is *known* already only replaces itself, and whoever leaves makes room.
    """
    pending, all_of_them, at_host, here = crowd
    if pending >= PENDING:
        return TOO_OFTEN
    if known or intent.mode == "unsubscribe":
        return None
    if all_of_them >= settings.subscriptions:
        return Answer(503, "this hub has as many subscriptions as it takes")
    if at_host >= settings.subscriptions_per_host or here >= HERE:
        return Answer(429, "this host has as many subscriptions as it gets here", 3600)
    return None


def host(url: str) -> str:
    """The host that a callback is at, with its port: what is counted together."""
    return urlsplit(url).netloc.lower()


def _callback(url: str, base: str) -> str | None:
    """What a callback should be, when this is none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        return "an http or https address"
    if len(url) > CALLBACK:
        return f"an address of at most {CALLBACK} characters"
    if parts.username is not None or parts.fragment:
        return "an address without user name, password and fragment"
    ours = urlsplit(base)
    if parts.netloc.lower() == ours.netloc.lower() and f"{parts.path}/".startswith(f"{ours.path.rstrip('/')}/"):
        return "an address of your own"
    return None
