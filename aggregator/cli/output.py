"""What commands print: tables and colour for a person, JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from aggregator.model import Config

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """One JSON document on standard output; with *indent* None, one line."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=indent))


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
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(_plain(cell) for cell in row))
    console.print(grid)


def _plain(cell: str) -> Any:
    from rich.text import Text

    return Text(cell)
