"""The store: verbs on SQLite and on PostgreSQL, turns of the writer, and what a database may refuse."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from aggregator.daemon.opening import open_store
from aggregator.errors import StoreError
from aggregator.model import Delivery, Edition, Lot, Poll, Story, Validators
from aggregator.store import Store, Tx, alone
from tests.mails import LETTER, envelope
from tests.stories import CONFIG, NOW, joint, sighting, story

HOUR = timedelta(hours=1)


def freeze(tx: Tx, slot: str, stories: list[str], *addresses: str) -> Edition:
    lot = Lot(letter=LETTER, stories=tuple(stories), envelopes=tuple(map(envelope, addresses)))
    lots = [lot] if stories else []
    return tx.mailing.freeze("dagelijks", slot, now=NOW, expires=NOW + HOUR, lots=lots)


def sharing(store: Store, key: str) -> list[Story]:
    return store.look(lambda tx: tx.stories.sharing([key]))


def save(store: Store, *stories: Story) -> None:
    def all_of_them(tx: Tx) -> None:
        for one in stories:
            tx.stories.save(one, at=NOW, loud=True)

    store.submit(all_of_them).result()


def test_a_story_comes_back_as_it_was_saved(store: Store) -> None:
    """Whatever is in a story (its copies, keys, reasons, moments) survives the database, to equality."""
    saved = joint()
    save(store, saved)
    assert store.look(lambda tx: tx.stories.get(saved.id)) == saved


def test_a_story_is_found_by_any_key_of_any_member(store: Store) -> None:
    """``sharing`` finds a story by each of its keys, and by no other."""
    saved = joint()
    save(store, saved)
    for member in saved.members:
        for key in member.sighting.keys:
            assert sharing(store, key) == [saved]
    assert sharing(store, "something else") == []


def test_saving_again_replaces(store: Store) -> None:
    """A story that gained a member is stored with it, and its old keys still find it."""
    alone_ = story(sighting("bht", key="7"))
    both = replace(alone_, members=(*alone_.members, *story(sighting("hz", key="8")).members))
    both = replace(both, members=tuple(replace(member, story=both.id) for member in both.members))
    save(store, alone_)
    save(store, both)
    assert store.look(lambda tx: tx.stories.sharing(alone_.members[0].sighting.keys)) == [both]
    assert store.look(lambda tx: tx.stories.counts()) == (1, 1)


def test_what_is_withdrawn_or_held_is_not_shown(store: Store) -> None:
    """The newest stories of a stream leave out what an editor withdrew and what waits for the operator."""
    shown = story(sighting(key="1"), number=1)
    withdrawn = replace(story(sighting(key="2"), number=2), withdrawn=NOW)
    held = replace(story(sighting(key="3"), number=3), held=True)
    save(store, shown, withdrawn, held)
    assert store.look(lambda tx: tx.stories.newest(["bht"], 10)) == [shown]
    assert store.look(lambda tx: tx.stories.newest(["hz"], 10)) == []
    assert store.look(lambda tx: tx.stories.held()) == [held]


def test_the_revision_moves_with_every_save(store: Store) -> None:
    """Another process sees by the revision that something changed."""
    before = store.look(lambda tx: tx.stories.revision())
    save(store, story())
    assert store.look(lambda tx: tx.stories.revision()) > before


def test_a_poll_comes_back_as_it_was_noted(store: Store) -> None:
    """Validators are kept byte for byte, quotes and W/ included (RFC 9110 §8.8.3)."""
    noted = Poll(
        source="s",
        url="https://a.example/",
        at=NOW,
        next_poll=NOW + HOUR,
        status="ok",
        validators=Validators(url="https://a.example/", etag='W/"x-gzip"', last_modified="Mon, 23 Nov 2026 08:00 GMT"),
        problems=("one",),
    )
    store.submit(lambda tx: tx.polls.note(noted)).result()
    assert store.look(lambda tx: tx.polls.of("s")) == noted
    assert store.look(lambda tx: tx.polls.all()) == {"s": noted}


def test_polls_that_come_together_are_noted_together(store: Store) -> None:
    """The last of a source counts, and each caller goes on when its own is kept."""
    many = [
        Poll(source=f"s{number % 10}", url="https://a.example/", at=NOW, next_poll=NOW + number * HOUR, status="ok")
        for number in range(30)
    ]

    async def together() -> None:
        await asyncio.gather(*map(store.note, many))

    asyncio.run(together())
    asyncio.run(store.note(replace(many[0], entries=7)))
    kept = store.look(lambda tx: tx.polls.all())
    assert kept == {poll.source: poll for poll in many} | {"s0": replace(many[0], entries=7)}
    assert store.look(lambda tx: tx.polls.some(["s3", "s4", "never"])).keys() == {"s3", "s4"}


def test_a_poisonous_write_fails_alone(store: Store) -> None:
    """A write that raises is undone and told to its caller; those around it are kept."""

    def poison(tx: Tx) -> None:
        tx.meta.put("poison", "1")
        raise ValueError("poison")

    first = store.submit(lambda tx: tx.meta.put("first", "1"))
    bad = store.submit(poison)
    last = store.submit(lambda tx: tx.meta.put("last", "1"))
    first.result()
    last.result()
    with pytest.raises(ValueError, match="poison"):
        bad.result()
    found = store.look(lambda tx: [tx.meta.get(name) for name in ("first", "poison", "last")])
    assert found == ["1", None, "1"]


def test_what_is_not_kept_is_undone(store: Store) -> None:
    """A dry run sees its own effects and leaves none."""

    def dry(tx: Tx) -> str | None:
        tx.meta.put("dry", "1")
        return tx.meta.get("dry")

    assert store.submit(dry, keep=False).result() == "1"
    assert store.look(lambda tx: tx.meta.get("dry")) is None


# -- who is mailed what ---------------------------------------------------------------


def arrive(store: Store, key: str, *, loud: bool = True) -> str:
    made = story(sighting(key=key), number=int(key))
    store.submit(lambda tx: tx.stories.save(made, at=NOW, loud=loud)).result()
    return made.id


def fresh(store: Store, address: str = "a@example.be") -> tuple[str, ...]:
    return store.look(lambda tx: tx.mailing.fresh("dagelijks", [address], ["bht"])).get(address, ())


def enrol(store: Store, *addresses: str) -> None:
    store.submit(lambda tx: tx.audience.enrol("dagelijks", addresses, NOW)).result()


def test_what_arrived_before_a_recipient_is_behind_them(store: Store) -> None:
    """A new recipient gets what arrives from then on, and enrolling twice changes nothing."""
    arrive(store, "1")
    enrol(store, "a@example.be")
    enrol(store, "a@example.be")
    second = arrive(store, "2")
    assert fresh(store) == (second,)


def test_a_first_fetch_reaches_no_digest(store: Store) -> None:
    """An arrival that is not loud is in the feed and is nobody's news."""
    enrol(store, "a@example.be")
    arrive(store, "1", loud=False)
    assert fresh(store) == ()


