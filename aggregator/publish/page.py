"""The page of a stream, for people.

Every link inside the site is relative, so that the page works below any path prefix and from a folder of files.
The templates (``templates/page``) hold the words; what is hostile is cleaned before it gets there and escaped there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from aggregator import i18n, shown, text
from aggregator.model import Config, Sighting, Story, Stream, Zone
from aggregator.publish import places, static


@dataclass(frozen=True, slots=True)
class Badge:
    """A zone that published a story, by its short name."""

    zone: str
    name: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another source of a story; *same_day* as the copy that leads it."""

    name: str
    href: str | None
    published: datetime
    same_day: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A story as the page shows it; *updated* is None when it was not."""

    title: str
    href: str | None
    lang: str | None
    published: datetime
    updated: datetime | None
    badges: tuple[Badge, ...]
    excerpt: str
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """The items of one local day."""

    date: date
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Tab:
    """A stream in the navigation."""

    title: str
    href: str
    current: bool


def render(
    config: Config, stream: Stream, stories: Sequence[Story], changed: datetime, *, root: str | None = None
) -> bytes:
    """The page's bytes, UTF-8.

    *root* is the way from the page up to base_url: empty at ``/``, ``../`` at ``/<id>/`` (and the default there).
    """
    if root is None:
        root = "" if places.path(config, stream) == "/" else "../"
    template = i18n.environment(config.language, config.timezone).get_template("page/stream.html")
    return template.render(
        **frame(config, root),
        title=text.clean(stream.title) or stream.id,
        subtitle=text.clean(stream.subtitle or ""),
        zones=[config.zone(id) for id in config.zones_of(stream)],
        canonical=places.page(config, stream),
        feed=f"{root}{stream.id}.atom",
        tabs=_tabs(config, stream, root),
        days=_days([_item(config, story) for story in stories], ZoneInfo(config.timezone)),
        changed=changed,
    ).encode("utf-8", "replace")


def render_error(config: Config, status: int) -> bytes:
    """The page for 404, 405, 410 and 500, found at any address: its links start at the path of base_url."""
    template = i18n.environment(config.language, config.timezone).get_template("page/error.html")
    return template.render(**frame(config, f"{places.prefix(config)}/"), status=status).encode("utf-8", "replace")


def frame(config: Config, root: str) -> dict[str, object]:
    """What every page needs, whatever it shows."""
    return {
        "root": root,
        "home": root or "./",
        "style": root + static.style_address(config),
        "icon": root + static.ICON[1:],
        "search": config.server.search,
    }


def _tabs(config: Config, stream: Stream, root: str) -> list[Tab]:
    """The streams, when there is a choice."""
    if len(config.streams) < 2:
        return []
    return [
        Tab(
            title=text.clean(other.title) or other.id,
            href=(root + places.path(config, other)[1:]) or "./",
            current=other.id == stream.id,
        )
        for other in config.streams
    ]


def _days(items: Iterable[Item], zone: ZoneInfo) -> list[Day]:
    """The items of each local day together, days and items in the order in which they came."""
    days: dict[date, list[Item]] = {}
    for item in items:
        days.setdefault(item.published.astimezone(zone).date(), []).append(item)
    return [Day(date=day, items=tuple(found)) for day, found in days.items()]


def _item(config: Config, story: Story) -> Item:
    lead, link = story.lead, shown.main_link(story)
    return Item(
        title=shown.title(lead),
        href=link.href if link else None,
        lang=shown.language(lead),
        published=story.published,
        updated=story.updated if story.updated > story.published else None,
        badges=tuple(badge(config, shown.zone(config, id)) for id in story.zones),
        excerpt=shown.excerpt(lead),
        others=tuple(_other(config, story, copy) for copy in shown.others(story)),
    )


def badge(config: Config, zone: Zone) -> Badge:
    """The zone as it stands beside a story."""
    return Badge(zone=zone.id, name=shown.short_name(config, zone))


def _other(config: Config, story: Story, copy: Sighting) -> Other:
    zone, link = ZoneInfo(config.timezone), shown.link(copy)
    return Other(
        name=shown.zone(config, copy.zone).name,
        href=link.href if link else None,
        published=copy.published,
        same_day=copy.published.astimezone(zone).date() == story.published.astimezone(zone).date(),
    )
