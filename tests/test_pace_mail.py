"""How much is handed to the relay: after failures, by its rate, and by what it says of an edition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.mail.pace import LADDER, Breaker, Meter, objection
from aggregator.model import Reply

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
TAKEN = Reply(phase="dot", code=250, text="2.0.0 queued")
DOWN = Reply(phase="connect", code=None, text="Connection refused")


@pytest.mark.parametrize(
    ("reply", "closes"),
    [
        (DOWN, True),
        (Reply(phase="connect", code=535, text="5.7.8 no"), True),
        (Reply(phase="mail", code=451, text="4.3.0 later"), True),
        (Reply(phase="mail", code=553, text="5.7.1 not yours"), True),
        (Reply(phase="rcpt", code=421, text="4.3.2 closing"), True),
        (Reply(phase="dot", code=421, text="4.3.2 closing"), True),
        (Reply(phase="rcpt", code=451, text="4.7.1 greylisted"), False),
        (Reply(phase="rcpt", code=550, text="5.1.1 nobody"), False),
        (Reply(phase="data", code=None, text="dropped"), False),
        (Reply(phase="dot", code=None, text="silence"), False),
        (TAKEN, False),
    ],
)
def test_what_is_the_relays_fault_and_what_one_recipients(reply: Reply, closes: bool) -> None:
    """Only what would happen to every recipient alike has the relay left alone."""
    assert (Breaker().after(reply, NOW) != Breaker()) == closes


def test_a_closed_relay_is_asked_ever_more_seldom_and_with_one_message() -> None:
    """1, 2, 5, 15, 15… minutes; between them nothing, after each one message, and all of them once it takes one."""
    breaker, now = Breaker(), NOW
    assert breaker.room(now, 50) == 50
    for minutes in (1, 2, 5, 15, 15):
        breaker = breaker.after(DOWN, now)
        assert breaker.until == now + timedelta(minutes=minutes)
        assert breaker.room(now + timedelta(seconds=59), 50) == 0
        now += timedelta(minutes=minutes)
        assert breaker.room(now, 50) == 1
    assert breaker.after(TAKEN, now) == Breaker()


def test_many_threads_at_a_closed_relay_are_one_failure() -> None:
    """Each of them reports it; the pause is that of the first."""
    once = Breaker().after(DOWN, NOW)
    assert once.after(DOWN, NOW + timedelta(seconds=1)).after(DOWN, NOW + timedelta(seconds=30)) == once


def test_a_clock_that_is_set_back_prolongs_no_pause() -> None:
    """A rest that seems longer than any there is, is over."""
    assert Breaker().after(DOWN, NOW).room(NOW - timedelta(hours=3), 50) == 1
    assert LADDER[-1] == timedelta(minutes=15)


@given(
    st.integers(1, 2000),
    st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 300)), min_size=1, max_size=60),
)
def test_no_minute_has_more_than_the_rate(rate: int, asked: list[tuple[int, int]]) -> None:
    """Whenever and for however many is asked, the passed of any 60 seconds are at most *rate*."""
    meter, now, passed = Meter(rate=rate), NOW, list[tuple[datetime, int]]()
    for pause, wanted in asked:
        now += timedelta(milliseconds=pause)
        many = meter.room(now, wanted)
        assert 0 <= many <= wanted
        meter = meter.take(now, many)
        passed.append((now, many))
        assert sum(count for at, count in passed if now - at < timedelta(minutes=1)) <= rate


@pytest.mark.parametrize("rate", [1, 2, 60, 600, 6000])
def test_the_rate_is_used(rate: int) -> None:
    """Asked twice a second for half an hour, all but a fifth of what the rate allows pass."""
    meter, total = Meter(rate=rate), 0
    for tick in range(3600):
        now = NOW + timedelta(milliseconds=500 * tick)
        many = meter.room(now, 10_000)
        meter, total = meter.take(now, many), total + many
    assert 0.8 * 30 * rate <= total <= 31 * rate


def test_a_meter_whose_clock_was_set_back() -> None:
    """It waits no longer than a burst takes."""
    used = Meter(rate=60).take(NOW, 1)
    earlier = NOW - timedelta(days=1)
    assert used.room(earlier, 9) == 0
    assert used.take(earlier, 0).room(earlier + timedelta(seconds=2), 9) == 1


def test_one_objection_to_many_is_an_objection_to_the_mail() -> None:
    """From five of them, and from one in twenty of the answers; other refusals are their recipients' own."""
    spam, nobody = "550 5.7.1 looks like spam", "550 5.1.1 nobody here"
    assert objection([spam] * 5 + [None] * 95) == "5.7.1"
    assert objection([spam] * 4) is None
    assert objection([spam] * 5 + [None] * 96) is None
    assert objection([nobody] * 90) is None
    assert objection(["550 5.7.1 a"] * 3 + ["554 5.7.26 b"] * 3) is None
    assert objection(["250 2.0.0 ok 550 5.7.1 no"] * 9) is None
    assert objection([]) is None
