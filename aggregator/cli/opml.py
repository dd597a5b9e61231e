"""``aggregator opml``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aggregator import text
from aggregator.cli.blocks import block, comment, ident
from aggregator.cli.options import ConfigOption, configured
from aggregator.cli.output import errors
from aggregator.config import find
from aggregator.errors import AggregatorError, ConfigError, ParseError
from aggregator.model import Config, Source, Zone
from aggregator.parse.opml import Outline
from aggregator.parse.opml import read as read_opml
from aggregator.publish.opml import render

app = typer.Typer(help="Take feeds over from another reader, or give the sources to one.", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The OPML file.")],
    zone: Annotated[str | None, typer.Option("--zone", help="The zone of all of them; else their folders say.")] = None,
    config: ConfigOption = None,
) -> None:
    """Print the feeds of an OPML file as [[sources]] blocks, to be pasted into the configuration.

    Nothing is changed and nothing is fetched. Works without a configuration; with one, what it holds already is left
    out, and folders that are named like a zone become that zone's.
    """
    settings = optional(config)
    if zone:
        known_zone(settings, zone)
    try:
        outlines, problems = read_opml(file.read_bytes())
    except OSError as failure:
        raise AggregatorError(f"cannot read {file}: {failure.strerror}") from failure
    except ParseError as failure:
        raise AggregatorError(f"{file} {failure}") from failure
    for problem in problems:
        errors.print(problem, style="yellow", markup=False)
    typer.echo("\n\n".join(_blocks(outlines, settings, zone)))


@app.command()
def export(config: ConfigOption = None) -> None:
    """Print the sources as OPML 2.0, grouped by zone, for a feed reader."""
    sys.stdout.buffer.write(render(configured(config)))


def optional(option: Path | None) -> Config:
    """The configuration where there is one, else an empty one; one that was named must be there and right."""
    if option is None:
        try:
            find(None)
        except ConfigError:
            return Config()
    return configured(option)


def known_zone(config: Config, id: str) -> None:
    """Raises ConfigError when there are zones and none has this id."""
    known = [zone.id for zone in config.zones]
    if known and id not in known:
        raise ConfigError([f'no zone is called "{id}"; there are: {", ".join(known)}'])


def _blocks(outlines: tuple[Outline, ...], config: Config, zone: str | None) -> list[str]:
    """The blocks, a zone's own before the first source that needs it."""
    zones = {text.fold(name): known.id for known in config.zones for name in (known.id, known.name)}
    taken = {source.id for source in config.sources}
    urls = {source.url for source in config.sources}
    found: list[str] = []
    for outline in outlines:
        if outline.url in urls:
            found.append(comment(f"already there: {outline.url}"))
            continue
        if outline.page:
            found.append(comment(f"a page, not a feed; try: aggregator discover {outline.url}\n  ({outline.title})"))
            continue
        folder = text.fold(outline.folder)
        if zone is None and folder not in zones:
            zones[folder] = ident(outline.folder or "zone", set(zones.values()))
            found.append(block(Zone(id=zones[folder], name=outline.folder or "Zone")))
        source = Source(
            id=ident(outline.title, taken), zone=zone or zones[folder], url=outline.url, title=outline.title
        )
        found.append(block(source))
    return found
