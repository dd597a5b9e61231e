"""How an edition stands, for the commands that list editions."""

from __future__ import annotations

from aggregator.cli.output import local
from aggregator.model import Config, Edition


def stands(edition: Edition, config: Config) -> str:
    """How an edition stands, in words."""
    if edition.state != "held":
        return edition.state
    return f"held until {local(edition.until, config)}" if edition.until else "held until released"
