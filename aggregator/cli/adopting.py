"""``aggregator digest adopt``: the operator says what became of the mail of a database that was restored or copied."""

from __future__ import annotations

from typing import Annotated

import typer

from aggregator import post
from aggregator.cli.options import ConfigOption, configured
from aggregator.cli.output import console
from aggregator.daemon.machine import machine
from aggregator.daemon.opening import clock, open_store
from aggregator.daemon.witnessing import witness
from aggregator.errors import StoreError
from aggregator.model import Config
from aggregator.store import Store
from aggregator.witness import Reached

_CHOOSE = (
    "what was mailed since this copy of the database was made is not in it: --mailed counts as mailed all that has "
    "arrived until now, --again mails it, to many readers for the second time"
)


def adopt(
    mailed: Annotated[
        bool,
        typer.Option("--mailed", help="All that has arrived until now counts as mailed: nothing comes twice."),
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="All that this database does not know to be mailed is mailed: nothing is lost."),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Let a database mail from here that was restored from a backup, was copied, or has lost its witness.

    After a restore nobody can tell what was mailed since the backup but the relay's log ([mail].relay_log): of the
    mails that the database knows of it is asked first, and what it says holds. For the rest choose: --mailed, and what
    the sources brought since the last mail is not mailed either (so have them polled first, then adopt); or --again,
    and readers get the editions since the backup once more.

    A database that has lost nothing (it was moved to another machine, or its witness was deleted) needs neither.
    """
    if mailed and again:
        raise typer.BadParameter("choose one of --mailed and --again")
    settings = configured(config)
    with open_store(settings, create=False) as store:
        store.submit(lambda tx: post.settle_in(tx, machine(settings))).result()
        guard = witness(settings, store)
        seen = guard.read() if guard else None
        if seen and post.pause(store, None, guard) == "older":
            _ask(store, settings, seen, mailed=mailed, again=again)
        found, log = post.look_up(store, settings, clock)
        fate: post.Fate = "mailed" if mailed else "again" if again else "known"
        given_up, number = store.submit(lambda tx: post.adopt(tx, machine(settings), seen, fate, log)).result()
        if guard:
            guard.begin(number, clock())
    console.print("digests are sent from here now", soft_wrap=True)
    if found:
        console.print(f"{len(found)} mails that waited had been sent, says the relay's log", soft_wrap=True)
    if given_up:
        console.print(f"{given_up} mails that waited are given up")


def _ask(store: Store, config: Config, seen: Reached, *, mailed: bool, again: bool) -> None:
    """Raises StoreError when the operator has to choose, or has the sources to be asked first."""
    if not (mailed or again):
        raise StoreError(_CHOOSE)
    enabled = [source.id for source in config.sources if source.enabled]
    missing = store.look(lambda tx: post.unread(tx, enabled, seen.at)) if mailed else []
    if missing:
        raise StoreError(
            f"these sources were not asked since the last mail: {', '.join(missing)}; what they showed until then "
            "would be mailed once more. Poll them first: aggregator poll"
        )
