"""``aggregator publish``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aggregator import renames
from aggregator.cli.options import ConfigOption, configured
from aggregator.cli.output import console
from aggregator.daemon import clock, note_presentation, open_store, render_all
from aggregator.errors import AggregatorError
from aggregator.model import Config, Document
from aggregator.store import Store


def publish(
    directory: Annotated[Path, typer.Argument(help="Where to write; it is made if need be.")],
    config: ConfigOption = None,
) -> None:
    """Write all documents to a directory, for any web server to serve."""
    settings = configured(config)
    with open_store(settings) as store:
        written = write(rendered(store, settings), directory)
    for path in written:
        console.print(str(path), markup=False, soft_wrap=True)


def rendered(store: Store, config: Config) -> dict[str, Document]:
    """The documents as the database says."""
    now = clock()
    store.submit(lambda tx: renames.apply(tx, config, now)).result()
    store.submit(lambda tx: note_presentation(tx, config, now)).result()
    return store.look(lambda tx: render_all(tx, config))


def write(documents: dict[str, Document], directory: Path) -> list[Path]:
    """Write documents below *directory*, each whole or not at all; a path that ends in / becomes its index.html."""
    written = []
    for path, document in documents.items():
        target = directory / (path.lstrip("/") + ("index.html" if path.endswith("/") else ""))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.new")
            draft.write_bytes(document.content)
            draft.replace(target)
        except OSError as failure:
            raise AggregatorError(f"cannot write {target}: {failure.strerror}") from failure
        written.append(target)
    return written
