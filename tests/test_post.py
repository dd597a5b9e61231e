"""One edition, from the store to the mailboxes: real store, real SMTP; time is an argument."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from functools import partial
from pathlib import Path

import pytest

from aggregator import post
from aggregator.desk import editions
from aggregator.hand import Hand
from aggregator.mail.message import filled
from aggregator.mail.relay import Relay
from aggregator.model import Config, Delivery, Digest, Edition, Story
from aggregator.model.units import UNTIL_RELEASED
from aggregator.store import Store
from tests.databases import migrated
from tests.fakes import relay as fake
from tests.lint_mail import lint
from tests.stories import BHT_NEWS, CONFIG, DIGEST, HZ_NEWS, NOW, joint, sighting, story

HOUR = timedelta(hours=1)
AN, BO = "an@example.be", "bo@example.be"


class Office:
    """A store, a relay, and a clock that a test moves."""

    def __init__(self, store: Store, relay: fake.Relay, **digest: object) -> None:
        assert CONFIG.mail is not None
        wanted = replace(DIGEST, recipients=(AN, BO), **digest)  # type: ignore[arg-type]
        self.config: Config = replace(CONFIG, mail=replace(CONFIG.mail, relay=relay.url), digests=(wanted,))
        self.store = store
        self.fake = relay
        self.now = NOW
        store.submit(lambda tx: post.enrol(tx, self.config, NOW)).result()

    def clock(self) -> datetime:
        return self.now

    def arrive(self, *stories: Story) -> None:
        for one in stories:
            self._save(one)

    def _save(self, one: Story) -> None:
        self.store.submit(lambda tx: tx.stories.save(one, at=self.now, loud=True)).result()

    def freeze(self, slot: str = "slot") -> Edition:
        digest = self.config.digests[0]
        return self.store.submit(lambda tx: post.freeze(tx, self.config, digest, slot, self.now)).result()

    def freeze_due(self) -> list[Edition]:
        due = self.store.look(lambda tx: post.due_slots(tx, self.config, self.now))
        frozen = [edition for digest, slot in due for edition in self._freeze_slot(digest, slot)]
        assert [self._freeze_slot(digest, slot) for digest, slot in due] == [[]] * len(due)
        return frozen

    def _freeze_slot(self, digest: Digest, slot: str) -> list[Edition]:
        return self.store.submit(lambda tx: post.freeze_slot(tx, self.config, digest, slot, self.now)).result()

    def deliver(self) -> list[Delivery]:
        assert self.config.mail is not None
        second = timedelta(seconds=1)
        relay = Relay(replace(self.config.mail, timeout=second, dot_timeout=second))
        try:
            return post.deliver_due(self.store, relay, self.config, self.clock)
        finally:
            relay.close()

    def recover(self) -> list[Delivery]:
        return post.recover(self.store, self.config, self.clock)

    def states(self) -> dict[str, int]:
        return self.store.look(lambda tx: tx.mailing.tally())

    def mailed(self, address: str) -> list[bytes]:
        return [m.content for m in self.fake.messages if m.recipients == (address,)]


@contextmanager
def office(tmp_path: Path, script: fake.Script | None = None, **digest: object) -> Iterator[Office]:
    with Store(migrated(tmp_path / "a.db")) as store, fake.Relay(script=script) as relay:
        yield Office(store, relay, **digest)


def one(number: int) -> Story:
    return story(sighting(key=str(number), title=f"Bericht nummer {number}"), number=number)


def test_every_recipient_gets_what_arrived(tmp_path: Path) -> None:
    """A frozen edition reaches each recipient once, in a message of their own, and is done."""
    with office(tmp_path) as desk:
        desk.arrive(one(1), joint(2))
        assert desk.freeze().stories == 2
        assert [delivery.state for delivery in desk.deliver()] == ["sent", "sent"]
        assert desk.deliver() == []
        assert [message.recipients for message in desk.fake.messages] == [(AN,), (BO,)]
        ids = {message_from_bytes(m.content, policy=default)["Message-ID"] for m in desk.fake.messages}
        assert len(ids) == 2
        message = message_from_bytes(desk.mailed(AN)[0], policy=default)
        assert (message["To"], message["Auto-Submitted"]) == (AN, "auto-generated")
        assert desk.store.look(lambda tx: tx.mailing.editions())[0].state == "done"


def test_the_next_edition_has_what_came_since(tmp_path: Path) -> None:
    """No story is in two editions, and none falls between them, however it is dated."""
    with office(tmp_path) as desk:
        desk.arrive(one(1))
        desk.freeze("1")
        backdated = story(sighting(key="2", title="Een oud bericht", published="2020-01-01 10:00"), number=2)
        desk.arrive(backdated)
        desk.freeze("2")
        desk.deliver()
        first, second = (message_from_bytes(content, policy=default) for content in desk.mailed(AN))
        assert "Bericht nummer 1" in str(first["Subject"])
        assert "Een oud bericht" in str(second["Subject"])


def test_what_does_not_fit_is_in_the_next_edition(tmp_path: Path) -> None:
    """Of a flood each mail holds what fits; in a few editions every story is mailed, none twice, first come first."""
    with office(tmp_path) as desk:
        desk.now = NOW + HOUR
        desk.arrive(*(one(number) for number in range(1, 501)), joint(501))
        late = "cis@example.be"
        desk.config = replace(desk.config, digests=(replace(desk.config.digests[0], recipients=(AN, late)),))
        desk.store.submit(lambda tx: post.enrol(tx, desk.config, NOW)).result()
        previewed = desk.store.submit(
            lambda tx: post.preview(tx, desk.config, desk.config.digests[0], desk.now), keep=False
        ).result()
        assert previewed
        counts = []
        for slot in "1234":
            counts.append(desk.freeze(slot).stories)
            desk.deliver()
            if slot == "1":
                desk.arrive(one(502))
        assert sum(counts) == 502
        assert counts[2:] == [0, 0]
        mails = desk.mailed(AN)
        assert all(len(mail) < 90_000 for mail in mails)
        assert f"Nog {501 - counts[0]} berichten pasten niet" in spoken(mails[0])
        assert unlinked(spoken(mails[0])) == unlinked(filled(previewed.letter, previewed.envelope).text)
        first, second = map(numbered, mails)
        assert first + second == [n for n in range(1, 503) if n != 501]
        assert numbered(desk.mailed(late)[0]) == [502]


def spoken(mail: bytes) -> str:
    """What a mail says, by its text."""
    body = message_from_bytes(mail, policy=default).get_body(("plain",))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")


def unlinked(words: str) -> str:
    """Without the address of the edition, which a preview does not have."""
    return re.sub(r"/mail/dagelijks/.*", "", words)


def numbered(mail: bytes) -> list[int]:
    """The numbers of the stories in a mail."""
    return sorted(map(int, re.findall(r"^Bericht nummer (\d+)$", spoken(mail), re.MULTILINE)))


def test_a_slot_is_frozen_when_it_is_due_and_once(tmp_path: Path) -> None:
    """At seven an edition is frozen; asking again, a second later or after a restart, makes no second one."""
    with office(tmp_path) as desk:
        desk.now = NOW.replace(hour=5, minute=59)
        assert desk.freeze_due() == []
        desk.now = NOW.replace(hour=6, minute=0, second=1)
        assert [edition.slot for edition in desk.freeze_due()] == ["2026-11-23"]
        assert desk.freeze_due() == []
        desk.now += timedelta(days=1)
        assert [edition.slot for edition in desk.freeze_due()] == ["2026-11-24"]


def test_after_a_long_night_there_is_one_edition(tmp_path: Path) -> None:
    """Slots that passed by more than the grace are skipped; their stories are in the next one."""
    with office(tmp_path) as desk:
        desk.arrive(one(1))
        desk.now = NOW.replace(hour=6) + timedelta(days=3, hours=7)
        assert desk.freeze_due() == []
        assert desk.store.look(lambda tx: post.missed(tx, desk.config, desk.now)) == []
        desk.now = NOW.replace(hour=6) + timedelta(days=4, hours=2)
        assert [(edition.slot, edition.stories) for edition in desk.freeze_due()] == [("2026-11-27", 1)]


def test_silence_after_the_dot_is_a_doubt_and_the_same_bytes(tmp_path: Path) -> None:
    """A relay that takes a message and says nothing gets the very same bytes again, and the doubt is recorded."""
    with office(tmp_path, fake.plan(fake.TAKEN_THEN_DROPPED)) as desk:
        desk.arrive(one(1))
        desk.freeze()
        desk.deliver()
        desk.now += HOUR
        desk.deliver()
        first, again = desk.mailed(AN)
        assert first == again
        (doubtful,) = desk.store.look(lambda tx: tx.mailing.doubtful())
        assert (doubtful.address, doubtful.state, doubtful.doubts) == (AN, "sent", 1)


def test_what_is_held_waits_for_the_operator(tmp_path: Path) -> None:
    """With in_doubt = "hold" nothing is sent twice by itself."""
    with office(tmp_path, fake.plan(fake.TAKEN_THEN_DROPPED), in_doubt="hold") as desk:
        desk.arrive(one(1))
        desk.freeze()
        desk.deliver()
        desk.now += HOUR
        assert desk.deliver() == []
        assert desk.states() == {"held": 1, "sent": 1}
        assert [held.address for held in desk.store.look(lambda tx: tx.mailing.held("dagelijks"))] == [AN]
        assert len(desk.mailed(AN)) == 1


@pytest.mark.parametrize(("act", "state"), [("release", "queued"), ("cancel", "cancelled")])
def test_who_settles_what_is_held_in_doubt_stands_in_the_log(tmp_path: Path, act: str, state: str) -> None:
    """As with any deed: who, when and why, and how many mails; nobody's address.  Nothing is noted where none was."""
    with office(tmp_path, fake.plan(fake.TAKEN_THEN_DROPPED), in_doubt="hold") as desk:
        desk.arrive(one(1))
        desk.freeze()
        desk.deliver()
        desk.now += HOUR
        desk.deliver()
        who = Hand(who="an", at=desk.now, why="het log zweeg")
        settle = partial(editions.settle_doubts, digest=desk.config.digests[0], act=act, who=who)
        assert [mail.state for mail in desk.store.submit(settle).result()] == [state]
        (deed,) = desk.store.look(lambda tx: tx.hands.log())
        assert (deed.who, deed.act, deed.why) == ("an", act, "het log zweeg")
        assert AN not in deed.detail
        assert desk.store.submit(settle).result() == []
        assert len(desk.store.look(lambda tx: tx.hands.log())) == 1


