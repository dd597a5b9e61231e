"""The state machine of one delivery: one edition to one subscriber.

    queued ─claim─▶ sending ─dot─▶ dot ─answered─▶ sent
                       │            ├─ 5xx ──────▶ failed
                       │            ├─ 4xx ──────▶ deferred
                       │            └─ silence ──▶ in_doubt ─settle, recover─▶ sent | queued | held
                       └─answered: nothing was taken ─▶ deferred | failed
    deferred ─claim─▶ sending          queued, deferred ─claim, too late─▶ expired, ─cancel─▶ cancelled

SMTP cannot hand over exactly once: between the relay's decision and our reading of it both sides hold the message
(RFC 1047).  So every step is committed before the next one is taken, and ``dot`` is committed just before the final
dot (RFC 5321 §4.1.1.4): a process that dies in ``sending`` has handed over nothing, one that dies in ``dot`` leaves a
doubt.  Where the relay's log can be asked, that settles it; else the doubt is counted, and settled by the operator's
policy.  Everything here is pure: a transition takes a value and gives one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from aggregator import text
from aggregator.digest.reply import anonymous
from aggregator.model import Delivery, DeliveryState, Envelope, Reply, Traces

BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60))
"""Pauses after a deferral, by the number of attempts; the last one goes on.  Jitter only adds, up to a fifth."""

RESEND = tuple(timedelta(minutes=m) for m in (0, 15, 60, 240, 720))
"""Pauses before a message of unknown fate is sent again, by the number of doubts: a relay that never answers must not
have a reader's mailbox filled."""

SETTLED = timedelta(seconds=10)
"""After so long a relay has written down that it took a message, or has not taken it."""

PATIENCE = timedelta(minutes=1)
"""How long a log is asked that cannot tell."""

STALE = timedelta(hours=2)
"""A message so old when it is handed over gets a new Date: from three hours on filters count it as spam (SpamAssassin's
DATE_IN_PAST), and the relay needs time too.
"""

_ASK = timedelta(seconds=1)
_COARSE = timedelta(seconds=1)  # what a log's clock shows

Policy = Literal["resend", "hold"]

_WAITING: frozenset[DeliveryState] = frozenset({"queued", "deferred"})
_FINAL: frozenset[DeliveryState] = frozenset({"sent", "failed", "expired", "held", "cancelled"})


def is_final(delivery: Delivery) -> bool:
    """Whether nothing more happens to it by itself."""
    return delivery.state in _FINAL


def claim(delivery: Delivery, now: datetime) -> Delivery:
    """A waiting delivery taken for an attempt: ``sending``, or ``expired`` when its time is over.

    Raises ValueError when it was not waiting.
    """
    _expect(delivery, *_WAITING)
    if now >= delivery.expires:
        return replace(delivery, state="expired")
    return replace(delivery, state="sending", attempts=delivery.attempts + 1, attempted=now)


def dated(delivery: Delivery, envelope: Envelope, now: datetime) -> Envelope:
    """The fields of a claimed delivery's message, with a new Date when the one they have is stale.

    What was in doubt keeps its own: a receiver knows a copy by Message-ID and Date.  To be committed with the claim.
    """
    _expect(delivery, "sending")
    if delivery.doubts or now - envelope.date <= STALE:
        return envelope
    return replace(envelope, date=now)


def cancel(delivery: Delivery) -> Delivery:
    """A waiting or held delivery that nobody wants any more.

    Raises ValueError when it was neither: what is being handed over can no longer be called back.
    """
    _expect(delivery, *_WAITING, "held")
    return replace(delivery, state="cancelled")


def release(delivery: Delivery, now: datetime) -> Delivery:
    """A held delivery that is to be sent once more, and gets a day for it.

    Raises ValueError when it was not held.
    """
    _expect(delivery, "held")
    return replace(delivery, state="queued", next_attempt=now, expires=max(delivery.expires, now + timedelta(days=1)))


def dot(delivery: Delivery, now: datetime) -> Delivery:
    """All but the final dot was sent, *now*.  To be committed before the dot is.

    Raises ValueError when it was not being sent.
    """
    _expect(delivery, "sending")
    return replace(delivery, state="dot", attempted=now)


