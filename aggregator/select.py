"""Which stories a stream shows, and how.

A stream takes the copies of its zones and sources, and of these the stories that its rules let through: one of its
categories, one of the rules of ``include``, none of ``exclude``, and with ``joint_only`` copies of two zones.  Rules
are held against title and text of every copy that the stream takes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from aggregator import html, patterns, text
from aggregator.model import Config, Entry, Sighting, Story, Stream


def shown(story: Story, config: Config, stream: Stream) -> Story | None:
    """The story as *stream* shows it, its lead first and none but the stream's copies in it; None when it does not."""
    zones = config.zones_of(stream)
    members = tuple(member for member in story.members if takes(stream, zones, member.sighting))
    copies = [member.sighting for member in members]
    if not members or not _lets_through(stream, copies):
        return None
    return replace(story, members=members).within(zones, stream.prefer)


def narrowed(story: Story, zones: Collection[str], categories: Collection[str], prefer: str | None) -> Story | None:
    """*story*, as a stream shows it, for who wants these zones and categories only (none: all)."""
    members = tuple(member for member in story.members if not zones or member.sighting.zone in zones)
    if categories and not any(in_categories(member.sighting.entry, categories) for member in members):
        return None
    return replace(story, members=members).within(story.zones, prefer)


def newest_first(stories: Iterable[Story], config: Config, stream: Stream) -> list[Story]:
    """Those of *stories* that the stream shows, as it shows them, the newest at the top."""
    found = (shown(story, config, stream) for story in stories)
    return sorted((story for story in found if story), key=lambda s: (s.published, s.id), reverse=True)


def takes(stream: Stream, zones: tuple[str, ...], copy: Sighting) -> bool:
    """Whether the stream, which has these *zones*, takes a copy of this zone and source."""
    return copy.zone in zones and (not stream.sources or copy.source in stream.sources)


def longest_word(typed: str) -> str | None:
    """The longest word of *typed* whose capitals a database knows: it can look for that before ``fits`` reads."""
    return max(re.findall(r"[A-Za-z0-9]+", typed), key=len, default=None)


def fits(story: Story, config: Config, typed: str, streams: Collection[Stream] | None) -> bool:
    """Whether a list that somebody asked for has *story* in it.

    *typed* stands in the titles and texts of its copies, in whatever capitals, and one of *streams* shows it; with None
    it need not be shown.
    """
    if typed and text.fold(typed) not in " ".join(text.fold(words(each.sighting.entry)) for each in story.members):
        return False
    if streams is None:
        return True
    return not (story.withdrawn or story.held) and any(shown(story, config, each) for each in streams)


def is_filtered(stream: Stream) -> bool:
    """Whether the stream asks for more than a zone: then a story may become eligible without arriving anew."""
    return bool(stream.sources or stream.categories or stream.include or stream.exclude or stream.joint_only)


def settings(stream: Stream) -> str:
    """What the selection depends on, to notice when the operator changes it."""
    fields = (stream.zones, stream.sources, stream.categories, stream.include, stream.exclude, stream.joint_only)
    return text.digest(*map(repr, fields))


def in_categories(entry: Entry, wanted: Iterable[str]) -> bool:
    """Whether the publisher put *entry* into one of the *wanted* categories, by term or label."""
    folded = {text.fold(each) for each in wanted}
    return any(text.fold(name) in folded for each in entry.categories for name in (each.term, each.label or each.term))


def is_urgent(story: Story, rules: Iterable[str]) -> bool:
    """Whether a copy of the story asks readers for help, by its title or by a category of its publisher."""
    names = [each for member in story.members for each in _names(member.sighting.entry)]
    return any(patterns.found(rule, name) for rule in rules for name in names)


def _names(entry: Entry) -> list[str]:
    return [entry.title, *(name for each in entry.categories for name in (each.term, each.label or each.term))]


def _lets_through(stream: Stream, copies: list[Sighting]) -> bool:
    if stream.joint_only and len({copy.zone for copy in copies}) < 2:
        return False
    if stream.categories and not any(in_categories(copy.entry, stream.categories) for copy in copies):
        return False
    texts = [words(copy.entry) for copy in copies] if stream.include or stream.exclude else []
    if stream.include and not _any(stream.include, texts):
        return False
    return not _any(stream.exclude, texts)


def _any(rules: Iterable[str], texts: list[str]) -> bool:
    return any(patterns.found(rule, each) for rule in rules for each in texts)


def words(entry: Entry) -> str:
    """Title and fullest text, without markup: what rules are held against."""
    parts = (part for part in (entry.content, entry.summary) if part is not None)
    texts = (html.words(part.value) if part.type == "html" else part.value for part in parts)
    return f"{entry.title}\n{max(texts, key=len, default='')}"
