"""A digest's editions for everybody: a page each, the list of them, and a feed of the latest.

Nothing on them belongs to a reader.  They show the stories of an edition as they read today, so that what was withdrawn
after it was mailed is gone from here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from markupsafe import Markup, escape

import aggregator
from aggregator import i18n, shown, text, uri
from aggregator.model import Config, Digest, Document, Edition, Link, Story
from aggregator.publish import atom, entry, page, places, static

LATEST = 30
"""How many editions the feed has."""
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Part:
    """The stories of an edition that stand under one heading."""

    heading: str
    stories: Sequence[Story]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An edition as it is shown: *headline* says what is in it, *newer* and *older* are its neighbours."""

    edition: Edition
    headline: str
    parts: Sequence[Part]
    newer: Edition | None = None
    older: Edition | None = None


@dataclass(frozen=True, slots=True)
class _Listed:
    """A link to an edition."""

    href: str
    frozen: datetime
    stories: int


def title(config: Config, digest: Digest) -> str:
    """What readers know the digest by."""
    return text.clean(digest.title or config.stream(digest.stream).title) or digest.id


def render(config: Config, digest: Digest, issue: Issue, changed: datetime) -> Document:
    """The page of one edition."""
    path = places.edition(digest.id, issue.edition.slot)
    root = page.root_of(path)
    content = page.written(
        config,
        "edition.html",
        **_frame(config, digest, path),
        edition=issue.edition,
        headline=issue.headline,
        parts=[(part.heading, page.items_of(config, part.stories, root)) for part in issue.parts],
        newer=_listed(path, issue.newer),
        older=_listed(path, issue.older),
    )
    return static.document(_HTML, content, changed)


def render_list(config: Config, digest: Digest, editions: Sequence[Edition], changed: datetime) -> Document:
    """The page of all editions, newest first."""
    path, zone = places.editions(digest.id), ZoneInfo(config.timezone)
    months = groupby(editions, key=lambda each: each.frozen.astimezone(zone).date().replace(day=1))
    content = page.written(
        config,
        "editions.html",
        **_frame(config, digest, path),
        months=[(month, [_listed(path, each) for each in found]) for month, found in months],
    )
    return static.document(_HTML, content, changed)


def feed(config: Config, digest: Digest, issues: Sequence[Issue], changed: datetime) -> Document:
    """The Atom feed of the latest editions, an entry each (RFC 4287)."""
    own, home = places.base(config) + places.editions_feed(digest.id), places.base(config) + places.editions(digest.id)
    made = FeedGenerator()
    made.id(uri.tag(places.authority(config), f"mail/{digest.id}"))
    made.title(title(config, digest))
    made.updated(entry.second(max((issue.edition.frozen for issue in issues), default=changed)))
    made.author({"name": title(config, digest), "uri": home})
    made.language(config.language)
    made.generator("aggregator", version=aggregator.__version__)
    made.icon(places.base(config) + static.ICON)
    made.link(href=own, rel="self", type=atom.MEDIA_TYPE)
    made.link(href=home, rel="alternate", type="text/html", hreflang=config.language)
    for issue in issues:
        made.add_entry(_entry(config, digest, issue), order="append")
    links = (Link(href=own, rel="self", type=atom.MEDIA_TYPE), Link(href=home, rel="alternate", type="text/html"))
    return static.document(f"{atom.MEDIA_TYPE}; charset=utf-8", made.atom_str(pretty=True), changed, links=links)


def _entry(config: Config, digest: Digest, issue: Issue) -> FeedEntry:
    path = places.edition(digest.id, issue.edition.slot)
    made = FeedEntry()
    made.id(uri.tag(places.authority(config), path[1:-1]))
    made.title(issue.headline or title(config, digest))
    made.published(issue.edition.frozen.replace(microsecond=0))
    made.updated(issue.edition.frozen.replace(microsecond=0))
    made.link(href=places.base(config) + path, rel="alternate", type="text/html")
    made.content(_content(config, issue), type="html")
    return made


def _content(config: Config, issue: Issue) -> str:
    """Headings and headlines with their links; what sources wrote is escaped."""
    return str(Markup("").join(_part(config, part) for part in issue.parts)) or str(escape(_nothing(config)))


def _part(config: Config, part: Part) -> Markup:
    rows = (
        Markup('<li><a href="{}">{}</a></li>').format(_href(config, story), shown.title(story.lead))
        for story in part.stories
    )
    return Markup("<h2>{}</h2><ul>{}</ul>").format(part.heading, Markup("").join(rows))


def _href(config: Config, story: Story) -> str:
    link = shown.main_link(story)
    return link.href if link else places.page_of(config, story.id)


def _nothing(config: Config) -> str:
    gettext = i18n.translations(config.language).ugettext
    return gettext("Nothing of this mail is left.")


def _frame(config: Config, digest: Digest, path: str) -> dict[str, object]:
    stream = config.stream(digest.stream)
    return {
        **page.frame(config, page.root_of(path)),
        "canonical": places.base(config) + path,
        "title": title(config, digest),
        "editions": places.relative(path, places.editions(digest.id)),
        "feed": places.relative(path, places.editions_feed(digest.id)),
        "stream": places.relative(path, places.path(config, stream)),
        "zones": [config.zone(id) for id in config.zones_of(stream)],
    }


def _listed(path: str, edition: Edition | None) -> _Listed | None:
    if edition is None:
        return None
    to = places.edition(edition.digest, edition.slot)
    return _Listed(places.relative(path, to), edition.frozen, edition.stories)
