"""The pages for people: what they all have, and the page of a stream.

Every link inside the site is relative, so that the pages work below any path prefix and from a folder of files.
The templates (``templates/page``) hold the words; what is hostile is cleaned before it gets there and escaped there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from aggregator import shown, templating, text
from aggregator.model import Config, Sighting, Story, Stream, Zone
from aggregator.publish import places, static

LIGHT = 50_000
"""Bytes that a stream's page takes at most."""
_ITEM, _EXCERPT, _LINK = 160, 24, 17  # bytes of markup around each, at least


@dataclass(frozen=True, slots=True)
class Badge:
    """A zone that published a story, by its short name; *href* is its own page, None where it has none any more."""

    zone: str
    name: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Other:
    """Another source of a story; *same_day* as the copy that leads it."""

    name: str
    href: str | None
    published: datetime
    same_day: bool


@dataclass(frozen=True, slots=True)
class Linked:
    """A story that another one is linked with, by its id, as a link to its own page."""

    id: str
    title: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A link of a page to the page of a story."""

    href: str
    title: str
    lang: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """A story as a list shows it; *page* is its own, *updated* None when it was not."""

    title: str
    href: str | None
    page: str
    lang: str | None
    published: datetime
    updated: datetime | None
    badges: tuple[Badge, ...]
    excerpt: str
    others: tuple[Other, ...]
    related: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """The items of one local day."""

    date: date
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Mails:
    """Where the editions of a digest can be read."""

    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A stream in the navigation."""

    title: str
    href: str
    current: bool


Links = Mapping[str, Sequence[Linked]]
"""The stories that each story is linked with, by its id."""


def render(
    config: Config,
    stream: Stream,
    stories: Sequence[Story],
    changed: datetime,
    *,
    root: str | None = None,
    links: Links | None = None,
    pinned: Sequence[Story] = (),
) -> bytes:
    """The bytes of a stream's page: what is *pinned*, then the other *stories* by day.

    *root* is the way from the page up to base_url: empty at ``/``, ``../`` at ``/<id>/`` (and the default there).
    """
    if root is None:
        root = root_of(places.path(config, stream))
    first = {story.id for story in pinned}
    items = items_of(config, [story for story in stories if story.id not in first], root, links)
    above = items_of(config, pinned, root, links)
    made = _stream(config, stream, above, items, changed, root)
    if len(made) > LIGHT:
        made = _stream(config, stream, above, _lighter(items, len(made) - LIGHT), changed, root)
    return made


def _stream(
    config: Config, stream: Stream, pinned: Sequence[Item], items: Sequence[Item], changed: datetime, root: str
) -> bytes:
    return written(
        config,
        "stream.html",
        **frame(config, root),
        title=text.clean(stream.title) or stream.id,
        subtitle=text.clean(stream.subtitle or ""),
        zones=[config.zone(id) for id in config.zones_of(stream)],
        canonical=places.page(config, stream),
        hubs=config.hubs,
        feed=f"{root}{stream.id}.atom",
        months=root + places.months(stream)[1:],
        tabs=_tabs(config, stream, root),
        mails=_mails(config, stream, root),
        pinned=pinned,
        days=by_day(config, items),
        changed=changed,
    )


def _lighter(items: Sequence[Item], surplus: int) -> list[Item]:
    """The items when *surplus* bytes have to go: the oldest lose their excerpts first; what is too much even so is
    left to the months.
    """
    kept = list(items)
    for at in reversed(range(len(kept))):
        if surplus > 0:
            surplus -= _bytes(kept[at].excerpt) + _EXCERPT
            surplus -= sum(_bytes(each.title, each.href) + _LINK for each in kept[at].related)
            kept[at] = replace(kept[at], excerpt="", related=())
    while surplus > 0 and len(kept) > 1:
        last = kept.pop()
        surplus -= _ITEM + _bytes(last.title, last.href or "", *(other.name for other in last.others))
    return kept


