"""``aggregator publish``."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from aggregator import renames
from aggregator.cli.options import ConfigOption
from aggregator.cli.output import console
from aggregator.config import find
from aggregator.daemon.directory import Directory
from aggregator.daemon.leaves import Leaves
from aggregator.daemon.opening import clock, open_store
from aggregator.daemon.printing import Prints
from aggregator.daemon.rendering import Press, note_presentation
from aggregator.daemon.trying import configured
from aggregator.model import Config
from aggregator.store import Store, Tx


def publish(
    directory: Annotated[Path, typer.Argument(help="Where to write; it is made if need be.")],
    config: ConfigOption = None,
) -> None:
    """Write all documents to a directory, for any web server to serve; what is as it was there is left alone."""
    settings = configured(find(config))
    with open_store(settings) as store:
        note(store, settings)
        written = store.look(lambda tx: _write(tx, settings, directory))
    for path in written:
        console.print(str(path), markup=False, soft_wrap=True)


def note(store: Store, config: Config) -> None:
    """Note since when documents look as they are configured now."""
    now = clock()
    store.submit(lambda tx: renames.apply(tx, config, now)).result()
    store.submit(lambda tx: note_presentation(tx, config, now)).result()


def _write(tx: Tx, config: Config, directory: Path) -> list[Path]:
    press, leaves, prints = Press(config), Leaves(config), Prints(config)
    made = chain(press.render(tx).items(), press.archives(tx), leaves.files(tx), prints.files(tx))
    return Directory(directory).write(made)
