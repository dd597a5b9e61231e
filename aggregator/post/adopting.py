"""When a database may mail: it is this installation's own, and knows of everything that was mailed from it.

* **Another machine's.**  Which installation mails from it is noted at the first mailing, as a keyed hash of its name.
  A machine that has no name can neither be recognised nor taken for a stranger.
* **Older than what was mailed.**  The database counts the steps of its mails, and a witness outside of it knows the
  count (``witness``): one that is behind was restored, or has lost what it was told was stored.
* **Without its witness**, and has mailed: a copy in another place, or a backup after a lost disk; nothing here can tell
  it from one whose witness alone was lost.

In each case nothing is frozen or sent, until the operator adopts it and says what became of the mail.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from aggregator.model import Traces
from aggregator.status import Pause
from aggregator.store import Store, Tx
from aggregator.witness import Reached, Witness

Fate = Literal["mailed", "again", "known"]
_NOTED = "mailing:machine"
_NAME = "mailing:witness"


def settle_in(tx: Tx, machine: str | None) -> bool:
    """Note that *machine* mails from this database, unless another one does; whether it may."""
    if machine is not None and tx.meta.get(_NOTED) is None:
        tx.meta.put(_NOTED, tx.audience.sign("machine", machine))
    if tx.meta.get(_NAME) is None:
        tx.meta.put(_NAME, f"{tx.meta.get('authority') or 'aggregator'}-{tx.audience.sign('witness')}")
    return not _is_strange(tx, machine)


def witness_name(tx: Tx) -> str | None:
    """What the witness of this database is called, which no other database's is; None before it has settled in.

    It derives from the database's own key, so that an older copy has the same.
    """
    return tx.meta.get(_NAME)


def begin(store: Store, witness: Witness | None, now: datetime) -> None:
    """Begin the witness of a database that has mailed nothing, or nothing since there are witnesses.

    Raises StoreError when it cannot be written.
    """
    if witness and witness.read() is None and store.look(lambda tx: tx.mailing.revision()) == 0:
        witness.begin(0, now)


def pause(store: Store, machine: str | None, witness: Witness | None) -> Pause | None:
    """Why nothing may be mailed from this database now; None when it may.  Raises StoreError."""
    # The witness first: what is committed meanwhile makes the database newer, never older.
    seen = witness.read() if witness else None
    return store.look(lambda tx: _pause(tx, machine, seen, guarded=witness is not None))


def _pause(tx: Tx, machine: str | None, seen: Reached | None, *, guarded: bool) -> Pause | None:
    if _is_strange(tx, machine):
        return "strange"
    number = tx.mailing.revision()
    if seen is None:
        return "unwitnessed" if guarded and number else None
    return "older" if number < seen.number else None


def _is_strange(tx: Tx, machine: str | None) -> bool:
    noted = tx.meta.get(_NOTED)
    return noted is not None and machine is not None and noted != tx.audience.sign("machine", machine)


# -- adopting ----------------------------------------------------------------------


def unread(tx: Tx, sources: list[str], since: datetime) -> list[str]:
    """Which of these sources were not asked since then: what they have shown since may have been mailed."""
    polls = tx.polls.all()
    return [source for source in sources if source not in polls or polls[source].at < since]


def adopt(tx: Tx, machine: str | None, seen: Reached | None, fate: Fate, log: Traces | None = None) -> tuple[int, int]:
    """Let *machine* mail from this database from now on; how many mails that waited are given up, and what it counts.

    *fate* is what the operator says of the mail that the database does not know to be sent: it was *mailed*, with all
    that has arrived until now; it is to go out *again*, and what waits is in doubt, so that the same bytes do; or the
    database has lost nothing, and all is *known*.  What the relay's *log* tells of the mails that wait holds anyway.
    """
    tx.meta.drop(_NOTED)
    settle_in(tx, machine)
    never = _never_sent(tx, log) if log else set()
    given_up = tx.mailing.take_for_mailed(never) if fate == "mailed" else 0
    if fate == "again":
        _doubt(tx, never)
    return given_up, tx.mailing.move_to(seen.number if seen else 0)


def _never_sent(tx: Tx, log: Traces) -> set[int]:
    """The mails that wait and of which a log that tells of all the time since they were frozen has no word."""
    never: set[int] = set()
    for delivery, id in tx.mailing.waiting():
        edition = tx.mailing.edition_of(delivery)
        if edition and log.since and log.since <= edition.frozen and id not in log.taken | log.begun:
            never.add(delivery.id)
    return never


def _doubt(tx: Tx, never: set[int]) -> None:
    for delivery, _ in tx.mailing.waiting():
        if delivery.id not in never:
            tx.mailing.note(replace(delivery, doubts=delivery.doubts + 1))