def _bytes(*texts: str) -> int:
    """What they take in a page, where what could be markup is written in four or five bytes."""
    escaped = sum(3 * each.count(sign) for each in texts for sign in "<>")
    escaped += sum(4 * each.count(sign) for each in texts for sign in "&'\"")
    return escaped + sum(len(each.encode("utf-8", "replace")) for each in texts)


def render_error(config: Config, status: int) -> bytes:
    """The page for 404, 405, 410, 500 and 503, found at any address: its links start at the path of base_url."""
    return written(config, "error.html", **frame(config, f"{places.prefix(config)}/"), status=status)


def written(config: Config, name: str, **values: object) -> bytes:
    """A template of a page with its values, UTF-8."""
    return templating.written(config, f"page/{name}", values).encode("utf-8", "replace")


def frame(config: Config, root: str) -> dict[str, object]:
    """What every page needs, whatever it shows."""
    first = config.streams[0] if config.streams else None
    return {
        "root": root,
        "home": root or "./",
        "style": root + static.style_address(config),
        "icon": root + static.icon_address(config),
        "icon_type": config.theme.icon_type,
        "emblem": config.theme.icon is not None,
        "tint": static.tint(config),
        "site": text.clean(config.publish.name or (first.title if first else "")),
        "archive": root + places.months(first)[1:] if first else "",
        "search": config.server.search,
        "subscribe": root + places.SUBSCRIBE[1:] if places.is_open(config) else "",
    }


def root_of(path: str) -> str:
    """The way up to base_url from a page at *path* below it."""
    return "../" * (path.count("/") - 1)


def items_of(config: Config, stories: Sequence[Story], root: str, links: Links | None = None) -> list[Item]:
    """The stories as a list shows them that is *root* away from base_url."""
    known = links or {}
    return [_item(config, story, root, known.get(story.id, ())) for story in stories]


def by_day(config: Config, items: Iterable[Item]) -> list[Day]:
    """The items of each local day together, days and items in the order in which they came."""
    zone, days = ZoneInfo(config.timezone), dict[date, list[Item]]()
    for item in items:
        days.setdefault(item.published.astimezone(zone).date(), []).append(item)
    return [Day(date=day, items=tuple(found)) for day, found in days.items()]


def badges(config: Config, zones: Iterable[str], root: str) -> tuple[Badge, ...]:
    """The zones with these ids as links to their pages."""
    here = {zone.id for zone in config.zones}
    return tuple(_badge(config, shown.zone(config, id), root if id in here else None) for id in zones)


def _badge(config: Config, zone: Zone, root: str | None) -> Badge:
    href = None if root is None else f"{root}zones/{zone.id}/"
    return Badge(zone=zone.id, name=shown.short_name(config, zone), href=href)


def seen(linked: Iterable[Linked], root: str) -> tuple[Seen, ...]:
    """Links to stories' own pages from a page that is *root* away from base_url."""
    return tuple(Seen(root + places.story(each.id)[1:], each.title, each.lang) for each in linked)


def _mails(config: Config, stream: Stream, root: str) -> list[Mails]:
    """The digests of a stream that everybody may read."""
    theirs = (each for each in config.digests if each.public and each.stream == stream.id)
    return [
        Mails(text.clean(each.title or stream.title) or each.id, root + places.editions(each.id)[1:]) for each in theirs
    ]


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


def _item(config: Config, story: Story, root: str, links: Sequence[Linked]) -> Item:
    lead, link = story.lead, shown.main_link(story)
    return Item(
        title=shown.title(lead),
        href=link.href if link else None,
        page=root + places.story(story.id)[1:],
        lang=shown.language(lead),
        published=story.published,
        updated=story.updated if story.updated > story.published else None,
        badges=badges(config, story.zones, root),
        excerpt=shown.excerpt(lead),
        others=tuple(_other(config, story, copy) for copy in shown.others(story)),
        related=seen(links, root),
    )


def _other(config: Config, story: Story, copy: Sighting) -> Other:
    zone, link = ZoneInfo(config.timezone), shown.link(copy)
    return Other(
        name=shown.zone(config, copy.zone).name,
        href=link.href if link else None,
        published=copy.published,
        same_day=copy.published.astimezone(zone).date() == story.published.astimezone(zone).date(),
    )
