"""What is shown of a story, whatever the document: title, address, excerpt, and who else published it.

Sources may have left the configuration since they were read, and what they wrote is hostile: nothing here raises, and
every string that comes out is one line of visible text, every address http or https.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile

from aggregator import html, text, uri
from aggregator.model import Config, Entry, Link, Sighting, Source, Story, Zone

_TITLE_FROM_TEXT = 80
_ENOUGH = 20_000  # characters of markup; more than an excerpt takes
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def zone(config: Config, id: str) -> Zone:
    """The zone with this id; one that is called by its id when the configuration has none (any more)."""
    try:
        return config.zone(id)
    except KeyError:
        return Zone(id=id, name=id)


def short_name(config: Config, zone: Zone) -> str:
    """The zone's name without the words that all zones' names begin with: "Heusden-Zolder" of two "Politiezone …"."""
    names = [text.clean(each.name).split() for each in config.zones]
    shared = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*names, strict=False))]
    own = text.clean(zone.name).split()
    shortens = own in names and all(len(name) > len(shared) for name in names)
    return " ".join(own[len(shared) :] if shortens else own)


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


def link(copy: Sighting) -> Link | None:
    """Where the publisher shows this copy: its first alternate link, when that is one for the web."""
    found = next((link for link in copy.entry.links if link.rel == "alternate"), None)
    href = uri.absolute(found.href, None) if found else None
    return replace(found, href=href) if found and href else None


def main_link(story: Story) -> Link | None:
    """The lead's link; another copy's where the lead has none."""
    return next((found for member in story.members if (found := link(member.sighting))), None)


def language(copy: Sighting) -> str | None:
    """The language tag that the publisher gave the entry, when it is one (RFC 4287 appendix B)."""
    found = copy.entry.lang
    return found if found and _LANGUAGE.fullmatch(found) else None


def others(story: Story) -> tuple[Sighting, ...]:
    """Every copy but the lead, each source once, in the story's order."""
    lead, *rest = (member.sighting for member in story.members)
    return tuple({copy.source: copy for copy in reversed(rest) if copy.source != lead.source}.values())[::-1]


def _texts(entry: Entry) -> Iterator[str]:
    for found in (entry.summary, entry.content):
        if found and (words := _plain(found.value, found.type)):
            yield words


@lru_cache(maxsize=256)
def _plain(value: str, type: str) -> str:
    value = value[:_ENOUGH]
    return text.clean(html.to_text(value) if type == "html" else value)
