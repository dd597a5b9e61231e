"""How long an answer stays fresh (RFC 9111 §4.2), from header values good and bad, each tried both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Caching, Response
from aggregator.schedule.freshness import caching, fresh, http_date, retry_after

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NOTHING = timedelta(0)
BEYOND = timedelta(seconds=2**31)


def seconds(number: int) -> timedelta:
    return timedelta(seconds=number)


def date(offset: int = 0) -> str:
    """An HTTP-date so many seconds from now."""
    return format_datetime(NOW + timedelta(seconds=offset), usegmt=True)


def answer(status: int = 200, /, **headers: str) -> Response:
    """An answer with these headers, underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url="https://s.example/", status=status, headers=named, date=NOW)


def freshness(status: int = 200, /, **headers: str) -> timedelta:
    told = answer(status, **headers)
    return fresh(told, caching(told, None), NOW)


@pytest.mark.parametrize(
    ("value", "lifetime"),
    [
        ("max-age=3600", 3600),
        ("public, max-age=3600, must-revalidate", 3600),
        ("MaX-aGe=3600", 3600),  # §5.2: names are case-insensitive
        ('max-age="3600"', 3600),  # §5.2: both forms ought to be accepted
        ("max-age=003600", 3600),
        ("foobar, max-age=3600", 3600),  # §5.2.3: what is unknown is ignored
        ("  max-age=3600  ,", 3600),
        ('extension="max-age=1", max-age=3600', 3600),  # a quoted string is one value
        ('max-age=3600, extension="max-age=1"', 3600),
        ('a="\\"", max-age=3600', 3600),
        ("max-age=3600, max-age=1", 3600),  # §4.2.1: the first occurrence
        ("max-age=1, max-age=3600", 1),
        ('no-cache="set-cookie", max-age=3600', 3600),  # §5.2.2.4: the qualified form is about a field only
        ("private, max-age=3600", 3600),  # §5.2.2.7: we are a private cache
        ("s-maxage=3600", 0),  # §5.2.2.10: for shared caches
        ("s-maxage=1, max-age=3600", 3600),
        ("max-age=0", 0),
        ("no-cache, max-age=3600", 0),  # §4.2.1: of what conflicts, the most restrictive
        ("no-store, max-age=3600", 0),
        ("no-cache", 0),
        ("max-age", 0),
        ("max-age=", 0),
        ("max-age=-3600", 0),  # §4.2.1: what is invalid is stale
        ("max-age=3600.5", 0),
        ("max-age=3600a", 0),
        ("max-age=a3600", 0),
        ("max-age='3600'", 0),
        ("max-age =3600", 0),
        ("max-age= 3600", 0),
        ("max-age=3600; public", 0),
        ("max-age=٣٦٠٠", 0),  # digits, but not HTTP's
        ('"max-age=3600', 0),
        ('extension="max-age=3600"', 0),
        ("", 0),
    ],
)
def test_cache_control_is_read_as_it_is_written(value: str, lifetime: int) -> None:
    """RFC 9111 §5.2 and §4.2.1: what is malformed is stale, and lengthens nothing."""
    assert freshness(cache_control=value) == seconds(lifetime)


@pytest.mark.parametrize("value", ["2147483647", "2147483648", "99999999999", "9" * 5000])
def test_a_huge_max_age_is_the_longest_there_is(value: str) -> None:
    """RFC 9111 §1.2.2: what overflows is 2^31 seconds; it breaks no calendar."""
    assert BEYOND - seconds(1) <= freshness(cache_control=f"max-age={value}") <= BEYOND


