"""What ``status`` says of the mails: those that do not get out, those that came back, and whom nothing is mailed to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from aggregator.cli.output import console, local
from aggregator.errors import MailError
from aggregator.mail.log import RelayLog
from aggregator.mail.maildir import Maildir
from aggregator.model import Config, Delivery
from aggregator.store import Tx

HOUR = timedelta(hours=1)
_WAIT = "returned mails were not understood and wait"


def returned(config: Config) -> str | None:
    """What is to be said of the mail that came back."""
    if config.mail is None or config.mail.maildir is None:
        return None
    try:
        unread = Maildir(config.mail.maildir).unread()
    except MailError as failure:
        return str(failure)
    many = "1 returned mail was not understood and waits" if unread == 1 else f"{unread} {_WAIT}"
    return f"{many} for a reader in {config.mail.maildir}" if unread else None


def unread_log(config: Config, now: datetime) -> str | None:
    """Why the relay's log cannot be asked about mails in doubt; None where it can, or is not to be."""
    if config.mail is None or config.mail.relay_log is None:
        return None
    try:
        RelayLog(config.mail.relay_log).read(now - HOUR, now)
    except MailError as failure:
        return str(failure)
    return None


def unmailed(tx: Tx, config: Config) -> dict[str, tuple[str, ...]]:
    """By digest the recipients in the configuration who are mailed nothing: they left, or their mails came back."""
    found = {
        digest.id: tuple(each for each in digest.recipients if tx.audience.is_suppressed(digest.id, each))
        for digest in config.digests
    }
    return {digest: addresses for digest, addresses in found.items() if addresses}


def told_unmailed(found: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """A sentence for each digest; whose addresses they are stands in ``subscribers list`` alone."""
    for digest, addresses in found.items():
        many = "1 recipient" if len(addresses) == 1 else f"{len(addresses)} recipients"
        words = "in the configuration left, or had mails come back, and get nothing: aggregator subscribers list"
        yield f"{many} of {digest} {words}"


def show(config: Config, tally: dict[str, int], troubled: list[Delivery], doubts: int) -> None:
    """How many mails are in which state, and what the relay said of those that did not get out, each thing once."""
    if tally:
        console.print("deliveries: " + ", ".join(f"{many} {state}" for state, many in sorted(tally.items())))
    for (edition, state, said), alike in groupby(sorted(troubled, key=_alike), key=_alike):
        console.print(f"  {_told(config, edition, state, said, list(alike))}", markup=False, soft_wrap=True)
    if troubled:
        console.print("  Whose they are: aggregator digest list EDITION")
    if doubts:
        console.print(f"{doubts} of them may have been delivered twice: nobody could tell whether the relay took them")


def _alike(delivery: Delivery) -> tuple[int, str, str]:
    return delivery.edition, delivery.state, delivery.reply or "in doubt"


def _told(config: Config, edition: int, state: str, said: str, mails: list[Delivery]) -> str:
    which = f"mail {mails[0].id}" if len(mails) == 1 else f"{len(mails)} mails"
    soonest = min(mail.next_attempt for mail in mails)
    again = f"; next attempt {local(soonest, config)}" if state == "deferred" else ""
    return f"{state} {which} of edition {edition} ({mails[0].digest}): {said}{again}"
