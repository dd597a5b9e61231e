"""Editions: who is due what, updates, review, at once; real store, time is an argument."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from aggregator import post
from aggregator.digest import edition as course
from aggregator.errors import DigestError
from aggregator.mail.relay import Relay
from aggregator.model import Category, Edition, Story
from aggregator.model.units import UNTIL_RELEASED
from tests.stories import NOW, joint, sighting, story
from tests.test_post import AN, BO, HOUR, Office, office, one, spoken

DAY = timedelta(days=1)


def choose(tmp_path: Path, address: str, **choice: str) -> None:
    """What ``address`` wants of the digest, as the page of preferences keeps it."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        for column, value in choice.items():
            other.execute(f"UPDATE recipient SET {column} = ? WHERE address = ?", (value, address))


def urgent(number: int, zone: str = "bht") -> Story:
    copy = sighting(zone, key=str(number), title=f"Oproep {number}", categories=(Category(term="dringend"),))
    return story(copy, number=number)


def mails(desk: Office, address: str) -> list[str]:
    desk.deliver()
    return [spoken(content) for content in desk.mailed(address)]


def edited(before: Story, at: datetime, title: str) -> Story:
    member = before.members[0]
    entry = replace(member.sighting.entry, title=title)
    copy = replace(member.sighting, entry=entry, words=title)
    return replace(before, members=(replace(member, sighting=copy),), updated=at, changed=at)


# -- readers' own choice -----------------------------------------------------------


def test_readers_are_due_what_they_chose(tmp_path: Path) -> None:
    """Zones and categories of a reader decide what is news to them, and whether a letter comes at all."""
    with office(tmp_path) as desk:
        choose(tmp_path, AN, zones='["hz"]')
        choose(tmp_path, BO, categories='["Dringend"]')
        desk.arrive(one(1), urgent(2, "hz"))
        desk.freeze()
        (an,), (bo,) = mails(desk, AN), mails(desk, BO)
        assert "Oproep 2" in an
        assert "Bericht nummer 1" not in an + bo
        desk.arrive(one(3))
        assert desk.freeze("2").state == "skipped"


def test_a_zone_that_joins_makes_a_story_news_to_its_readers(tmp_path: Path) -> None:
    """Who reads one zone is due a story when that zone publishes it too; the others are not due it again."""
    with office(tmp_path) as desk:
        choose(tmp_path, AN, zones='["hz"]')
        both = joint(1)
        alone = replace(both, members=tuple(m for m in both.members if m.sighting.zone == "bht"))
        desk.arrive(alone)
        desk.freeze("1")
        desk.arrive(both)
        desk.freeze("2")
        assert (len(mails(desk, AN)), len(mails(desk, BO))) == (1, 1)


def test_a_category_that_comes_later_makes_a_story_news(tmp_path: Path) -> None:
    """A story that an editor puts into a reader's category after an edition is in the next one, once."""
    with office(tmp_path) as desk:
        choose(tmp_path, AN, categories='["dringend"]')
        desk.now = NOW + HOUR
        plain = story(sighting(key="1", title="Oproep 1"), number=1)
        desk.arrive(plain)
        desk.freeze("1")
        desk.deliver()
        desk.now += DAY
        desk.arrive(replace(urgent(1), changed=desk.now))
        for slot in "234":
            desk.freeze(slot)
        assert (len(mails(desk, AN)), len(mails(desk, BO))) == (1, 1)


def test_who_wants_text_gets_text(tmp_path: Path) -> None:
    """A reader's format decides the form of the message."""
    with office(tmp_path) as desk:
        choose(tmp_path, AN, format="text")
        desk.arrive(one(1))
        desk.freeze()
        desk.deliver()
        assert b"text/html" not in desk.mailed(AN)[0]
        assert b"text/html" in desk.mailed(BO)[0]


def test_a_digest_may_narrow_its_stream(tmp_path: Path) -> None:
    """A digest's own zones and categories leave out the rest of its stream."""
    with office(tmp_path, zones=("hz",), categories=("dringend",)) as desk:
        desk.arrive(one(1), urgent(2, "bht"), urgent(3, "hz"))
        assert desk.freeze().stories == 1
        assert "Oproep 3" in mails(desk, AN)[0]