def test_a_frozen_story_is_not_fresh_any_more(store: Store) -> None:
    """Freezing writes the ledger: the next edition does not have the story."""
    enrol(store, "a@example.be")
    first = arrive(store, "1")
    store.submit(lambda tx: freeze(tx, "1", [first], "a@example.be")).result()
    second = arrive(store, "2")
    assert fresh(store) == (second,)


def test_a_story_that_comes_back_is_mailed_once(store: Store) -> None:
    """A story shown again after the cursor passed is still mailed, and one that was mailed is not."""
    enrol(store, "a@example.be", "b@example.be")
    first = arrive(store, "1")
    store.submit(lambda tx: freeze(tx, "1", [first], "a@example.be")).result()

    def again(tx: Tx) -> None:
        found = tx.stories.get(first)
        assert found is not None
        tx.stories.arrive_again(found, at=NOW)

    store.submit(again).result()
    assert fresh(store, "a@example.be") == ()
    assert fresh(store, "b@example.be") == (first,)


def test_a_slot_is_frozen_once(store: Store) -> None:
    """Freezing a slot again fails whole, so that two schedulers make one edition."""
    enrol(store, "a@example.be")
    first, second = arrive(store, "1"), arrive(store, "2")
    store.submit(lambda tx: freeze(tx, "slot", [first], "a@example.be")).result()
    with pytest.raises(StoreError):
        store.submit(lambda tx: freeze(tx, "slot", [second], "a@example.be")).result()
    assert [edition.stories for edition in store.look(lambda tx: tx.mailing.editions())] == [1]