class Killed(Exception):  # noqa: N818 - it is what happens to the process
    pass


@pytest.mark.parametrize(("step", "copies", "doubts"), [("before", 1, 0), ("at the dot", 1, 1), ("after", 2, 1)])
def test_a_process_that_dies_is_recovered(tmp_path: Path, step: str, copies: int, doubts: int) -> None:
    """Dead before the dot: sent once, no doubt.  Dead around it: a doubt, and never a loss."""
    with office(tmp_path) as desk:
        desk.config = replace(desk.config, digests=(replace(desk.config.digests[0], recipients=(AN,)),))
        desk.arrive(one(1))
        desk.freeze()
        (due,) = desk.store.look(lambda tx: tx.mailing.due(desk.now, 9))

        class Dying(Relay):
            def hand_over(self, sender, recipient, content, before_dot):  # type: ignore[no-untyped-def]
                if step == "before":
                    raise Killed
                if step == "at the dot":
                    before_dot()
                    raise Killed
                super().hand_over(sender, recipient, content, before_dot)
                raise Killed

        assert desk.config.mail is not None
        relay = Dying(desk.config.mail, None)
        with pytest.raises(Killed):
            post.deliver(desk.store, relay, due, desk.config, desk.clock)
        relay.close()
        assert desk.deliver() == []
        desk.recover()
        desk.now += HOUR
        assert [delivery.state for delivery in desk.deliver()] == ["sent"]
        assert len(desk.mailed(AN)) == copies
        assert len(set(desk.mailed(AN))) == 1
        assert len(desk.store.look(lambda tx: tx.mailing.doubtful())) == doubts


