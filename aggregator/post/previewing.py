"""An edition before there is one: what would go out now, for looking at and for trying out.  Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from aggregator import select
from aggregator.model import Config, Digest, Envelope, Letter, Reader, Story
from aggregator.post import readers
from aggregator.post.envelopes import envelope
from aggregator.post.freezing import letter_of
from aggregator.post.readers import Due
from aggregator.store import Tx

LAST = 20
"""How many of the latest stories stand for news when there is none."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter with its envelope; *why* it is the one that is shown: ``held``, ``next``, or ``last`` stories;
    *stories* are those that are news in it.
    """

    letter: Letter
    envelope: Envelope
    why: str
    stories: tuple[Story, ...] = ()


def preview(tx: Tx, config: Config, digest: Digest, now: datetime, *, last: bool = False) -> Preview | None:
    """What goes out next, as its first recipient would get it: the edition that is held, else what is news now.

    None when nothing is new; with *last* the latest stories of its stream then, to nobody in particular.  To be called
    in a transaction that is not kept.
    """
    tx.audience.enrol(digest.id, digest.recipients, now)
    found = _held(tx, config, digest) or _next(tx, config, digest, now)
    return found or (_last(tx, config, digest, now) if last else None)


def trial(config: Config, digest: Digest, letter: Letter, address: str, now: datetime) -> tuple[Letter, Envelope]:
    """*letter* as a test to *address*: it says so, is a message of its own, and has no link of any reader's own."""
    about = envelope(
        config, digest, f"test {now.isoformat()}", Reader(digest=digest.id, address=address, token=""), now
    )
    return replace(letter, subject=f"[TEST] {letter.subject}"), about


def _held(tx: Tx, config: Config, digest: Digest) -> Preview | None:
    waiting = [edition for edition in tx.mailing.on_the_way(digest.id) if edition.state == "held"]
    mails = [mail for edition in waiting for mail in tx.mailing.of_edition(edition.id) or ()]
    order = {address: place for place, address in enumerate(digest.recipients)}
    first = min(mails, key=lambda mail: (order.get(mail.address, len(order)), mail.id), default=None)
    if first is None:
        return None
    new = tx.printed.stories(first.edition)
    stories = select.newest_first(tx.stories.all([id for id in new if new[id]]), config, config.stream(digest.stream))
    return Preview(*tx.mailing.contents(first), "held", tuple(stories))


def _next(tx: Tx, config: Config, digest: Digest, now: datetime) -> Preview | None:
    due = readers.due(tx, config, digest, now)
    if not due:
        return None
    found = {reader.address: (each, reader) for each in due for reader in each.readers}
    lot, reader = next((found[to] for to in digest.recipients if to in found), (due[0], _nobody(config, digest)))
    letter, _ = letter_of(config, digest, "preview", lot, now, tx.mailing.plan(digest.id))
    return Preview(letter, envelope(config, digest, "preview", reader, now), "next", lot.stories)


def _last(tx: Tx, config: Config, digest: Digest, now: datetime) -> Preview | None:
    stream = config.stream(digest.stream)
    newest = tx.stories.newest(config.zones_of(stream), LAST)
    stories = select.newest_first(newest, config, stream)
    if not stories:
        return None
    lot = Due(stories=tuple(stories), updates=(), text_only=False, readers=())
    letter, _ = letter_of(config, digest, "preview", lot, now)
    return Preview(letter, envelope(config, digest, "preview", _nobody(config, digest), now), "last")


def _nobody(config: Config, digest: Digest) -> Reader:
    """A reader without links of their own, at the address that the mails come from."""
    assert config.mail is not None
    return Reader(digest=digest.id, address=config.mail.sender, token="")