def answered(delivery: Delivery, reply: Reply, now: datetime) -> Delivery:
    """What the relay's reply makes of a delivery that was being handed over; the reply is kept, without addresses.

    A refusal of the message or its recipient is final.  A refusal before the relay knew either (a wrong password, a
    sender that it does not relay for) is the operator's to mend, and waits like a failure of the network.
    Raises ValueError when the reply cannot belong to the delivery's state.
    """
    _expect(delivery, "dot" if reply.phase == "dot" else "sending")
    told = replace(delivery, reply=_said(reply, delivery.address))
    match reply.phase, (reply.code or 0) // 100:
        case "dot", 2:
            return replace(told, state="sent")
        case (("rcpt" | "data" | "dot"), 5):
            return replace(told, state="failed")
        case "dot", code if code != 4:
            return replace(told, state="in_doubt")
    return _deferred(told, now)


def doubt(delivery: Delivery, now: datetime) -> Delivery:
    """What was left at the dot, to be settled by the relay's log; anything else as it is."""
    if delivery.state not in {"dot", "in_doubt"}:
        return delivery
    return replace(delivery, state="in_doubt", next_attempt=now)


def settle(delivery: Delivery, message_id: str, log: Traces | None, policy: Policy, now: datetime) -> Delivery:
    """What the relay's log (None when it cannot be read) makes of a delivery in doubt.

    Taken is ``sent``.  Not taken is to be sent again, and no doubt is left of it; that is so once the log tells of the
    time before and after the attempt, and had time to, the more if the relay had begun to write it down.  What it
    cannot tell is asked again for a while, and then settled as ``recover`` does.
    Raises ValueError when the delivery was not in doubt.
    """
    _expect(delivery, "in_doubt")
    if log and message_id in log.taken:
        return replace(delivery, state="sent", reply=delivery.reply or "taken, says the relay's log")
    attempted = delivery.attempted or now
    wait = PATIENCE if log and message_id in log.begun else SETTLED
    if log and now - attempted >= wait and _tells_of(log, attempted):
        return replace(delivery, state="queued", next_attempt=now)
    if timedelta(0) <= now - attempted < PATIENCE:
        return replace(delivery, next_attempt=now + _ASK)
    return recover(delivery, policy, now)


def found(delivery: Delivery) -> Delivery:
    """A waiting delivery that the relay's log knows as taken: this database is older than what it was copied from."""
    _expect(delivery, *_WAITING)
    return replace(delivery, state="sent", reply="taken before, says the relay's log")


def _tells_of(log: Traces, moment: datetime) -> bool:
    if log.since is None or log.until is None:
        return False
    return log.since <= moment < log.until + _COARSE


def recover(delivery: Delivery, policy: Policy, now: datetime) -> Delivery:
    """What becomes of a delivery that was left in the middle, at start-up or after a silence of the relay.

    In ``sending`` nothing had been taken: it goes back to the queue.  In ``dot`` or ``in_doubt`` nobody can tell:
    the doubt is counted, and *policy* has it sent again, the same bytes, or held for the operator.  Any other state
    stays as it is, so that recovering twice is recovering once.
    """
    if delivery.state == "sending":
        return replace(delivery, state="queued", next_attempt=now)
    if delivery.state not in {"dot", "in_doubt"}:
        return delivery
    doubts = delivery.doubts + 1
    if policy == "hold":
        return replace(delivery, state="held", doubts=doubts)
    return replace(delivery, state="queued", doubts=doubts, next_attempt=now + _step(RESEND, doubts))


def _deferred(delivery: Delivery, now: datetime) -> Delivery:
    """Put off until the next step of ``BACKOFF``; ``expired`` when that would be too late."""
    pause = _step(BACKOFF, delivery.attempts)
    again = now + pause * (1 + _jitter(delivery))
    if again >= delivery.expires:
        return replace(delivery, state="expired")
    return replace(delivery, state="deferred", next_attempt=again)


def _step(ladder: tuple[timedelta, ...], count: int) -> timedelta:
    return ladder[min(max(count, 1), len(ladder)) - 1]


def _jitter(delivery: Delivery) -> float:
    """Up to a fifth, the delivery's own, so that a thousand deferred at once do not come back at once."""
    return int(text.digest("delivery", str(delivery.id))[:4], 16) / 0xFFFF / 5


def _said(reply: Reply, address: str) -> str:
    words = anonymous(text.clean(reply.text), address)
    return words if reply.code is None else f"{reply.code} {words}"


def _expect(delivery: Delivery, *states: DeliveryState) -> None:
    if delivery.state not in states:
        raise ValueError(f"delivery {delivery.id} is {delivery.state}, not {' or '.join(sorted(states))}")
