"""Two police zones' sites as the aggregator meets them: one has a feed, the other a news page and nothing else.

Both show the full text of a release where they list it, so that what both zones bring reads the same word for word,
under different URLs.  Like its models, the page shows the day and the month of an item, and no year.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime as rfc822
from threading import Lock

from babel.dates import format_date, format_datetime

from aggregator.cli.demo.loopback import Answer, Loopback, render
from aggregator.cli.demo.news import TIMEZONE, News, Release, SampleZone, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a site keeps its news.  *item* is a format with ``{id}`` and ``{slug}``; *first* is the first item's id."""

    news: str
    item: str
    feed: str | None = None
    first: int


LAYOUTS: Mapping[str, Layout] = {
    "elzenbeek": Layout(news="/nieuws", item="/nieuws/{id}-{slug}", feed="/nieuws/rss.xml", first=2871),
    "wijtervoort": Layout(news="/nl/news", item="/nl/news/detail/{id}/{slug}", first=372),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A release on one site."""

    id: int
    path: str
    release: Release
    published: datetime

    @property
    def day(self) -> str:
        """The date badge, such as ``3 mrt``."""
        return format_date(self.published.astimezone(TIMEZONE).date(), "d MMM", locale="nl_BE")

    @property
    def date(self) -> str:
        """The day and the time for people, such as ``23 november 2026, 07:45``."""
        return format_datetime(self.published.astimezone(TIMEZONE), "d MMMM y, HH:mm", locale="nl_BE")

    @property
    def moment(self) -> str:
        """The publication as RSS 2.0 writes it (RFC 822), in local time."""
        return rfc822(self.published.astimezone(TIMEZONE))


class Site:
    """The site of one sample zone, served from memory on loopback."""

    def __init__(self, zone: SampleZone, layout: Layout) -> None:
        self.zone = zone
        self._layout = layout
        self._items: tuple[Item, ...] = ()
        self._server = Loopback(self._answer)
        self.url = f"{self._server.url}/"

    @property
    def news(self) -> str:
        """The URL of the news page."""
        return self._server.url + self._layout.news

    @property
    def feed(self) -> str | None:
        """The URL of the RSS feed, None for a site without one."""
        return self._layout.feed and self._server.url + self._layout.feed

    @property
    def items(self) -> tuple[Item, ...]:
        """What the site shows, newest first."""
        return self._items

    def publish(self, release: Release, published: datetime) -> None:
        """Put a release on top.  One caller at a time; visitors see the site before it or after it."""
        id = self._layout.first + len(self._items)
        path = self._layout.item.format(id=id, slug=slug(release.title))
        self._items = (Item(id=id, path=path, release=release, published=published), *self._items)

    def close(self) -> None:
        """Go off line."""
        self._server.close()

    def _answer(self, path: str) -> Answer | None:
        items = self._items
        if path in ("/", self._layout.news):
            return self._page("list.html", items=items)
        if path == self._layout.feed:
            return Answer(content=self._render("feed.xml", items=items), media_type="application/rss+xml")
        return next((self._page("item.html", item=item) for item in items if item.path == path), None)

    def _page(self, template: str, **values: object) -> Answer:
        return Answer(content=self._render(template, **values))

    def _render(self, template: str, **values: object) -> bytes:
        return render(f"{self.zone.id}/{template}", zone=self.zone, site=self, **values)


class Sites:
    """Both sample sites, with the news of a demo that starts *now*."""

    def __init__(self, now: datetime) -> None:
        news = read(now)
        self.elzenbeek, self.wijtervoort = (Site(news.zones[id], layout) for id, layout in LAYOUTS.items())
        self._sites = {site.zone.id: site for site in (self.elzenbeek, self.wijtervoort)}
        self._later = iter(news.later)
        self._turn = Lock()
        self._open(news)

    @property
    def urls(self) -> tuple[str, str]:
        """The front pages, for people."""
        return self.elzenbeek.url, self.wijtervoort.url

    def release_next(self, now: datetime) -> str | None:
        """Let the next release appear, published *now* on one site; its title, or None when all have appeared.

        A release that both zones bring appears twice, the second time some releases after the first.
        """
        with self._turn:
            zone, release = next(self._later, (None, None))
            if zone is None or release is None:
                return None
            self._sites[zone].publish(release, now)
            return release.title

    def close(self) -> None:
        """Take both sites off line."""
        for site in self._sites.values():
            site.close()

    def _open(self, news: News) -> None:
        for zone, published, release in news.published:
            self._sites[zone].publish(release, published)


def slug(title: str) -> str:
    """A title as it stands in a URL: ``Één auto te veel`` is ``een-auto-te-veel``."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
