"""``aggregator poll``."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

import typer

from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, local, print_json, rfc3339
from aggregator.daemon import clock, means
from aggregator.errors import ConfigError
from aggregator.model import Config, Poll, Source
from aggregator.poll import Means
from aggregator.poll import poll as poll_once


def poll(
    sources: Annotated[list[str] | None, typer.Argument(help="Ids of sources; all of them when none is named.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask and read, but store nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Ask even a server that said not now (Retry-After) or never again (410).")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Poll sources now, whatever the schedule says.

    Requests are conditional as always. The exit status is 0 when every poll was carried out and recorded, failing
    sources included. Safe while the daemon runs.
    """
    settings = configured(config)
    wanted = chosen(settings, sources or [])
    asyncio.run(_poll_all(settings, wanted, keep=not dry_run, force=force, json=json))


def chosen(config: Config, ids: list[str]) -> list[Source]:
    """The sources with these ids, all that are switched on when there are none.

    Raises ConfigError for an unknown id.
    """
    known = {source.id: source for source in config.sources}
    unknown = [id for id in ids if id not in known]
    if unknown:
        raise ConfigError([f'no source is called "{id}"; there are: {", ".join(known)}' for id in unknown])
    return [known[id] for id in ids] or [source for source in config.sources if source.enabled]


async def _poll_all(config: Config, wanted: list[Source], *, keep: bool, force: bool, json: bool) -> None:
    async with means(config, renaming=keep) as opened:
        tasks = [asyncio.create_task(_one(source, opened, keep, force)) for source in wanted]
        for source, task in zip(wanted, tasks, strict=True):
            noted, skipped = await task
            if json:
                print_json(as_json(source, noted, skipped), indent=None)
            else:
                _line(source, noted, skipped, config)


async def _one(source: Source, means: Means, keep: bool, force: bool) -> tuple[Poll, str | None]:
    last = await means.store.read(lambda tx: tx.polls.of(source.id))
    if last and not force and last.url == source.url:
        if last.status == "gone":
            return last, "the server said that it is gone for good (410); --force asks again"
        if last.not_before and last.not_before > clock():
            return last, f"the server asked not to be asked before {rfc3339(last.not_before)}; --force asks anyway"
    return await poll_once(source, means, keep=keep), None


def as_json(source: Source, noted: Poll, skipped: str | None = None) -> dict[str, Any]:
    """The stable form of a poll, for programs."""
    if skipped:
        noted = replace(noted, new=0)
    return {
        "source": source.id,
        "url": source.url,
        "status": "skipped" if skipped else noted.status,
        "http_status": None if skipped else noted.http_status,
        "not_modified": not skipped and noted.status == "not_modified",
        "entries": noted.entries,
        "new": noted.new,
        "next_poll": rfc3339(noted.next_poll),
        "error": skipped or noted.error,
    }


def _line(source: Source, noted: Poll, skipped: str | None, config: Config) -> None:
    if skipped or noted.error:
        console.print(f"[yellow]skipped[/] {source.id}" if skipped else f"[red]failed [/] {source.id}", end="  ")
        console.print(skipped or noted.error or "", markup=False, soft_wrap=True)
        if source.note and not skipped:
            console.print(f"        Note: {source.note}", markup=False, soft_wrap=True)
        return
    what = "not modified" if noted.status == "not_modified" else f"{noted.entries} entries, {noted.new} new"
    console.print(f"[green]ok     [/] {source.id}  {what}; next {local(noted.next_poll, config)}", soft_wrap=True)
    for problem in noted.problems:
        console.print(f"        {problem}", markup=False, soft_wrap=True)
