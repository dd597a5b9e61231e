"""When to ask again: never sooner than the operator, the server and the feed want, and never never."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Auth, Caching, Config, Fetch, Pace, Poll, Response, Source, Validators
from aggregator.schedule import Start, conditions, due, grouped, held_hosts, starting
from aggregator.schedule.freshness import caching, retry_after
from aggregator.schedule.network import offline
from aggregator.schedule.pace import awake, observed, remembered, wanted
from aggregator.schedule.wait import SOON, next_poll

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALMOST = timedelta(seconds=66)
"""What jitter may add to an hour."""
SOURCE = Source(id="s", zone="z", url="https://s.example/feed")
POLL = Poll(source="s", url=SOURCE.url, at=NOW, next_poll=NOW + HOUR, status="ok", http_status=200)


def answer(status: int = 200, /, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url=SOURCE.url, status=status, headers=named, date=NOW)


def after(told: Response | None = None, /, *, source: Source = SOURCE, fetch: Fetch | None = None, **noted: Any) -> Any:
    """How long until the next poll, after one of which this is noted."""
    wait = retry_after(told, NOW) if told else None
    poll = replace(
        POLL,
        http_status=told.status if told else None,
        caching=caching(told, None) if told else None,
        not_before=NOW + wait if wait else None,
        **noted,
    )
    return next_poll(source, fetch or Fetch(), poll, told, NOW) - NOW


# The operator


def test_after_a_success_the_interval_passes() -> None:
    """Item 12: counted from the start of the last request; 59:59 is too soon, and jitter only adds."""
    assert HOUR + 6 * timedelta(seconds=1) <= after(answer()) <= HOUR + ALMOST
    own = replace(SOURCE, interval=2 * HOUR)
    assert 2 * HOUR < after(answer(), source=own) <= 2 * (HOUR + ALMOST)


def test_two_sources_do_not_come_back_in_step() -> None:
    """The jitter is the source's own, and the same each time."""
    others = {after(answer(), source=replace(SOURCE, id=f"s{number}")) for number in range(20)}
    assert len(others) == 20
    assert after(answer()) == after(answer())


# The server


@pytest.mark.parametrize("status", [200, 304, 404, 410])
def test_max_age_is_not_asked_before(status: int) -> None:
    """Item 13: Cache-Control on an answer, its age taken off, lengthens the wait; a short one does not shorten it."""
    failures = 0 if status < 400 else 1
    told = answer(status, cache_control="max-age=14400", age="600")
    assert 4 * HOUR - 10 * MINUTE <= after(told, failures=failures) <= 4 * HOUR
    for short in ("max-age=60", "no-cache", "no-store", "max-age=0"):
        assert HOUR < after(answer(cache_control=short)) <= HOUR + ALMOST


def test_an_error_is_not_as_fresh_as_what_was_there_before() -> None:
    """What a 200 said of its freshness is not said of a later 404."""
    noted = replace(POLL, failures=1, caching=Caching(cache_control="max-age=36000"))
    assert next_poll(SOURCE, Fetch(), noted, answer(404), NOW) < NOW + 3 * HOUR
    assert next_poll(SOURCE, Fetch(), replace(noted, failures=0), answer(304), NOW) >= NOW + 10 * HOUR


def test_a_day_is_the_longest() -> None:
    """Item 13: max-age, Expires and ttl are obeyed up to [fetch].longest, and no longer, for a year is a slip."""
    assert after(answer(cache_control="max-age=31536000")) == DAY
    assert after(answer(expires=format_datetime(NOW + 400 * DAY, usegmt=True))) == DAY
    assert after(answer(), pace=Pace(ttl=7 * DAY)) == DAY
    assert after(answer(), pace=Pace(period=30 * DAY)) == DAY
    assert after(answer(cache_control="max-age=31536000"), fetch=Fetch(longest=3 * HOUR)) == 3 * HOUR
    weekly = replace(SOURCE, interval=7 * DAY)
    assert after(answer(cache_control="max-age=31536000"), source=weekly) >= 7 * DAY


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(status: int) -> None:
    """Item 14: beyond the longest, too; a short one does not shorten the back-off."""
    assert after(answer(status, retry_after=str(3 * 86400)), failures=1) == 3 * DAY
    assert after(answer(status, retry_after="10"), failures=1) >= 2 * HOUR
    assert after(answer(500, retry_after=str(3 * 86400)), failures=1) < DAY


