"""Who reads a digest, and whom nothing may be sent to.

A recipient in the configuration and a subscriber who came by themselves are readers alike, unless their address is
suppressed, for one digest or for all.  A suppression keeps a keyed hash and no address, so that it outlives the
erasure of all that is known of somebody.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from aggregator.model import Reader
from aggregator.store import schema
from aggregator.store.meta import Meta

EVERY = ""
"""In the place of a digest: all of them."""
ASKING = "?"
"""In the place of a digest: the question whether somebody wants one, which no digest can have for its id."""
OWN_WISH = ("unsubscribed", "erased", "bounced")
"""Reasons of a suppression that its owner can take back by asking anew and confirming; the others are the operator's
to lift, for they say that nobody may ask for this address again.
"""
_SECRET = "mailing:secret"  # noqa: S105 - the name under which it is kept
_FEW = 500
_READERS = select(schema.recipient, schema.subscriber.c.state).outerjoin(
    schema.subscriber, schema.subscriber.c.id == schema.recipient.c.subscriber
)


class Audience:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._key: bytes | None = None

    def has_secret(self) -> bool:
        """Whether there is a key; where there is none only a transaction that writes can do without."""
        return Meta(self._connection).get(_SECRET) is not None

    def secret(self) -> bytes:
        """The database's own key (256 bits) for tokens and hashes, made at the first need of it."""
        if self._key is None:
            meta = Meta(self._connection)
            known = meta.get(_SECRET)
            if known is None:
                known = secrets.token_hex(32)
                meta.put(_SECRET, known)
            self._key = bytes.fromhex(known)
        return self._key

    def sign(self, *parts: str) -> str:
        """An unguessable name for *parts*, which nobody can make who does not have the key; the same for the same."""
        return keyed(self.secret(), *parts)

    def token(self, digest: str, address: str) -> str:
        """What stands in the links of a reader's mails: 128 bits of an HMAC (RFC 2104), in 22 characters."""
        return keyed(self.secret(), "reader", digest, address)

    def enrol(self, digest: str, addresses: Iterable[str], now: datetime) -> None:
        """Make these addresses recipients of *digest* from now on; what has arrived already is behind them.

        A mailbox that subscribed by itself in other capitals is one already.
        """
        columns = schema.recipient.c
        newest = self._connection.scalar(select(func.max(schema.arrival.c.seq))) or 0
        wanted = set(addresses)
        query = select(columns.address, columns.token).where(columns.digest == digest)
        rows = self._connection.execute(query.where(columns.address.in_(wanted)) if len(wanted) < _FEW else query)
        known = {row.address: row.token for row in rows}
        missing = wanted - set(known)
        subscribed = (columns.digest == digest) & columns.subscriber.is_not(None)
        there = set(self._connection.scalars(select(columns.folded).where(subscribed))) if missing else set()
        for address in sorted(address for address in missing if address.lower() not in there):
            self._connection.execute(
                insert(schema.recipient).values(
                    digest=digest,
                    address=address,
                    cursor=newest,
                    since=now,
                    token=self.token(digest, address),
                    folded=address.lower(),
                )
            )
        for address in (address for address, theirs in known.items() if theirs is None):
            self._connection.execute(
                update(schema.recipient)
                .where(columns.digest == digest, columns.address == address)
                .values(token=self.token(digest, address))
            )

    def readers(self, digest: str, configured: Collection[str]) -> list[Reader]:
        """Everybody who gets the editions of *digest* now, by address; *configured* are those of the configuration."""
        rows = self._connection.execute(
            _READERS.where(schema.recipient.c.digest == digest).order_by(schema.recipient.c.address)
        )
        wanted, hidden, key = set(configured), self._hidden(digest), self.secret()
        return [
            _reader(row)
            for row in rows
            if (row.address in wanted or row.state == "active")
            if not hidden or _hash(key, row.address) not in hidden
        ]

    def wants(self, digest: str, address: str, configured: Collection[str]) -> bool:
        """Whether *address* gets the editions of *digest* now."""
        where = (schema.recipient.c.digest == digest) & (schema.recipient.c.address == address)
        row = self._connection.execute(_READERS.where(where)).first()
        if row is None or not (address in configured or row.state == "active"):
            return False
        return not self.is_suppressed(digest, address)

    def by_token(self, token: str) -> Reader | None:
        """Whose links these are."""
        row = self._connection.execute(_READERS.where(schema.recipient.c.token == token)).first()
        return _reader(row) if row else None

    def by_address(self, address: str) -> list[Reader]:
        """What is kept of *address* as a reader of each digest, whatever its state; capitals make no other of it."""
        same = schema.recipient.c.folded == address.lower()
        rows = self._connection.execute(_READERS.where(same).order_by(schema.recipient.c.digest))
        return [_reader(row) for row in rows]

    def of_subscriber(self, subscriber: int) -> list[Reader]:
        """What a subscriber reads."""
        columns = schema.recipient.c
        rows = self._connection.execute(_READERS.where(columns.subscriber == subscriber).order_by(columns.digest))
        return [_reader(row) for row in rows]

    # -- suppressing -----------------------------------------------------------

    def suppress(self, address: str, digest: str, reason: str, at: datetime) -> None:
        """Send *address* nothing of *digest* (of ``EVERY`` one) any more.

        The first reason is kept, but that its owner can take back gives way to one that they cannot.
        """
        columns = schema.suppression.c
        known = self._connection.scalar(select(columns.reason).where(self._of(address, digest)))
        if known in OWN_WISH and reason not in OWN_WISH:
            self._connection.execute(
                update(schema.suppression).where(self._of(address, digest)).values(reason=reason, at=at)
            )
        elif known is None:
            self._connection.execute(
                insert(schema.suppression).values(
                    hash=_hash(self.secret(), address), digest=digest, reason=reason, at=at
                )
            )

    def lift(self, address: str, digest: str) -> bool:
        """Take back ``suppress``; whether there was anything to take back."""
        return bool(self._connection.execute(delete(schema.suppression).where(self._of(address, digest))).rowcount)

    def forgive(self, address: str, digest: str) -> None:
        """Take back what the owner of *address* wished for before they wished for *digest* again."""
        columns = schema.suppression.c
        of_them = self._of(address, digest) | self._of(address, EVERY)
        self._connection.execute(delete(schema.suppression).where(of_them, columns.reason.in_(OWN_WISH)))

    def may_not_ask(self, address: str) -> bool:
        """Whether *address* may not even be sent a question."""
        columns = schema.suppression.c
        theirs = select(columns.reason).where(columns.hash == _hash(self.secret(), address))
        return any(reason not in OWN_WISH for reason in self._connection.scalars(theirs))

    def suppressions(self, address: str) -> list[tuple[str, str, datetime]]:
        """Digest (or ``EVERY``), reason and moment of each suppression of *address*."""
        columns = schema.suppression.c
        query = select(columns.digest, columns.reason, columns.at).where(columns.hash == _hash(self.secret(), address))
        return [(row.digest, row.reason, row.at) for row in self._connection.execute(query.order_by(columns.digest))]

    def told_lately(self, mailbox: str, now: datetime, pause: timedelta) -> bool:
        """Whether *mailbox* was told something within *pause*; if not it is noted that it is being told now."""
        columns = schema.told.c
        named = keyed(self.secret(), "told", mailbox)
        known = self._connection.scalar(select(columns.at).where(columns.hash == named))
        if known is not None and now - pause < known <= now:
            return True
        self._connection.execute(delete(schema.told).where(columns.hash == named))
        self._connection.execute(insert(schema.told).values(hash=named, at=now))
        return False

    def is_suppressed(self, digest: str, address: str) -> bool:
        """Whether nothing of *digest* may be sent to *address*."""
        where = self._of(address, digest) | self._of(address, EVERY)
        return self._connection.execute(select(schema.suppression).where(where)).first() is not None

    def _of(self, address: str, digest: str) -> ColumnElement[bool]:
        columns = schema.suppression.c
        return (columns.hash == _hash(self.secret(), address)) & (columns.digest == digest)

    def _hidden(self, digest: str) -> set[str]:
        columns = schema.suppression.c
        return set(self._connection.scalars(select(columns.hash).where(columns.digest.in_((EVERY, digest)))))


def _hash(key: bytes, address: str) -> str:
    return keyed(key, "suppressed", address.casefold())


def keyed(key: bytes, *parts: str) -> str:
    """128 bits of an HMAC (RFC 2104) of these *parts*, in 22 characters that an address can hold."""
    found = hmac.digest(key, "\0".join(parts).encode(), "sha256")[:16]
    return base64.urlsafe_b64encode(found).decode().rstrip("=")


def _reader(row: Row[tuple[object, ...]]) -> Reader:
    return Reader(
        digest=row.digest,
        address=row.address,
        token=row.token or "",
        subscriber=row.subscriber,
        zones=tuple(json.loads(row.zones)),
        categories=tuple(json.loads(row.categories)),
        format=row.format,
    )
