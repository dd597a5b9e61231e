"""The editor's hand: each act, its undoing, and that it outlives what comes after."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from aggregator import hand
from aggregator.hand import Hand, NoSuchStory
from aggregator.model import Lot, Matching, Source, Story, Verdict
from aggregator.store import Store, Tx, Wanted
from tests.arrivals import (
    CONFIG,
    EAST,
    MORNING,
    NORTH,
    SOUTH,
    empty,
    membership,
    piece,
    report,
    seen,
    take_in,
    told,
)
from tests.arrivals import stories as arrived
from tests.mails import LETTER, envelope
from tests.stories import NOW, joint, sighting, story

T = TypeVar("T")
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
    store.submit(lambda tx: tx.audience.enrol("d", ["a@example.be"], NOW)).result()


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
    store.submit(lambda tx: tx.mailing.freeze("d", "1", now=NOW, expires=NOW, lots=[])).result()
    store.submit(lambda tx: hand.show(tx, one.id, LATER)).result()
    assert fresh(store) == (one.id,)


def mail(store: Store, slot: str, *stories: Story) -> None:
    about = envelope("a@example.be", slot)
    lots = [Lot(letter=LETTER, stories=tuple(each.id for each in stories), envelopes=(about,))]
    store.submit(lambda tx: tx.mailing.freeze("d", slot, now=NOW, expires=NOW, lots=lots)).result()


def test_what_is_joined_is_not_mailed_again(store: Store) -> None:
    """Who was mailed the story that another one took in has had its news."""
    enrol(store)
    gone, kept = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, gone)
    mail(store, "1", gone)
    keep(store, kept)
    store.submit(lambda tx: hand.join(tx, kept.id, gone.id, WHO)).result()
    assert fresh(store) == ()


@pytest.mark.parametrize("taken_in", [1, 2])
def test_an_undone_join_loses_and_repeats_no_mail(store: Store, taken_in: int) -> None:
    """What counted as mailed only because of a join is due again when that is undone; what was mailed is not."""
    enrol(store)
    had, due = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, had)
    mail(store, "1", had)
    keep(store, due)
    gone, kept = (had, due) if taken_in == 1 else (due, had)
    store.submit(lambda tx: hand.join(tx, kept.id, gone.id, WHO)).result()
    store.submit(lambda tx: tx.mailing.freeze("d", "2", now=NOW, expires=NOW, lots=[])).result()
    assert fresh(store) == ()
    store.submit(lambda tx: hand.split(tx, kept.id, gone.id, LATER)).result()
    assert fresh(store) == (due.id,)


def test_two_mailed_stories_are_joined_and_parted_without_a_mail(store: Store) -> None:
    """Nobody gets again what they had, whatever editors put together and take apart."""
    enrol(store)
    one, two = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, one, two)
    mail(store, "1", one, two)
    store.submit(lambda tx: hand.join(tx, one.id, two.id, WHO)).result()
    assert fresh(store) == ()
    store.submit(lambda tx: hand.split(tx, one.id, two.id, LATER)).result()
    assert fresh(store) == ()


def test_a_join_that_was_made_before_is_undone(store: Store) -> None:
    """What an earlier version kept of a join was the list of its copies."""
    one, two = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, one, two)
    store.submit(lambda tx: hand.join(tx, one.id, two.id, WHO)).result()
    copies = json.loads(store.look(lambda tx: tx.hands.undoing(two.id, "join")) or "")["copies"]
    was = json.dumps(copies)
    store.submit(
        lambda tx: tx.hands.note(at=NOW, who="an", act="join", story=two.id, detail=f"into {one.id}", undo=was)
    ).result()
    stayed, parted = store.submit(lambda tx: hand.split(tx, one.id, two.id, LATER)).result()
    assert (stayed.members, parted.members) == (one.members, two.members)


def test_where_a_joined_story_went_is_known(store: Store) -> None:
    """Of the story that was taken in, the one that has it now; of the one that took it, nothing."""
    one, two, three = (story(sighting(zone, key=zone), number=at) for at, zone in ((1, "bht"), (2, "hz"), (3, "oost")))
    keep(store, one, two, three)
    into = partial(store.look, lambda tx: [tx.hands.joined_into(each.id) for each in (one, two, three)])
    store.submit(lambda tx: hand.join(tx, one.id, two.id, WHO)).result()
    assert into() == [None, one.id, None]
    store.submit(lambda tx: hand.join(tx, three.id, one.id, LATER)).result()
    assert into() == [three.id, one.id, None]
    with pytest.raises(NoSuchStory):
        store.submit(lambda tx: hand.split(tx, three.id, two.id, LATER)).result()


def test_a_join_of_which_only_words_tell_is_known(store: Store) -> None:
    """An earlier version noted the other story in the sentence alone."""
    words = "into a; dezelfde"
    store.submit(lambda tx: tx.hands.note(at=NOW, who="an", act="join", story="b", detail=words, undo="[]")).result()
    assert store.look(lambda tx: tx.hands.joined_into("b")) == "a"


def test_a_zone_whose_copies_were_split_off_is_due_no_mail_of_the_rest(store: Store) -> None:
    """A digest of one zone alone does not wait for a story that the zone no longer tells."""
    enrol(store)
    keep(store, joint())
    _, parted = store.submit(lambda tx: hand.split(tx, joint().id, "hz-nieuws", WHO)).result()
    store.submit(lambda tx: hand.hide(tx, parted.id, WHO)).result()
    assert store.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["hz"])) == {}


def shown_now(store: Store) -> list[Story]:
    return [story for story in arrived(store) if not story.withdrawn]


def act(store: Store, work: Callable[[Tx], T]) -> T:
    return store.submit(work).result()


def test_a_join_is_undone_to_the_letter(store: Store) -> None:
    """Split with the id of a story that was taken in gives it back: id, copies and reasons; and so a second time."""
    one, two = story(sighting("bht", key="1"), number=1), joint(2)
    keep(store, one, two)
    for _ in range(2):
        act(store, lambda tx: hand.join(tx, one.id, two.id, WHO))
        assert len(store.look(lambda tx: tx.stories.newest(["bht", "hz"], 9))) == 1
        stayed, parted = act(store, lambda tx: hand.split(tx, one.id, two.id, LATER))
        assert stayed.members == one.members
        assert (parted.id, parted.members, parted.withdrawn) == (two.id, two.members, None)
    kept = store.look(lambda tx: [each.members for each in tx.stories.all([one.id, two.id])])
    assert kept == [one.members, two.members]


def test_an_undone_join_keeps_what_was_edited_meanwhile(store: Store) -> None:
    """A copy that changed while it stood in the other story leaves it as it reads now."""
    one, two = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, one, two)
    joined = act(store, lambda tx: hand.join(tx, one.id, two.id, WHO))
    changed = replace(joined.members[1].sighting, words="nieuw", keys=("nieuw", *joined.members[1].sighting.keys))
    keep(store, replace(joined, members=(joined.members[0], replace(joined.members[1], sighting=changed))))
    _, parted = act(store, lambda tx: hand.split(tx, one.id, two.id, LATER))
    assert (parted.id, parted.lead.words) == (two.id, "nieuw")


def test_one_copy_of_several_is_split_off_by_its_link(store: Store) -> None:
    """Where a source has two copies in a story its id means both, and a link the one."""
    first, again = sighting("hz", key="1"), sighting("hz", key="2")
    one = story(sighting("bht", key="7"), first, again)
    keep(store, one)
    link = again.entry.link
    assert link is not None
    stayed, parted = act(store, lambda tx: hand.split(tx, one.id, link, WHO))
    assert (len(stayed.members), [m.sighting.entry.link for m in parted.members]) == (2, [link])


def test_what_is_withdrawn_or_held_stays_so_when_it_is_split(store: Store) -> None:
    """No half of a hidden story comes back by itself."""
    one = replace(joint(), withdrawn=NOW, held=True)
    keep(store, one)
    _, parted = act(store, lambda tx: hand.split(tx, one.id, "hz-nieuws", WHO))
    assert parted.withdrawn
    assert parted.held


def test_what_was_joined_away_is_not_shown_or_joined(store: Store) -> None:
    """The id of a story that was taken in leads nowhere, and the message says what to do."""
    one, two = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, one, two)
    act(store, lambda tx: hand.join(tx, one.id, two.id, WHO))
    with pytest.raises(NoSuchStory, match="stories split"):
        act(store, lambda tx: hand.show(tx, two.id, WHO))
    with pytest.raises(NoSuchStory, match="joined into another"):
        act(store, lambda tx: hand.join(tx, one.id, two.id, WHO))


def test_a_hidden_story_is_not_joined(store: Store) -> None:
    """What was hidden on purpose does not come back inside another story."""
    one, two = story(sighting("bht", key="1"), number=1), story(sighting("hz", key="2"), number=2)
    keep(store, one, two)
    act(store, lambda tx: hand.hide(tx, two.id, WHO))
    for name, other in ((one.id, two.id), (two.id, one.id)):
        with pytest.raises(NoSuchStory, match="stories show"):
            act(store, partial(hand.join, name=name, other=other, hand=WHO))


def test_links_follow_a_join(store: Store) -> None:
    """What the story that was taken in was related to is related to the one that took it."""
    stories = [story(sighting("bht", key=str(n)), number=n) for n in range(3)]
    keep(store, *stories)
    verdict = Verdict(verdict="related", rule="rewrite", score=0.6, evidence="zelfde feit")
    act(store, lambda tx: tx.related.note(stories[1].id, [(stories[2].id, verdict)], NOW))
    act(store, lambda tx: hand.join(tx, stories[0].id, stories[1].id, WHO))
    found = store.look(lambda tx: tx.stories.all([stories[0].id, stories[2].id]))
    assert [[other.story for other in each.related] for each in found] == [[stories[2].id], [stories[0].id]]


@pytest.mark.parametrize("thresholds", [Matching(), Matching(alike=0.0, contained=0.0), Matching(window=timedelta(0))])
def test_what_an_editor_decided_outlives_everything(tmp_path: Path, thresholds: Matching) -> None:
    """Split, join and hide stand after refetches, restarts and with other thresholds, and who did it is kept."""
    url = empty(tmp_path)
    config = replace(CONFIG, match=thresholds)
    copies = (seen(NORTH, 1, piece(0), MORNING), seen(SOUTH, 1, piece(0), MORNING))
    others = (seen(NORTH, 2, piece(1), MORNING), seen(SOUTH, 2, piece(2), MORNING), seen(EAST, 3, piece(3), MORNING))
    with Store(url) as store:
        for each in (*copies, *others):
            take_in(store, each)
        one, two, three, four = (
            next(s for s in arrived(store) if s.lead.entry.title == piece(n).title) for n in range(4)
        )
        act(store, lambda tx: hand.split(tx, one.id, SOUTH.id, WHO))
        act(store, lambda tx: hand.join(tx, two.id, three.id, WHO))
        act(store, lambda tx: hand.hide(tx, four.id, WHO))
        decided = membership(store)
    assert sorted(map(len, decided.values())) == [1, 1, 2]
    for round_ in range(2):
        with Store(url) as store:
            for each in (*copies, *others):
                take_in(store, replace(each, seen=MORNING + timedelta(hours=1 + round_)), config=config)
            edited = seen(EAST, 3, replace(piece(3), body=piece(3).body + " Update: hij blaft nog."), MORNING)
            take_in(store, replace(edited, seen=MORNING + timedelta(hours=5)), config=config)
            assert membership(store) == decided
            acts = store.look(lambda tx: [acts[1:3] for s in (one, two, four) for acts in tx.hands.on(s.id)])
            assert acts == [("an", "split"), ("an", "join"), ("an", "hide")]


def test_what_is_hidden_does_not_come_back_under_another_guid(tmp_path: Path) -> None:
    """Its source posts it again, word for word, days later and at another address: it joins what was withdrawn.

    Next year it is news again, as what was deleted is.
    """
    with Store(empty(tmp_path)) as store:
        take_in(store, seen(NORTH, 1, piece(0), MORNING))
        (hidden,) = arrived(store)
        act(store, lambda tx: hand.hide(tx, hidden.id, Hand(who="an", at=MORNING)))
        take_in(store, seen(NORTH, 2, piece(0), MORNING + timedelta(days=5)))
        assert shown_now(store) == []
        take_in(store, seen(NORTH, 3, piece(0), MORNING + timedelta(days=365)))
        assert len(shown_now(store)) == 1


def test_a_late_copy_of_a_hidden_story_stays_out(tmp_path: Path) -> None:
    """What was withdrawn does not come back by way of another zone."""
    with Store(empty(tmp_path)) as store:
        take_in(store, seen(NORTH, 1, piece(0), MORNING))
        (one,) = arrived(store)
        act(store, lambda tx: hand.hide(tx, one.id, WHO))
        take_in(store, seen(SOUTH, 9, piece(0), MORNING + timedelta(hours=9)))
        assert arrived(store) == []


@pytest.mark.parametrize("again", [NORTH, SOUTH])
@pytest.mark.parametrize("manner", ["retitled", "footer", "cut"])
def test_copies_of_a_hidden_story_stay_hidden(tmp_path: Path, again: Source, manner: str) -> None:
    """Posted again by its own source or another, under another title or edited, it joins what was withdrawn.

    ``show`` brings all of it back; a piece from the same template is news.
    """
    with Store(empty(tmp_path)) as store:
        take_in(store, seen(NORTH, 1, piece(0), MORNING))
        take_in(store, seen(NORTH, 2, report(1), MORNING))
        for one in arrived(store):
            act(store, partial(hand.hide, name=one.id, hand=WHO))
        take_in(store, seen(again, 8, told(piece(0), manner), MORNING + timedelta(days=4)))
        take_in(store, seen(again, 9, told(report(1), manner), MORNING + timedelta(days=5)))
        assert arrived(store) == []
        take_in(store, seen(again, 10, told(report(2), manner), MORNING + timedelta(days=6)))
        assert len(arrived(store)) == 1
        hidden = [story for story in store.look(lambda tx: list(tx.stories.listed(Wanted()))) if story.withdrawn]
        for one in hidden:
            act(store, partial(hand.show, name=one.id, hand=WHO))
        assert sorted(len(story.members) for story in arrived(store)) == [1, 2, 2]


def test_a_hidden_story_does_not_draw_in_what_is_shown(tmp_path: Path) -> None:
    """Who hides one of two stories that are alike keeps the other, and its copies."""
    with Store(empty(tmp_path)) as store:
        take_in(store, seen(NORTH, 1, piece(0), MORNING))
        take_in(store, seen(NORTH, 2, told(piece(0), "retitled"), MORNING + timedelta(days=3)))
        first, second = sorted(arrived(store), key=lambda story: story.published)
        act(store, lambda tx: hand.hide(tx, first.id, WHO))
        take_in(store, seen(SOUTH, 9, told(piece(0), "footer"), MORNING + timedelta(days=4)))
        (shown,) = arrived(store)
        assert (shown.id, shown.zones) == (second.id, ("north", "south"))
