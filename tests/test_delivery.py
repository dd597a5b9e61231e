from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aggregator.digest import delivery as machine
from aggregator.digest.delivery import BACKOFF, answered, cancel, claim, dot, is_final, recover, release
from aggregator.model import Delivery, DeliveryState, Reply

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)
Phase = Literal["connect", "mail", "rcpt", "data", "dot"]
PHASES: tuple[Phase, ...] = get_args(Phase)


def a_delivery(state: DeliveryState = "queued", *, attempts: int = 0, doubts: int = 0, id: int = 7) -> Delivery:
    return Delivery(
        id=id,
        edition=1,
        digest="dagelijks",
        address="lezer@example.be",
        state=state,
        next_attempt=NOW,
        expires=NOW + timedelta(hours=24),
        attempts=attempts,
        doubts=doubts,
    )


def a_reply(phase: Phase, code: int | None, text: str = "") -> Reply:
    return Reply(phase=phase, code=code, text=text)


@pytest.mark.parametrize("state", STATES)
def test_only_what_waits_can_be_claimed(state: DeliveryState) -> None:
    """``claim`` takes queued and deferred deliveries and counts the attempt; all else is a mistake of the caller."""
    if state in {"queued", "deferred"}:
        claimed = claim(a_delivery(state, attempts=2), NOW)
        assert (claimed.state, claimed.attempts) == ("sending", 3)
    else:
        with pytest.raises(ValueError, match=f"delivery 7 is {state}, not deferred or queued"):
            claim(a_delivery(state), NOW)


@pytest.mark.parametrize("state", STATES)
def test_only_what_waits_can_be_cancelled(state: DeliveryState) -> None:
    """A message that is on its way cannot be called back, and one that has arrived even less."""
    if state in {"queued", "deferred", "held"}:
        assert cancel(a_delivery(state, attempts=2)) == a_delivery("cancelled", attempts=2)
    else:
        with pytest.raises(ValueError, match=f"delivery 7 is {state}"):
            cancel(a_delivery(state))


@pytest.mark.parametrize("state", STATES)
def test_only_what_is_held_can_be_released(state: DeliveryState) -> None:
    """What the operator lets go is queued again at once, with a day left, however long it was held."""
    later = NOW + timedelta(days=9)
    if state == "held":
        released = release(a_delivery(state, doubts=1), later)
        assert (released.state, released.next_attempt, released.doubts) == ("queued", later, 1)
        assert released.expires == later + timedelta(days=1)
    else:
        with pytest.raises(ValueError, match=f"delivery 7 is {state}"):
            release(a_delivery(state), later)


@pytest.mark.parametrize("state", STATES)
def test_what_is_final(state: DeliveryState) -> None:
    """Five states are an end: nothing moves on from them by itself."""
    assert is_final(a_delivery(state)) == (state in {"sent", "failed", "expired", "held", "cancelled"})


@pytest.mark.parametrize("state", STATES)
def test_the_dot_follows_sending(state: DeliveryState) -> None:
    """``dot`` can be marked only while sending."""
    if state == "sending":
        assert dot(a_delivery(state, attempts=1), NOW) == replace(a_delivery("dot", attempts=1), attempted=NOW)
    else:
        with pytest.raises(ValueError, match=f"is {state}, not sending"):
            dot(a_delivery(state), NOW)


