"""Stories as a letter: what a subscriber reads, in HTML and in plain text, both complete.

What several zones published comes first, then each zone's own news in the order of the configuration; of every section the
newest stories in full and the rest as rows, so that a hundred of them stay within what mail programs show uncut.  The words
stand in ``templates/mail``; styles are written into the elements, because many programs drop style sheets, and only what
cannot be (dark mode) stays in one.  Nothing is loaded from anywhere, and no link is other than its publisher's.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from email.utils import parseaddr
from urllib.parse import quote
from zoneinfo import ZoneInfo

import css_inline
from babel.dates import format_skeleton

from aggregator import html, i18n, text
from aggregator.model import Config, Digest, Letter, Sighting, Story, Stream
from aggregator.publish import colour, shown

FULL = (4, 2, 0)
"""How many stories of a section are shown in full: the first number with which the HTML part fits ``MAX_HTML``."""

MAX_HTML = 90_000
"""Bytes as encoded; Gmail cuts a message off at 102 kB."""

_HEADLINE = 60
_TEASER = 220
_TITLE = 300  # a title beyond this is a text
_LIGHT, _DARK = ("#ffffff", 0.1), ("#15212e", 0.22)  # a card's ground, and a badge's share of its zone's colour


@dataclass(frozen=True, slots=True)
class Badge:
    """A zone that published a story, by its short name; *style* is its class in the style sheet."""

    name: str
    style: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another source of a story.  *dated*: only its day is known."""

    name: str
    href: str | None
    published: datetime
    dated: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A story as a letter shows it."""

    title: str
    href: str | None
    published: datetime
    dated: bool
    badges: tuple[Badge, ...]
    teaser: str
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The joint stories, or one zone's own: the first few in full, the rest as rows."""

    title: str
    style: str
    full: tuple[Item, ...]
    rows: tuple[Item, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return self.full + self.rows


@dataclass(frozen=True, slots=True)
class Style:
    """A zone's colours, readable on a card in light and in dark."""

    name: str
    light: colour.Badge
    dark: colour.Badge


def render(config: Config, digest: Digest, stories: Sequence[Story], frozen: datetime) -> Letter:
    """The letter of an edition.

    *stories* are as the digest's stream shows them (``Story.within``), *frozen* is the moment on its head.
    """
    stream = config.stream(digest.stream)
    newest = sorted(stories, key=lambda story: (story.published, story.id), reverse=True)
    subject = _subject(config, digest, stream, newest, frozen)
    letters = (_letter(config, digest, stream, newest, frozen, subject, full) for full in FULL)
    return next((letter for letter in letters if _size(letter.html) < MAX_HTML), letter) if False else _first_fit(letters)


def _first_fit(letters: Iterator[Letter]) -> Letter:
    """The first letter that fits, else the last: too long is still better than incomplete."""
    for letter in letters:
        if _size(letter.html) < MAX_HTML:
            break
    return letter
