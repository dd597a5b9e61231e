"""An edition that too many receivers refuse for what it says, or for who sends it, is held.

Every further mail of it would cost the sender's name, and no reader has done anything wrong.  It is held once: who
releases it has decided.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator import bounces
from aggregator.digest import edition as course
from aggregator.mail.pace import grievances, objection
from aggregator.model import Config
from aggregator.store import Tx

_NOTED = "objected:"
_SPAN = timedelta(days=1)


def heed(tx: Tx, config: Config, edition: int, now: datetime) -> str | None:
    """Hold the edition with this number if receivers object to it; what there is to say of it then."""
    found = next((each for each in tx.mailing.on_the_way() if each.id == edition and each.state == "sending"), None)
    status = objection(tx.mailing.answers(edition)) if found else None
    if found is None or status is None or _noted(tx, found.digest)[0] == str(edition):
        return None
    expire = next((digest.expire for digest in config.digests if digest.id == found.digest), _SPAN)
    tx.mailing.keep(course.hold(found), now=now, expires=now + expire)
    tx.meta.put(_NOTED + found.digest, f"{edition} {status}")
    return _words(found.digest, found.slot, status)


def objections(tx: Tx, config: Config) -> list[str]:
    """What is to be said of the editions that are held for it now."""
    held = {edition.id: edition for edition in tx.mailing.on_the_way() if edition.state == "held"}
    noted = {digest.id: _noted(tx, digest.id) for digest in config.digests}
    return [
        _words(digest, held[int(number)].slot, status)
        for digest, (number, status) in noted.items()
        if number and int(number) in held
    ]


def refusals(tx: Tx, now: datetime) -> str | None:
    """What is to be said of the mails that were lately refused for what they are or who sends them; None when none was.

    No reader is suspended for that, so that nobody but the operator can mend it.
    """
    found = grievances(tx.mailing.refusals(now - bounces.RECENT))
    if not found:
        return None
    many, each = sum(number for _, number in found), ", ".join(f"{status}: {number}" for status, number in found[:5])
    mails = "1 mail" if many == 1 else f"{many} mails"
    return (
        f"{mails} of the last {bounces.RECENT.days} days refused for the mail itself or its sender ({each}); mend what "
        "receivers object to, which aggregator digest list EDITION quotes (README, Bounces)"
    )


def _noted(tx: Tx, digest: str) -> tuple[str, str]:
    number, _, status = (tx.meta.get(_NOTED + digest) or "").partition(" ")
    return number, status


def _words(digest: str, slot: str, status: str) -> str:
    return (
        f"digest {digest}: edition {slot} is held, because too many receivers refuse it ({status}); mend what they "
        f"object to, then aggregator digest release {digest}, or cancel it"
    )
