"""Opening the database and reading the clock, for the daemon and for the commands.

Most commands need no more than this.  ``connecting`` opens what polls need, ``relaying`` what mails need: either brings
more along than a look at the database should wait for.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aggregator import uri
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Config
from aggregator.store import Store, Tx


def clock() -> datetime:
    """The one place that reads the time; everything else is told."""
    return datetime.now(UTC)


def open_store(config: Config, *, create: bool = True) -> Store:
    """Open the database and freeze the authority of its ids in it; without *create*, only one that is there.

    Raises StoreError when it cannot be opened, ConfigError when the configuration would silently change every id.
    """
    store = Store(config.database, create=create)
    wanted = config.authority or uri.host(config.base_url)
    try:
        frozen = store.look(_settled)
        check_authority(frozen or store.submit(lambda tx: _settle(tx, wanted)).result(), config)
    except AggregatorError:
        store.close()
        raise
    return store


def check_authority(frozen: str | None, config: Config) -> None:
    """Raises ConfigError when the configuration would make other ids than those in the database."""
    wanted = config.authority or uri.host(config.base_url)
    if frozen not in {None, wanted}:
        raise ConfigError(
            [
                f'authority: the ids in this database were made under "{frozen}", the configuration now says '
                f'"{wanted}", and every reader would see every story as new; set authority = "{frozen}"'
            ]
        )


def _settled(tx: Tx) -> str | None:
    """The authority of a database that has all that is made once and then read; None where something is missing."""
    return tx.meta.get("authority") if tx.audience.has_secret() else None


def _settle(tx: Tx, wanted: str) -> str:
    """Make what every later look wants to find, for a look cannot make it."""
    tx.audience.secret()
    frozen = tx.meta.get("authority")
    if frozen is None:
        tx.meta.put("authority", wanted)
    return frozen or wanted
