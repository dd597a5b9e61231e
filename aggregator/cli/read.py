"""``aggregator read``."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from aggregator import html
from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, print_json, rfc3339
from aggregator.cli.poll import chosen
from aggregator.cli.reading import Read, reader
from aggregator.model import Config, Entry, Feed, Fetch, Source


def read(
    targets: Annotated[list[str] | None, typer.Argument(help="URLs or files; with --source none is needed.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Read as this configured source is read.")] = None,
    base: Annotated[str | None, typer.Option("--base", help="The URL that a file's relative links belong to.")] = None,
    type_: Annotated[
        Literal["auto", "feed"], typer.Option("--type", help="What the target is; pages need --source.")
    ] = "auto",
    allow_private: Annotated[
        list[str] | None, typer.Option("--allow-private", help="A private network to read from, e.g. 127.0.0.0/8.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what would be read from feeds, without storing anything.

    Needs no configuration, unless --source names one of its sources; then its address is the default target.
    """
    settings = configured(config) if source else Config()
    manner = chosen(settings, [source])[0] if source else Source(id="read", zone="read", url="", type=type_)
    if not targets and not source:
        raise typer.BadParameter("name a URL or a file, or a configured source with --source")
    fetch = settings.fetch if source else Fetch(allow_private=tuple(allow_private or ()))
    failed = asyncio.run(_read_all(targets or [manner.url], manner, base, settings, fetch, json))
    if failed:
        raise typer.Exit(1)


async def _read_all(
    targets: list[str], manner: Source, base: str | None, config: Config, fetch: Fetch, json: bool
) -> bool:
    failed = False
    async with reader(fetch, config.parse, config.timezone) as reading:
        for target in targets:
            result = await reading.target(target, manner, base)
            failed = failed or result.error is not None
            if json:
                print_json(as_json(result, manner), indent=None)
            else:
                _show(result)
    return failed


def as_json(result: Read, manner: Source) -> dict[str, Any]:
    """The stable form of what was read, in RFC 4287's names, for programs."""
    feed = result.feed
    return {
        "source": result.target if manner.id == "read" else manner.id,
        "feed": _feed(feed) if feed else None,
        "entries": [_plain(asdict(entry)) for entry in feed.entries] if feed else [],
        "problems": list(feed.problems) if feed else [result.error],
    }


def _feed(feed: Feed) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(feed).items() if name not in {"pace", "entries", "problems"}}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _show(result: Read) -> None:
    console.print(result.target, style="bold", markup=False, soft_wrap=True)
    if result.feed is None:
        console.print(f"  {result.error}", style="red", markup=False, soft_wrap=True)
        return
    feed = result.feed
    console.print(f"  {feed.title}  ({len(feed.entries)} entries)", markup=False, soft_wrap=True)
    for problem in feed.problems:
        console.print(f"  ! {problem}", style="yellow", markup=False, soft_wrap=True)
    for entry in feed.entries:
        _show_entry(entry)


def _show_entry(entry: Entry) -> None:
    console.print(f"\n  {entry.title}", style="bold", markup=False, soft_wrap=True)
    body = entry.content or entry.summary
    text = "" if body is None else html.to_text(body.value) if body.type == "html" else body.value
    fields = {
        "published": rfc3339(entry.published) or "not said",
        "updated": rfc3339(entry.updated),
        "link": entry.link or "none",
        "id": entry.id,
        "authors": ", ".join(person.name for person in entry.authors),
        "categories": ", ".join(category.label or category.term for category in entry.categories),
        "text": html.excerpt(text, 200),
    }
    for name, value in fields.items():
        if value:
            console.print(f"    {name:10} {value}", markup=False, soft_wrap=True)
