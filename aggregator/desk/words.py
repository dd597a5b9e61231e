"""What the desk calls acts and states, and what it says of a form.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator import i18n
from aggregator.model import Config
from aggregator.subscribing.words import speaker


def act(config: Config, name: str) -> str:
    """An act, as the log calls it."""
    _ = speaker(config)
    known = {
        "hide": _("hidden"),
        "show": _("shown again"),
        "split": _("taken apart"),
        "join": _("joined"),
        "lead": _("another copy leads"),
        "pin": _("pinned"),
        "unpin": _("no longer pinned"),
        "release": _("released"),
        "absorb": _("let in quietly"),
        "hold": _("held back"),
        "cancel": _("cancelled"),
        "test": _("sent as a test"),
        "send": _("sent before its time"),
        "arrange": _("introduction and order"),
    }
    return known.get(name, name)


def said(config: Config, what: str) -> str:
    """What is said above a page after a form: a *what* that nobody knows says nothing."""
    _ = speaker(config)
    return {
        "done": _("Done. It stands in the log below, and can be undone."),
        "let": _("Done. It stands in the log."),
        "stale": _("Somebody was there before you, so nothing was done. Look at it as it is now, and decide again."),
        "impossible": _("That cannot be done here any more, so nothing was done. This is how it is now."),
        "why": _("Give a reason in one line; whoever looks later will want to know it."),
        "none": _("Nothing was chosen."),
        "test": _("A test has been handed over; it will be in your mailbox shortly."),
        "untested": _("The mail server did not take the test."),
        "same": _("That is how it is already, so nothing was done."),
        "nobody": _("Your user has no mail address in the configuration, so there is nowhere to send a test to."),
        "nothing": _("There was no edition of that kind, so nothing was done."),
    }.get(what, "")


def counted(config: Config, tally: Mapping[str, int]) -> str:
    """How many mails of an edition are in which state."""
    _ = speaker(config)
    named = {
        "queued": _("waiting"),
        "deferred": _("to be tried again"),
        "sending": _("on their way"),
        "dot": _("on their way"),
        "in_doubt": _("in doubt"),
        "held": _("held"),
        "sent": _("sent"),
        "failed": _("refused"),
        "expired": _("given up"),
        "cancelled": _("cancelled"),
    }
    counts: dict[str, int] = {}
    for state, many in sorted(tally.items()):
        words = named.get(state, state)
        counts[words] = counts.get(words, 0) + many
    return i18n.listed(config.language, (f"{many} {words}" for words, many in counts.items()))
