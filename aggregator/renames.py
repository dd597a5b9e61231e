"""What was renamed in the configuration keeps its stories: applied once, when a configuration is taken up.

A source names its former ids in ``aliases``, a zone and a stream in ``was``; several may have become one.  Nothing
happens twice: what was done is noted, until something takes the old id again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from aggregator.model import Config
from aggregator.store import Tx

NOTED = "renames"
_OF_SOURCE = ("own", "guid", "path", "slug", "words", "here")
"""The kinds of keys that name their source (``match.keys``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """A *kind* of thing (source, zone, stream) whose id was *old*; when it was done, and to how many *copies*."""

    kind: str
    old: str
    new: str
    at: str = ""
    copies: int = 0


def wanted(config: Config) -> list[Renaming]:
    """What the configuration says was renamed."""
    return [
        *(Renaming(kind="zone", old=old, new=zone.id) for zone in config.zones for old in zone.was),
        *(Renaming(kind="source", old=old, new=source.id) for source in config.sources for old in source.aliases),
        *(Renaming(kind="stream", old=old, new=stream.id) for stream in config.streams for old in stream.was),
    ]


def done(tx: Tx) -> list[Renaming]:
    """What was renamed in the database, in its order."""
    return [Renaming(**each) for each in json.loads(tx.meta.get(NOTED) or "[]")]


def pending(tx: Tx, config: Config) -> list[Renaming]:
    """What the configuration wants and the database has not had yet."""
    before = done(tx)
    return [each for each in wanted(config) if not _holds(each, before) or _is_back(tx, each)]


def apply(tx: Tx, config: Config, now: datetime) -> list[Renaming]:
    """Do what is pending, in the transaction of *tx*."""
    found = pending(tx, config)
    if not found:
        return []
    made = [Renaming(kind=r.kind, old=r.old, new=r.new, at=now.isoformat(), copies=_rename(tx, r)) for r in found]
    tx.meta.put(NOTED, json.dumps([asdict(each) for each in (*done(tx), *made)]))
    for counter in ("revision", "polls"):
        tx.meta.put(counter, str(int(tx.meta.get(counter) or 0) + 1))
    return made


def _holds(each: Renaming, before: list[Renaming]) -> bool:
    """Whether it was done, and nothing was given the old id since."""
    latest = next((b for b in reversed(before) if b.kind == each.kind and each.old in (b.old, b.new)), None)
    return latest is not None and (latest.old, latest.new) == (each.old, each.new)


def _is_back(tx: Tx, each: Renaming) -> bool:
    """Whether a process with the former configuration polled the source once more after it was renamed."""
    return each.kind == "source" and tx.polls.of(each.old) is not None


def _rename(tx: Tx, each: Renaming) -> int:
    old, new = each.old, each.new
    if each.kind == "zone":
        return tx.renames.zone(old, new)
    if each.kind == "stream":
        return tx.renames.stream(old, new)
    prefixes = [(f"{kind}:{old}:", f"{kind}:{new}:") for kind in _OF_SOURCE]
    return tx.renames.source(old, new, rekeyed=partial(_rekeyed, prefixes=prefixes), prefixes=prefixes)


def _rekeyed(key: str, prefixes: list[tuple[str, str]]) -> str:
    return next((after + key.removeprefix(before) for before, after in prefixes if key.startswith(before)), key)
