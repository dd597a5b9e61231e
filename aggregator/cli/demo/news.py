"""The news of the sample zones: what they have published when the demo starts, and what follows while it runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

TIMEZONE = ZoneInfo("Europe/Brussels")
_DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")
_MOMENT = re.compile(r"\{(week|" + "|".join(_DAYS) + r")([+-]\d+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleZone:
    """An invented police zone, as its site speaks of it."""

    id: str
    name: str
    towns: str
    address: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A press release, word for word as every zone that brings it does."""

    title: str
    category: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """*published*: zone, moment and release, oldest first.  *later*: zone and release, in the order of appearance."""

    zones: Mapping[str, SampleZone]
    published: tuple[tuple[str, datetime, Release], ...]
    later: tuple[tuple[str, Release], ...]


def read(now: datetime) -> News:
    """The sample news of a demo that starts *now*: ages, weekdays and week numbers are counted from then."""
    sample = tomllib.loads((files("aggregator") / "sample" / "news.toml").read_text(encoding="utf-8"))
    published: list[tuple[str, datetime, Release]] = []
    later: list[tuple[int, str, Release]] = []
    for table in sample["releases"]:
        ages = {zone: now - timedelta(minutes=age) for zone, age in table.get("age", {}).items()}
        release = _release(table, min(ages.values(), default=now))
        published += [(zone, moment, release) for zone, moment in ages.items()]
        later += [(step, zone, release) for zone, step in table.get("later", {}).items()]
    return News(
        zones={zone["id"]: SampleZone(**zone) for zone in sample["zones"]},
        published=tuple(sorted(published, key=lambda item: item[1])),
        later=tuple((zone, release) for _, zone, release in sorted(later, key=lambda item: item[0])),
    )


def _release(table: Mapping[str, Any], published: datetime) -> Release:
    paragraphs = re.split(r"\n\s*\n", _dated(table["text"], published).strip())
    return Release(
        title=_dated(table["title"], published),
        category=table["category"],
        paragraphs=tuple(" ".join(paragraph.split()) for paragraph in paragraphs),
    )


def _dated(text: str, published: datetime) -> str:
    """Write out the days and weeks that a text names relative to the week in which it was published."""
    today = published.astimezone(TIMEZONE).date()
    monday = today - timedelta(days=today.weekday())

    def written(moment: re.Match[str]) -> str:
        start = monday + timedelta(weeks=int(moment[2]))
        if moment[1] == "week":
            return str(start.isocalendar().week)
        return format_date(start + timedelta(days=_DAYS.index(moment[1])), "EEEE d MMMM", locale="nl_BE")

    return _MOMENT.sub(written, text)
