"""The mails that subscribing takes: short, in the reader's language, in text and HTML.  Pure.

None of their links does anything when it is fetched: each leads to a page with a button.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator import templating
from aggregator.model import Config, Digest, Letter
from aggregator.subscribing import words


@dataclass(frozen=True, slots=True)
class Action:
    """A link: what it says and where it leads."""

    words: str
    href: str


def confirm(config: Config, digests: Sequence[Digest], link: str, until: datetime) -> Letter:
    """To whom somebody wants to subscribe: are you that somebody?"""
    _, titles = words.speaker(config), _titles(config, digests)
    return _letter(
        config,
        _("Confirm that you want to get “%(titles)s”", titles=titles),
        [_("Somebody, probably you, asked us to mail “%(titles)s” to this address.", titles=titles)],
        Action(_("Confirm"), link),
        _how(config, until),
    )


def known(config: Config, digests: Sequence[Digest], preferences: str) -> Letter:
    """To a reader whose address was given at the form: what a stranger who did it may not learn there."""
    _, titles = words.speaker(config), _titles(config, digests)
    return _letter(
        config,
        _("You are subscribed to “%(titles)s” already", titles=titles),
        [
            _("Somebody, probably you, asked us to mail “%(titles)s” to this address.", titles=titles),
            _("You are subscribed already, so nothing has changed. You can see and change what you get:"),
        ],
        Action(_("To your preferences"), preferences),
        [_("Was it not you? Then do nothing.")],
    )


def moving(config: Config, digests: Sequence[Digest], link: str, until: datetime) -> Letter:
    """To the address to which somebody wants to move."""
    _, titles = words.speaker(config), _titles(config, digests)
    return _letter(
        config,
        _("Confirm your new address for “%(titles)s”", titles=titles),
        [_("A subscriber of “%(titles)s” wants to get it at this address from now on.", titles=titles)],
        Action(_("Confirm"), link),
        _how(config, until),
    )


def moved(config: Config, digests: Sequence[Digest]) -> Letter:
    """To the address that somebody has left; it does not say where they went."""
    _, titles = words.speaker(config), _titles(config, digests)
    return _letter(
        config,
        _("“%(titles)s” goes to another address now", titles=titles),
        [
            _("You changed the address to which we mail “%(titles)s”, and the new one is confirmed.", titles=titles),
            _("Nothing is mailed to this address any more."),
            _("Was it not you? Then tell us by answering this mail."),
        ],
    )


def welcome(
    config: Config, digests: Sequence[Digest], last: str, preferences: str, unsubscribe: str, *, sent: bool = True
) -> Letter:
    """To a new subscriber: what came before, and how to change their mind.

    *last* is the last edition, or where none was *sent* the news so far.
    """
    _, titles = words.speaker(config), _titles(config, digests)
    return _letter(
        config,
        _("Welcome to “%(titles)s”", titles=titles),
        [
            _("You are subscribed to “%(titles)s”.", titles=titles),
            _("The first mail comes with the next edition that has news for you."),
        ],
        Action(_("Read the last edition") if sent else _("Read the news so far"), last),
        [
            _("With these links you choose what you get, pause it, change your address, or unsubscribe."),
            _("They are yours alone: take them out before you forward this mail."),
        ],
        [Action(_("Preferences"), preferences), Action(_("Unsubscribe"), unsubscribe)],
    )


def _how(config: Config, until: datetime) -> list[str]:
    _ = words.speaker(config)
    return [
        _("The link leads to a page with a button. Nothing is sent to you before you press it."),
        _("It works until %(until)s.", until=words.moment(config, until)),
        _("Was it not you? Then do nothing, and we forget your address."),
        _("On the same page you can also say that we must never ask you again."),
    ]


def _letter(
    config: Config,
    subject: str,
    said: Sequence[str],
    action: Action | None = None,
    more: Sequence[str] = (),
    links: Sequence[Action] = (),
) -> Letter:
    values = {"subject": subject, "said": said, "action": action, "more": more, "links": links}
    plain = templating.written(config, "mail/notice.txt", values)
    html = templating.written(config, "mail/notice.html", values)
    return Letter(subject=subject, text=plain, html=html)


def _titles(config: Config, digests: Sequence[Digest]) -> str:
    return words.listed(config, (words.title(config, digest) for digest in digests))
