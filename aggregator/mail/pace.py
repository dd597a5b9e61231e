"""How much may be handed to the relay now: after failures, by the rate it allows, and by what it says of an edition.

Pure: each state is a value, and ``now`` is told.

* ``Breaker``: a relay that takes nothing is left alone, ever longer, and then asked with one message.  However many
  threads find it closed at once, that is one failure.
* ``Meter``: mails a minute, by the generic cell rate algorithm (ITU-T I.371), a token bucket whose state is one moment.
* ``objection``: one refusal that too many recipients of an edition got is about the mail and not about them.
* ``grievances``: what is to be mended even if few receivers say so.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.model import Reply

LADDER = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15))
"""Pauses after one failure, two…; the last one goes on."""
MINUTE = timedelta(minutes=1)
SHARE, LEAST = 0.05, 5
"""Of an edition's answers so many alike, and at least so many, are an objection to it."""

# Protocol, content, policy and size (RFC 3463 §3.6 to §3.8, §3.4): ours to mend.
_OURS = re.compile(r"5\d\d[ -]([245]\.[567]\.\d{1,3}|5\.3\.4|5\.2\.3)\b")
_POLICY = re.compile(r"5\d\d[ -](5\.7\.\d{1,3})\b")  # security or policy status (RFC 3463 §3.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """*failures* in a row, and until when the relay is left alone; *reason* is what it said last, for the operator."""

    failures: int = 0
    until: datetime | None = None
    reason: str = ""

    def room(self, now: datetime, most: int) -> int:
        """How many messages may go: *most*, none while it rests, one to try.  A clock set back prolongs no rest."""
        if self.until is None:
            return most
        return 0 if timedelta(0) < self.until - now <= LADDER[-1] else 1

    def after(self, reply: Reply, now: datetime, told: str | None = None) -> Breaker:
        """What a reply makes of it; *told* is that reply in words, without the address that it may have repeated."""
        if not _is_closed(reply):
            return Breaker()
        if self.until is not None and timedelta(0) < self.until - now <= LADDER[-1]:
            return self
        pause = LADDER[min(self.failures, len(LADDER) - 1)]
        return Breaker(failures=self.failures + 1, until=now + pause, reason=told or "")

    def told(self) -> str:
        """JSON, for the store and for ``status``."""
        until = self.until.isoformat() if self.until else None
        return json.dumps({"failures": self.failures, "until": until, "reason": self.reason})


def _is_closed(reply: Reply) -> bool:
    """It cannot be reached, does not let us in, takes no sender of ours, or says that it is closing (421)."""
    return reply.code == 421 or (reply.phase in {"connect", "mail"} and reply.code != 250)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Law: in any minute at most *rate* pass, and over many minutes nearly as many.

    *paid* is the moment up to which what has passed has used up its time; None before the first.
    """

    rate: int
    paid: datetime | None = None

    def room(self, now: datetime, most: int) -> int:
        """How many may pass now; at most *most*."""
        ahead = self._at(now) - now
        return max(0, min(most, self._burst + -ahead // self._each))

    def take(self, now: datetime, many: int) -> Meter:
        """After so many have passed."""
        return Meter(rate=self.rate, paid=self._at(now) + many * self._each)

    @property
    def _burst(self) -> int:
        return max(1, self.rate // 30)

    @property
    def _each(self) -> timedelta:
        # A minute holds a burst and what has grown since: one less than these times, for the first one is in the burst.
        return MINUTE / (self.rate - self._burst + 1) + timedelta(microseconds=1)

    def _at(self, now: datetime) -> datetime:
        """Where the time used up ends: not in the past, and not farther off than a burst, whoever set the clock."""
        return now if self.paid is None else min(max(self.paid, now), now + self._burst * self._each)


def objection(replies: Iterable[str | None]) -> str | None:
    """The policy status (5.7.x) that too many of an edition's answered deliveries got; None when there is none.

    Then the mail or its sender is what the receivers object to, and every further one harms the sender's name.
    """
    answers = list(replies)
    found = Counter(match[1] for reply in answers if reply and (match := _POLICY.match(reply)))
    status, many = max(found.items(), key=lambda each: (each[1], each[0]), default=("", 0))
    return status if many >= max(LEAST, SHARE * len(answers)) else None


def grievances(replies: Iterable[str]) -> list[tuple[str, int]]:
    """What receivers refuse for the mail or its sender, by status, and how often; the most frequent first."""
    found = Counter(match[1] for reply in replies if (match := _OURS.match(reply)))
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))