def test_a_recipient_who_left_is_not_mailed(tmp_path: Path) -> None:
    """Between freezing and sending an address may leave the configuration: its delivery is cancelled."""
    with office(tmp_path) as desk:
        desk.arrive(one(1))
        desk.freeze()
        desk.config = replace(desk.config, digests=(replace(desk.config.digests[0], recipients=(BO,)),))
        desk.deliver()
        assert desk.states() == {"cancelled": 1, "sent": 1}
        assert desk.mailed(AN) == []


def test_a_relay_that_is_down_for_a_day_loses_nothing(tmp_path: Path) -> None:
    """Deferred until it expires, then the stories are in the next edition."""
    with office(tmp_path) as desk:
        desk.arrive(one(1))
        desk.freeze("1")
        desk.fake.script = lambda step: fake.Answer(phase="connect", say="421 4.3.2 closed")
        for _ in range(40):
            desk.deliver()
            desk.now += HOUR
        assert desk.states() == {"expired": 2}
        desk.fake.script = None
        desk.arrive(one(2))
        assert desk.freeze("2").stories == 2
        desk.deliver()
        assert len(desk.mailed(AN)) == 1


def dates(desk: Office, address: str) -> list[str]:
    return [str(message_from_bytes(content, policy=default)["Date"]) for content in desk.mailed(address)]


