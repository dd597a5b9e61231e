"""What is shown of a story, whatever the document: title, address, excerpt, and who else published it.

Sources may have left the configuration since they were read, and what they wrote is hostile: nothing here raises, and
every string that comes out is one line of visible text, every address http or https.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from aggregator import html, text, uri
from aggregator.model import Config, Entry, Sighting, Source, Story, Zone

_TITLE_FROM_TEXT = 80


def zone(config: Config, id: str) -> Zone:
    """The zone with this id; one that is called by its id when the configuration has none (any more)."""
    try:
        return config.zone(id)
    except KeyError:
        return Zone(id=id, name=id)


def source(config: Config, id: str) -> Source | None:
    """The source with this id; None when the configuration has none (any more)."""
    try:
        return config.source(id)
    except KeyError:
        return None


def title(copy: Sighting) -> str:
    """The title; the beginning of the text, or the address, where the publisher gave none."""
    entry = copy.entry
    return (
        text.clean(entry.title)
        or html.excerpt(next(_texts(entry), ""), _TITLE_FROM_TEXT)
        or text.clean(entry.link or "")
        or copy.zone
    )


def excerpt(copy: Sighting) -> str:
    """A short plain text: the publisher's summary, else the beginning of the content; empty when it says no more
    than the title.
    """
    heading = text.fold(copy.entry.title)
    return next((html.excerpt(words) for words in _texts(copy.entry) if text.fold(words) != heading), "")


def address(copy: Sighting) -> str | None:
    """Where the publisher shows this copy."""
    return uri.absolute(copy.entry.link or "", None)


def main_address(story: Story) -> str | None:
    """The lead's address; another copy's where the lead has none."""
    return next((found for member in story.members if (found := address(member.sighting))), None)


def others(story: Story) -> tuple[Sighting, ...]:
    """Every copy but the lead, each source once, in the story's order."""
    lead, *rest = (member.sighting for member in story.members)
    return tuple({copy.source: copy for copy in reversed(rest) if copy.source != lead.source}.values())[::-1]


def _texts(entry: Entry) -> Iterator[str]:
    for found in (entry.summary, entry.content):
        if found and (words := _plain(found.value, found.type)):
            yield words


@lru_cache(maxsize=1024)
def _plain(value: str, type: str) -> str:
    return text.clean(html.to_text(value) if type == "html" else value)
