"""Where the witness of a database is (``aggregator.witness``): outside of what its restore brings along."""

from __future__ import annotations

from pathlib import Path

from aggregator import post
from aggregator.model import Config
from aggregator.store import Store
from aggregator.witness import Witness

STATE = Path("/var/lib/aggregator")
"""systemd's StateDirectory; the commands, which systemd does not start, find it by this name only."""
FOLDER = "witness"
UNGUARDED = (
    "a restored or copied database would mail everybody once more, for there is no place to note what was mailed; "
    "name a directory that lasts in [mail].witness"
)
_SQLITE = "sqlite:///"


def folder(config: Config, state: Path = STATE) -> Path | None:
    """The directory that the configuration names, else one beside the SQLite database, or in the service's own.

    None where there is none of these, as with a PostgreSQL in a container: nothing is guarded then.
    """
    if config.mail and config.mail.witness:
        return Path(config.mail.witness)
    if config.database.startswith(_SQLITE):
        return Path(config.database.removeprefix(_SQLITE)).parent / FOLDER
    return state / FOLDER if state.is_dir() else None


def witness(config: Config, store: Store) -> Witness | None:
    """The witness of an open database; None where there is no place for it, or the database has not settled in."""
    place, name = folder(config), store.look(post.witness_name)
    return Witness(place / name) if place and name else None