# The feed (item 16)


def test_the_feed_has_a_word_in_it() -> None:
    """RSS 2.0's ttl and RSS 1.0's syndication module: the latest of all counts."""
    assert 2 * HOUR <= after(answer(), pace=Pace(ttl=2 * HOUR)) <= 2 * (HOUR + ALMOST)
    assert after(answer(), pace=Pace(ttl=MINUTE)) <= HOUR + ALMOST
    assert 12 * HOUR <= after(answer(), pace=Pace(ttl=2 * HOUR, period=12 * HOUR)) <= 12 * (HOUR + ALMOST)
    assert 5 * HOUR <= after(answer(cache_control="max-age=18000"), pace=Pace(ttl=2 * HOUR)) <= 5 * (HOUR + ALMOST)


@pytest.mark.parametrize(
    ("pace", "next_update"),
    [
        (Pace(period=DAY, base=datetime(2000, 1, 1, 6, 0, tzinfo=UTC)), NOW + 21 * HOUR),
        (Pace(period=DAY, base=datetime(2000, 1, 1, 10, 30, tzinfo=UTC)), NOW + 90 * MINUTE),
        (Pace(period=DAY, base=datetime(2099, 1, 1, 10, 30, tzinfo=UTC)), NOW + 90 * MINUTE),
        (Pace(period=HOUR, base=datetime(2000, 1, 1, 12, 0, tzinfo=UTC)), NOW + HOUR),
        (Pace(period=DAY), NOW + DAY),
        (Pace(ttl=90 * MINUTE), NOW + 90 * MINUTE),
        (Pace(skip_days=(6,)), NOW),
        (None, NOW),
    ],
)
def test_updates_come_by_the_publishers_calendar(pace: Pace | None, next_update: datetime) -> None:
    """RSS 1.0's syndication module: with updateBase, the next multiple of the period counted from there."""
    assert wanted(pace, NOW) == next_update


