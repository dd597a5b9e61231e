"""The commands, put together, and what every one of them does with an error.

Exit status: 0 done, 1 it could not do its work, 2 the command line or the configuration is wrong.
"""

from __future__ import annotations

import sys

import typer

from aggregator import __version__
from aggregator.cli import (
    bounce,
    check,
    desk,
    digest,
    discover,
    evaluate,
    logs,
    opml,
    poll,
    publish,
    read,
    run,
    status,
    stories,
    subscribers,
)
from aggregator.cli.demo.command import demo
from aggregator.cli.output import errors
from aggregator.digest.reply import anonymous
from aggregator.errors import AggregatorError, ConfigError

app = typer.Typer(
    name="aggregator",
    help="Polls the news of several publishers, merges what is the same story, publishes one Atom feed and a page, "
    "and mails a digest.",
    epilog="Start with `aggregator demo`: it shows everything at work, offline. "
    "Then write a configuration and try `aggregator check`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("demo")(demo)
app.command("check")(check.check)
app.command("read")(read.read)
app.command("bounce")(bounce.bounce)
app.command("discover")(discover.discover)
app.command("poll")(poll.poll)
app.command("status")(status.status)
app.add_typer(stories.app, name="stories")
app.command("publish")(publish.publish)
app.add_typer(digest.app, name="digest")
app.add_typer(desk.app, name="desk")
app.add_typer(subscribers.app, name="subscribers")
app.command("evaluate")(evaluate.evaluate)
app.add_typer(opml.app, name="opml")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aggregator {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", help="Say which version this is.", callback=_version),
) -> None:
    """Polls news sources, merges what is the same, publishes one feed and mails a digest."""


def main() -> None:
    """Run the command line; an error that is not a bug is a sentence and an exit status."""
    logs.set_up()
    try:
        app()
    except ConfigError as failure:
        # A mistake quotes what was found, and in the list of recipients that is somebody's address.
        told = anonymous(str(failure)) if logs.to_journal() else str(failure)
        errors.print(told, style="red", markup=False, highlight=False)
        sys.exit(2)
    except AggregatorError as failure:
        errors.print(str(failure), style="red", markup=False, highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
