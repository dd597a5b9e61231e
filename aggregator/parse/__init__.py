"""What a source sent, read as entries: bytes in, what the publisher wrote out.

Nothing is judged or repaired beyond reading it; ``normalize`` does that.  Whatever the bytes, there is a ``Feed`` or
one ``ParseError`` whose message says what came instead and what to do.

Beside the sources themselves: ``article`` reads the page behind an item, ``discover`` looks for what could be a
source, ``opml`` reads a list of sources, ``announcements`` says which hub a feed announces.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from aggregator import text
from aggregator.errors import ParseError
from aggregator.model import Feed, Response, Source
from aggregator.parse import answers, feed, jsonfeed, page, sitemap
from aggregator.parse.announcements import announced

__all__ = ["announced", "parse"]


def parse(response: Response, source: Source, tz: ZoneInfo, more: Sequence[Response] = ()) -> Feed:
    """Read the answer as *source* promises it; a date without a zone is in *tz*.  *more* are further pages of a page.

    ``auto`` is what it looks like: JSON Feed, a sitemap, a web page if the source has selectors for one, else a feed
    in XML.  Raises ParseError; a MemoryError passes, because it says something of our limits and not of the document.
    """
    try:
        match _kind(response, source):
            case "page":
                return page.read(response, source, tz, more)
            case "sitemap":
                return sitemap.read(response, source, tz)
            case "json":
                return jsonfeed.read(response, source, tz)
            case _:
                return feed.read(response, source, tz)
    except (ParseError, MemoryError):
        raise
    except Exception as error:  # a reader that fails on a hostile document is a failed poll
        raise ParseError(
            f"could not be read ({type(error).__name__}: {text.clean(str(error))[:200]}); tell the site's owner"
        ) from error


def _kind(response: Response, source: Source) -> str:
    if source.type in ("page", "sitemap"):
        return source.type
    if answers.is_json(response):
        return "json"
    if source.type == "auto" and answers.is_sitemap(response):
        return "sitemap"
    return "page" if source.type == "auto" and source.page and answers.is_html(response) else "feed"