# -- updates -----------------------------------------------------------------------


def due_updates(desk: Office) -> dict[str, tuple[str, ...]]:
    return desk.store.look(lambda tx: tx.mailing.updates("dagelijks", desk.now - 30 * DAY))


def test_an_update_is_told_once_and_to_those_who_had_the_story(tmp_path: Path) -> None:
    """A story edited since it was mailed is due as an update, each version once, beside news and never alone."""
    with office(tmp_path) as desk:
        choose(tmp_path, BO, zones='["hz"]')
        first = one(1)
        desk.arrive(first)
        desk.freeze("1")
        assert due_updates(desk) == {}, "what was not sent yet has no update"
        desk.deliver()
        desk.now += DAY
        desk.arrive(edited(first, desk.now, "Bericht nummer 1, verbeterd"))
        assert due_updates(desk) == {AN: (first.id,)}
        assert desk.freeze("2").state == "skipped"
        desk.arrive(joint(2))
        assert desk.freeze("3").stories == 1
        assert due_updates(desk) == {}
        desk.deliver()
        desk.now += DAY
        desk.arrive(edited(first, desk.now, "Bericht nummer 1, nog eens verbeterd"))
        assert due_updates(desk) == {AN: (first.id,)}


def test_an_update_of_what_is_withdrawn_is_dropped(tmp_path: Path) -> None:
    """Nobody is told of an edit of what is shown no longer."""
    with office(tmp_path) as desk:
        first = one(1)
        desk.arrive(first)
        desk.freeze("1")
        desk.deliver()
        desk.now += DAY
        desk.arrive(replace(edited(first, desk.now, "Anders"), withdrawn=desk.now))
        assert due_updates(desk) == {}


def test_an_update_that_expired_is_due_again(tmp_path: Path) -> None:
    """What was to be told by a mail that never went is told by the next one."""
    with office(tmp_path) as desk:
        first = one(1)
        desk.arrive(first)
        desk.freeze("1")
        desk.deliver()
        desk.now += DAY
        desk.arrive(edited(first, desk.now, "Bericht nummer 1, verbeterd"), one(2))
        desk.freeze("2")
        assert due_updates(desk) == {}
        desk.now += 2 * DAY
        desk.deliver()
        assert set(due_updates(desk)) == {AN, BO}


# -- review ------------------------------------------------------------------------


def test_a_held_edition_waits_for_its_time(tmp_path: Path) -> None:
    """Frozen, mailed to the editor with the commands, and sent when nobody stopped it."""
    editor = "red@example.be"
    with office(tmp_path, review=timedelta(minutes=15), review_by=(editor,)) as desk:
        desk.arrive(one(1))
        frozen = desk.freeze()
        assert (frozen.state, frozen.until) == ("held", desk.now + timedelta(minutes=15))
        (seen,) = mails(desk, editor)
        assert "aggregator digest cancel dagelijks" in seen
        assert "Bericht nummer 1" in seen
        assert desk.mailed(AN) == []
        desk.now += timedelta(minutes=14)
        assert not desk.store.look(lambda tx: post.overdue(tx, desk.now))
        desk.now += timedelta(minutes=1)
        assert desk.store.look(lambda tx: post.overdue(tx, desk.now))
        desk.store.submit(lambda tx: post.release_overdue(tx, desk.config, desk.now)).result()
        assert len(mails(desk, AN)) == len(mails(desk, BO)) == 1
        assert desk.store.look(lambda tx: tx.mailing.editions())[0].state == "done"


