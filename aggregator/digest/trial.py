"""Whether the operator's templates of mails can be rendered: tried on invented stories before a reader is mailed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from aggregator import templating
from aggregator.digest import blanks
from aggregator.digest.render import render
from aggregator.model import Config, Digest, Letter, Story

_AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
_OURS = ("mail/digest.html", "mail/digest.txt")


def problems(config: Config, stories: Sequence[Story]) -> list[str]:
    """What is wrong with them, each a sentence: a fault, or no way for a reader to leave."""
    names = [name for name, _ in config.theme.templates if name.startswith("mail/")]
    if not names:
        return []
    letters = [letter for digest in config.digests for letter in _letters(config, digest, stories)]
    faults = list(templating.broken(config.theme))
    own = [name for name in _OURS if name in names]
    without = [name for name in own if not all(_says(letter, name, blanks.UNSUBSCRIBE) for letter in letters)]
    faults += [f"{name}: it has no {{{{ unsubscribe }}}}, and readers must be able to leave" for name in without]
    return [f"publish.templates: {fault}" for fault in faults]


def _letters(config: Config, digest: Digest, stories: Sequence[Story]) -> list[Letter]:
    """With much in them and with little, in full and in short."""
    many = [replace(story, id=f"{story.id}/{number}") for story in stories for number in range(7)]
    heavy = len(many) * 100_000
    return [
        render(config, digest, many, _AT, lambda letter: 0, updates=stories)[0],
        render(config, digest, many, _AT, lambda letter: heavy)[0],
        render(config, digest, (), _AT, lambda letter: 0)[0],
    ]


def _says(letter: Letter, name: str, blank: str) -> bool:
    return blanks.blank(blank) in (letter.html if name.endswith(".html") else letter.text)
