"""Deliveries of which nobody can tell whether the relay took them: its log is asked, and else the policy decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Literal

from aggregator.digest import delivery as step
from aggregator.errors import MailError
from aggregator.mail.log import RelayLog
from aggregator.model import Config, Delivery, Traces
from aggregator.store import SINGLE, Store, Tx

Clock = Callable[[], datetime]
_BEFORE = timedelta(minutes=1)
"""How much earlier than what is asked for a log is read: clocks differ."""


def doubted(delivery: Delivery, config: Config, now: datetime) -> Delivery:
    """A delivery that was left at the dot: to be asked about where the relay's log can be, else settled by policy."""
    if config.mail and config.mail.relay_log:
        return step.doubt(delivery, now)
    return step.recover(delivery, policy(config, delivery.digest), now)


def policy(config: Config, digest: str) -> Literal["resend", "hold"]:
    """What the operator wants for a digest; a mail to one address is sent again, for somebody waits for its link."""
    if digest.startswith(SINGLE):
        return "resend"
    return next((known.in_doubt for known in config.digests if known.id == digest), "hold")


def recover(store: Store, config: Config, clock: Clock) -> list[Delivery]:
    """Take up the deliveries that a dead process left in the middle; to be called before any is claimed.

    Where the relay's log can be asked, what still waits is looked up there too: a database that was restored, or copied
    while its machine lost power, may not know what was sent since.
    """

    def take_up(tx: Tx) -> list[Delivery]:
        left = tx.mailing.interrupted()
        found = [_taken_up(delivery, config, clock()) for delivery in left]
        return _note(tx, (after for before, after in zip(left, found, strict=True) if before != after))

    return [*store.submit(take_up).result(), *_sent_already(store, config, clock)]


def _taken_up(delivery: Delivery, config: Config, now: datetime) -> Delivery:
    if delivery.state == "sending":
        return step.recover(delivery, policy(config, delivery.digest), now)
    return doubted(delivery, config, now)


def _sent_already(store: Store, config: Config, clock: Clock) -> list[Delivery]:
    return look_up(store, config, clock)[0]


def look_up(store: Store, config: Config, clock: Clock) -> tuple[list[Delivery], Traces | None]:
    """Note what waits and was taken already, says the relay's log; which that is, and the log if it can be read."""
    waiting = store.look(lambda tx: tx.mailing.waiting()) if config.mail and config.mail.relay_log else []
    if not waiting:
        return [], None
    log = _log(config, min(delivery.expires for delivery, _ in waiting) - _longest(config), clock())
    return (store.submit(lambda tx: _note_taken(tx, log)).result() if log else []), log


def _note_taken(tx: Tx, log: Traces) -> list[Delivery]:
    return _note(tx, (step.found(delivery) for delivery, id in tx.mailing.waiting() if id in log.taken))


def _longest(config: Config) -> timedelta:
    return max((digest.expire for digest in config.digests), default=timedelta(days=1))


def settle(
    store: Store, config: Config, clock: Clock, say: Callable[[MailError], None] = lambda _: None
) -> list[Delivery]:
    """Ask the relay's log about the deliveries in doubt; those of which it could tell, or need not be asked any more.

    *say* is told why it cannot be read.  Synchronous: it reads a file, or runs a command.
    """
    now = clock()
    asked = store.look(lambda tx: tx.mailing.in_doubt(now))
    if not asked:
        return []
    log = _log(config, min(delivery.attempted or now for delivery, _ in asked), now, say)
    settled = [step.settle(one, id, log, policy(config, one.digest), now) for one, id in asked]
    store.submit(lambda tx: _note(tx, settled)).result()
    return [delivery for delivery in settled if delivery.state != "in_doubt"]


def _log(
    config: Config, since: datetime, now: datetime, say: Callable[[MailError], None] = lambda _: None
) -> Traces | None:
    """What the relay's log says; None when there is none to be asked, or it cannot be read (``status`` says why)."""
    if config.mail is None or config.mail.relay_log is None:
        return None
    try:
        return RelayLog(config.mail.relay_log).read(since - _BEFORE, now)
    except MailError as failure:
        say(failure)
        return None


def _note(tx: Tx, deliveries: Iterable[Delivery]) -> list[Delivery]:
    noted = list(deliveries)
    for delivery in noted:
        tx.mailing.note(delivery)
    return noted
