"""What we noted of WebSub: who subscribed to us, whom we tell, and to what we subscribed ourselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The hubs that a feed announces, and the topic it says it is there (WebSub §4)."""

    hubs: tuple[str, ...]
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What somebody asked of our hub, until the callback has confirmed it; *lease* in seconds."""

    mode: Literal["subscribe", "unsubscribe"]
    topic: str
    callback: str
    secret: str | None
    lease: int
    asked: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """How far somebody has been told of *topic*.

    *wanted* is the entity tag of the topic's latest version, *delivered* that of the one that the callback has.  *due*
    is when to try next, None while there is nothing to send; *attempts* failed in a row, since *failing*.
    """

    topic: str
    wanted: str
    delivered: str
    due: datetime | None = None
    attempts: int = 0
    failing: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(_Told):
    """A callback that is sent *topic* whenever it changes, until *expires*."""

    callback: str
    host: str
    secret: str | None
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping(_Told):
    """A public hub that is told of each change of *topic*."""

    hub: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Our subscription to *topic*, which is a source, at *hub*.

    *token* is the part of the callback that nobody can guess.  *asked* is when *wish* was last sent, *due* when to send
    it next, *expires* until when the hub has promised to deliver, *pushed* when it last did.
    """

    source: str
    hub: str
    topic: str
    token: str
    secret: str
    wish: Literal["subscribe", "unsubscribe"] = "subscribe"
    asked: datetime | None = None
    due: datetime
    expires: datetime | None = None
    pushed: datetime | None = None
    attempts: int = 0
    error: str | None = None
