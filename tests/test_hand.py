"""The editor's hand: each act, its undoing, and that it outlives what comes after."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from aggregator import hand
from aggregator.hand import Hand, NoSuchStory
from aggregator.model import Envelope, Letter, Story
from aggregator.store import Store, Tx
from tests.stories import NOW, joint, sighting, story

WHO = Hand(who="an", at=NOW, why="omdat")
LATER = Hand(who="an", at=NOW + timedelta(hours=1))


def keep(store: Store, *stories: Story, loud: bool = True) -> None:
    def all_of_them(tx: Tx) -> None:
        for one in stories:
            tx.stories.save(one, at=NOW, loud=loud)

    store.submit(all_of_them).result()


def fresh(store: Store) -> tuple[str, ...]:
    found = store.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["bht", "hz"]))
    return tuple(sorted(found.get("a@example.be", ())))


def enrol(store: Store) -> None:
    store.submit(lambda tx: tx.mailing.enrol("d", ["a@example.be"], NOW)).result()


def test_a_hidden_story_is_gone_until_it_is_shown(store: Store) -> None:
    """Hide takes a story out of stream and digest; show brings back both; who and why is kept."""
    enrol(store)
    one = story()
    keep(store, one)
    store.submit(lambda tx: hand.hide(tx, one.id, WHO)).result()
    assert store.look(lambda tx: tx.stories.newest(["bht"], 9)) == []
    assert fresh(store) == ()
    store.submit(lambda tx: hand.show(tx, one.id, LATER)).result()
    assert [found.id for found in store.look(lambda tx: tx.stories.newest(["bht"], 9))] == [one.id]
    assert fresh(store) == (one.id,)
    acts = store.look(lambda tx: tx.hands.on(one.id))
    assert [(who, act, detail) for _, who, act, detail in acts] == [("an", "hide", "omdat"), ("an", "show", "")]


def test_showing_old_news_does_not_mail_it(store: Store) -> None:
    """What had come with a source's first fetch is quiet when it is shown again."""
    enrol(store)
    one = story()
    keep(store, one, loud=False)
    store.submit(lambda tx: hand.hide(tx, one.id, WHO)).result()
    store.submit(lambda tx: hand.show(tx, one.id, LATER)).result()
    assert fresh(store) == ()


def test_split_makes_two_and_join_makes_one_again(store: Store) -> None:
    """The copy that leaves founds a story with an id of its own; the id that stayed is the one that comes back."""
    one = joint()
    keep(store, one)
    stayed, parted = store.submit(lambda tx: hand.split(tx, one.id, "hz-nieuws", WHO)).result()
    assert (stayed.id, stayed.zones, parted.zones) == (one.id, ("bht",), ("hz",))
    assert parted.id != one.id
    assert store.look(lambda tx: tx.stories.counts()) == (2, 0)
    joined = store.submit(lambda tx: hand.join(tx, one.id, parted.id, LATER)).result()
    assert (joined.id, sorted(joined.zones)) == (one.id, ["bht", "hz"])
    assert store.look(lambda tx: tx.stories.counts()) == (1, 1)


def test_what_was_joined_away_stays_found_where_it_went(store: Store) -> None:
    """After a join every key leads to the story that took the copies, so that a refetch finds it there."""
    one, two = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, one, two)
    store.submit(lambda tx: hand.join(tx, one.id, two.id, WHO)).result()
    found = store.look(lambda tx: tx.stories.sharing(two.lead.keys))
    assert [story.id for story in found] == [one.id]


def test_a_split_story_is_mailed(store: Store) -> None:
    """News that was hidden inside another story is news when it is taken out."""
    enrol(store)
    one = joint()
    keep(store, one)
    _, parted = store.submit(lambda tx: hand.split(tx, one.id, "hz-nieuws", WHO)).result()
    assert set(fresh(store)) == {one.id, parted.id}


def test_release_is_news_and_absorb_is_not(store: Store) -> None:
    """Both let a held story into the stream; only what is released is mailed."""
    enrol(store)
    first = replace(story(sighting(key="1"), number=1), held=True)
    second = replace(story(sighting(key="2"), number=2), held=True)
    keep(store, first, second)
    store.submit(lambda tx: hand.release(tx, first.id, WHO)).result()
    store.submit(lambda tx: hand.absorb(tx, second.id, WHO)).result()
    assert len(store.look(lambda tx: tx.stories.newest(["bht"], 9))) == 2
    assert fresh(store) == (first.id,)


def test_a_story_is_named_by_the_beginning_of_its_last_part(store: Store) -> None:
    """Nobody types a tag URI; what names no story, or more than one, is refused."""
    one, two = story(sighting(key="1"), number=1201), story(sighting(key="2"), number=1202)
    keep(store, one, two)
    assert store.look(lambda tx: hand.find(tx, "1201")).id == one.id
    for name in ("12", "9", "%"):
        with pytest.raises(NoSuchStory, match=r"called"):
            store.look(partial(hand.find, name=name))


def test_what_makes_no_sense_is_refused(store: Store) -> None:
    """Each act says why it cannot be done, and changes nothing."""
    one = story()
    keep(store, one)
    for act, words in (
        (lambda tx: hand.show(tx, one.id, WHO), "is not withdrawn"),
        (lambda tx: hand.split(tx, one.id, "bht-nieuws", WHO), "cannot be split"),
        (lambda tx: hand.join(tx, one.id, one.id, WHO), "joined with itself"),
        (lambda tx: hand.release(tx, one.id, WHO), "is not held"),
    ):
        with pytest.raises(NoSuchStory, match=words):
            store.submit(act).result()
    assert store.look(lambda tx: tx.stories.get(one.id)) == one


def test_what_is_shown_again_after_a_mailing_is_still_mailed(store: Store) -> None:
    """A story that was hidden while an edition went out is news to who has not had it, though the cursor passed it."""
    enrol(store)
    one = story()
    keep(store, one)
    store.submit(lambda tx: hand.hide(tx, one.id, WHO)).result()
    store.submit(lambda tx: tx.mailing.freeze("d", "1", now=NOW, expires=NOW, letters=[])).result()
    store.submit(lambda tx: hand.show(tx, one.id, LATER)).result()
    assert fresh(store) == (one.id,)


def test_what_is_joined_is_not_mailed_again(store: Store) -> None:
    """Who was mailed the story that another one took in has had its news."""
    enrol(store)
    gone, kept = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, gone)
    letter = Letter(subject="s", text="t", html="<p>h</p>")
    envelope = Envelope(
        sender="a <a@example.be>",
        reply_to=None,
        recipient="a@example.be",
        list_id="d.example.be",
        message_id="<1@example.be>",
        date=NOW,
        archive="https://example.be/",
    )
    letters = [(letter, [gone.id], {"a@example.be": envelope})]
    store.submit(lambda tx: tx.mailing.freeze("d", "1", now=NOW, expires=NOW, letters=letters)).result()
    keep(store, kept)
    store.submit(lambda tx: hand.join(tx, kept.id, gone.id, WHO)).result()
    assert fresh(store) == ()