def test_the_ledger_refuses_a_second_mailing(store: Store) -> None:
    """Even a faulty caller cannot freeze a story twice for one recipient: the key of the ledger forbids it."""
    enrol(store, "a@example.be")
    first = arrive(store, "1")
    store.submit(lambda tx: freeze(tx, "1", [first], "a@example.be")).result()
    with pytest.raises(StoreError):
        store.submit(lambda tx: freeze(tx, "2", [first], "a@example.be")).result()
    assert store.look(lambda tx: tx.mailing.edition("dagelijks", "2")) is None


def test_an_empty_edition_is_recorded_as_skipped(store: Store) -> None:
    """A silent skip looks like a fault, so it is written down."""
    edition = store.submit(lambda tx: freeze(tx, "1", [])).result()
    assert (edition.state, edition.stories) == ("skipped", 0)


def one_delivery(store: Store) -> Delivery:
    enrol(store, "a@example.be")
    first = arrive(store, "1")
    store.submit(lambda tx: freeze(tx, "1", [first], "a@example.be")).result()
    (delivery,) = store.look(lambda tx: tx.mailing.due(NOW, 10))
    return delivery


def test_what_expired_goes_into_the_next_edition(store: Store) -> None:
    """An expired delivery gives its stories back, although the cursor had passed them."""
    delivery = one_delivery(store)
    second = arrive(store, "2")
    store.submit(lambda tx: freeze(tx, "2", [second], "a@example.be")).result()
    store.submit(lambda tx: tx.mailing.note(replace(delivery, state="expired"))).result()
    assert fresh(store) == ("tag:nieuws.example.be,2026:story/0001",)


def test_an_edition_is_done_when_every_delivery_is(store: Store) -> None:
    """An edition is being sent while any of its deliveries is unfinished, and done afterwards."""
    delivery = one_delivery(store)
    assert store.look(lambda tx: tx.mailing.editions())[0].state == "sending"
    store.submit(lambda tx: tx.mailing.note(replace(delivery, state="sent"))).result()
    assert store.look(lambda tx: tx.mailing.editions())[0].state == "done"


def test_a_message_is_rebuilt_from_what_was_frozen(store: Store) -> None:
    """Letter and envelope come back to equality."""
    delivery = one_delivery(store)
    assert store.look(lambda tx: tx.mailing.contents(delivery)) == (LETTER, envelope("a@example.be"))


def test_a_joined_story_counts_as_mailed(store: Store) -> None:
    """Who was mailed one of two stories that an editor joins is not mailed the other for its sake."""
    enrol(store, "a@example.be")
    gone = arrive(store, "1")
    store.submit(lambda tx: freeze(tx, "1", [gone], "a@example.be")).result()
    kept = arrive(store, "2")
    store.submit(lambda tx: tx.ledger.count_as(gone, kept)).result()
    assert fresh(store) == ()


def _is_declared(name: str | None, kind: str, _parents: object) -> bool:
    """The index of the search is the engine's own, with tables of its own; ``store.search`` alone knows it."""
    return not (kind == "table" and (name == "search" or (name or "").startswith("search_")))


# -- opening ------------------------------------------------------------------------


def test_the_migrations_make_what_the_program_expects(database: str) -> None:
    """The schema after all migrations is the schema in ``store.schema``, on every kind of database."""
    from aggregator.store.schema import metadata

    Store(database).close()
    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_declared})
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


