"""What is said to subscribers, and what they agree to, word for word.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from aggregator import i18n, text
from aggregator.model import Config, Digest


def speaker(config: Config) -> Callable[..., str]:
    """What says a sentence (a msgid) in the readers' language, with the values of its placeholders."""
    told = i18n.translations(config.language).ugettext

    def say(sentence: str, **values: str) -> str:
        said = str(told(sentence))
        return said % values if values else said

    return say


def moment(config: Config, when: datetime) -> str:
    """A day and a time as the readers write them."""
    writing = i18n.environment(config.language, config.timezone).filters["moment"]
    return str(writing(when))


def consent(config: Config) -> str:
    """What stands above the button, and is kept as the proof of what was agreed to."""
    _ = speaker(config)
    return " ".join(
        (
            _("By subscribing you ask us to mail you this news until you unsubscribe, with one click in any mail."),
            _("For that we keep your address, your choices, and when you agreed to these words."),
            _("We use them for nothing else, give them to nobody, and do not watch whether you read a mail."),
        )
    )


def version(words: str) -> str:
    """The name of these very words."""
    return text.digest(words)[:16]


def listed(config: Config, names: Iterable[str]) -> str:
    """A, B and C, each once."""
    return i18n.listed(config.language, dict.fromkeys(names))


def title(config: Config, digest: Digest) -> str:
    """What a digest is called."""
    return text.clean(digest.title or config.stream(digest.stream).title) or digest.id
