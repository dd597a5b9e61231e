"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aggregator.config import find, load
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


def configured(option: Path | None) -> Config:
    """The configuration that a command was given or that stands where one is looked for."""
    return load(find(option))