def test_what_was_deferred_for_hours_gets_a_new_date(tmp_path: Path) -> None:
    """The Message-ID stays; within two hours, and after a doubt, every byte does, whatever is killed in between."""
    closed, silent = fake.Answer(phase="connect", say="421 4.3.2 closed"), fake.TAKEN_THEN_DROPPED
    with office(tmp_path, in_doubt="resend") as desk:
        desk.arrive(one(1))
        desk.freeze()
        ids = {id for _, id in desk.store.look(lambda tx: tx.mailing.waiting())}
        desk.fake.script = lambda step: closed
        desk.deliver()
        desk.now = NOW + 4 * HOUR
        desk.fake.script = lambda step: silent if step.phase == "dot" else None
        desk.deliver()
        assert desk.states() == {"queued": 2}
        desk.fake.script = None
        desk.now = NOW + 9 * HOUR
        desk.deliver()
        assert desk.states() == {"sent": 2}
        assert dates(desk, AN) == ["Mon, 23 Nov 2026 12:00:00 +0000"] * 2
        assert len(set(desk.mailed(AN))) == 1
        mailed = {str(message_from_bytes(m.content, policy=default)["Message-ID"]) for m in desk.fake.messages}
        assert mailed == ids


@pytest.mark.parametrize(("hours", "stale"), [(1, False), (2, False), (2.1, True), (30, True)])
def test_what_was_held_for_hours_gets_a_new_date(tmp_path: Path, hours: float, stale: bool) -> None:
    """An edition that waits for its review is frozen long before it leaves, and is no older to a filter for that."""
    with office(tmp_path, review=UNTIL_RELEASED) as desk:
        desk.arrive(one(1))
        desk.freeze()
        desk.now += hours * HOUR
        digest = desk.config.digests[0]
        desk.store.submit(lambda tx: post.release(tx, digest, desk.now)).result()
        desk.deliver()
        sent = desk.now if stale else NOW
        assert dates(desk, AN) == [f"{sent:%a, %d %b %Y %H:%M:%S} +0000"]


def test_a_date_is_kept_before_the_mail_is_tried(tmp_path: Path) -> None:
    """Who is killed at the dot has the new Date in the database, and sends the very same message again."""
    with office(tmp_path, in_doubt="resend") as desk:
        desk.arrive(one(1))
        desk.freeze()
        desk.now += 5 * HOUR
        (due, _) = desk.store.look(lambda tx: tx.mailing.due(desk.now, 9))

        class Dying(Relay):
            def hand_over(self, *arguments):  # type: ignore[no-untyped-def]
                super().hand_over(*arguments)
                raise Killed

        assert desk.config.mail is not None
        relay = Dying(desk.config.mail, None)
        with pytest.raises(Killed):
            post.deliver(desk.store, relay, due, desk.config, desk.clock)
        relay.close()
        desk.recover()
        desk.now += 5 * HOUR
        desk.deliver()
        assert len(desk.mailed(due.address)) == 2
        assert len(set(desk.mailed(due.address))) == 1


def test_an_address_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    """One recipient whose address no header can carry does not keep the others from their mail."""
    with office(tmp_path) as desk:
        strange = "jörg@example.be"
        digest = replace(desk.config.digests[0], recipients=(strange, BO))
        desk.config = replace(desk.config, digests=(digest,))
        desk.store.submit(lambda tx: post.enrol(tx, desk.config, NOW)).result()
        desk.arrive(one(1))
        desk.freeze()
        desk.deliver()
        assert desk.states() == {"failed": 1, "sent": 1}


