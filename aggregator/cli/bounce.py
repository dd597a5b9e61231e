"""``aggregator bounce``."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from aggregator import bounces
from aggregator.cli.options import ConfigOption
from aggregator.cli.output import errors
from aggregator.config import find, load
from aggregator.daemon.opening import clock, open_store
from aggregator.errors import AggregatorError
from aggregator.mail.maildir import Maildir
from aggregator.mail.returned import LIMIT, read

_KNOWN = ("ORIGINAL_RECIPIENT", "RECIPIENT", "LOCAL_RECIPIENT")
"""Where mail servers tell a command for whom the mail was: Postfix, and what took after it."""


def bounce(
    recipient: Annotated[
        list[str] | None, typer.Option("--recipient", metavar="ADDRESS", help="For whom the mail was (its envelope).")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Read one mail that came back from standard input: for a mail server's pipe, where there is no Maildir.

    Exit status 75 (try again later) when it could not be taken. What nobody understands goes into [mail].maildir.
    """
    raw = _input()
    recipients = [*(recipient or []), *(os.environ[name] for name in _KNOWN if name in os.environ)]
    try:
        settings = load(find(config))
        returned = read(raw, recipients)
        with open_store(settings, create=False) as store:
            taken = store.submit(lambda tx: bounces.take(tx, returned, clock())).result()
        if taken.outcome == "unknown" and settings.mail and settings.mail.maildir:
            Maildir(settings.mail.maildir).deliver(raw)
    except AggregatorError as failure:
        errors.print(str(failure), style="red", markup=False, highlight=False)
        raise typer.Exit(os.EX_TEMPFAIL) from None
    errors.print(f"{taken.outcome}: {taken.words}", markup=False, highlight=False)


def _input() -> bytes:
    """As much as is read of a mail; all of it is taken, for a mail server holds a broken pipe against us."""
    raw = sys.stdin.buffer.read(LIMIT)
    while sys.stdin.buffer.read(LIMIT):
        pass
    return raw