@pytest.mark.parametrize(
    ("pace", "moment", "expected"),
    [
        (Pace(skip_hours=(9, 10)), NOW, NOW + 2 * HOUR),
        (Pace(skip_hours=(10,)), NOW, NOW),
        (Pace(skip_hours=(9,)), NOW + 59 * MINUTE, NOW + HOUR),
        (Pace(skip_hours=(22, 23, 0, 1)), NOW + 13.5 * HOUR, datetime(2026, 11, 24, 2, tzinfo=UTC)),
        (Pace(skip_days=(0,)), NOW, datetime(2026, 11, 24, tzinfo=UTC)),
        (Pace(skip_days=(5, 6)), datetime(2026, 11, 28, 7, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
        (Pace(skip_days=(0,), skip_hours=(0, 1)), NOW, datetime(2026, 11, 24, 2, tzinfo=UTC)),
        (Pace(skip_days=(0, 1, 2, 3, 4, 6), skip_hours=tuple(range(23))), NOW, datetime(2026, 11, 28, 23, tzinfo=UTC)),
        (Pace(skip_hours=tuple(range(24))), NOW, NOW),  # whoever names every hour has said nothing
        (Pace(skip_days=tuple(range(7))), NOW, NOW),
        (None, NOW, NOW),
    ],
)  # fmt: skip
def test_hours_and_days_that_are_skipped(pace: Pace | None, moment: datetime, expected: datetime) -> None:
    """RSS 2.0: hours and days are GMT's, whatever zone the moment is written in."""
    assert awake(pace, moment) == expected
    assert awake(pace, moment.astimezone(ZoneInfo("America/New_York"))) == expected


def test_a_weekend_may_be_skipped() -> None:
    """Item 16: days are skipped beyond the longest wait, and the herd does not come on the stroke of midnight."""
    saturday = datetime(2026, 11, 28, 7, 0, tzinfo=UTC)
    noted = replace(POLL, at=saturday, pace=Pace(skip_days=(5, 6)))
    moments = {next_poll(replace(SOURCE, id=f"s{number}"), Fetch(), noted, answer(), saturday) for number in range(20)}
    assert len(moments) == 20
    assert all(
        datetime(2026, 11, 30, tzinfo=UTC) <= one <= datetime(2026, 11, 30, 0, 10, tzinfo=UTC) for one in moments
    )


# The rate of news (item 19)


def test_a_source_with_little_news_is_asked_less_often() -> None:
    """A quarter of the median gap, between the operator's interval and the longest; only when it is switched on."""
    daily = tuple(NOW - number * DAY for number in range(10, 0, -1))
    busy = tuple(NOW - number * MINUTE for number in range(10, 0, -1))
    monthly = tuple(NOW - number * 30 * DAY for number in range(10, 0, -1))
    adaptive = Fetch(adaptive=True)
    assert 6 * HOUR <= after(answer(), fetch=adaptive, arrivals=daily) <= 6 * (HOUR + ALMOST)
    assert after(answer(), fetch=adaptive, arrivals=busy) <= HOUR + ALMOST
    assert after(answer(), fetch=adaptive, arrivals=monthly) == DAY
    assert after(answer(), arrivals=daily) <= HOUR + ALMOST


def test_too_little_is_known_of_a_new_source() -> None:
    """From three moments no rate can be told."""
    assert observed((NOW - 20 * DAY, NOW - 10 * DAY, NOW)) == timedelta(0)
    assert observed((NOW - 30 * DAY, NOW - 20 * DAY, NOW - 10 * DAY, NOW)) == 2.5 * DAY


def test_ten_items_at_once_are_one_piece_of_news() -> None:
    """What came within one interval counts once, the latest ten are kept, whatever order they came in."""
    bulk = [NOW + number * MINUTE for number in range(30)]
    assert remembered(bulk, HOUR) == (NOW,)
    many = [NOW + number * DAY for number in range(30)]
    assert remembered(reversed(many), HOUR) == tuple(many[-10:])
    assert remembered((*remembered(many, HOUR), many[-1]), HOUR) == tuple(many[-10:])


# Failures


def test_each_failure_waits_longer_until_a_day() -> None:
    """Items 33 and 34: one failure slows nothing down; 2, 4, 8, 16 hours after more, for 404 as for 5xx; then a day."""
    waits = [after(None, failures=failures) for failures in range(1, 30)]
    assert waits[:6] == sorted(waits[:6])
    assert HOUR <= waits[0] <= 1.2 * HOUR
    assert 2 * HOUR <= waits[1] <= 2.3 * HOUR
    assert all(DAY / 1.1 <= wait <= DAY for wait in waits[5:])


@pytest.mark.parametrize("status", [429, 503])
def test_who_says_that_we_ask_too_much_is_asked_less_at_once(status: int) -> None:
    """Item 15: without Retry-After, too."""
    assert 2 * HOUR <= after(answer(status), failures=1) <= 2.3 * HOUR


def test_back_off_has_jitter_of_its_own() -> None:
    """A host that comes back does not meet all its sources at once, even when all are asked once a day."""
    others = [after(None, failures=9, source=replace(SOURCE, id=f"s{number}")) for number in range(20)]
    assert len(set(others)) > 15
    assert max(others) - min(others) > HOUR


# Laws


PACES = st.none() | st.builds(
    Pace,
    ttl=st.none() | st.timedeltas(timedelta(0), 4000 * DAY),
    skip_hours=st.lists(st.integers(0, 23), max_size=23).map(tuple),
    skip_days=st.lists(st.integers(0, 6), max_size=6).map(tuple),
    period=st.none() | st.timedeltas(MINUTE, 400 * DAY),
    base=st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
ANSWERS = st.none() | st.builds(
    answer,
    st.sampled_from([200, 304, 404, 410, 429, 500, 503]),
    cache_control=st.sampled_from(["", "no-cache", "max-age=0", "max-age=7200", "max-age=999999999999", "max-age=-1"]),
    retry_after=st.sampled_from(["", "0", "60", "86400", "999999999", "soon"]),
    expires=st.sampled_from(["", "0", format_datetime(NOW + 50 * DAY, usegmt=True)]),
)


@given(
    told=ANSWERS,
    pace=PACES,
    failures=st.integers(0, 10_000),
    interval=st.timedeltas(timedelta(seconds=1), 14 * DAY),
    longest=st.timedeltas(timedelta(seconds=1), 14 * DAY),
    arrivals=st.lists(st.datetimes(timezones=st.just(UTC)), max_size=10).map(lambda moments: tuple(sorted(moments))),
    adaptive=st.booleans(),
    id=st.text(max_size=5),
)
def test_never_too_soon_and_never_never(
    told: Response | None,
    pace: Pace | None,
    failures: int,
    interval: timedelta,
    longest: timedelta,
    arrivals: tuple[datetime, ...],
    adaptive: bool,
    id: str,
) -> None:
    """Whatever they say: not before the operator's interval nor a Retry-After, and not after the longest but for it,
    and for the days and hours that a feed skips.
    """
    source, fetch = replace(SOURCE, id=id, interval=interval), Fetch(longest=longest, adaptive=adaptive)
    wait = after(told, source=source, fetch=fetch, pace=pace, failures=failures, arrivals=arrivals)
    asked_for = retry_after(told, NOW) if told else timedelta(0)
    skipped = 8 * DAY if pace and (pace.skip_days or pace.skip_hours) else timedelta(0)
    assert max(interval, asked_for) <= wait
    assert wait <= max(interval * 1.02, longest, asked_for) + skipped


# What is due


def sources(count: int, **settings: Any) -> tuple[Source, ...]:
    return tuple(Source(id=f"s{n}", zone="z", url=f"https://h{n}.example/feed", **settings) for n in range(count))


def polled(source: Source, ago: timedelta = HOUR, **noted: Any) -> Poll:
    """A poll so long ago, whose next one is due an hour after it."""
    at = NOW - ago
    return replace(POLL, source=source.id, url=source.url, **{"at": at, "next_poll": at + HOUR, **noted})


def asked_now(config: Config, polls: dict[str, Poll], start: Start | None = None, now: datetime = NOW) -> list[str]:
    found = due(config, polls, {}, start or Start(NOW - DAY, timedelta(0)), now)
    return [source.id for asking in found for source in asking.sources]


def test_two_sources_are_asked_at_once() -> None:
    """A small installation does not wait for anything at its start."""
    config = Config(sources=sources(2))
    assert asked_now(config, {}, starting(config, {}, {}, NOW)) == ["s0", "s1"]


@pytest.mark.parametrize("known", [False, True])
def test_a_thousand_sources_are_no_herd(known: bool) -> None:
    """First polls, and those that are overdue after a long stop, are spread, the more the longer; none is forgotten."""
    config = Config(sources=sources(1000))
    polls = {source.id: polled(source, 30 * DAY) for source in config.sources} if known else {}
    start = starting(config, polls, {}, NOW)
    assert MINUTE < start.spread < 5 * MINUTE
    counts = [len(asked_now(config, polls, start, NOW + timedelta(seconds=second))) for second in range(0, 100, 10)]
    assert counts[0] < 20
    assert counts == sorted(counts)
    assert max(after - before for before, after in pairwise(counts)) < 150
    assert len(asked_now(config, polls, start, NOW + start.spread)) == 1000


def test_a_spread_is_no_longer_than_the_interval() -> None:
    """However many there are, each is asked once an interval."""
    config = Config(sources=sources(1000), fetch=Fetch(interval=MINUTE))
    assert starting(config, {}, {}, NOW).spread == MINUTE


def test_what_is_not_overdue_keeps_its_time() -> None:
    """Items 2 and 12: a restart changes nothing for a source that was asked before it."""
    config = Config(sources=sources(50))
    polls = {source.id: polled(source, 30 * MINUTE) for source in config.sources}
    start = starting(config, polls, {}, NOW)
    assert start.spread == timedelta(0)
    assert asked_now(config, polls, start, NOW + 29 * MINUTE) == []
    assert len(asked_now(config, polls, start, NOW + 30 * MINUTE)) == 50


def test_the_longest_overdue_goes_first() -> None:
    """Room is scarce, and patience, too."""
    config = Config(sources=sources(3))
    polls = {source.id: polled(source, (n + 2) * HOUR) for n, source in enumerate(config.sources)}
    assert asked_now(config, polls) == ["s2", "s1", "s0"]


def test_what_is_gone_or_off_is_not_asked() -> None:
    """Item 32: 410 stops; at another URL it is another matter."""
    one, two, three = sources(3)
    config = Config(sources=(one, replace(two, enabled=False), three))
    polls = {
        "s0": polled(one, status="gone"),
        "s1": polled(two),
        "s2": replace(polled(three, status="gone"), url="https://old.example/"),
    }
    assert asked_now(config, polls) == ["s2"]


LAST = replace(POLL, source="s0", url=sources(1)[0].url, at=NOW - HOUR / 2, next_poll=NOW + HOUR / 2, tried="old")


@pytest.mark.parametrize(
    ("last", "reading", "expected"),
    [
        (LAST, "old", False),
        (replace(LAST, at=NOW - HOUR, next_poll=NOW), "old", True),
        (LAST, "new", True),
        (replace(LAST, url="https://old.example/"), "old", True),
        (replace(LAST, at=NOW + 6 * HOUR, next_poll=NOW + 7 * HOUR), "old", True),
        (replace(LAST, at=NOW + 6 * HOUR, not_before=NOW + 7 * HOUR, throttled="h0.example"), "old", True),
        (replace(LAST, at=NOW + MINUTE), "old", False),
        (replace(LAST, status="gone", next_poll=NOW), "new", False),
        (replace(LAST, not_before=NOW + HOUR), "new", False),
        (replace(LAST, status="gone", url="https://old.example/"), "old", True),
        (replace(LAST, tried=None), "new", False),
    ],
)
def test_what_is_configured_anew_is_asked_at_once(last: Poll, reading: str, expected: bool) -> None:
    """But a Retry-After and a 410 hold until the address changes; a poll from the future says nothing of the time."""
    config = Config(sources=sources(1))
    found = due(config, {"s0": last}, {"s0": reading}, Start(NOW - DAY, timedelta(0)), NOW)
    assert bool(found) == expected


def test_one_request_for_each_url() -> None:
    """Item 18: however many sources name it; only who asks, and which way, makes it another request."""
    one, two, three, four = (replace(source, url=SOURCE.url) for source in sources(4))
    four = replace(four, auth=Auth(user="an", password_file="an"))
    config = Config(sources=(one, two, replace(three, interval=2 * HOUR), four))
    first, second = due(config, {}, {}, Start(NOW, timedelta(0)), NOW)
    assert [source.id for source in first.sources] == ["s0", "s1", "s2"]
    assert [source.id for source in second.sources] == ["s3"]


def test_a_url_is_not_asked_again_for_another_source() -> None:
    """Item 18: not when it was asked a moment ago, nor when its server said not now, whichever source it was for."""
    one, two = (replace(source, url=SOURCE.url) for source in sources(2))
    config = Config(sources=(one, two))
    assert asked_now(config, {"s0": polled(one, 10 * MINUTE), "s1": polled(two, 5 * HOUR)}) == []
    assert asked_now(config, {"s0": polled(one, 2 * HOUR), "s1": polled(two, 5 * HOUR)}) == ["s0", "s1"]
    waiting = polled(one, 2 * HOUR, not_before=NOW + HOUR, next_poll=NOW + HOUR)
    assert asked_now(config, {"s0": waiting, "s1": polled(two, 5 * HOUR)}) == []


def test_429_holds_the_whole_server() -> None:
    """Item 14: with Retry-After, for every source that leads there, by redirects, too; others are not stalled."""
    told, same, led, other, port = (
        replace(source, url=url)
        for source, url in zip(
            sources(5),
            ("https://a.example/1", "http://A.example/2", "https://b.example/", "https://c.example/", "https://a.example:8443/"),
            strict=True,
        )
    )  # fmt: skip
    config = Config(sources=(told, same, led, other, port))
    polls = {source.id: polled(source, 2 * HOUR) for source in config.sources}
    polls["s0"] = replace(polls["s0"], http_status=429, throttled="a.example", not_before=NOW + HOUR)
    polls["s2"] = replace(polls["s2"], answered="https://a.example/3")
    assert held_hosts(polls.values(), NOW) == {"a.example": NOW + HOUR}
    assert asked_now(config, polls) == ["s3", "s4"]
    assert len(asked_now(config, polls, now=NOW + HOUR)) == 5


def test_503_holds_this_source_alone() -> None:
    """Item 14: one broken feed says nothing of the others on its host."""
    one, two = (replace(source, url=f"https://a.example/{source.id}") for source in sources(2))
    polls = {"s0": polled(one, 2 * HOUR, http_status=503, not_before=NOW + HOUR), "s1": polled(two, 2 * HOUR)}
    assert asked_now(Config(sources=(one, two)), polls) == ["s1"]


def test_a_longer_interval_counts_at_once() -> None:
    """An operator who slows a source down means now, and not after the poll that was already planned."""
    (source,) = sources(1, interval=6 * HOUR)
    assert asked_now(Config(sources=(source,)), {"s0": polled(source, 2 * HOUR)}) == []


# The network here


def test_a_network_that_is_down_is_known_by_all_hosts() -> None:
    """Item 34, peers' complaint 7: only when nothing can be reached at all, and there is more than one host to try."""
    one, two, three = sources(3)
    lost = {"s0": polled(one, MINUTE, unreachable=NOW - HOUR), "s1": polled(two, MINUTE, unreachable=NOW - MINUTE)}
    assert offline(lost.values(), Fetch(), NOW) == NOW - MINUTE
    assert offline([lost["s0"]], Fetch(), NOW) is None
    assert offline([*lost.values(), polled(three, 10 * MINUTE)], Fetch(), NOW) is None
    assert offline([*lost.values(), polled(three, 3 * HOUR)], Fetch(), NOW) == NOW - MINUTE
    same_host = replace(lost["s1"], url=one.url + "/2")
    assert offline([lost["s0"], same_host], Fetch(), NOW) is None


def test_our_own_fault_is_retried_soon_and_counts_for_nothing() -> None:
    """Soon at first; with time as seldom as ever, for what looks like our network may be everybody else's."""
    waits = [
        next_poll(SOURCE, Fetch(), replace(POLL, failures=9), None, NOW, down=NOW - ago) - NOW
        for ago in (timedelta(0), HOUR, 2 * HOUR, 30 * DAY)
    ]
    assert [round(wait / MINUTE) for wait in waits] == pytest.approx([5, 15, 30, 60], rel=0.11)
    assert min(waits) >= SOON
    hasty = replace(SOURCE, interval=timedelta(seconds=2))
    assert next_poll(hasty, Fetch(), POLL, None, NOW, down=NOW) - NOW <= timedelta(seconds=2.2)


def test_who_failed_before_it_was_known_is_forgiven() -> None:
    """The first source to fail was told to wait for hours; once all have failed it is tried again with them."""
    one, two = sources(2)
    config = Config(sources=(one, two))
    first = polled(one, 10 * MINUTE, next_poll=NOW + 2 * HOUR, unreachable=NOW - 10 * MINUTE, failures=1)
    well = polled(two, 20 * MINUTE)
    assert asked_now(config, {"s0": first, "s1": well}) == []
    lost = polled(two, MINUTE, unreachable=NOW - MINUTE, next_poll=NOW + 4 * MINUTE)
    assert asked_now(config, {"s0": first, "s1": lost}) == ["s0"]


# Conditions for more than one


def test_sources_of_one_url_share_their_condition_or_have_none() -> None:
    """Item 18: a 304 must be right for all of them, so that they must have read the same bytes."""
    held = replace(POLL, validators=Validators(url=SOURCE.url, etag='"1"'), reading="r", full=NOW)
    other = replace(held, reading="q")
    newer = replace(held, validators=Validators(url=SOURCE.url, etag='"2"'))
    assert conditions([(held, "r"), (other, "q")], DAY, NOW) == held.validators
    assert conditions([(held, "r"), (newer, "r")], DAY, NOW) is None
    assert conditions([(held, "r"), (None, "r")], DAY, NOW) is None
    assert conditions([(held, "r"), (held, "changed")], DAY, NOW) is None
    assert conditions([(held, "r")], DAY, NOW + DAY) is None
    assert conditions([(held, "r")], DAY, NOW + DAY - MINUTE) == held.validators


def test_grouping_says_which_servers_are_concerned() -> None:
    """The one that is asked, and the one that answered last."""
    (asking,) = grouped([SOURCE], {"s": replace(POLL, answered="https://www.s.example:8443/feed")})
    assert asking.host == "s.example"
    assert asking.servers == {"s.example", "www.s.example:8443"}
