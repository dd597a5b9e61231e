"""Opening what the program works with, for the daemon and for the commands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator import __version__, renames, templating, uri
from aggregator.config import load, secret
from aggregator.digest import trial as mails
from aggregator.errors import AggregatorError, ConfigError
from aggregator.fetch import Fetcher
from aggregator.mail import Relay
from aggregator.model import Config
from aggregator.poll import Means
from aggregator.publish import trial
from aggregator.store import Store, Tx
from aggregator.workers import Workers

if TYPE_CHECKING:
    from aggregator.mail.dkim import Signer


def clock() -> datetime:
    """The one place that reads the time; everything else is told."""
    return datetime.now(UTC)


@asynccontextmanager
async def means(
    config: Config, clock: Callable[[], datetime] = clock, *, renaming: bool = True
) -> AsyncIterator[Means]:
    """Open store, fetcher and workers, and close them in order; what ``poll`` works with.

    What was renamed in the configuration follows in the database, unless *renaming* is left to the caller.
    """
    async with AsyncExitStack() as stack:
        store = stack.enter_context(open_store(config))
        if renaming:
            await store.write(lambda tx: renames.apply(tx, config, clock()))
        workers = Workers(config.parse)
        stack.callback(workers.close)
        fetcher = await stack.enter_async_context(Fetcher(config.fetch, version=__version__))
        yield Means(config=config, fetcher=fetcher, workers=workers, store=store, clock=clock, version=__version__)


def configured(path: Path) -> Config:
    """The configuration that the file at *path* holds, its templates tried; raises ConfigError with every mistake."""
    config = load(path)
    templating.forget(config.theme)
    problems = trial.problems(config) or mails.problems(config, trial.stories(config))
    if problems:
        raise ConfigError(problems, where=str(path))
    return config


def open_store(config: Config, *, create: bool = True) -> Store:
    """Open the database and freeze the authority of its ids in it; without *create*, only one that is there.

    Raises StoreError when it cannot be opened, ConfigError when the configuration would silently change every id.
    """
    store = Store(config.database, create=create)
    wanted = config.authority or uri.host(config.base_url)
    try:
        frozen = store.look(lambda tx: tx.meta.get("authority"))
        check_authority(frozen or store.submit(lambda tx: _freeze_authority(tx, wanted)).result(), config)
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


def _freeze_authority(tx: Tx, wanted: str) -> str:
    frozen = tx.meta.get("authority")
    if frozen is None:
        tx.meta.put("authority", wanted)
    return frozen or wanted


def open_relay(config: Config) -> Relay | None:
    """The relay that the configuration names, not yet connected; raises ConfigError when a secret of it is missing."""
    if config.mail is None:
        return None
    password = secret(config.mail.password_file) if config.mail.password_file else None
    signer = open_signer(config)
    return Relay(config.mail, password, sign=signer.sign if signer else None)


def open_signer(config: Config) -> Signer | None:
    """What signs the mails, where the configuration wants that; raises ConfigError when its key cannot be used."""
    if config.mail is None or config.mail.dkim is None:
        return None
    from aggregator.mail.dkim import Signer  # it brings a DNS library along, which few need

    key = secret(config.mail.dkim.key_file or "", what="DKIM key")
    return Signer(config.mail.dkim, key, config.mail.sender)
