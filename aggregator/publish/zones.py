"""``/zones/``: who publishes here, for people; and what the scheme of the zones' categories leads to."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator import text
from aggregator.model import Config
from aggregator.publish import page, places


@dataclass(frozen=True, slots=True)
class Row:
    """A zone: its page here, its own site, its feed, its older news."""

    badge: page.Badge
    name: str
    page: str
    site: str | None
    feed: str
    months: str


def render(config: Config) -> bytes:
    """The page's bytes: the same for the same configuration."""
    root = page.root_of(places.ZONES)
    return page.written(
        config,
        "zones.html",
        **page.frame(config, root),
        canonical=places.base(config) + places.ZONES,
        rows=[
            Row(
                badge=page.badges(config, [zone.id], root)[0],
                name=text.clean(zone.name) or zone.id,
                page=f"{root}zones/{zone.id}/",
                site=zone.url,
                feed=f"{root}zones/{zone.id}.atom",
                months=root + places.months(places.of_zone(zone))[1:],
            )
            for zone in config.zones
        ],
    )