@pytest.mark.parametrize(
    ("phase", "code", "text", "expected"),
    [
        ("connect", None, "refused", "deferred"),
        ("connect", 421, "busy", "deferred"),
        ("connect", 535, "5.7.8 wrong password", "deferred"),
        ("connect", 554, "no service", "deferred"),
        ("mail", None, "timed out", "deferred"),
        ("mail", 451, "later", "deferred"),
        ("mail", 530, "5.7.0 authentication required", "deferred"),
        ("rcpt", None, "closed", "deferred"),
        ("rcpt", 451, "4.7.1 greylisted", "deferred"),
        ("rcpt", 550, "5.1.1 unknown", "failed"),
        ("rcpt", 550, "5.2.1 disabled", "failed"),
        ("rcpt", 553, "5.6.7 address", "failed"),
        ("rcpt", 554, "5.7.1 relay access denied", "failed"),
        ("data", None, "closed in the body", "deferred"),
        ("data", 452, "4.3.1 full", "deferred"),
        ("data", 250, "out of turn", "deferred"),
        ("data", 554, "5.6.0 no", "failed"),
        ("dot", 250, "2.0.0 queued as 4F1", "sent"),
        ("dot", 252, "well", "sent"),
        ("dot", 354, "out of turn", "in_doubt"),
        ("dot", 421, "4.3.2 closing", "deferred"),
        ("dot", 451, "4.3.0 later", "deferred"),
        ("dot", 554, "5.7.1 spam", "failed"),
        ("dot", None, "closed", "in_doubt"),
        ("dot", -1, "gibberish", "in_doubt"),
    ],
)
def test_what_a_reply_means(phase: Phase, code: int | None, text: str, expected: DeliveryState) -> None:
    """Before the dot nothing was taken; after it an explicit reply is never in doubt and silence always is."""
    before = a_delivery("dot" if phase == "dot" else "sending", attempts=1)
    after = answered(before, a_reply(phase, code, text), NOW)
    assert after.state == expected
    assert after.reply == (text if code is None else f"{code} {text}")
    assert after.attempts == 1
    assert (after.next_attempt > NOW) == (expected == "deferred")


def test_a_reply_is_kept_without_the_recipient() -> None:
    """What is logged and shown of a reply names nobody; its code and its reason stay."""
    before = a_delivery("sending", attempts=1)
    said = "5.1.1 <Lezer@Example.be>: user lezer unknown, ask postmaster@example.be"
    assert answered(before, a_reply("rcpt", 550, said), NOW).reply == "550 5.1.1 <***>: user *** unknown, ask ***"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("phase", PHASES)
def test_a_reply_belongs_to_its_state(state: DeliveryState, phase: Phase) -> None:
    """A reply to the dot needs the marker, any other must come before it; nothing else is being answered."""
    reply = a_reply(phase, 250 if phase == "dot" else 451)
    if state == ("dot" if phase == "dot" else "sending"):
        assert answered(a_delivery(state, attempts=1), reply, NOW).state in {"sent", "deferred"}
    else:
        with pytest.raises(ValueError, match=f"is {state}"):
            answered(a_delivery(state), reply, NOW)


@pytest.mark.parametrize(
    ("state", "policy", "expected", "doubts"),
    [
        ("sending", "resend", "queued", 0),
        ("sending", "hold", "queued", 0),
        ("dot", "resend", "queued", 1),
        ("dot", "hold", "held", 1),
        ("in_doubt", "resend", "queued", 1),
        ("in_doubt", "hold", "held", 1),
        *((state, "resend", state, 0) for state in STATES if state not in {"sending", "dot", "in_doubt"}),
    ],
)
def test_recovering(state: DeliveryState, policy: machine.Policy, expected: DeliveryState, doubts: int) -> None:
    """Without the marker it is safe to send again; with it, the policy decides and the doubt is counted."""
    found = a_delivery(state, attempts=1)
    after = recover(found, policy, NOW)
    assert (after.state, after.doubts, after.attempts) == (expected, doubts, 1)
    assert recover(after, policy, NOW) == after


def test_a_repeated_doubt_is_resent_ever_later() -> None:
    """The first doubt is resent at once; a relay that never answers gets at most six copies in a day."""
    found, now, copies = a_delivery(), NOW, 0
    while not is_final(found):
        found = claim(found, now)
        if found.state == "sending":
            copies += 1
            found = recover(answered(dot(found, now), a_reply("dot", None), now), "resend", now)
            now = found.next_attempt
    assert found.state == "expired"
    assert copies == 6


def test_back_off_goes_up_and_jitter_only_adds() -> None:
    """After 1, 5, 15, 30, 60 and again 60 minutes, each up to a fifth later, and not all deliveries at one moment."""
    for attempt, pause in enumerate([*BACKOFF, BACKOFF[-1]], start=1):
        sending = [a_delivery("sending", attempts=attempt, id=id) for id in range(200)]
        pauses = [answered(one, a_reply("rcpt", 451), NOW).next_attempt - NOW for one in sending]
        assert pause <= min(pauses) < max(pauses) <= pause * 1.2
        assert len(set(pauses)) > 150