def test_a_cancelled_edition_gives_its_stories_back(tmp_path: Path) -> None:
    """What was not sent of it is in the next edition; what was sent is not."""
    with office(tmp_path) as desk:
        desk.arrive(one(1))
        desk.freeze("1")
        due = desk.store.look(lambda tx: tx.mailing.due(desk.now, 1))
        assert [delivery.address for delivery in due] == [AN]
        wanted = desk.config.digests[0]
        deliver_one(desk)
        desk.store.submit(lambda tx: post.hold(tx, wanted, desk.now)).result()
        desk.store.submit(lambda tx: post.cancel(tx, wanted, desk.now)).result()
        assert desk.states() == {"sent": 1, "cancelled": 1}
        assert desk.store.look(lambda tx: tx.mailing.editions())[0].state == "cancelled"
        desk.freeze("2")
        assert len(mails(desk, AN)) == len(mails(desk, BO)) == 1


def deliver_one(desk: Office) -> None:
    assert desk.config.mail is not None
    relay = Relay(desk.config.mail, None)
    post.deliver_due(desk.store, relay, desk.config, desk.clock, limit=1)
    relay.close()


def test_what_is_held_is_not_handed_over(tmp_path: Path) -> None:
    """An edition that is held until somebody's word waits for days, and then has its time anew."""
    with office(tmp_path, review=UNTIL_RELEASED) as desk:
        desk.arrive(one(1))
        assert desk.freeze().until is None
        desk.now += 3 * DAY
        assert desk.deliver() == []
        assert not desk.store.look(lambda tx: post.overdue(tx, desk.now))
        desk.store.submit(lambda tx: post.release(tx, desk.config.digests[0], desk.now)).result()
        assert [delivery.state for delivery in desk.deliver()] == ["sent", "sent"]


@pytest.mark.parametrize("state", ["sending", "held", "done", "skipped", "cancelled"])
def test_the_course_of_an_edition(state: str) -> None:
    """Only what is on its way can be held, only what is held released or cancelled."""
    made = Edition(id=1, digest="d", slot="s", frozen=NOW, state=state)  # type: ignore[arg-type]
    for act, allowed in ((course.hold, {"sending", "held"}), (course.release, {"held"}), (course.cancel, {"held"})):
        if state in allowed:
            act(made)
        else:
            with pytest.raises(DigestError, match=state):
                act(made)


# -- at once -----------------------------------------------------------------------


def test_at_once_each_story_is_an_edition(tmp_path: Path) -> None:
    """Stories of the category go out one by one, whatever the hour; the others never; nothing goes twice."""
    with office(tmp_path, cadence="at once", categories=("dringend",)) as desk:
        desk.arrive(one(1), urgent(2), urgent(3))
        frozen = desk.freeze_due()
        assert [edition.stories for edition in frozen] == [1, 1]
        assert len({edition.slot for edition in frozen}) == 2
        assert desk.freeze_due() == []
        assert desk.store.look(lambda tx: post.due_slots(tx, desk.config, desk.now)) == []
        desk.arrive(urgent(4))
        assert len(desk.freeze_due()) == 1
        assert len(mails(desk, AN)) == 3


def test_at_once_has_a_bound_and_quiet_hours(tmp_path: Path) -> None:
    """Beyond the day's number, and in quiet hours, stories wait; none is lost."""
    with office(tmp_path, cadence="at once", most=2, quiet=(time(22), time(7))) as desk:
        desk.arrive(one(1), one(2), one(3))
        assert len(desk.freeze_due()) == 2
        desk.now += DAY - timedelta(hours=3)  # six in the morning
        assert desk.freeze_due() == []
        desk.now += HOUR
        assert len(desk.freeze_due()) == 1
        assert sorted(mail.count("Bericht nummer") > 0 for mail in mails(desk, AN)) == [True] * 3


def test_at_once_a_story_has_a_second_edition_only_for_who_had_none(tmp_path: Path) -> None:
    """A zone that joins later makes an edition of the same story for that zone's readers, under another slot."""
    with office(tmp_path, cadence="at once") as desk:
        choose(tmp_path, AN, zones='["hz"]')
        both = joint(1)
        desk.arrive(replace(both, members=tuple(m for m in both.members if m.sighting.zone == "bht")))
        (first,) = desk.freeze_due()
        desk.arrive(both)
        (second,) = desk.freeze_due()
        assert second.slot == f"{first.slot}.2"
        assert (len(mails(desk, AN)), len(mails(desk, BO))) == (1, 1)
