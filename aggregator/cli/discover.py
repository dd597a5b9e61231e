"""``aggregator discover``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from aggregator import uri
from aggregator.cli.blocks import block, comment, ident
from aggregator.cli.opml import known_zone, optional
from aggregator.cli.options import ConfigOption, JsonOption
from aggregator.cli.output import local, print_json, rfc3339
from aggregator.cli.reading import Read, Reader, reader
from aggregator.model import Article, Config, Feed, Link, Source, Zone
from aggregator.parse.discover import Discovered, Proposal

_READ = 5
_COMMENTS = re.compile(r"comment|reactie|kommentar", re.IGNORECASE)
_SHOWN = 10
_VERIFY = """Verify before you rely on it:
- open the page in a browser: are these its newest items, all of them, with these titles and days?
- keep id as it is afterwards; title and zone are yours to choose
- aggregator check --online says whether the program reads it, and tells you when the page has changed"""
_NOTHING = """Found neither a feed nor a list that reads like news.
- is this the page that lists the news, and not the home page or a single item?
- a page that is made by scripts in the browser holds nothing for others; ask the site's owner for a feed
- [sources.page] can still be written by hand: see config/aggregator.toml"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source that could be configured, what it reads now, and what to know about it."""

    source: Source
    feed: Feed | None
    note: str


def discover(
    url: Annotated[str, typer.Argument(help="The address of a site's news.")],
    zone: Annotated[str | None, typer.Option("--zone", help="The zone that publishes it.")] = None,
    allow_private: Annotated[
        list[str] | None, typer.Option("--allow-private", help="A private network to read from, e.g. 127.0.0.0/8.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Find out how a site's news can be read: the feeds that its page announces, else its list of news.

    Prints a [[sources]] block for the configuration, and in comments what it would read and what to verify. Stores
    nothing and needs no configuration. Exit status 1 when nothing was found.
    """
    settings = optional(config)
    if zone:
        known_zone(settings, zone)
    if allow_private:
        settings = replace(settings, fetch=replace(settings.fetch, allow_private=tuple(allow_private)))
    found, candidates = asyncio.run(_look(url, settings, zone))
    if json:
        print_json(as_json(url, found, candidates))
    else:
        typer.echo("\n".join(_told(url, found, candidates, settings)))
    if not any(candidate.feed for candidate in candidates):
        raise typer.Exit(1)


async def _look(url: str, config: Config, zone: str | None) -> tuple[Discovered, list[Candidate]]:
    async with reader(config.fetch, config.parse, config.timezone) as reading:
        found = await reading.look(url)
        home = _zone(url, config, zone)
        taken = {source.id for source in config.sources}
        base = Source(id=_id(url, taken), zone=home, url=url)
        if found.feed:
            itself = replace(base, type="sitemap" if found.sitemap else "feed")
            return found, [Candidate(itself, found.feed, f"This address is itself a {itself.type}.")]
        candidates = [
            _announced(replace(base, url=link.href), link, await reading.target(link.href, base, None))
            for link in found.announced[:_READ]
        ]
        candidates.sort(key=_worth)
        if not any(candidate.feed for candidate in candidates):
            candidates += [await _proposed(base, proposal, reading) for proposal in found.proposals]
    return found, candidates


def _id(url: str, taken: set[str]) -> str:
    parts = urlsplit(url)
    site = (parts.hostname or "").removeprefix("www.").rpartition(".")[0]
    last = parts.path.rstrip("/").rpartition("/")[2].partition(".")[0]
    return ident(f"{site} {last}", taken)


def _zone(url: str, config: Config, wanted: str | None) -> str:
    """The zone that was named, else the one whose site this is, else the first."""
    site = uri.host(uri.canonical(url))
    of_site = (zone.id for zone in config.zones if zone.url and uri.host(uri.canonical(zone.url)) == site)
    return wanted or next(of_site, config.zones[0].id if config.zones else ident(site, set()))


def _announced(source: Source, link: Link, result: Read) -> Candidate:
    title = f' ("{link.title}")' if link.title else ""
    if result.feed is None:
        return Candidate(source, None, f"The page announces a feed{title} that cannot be read: {result.error}")
    return Candidate(replace(source, type="feed"), result.feed, f"The page announces this feed{title}.")


def _worth(candidate: Candidate) -> tuple[bool, bool, bool]:
    """What can be read comes first, what holds something before what is empty, and comments last."""
    named = f"{candidate.source.url} {candidate.note}"
    return candidate.feed is None, bool(_COMMENTS.search(named)), not (candidate.feed and candidate.feed.entries)


async def _proposed(base: Source, proposal: Proposal, reading: Reader) -> Candidate:
    """A list of the page; where it names no dates or no texts, with what one of its articles adds."""
    source = replace(base, type="page", key=proposal.key, page=proposal.page)
    entries = proposal.feed.entries
    note = f"The page announces no feed that can be read; it has a list of {len(entries)} items that reads like news."
    if all(entry.published and entry.summary for entry in entries):
        return Candidate(source, proposal.feed, note)
    note += "\nThe list does not say everything; [sources.article] reads the page behind each new item as well."
    source = replace(source, article=Article())
    article = await reading.article(source, entries[0])
    if isinstance(article, str):
        note += f"\nBut that of the first item could not be read: {article}"
        return Candidate(replace(source, article=None), proposal.feed, note)
    return Candidate(source, replace(proposal.feed, entries=(article, *entries[1:])), note)


# -- what is printed -----------------------------------------------------------------


def _told(url: str, found: Discovered, candidates: list[Candidate], config: Config) -> Iterator[str]:
    """TOML that can be pasted as a whole: the best block as it is, everything else in comments."""
    yield comment(f"aggregator discover {url}")
    if found.problem:
        yield comment(f"It cannot be read: {found.problem}")
        return
    best = next((candidate for candidate in candidates if candidate.feed), None)
    if best and not config.zones:
        yield "\n" + block(Zone(id=best.source.zone, name=uri.host(url)))
    for candidate in sorted(candidates, key=lambda each: each is not best):
        yield "\n" + comment(candidate.note)
        yield from _items(candidate.feed, config)
        yield block(candidate.source, commented=candidate is not best)
    yield "\n" + comment(_VERIFY if best else _NOTHING)


def _items(feed: Feed | None, config: Config) -> Iterator[str]:
    entries = feed.entries if feed else ()
    for entry in entries[:_SHOWN]:
        moment = entry.published or entry.updated
        yield comment(f"  {local(moment, config)[:10] if moment else 'no date   '}  {entry.title}")
        yield comment(f"              {entry.link or 'no link'}")
    if len(entries) > _SHOWN:
        yield comment(f"  and {len(entries) - _SHOWN} more")


def as_json(url: str, found: Discovered, candidates: list[Candidate]) -> dict[str, Any]:
    """The stable form, for programs."""
    return {
        "url": url,
        "problem": found.problem,
        "announced": [{"url": link.href, "type": link.type, "title": link.title} for link in found.announced],
        "candidates": [
            {
                "source": {name: value for name, value in asdict(each.source).items() if value is not None},
                "toml": block(each.source),
                "note": each.note,
                "entries": [
                    {"title": entry.title, "link": entry.link, "published": rfc3339(entry.published)}
                    for entry in (each.feed.entries if each.feed else ())
                ],
            }
            for each in candidates
        ],
    }
