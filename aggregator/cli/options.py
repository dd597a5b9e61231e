"""Options that several commands share."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

from aggregator import text
from aggregator.config import find, load
from aggregator.daemon.opening import clock
from aggregator.hand import Hand
from aggregator.model import Config

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The configuration; else AGGREGATOR_CONFIG, else /etc/aggregator/aggregator.toml, "
        "else config/aggregator.toml.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for a program.")]


By = Annotated[str | None, typer.Option("--by", help="Who decides; else the login name.", show_default=False)]
Why = Annotated[str, typer.Option("--why", help="One line of reason, kept with the act.")]


def hand_of(why: str, by: str | None) -> Hand:
    """Whoever called sudo acts, not the user that the command runs as."""
    who = by or os.environ.get("SUDO_USER") or getpass.getuser()
    return Hand(who=text.clean(who), at=clock(), why=text.clean(why))


def configured(option: Path | None) -> Config:
    """The configuration that a command was given or that stands where one is looked for."""
    return load(find(option))
