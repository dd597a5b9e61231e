"""What a mail that came back changes: scores, suspensions, leaving; and what a stranger cannot make it change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator import bounces, post
from aggregator.bounces import Taken
from aggregator.mail import score, verp
from aggregator.mail.returned import read
from aggregator.model import Choices, Lot, Score
from aggregator.store import Store
from tests.databases import migrated
from tests.mails import LETTER, envelope
from tests.stories import CONFIG
from tests.test_returned import SAMPLES, sample

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
DAY = timedelta(days=1)
DIGEST = "dagelijks"
READER, CONFIGURED = "Lezer@elders.example", "redactie@example.be"


class Desk:
    """A subscriber and a recipient of the configuration, and an edition that both were sent."""

    def __init__(self, path: Path) -> None:
        self.store = Store(migrated(path / "a.db"))
        self.store.submit(lambda tx: tx.subscribers.subscribe(READER, Choices(digests=(DIGEST,)), NOW)).result()
        self.store.submit(lambda tx: tx.audience.enrol(DIGEST, [CONFIGURED], NOW)).result()
        self.key = self.store.look(lambda tx: tx.audience.secret())
        self.edition("maandag", NOW)

    def edition(self, slot: str, now: datetime) -> None:
        envelopes = tuple(envelope(address, slot, now) for address in (READER, CONFIGURED))
        lot = Lot(letter=LETTER, stories=(), envelopes=envelopes)
        self.store.submit(lambda tx: tx.mailing.freeze(DIGEST, slot, now=now, expires=now + DAY, lots=[lot])).result()
        due = self.store.look(lambda tx: tx.mailing.due(now, 9))
        self.mails = {mail.address: mail for mail in due}

    def token(self, address: str = READER) -> str:
        return verp.token(self.key, self.mails[address].id)

    def take(self, raw: bytes, now: datetime = NOW) -> Taken:
        return self.store.submit(lambda tx: bounces.take(tx, read(raw), now)).result()

    def state(self) -> str | None:
        found = self.store.look(lambda tx: tx.subscribers.of(READER))
        return found.state if found else None

    def wants(self, address: str) -> bool:
        return self.store.look(lambda tx: tx.audience.wants(DIGEST, address, [CONFIGURED]))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_three_days_without_a_mailbox_suspend_a_subscriber(desk: Desk) -> None:
    """One point a day, however often it came back; who then resumes begins anew."""
    raw = sample("postfix-unknown", desk.token())
    assert desk.take(raw).outcome == "counted"
    assert desk.take(raw, NOW + timedelta(hours=5)).outcome == "counted"
    assert desk.take(raw, NOW + DAY).outcome == "counted"
    assert desk.state() == "active"
    taken = desk.take(raw, NOW + 2 * DAY)
    assert taken.outcome == "suspended"
    assert "lezer" not in taken.words.lower()
    assert desk.state() == "suspended"
    assert not desk.wants(READER)
    subscriber = desk.store.look(lambda tx: tx.subscribers.of(READER))
    assert subscriber is not None
    desk.store.submit(lambda tx: tx.subscribers.resume(subscriber.id, NOW + 3 * DAY)).result()
    assert desk.take(raw, NOW + 4 * DAY).outcome == "counted"
    assert desk.state() == "active"


def test_a_recipient_of_the_configuration_is_kept_away_until_the_operator_lifts_it(desk: Desk) -> None:
    """There is no subscriber to suspend, and the configuration is the operator's."""
    raw = sample("gmail", desk.token(CONFIGURED))
    for day in range(3):
        assert desk.wants(CONFIGURED)
        desk.take(raw, NOW + day * DAY)
    assert not desk.wants(CONFIGURED)
    assert desk.wants(READER)
    assert [reason for _, reason, _ in desk.store.look(lambda tx: tx.audience.suppressions(CONFIGURED))] == ["bounced"]


def test_what_the_relay_refuses_at_once_counts_too(desk: Desk) -> None:
    """A refusal for ever of the recipient; not one of the mail."""

    def refuse(reply: str, now: datetime) -> None:
        failed = replace(desk.mails[READER], state="failed", reply=reply)
        desk.store.submit(lambda tx: bounces.refused(tx, failed, now)).result()

    for day in range(9):
        refuse("550 5.7.1 spam", NOW + day * DAY)
    assert desk.state() == "active"
    for day in range(3):
        refuse("550 5.1.1 nobody", NOW + day * DAY)
    assert desk.state() == "suspended"


@pytest.mark.parametrize("name", ["postfix-delayed", "postfix-relayed", "vacation", "exim-delayed"])
def test_what_says_nothing_of_the_mailbox_does_not_count(desk: Desk, name: str) -> None:
    """Delays, good news, holidays."""
    for day in range(9):
        assert desk.take(sample(name, desk.token()), NOW + day * DAY).outcome == "ignored"
    assert desk.state() == "active"


