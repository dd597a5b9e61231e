"""Stories as a letter: what a subscriber reads, in HTML and in plain text, both complete.

What several zones published comes first, then each zone's own news in the order of the configuration; of every section
the newest stories in full, then some as rows, and the rest as headlines, so that 150 of them stay within what
mail programs show uncut.  What even so does not fit is counted and left to the next edition.
The words stand in ``templates/mail``.  Styles are written into the elements, because many programs drop style sheets;
only what cannot be (dark mode) stays in one.  Nothing is loaded, and every link is its publisher's or our own page's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from email.utils import parseaddr
from urllib.parse import quote
from zoneinfo import ZoneInfo

import css_inline
from babel.dates import format_skeleton

from aggregator import colour, html, i18n, shown, text
from aggregator.model import Config, Digest, Letter, Sighting, Story, Stream

SHOWN = ((4, ALL := 1000), (2, ALL), (2, 8), (1, 2), (0, 0))
"""How many stories of a section are shown in full, and how many of the others as rows: the first with which all fit."""

MAX_MAIL = 90_000
"""Bytes of the whole message as sent; Gmail cuts a message off at 102 kB, and relays add headers."""

MOST = 600
"""Stories that one letter is tried with: a headline and its address take more than ``MAX_MAIL / MOST``."""

_HEADLINE = 60
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
    """A story as a letter shows it."""

    title: str
    href: str | None
    lang: str | None
    published: Moment
    badges: tuple[Badge, ...]
    teaser: str
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The joint stories (*style* is None), or one zone's own: in full, as rows, and as no more than a headline."""

    title: str
    style: str | None
    full: tuple[Item, ...]
    rows: tuple[Item, ...]
    brief: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """A zone's colours, readable on a card in light and in dark."""

    name: str
    light: colour.Badge
    dark: colour.Badge


def render(
    config: Config,
    digest: Digest,
    stories: Sequence[Story],
    frozen: datetime,
    size: Callable[[Letter], int],
    *,
    updates: Sequence[Story] = (),
) -> tuple[Letter, int]:
    """The letter of an edition, frozen at *frozen*, and how many of *stories*, from the first on, it holds.

    *stories* are as the digest's stream shows them (``Story.within``), in the order in which they are to be mailed;
    *size* gives the bytes of a letter's message.  Of too many, the letter holds as many as fit, one at least.
    *updates* are stories that its readers were mailed before and that were edited since.
    """
    for shown_so in SHOWN if len(stories) <= MOST else ():
        letter = _letter(config, digest, stories, frozen, shown_so, 0)
        if size(letter) < MAX_MAIL:
            return letter, len(stories)

    def first(count: int) -> Letter:
        return _letter(config, digest, stories[:count], frozen, SHOWN[-1], len(stories) - count)

    many = max(1, bisect_left(range(1, min(len(stories), MOST) + 1), MAX_MAIL, key=lambda count: size(first(count))))
    return first(many), many


def _letter(
    config: Config, digest: Digest, stories: Sequence[Story], frozen: datetime, shown_so: tuple[int, int], more: int
) -> Letter:
    stream = config.stream(digest.stream)
    newest = sorted(stories, key=lambda story: (story.published, story.id), reverse=True)
    title = text.clean(digest.title or stream.title) or digest.id
    first = next((story for story in newest if len(story.zones) > 1), next(iter(newest), None))
    subject = _subject(config, title, first, len(newest) - 1, frozen)
    styles = _styles(config, newest)
    words = {
        "subject": subject,
        "title": title,
        "frozen": frozen,
        "count": len(newest),
        "joint": sum(len(story.zones) > 1 for story in newest),
        "preheader": _preheader(first, newest),
        "sections": _sections(config, stream, newest, styles, shown_so),
        "more": more,
        "styles": list(styles.values()),
        "publishers": [text.clean(config.zone(id).name) for id in config.zones_of(stream)],
        "direction": "rtl" if i18n.locale(config.language).text_direction == "rtl" else "ltr",
        **_places(config, stream),
    }
    environment = i18n.environment(config.language, config.timezone)
    return Letter(
        subject=subject,
        text=environment.get_template("mail/digest.txt").render(words),
        html=_inlined(environment.get_template("mail/digest.html").render(words)),
    )


