"""Addresses that lead elsewhere or nowhere: guessed ones, and those of streams that were renamed or are no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from aggregator.model import Config, Document
from aggregator.publish import page, places, static

FORMATS = ("atom", "rss", "json", "opml")
GUESSES = {
    "atom": ("feed", "feed/", "atom", "atom/", "atom.xml", "feed.atom", "feed.xml", "feed/atom/", "index.xml"),
    "rss": ("rss", "rss/", "rss.xml", "feed.rss", "feed/rss/", "index.rss", "rss2.xml"),
    "json": ("feed.json", "feed/json/", "index.json"),
}
"""What programs and people try when they look for a feed, here and in the most used systems of the web."""
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


def documents(config: Config, known: Iterable[str], renames: Mapping[str, str]) -> dict[str, Document]:
    """What stands at such addresses.

    *known* are the ids of all streams that there have ever been, *renames* what became of a former id.
    """
    here = {stream.id for stream in places.streams(config)}
    renamed = renamings(config, renames)
    known = {*known, *_former(config, renames)}
    gone = [path for id in sorted(known) if id not in here and id not in renamed for path in _paths(id)]
    made = dict.fromkeys(gone, _gone(config)) if gone else {}
    for former, id in renamed.items():
        made |= {path: _moved(config, path, to) for path, to in zip(_paths(former), _paths(id), strict=True)}
    return made | {path: _moved(config, path, to) for path, to in _guessed(config)}


def renamings(config: Config, renames: Mapping[str, str]) -> dict[str, str]:
    """The id that each stream, or zone as a stream, has now, by the ids that it had."""
    here = {stream.id for stream in places.streams(config)}
    now = _former(config, renames)
    return {former: id for former in now if former not in here and (id := _latest(former, now)) in here}


def below(config: Config, renames: Mapping[str, str], path: str) -> Document | None:
    """A redirect from a page below a former id, of its archive or its months, to where that is now."""
    for former, id in renamings(config, renames).items():
        if path.startswith(f"/{former}/"):
            return _moved(config, path, f"/{id}/{path.removeprefix(f'/{former}/')}")
    return None


def _former(config: Config, renames: Mapping[str, str]) -> dict[str, str]:
    zones = {f"zones/{former}": f"zones/{zone.id}" for zone in config.zones for former in zone.was}
    return dict(renames) | zones | {former: stream.id for stream in config.streams for former in stream.was}


def _latest(id: str, renames: Mapping[str, str]) -> str:
    """What an id has become; one that was given back to its first owner goes nowhere."""
    seen: set[str] = set()
    while id in renames and id not in seen:
        seen.add(id)
        id = renames[id]
    return id


def _paths(id: str) -> list[str]:
    return [f"/{id}/", *(f"/{id}.{format}" for format in FORMATS)]


def _guessed(config: Config) -> Iterator[tuple[str, str]]:
    """At the root for the first stream, below a stream's page for that one."""
    for place, stream in [("/", config.streams[0]), *((f"/{each.id}/", each) for each in config.streams)]:
        for format, names in GUESSES.items():
            yield from ((f"{place}{name}", f"/{stream.id}.{format}") for name in names)


def _moved(config: Config, path: str, to: str) -> Document:
    """A permanent redirect; its target is a path below base_url."""
    made = static.document("text/plain; charset=utf-8", f"{places.base(config)}{to}\n".encode(), _UNDATED)
    return replace(made, status=301, location=places.relative(path, to))


def _gone(config: Config) -> Document:
    made = static.document("text/html; charset=utf-8", page.render_error(config, 410), _UNDATED)
    return replace(made, status=410)