@pytest.mark.parametrize(
    ("expires", "lifetime"),
    [
        (date(7200), 7200),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 7200),
        ("MON, 23 NOV 2026 11:00:00 gmt", 7200),
        ("Monday, 23-Nov-26 11:00:00 GMT", 7200),  # RFC 9110 §5.6.7: the obsolete forms are accepted
        ("Mon Nov 23 11:00:00 2026", 7200),
        (f"{date(7200)}, {date(60)}", 7200),  # §4.2.1: the first
        (f"{date(60)}, {date(7200)}", 60),
        (date(-7200), 0),
        (date(), 0),
        ("0", 0),  # §5.3: in the past, as every value that is no date
        ("-1", 0),
        ("never", 0),
        ("", 0),
        ("Mon, 23 Nov 2026 11:00:00 UTC", 0),
        ("Mon, 23 Nov 2026 11:00:00 +0000", 0),
        ("Mon, 23 Nov 26 11:00:00 GMT", 0),
        ("Mon 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23  Nov  2026 11:00:00 GMT", 0),
        ("Mon, 23-Nov-2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 11.00.00 GMT", 0),
        ("Mon, 23 Nov 2026 7:00:00 GMT", 0),
        ("Mon, 31 Feb 2027 11:00:00 GMT", 0),
        ("2026-11-23T11:00:00Z", 0),
    ],
)
def test_expires_minus_date(expires: str, lifetime: int) -> None:
    """RFC 9111 §4.2.1 and §5.3: without max-age the time from Date to Expires, and nothing for what is no HTTP-date."""
    assert freshness(expires=expires, date=date()) == seconds(lifetime)


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ({"cache_control": "max-age=60", "expires": date(7200)}, 60),  # §5.3: max-age goes first
        ({"cache_control": "max-age=0", "expires": date(7200)}, 0),
        ({"cache_control": "max-age=x", "expires": date(7200)}, 0),
        ({"cache_control": "max-age=60", "expires": "0"}, 60),
        ({"cache_control": "no-cache", "expires": date(7200)}, 0),
        ({"cache_control": "public", "expires": date(7200)}, 7200),
        ({"expires": date(7200)}, 7200),  # without a Date, the moment of receipt
        ({"expires": date(7200), "date": "yesterday"}, 7200),
        ({"expires": date(300), "date": date(400)}, 0),
        # a server whose clock is wrong: what it means is the difference
        ({"expires": date(86400 + 7200), "date": date(86400)}, 7200),
        # §4.2.3: a Date that is long past is the age of what was sent
        ({"cache_control": "max-age=3600", "date": date(-600)}, 3000),
        ({"expires": date(3600), "date": date(-600)}, 3600),
        ({"cache_control": "max-age=3600", "date": date(600)}, 3600),
        ({"cache_control": "max-age=3600", "age": "600"}, 3000),
        ({"cache_control": "max-age=3600", "age": "600", "date": date(-900)}, 2700),
        ({"cache_control": "max-age=3600", "age": "900", "date": date(-600)}, 2700),
        ({"cache_control": "max-age=3600", "age": "7200"}, 0),
        ({"expires": date(20), "date": date(10), "age": "15"}, 0),
        ({"cache_control": "max-age=3600", "age": "600, 0"}, 3000),  # §5.1: the first of a list
        ({"cache_control": "max-age=3600", "age": "0, 600"}, 3600),
        ({"cache_control": "max-age=3600", "age": "-7200"}, 3600),  # §5.1: what is no number is ignored
        ({"cache_control": "max-age=3600", "age": "7200.0"}, 3600),
        ({"cache_control": "max-age=3600", "age": "abc"}, 3600),
        ({"cache_control": "max-age=3600", "age": "9" * 30}, 0),
        ({"last_modified": date(-86400 * 100)}, 0),  # §4.2.2: nothing is guessed
        ({}, 0),
    ],
)
def test_what_is_left_of_it_on_arrival(headers: dict[str, str], lifetime: int) -> None:
    """RFC 9111 §4.2.1 (which of them counts) and §4.2.3 (how old it is already)."""
    assert freshness(**headers) == seconds(lifetime)


@pytest.mark.parametrize("status", [200, 203, 204, 304, 400, 401, 403, 404, 405, 410, 414, 429, 451, 499, 501])
def test_cacheable_errors_count(status: int) -> None:
    """Standards, item 13: from 200, 304 and what RFC 9110 §15.1 calls cacheable; whoever says 404 may say how long."""
    assert freshness(status, cache_control="max-age=7200") == seconds(7200)


