"""Two invented zones on an origin server: one with a feed, one with a news page; and the configuration to read both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from html import escape

from tests.fakes.origin import Origin


@dataclass
class Zones:
    """What two zones have published on *origin*, of which *shown* at a time are to be seen.

    ``publish`` adds a release to one or both.
    """

    origin: Origin
    feed: list[str] = field(default_factory=list)
    page: list[str] = field(default_factory=list)
    shown: int = 30

    def __post_init__(self) -> None:
        self._serve()

    def publish(self, number: int, now: datetime, *, feed: bool = True, page: bool = False) -> str:
        """Publish release *number*; its title, which no other release has."""
        title = f"Bericht nummer {number} van de politie"
        body = f"Dit is de volledige tekst van bericht {number}, dat over niets anders gaat dan over zaak {number * 7}."
        if feed:
            link = self.origin.url(f"/north/{number}")
            self.feed.insert(
                0,
                f"<item><title>{escape(title)}</title><link>{link}</link><guid>{link}</guid>"
                f"<pubDate>{format_datetime(now)}</pubDate><description>{escape(body)}</description></item>",
            )
        if page:
            self.page.insert(
                0,
                f'<article><h2><a href="/nl/news/detail/{number}/x">{escape(title)}</a></h2>'
                f"<p>{escape(body)}</p></article>",
            )
        self._serve()
        return title

    def _serve(self) -> None:
        rss = f"<rss version='2.0'><channel><title>North</title><link>{self.origin.url('/')}</link>"
        rss += "<description>d</description>" + "".join(self.feed[: self.shown]) + "</channel></rss>"
        self.origin.serve("/rss.xml", rss, content_type="application/rss+xml")
        items = "".join(self.page[: self.shown])
        page = f"<html><head><title>South</title></head><body><main>{items}</main></body></html>"
        self.origin.serve("/nl/news", page, content_type="text/html; charset=utf-8")

    def configuration(self, more: str = "") -> str:
        """Zones, sources and the stream, in TOML; *more* comes after them."""
        return f"""
[[zones]]
id = "north"
name = "Politiezone Noord"
[[zones]]
id = "south"
name = "Politiezone Zuid"
[[sources]]
id = "north-news"
zone = "north"
url = "{self.origin.url("/rss.xml")}"
[[sources]]
id = "south-news"
zone = "south"
type = "page"
url = "{self.origin.url("/nl/news")}"
key = '/nl/news/detail/(?P<key>\\d+)'
[sources.page]
list = "main"
item = "article"
title = "h2"
link = "h2 a"
summary = "p"
[[streams]]
id = "samenwerking"
title = "Samenwerking Noord en Zuid"
{more}
"""


def digest(relay_url: str, *recipients: str, every: str = "1s") -> str:
    """[mail] and a digest that is in a hurry, in TOML."""
    return f"""
[mail]
from = "Politie <nieuws@noord.example>"
relay = "{relay_url}"
[[digests]]
id = "snel"
stream = "samenwerking"
every = "{every}"
recipients = [{", ".join(f'"{recipient}"' for recipient in recipients)}]
"""