def test_jitter_is_the_deliverys_own() -> None:
    """The same delivery and reply give the same moment: nothing is random."""
    sending = a_delivery("sending", attempts=3)
    assert answered(sending, a_reply("mail", 451), NOW) == answered(sending, a_reply("mail", 451), NOW)


def test_too_late_is_expired() -> None:
    """At ``expires`` nothing is sent any more, and a deferral that would end after it ends there and then."""
    late = NOW + timedelta(hours=24)
    assert claim(a_delivery("deferred", attempts=4), late) == a_delivery("expired", attempts=4)
    assert claim(a_delivery(), late - timedelta(microseconds=1)).state == "sending"
    nearly = answered(a_delivery("sending", attempts=9), a_reply("rcpt", 451, "later"), late - timedelta(minutes=59))
    assert (nearly.state, nearly.reply) == ("expired", "451 later")


def test_a_reply_is_one_clean_line() -> None:
    """What a relay says is kept without line breaks and control characters."""
    after = answered(a_delivery("dot"), a_reply("dot", 250, "2.0.0 Ok\r\nqueued\x1b[2J as 4F1"), NOW)
    assert after.reply == "250 2.0.0 Ok queued[2J as 4F1"


class Journey(RuleBasedStateMachine):
    """One delivery through any sequence of replies, crashes and clocks, beside what the relay really took."""

    @initialize(policy=st.sampled_from(["resend", "hold"]), hours=st.integers(1, 48))
    def begin(self, policy: machine.Policy, hours: int) -> None:
        self.now = NOW
        self.policy = policy
        self.committed = replace(a_delivery(), expires=NOW + timedelta(hours=hours))
        self.taken = 0

    @rule(minutes=st.integers(0, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def the_process_dies_and_starts(self) -> None:
        self.committed = recover(self.committed, self.policy, self.now)

    @precondition(lambda self: self.committed.state in {"queued", "deferred"})
    @rule()
    def it_is_claimed(self) -> None:
        if self.committed.next_attempt <= self.now:
            self.committed = claim(self.committed, self.now)

    @precondition(lambda self: self.committed.state == "sending")
    @rule(phase=st.sampled_from(PHASES[:4]), code=st.sampled_from([None, 250, 421, 451, 550, 554]))
    def it_is_stopped_before_the_dot(self, phase: Phase, code: int | None) -> None:
        self.committed = answered(self.committed, a_reply(phase, code), self.now)

    @precondition(lambda self: self.committed.state == "sending")
    @rule()
    def the_marker_is_committed(self) -> None:
        self.committed = dot(self.committed, NOW)

    @precondition(lambda self: self.committed.state == "dot")
    @rule(code=st.sampled_from([None, 250, 451, 554]), crash=st.booleans(), took=st.booleans())
    def the_relay_decides(self, code: int | None, crash: bool, took: bool) -> None:
        self.taken += took if code is None else code == 250
        if crash:
            self.the_process_dies_and_starts()
        else:
            self.committed = answered(self.committed, a_reply("dot", code), self.now)

    @invariant()
    def never_twice_without_a_doubt(self) -> None:
        unsettled = self.committed.state == "in_doubt"
        assert self.taken <= self.committed.doubts + unsettled + (self.committed.state == "sent")

    @invariant()
    def sent_is_true_and_a_silent_end_is_not(self) -> None:
        if self.committed.state == "sent":
            assert self.taken >= 1
        elif self.taken:
            assert self.committed.doubts or self.committed.state == "in_doubt"

    def teardown(self) -> None:
        """From wherever the rules left it, with a dead relay and a running clock, it comes to an end in time."""
        if not hasattr(self, "committed"):
            return
        found = recover(self.committed, self.policy, self.now)
        for _ in range(200):
            if is_final(found):
                break
            self.now = max(self.now, found.next_attempt)
            found = claim(found, self.now)
            if found.state == "sending":
                found = answered(found, a_reply("connect", None, "refused"), self.now)
        assert found.state in {"sent", "failed", "expired", "held"}


TestJourney = Journey.TestCase
