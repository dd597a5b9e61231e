"""What somebody filled in, and what is wrong with it.  Pure.

A form carries nothing of the reader's own: no cookie, no session.  It has a field that people do not see and programs
fill in, and a signed moment at which it was made, so that one which comes back faster than a person reads is shown
again.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from aggregator.model import Choices, Config, Digest, Zone
from aggregator.subscribing import addresses

Form = Mapping[str, Sequence[str]]
TRAP = "homepage"
STAMP = "t"
QUICKEST = timedelta(seconds=2)
SLOWEST = timedelta(days=1)
FARTHEST = timedelta(days=366)
"""How long a pause with an end may last."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be chosen: nothing where there is one thing only."""

    digests: tuple[Digest, ...]
    zones: tuple[Zone, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it came: *typed* is the address as it was written; *problems* name a field and what is wrong there."""

    typed: str = ""
    address: str = ""
    choices: Choices = field(default_factory=lambda: Choices(digests=()))
    trapped: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)


def offer(config: Config, also: Sequence[str] = ()) -> Offer:
    """The open digests, and those of *also*, with the zones and topics that there are in any of them."""
    wanted = tuple(digest for digest in config.digests if digest.open or digest.id in also) if config.mail else ()
    inside = {id for digest in wanted for id in zones_of(config, digest)}
    return Offer(
        digests=wanted,
        zones=tuple(zone for zone in config.zones if zone.id in inside),
        topics=tuple(dict.fromkeys(topic for digest in wanted for topic in digest.topics)),
    )


def subscribing(form: Form, config: Config, secret: bytes, now: datetime) -> Filled:
    """The form of somebody who wants to subscribe."""
    typed = _one(form, "address")
    address, wrong = addresses.read(typed)
    choices, problems = choosing(form, config, offer(config))
    told = {"address": wrong} if wrong else {}
    hasty = _manner(_one(form, STAMP), secret, now)
    return Filled(
        typed=typed[: addresses.LONGEST],
        address=address,
        choices=choices,
        trapped=bool(_one(form, TRAP)),
        problems={**told, **problems, **({"form": hasty} if hasty else {})},
    )


def choosing(form: Form, config: Config, offered: Offer) -> tuple[Choices, dict[str, str]]:
    """What was chosen of an offer, and what is wrong with that."""
    digests = tuple(digest.id for digest in offered.digests if digest.id in form.get("digest", ()))
    if len(offered.digests) == 1:
        digests = (offered.digests[0].id,)
    ticked = tuple(zone.id for zone in offered.zones if zone.id in form.get("zone", ()))
    every = len(offered.zones) < 2 or len(ticked) == len(offered.zones)
    problems = {} if digests else {"digest": "none"}
    if not every and not ticked:
        problems["zone"] = "none"
    elif not every and any(not _meets(config, id, ticked) for id in digests):
        problems["zone"] = "elsewhere"
    return Choices(
        digests=digests,
        zones=() if every else ticked,
        categories=tuple(topic for topic in offered.topics if topic in form.get("topic", ())),
        format="text" if _one(form, "format") == "text" else "both",
    ), problems


def pausing(form: Form, timezone: str, now: datetime) -> tuple[datetime | None, str | None]:
    """The end of a pause, None for one without; or what is wrong with it."""
    typed = _one(form, "until")
    if not typed:
        return None, None
    try:
        zone = ZoneInfo(timezone)
        until = datetime.combine(date.fromisoformat(typed), time_of_day(), tzinfo=zone)
        good = now < until <= now + FARTHEST
    except (ValueError, OverflowError):
        return None, "date"
    return (until, None) if good else (None, "date")


def act(form: Form) -> str:
    """Which button was pressed."""
    return _one(form, "act")


def stamp(secret: bytes, now: datetime) -> str:
    """The moment at which a form was made, signed."""
    moment = str(int(now.timestamp()))
    return f"{moment}.{_signed(secret, moment)}"


def _manner(value: str, secret: bytes, now: datetime) -> str | None:
    """*early* for a form that comes back faster than people read, *stale* for one that is old, or not ours."""
    moment, _, signature = value.partition(".")
    genuine = hmac.compare_digest(signature.encode(), _signed(secret, moment).encode())
    if not genuine:
        return "stale"
    age = timedelta(seconds=now.timestamp() - int(moment))
    if age < QUICKEST:
        return "early"
    return "stale" if age > SLOWEST else None


def _signed(secret: bytes, moment: str) -> str:
    return hmac.digest(secret, f"form\0{moment}".encode(), "sha256").hex()[:32]


def zones_of(config: Config, digest: Digest) -> tuple[str, ...]:
    """The zones that a digest has news of."""
    inside = config.zones_of(config.stream(digest.stream))
    return tuple(id for id in inside if not digest.zones or id in digest.zones)


def _meets(config: Config, digest: str, zones: Sequence[str]) -> bool:
    return not set(zones_of(config, config.digest(digest))).isdisjoint(zones)


def _one(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "").strip()