@pytest.mark.parametrize("status", ["5.7.26", "5.7.1", "5.7.515", "5.6.0", "5.5.2", "4.7.0", "5.3.4"])
def test_what_is_ours_to_mend_suspends_nobody_and_is_told(desk: Desk, status: str) -> None:
    """RFC 3463 X.5, X.6, X.7: however often it comes, its reader is mailed; the operator is told, each mail once."""
    raw = sample("policy", desk.token()).replace(b"5.7.26", status.encode())
    sent = replace(desk.mails[READER], state="sent", reply="250 2.0.0 Ok: queued as 1")
    desk.store.submit(lambda tx: tx.mailing.note(sent)).result()
    for day in range(9):
        taken = desk.take(raw, NOW + day * DAY)
        assert (taken.outcome, taken.edition) == ("objected", sent.edition)
    assert desk.state() == "active"
    assert desk.wants(READER)
    kept = desk.store.look(lambda tx: tx.mailing.delivery(sent.id))
    assert kept is not None
    assert kept.state == "sent"
    said = f"550 {status} came back later: 550 {status} <***>: Recipient address rejected: sender is not authenticated"
    assert kept.reply == said
    told = desk.store.look(lambda tx: post.refusals(tx, NOW + DAY)) or ""
    assert told.startswith(f"1 mail of the last 14 days refused for the mail itself or its sender ({status}: 1)")
    assert desk.store.look(lambda tx: post.refusals(tx, NOW + 15 * DAY)) is None


def test_an_edition_that_comes_back_is_held_while_it_is_sent(desk: Desk) -> None:
    """What receivers say later counts as what the relay says at once: too much of it, and the rest waits."""
    config = replace(CONFIG, digests=(replace(CONFIG.digests[0], id=DIGEST),))
    edition = desk.mails[READER].edition
    store = desk.store
    more = tuple(envelope(f"lezer{number}@elders.example") for number in range(6))
    lot = Lot(letter=LETTER, stories=(), envelopes=more)
    store.submit(lambda tx: tx.mailing.freeze(DIGEST, "b", now=NOW, expires=NOW + DAY, lots=[lot])).result()
    mails = [mail for mail in store.look(lambda tx: tx.mailing.due(NOW, 9)) if mail.edition != edition]
    for number, mail in enumerate(mails[:5]):
        store.submit(lambda tx, m=mail: tx.mailing.note(replace(m, state="sent", reply="250 ok"))).result()  # type: ignore[misc]
        taken = desk.take(sample("policy", verp.token(desk.key, mail.id)))
        told = store.submit(lambda tx, t=taken: post.heed(tx, config, t.edition or 0, NOW)).result()  # type: ignore[misc]
        assert (told is not None) == (number == 4)
    assert store.look(lambda tx: tx.mailing.tally(mails[0].edition)) == {"sent": 5, "queued": 1}
    assert [each for each in store.look(lambda tx: tx.mailing.due(NOW, 9)) if each.edition != edition] == []


def test_a_failure_that_comes_too_late_does_not_count(desk: Desk) -> None:
    """Mail servers give up after five days; whoever has an old mail cannot use its token."""
    taken = desk.take(sample("postfix-unknown", desk.token()), NOW + timedelta(days=15))
    assert taken.outcome == "ignored"
    assert desk.store.look(lambda tx: tx.bounces.score(READER)) == Score()


def test_a_complaint_ends_every_digest_at_once(desk: Desk) -> None:
    """By the token of the mail or of its links; and nobody may ask for that address again."""
    assert desk.take(sample("complaint", desk.token())).outcome == "left"
    assert desk.state() is None
    assert desk.store.look(lambda tx: tx.audience.may_not_ask(READER))
    [reader] = desk.store.look(lambda tx: tx.audience.readers(DIGEST, [CONFIGURED]))
    assert desk.take(sample("complaint-by-link", reader.token)).outcome == "left"
    assert not desk.wants(CONFIGURED)


@pytest.mark.parametrize("small", [False, True])
def test_a_mail_to_the_address_of_a_reader_leaves(desk: Desk, small: bool) -> None:
    """List-Unsubscribe's mailto, whatever a mail server on the way made of its capitals."""
    token = desk.store.look(lambda tx: tx.audience.token(DIGEST, READER))
    assert desk.take(sample("wish", token.lower() if small else token)).outcome == "left"
    assert desk.state() is None


def test_a_mail_to_the_address_of_a_mail_leaves(desk: Desk) -> None:
    """Who answers the envelope's sender with that subject means it too; a machine that does, does not."""
    assert desk.take(sample("wish-of-a-machine", desk.token())).outcome == "ignored"
    assert desk.state() == "active"
    assert desk.take(sample("wish", desk.token())).outcome == "left"
    assert desk.state() is None


