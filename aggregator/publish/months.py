"""The archive for people: the months in which a stream had news, and each of them in pages of a bounded size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from aggregator import text
from aggregator.model import Config, Story, Stream
from aggregator.publish import page, places

PAGE = 50
"""How many stories one page shows."""
FIRST = 1900
"""The earliest year that has an archive: what is dated before was misread."""
_NAME = re.compile(r"(?P<year>(?:19|20|21)\d\d)-(?P<month>0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    month: int

    @property
    def name(self) -> str:
        """``2026-11``, as addresses have it."""
        return f"{self.year:04}-{self.month:02}"

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def begins(self, zone: ZoneInfo) -> datetime:
        """Its first moment on the clock of *zone*, in UTC."""
        return datetime(self.year, self.month, 1, tzinfo=zone).astimezone(UTC)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The first moment after it."""
        return self.next.begins(zone)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many stories a month has; None where only rules that are not kept in the database would say."""

    month: Month
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A page of a month: its *stories*, newest first, and what lies around it.

    *number* is its own and *pages* how many there are; *older* and *newer* are the nearest months with news.
    """

    month: Month
    stories: Sequence[Story]
    number: int
    pages: int
    older: Month | None
    newer: Month | None


@dataclass(frozen=True, slots=True)
class _Way:
    """A link to somewhere else in time."""

    href: str
    month: Month


def read(name: str) -> Month | None:
    """The month that ``2026-11`` names."""
    found = _NAME.fullmatch(name)
    return Month(int(found["year"]), int(found["month"])) if found else None


def of(moment: datetime, zone: ZoneInfo) -> Month:
    """The month in which *moment* lies on the clock of *zone*."""
    local = moment.astimezone(zone)
    return Month(local.year, local.month)


def render_list(config: Config, stream: Stream, tallies: Sequence[Tally]) -> bytes:
    """The page of all months, newest first."""
    path = places.months(stream)
    years = [(year, list(found)) for year, found in groupby(tallies, key=lambda each: each.month.year)]
    return page.written(
        config,
        "months.html",
        **_frame(config, stream, path),
        years=years,
    )


def render(config: Config, stream: Stream, leaf: Leaf) -> bytes:
    """A page of a month."""
    path = places.month(stream, leaf.month.name, leaf.number)

    def way(month: Month | None) -> _Way | None:
        return _Way(places.relative(path, places.month(stream, month.name)), month) if month else None

    numbers = range(1, leaf.pages + 1)
    return page.written(
        config,
        "month.html",
        **_frame(config, stream, path),
        month=leaf.month,
        days=page.by_day(config, page.items_of(config, leaf.stories, page.root_of(path))),
        leaves=[(each, places.relative(path, places.month(stream, leaf.month.name, each))) for each in numbers],
        number=leaf.number,
        older=way(leaf.older),
        newer=way(leaf.newer),
        months=places.relative(path, places.months(stream)),
    )


def _frame(config: Config, stream: Stream, path: str) -> dict[str, object]:
    return {
        **page.frame(config, page.root_of(path)),
        "canonical": places.base(config) + path,
        "title": text.clean(stream.title) or stream.id,
        "stream": places.relative(path, places.path(config, stream)),
        "feed": places.relative(path, f"/{stream.id}.atom"),
        "zones": [config.zone(id) for id in config.zones_of(stream)],
    }
