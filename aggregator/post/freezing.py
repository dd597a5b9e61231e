"""Freezing: from now on it is settled what an edition says and who gets it, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator import select, text
from aggregator.digest import edition as course
from aggregator.digest import slots
from aggregator.digest.render import render
from aggregator.errors import MailError
from aggregator.mail.message import compose
from aggregator.model import AS_IT_COMES, Config, Digest, Edition, Envelope, Letter, Lot, Plan, Reader
from aggregator.post import readers, reviewing
from aggregator.post.envelopes import envelope
from aggregator.post.readers import Due
from aggregator.store import Tx

LONG_AGO = timedelta(days=62)
AT_ONCE = ""
"""The slot of a digest that goes by its stories: each of them is one, and none has a name beforehand."""
LONGEST = f"{'x' * 241}@example.org"  # an address can have no more than 254 characters (RFC 5321 §4.5.3.1.3)


def enrol(tx: Tx, config: Config, now: datetime) -> None:
    """Make the recipients of the configuration recipients from now on, and streams what they are from now on."""
    for digest in config.digests:
        tx.audience.enrol(digest.id, digest.recipients, now)
    for stream in config.streams:
        if tx.meta.get(f"selection:{stream.id}") != select.settings(stream):
            tx.meta.put(f"selection:{stream.id}", select.settings(stream))
            tx.meta.put(f"selection:{stream.id}:since", now.isoformat())


# -- when --------------------------------------------------------------------------


def due_slots(tx: Tx, config: Config, now: datetime) -> list[tuple[Digest, str]]:
    """The digests whose slot has come and that nobody froze before; for looking before taking the writer's turn."""
    timezone = ZoneInfo(config.timezone)
    found = [(digest, _slot(tx, digest, timezone, now)) for digest in config.digests]
    return [(digest, slot) for digest, slot in found if slot is not None]


def _slot(tx: Tx, digest: Digest, timezone: ZoneInfo, now: datetime) -> str | None:
    if digest.cadence == "at once" and not digest.every:
        return AT_ONCE if _may_go_at_once(tx, digest, timezone, now) else None
    slot = slots.slot_due(digest, timezone, now)
    return slot if slot and tx.mailing.edition(digest.id, slot) is None else None


def _may_go_at_once(tx: Tx, digest: Digest, timezone: ZoneInfo, now: datetime) -> bool:
    """Whether anything happened since it was last looked for news, and today's number of editions is not reached."""
    if tx.meta.get(_looked_at(digest)) == _state_of(tx, digest) or slots.is_quiet(digest, timezone, now):
        return False
    return _room(tx, digest, timezone, now) > 0


def _room(tx: Tx, digest: Digest, timezone: ZoneInfo, now: datetime) -> int:
    return digest.most - tx.mailing.frozen_since(digest.id, slots.midnight(timezone, now))


def _looked_at(digest: Digest) -> str:
    return f"looked:{digest.id}"


def _state_of(tx: Tx, digest: Digest) -> str:
    """What news depends on: the stories, and what the digest takes of them."""
    return text.digest(str(tx.stories.revision()), digest.stream, repr(digest.zones), repr(digest.categories))


def missed(tx: Tx, config: Config, now: datetime) -> list[tuple[Digest, str]]:
    """The digests whose last slot passed unfrozen, beyond its grace: their stories go into the next edition."""
    timezone = ZoneInfo(config.timezone)
    passed = [
        (digest, slots.slot_due(replace(digest, misfire_grace=LONG_AGO), timezone, now)) for digest in config.digests
    ]
    return [
        (digest, slot)
        for digest, slot in passed
        if slot and slots.slot_due(digest, timezone, now) != slot
        if tx.mailing.edition(digest.id, slot) is None and tx.mailing.editions(digest.id, limit=1)
    ]


# -- what --------------------------------------------------------------------------


def freeze_slot(tx: Tx, config: Config, digest: Digest, slot: str, now: datetime) -> list[Edition]:
    """``freeze``, unless somebody else was quicker; of a digest that goes at once, an edition for each story."""
    if slot == AT_ONCE:
        return _freeze_each(tx, config, digest, now)
    return [] if tx.mailing.edition(digest.id, slot) else [freeze(tx, config, digest, slot, now)]