def test_a_complaint_about_a_question_ends_the_questions(desk: Desk) -> None:
    """A stranger typed the address of somebody who reads nothing: who calls that spam is asked no more."""
    neighbour = "buur@elders.example"
    [(_, about), *_] = desk.store.look(lambda tx: [tx.mailing.contents(each) for each in desk.mails.values()])
    asked = replace(about, recipient=neighbour, message_id="<vraag>")
    desk.store.submit(lambda tx: tx.mailing.single("confirm", "k", LETTER, asked, now=NOW, expires=NOW + DAY)).result()
    (mail,) = (each for each in desk.store.look(lambda tx: tx.mailing.due(NOW, 9)) if each.address == neighbour)
    assert not desk.store.look(lambda tx: tx.audience.may_not_ask(neighbour))
    desk.take(sample("complaint", verp.token(desk.key, mail.id)))
    assert desk.store.look(lambda tx: tx.audience.may_not_ask(neighbour))


def test_what_nobody_understands_is_for_a_human(desk: Desk) -> None:
    """And so is what asks for something without a token of ours."""
    assert desk.take(sample("question", desk.token())).outcome == "unknown"
    assert desk.take(sample("postfix-unknown", "lezer")).outcome == "unknown"


def _other(token: str, number: int) -> str:
    """Another mail's number with this mail's proof."""
    return f"{number}-{token.partition('-')[2]}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.one_of(
        st.integers(0, 99).map(lambda number: f"{number}-{'a' * 26}"),
        st.from_regex(r"[A-Za-z0-9_-]{22}", fullmatch=True),
        st.from_regex(r"[0-9]{1,3}-[a-z2-7]{26}", fullmatch=True),
        st.just(verp.token(b"another key", 1)),
    ),
)
@example("complaint", f"1-{'a' * 26}")
def test_a_stranger_changes_nothing(desk: Desk, name: str, forged: str) -> None:
    """Without a token that we made no mail suspends anybody, counts against anybody, or takes anybody off a list."""
    for day in range(4):
        desk.take(sample(name, forged), NOW + day * DAY)
    assert desk.state() == "active"
    assert desk.wants(READER)
    assert desk.wants(CONFIGURED)
    assert desk.store.look(lambda tx: tx.bounces.score(READER)) == Score()


def test_the_proof_of_one_mail_is_none_for_another(desk: Desk) -> None:
    """Who was sent a mail cannot have another reader suspended."""
    mine = desk.token(CONFIGURED)
    forged = _other(mine, desk.mails[READER].id)
    assert desk.take(sample("postfix-unknown", forged)).outcome == "unknown"


@given(st.binary(min_size=1, max_size=32), st.integers(0, 10**12))
def test_a_token_proves_its_mail(key: bytes, number: int) -> None:
    """In any case of its letters, short enough for a local part, and by its own key alone."""
    made = verp.token(key, number)
    assert verp.delivery(key, made) == verp.delivery(key, made.upper()) == number
    assert verp.delivery(key + b"x", made) is None
    assert len(f"{'x' * 20}+{made}") <= 64
    assert verp.in_addresses(f"<{verp.address('bounce@example.be', made)}>") == (made,)


@given(st.lists(st.tuples(st.integers(0, 100), st.sampled_from(["hard", "soft"])), max_size=20))
def test_a_score_never_runs_away(failures: list[tuple[int, str]]) -> None:
    """In any order and number: never below nothing, never more than a point a day, and quiet years take all of it."""
    found, now = Score(), NOW
    for pause, weight in failures:
        now += timedelta(days=pause)
        before = found.points
        found = score.after(found, "hard" if weight == "hard" else "soft", "5.1.1", now)
        assert 0 <= found.points <= before + 1
    assert score.left(found, now + timedelta(days=45 * 21)) == 0


def test_a_monthly_digest_counts_too_and_a_bad_week_is_forgotten() -> None:
    """Three months without a mailbox are enough; three full mailboxes in a year are not."""
    found = Score()
    for month in range(3):
        found = score.after(found, "hard", "5.1.1", NOW + month * timedelta(days=31))
    assert found.points >= score.ENOUGH
    found = Score()
    for month in range(12):
        found = score.after(found, "soft", "5.2.2", NOW + month * timedelta(days=60))
        assert found.points < score.ENOUGH


def test_a_person_is_told_and_forgotten_with_their_score(desk: Desk) -> None:
    """What came back is among what is known of somebody, and goes with them."""
    desk.take(sample("postfix-unknown", desk.token()))
    known = desk.store.look(lambda tx: tx.privacy.known(READER))
    assert known["came_back"] == [{"points": 1.0, "last": NOW.isoformat(), "status": "5.1.1"}]
    desk.store.submit(lambda tx: tx.privacy.erase(READER, NOW)).result()
    assert desk.store.look(lambda tx: tx.bounces.score(READER)) == Score()