def test_opening_again_changes_nothing(store: Store, database: str) -> None:
    """A second opening finds the database migrated, and what was stored."""
    store.submit(lambda tx: tx.meta.put("a", "1")).result()
    with Store(database) as again:
        assert again.look(lambda tx: tx.meta.get("a")) == "1"


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    """The operator learns which directory to make."""
    with pytest.raises(StoreError, match=r"directory .*/nowhere of the database does not exist; create it"):
        Store(f"sqlite:///{tmp_path}/nowhere/a.db")


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    """Something else in the file's place is named, with what to do."""
    (tmp_path / "a.db").write_bytes(b"this is a letter to my aunt, and long enough to be no database" * 20)
    with pytest.raises(StoreError, match="not a database; the file is damaged or something else"):
        Store(f"sqlite:///{tmp_path}/a.db")


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """A program that is older than its database does not touch it."""
    url = f"sqlite:///{tmp_path}/a.db"
    Store(url).close()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer than this program"):
        Store(url)


def test_sqlite_is_durable_and_keeps_its_references(tmp_path: Path) -> None:
    """The digest's commits survive a power cut (synchronous=FULL in WAL), and references are enforced."""
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        engine = store._engine
        with engine.connect() as connection:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_one_daemon_a_database(tmp_path: Path) -> None:
    """The second daemon is refused with the first one's process, and may start when that has gone."""
    url = f"sqlite:///{tmp_path}/a.db"
    with alone(url), pytest.raises(StoreError, match=r"another daemon \(process \d+\) uses this database"), alone(url):
        pass
    with alone(url):
        pass


def test_a_commit_that_fails_is_told_to_everybody_in_it(tmp_path: Path) -> None:
    """What was not committed has not happened: each caller of that turn hears so, and the next turn is served."""

    def broken(tx: Tx) -> None:
        tx._connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        tx._connection.exec_driver_sql("INSERT INTO key (value, member) VALUES ('k', 99)")

    with Store(f"sqlite:///{tmp_path / 'a.db'}") as store:
        with pytest.raises(StoreError, match="FOREIGN KEY"):
            store.submit(broken).result()
        store.submit(lambda tx: tx.meta.put("a", "1")).result()
        assert store.look(lambda tx: tx.meta.get("a")) == "1"


def test_freezing_one_digest_leaves_the_other_alone(store: Store) -> None:
    """Each digest has its own cursors: an edition of one takes no news from the readers of another."""
    enrol(store, "a@example.be")
    store.submit(lambda tx: tx.audience.enrol("other", ["a@example.be"], NOW)).result()
    first = arrive(store, "1")
    store.submit(lambda tx: freeze(tx, "1", [first], "a@example.be")).result()
    other = store.look(lambda tx: tx.mailing.fresh("other", ["a@example.be"], ["bht"]))
    assert other == {"a@example.be": (first,)}


def test_what_is_held_is_no_news(store: Store) -> None:
    """A held story that had arrived before waits with all others."""
    enrol(store, "a@example.be")
    first = arrive(store, "1")
    held = replace(story(sighting(key="1"), number=1), held=True)
    save(store, held)
    assert held.id == first
    assert fresh(store) == ()


def test_a_look_writes_nothing(store: Store) -> None:
    """On either database it is refused, so that no command finds out on one what was never tried on the other."""
    with pytest.raises(StoreError, match=r"read-?only"):
        store.look(lambda tx: tx.meta.put("a", "b"))
    assert store.submit(lambda tx: tx.meta.put("a", "c")).result() is None
    assert store.look(lambda tx: tx.meta.get("a")) == "c"


def test_what_is_opened_may_be_looked_at(database: str) -> None:
    """The key behind suppressions is there before the first mail, for `status` asks who may not be mailed."""
    with open_store(replace(CONFIG, database=database)) as opened:
        assert not opened.look(lambda tx: tx.audience.is_suppressed("dagelijks", "a@example.be"))