def freeze(tx: Tx, config: Config, digest: Digest, slot: str, now: datetime) -> Edition:
    """Freeze the edition of *slot*: for every recipient what arrived and was not yet mailed to them.

    Recipients with the same news share a letter.  The slot is unique; freezing it again fails whole.  What arrived last
    and does not fit into the letter is not mailed, and its readers' cursors stay, so that the next edition has it.
    """
    return _freeze(tx, config, digest, slot, now, readers.due(tx, config, digest, now))


def _freeze(
    tx: Tx, config: Config, digest: Digest, slot: str, now: datetime, due: list[Due], *, advance: bool = True
) -> Edition:
    plan = tx.mailing.plan(digest.id)
    lots = [_lot(config, digest, slot, each, now, plan) for each in due]
    state, until = course.begun(digest.review, now)
    expires = now + digest.expire
    edition = tx.mailing.freeze(
        digest.id, slot, now=now, expires=expires, lots=lots, state=state, until=until, advance=advance, plan=plan
    )
    if lots:
        tx.mailing.intend(digest.id, AS_IT_COMES)
    if edition.state == "held":
        reviewing.ask(tx, config, digest, edition, max(lots, key=lambda lot: len(lot.envelopes)), now)
    return edition


def freeze_anew(
    tx: Tx, config: Config, digest: Digest, edition: Edition, now: datetime, *, plan: Plan, only: Collection[str]
) -> Edition:
    """Freeze an untouched edition once more, under its slot and its moment, of those of *only* that are still news.

    What came in since it was frozen stays for the next one.  Its reviewers are not asked again.
    """
    tx.mailing.thaw(edition)
    due = readers.due(tx, config, digest, now, only=only) if only else []
    lots = [_lot(config, digest, edition.slot, each, edition.frozen, plan) for each in due]
    return tx.mailing.freeze(
        digest.id,
        edition.slot,
        now=edition.frozen,
        expires=now + digest.expire,
        lots=lots,
        state=edition.state,
        until=edition.until,
        advance=False,
        plan=plan,
    )


def _freeze_each(tx: Tx, config: Config, digest: Digest, now: datetime) -> list[Edition]:
    """An edition for each story that is news to somebody, as many as may go today; the others wait for tomorrow."""
    frozen: list[Edition] = []
    room = _room(tx, digest, ZoneInfo(config.timezone), now)
    while due := readers.due(tx, config, digest, now):
        if len(frozen) >= room:
            return frozen
        first = due[0].stories[0].id
        slot = _own_slot(tx, digest, first)
        its = readers.due(tx, config, digest, now, only={first})
        frozen.append(_freeze(tx, config, digest, slot, now, its, advance=False))
    tx.mailing.advance(digest.id)
    tx.meta.put(_looked_at(digest), _state_of(tx, digest))
    return frozen


def _own_slot(tx: Tx, digest: Digest, story: str) -> str:
    """The story's name; numbered where readers become due later what others had, as with a zone that joins."""
    name = story.rpartition("/")[2]
    number = 1
    while tx.mailing.edition(digest.id, f"{name}.{number}" if number > 1 else name):
        number += 1
    return f"{name}.{number}" if number > 1 else name


def _lot(config: Config, digest: Digest, slot: str, due: Due, now: datetime, plan: Plan) -> Lot:
    letter, many = letter_of(config, digest, slot, due, now, plan)
    return Lot(
        letter=letter,
        stories=tuple(story.id for story in due.stories[:many]),
        updates=tuple(story.id for story in due.updates),
        envelopes=tuple(envelope(config, digest, slot, reader, now) for reader in due.readers),
        rest=len(due.stories) - many,
    )


def letter_of(
    config: Config, digest: Digest, slot: str, due: Due, now: datetime, plan: Plan = AS_IT_COMES
) -> tuple[Letter, int]:
    """The letter of some readers, and how many of their new stories it holds."""
    about = envelope(config, digest, slot, Reader(digest=digest.id, address=LONGEST, token="x" * 22), now)
    kept: Callable[[Letter], Letter] = (
        (lambda letter: replace(letter, html="")) if due.text_only else (lambda same: same)
    )
    weigh: Callable[[Letter], int] = lambda letter: _weight(kept(letter), about)  # noqa: E731
    letter, many = render(config, digest, due.stories, now, weigh, updates=due.updates, plan=plan)
    return kept(letter), many


def _weight(letter: Letter, about: Envelope) -> int:
    """The bytes of its message; none for one that cannot be sent, whatever its size."""
    try:
        return len(compose(letter, about))
    except MailError:
        return 0
