"""A database mails from one installation only: its copy on another machine would mail everybody once more.

Which installation that is, is noted at the first mailing, as a keyed hash of its name.  A machine that has no name can
neither be recognised nor taken for a stranger.  Nodes that share one PostgreSQL are named alike (``[mail].machine``).
"""

from __future__ import annotations

from aggregator.store import Tx

_NOTED = "mailing:machine"
STRANGE = (
    "this database was last mailed from by another machine, so no digest is frozen or sent; if that one has stopped "
    "for good, run `aggregator digest adopt`"
)


def is_strange(tx: Tx, machine: str | None) -> bool:
    """Whether another installation than *machine* mails from this database."""
    noted = tx.meta.get(_NOTED)
    return noted is not None and machine is not None and noted != tx.audience.sign("machine", machine)


def settle_in(tx: Tx, machine: str | None) -> bool:
    """Note that *machine* mails from this database, unless another one does; whether it may."""
    if machine is not None and tx.meta.get(_NOTED) is None:
        tx.meta.put(_NOTED, tx.audience.sign("machine", machine))
    return not is_strange(tx, machine)


def adopt(tx: Tx, machine: str | None, *, mailed: bool) -> int:
    """Let *machine* mail from this database from now on; how many mails that were waiting are given up.

    With *mailed* all that has arrived counts as mailed, because the other one has done so.
    """
    tx.meta.drop(_NOTED)
    settle_in(tx, machine)
    return tx.mailing.take_for_mailed() if mailed else 0