def test_letters_are_shared_by_who_is_due_the_same(tmp_path: Path) -> None:
    """Recipients with the same news get one letter; one who joined later gets only what came since."""
    with office(tmp_path) as desk:
        desk.arrive(one(1))
        late = "cis@example.be"
        desk.config = replace(desk.config, digests=(replace(desk.config.digests[0], recipients=(AN, BO, late)),))
        desk.store.submit(lambda tx: post.enrol(tx, desk.config, NOW)).result()
        desk.arrive(one(2))
        desk.freeze()
        desk.deliver()
        text = {address: desk.mailed(address)[0].decode() for address in (AN, BO, late)}
        assert ("Bericht nummer 1" in text[AN], "Bericht nummer 1" in text[late]) == (True, False)
        assert all("Bericht nummer 2" in content for content in text.values())


def test_a_digest_of_one_zone_has_that_zones_copy(tmp_path: Path) -> None:
    """The digest follows its stream: a joint story leads with the copy of the stream's zone, and names no other."""
    with office(tmp_path) as desk:
        stream = replace(desk.config.streams[0], zones=("hz",))
        desk.config = replace(desk.config, streams=(stream,), sources=(BHT_NEWS, HZ_NEWS))
        desk.arrive(joint(1), one(7))
        assert desk.freeze().stories == 1
        desk.deliver()
        message = message_from_bytes(desk.mailed(AN)[0], policy=default)
        assert "Gezamenlijk verkeersteam van start" in str(message["Subject"])


def test_an_edition_that_was_missed_is_told(tmp_path: Path) -> None:
    """Who was off at seven and comes back beyond the grace hears which edition there was not."""
    with office(tmp_path) as desk:
        desk.now = NOW.replace(hour=6)
        desk.freeze_due()
        desk.now += timedelta(days=1, hours=8)
        (missed,) = desk.store.look(lambda tx: post.missed(tx, desk.config, desk.now))
        assert missed[1] == "2026-11-24"


def test_an_answer_that_was_heard_is_no_doubt(tmp_path: Path) -> None:
    """A store that does not take the relay's 250 is tried again; nothing is forgotten, and nothing is sent twice."""
    with office(tmp_path) as desk, closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        desk.arrive(one(1))
        desk.freeze()
        due = desk.store.look(lambda tx: tx.mailing.due(desk.now, 9))[0]
        refuse = "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        other.execute(f"CREATE TRIGGER full BEFORE UPDATE ON delivery WHEN NEW.state = 'sent' {refuse}")
        asked = []

        def again() -> bool:
            asked.append(1)
            other.execute("DROP TRIGGER full")
            return True

        assert desk.config.mail is not None
        relay = Relay(desk.config.mail, None)
        after, _ = post.deliver(desk.store, relay, due, desk.config, desk.clock, again=again)
        relay.close()
        assert (after.state, after.doubts, len(asked)) == ("sent", 0, 1)
        assert desk.recover() == []
        assert len(desk.mailed(due.address)) == 1


def test_each_reader_has_links_of_their_own(tmp_path: Path) -> None:
    """The letter is shared and the links are not: each mail holds its reader's token, and nobody else's."""
    with office(tmp_path) as desk:
        desk.arrive(one(1))
        desk.freeze("2026-11-23T07:00")
        desk.deliver()
        readers = desk.store.look(lambda tx: tx.audience.readers("dagelijks", (AN, BO)))
        tokens = {reader.address: reader.token for reader in readers}
        for to, other in ((AN, BO), (BO, AN)):
            (mail,) = desk.mailed(to)
            words = spoken(mail)
            assert f"\nhttps://nieuws.example.be/mail/u/{tokens[to]}\n" in words
            assert f"\nhttps://nieuws.example.be/mail/p/{tokens[to]}\n" in words
            assert "\nhttps://nieuws.example.be/mail/dagelijks/2026-11-23T07-00/\n" in words
            assert tokens[other].encode() not in mail
            head = message_from_bytes(mail, policy=default)
            assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            assert f"List-Unsubscribe: <https://nieuws.example.be/mail/u/{tokens[to]}>, <mailto:".encode() in mail
            assert lint(mail) == []
