"""The stories of a letter under their headings, each as much as is shown of it; and the zones' colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from aggregator import colour, html, i18n, shown, text
from aggregator.digest.told import Told
from aggregator.model import Config, Sighting, Story, Stream

_PINNED, _HELP, _TOGETHER, _AGAIN = "~pinned", "~help", "~together", "~again"  # no zone can have such an id
_TEASER = 220
_HREF = 500
_TITLE = 250  # beyond it, somebody put the text into the title
_LIGHT, _DARK = ("#ffffff", 0.1), ("#15212e", 0.22)  # a card's ground, and a badge's share of its zone's colour


@dataclass(frozen=True, slots=True)
class Badge:
    """A zone that published a story, by its short name; *style* is its class."""

    name: str
    style: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was published; *whole_day* when its publisher gave no time."""

    at: datetime
    whole_day: bool


@dataclass(frozen=True, slots=True)
class Other:
    """Another source of a story."""

    name: str
    href: str | None
    published: Moment


@dataclass(frozen=True, slots=True)
class Item:
    """A story as a letter shows it; *updated* where that is why it is shown."""

    title: str
    href: str | None
    lang: str | None
    published: Moment
    updated: Moment | None
    badges: tuple[Badge, ...]
    teaser: str
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Stories under one heading: in full, as rows, and as no more than a headline.

    *style* is ``help``, ``together``, ``again``, or a zone's.
    """

    title: str
    style: str
    full: tuple[Item, ...]
    rows: tuple[Item, ...]
    brief: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Stories that stand under one heading; *id* is a zone's, or one that no zone can have."""

    id: str
    heading: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """A zone's colours, readable on a card in light and in dark."""

    name: str
    light: colour.Badge
    dark: colour.Badge


def sections(
    config: Config, stream: Stream, told: Told, looks: Mapping[str, Style], shown_so: tuple[int, int]
) -> list[Section]:
    """``grouped``, as a letter shows it."""
    return [
        _section(
            group.heading,
            looks[group.id].name if group.id in looks else group.id[1:],
            [_item(config, story, looks, again=group.id == _AGAIN) for story in group.stories],
            *shown_so,
        )
        for group in grouped(config, stream, told)
    ]


def grouped(config: Config, stream: Stream, told: Told) -> list[Group]:
    """What an editor pinned, who asks for help, what several zones published, what each zone alone did, what changed.

    No empty ones.
    """
    gettext = i18n.translations(config.language).ugettext
    zones = dict.fromkeys((*config.zones_of(stream), *sorted(zone for story in told.newest for zone in story.zones)))
    groups: dict[str, list[Story]] = {_PINNED: [], _HELP: [], _TOGETHER: [], **{zone: [] for zone in zones}}
    groups[_AGAIN] = [*told.again]
    for story in told.newest:
        own = story.zones[0] if len(story.zones) == 1 else _TOGETHER
        groups[_PINNED if story.pinned else _HELP if story.id in told.urgent else own].append(story)
    headings = {
        _PINNED: gettext("In the spotlight"),
        _HELP: gettext("Your help is asked"),
        _TOGETHER: gettext("Published together"),
        _AGAIN: gettext("Updated since the last mail"),
    }
    return [
        Group(id, headings.get(id) or text.clean(shown.zone(config, id).name), tuple(stories))
        for id, stories in groups.items()
        if stories
    ]


def _section(title: str, style: str, items: Sequence[Item], full: int, rows: int) -> Section:
    brief = full + rows
    return Section(
        title=title,
        style=style,
        full=tuple(items[:full]),
        rows=tuple(items[full:brief]),
        brief=tuple(items[brief:]),
    )


def _item(config: Config, story: Story, looks: Mapping[str, Style], *, again: bool) -> Item:
    link = shown.main_link(story)
    return Item(
        title=html.excerpt(shown.title(story.lead), _TITLE),
        href=_short(config, link.href) if link else None,
        lang=shown.language(story.lead),
        published=_moment(config, story.published),
        updated=Moment(at=story.updated, whole_day=False) if again else None,
        badges=tuple(
            Badge(name=shown.short_name(config, shown.zone(config, zone)), style=looks[zone].name)
            for zone in story.zones
        ),
        # One that ends with a sentence needs no mark of having been cut: the headline leads to the rest.
        teaser=html.excerpt(shown.excerpt(story.lead), _TEASER).removesuffix(" …"),
        others=tuple(_other(config, copy) for copy in shown.others(story)),
    )


def _other(config: Config, copy: Sighting) -> Other:
    link = shown.link(copy)
    return Other(
        name=text.clean(shown.zone(config, copy.zone).name),
        href=_short(config, link.href) if link else None,
        published=_moment(config, copy.published),
    )


def _short(config: Config, href: str) -> str:
    """An address that would fill the mail by itself gives way to our own page."""
    return href if len(href) <= _HREF else f"{config.base_url.rstrip('/')}/"


def _moment(config: Config, moment: datetime) -> Moment:
    return Moment(at=moment, whole_day=moment.astimezone(ZoneInfo(config.timezone)).time() == time())


def styles(config: Config, stories: Iterable[Story]) -> dict[str, Style]:
    """A class for every zone that is shown, in the order of the configuration; zones that left it come last."""
    found = {zone for story in stories for zone in story.zones}
    known = [zone.id for zone in config.zones if zone.id in found]
    return {
        id: _style(f"z{number}", shown.zone(config, id).color)
        for number, id in enumerate((*known, *sorted(found.difference(known))))
    }


def _style(name: str, own: str) -> Style:
    return Style(name=name, light=colour.badge(own, *_LIGHT), dark=colour.badge(own, *_DARK))
