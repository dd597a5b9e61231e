"""What is sent to whom, when it is tried again, and when not any more (WebSub §7).  Pure.

A subscription remembers which version of its topic is the latest and which one its callback has, and nothing of those
in between: a callback that was away gets the newest, once.  The version is noted as delivered after the callback has
said so, hence at least once, whatever becomes of us in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from aggregator.model import Document, Intent, Ping, Response, Subscription
from aggregator.websub import requests
from aggregator.websub.signatures import sign

T = TypeVar("T", Subscription, Ping)
SETTLE = timedelta(seconds=2)
"""How long a change rests before it is delivered: what several sources bring at once is one delivery."""
DEBOUNCE = timedelta(seconds=10)
"""How long it rests before a public hub is told, which then fetches."""
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=1)
"""How long what failed rests: twice as long each time."""
PATIENCE = timedelta(days=1)
"""Since when a version must have failed to be given up; the next version is tried again."""
FEEDS = ("application/atom+xml", "application/rss+xml", "application/feed+json")


def shown(documents: Mapping[str, Document], path: str) -> Document | None:
    """The document at *path*; one that has ended or moved (410, 301) is none."""
    found = documents.get(path)
    return found if found and found.status == 200 else None


def is_feed(document: Document) -> bool:
    """Whether programs subscribe to it."""
    return document.status == 200 and document.media_type.partition(";")[0].strip() in FEEDS


def begun(intent: Intent, before: Subscription | None, etag: str, now: datetime) -> Subscription:
    """A confirmed subscription.  It begins with what its topic says now; a renewed one keeps what it is owed."""
    expires = now + timedelta(seconds=intent.lease)
    if before:
        return replace(before, secret=intent.secret, expires=expires)
    return Subscription(
        topic=intent.topic,
        callback=intent.callback,
        host=requests.host(intent.callback),
        secret=intent.secret,
        expires=expires,
        wanted=etag,
        delivered=etag,
    )


def changed(one: T, etag: str, now: datetime, rest: timedelta) -> T:
    """The topic has this entity tag now.  What waits already, or rests after a failure, does not wait longer."""
    if etag == one.delivered:
        return replace(one, wanted=etag, due=None)
    failing = one.failing if one.due else None  # "if a new update is published [it] MUST continue to retry" (§7)
    return replace(one, wanted=etag, due=one.due or now + rest, failing=failing)


def sent(one: T, etag: str) -> T:
    """This version was taken; another may have come meanwhile."""
    due = None if etag == one.wanted else one.due
    return replace(one, delivered=etag, due=due, attempts=0, failing=None, error=None)


def failed(one: T, error: str, now: datetime) -> T:
    """Once more later, or not any more until there is another version."""
    failing = one.failing or now
    wait = min(FIRST * (1 << min(one.attempts, 12)), LONGEST)
    due = None if now - failing >= PATIENCE else now + wait
    return replace(one, due=due, attempts=one.attempts + 1, failing=failing, error=error)


def refused(answer: Response) -> str | None:
    """What is wrong with an answer; None for success.  Redirects are failures: they MUST NOT be followed (§7)."""
    return None if 200 <= answer.status < 300 else f"answered {answer.status}"


def is_over(answer: Response) -> bool:
    """Whether the callback says that it has no such subscription any more; "the hub MAY terminate [it]" (§7)."""
    return answer.status == 410


def headers(one: Subscription, document: Document, hubs: Sequence[str]) -> dict[str, str]:
    """The topic's media type, hub and self links, and the signature where there is a secret (§7, §7.1)."""
    links = [f'<{hub}>; rel="hub"' for hub in hubs] + [f'<{one.topic}>; rel="self"']
    found = {"Content-Type": document.media_type, "Link": ", ".join(links)}
    if one.secret is not None:
        found["X-Hub-Signature"] = sign(one.secret, document.content)
    return found
