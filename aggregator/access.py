"""What it takes to reach a source beside its URL: its credentials, read anew for every poll, and its proxy."""

from __future__ import annotations

from aggregator.config import credentials
from aggregator.errors import ConfigError
from aggregator.fetch import Access
from aggregator.model import Config, Source


def access(source: Source) -> Access:
    """How *source* is to be asked.  Raises ConfigError, with the source's id, when a secret cannot be had."""
    try:
        headers = credentials(source.auth) if source.auth else ()
    except ConfigError as error:
        raise ConfigError([f'source "{source.id}", auth: {problem}' for problem in error.problems]) from None
    return Access(source.url, headers, source.proxy)


def verify(config: Config) -> None:
    """Raises ConfigError with every source whose secrets cannot be had."""
    problems: list[str] = []
    for source in config.sources:
        try:
            access(source)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
