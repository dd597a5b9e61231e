"""When to ask again: never sooner than the operator or the server wants, and never never."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Fetch, Poll, Response, Source
from aggregator.schedule import is_due, next_poll, not_before

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCE = Source(id="s", zone="z", url="https://s.example/")


def answer(status: int = 200, **headers: str) -> Response:
    return Response(url=SOURCE.url, status=status, headers=headers, date=NOW)


def ask(answer: Response | None = None, failures: int = 0, source: Source = SOURCE) -> datetime:
    return next_poll(source, Fetch(), answer=answer, failures=failures, now=NOW)


def test_after_a_success_the_interval_passes() -> None:
    """The operator's interval counts from the start of the poll; a source's own comes before the general one."""
    assert ask(answer()) == NOW + HOUR
    assert ask(answer(), source=Source(id="s", zone="z", url="https://s.example/", interval=2 * HOUR)) == NOW + 2 * HOUR


@given(st.integers(1, 10_000), st.timedeltas(timedelta(minutes=1), timedelta(days=7)))
def test_failures_slow_down_and_never_stop(failures: int, interval: timedelta) -> None:
    """Back-off is never sooner than the interval, and at most a day (or the interval) and a tenth later."""
    source = Source(id="s", zone="z", url="https://s.example/", interval=interval)
    wait = ask(None, failures, source) - NOW
    assert interval <= wait <= max(timedelta(days=1), interval) * 1.1


def test_each_failure_waits_longer_until_a_day() -> None:
    """Doubling: 1, 2, 4, 8, 16 hours, then once a day."""
    waits = [ask(None, failures) - NOW for failures in range(1, 8)]
    assert waits == sorted(waits)
    assert HOUR <= waits[0] < 2 * HOUR <= waits[1]
    assert waits[6] >= timedelta(days=1)


def test_what_may_be_our_own_fault_is_not_held_against_a_source() -> None:
    """Where nothing could be reached the interval does not grow: our line may have been down all night."""
    wait = next_poll(SOURCE, Fetch(), answer=None, failures=9, now=NOW, unreachable=True) - NOW
    assert HOUR <= wait < 1.2 * HOUR


LAST = Poll(source="s", url=SOURCE.url, at=NOW, next_poll=NOW + HOUR, status="failed", tried="old")


@pytest.mark.parametrize(
    ("last", "tried", "due"),
    [
        (LAST, "old", False),
        (replace(LAST, next_poll=NOW), "old", True),
        (LAST, "new", True),
        (replace(LAST, url="https://old.example/"), "old", True),
        (replace(LAST, at=NOW + 6 * HOUR, next_poll=NOW + 7 * HOUR), "old", True),
        (replace(LAST, status="gone", next_poll=NOW), "new", False),
        (replace(LAST, not_before=NOW + HOUR), "new", False),
        (replace(LAST, status="gone", url="https://old.example/"), "old", True),
        (replace(LAST, tried=None), "new", False),
    ],
)
def test_what_is_due(last: Poll, tried: str, due: bool) -> None:
    """In time, or configured anew; but a Retry-After and a 410 hold until the address changes."""
    assert is_due(SOURCE, last, tried=tried, now=NOW) == due


def test_two_sources_do_not_come_back_in_step() -> None:
    """The jitter is the source's own, and the same each time."""
    others = {ask(None, 3, Source(id=f"s{n}", zone="z", url="https://s.example/")) for n in range(20)}
    assert len(others) == 20
    assert ask(None, 3) == ask(None, 3)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7200", timedelta(hours=2)),
        (format_datetime(NOW + timedelta(hours=3), usegmt=True), timedelta(hours=3)),
        ("99999999", timedelta(days=7)),
        ("0", timedelta(0)),
        ("-5", timedelta(0)),
        ("soon", timedelta(0)),
        ("", timedelta(0)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", timedelta(0)),
    ],
)
def test_retry_after_is_obeyed(status: int, value: str, wait: timedelta) -> None:
    """Retry-After in seconds or as a date (RFC 9110 §10.2.3) lengthens the wait; nonsense does nothing."""
    told = answer(status, **{"retry-after": value})
    assert not_before(told, NOW) == (NOW + wait if wait else None)
    assert ask(told, 1) >= NOW + max(wait, HOUR)


def test_retry_after_means_nothing_elsewhere() -> None:
    """A 200 that carries the header is a 200."""
    assert not_before(answer(200, **{"retry-after": "7200"}), NOW) is None
