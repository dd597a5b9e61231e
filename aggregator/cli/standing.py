"""How an edition stands, for the commands that list editions."""

from __future__ import annotations

from typing import Any

from aggregator.cli.output import local, rfc3339
from aggregator.model import Config, Edition


def stands(edition: Edition, config: Config) -> str:
    """How an edition stands, in words."""
    if edition.state != "held":
        return edition.state
    return f"held until {local(edition.until, config)}" if edition.until else "held until released"


def edition_as_json(edition: Edition) -> dict[str, Any]:
    """What programs are told of an edition wherever they meet one."""
    return {
        "digest": edition.digest,
        "slot": edition.slot,
        "frozen": rfc3339(edition.frozen),
        "stories": edition.stories,
        "state": edition.state,
        "until": rfc3339(edition.until),
    }
