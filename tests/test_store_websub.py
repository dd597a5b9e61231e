"""WebSub's tables, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.model import Intent, Lease, Ping, Subscription
from aggregator.store import Store
from tests.stories import NOW

TOPIC = "https://nieuws.example/samen.atom"
INTENT = Intent(mode="subscribe", topic=TOPIC, callback="https://a.example/1", secret="é", lease=60, asked=NOW)
SUBSCRIPTION = Subscription(
    topic=TOPIC,
    callback="https://a.example/1",
    host="a.example",
    secret=None,
    expires=NOW + timedelta(hours=1),
    wanted='"2"',
    delivered='"1"',
    due=NOW,
)
PING = Ping(hub="https://h.example/", topic=TOPIC, wanted='"2"', delivered='"1"', due=NOW, failing=NOW, error="x")
LEASE = Lease(source="s", hub="https://h.example/", topic=TOPIC, token="t", secret="s", due=NOW)


@pytest.mark.parametrize("noted", [INTENT, SUBSCRIPTION, PING, LEASE], ids=lambda noted: type(noted).__name__)
def test_what_is_noted_comes_back(store: Store, noted: Any) -> None:
    """To equality; the later one takes the place of the earlier one of the same name; what is dropped is gone."""
    store.submit(lambda tx: tx.websub.put(noted)).result()
    assert store.look(lambda tx: tx.websub.now(noted)) == noted
    changed = replace(noted, secret="other") if isinstance(noted, Intent | Lease) else replace(noted, attempts=3)
    store.submit(lambda tx: tx.websub.put(changed)).result()
    assert store.look(lambda tx: tx.websub.now(noted)) == changed
    store.submit(lambda tx: tx.websub.drop(noted)).result()
    assert store.look(lambda tx: tx.websub.now(noted)) is None


def test_what_is_due_and_what_is_over(store: Store) -> None:
    """Due is what waits and has a lease, the longest overdue first; whose lease is over is not counted any more."""
    late = replace(SUBSCRIPTION, callback="https://b.example/2", host="b.example", due=NOW - timedelta(hours=1))
    over = replace(SUBSCRIPTION, callback="https://a.example/3", expires=NOW)
    idle = replace(SUBSCRIPTION, callback="https://a.example/4", due=None, wanted='"1"')
    store.submit(lambda tx: tx.websub.put(SUBSCRIPTION, late, over, idle, INTENT)).result()
    assert store.look(lambda tx: tx.websub.due(NOW, 9)) == [late, SUBSCRIPTION]
    assert store.look(lambda tx: tx.websub.due(NOW, 1)) == [late]
    assert store.look(lambda tx: tx.websub.outdated(TOPIC, '"2"')) == [idle]
    assert store.look(lambda tx: tx.websub.crowd("a.example", TOPIC)) == (1, 4, 3, 3)
    assert store.submit(lambda tx: tx.websub.expire(NOW)).result() == 1
    assert store.look(lambda tx: tx.websub.crowd("a.example", "other")) == (1, 3, 2, 0)
    assert store.look(lambda tx: tx.websub.topics()) == [TOPIC]


def test_a_lease_is_found_by_its_token(store: Store) -> None:
    """And by nothing that is only like it."""
    store.submit(lambda tx: tx.websub.put(LEASE)).result()
    assert store.look(lambda tx: tx.websub.lease("t")) == LEASE
    assert store.look(lambda tx: tx.websub.lease("T")) is None
