"""How often to ask a source whose hub brings its news: seldom, as a safety net, while the hub proves itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from aggregator.model import Poll, WebSub


def relied(noted: Poll, websub: WebSub, expires: datetime | None, now: datetime) -> Poll:
    """The hub has just delivered, and has promised to until *expires*."""
    return _later(replace(noted, relied=expires), websub, now)


def checked(noted: Poll, websub: WebSub) -> Poll:
    """A poll was made all the same.  One that finds what the hub did not bring ends our reliance until it delivers."""
    if noted.relied is None:
        return noted
    if noted.new or noted.relied <= noted.at:
        return replace(noted, relied=None)
    return noted if noted.error else _later(noted, websub, noted.at)


def _later(noted: Poll, websub: WebSub, now: datetime) -> Poll:
    if noted.relied is None:
        return noted
    return replace(noted, next_poll=max(noted.next_poll, min(now + websub.interval, noted.relied)))
