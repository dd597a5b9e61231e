"""A large document is settled in several transactions: the same result, and nothing lost to who dies in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.model import Poll, Sighting
from aggregator.settle import STEP, Settling
from aggregator.store import Store
from tests.arrivals import CONFIG, MORNING, NORTH, Item, empty, hours, membership, piece, seen, stories, take_in

FLOODED = replace(CONFIG, guard=replace(CONFIG.guard, flood=20))
POLL = Poll(source=NORTH.id, url=NORTH.url, at=MORNING, next_poll=MORNING, status="ok", first_success=MORNING)
LATER = replace(POLL, at=MORNING + hours(1))


@pytest.fixture
def desk(tmp_path: Path) -> Store:
    return Store(empty(tmp_path))


def short(number: int) -> Sighting:
    item = Item(f"Bericht {number}", f"Kort bericht, nummer {number}.")
    return seen(NORTH, number, item, MORNING + hours(1), published=MORNING + hours(number / 1000))


def settle_in_steps(store: Store, batch: Sequence[Sighting], noted: Poll) -> tuple[Poll, int]:
    settling, steps = Settling(tuple(batch), noted, FLOODED), 1
    while (settled := store.submit(settling.step).result()) is None:
        steps += 1
    return settled, steps


def noted(store: Store, poll: Poll) -> None:
    store.submit(lambda tx: tx.polls.note(poll)).result()


def test_steps_make_no_difference(tmp_path: Path) -> None:
    """In several transactions or in one: the same stories, and the same said of the poll; an item that is listed twice
    is one entry, as its first place has it, wherever the second one comes.
    """
    again = replace(short(7), entry=replace(short(500).entry, id=short(7).entry.id), keys=short(7).keys, words="other")
    batch = [*(short(n) for n in range(300)), again]
    with Store(empty(tmp_path)) as one, Store(empty(tmp_path)) as two:
        in_steps, steps = settle_in_steps(one, batch, LATER)
        at_once = two.submit(Settling(tuple(batch), LATER, FLOODED).whole).result()
        assert steps > 1
        assert in_steps == at_once
        assert membership(one) == membership(two)
        assert [story.lead.words for story in stories(one)] == [story.lead.words for story in stories(two)]


def test_long_texts_take_more_steps(desk: Store) -> None:
    """What one transaction takes goes with what there is to read, and is at least one entry."""
    long = [replace(short(n), length=STEP * 2) for n in range(30)]
    with desk:
        _, steps = settle_in_steps(desk, long, POLL)
    assert steps == 8


def test_others_have_their_turn_between_steps(desk: Store) -> None:
    """What another one writes between two steps is seen by the next one, and not overwritten."""
    with desk:
        settling = Settling(tuple(short(n) for n in range(300)), LATER, FLOODED)
        assert desk.submit(settling.step).result() is None
        (first, *_) = sorted(stories(desk), key=lambda story: story.published)
        hidden = replace(first, withdrawn=LATER.at)
        desk.submit(lambda tx: tx.stories.save(hidden, at=LATER.at, loud=True)).result()
        while desk.submit(settling.step).result() is None:
            pass
        assert len(stories(desk)) == 299
        assert desk.look(lambda tx: tx.stories.get(first.id)) == hidden


def test_a_flood_is_held_to_its_last_entry(desk: Store) -> None:
    """A flood is judged on the whole: what is left of it after a crash is held too, though it is no flood by itself."""
    batch = [short(n) for n in range(300)]
    with desk:
        noted(desk, POLL)
        assert desk.submit(Settling(tuple(batch), LATER, FLOODED).step).result() is None
        stored = len(desk.look(lambda tx: tx.stories.held()))
        assert 0 < stored < 300
        rest = batch[: stored + 5]  # fewer than a flood
        settled, _ = settle_in_steps(desk, rest, replace(LATER, at=MORNING + hours(2)))
        assert (settled.new, settled.held) == (5, 5)
        noted(desk, settled)
        again, _ = settle_in_steps(desk, [short(n) for n in range(400, 403)], replace(LATER, at=MORNING + hours(3)))
        assert (again.new, again.held) == (3, 0)


def test_a_first_success_stays_quiet_after_a_crash(desk: Store) -> None:
    """Who dies within a first success has noted none: the rest is as quiet as the beginning."""
    batch = [short(n) for n in range(300)]
    with desk:
        desk.submit(lambda tx: tx.audience.enrol("d", ["a@example.be"], MORNING)).result()
        first = replace(POLL, at=LATER.at, first_success=LATER.at)
        assert desk.submit(Settling(tuple(batch), first, FLOODED).step).result() is None
        later = replace(first, at=MORNING + hours(2), first_success=MORNING + hours(2))
        settled, _ = settle_in_steps(desk, batch, later)
        assert 0 < settled.new < 300
        assert settled.held == 0
        assert desk.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["north"])) == {}


def test_what_lives_is_not_buried_by_another(desk: Store) -> None:
    """An entry that is kept goes on being edited, whatever was deleted that had its address, its title or its words."""
    one = seen(NORTH, 1, piece(0), MORNING)
    with desk:
        take_in(desk, one)
        graves = [key for key in one.keys if key.startswith("text:")]
        desk.submit(lambda tx: tx.retention.bury(stories(desk)[0].id, graves, MORNING)).result()
        edited = seen(NORTH, 1, piece(1), MORNING + hours(1), published=MORNING)
        take_in(desk, replace(one, seen=MORNING + hours(1)))
        take_in(desk, edited)
        assert stories(desk)[0].lead.entry.title == piece(1).title