@pytest.mark.parametrize("status", [206, 302, 307, 500, 502, 503, 504, 599])
def test_a_server_in_trouble_does_not_mean_it(status: int) -> None:
    """A 5xx carries the caching of the page that failed; for it there is Retry-After."""
    assert freshness(status, cache_control="max-age=7200") == NOTHING


def test_a_304_need_not_repeat_what_a_200_said() -> None:
    """RFC 9111 §3.2, §4.3.4: a 304 updates what it names, and the rest stays; a 200 replaces all of it."""
    stored = caching(answer(cache_control="max-age=7200", expires=date(60)), None)
    assert stored == Caching(cache_control="max-age=7200", expires=date(60))
    silent = answer(304)
    assert fresh(silent, caching(silent, stored), NOW) == seconds(7200)
    telling = answer(304, cache_control="max-age=60")
    assert caching(telling, stored) == Caching(cache_control="max-age=60", expires=date(60))
    assert caching(answer(200), stored) == Caching()
    assert caching(answer(404), stored) == Caching()


def test_a_stored_expires_runs_out() -> None:
    """What stays of a 200 is its Expires, and not the time that was left then."""
    stored = Caching(expires=date(3600))
    later = Response(url="", status=304, headers={"date": date(3000)}, date=NOW + seconds(3000))
    assert fresh(later, caching(later, stored), NOW + seconds(3000)) == seconds(600)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7200", 7200),
        (" 7200 ", 7200),
        ("120, 120", 120),
        ("120.5", 120),
        (date(10800), 10800),
        ("Monday, 23-Nov-26 12:00:00 GMT", 10800),
        ("Mon, 23 Nov 2026 13:00:00 +0100", 10800),  # leniently: obeying costs us nothing
        ("99999999", 7 * 86400),
        ("9" * 5000, 7 * 86400),
        ("Mon, 23 Nov 2099 12:00:00 GMT", 7 * 86400),
        ("0", 0),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Mon, 99 Nov 2026 12:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read(status: int, value: str, wait: int) -> None:
    """RFC 9110 §10.2.3 in seconds or as a date, on 429 (RFC 6585 §4) and 503; nonsense means nothing."""
    assert retry_after(answer(status, retry_after=value), NOW) == seconds(wait)


@pytest.mark.parametrize("status", [200, 304, 404, 500, 502])
def test_retry_after_means_nothing_elsewhere(status: int) -> None:
    """A 200 that carries the header is a 200."""
    assert retry_after(answer(status, retry_after="7200"), NOW) == NOTHING


def test_two_digit_years_lie_within_fifty() -> None:
    """RFC 9110 §5.6.7: what looks more than fifty years ahead was in the last century."""
    assert http_date("Sunday, 06-Nov-94 08:49:37 GMT", NOW) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert http_date("Sunday, 06-Nov-76 08:49:37 GMT", NOW) == datetime(2076, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert http_date("Sunday, 06-Nov-77 08:49:37 GMT", NOW) == datetime(1977, 11, 6, 8, 49, 37, tzinfo=UTC)


def test_a_leap_second_is_a_date() -> None:
    """RFC 9110 §5.6.7 knows a second 60."""
    assert http_date("Sat, 31 Dec 2016 23:59:60 GMT", NOW) == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(
    st.sampled_from([200, 304, 404, 410, 429, 500, 503]),
    st.fixed_dictionaries(
        {},
        optional={
            name: st.text(max_size=60) | st.sampled_from([date(5), "max-age=5", "0", "max-age=99999999999", '"', "-1"])
            for name in ("cache-control", "expires", "date", "age", "retry-after")
        },
    ),
)
def test_no_header_is_too_odd(status: int, headers: dict[str, str]) -> None:
    """Whatever a server sends, there is an answer, and it is never negative."""
    told = Response(url="", status=status, headers=headers, date=NOW)
    assert NOTHING <= fresh(told, caching(told, None), NOW) <= timedelta(days=366 * 8000)
    assert NOTHING <= retry_after(told, NOW) <= timedelta(days=7)
