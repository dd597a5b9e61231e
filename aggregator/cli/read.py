"""``aggregator read``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any, Literal

import typer

from aggregator import html
from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, print_json, rfc3339
from aggregator.cli.poll import chosen
from aggregator.cli.reading import Read, printable, reader
from aggregator.model import Config, Content, Entry, Feed, Fetch, Link, Person, Source, Text

# What a program is told of an entry, in RFC 4287's names.
ENTRY = (
    "id", "title", "updated", "published", "authors", "contributors", "categories", "links", "summary", "content",
    "rights",
)  # fmt: skip


def read(
    targets: Annotated[
        list[str] | None, typer.Argument(help="URLs or files, - for standard input; with --source none is needed.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Read as this configured source is read.")] = None,
    base: Annotated[str | None, typer.Option("--base", help="The URL that a file's relative links belong to.")] = None,
    type_: Annotated[
        Literal["auto", "feed", "sitemap", "page"], typer.Option("--type", help="What it is; a page needs --source.")
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
    if not targets and not source:
        raise typer.BadParameter("name a URL or a file, or a configured source with --source")
    if type_ == "page" and not source:
        raise typer.BadParameter(
            "a page is read by its source's selectors: name that source with --source "
            "(`aggregator discover URL` proposes one)"
        )
    settings = configured(config) if source else Config()
    manner = chosen(settings, [source])[0] if source else Source(id="read", zone="read", url="")
    if type_ != "auto":
        manner = replace(manner, type=type_)
    fetch = settings.fetch if source else Fetch(allow_private=tuple(allow_private or ()))
    failed = asyncio.run(_read_all(targets or [manner.url], manner, base, settings, fetch, json))
    if failed:
        raise typer.Exit(1)


async def _read_all(
    targets: list[str], manner: Source, base: str | None, config: Config, fetch: Fetch, json: bool
) -> bool:
    failed = False
    async with reader(fetch, config.parse, config.timezone) as reading:
        async for result in reading.targets(targets, manner, base):
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
        "source": printable(result.target) if manner.id == "read" else manner.id,
        "feed": _feed(feed) if feed else None,
        "entries": [_entry(entry) for entry in feed.entries] if feed else [],
        "problems": list(feed.problems) if feed else [result.error],
    }


_NOT_OF_THE_FEED = {"pace", "entries", "problems", "cut"}


def _feed(feed: Feed) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(feed).items() if name not in _NOT_OF_THE_FEED}


def _entry(entry: Entry) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(entry).items() if name in ENTRY}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _show(result: Read) -> None:
    _line(printable(result.target), style="bold")
    if result.feed is None:
        _line(f"  {result.error}\n", style="red")
        return
    feed = result.feed
    _fields(
        "  ",
        {
            "title": feed.title,
            "subtitle": feed.subtitle,
            "id": feed.id,
            "updated": rfc3339(feed.updated),
            "language": feed.lang,
            "authors": _names(feed.authors),
            "rights": feed.rights,
            "links": "\n".join(map(_link, feed.links)),
            "entries": str(len(feed.entries)),
        },
    )
    for problem in feed.problems:
        _line(f"  ! {problem}", style="yellow")
    for entry in feed.entries:
        _show_entry(entry)
    _line("")


def _show_entry(entry: Entry) -> None:
    _line(f"\n  {entry.title}", style="bold")
    others = [link for link in entry.links if link.href != entry.link]
    _fields(
        "    ",
        {
            "published": rfc3339(entry.published) or "not said: it counts from when it is first seen",
            "updated": rfc3339(entry.updated),
            "link": entry.link or "none",
            "id": entry.id,
            "authors": _names(entry.authors),
            "with": _names(entry.contributors),
            "categories": ", ".join(category.label or category.term for category in entry.categories),
            "rights": entry.rights,
            "links": "\n".join(map(_link, others)),
            "summary": _text(entry.summary),
            "content": _text(entry.content),
        },
    )


def _fields(indent: str, fields: dict[str, str | None]) -> None:
    for name, value in fields.items():
        for number, line in enumerate((value or "").splitlines()):
            _line(f"{indent}{name if number == 0 else '':10} {line}")


def _names(persons: Sequence[Person]) -> str:
    return ", ".join(
        person.name if person.email in (None, person.name) else f"{person.name} <{person.email}>" for person in persons
    )


def _link(link: Link) -> str:
    said = [
        link.rel,
        link.type,
        f'"{link.title}"' if link.title else None,
        f"{link.length} bytes" if link.length else None,
    ]
    return f"{link.href}  ({', '.join(filter(None, said))})"


def _text(body: Text | Content | None) -> str:
    """How a text begins, and how long it is."""
    if body is None:
        return ""
    plain = html.to_text(body.value) if body.type == "html" else body.value
    return f"{html.excerpt(plain, 200)}  ({len(plain)} characters)"


def _line(value: str, style: str | None = None) -> None:
    console.print(value, style=style, markup=False, soft_wrap=True)
