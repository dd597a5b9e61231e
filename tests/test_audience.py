"""Who reads a digest, and whom nothing may be sent to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.store import EVERY, Store
from tests.databases import migrated
from tests.mails import LETTER, envelope

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
DIGEST = "dagelijks"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(migrated(tmp_path / "a.db"))


def readers(store: Store, *configured: str) -> list[str]:
    found = store.look(lambda tx: tx.audience.readers(DIGEST, configured))
    wanted = [reader.address for reader in found]
    assert store.look(lambda tx: all(tx.audience.wants(DIGEST, each, configured) for each in wanted))
    return wanted


def enrol(store: Store, *addresses: str) -> None:
    store.submit(lambda tx: tx.audience.enrol(DIGEST, addresses, NOW)).result()


def test_who_left_the_configuration_is_no_reader_any_more(store: Store) -> None:
    """The recipients of the configuration are readers as long as they stand there."""
    with store:
        enrol(store, "a@example.be", "b@example.be")
        assert readers(store, "a@example.be", "b@example.be") == ["a@example.be", "b@example.be"]
        assert readers(store, "b@example.be") == ["b@example.be"]
        assert not store.look(lambda tx: tx.audience.wants(DIGEST, "a@example.be", ["b@example.be"]))


@pytest.mark.parametrize("digest", [DIGEST, EVERY])
def test_a_suppressed_address_gets_nothing_until_it_is_lifted(store: Store, digest: str) -> None:
    """Whatever the configuration says; capitals make no other address of it."""
    with store:
        enrol(store, "a@example.be")
        store.submit(lambda tx: tx.audience.suppress("A@example.be", digest, "unsubscribed", NOW)).result()
        assert readers(store, "a@example.be") == []
        assert not store.look(lambda tx: tx.audience.wants(DIGEST, "a@example.be", ["a@example.be"]))
        assert store.submit(lambda tx: tx.audience.lift("a@example.be", digest)).result()
        assert not store.submit(lambda tx: tx.audience.lift("a@example.be", digest)).result()
        assert readers(store, "a@example.be") == ["a@example.be"]


def test_a_suppression_for_one_digest_is_none_for_another(store: Store) -> None:
    """Who left the weekly mail reads the daily one."""
    with store:
        enrol(store, "a@example.be")
        store.submit(lambda tx: tx.audience.suppress("a@example.be", "wekelijks", "unsubscribed", NOW)).result()
        assert readers(store, "a@example.be") == ["a@example.be"]


def test_a_reader_is_found_by_a_token_that_never_changes(store: Store) -> None:
    """Each reader has an own one, also those who were there before there were tokens, and another database others."""
    with store:
        enrol(store, "a@example.be", "b@example.be")
        first, second = store.look(lambda tx: tx.audience.readers(DIGEST, ["a@example.be", "b@example.be"]))
        assert first.token != second.token
        assert len(first.token) == 22
        assert store.look(lambda tx: tx.audience.by_token(first.token)) == first
        assert store.look(lambda tx: tx.audience.token(DIGEST, "a@example.be")) == first.token
        assert store.look(lambda tx: tx.audience.by_token("")) is None


def test_a_single_mail_is_due_at_once_and_only_once(store: Store) -> None:
    """It is no edition of a digest, and the same key makes no second one."""
    about = envelope("b@example.be", date=NOW)

    def ask() -> bool:
        day = NOW + timedelta(days=1)
        return store.submit(lambda tx: tx.mailing.single("confirm", "b", LETTER, about, now=NOW, expires=day)).result()

    with store:
        assert [ask(), ask()] == [True, False]
        due = store.look(lambda tx: tx.mailing.due(NOW, 10))
        assert [each.address for each in due] == ["b@example.be"]
        assert store.look(lambda tx: tx.mailing.contents(due[0])) == (LETTER, about)
        assert store.look(lambda tx: tx.mailing.editions()) == []
