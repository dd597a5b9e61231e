"""What is done about what somebody asked for: each function belongs into one transaction in the writer's turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from aggregator import post
from aggregator.model import Choices, Config, Confirmation, Consent, Digest, Letter, Reader, Subscriber
from aggregator.publish import places
from aggregator.store import ASKING, EVERY, Tx
from aggregator.subscribing import addresses, letters, words

VALID = timedelta(days=7)
"""How long a link to confirm works, and what was asked is kept."""
Person = tuple[Reader, Subscriber | None, tuple[str, ...]]
"""A reader by one of their links, who they are if they subscribed, and every digest that they read."""
ONCE = timedelta(hours=24)
"""How long a mailbox is left alone that was sent a mail which anybody could have asked for."""


def ask(tx: Tx, config: Config, address: str, choices: Choices, now: datetime) -> None:
    """Send *address* a link to confirm, or if it has all of this the one to its preferences; nothing too often.

    Who asked is told the same in any case.
    """
    wanted = [config.digest(id) for id in choices.digests]
    read = {reader.digest: reader for reader in _read(tx, config, address)}
    missing = tuple(digest.id for digest in wanted if digest.id not in read)
    if not _may_tell(tx, address, now):
        return
    if not missing:
        known = read[wanted[0].id]
        letter = letters.known(config, wanted, _link(config, f"p/{known.token}"))
        _mail(tx, config, "known", letter, wanted[0], known.address, now)
        return
    asked = _keep(tx, config, "subscribe", address, replace(choices, digests=missing), now)
    digests = [config.digest(id) for id in missing]
    letter = letters.confirm(config, digests, _link(config, f"c/{asked.token}"), asked.expires)
    _mail(tx, config, "confirm", letter, digests[0], address, now, key=asked.token)


def pending(tx: Tx, token: str, now: datetime) -> Confirmation | None:
    """What a link asks to confirm, as long as it can be."""
    asked = tx.subscribers.asked(token)
    return asked if asked and asked.done is None and asked.asked <= now < asked.expires else None


def confirm(tx: Tx, config: Config, token: str, now: datetime) -> Reader | None:
    """Do what was asked, once; the reader that came of it, None when there is nothing (any more) to be done."""
    asked = pending(tx, token, now)
    if asked is None or _may_not_ask(tx, asked.address):
        return None
    tx.subscribers.settle(token, now)
    return _move(tx, config, asked, now) if asked.act == "move" else _subscribe(tx, config, asked, now)


def refuse(tx: Tx, token: str, now: datetime) -> bool:
    """Never ask this mailbox again, and forget what was asked; whether the link was one.

    What its owner gets already goes on: a stranger who asks for more must not make them give that up.
    """
    asked = pending(tx, token, now)
    if asked is None:
        return False
    tx.audience.suppress(addresses.mailbox(asked.address), ASKING, "refused", now)
    tx.subscribers.withdraw(asked.address)
    return True


def move(tx: Tx, config: Config, reader: Reader, address: str, now: datetime) -> None:
    """Send *address* a link by which its owner takes over this subscription; who asked is told the same always."""
    if reader.subscriber is None or not _may_tell(tx, address, now):
        return
    read = tx.audience.of_subscriber(reader.subscriber)
    choices = Choices(digests=tuple(each.digest for each in read))
    asked = _keep(tx, config, "move", address, choices, now, reader.subscriber)
    digests = _known(config, choices.digests)
    letter = letters.moving(config, digests, _link(config, f"c/{asked.token}"), asked.expires)
    _mail(tx, config, "move", letter, digests[0], address, now, key=asked.token)


def person(tx: Tx, config: Config, token: str) -> Person | None:
    """Whose link this is, and all the digests that they read; None for nobody who gets anything."""
    reader = tx.audience.by_token(token)
    if (
        reader is None
        or not _known(config, [reader.digest])
        or tx.audience.is_suppressed(reader.digest, reader.address)
    ):
        return None
    if reader.subscriber is None:
        configured = config.digest(reader.digest).recipients
        return (reader, None, (reader.digest,)) if reader.address in configured else None
    read = tuple(each.digest for each in tx.audience.of_subscriber(reader.subscriber))
    return reader, tx.subscribers.get(reader.subscriber), read


def save(tx: Tx, reader: Reader, choices: Choices, now: datetime) -> None:
    """Have a reader get this from now on."""
    if reader.subscriber is None:
        tx.subscribers.prefer(reader, choices, now)
    else:
        tx.subscribers.choose(reader.subscriber, choices, now)


def enter(
    tx: Tx,
    config: Config,
    address: str,
    choices: Choices,
    act: Literal["entered", "imported"],
    source: str,
    now: datetime,
) -> Literal["added", "there", "suppressed"]:
    """Make *address* a subscriber because the operator says so, who knows from *source* that they agreed."""
    if _may_not_ask(tx, address) or any(tx.audience.is_suppressed(id, address) for id in (EVERY, *choices.digests)):
        return "suppressed"
    read = {reader.digest for reader in _read(tx, config, address)}
    missing = tuple(id for id in choices.digests if id not in read)
    if not missing:
        return "there"
    tx.subscribers.subscribe(address, replace(choices, digests=missing), now)
    for digest in missing:
        tx.subscribers.note(Consent(address=address, digest=digest, act=act, at=now, source=source))
    return "added"


# -- confirmed -----------------------------------------------------------------------


def _subscribe(tx: Tx, config: Config, asked: Confirmation, now: datetime) -> Reader | None:
    digests = [digest for digest in _known(config, asked.choices.digests) if digest.open]
    if not digests:
        return None
    choices = replace(asked.choices, digests=tuple(digest.id for digest in digests))
    number = tx.subscribers.subscribe(asked.address, choices, now)
    for digest in digests:
        _prove(tx, asked, digest.id, now)
    reader = next(each for each in tx.audience.of_subscriber(number) if each.digest == digests[0].id)
    preferences, leaving = (_link(config, f"{kind}/{reader.token}") for kind in "pu")
    edition = _last(tx, config, digests[0])
    news = places.page(config, config.stream(digests[0].stream))
    letter = letters.welcome(config, digests, edition or news, preferences, leaving, sent=edition is not None)
    _mail(tx, config, "welcome", letter, digests[0], reader.address, now, key=asked.token, token=reader.token)
    return reader


def _prove(tx: Tx, asked: Confirmation, digest: str, now: datetime) -> None:
    line = Consent(
        address=asked.address,
        digest=digest,
        act="asked",
        at=asked.asked,
        version=asked.version,
        words=asked.words,
        source="the form",
    )
    tx.subscribers.note(line)
    tx.subscribers.note(replace(line, act="confirmed", at=now, source="the link in a mail to the address"))


def _move(tx: Tx, config: Config, asked: Confirmation, now: datetime) -> Reader | None:
    before = tx.subscribers.get(asked.subscriber) if asked.subscriber is not None else None
    if before is None:
        return None
    tx.subscribers.move(before.id, asked.address, now)
    read = tx.audience.of_subscriber(before.id)
    for reader in read:
        line = Consent(address=asked.address, digest=reader.digest, act="moved", at=now, source="the link in a mail")
        tx.subscribers.note(line)
    digests = _known(config, [reader.digest for reader in read])
    if digests and before.address != asked.address:
        _mail(tx, config, "moved", letters.moved(config, digests), digests[0], before.address, now, key=asked.token)
    return next(iter(read), None)


# -- inside --------------------------------------------------------------------------


def _read(tx: Tx, config: Config, address: str) -> list[Reader]:
    """What *address* gets, or will get again after a pause that it wished for."""
    return [
        reader
        for reader in tx.audience.by_address(address)
        if (found := person(tx, config, reader.token)) and not (found[1] and found[1].state == "suspended")
    ]


def _may_tell(tx: Tx, address: str, now: datetime) -> bool:
    if _may_not_ask(tx, address):
        return False
    return not tx.audience.told_lately(addresses.mailbox(address), now, ONCE)


def _may_not_ask(tx: Tx, address: str) -> bool:
    return any(tx.audience.may_not_ask(each) for each in (address, addresses.mailbox(address)))


def _keep(
    tx: Tx,
    config: Config,
    act: Literal["subscribe", "move"],
    address: str,
    choices: Choices,
    now: datetime,
    subscriber: int | None = None,
) -> Confirmation:
    agreed = words.consent(config)
    asked = Confirmation(
        token=tx.audience.sign(act, address, str(subscriber), now.isoformat()),
        act=act,
        address=address,
        choices=choices,
        version=words.version(agreed),
        words=agreed,
        asked=now,
        expires=now + VALID,
        subscriber=subscriber,
    )
    tx.subscribers.ask(asked)
    return asked


def _mail(
    tx: Tx,
    config: Config,
    kind: str,
    letter: Letter,
    digest: Digest,
    address: str,
    now: datetime,
    *,
    key: str = "",
    token: str = "",
) -> None:
    """Have one mail sent to one address; *token* gives it links of its reader's own in its header."""
    key = key or tx.audience.sign(kind, address, now.isoformat())
    reader = Reader(digest=digest.id, address=address, token=token)
    envelope = post.envelope(config, digest, f"{kind}-{key}", reader, now)
    tx.mailing.single(kind, key, letter, replace(envelope, view=None), now=now, expires=now + digest.expire)


def _last(tx: Tx, config: Config, digest: Digest) -> str | None:
    """Where the last edition can be read; None where there is no page of one."""
    sent = (each.slot for each in tx.mailing.editions(digest.id) if each.stories and each.state in ("sending", "done"))
    slot = next(sent, None) if digest.public else None
    return f"{places.base(config)}{places.edition(digest.id, slot)}" if slot else None


def _known(config: Config, ids: Sequence[str]) -> list[Digest]:
    return [digest for digest in config.digests if digest.id in ids]


def _link(config: Config, below: str) -> str:
    return f"{places.base(config)}{places.SUBSCRIBE}{below}"
