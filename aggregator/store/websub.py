"""WebSub's tables: what was asked of our hub, who is subscribed, whom we ping, and our own leases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, insert, select

from aggregator.model import Intent, Lease, Ping, Subscription
from aggregator.store import schema

Noted = Intent | Subscription | Ping | Lease
T = TypeVar("T", Intent, Subscription, Ping, Lease)
_TABLES: dict[type[Noted], Table] = {
    Intent: schema.intent,
    Subscription: schema.subscription,
    Ping: schema.ping,
    Lease: schema.lease,
}


class WebSub:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- all of them --------------------------------------------------------------

    def put(self, *noted: Noted) -> None:
        """Keep each as the latest of its kind and name: topic and callback, hub and topic, or source."""
        for one in noted:
            self.drop(one)
            self._connection.execute(insert(_TABLES[type(one)]).values(**asdict(one)))

    def drop(self, one: Noted) -> None:
        """Forget what has the name of *one*."""
        self._connection.execute(delete(_TABLES[type(one)]).where(*_same(one)))

    def now(self, one: T) -> T | None:
        """What is noted now under the name of *one*, which may be a while old."""
        return next(iter(self._all(type(one), *_same(one))), None)

    # -- the hub -----------------------------------------------------------------

    def intents(self, limit: int) -> list[Intent]:
        """What is still to be confirmed, oldest first."""
        table = schema.intent
        return [
            _made(Intent, row) for row in self._connection.execute(select(table).order_by(table.c.asked).limit(limit))
        ]

    def crowd(self, host: str, topic: str) -> tuple[int, int, int, int]:
        """How many there are: intents, subscriptions, those at *host*, and those of *topic* at *host*."""
        at, here = schema.subscription.c, schema.subscription
        return (
            self._count(schema.intent),
            self._count(here),
            self._count(here, at.host == host),
            self._count(here, at.host == host, at.topic == topic),
        )

    def topics(self) -> list[str]:
        """The topics that somebody is subscribed to."""
        return list(self._connection.scalars(select(schema.subscription.c.topic).distinct()))

    def outdated(self, topic: str, etag: str) -> list[Subscription]:
        """The subscriptions that do not know yet that *topic* has this entity tag."""
        at = schema.subscription.c
        return self._all(Subscription, at.topic == topic, at.wanted != etag)

    def subscription(self, topic: str, callback: str) -> Subscription | None:
        at = schema.subscription.c
        return next(iter(self._all(Subscription, at.topic == topic, at.callback == callback)), None)

    def subscriptions(self) -> list[Subscription]:
        return self._all(Subscription)

    def due(self, now: datetime, limit: int) -> list[Subscription]:
        """What is to be sent now, the longest overdue first."""
        at = schema.subscription.c
        wanted = select(schema.subscription).where(at.due <= now, at.expires > now).order_by(at.due).limit(limit)
        return [_made(Subscription, row) for row in self._connection.execute(wanted)]

    def expire(self, now: datetime) -> int:
        """End the subscriptions whose lease is over; how many (WebSub §5.1: "Hubs MUST enforce lease expirations")."""
        over = delete(schema.subscription).where(schema.subscription.c.expires <= now)
        return int(self._connection.execute(over).rowcount)

    # -- pings and leases -----------------------------------------------------------

    def pings(self) -> list[Ping]:
        return self._all(Ping)

    def pings_due(self, now: datetime) -> list[Ping]:
        return self._all(Ping, schema.ping.c.due <= now)

    def leases(self) -> list[Lease]:
        return self._all(Lease)

    def lease(self, token: str) -> Lease | None:
        """Our lease whose callback carries *token*."""
        return next(iter(self._all(Lease, schema.lease.c.token == token)), None)

    # -- inside -----------------------------------------------------------------------

    def _all(self, kind: type[T], *conditions: ColumnElement[bool]) -> list[T]:
        return [_made(kind, row) for row in self._connection.execute(select(_TABLES[kind]).where(*conditions))]

    def _count(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        return self._connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def _same(one: Noted) -> Iterable[ColumnElement[bool]]:
    return (column == getattr(one, column.name) for column in _TABLES[type(one)].primary_key.columns)


def _made(kind: type[T], row: Row[Any]) -> T:
    return kind(**{field.name: row._mapping[field.name] for field in fields(kind)})
