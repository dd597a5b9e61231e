"""``aggregator demo``: everything at work, offline."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli.demo import live, once


def demo(
    once_: Annotated[
        bool, typer.Option("--once", help="Poll, let new releases appear, poll again, mail those, write the results.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where results go; made if need be. --once needs it.")
    ] = None,
) -> None:
    """Show everything at work, offline: two sample zones' sites, a mail sink, and the real daemon between them.

    A new release appears every few seconds and travels through: onto the page, into the feed, into the mail. Nothing
    leaves this machine, and nobody gets mail. Ctrl-C ends it.
    """
    if once_ and output is None:
        raise typer.BadParameter("--once needs --output DIR", param_hint="--output")
    with ExitStack() as stack:
        directory = output or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aggregator-demo-")))
        if once_:
            once.run(directory)
        else:
            live.run(directory, wait=sys.stdin.isatty())
