"""The configuration: one TOML file in, one frozen ``Config`` out, or every mistake at once.

``document`` reads the file, ``form`` holds each setting against its type, ``values`` looks at what it means,
``relations`` at how the settings fit one another, ``theme`` at the files that they name.  The last three read the
document as it is written, so that the mistakes they know are told whatever else is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aggregator.config.document import read
from aggregator.config.form import form
from aggregator.config.relations import relations
from aggregator.config.secrets import credentials, secret
from aggregator.config.theme import theme
from aggregator.config.values import values
from aggregator.config.words import in_file_order
from aggregator.errors import ConfigError
from aggregator.model import Config

__all__ = ["PLACES", "VARIABLE", "checked", "credentials", "find", "load", "secret"]

VARIABLE = "AGGREGATOR_CONFIG"
PLACES = (Path("/etc/aggregator/aggregator.toml"), Path("config/aggregator.toml"))


def load(path: Path) -> Config:
    """The configuration that the file at *path* holds.

    Raises ConfigError with every mistake, in the order of the file.
    """
    return checked(read(path), where=str(path))


def checked(document: dict[str, Any], *, where: str) -> Config:
    """The configuration in tables that were read from *where*.  Raises ConfigError as ``load`` does."""
    config, mistakes = form(document)
    made, broken = theme(document)
    mistakes = in_file_order([*mistakes, *values(document), *relations(document), *broken], document)
    if config is None or mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ConfigError([str(mistake) for mistake in mistakes], where=f"{where}: {count}")
    return replace(config, theme=made)


def find(option: Path | None, *, places: Sequence[Path] = PLACES) -> Path:
    """The file to load: *option*, else the one that AGGREGATOR_CONFIG names, else the first of *places* that is there.

    Raises ConfigError when there is none, with the places that were looked at.  A file that may not even be looked
    for counts as being there: going on to another one would hide that.
    """
    if option is not None:
        return option
    if named := os.environ.get(VARIABLE):
        if not _there(Path(named)):
            raise ConfigError([f"{named}: there is no such file, although {VARIABLE} names it"])
        return Path(named)
    for place in places:
        if _there(place):
            return place
    looked = " and ".join(str(place.absolute()) for place in places)
    raise ConfigError(
        [f"there is no configuration: looked for {looked}; name a file with --config FILE, or in {VARIABLE}"]
    )


def _there(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True
