"""What a letter tells, and what is said of it before it is opened: the subject and the preheader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from aggregator import html, i18n, select, shown, text
from aggregator.model import Config, Digest, Story

UPDATES = 40
"""How many updates one letter tells of, the latest."""

_SUBJECT = 64
_SHOUTED = 12  # letters; fewer capitals in a row may be an abbreviation


@dataclass(frozen=True, slots=True)
class Told:
    """What a letter tells: *newest*, but what an editor put first, *urgent* ones ask for help, *again* are updates."""

    newest: tuple[Story, ...]
    urgent: frozenset[str]
    again: tuple[Story, ...]

    @property
    def first(self) -> Story | None:
        """The most newsworthy: what is pinned, who asks for help, what several zones published, then the newest."""
        ranked = sorted(
            self.newest,
            key=lambda story: (bool(story.pinned), story.id in self.urgent, len(story.zones) > 1),
            reverse=True,
        )
        return next(iter((*ranked, *self.again)), None)


def tell(config: Config, stories: Sequence[Story], updates: Sequence[Story], first: Sequence[str] = ()) -> Told:
    """*first* are the ids of those that an editor wants before the others."""
    place = {id: at for at, id in enumerate(first)}
    newest = sorted(stories, key=lambda story: (story.published, story.id), reverse=True)
    again = sorted(updates, key=lambda story: (story.updated, story.id), reverse=True)
    newest.sort(key=lambda story: place.get(story.id, len(place)))
    rules = config.mail.urgent if config.mail else ()
    urgent = frozenset(story.id for story in newest if select.is_urgent(story, rules))
    return Told(newest=tuple(newest), urgent=urgent, again=tuple(again[:UPDATES]))


def subject(config: Config, digest: Digest, title: str, told: Told, frozen: datetime) -> str:
    """The most newsworthy headline, how many more stories there are, and the day; about 60 characters.

    The day, and the hour of a digest that comes more than once a day, keep subjects apart when a headline comes back
    ("Resultaten verkeerscontrole"): mail programs take equal subjects for one conversation.
    """
    when = f" ({_when(config, digest, frozen)})"
    leading = _calm(shown.title(told.first.lead) if told.first else title)
    ends = [f"{words}{when}" for words in _counted(config, len(told.newest) + len(told.again) - 1)]
    whole = next((f"{leading}{end}" for end in ends if len(leading + end) <= _SUBJECT), None)
    return text.clean(whole or html.excerpt(leading, max(_SUBJECT - len(ends[-1]), _SUBJECT // 2)) + ends[-1])


def headline(config: Config, told: Told) -> str:
    """The most newsworthy headline and how many more stories there are; empty when there are none."""
    more = _counted(config, len(told.newest) + len(told.again) - 1)[0]
    return f"{shown.title(told.first.lead)}{more}" if told.first else ""


def _counted(config: Config, more: int) -> tuple[str, ...]:
    """How many stories there are beside the first, in words and in short."""
    if more < 1:
        return ("",)
    gettext, ngettext = i18n.translations(config.language).ugettext, i18n.translations(config.language).ungettext
    words = ngettext("and %(num)d more story", "and %(num)d more stories", more), gettext("and %(num)d more")
    return tuple(f" {each % {'num': more}}" for each in words)


def _when(config: Config, digest: Digest, frozen: datetime) -> str:
    local = frozen.astimezone(ZoneInfo(config.timezone))
    day = format_skeleton("MMMd", local.date(), locale=i18n.locale(config.language))
    several = digest.every or digest.cadence == "at once" or len(set(digest.at)) > 1
    return f"{day}, {local:%H:%M}" if several else day


def _calm(headline: str) -> str:
    """A headline all in capitals in small letters: filters take it for spam, and readers for shouting."""
    loud = headline.isupper() and sum(map(str.isalpha, headline)) > _SHOUTED
    return headline.capitalize() if loud else headline


def preheader(told: Told) -> str:
    """What a mail program shows beside the subject: the next headlines, or the beginning of the only story."""
    others = [shown.title(story.lead) for story in (*told.newest, *told.again) if story is not told.first]
    return html.excerpt(" · ".join(others[:2]) or (shown.excerpt(told.first.lead) if told.first else ""), 140)
