"""The pages of ``/mail/``: forms, and what is said to who sent one.  Pure.

Whoever opens one of them has changed nothing; only a button does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from aggregator import shown, text
from aggregator.model import Choices, Config, Confirmation, Consent, Reader, Subscriber
from aggregator.publish import page, places, standing
from aggregator.subscribing import forms, words
from aggregator.subscribing.letters import Action

_PLACES = ("form", "address", "digest", "zone", "until")


@dataclass(frozen=True, slots=True)
class Button:
    """A form that is one button; *act* is what it asks for."""

    act: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """What can be chosen, as value and words, and what is."""

    digests: tuple[tuple[str, str], ...]
    zones: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, str], ...]
    ticked: Choices
    problems: dict[str, str]


def subscribe(config: Config, filled: forms.Filled | None, stamp: str) -> bytes:
    """The form, empty or as it came back with what is wrong in it."""
    _ = words.speaker(config)
    offered = forms.offer(config)
    every = Choices(digests=tuple(digest.id for digest in offered.digests[:1]))
    ticked = filled.choices if filled else every
    problems = dict(filled.problems) if filled else {}
    return _render(
        config,
        "subscribe",
        title=_("This news by mail"),
        typed=filled.typed if filled else "",
        problems=problems,
        form=_fields(config, offered, ticked, problems),
        stamp=stamp,
        consent=words.consent(config),
        here=here(config),
    )


def asked(config: Config) -> bytes:
    """To everybody who sent the form, whoever they are and whatever came of it."""
    _ = words.speaker(config)
    return said(
        config,
        _("Look at your mail"),
        _("If everything is right, there will be a mail from us at the address that you gave. Follow the link in it."),
        _("Did nothing come? Look among the unwanted mail, and try again tomorrow: we ask an address once a day."),
    )


def confirm(config: Config, asked: Confirmation) -> bytes:
    """The button that subscribes, or moves to this address, and the one that says: never again."""
    _ = words.speaker(config)
    buttons = [
        Button("confirm", _("Yes, subscribe me") if asked.act == "subscribe" else _("Yes, use this address")),
        Button("refuse", _("That was not me: never ask me again")),
    ]
    named = [words.title(config, digest) for digest in config.digests if digest.id in asked.choices.digests]
    then = _("“%(titles)s” then comes to the mailbox in which you found the link.", titles=words.listed(config, named))
    return _render(config, "ask", title=_("Only this button is left"), said=(then,), buttons=buttons, link=None)


def gone(config: Config) -> bytes:
    """Behind a link to confirm that has been used, is too old, or was never made."""
    _ = words.speaker(config)
    again = Action(_("To the form"), here(config)) if places.is_open(config) else None
    return said(
        config,
        _("This link works no longer"),
        _("It was used already, or it is older than seven days."),
        link=again,
    )


def nobody(config: Config) -> bytes:
    """Behind a link to preferences that nobody has, or nobody any more."""
    _ = words.speaker(config)
    return said(config, _("This link works no longer"), _("It belongs to nobody who gets these mails."))


def confirmed(config: Config, preferences: str) -> bytes:
    _ = words.speaker(config)
    link = Action(_("To your preferences"), preferences)
    return said(config, _("Done"), _("From now on this news comes to your mailbox. Welcome!"), link=link)


def refused(config: Config) -> bytes:
    _ = words.speaker(config)
    return said(config, _("Done"), _("We have forgotten what was asked, and will never ask this address again."))


def leave(config: Config, reader: Reader) -> bytes:
    """The button that unsubscribes."""
    _ = words.speaker(config)
    title = words.title(config, config.digest(reader.digest))
    return _render(
        config,
        "ask",
        title=_("Unsubscribe"),
        said=(_("You then get “%(title)s” no longer, from now on.", title=title),),
        buttons=[Button("leave", _("Unsubscribe"))],
        link=Action(_("Or change your preferences"), here(config, f"p/{reader.token}")),
    )


def left(config: Config) -> bytes:
    """After unsubscribing, and behind the links of who has unsubscribed."""
    _ = words.speaker(config)
    again = Action(_("To the form"), here(config)) if places.is_open(config) else None
    return said(config, _("You are unsubscribed"), _("The reader of this mail gets it no longer."), link=again)


def too_often(config: Config) -> bytes:
    _ = words.speaker(config)
    return said(config, _("Try again later"), _("Too much was asked from your network. Please try again in an hour."))


def said(config: Config, title: str, *paragraphs: str, link: Action | None = None) -> bytes:
    return _render(config, "said", title=title, said=paragraphs, link=link)


def preferences(
    config: Config,
    reader: Reader,
    digests: Sequence[str],
    subscriber: Subscriber | None,
    proof: Sequence[Consent],
    *,
    filled: forms.Filled | None = None,
    done: str = "",
) -> bytes:
    """What a reader gets, and what they can do about it; *digests* are all that they read."""
    _ = words.speaker(config)
    offered = forms.offer(config, digests) if subscriber else only(config, reader)
    ticked = Choices(digests=tuple(digests), zones=reader.zones, categories=reader.categories, format=reader.format)
    problems = dict(filled.problems) if filled else {}
    assert config.mail is not None
    return _render(
        config,
        "preferences",
        title=_("Your preferences"),
        address=reader.address,
        own=subscriber is not None,
        state=subscriber.state if subscriber else "active",
        until=subscriber.until if subscriber else None,
        typed=filled.typed if filled else "",
        problems=problems,
        form=_fields(config, offered, ticked, problems),
        done=done,
        proof=[_proof(config, line) for line in proof],
        contact=parseaddr(config.mail.reply_to or config.mail.sender)[1],
        here=here(config, f"p/{reader.token}"),
    )


def only(config: Config, reader: Reader) -> forms.Offer:
    """What a recipient in the configuration can choose: within the digest that the operator gave them."""
    digest = config.digest(reader.digest)
    inside = forms.zones_of(config, digest)
    return forms.Offer((digest,), tuple(zone for zone in config.zones if zone.id in inside), digest.topics)


def done(config: Config, act: str) -> str:
    """What is said above the preferences after a button of theirs."""
    _ = words.speaker(config)
    return {
        "save": _("Your choices are saved."),
        "pause": _("Nothing is sent until your pause is over."),
        "resume": _("You get the news again that comes from now on."),
        "move": _("If everything is right, there will be a mail from us at the new address. Follow the link in it."),
    }[act]


def _proof(config: Config, line: Consent) -> str:
    _ = words.speaker(config)
    told = {
        "asked": _("You asked for it on %(when)s.", when="%(when)s"),
        "confirmed": _("You confirmed it on %(when)s.", when="%(when)s"),
        "moved": _("You moved it to this address on %(when)s.", when="%(when)s"),
        "left": _("You unsubscribed on %(when)s.", when="%(when)s"),
    }
    if line.act in told:
        return told[line.act] % {"when": words.moment(config, line.at)}
    when = words.moment(config, line.at)
    return _("The editors entered your address on %(when)s: %(source)s", when=when, source=text.clean(line.source))


def _fields(config: Config, offered: forms.Offer, ticked: Choices, problems: dict[str, str]) -> _Fields:
    """With no zone chosen all of them are ticked, but where that is the mistake."""
    every = tuple(zone.id for zone in offered.zones)
    zones = ticked.zones if ticked.zones or "zone" in problems else every
    return _Fields(
        digests=tuple((digest.id, words.title(config, digest)) for digest in offered.digests),
        zones=tuple((zone.id, shown.zone(config, zone.id).name) for zone in offered.zones),
        topics=tuple((topic, topic) for topic in offered.topics),
        ticked=Choices(digests=ticked.digests, zones=zones, categories=ticked.categories, format=ticked.format),
        problems={"digest": problems.get("digest", ""), "zone": problems.get("zone", "")},
    )


def here(config: Config, below: str = "") -> str:
    """An address of these pages as a reference that works behind any proxy: from the root of the host."""
    return f"{places.prefix(config)}{places.SUBSCRIBE}{below}"


def _render(config: Config, name: str, *, problems: Mapping[str, str] | None = None, **values: object) -> bytes:
    return page.written(
        config,
        f"mail/{name}.html",
        **page.frame(config, f"{places.prefix(config)}/"),
        **values,
        problems={**dict.fromkeys(_PLACES, ""), **(problems or {})},
        faulty=bool(problems),
        privacy=f"{places.prefix(config)}{standing.PRIVACY}",
    )
