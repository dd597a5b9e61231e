"""What commands print: tables and colour for a person, JSON for a program.

Sources write much of it, and a terminal obeys what it is sent.  So nothing that hides or reorders text, and no control
character, gets past this module; a text that is not ours is printed with ``markup=False``, and no word in it is taken
for a picture (``:smile:``) or a style (``[bold]``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aggregator import text
from aggregator.model import Config

_NOT_SHOWN = re.compile(r"[^ -~\n]")


class _Console(Console):
    def print(self, *objects: Any, **manner: Any) -> None:
        super().print(*(text.visible(each) if isinstance(each, str) else each for each in objects), **manner)


console = _Console(highlight=False, emoji=False)
errors = _Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """One JSON document on standard output; with *indent* None, one line.

    What a terminal would obey or hide is escaped (RFC 8259 §7), so that a program reads what was written.
    """
    typer.echo(_NOT_SHOWN.sub(_escaped, json.dumps(value, ensure_ascii=False, indent=indent)))


def _escaped(found: re.Match[str]) -> str:
    return found[0] if text.visible(found[0]) == found[0] else json.dumps(found[0])[1:-1]


def rfc3339(moment: datetime | None) -> str | None:
    """A moment as RFC 3339 in UTC, to the second; None stays None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def local(moment: datetime | None, config: Config) -> str:
    """A moment on the operator's clock."""
    return moment.astimezone(ZoneInfo(config.timezone)).strftime("%Y-%m-%d %H:%M:%S %Z") if moment else "-"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings; long cells wrap."""
    grid = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(_plain(column), overflow="fold")
    for row in rows:
        grid.add_row(*map(_plain, row))
    console.print(grid)


def _plain(cell: str) -> Text:
    return Text(text.clean(cell))