def _inlined(markup: str) -> str:
    """Styles from the sheet to the elements, and no line breaks between elements."""
    lines = (line.strip() for line in markup.splitlines())
    return css_inline.inline("\n".join(filter(None, lines)).replace(">\n<", "><"), load_remote_stylesheets=False)


def _places(config: Config, stream: Stream) -> dict[str, str | None]:
    """Where the reader can go: the page, the feed, and the mailbox that takes their name off the list."""
    base = config.base_url.rstrip("/")
    address = parseaddr(config.mail.reply_to or config.mail.sender)[1] if config.mail else ""
    return {
        "page": f"{base}/" if config.streams[0].id == stream.id else f"{base}/{stream.id}/",
        "feed": f"{base}/{stream.id}.atom",
        "address": address,
        "unsubscribe": f"mailto:{quote(address, safe='@')}?subject=unsubscribe",
    }


# -- subject -----------------------------------------------------------------------


def _subject(config: Config, title: str, first: Story | None, more: int, frozen: datetime) -> str:
    """The headline of *first*, how many more there are, and the day.

    The day keeps subjects apart when a headline comes back ("Resultaten verkeerscontrole"): mail programs take equal
    subjects for one conversation.
    """
    headline = html.excerpt(shown.title(first.lead) if first else title, _HEADLINE)
    if more > 0:
        words = i18n.translations(config.language).ungettext(
            "%(headline)s and %(num)d more story", "%(headline)s and %(num)d more stories", more
        )
        headline = words % {"headline": headline, "num": more}
    day = frozen.astimezone(ZoneInfo(config.timezone)).date()
    return text.clean(f"{headline} ({format_skeleton('MMMd', day, locale=i18n.locale(config.language))})")


def _preheader(first: Story | None, newest: Sequence[Story]) -> str:
    """What a mail program shows beside the subject: the next headlines, or the beginning of the only story."""
    others = [shown.title(story.lead) for story in newest if story is not first]
    return html.excerpt(" · ".join(others[:2]) or (shown.excerpt(first.lead) if first else ""), 140)


# -- sections ----------------------------------------------------------------------


def _sections(
    config: Config, stream: Stream, newest: Sequence[Story], styles: Mapping[str, Style], shown_so: tuple[int, int]
) -> list[Section]:
    """What several zones published, then what each zone alone did; no empty ones."""
    together = i18n.translations(config.language).ugettext("Published together")
    groups: dict[str | None, list[Story]] = {None: []}
    groups |= {zone: [] for zone in (*config.zones_of(stream), *styles)}
    for story in newest:
        groups[story.zones[0] if len(story.zones) == 1 else None].append(story)
    return [
        _section(
            together if zone is None else text.clean(shown.zone(config, zone).name),
            None if zone is None else styles[zone].name,
            [_item(config, story, styles) for story in group],
            *shown_so,
        )
        for zone, group in groups.items()
        if group
    ]


def _section(title: str, style: str | None, items: Sequence[Item], full: int, rows: int) -> Section:
    brief = full + rows
    return Section(
        title=title,
        style=style,
        full=tuple(items[:full]),
        rows=tuple(items[full:brief]),
        brief=tuple(items[brief:]),
    )


def _item(config: Config, story: Story, styles: Mapping[str, Style]) -> Item:
    link = shown.main_link(story)
    return Item(
        title=html.excerpt(shown.title(story.lead), _TITLE),
        href=_short(config, link.href) if link else None,
        lang=shown.language(story.lead),
        published=_moment(config, story.published),
        badges=tuple(
            Badge(name=shown.short_name(config, shown.zone(config, zone)), style=styles[zone].name)
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


def _styles(config: Config, stories: Iterable[Story]) -> dict[str, Style]:
    """A class for every zone that is shown, in the order of the configuration; zones that left it come last."""
    found = {zone for story in stories for zone in story.zones}
    known = [zone.id for zone in config.zones if zone.id in found]
    return {
        id: _style(f"z{number}", shown.zone(config, id).color)
        for number, id in enumerate((*known, *sorted(found.difference(known))))
    }


def _style(name: str, own: str) -> Style:
    return Style(name=name, light=colour.badge(own, *_LIGHT), dark=colour.badge(own, *_DARK))
