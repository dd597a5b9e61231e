"""What a source sent, read as entries: bytes in, what the publisher wrote out.

Nothing is judged or repaired beyond reading it; ``normalize`` does that.  Whatever the bytes, there is a ``Feed`` or
one ``ParseError`` whose message says what came instead and what to do.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from aggregator import text
from aggregator.errors import ParseError
from aggregator.model import Feed, Response, Source
from aggregator.parse import answers, feed, page

__all__ = ["parse"]


def parse(response: Response, source: Source, tz: ZoneInfo) -> Feed:
    """Read the answer as *source* promises it; a date without a zone is in *tz*.

    ``auto`` is a feed, unless the answer is a web page and the source has selectors for one.  Raises ParseError; a
    MemoryError passes, because it says something of our limits and not of the document.
    """
    try:
        if source.type == "page" or (source.type == "auto" and source.page and answers.is_html(response)):
            return page.read(response, source, tz)
        return feed.read(response, source, tz)
    except (ParseError, MemoryError):
        raise
    except Exception as error:  # a reader that fails on a hostile document is a failed poll
        raise ParseError(
            f"could not be read ({type(error).__name__}: {text.clean(str(error))[:200]}); tell the site's owner"
        ) from error
