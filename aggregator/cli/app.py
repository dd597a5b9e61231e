"""The commands, put together, and what every one of them does with an error.

Exit status: 0 done, 1 it could not do its work, 2 the command line or the configuration is wrong.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from aggregator import __version__
from aggregator.cli import logs
from aggregator.digest.reply import anonymous
from aggregator.errors import AggregatorError, ConfigError

COMMANDS = {
    "run": "run:run",
    "demo": "demo.command:demo",
    "check": "check:check",
    "read": "read:read",
    "bounce": "bounce:bounce",
    "discover": "discover:discover",
    "poll": "poll:poll",
    "status": "status:status",
    "publish": "publish:publish",
    "evaluate": "evaluate:evaluate",
    "stories": "stories:app",
    "digest": "digest:app",
    "desk": "desk:app",
    "subscribers": "subscribers:app",
    "opml": "opml:app",
}
"""Where each command is, in the order of ``--help``."""


class _Commands(Mapping[str, Any]):
    """A command is loaded when it is called: none starts with what only others need."""

    def __getitem__(self, name: str) -> Any:
        return _loaded(name, COMMANDS[name])

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()  # type: ignore[assignment]


@cache
def _loaded(name: str, place: str) -> Any:
    module, attribute = place.split(":")
    found = getattr(import_module(f"aggregator.cli.{module}"), attribute)
    around = typer.Typer(rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    return typer.main.get_group(around).commands[name]


app = typer.Typer(
    name="aggregator",
    cls=_Group,
    help="Polls the news of several publishers, merges what is the same story, publishes one Atom feed and a page, "
    "and mails a digest.",
    epilog="Start with `aggregator demo`: it shows everything at work, offline. "
    "Then write a configuration and try `aggregator check`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aggregator {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", help="Say which version this is.", callback=_version),
) -> None:
    """Polls news sources, merges what is the same, publishes one feed and mails a digest."""
    # The command has been loaded by now: what it consists of stays, and is not gone through again.
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def main() -> None:
    """Run the command line; an error that is not a bug is a sentence and an exit status."""
    gc.disable()  # a quarter of what loading takes: thousands of modules' functions and classes, none of them garbage
    logs.set_up()
    try:
        app()
    except ConfigError as failure:
        # A mistake quotes what was found, and in the list of recipients that is somebody's address.
        _complain(anonymous(str(failure)) if logs.to_journal() else str(failure))
        sys.exit(2)
    except AggregatorError as failure:
        _complain(str(failure))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _complain(sentence: str) -> None:
    from aggregator.cli.output import errors  # it brings Rich along

    errors.print(sentence, style="red", markup=False, highlight=False)
