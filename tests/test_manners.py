"""The checklist of a well-mannered feed client, item by item: a fake origin plays each, over real sockets.

Each test names its item and where it comes from.  Items 20 to 29 (the shape of a request) and 37 to 41 (hostile
servers) are in ``test_fetch*.py``.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import Move, Response, Selectors
from tests.asking import HOUR, START, Reader, rss
from tests.fakes.origin import Behaviour, Origin, Request
from tests.processes import eventually, free_port, installation
from tests.sites import Zones

DAY = timedelta(days=1)
XML = "application/rss+xml"
ETAG, MODIFIED = '"v1"', "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


@pytest.fixture
def reader(origin: Origin, tmp_path: Path) -> Iterator[Reader]:
    with Reader(tmp_path, origin.url("/feed")) as opened:
        yield opened


def serve(
    origin: Origin, *items: object, path: str = "/feed", extra: str = "", status: int = 200, **headers: str
) -> None:
    """An RSS feed of these items; headers with underscores for hyphens, none of its own."""
    named = {name.replace("_", "-"): value for name, value in {"ETag": "", **headers}.items()}
    origin.serve(path, rss(*items, extra=extra) if status == 200 else "", XML, status=status, headers=named)


def late(seconds: float, content: bytes) -> Behaviour:
    """Says nothing for so many seconds, then *content*."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(seconds)
        writer.write(content)
        await writer.drain()
        return False

    return behave


def conditions(request: Request) -> tuple[str | None, str | None]:
    return request.headers.get("if-none-match"), request.headers.get("if-modified-since")


def sent(origin: Origin) -> list[tuple[str | None, str | None]]:
    """The conditions of every request so far."""
    return [conditions(request) for request in origin.requests]


# 1a Conditional requests


@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"', "unquoted", '"a, b"', '"caf\xc3\xa9"'])
def test_01_validators_go_back_byte_for_byte(origin: Origin, reader: Reader, etag: str) -> None:
    """Item 1 (rachelbythebay.com/fs/help.html; RFC 9110 §8.8, §13.1): quotes, W/ and odd dates included."""
    serve(origin, 1, ETag=etag, Last_Modified="Sun, 22 Nov 2026 10:00:00 +0000")
    reader.poll()
    reader.poll(HOUR)
    assert sent(origin) == [(None, None), (etag, "Sun, 22 Nov 2026 10:00:00 +0000")]


def test_02_validators_survive_a_restart(origin: Origin, reader: Reader) -> None:
    """Items 2 and 10 (utcc AtomReadersAndCondGet): one unconditional request per subscription, not one per start."""
    serve(origin, 1, ETag=ETAG, Last_Modified=MODIFIED)
    reader.poll()
    reader.restart()
    assert reader.poll(HOUR).status == "not_modified"
    assert sent(origin) == [(None, None), (ETAG, MODIFIED)]


def test_03_every_200_replaces_the_pair(origin: Origin, reader: Reader) -> None:
    """Item 3 (rachelbythebay.com/w/2023/01/18/http/, "touch feed.xml"): also when the body is what it was."""
    serve(origin, 1, ETag=ETAG, Last_Modified=MODIFIED)
    reader.poll()
    serve(origin, 1, ETag='"v2"', Last_Modified="Mon, 23 Nov 2026 08:00:00 GMT")
    assert reader.poll(HOUR).status == "ok"
    reader.poll(HOUR)
    assert sent(origin)[-1] == ('"v2"', "Mon, 23 Nov 2026 08:00:00 GMT")


def test_04_an_etag_may_change_alone(origin: Origin, reader: Reader) -> None:
    """Item 4 (miniflux issue 2675): in a 200 as in a 304 the new ETag is taken, and Last-Modified with it."""
    serve(origin, 1, ETag=ETAG, Last_Modified=MODIFIED)
    reader.poll()
    serve(origin, 1, ETag='"v2"', Last_Modified=MODIFIED)
    reader.poll(HOUR)
    serve(origin, status=304, ETag='"v3"', Last_Modified=MODIFIED)
    reader.poll(HOUR)
    reader.poll(HOUR)
    assert sent(origin)[1:] == [(ETAG, MODIFIED), ('"v2"', MODIFIED), ('"v3"', MODIFIED)]


@pytest.mark.parametrize("status", [200, 304])
@pytest.mark.parametrize(("etag", "modified"), [('"v2"', ""), ("", "Mon, 23 Nov 2026 08:00:00 GMT")])
def test_05_halves_are_never_mixed(origin: Origin, reader: Reader, status: int, etag: str, modified: str) -> None:
    """Item 5: what an answer does not give is not kept from an earlier one."""
    serve(origin, 1, ETag=ETAG, Last_Modified=MODIFIED)
    reader.poll()
    serve(origin, 1, 2, status=status, ETag=etag, Last_Modified=modified)
    reader.poll(HOUR)
    reader.poll(HOUR)
    assert sent(origin)[-1] == (etag or None, modified or None)


def test_05_a_200_without_validators_leaves_none(origin: Origin, reader: Reader) -> None:
    """Item 5: then nothing is to be compared."""
    serve(origin, 1, ETag=ETAG, Last_Modified=MODIFIED)
    reader.poll()
    serve(origin, 1, 2)
    reader.poll(HOUR)
    reader.poll(HOUR)
    assert sent(origin)[-1] == (None, None)


@pytest.mark.parametrize(("etag", "modified"), [("", ""), (ETAG, ""), ("", MODIFIED), (ETAG, MODIFIED)])
def test_06_a_304_that_repeats_changes_nothing(origin: Origin, reader: Reader, etag: str, modified: str) -> None:
    """Item 6 (RFC 9111 §4.3.4, RFC 9110 §15.4.5): a 304 leaves out what it has nothing to say about."""
    serve(origin, 1, ETag=ETAG, Last_Modified=MODIFIED)
    reader.poll()
    serve(origin, status=304, ETag=etag, Last_Modified=modified)
    reader.poll(HOUR)
    reader.poll(HOUR)
    assert sent(origin)[-1] == (ETAG, MODIFIED)


def test_06_a_304_renews_freshness(origin: Origin, reader: Reader) -> None:
    """Items 6 and 13 (RFC 9111 §3.2): its Cache-Control counts, and the stored one where it has none."""
    serve(origin, 1, ETag=ETAG, Cache_Control="max-age=7200")
    reader.poll()
    serve(origin, status=304, ETag=ETAG)
    assert reader.poll(2 * HOUR).next_poll >= reader.clock + 2 * HOUR
    serve(origin, status=304, ETag=ETAG, Cache_Control="max-age=14400")
    assert reader.poll(2 * HOUR).next_poll >= reader.clock + 4 * HOUR


def broken(origin: Origin, how: str) -> None:
    """Serve a feed that cannot be used, with validators of its own."""
    head = b'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "bad"\r\n'
    body = rss(1, 2).encode()
    match how:
        case "truncated":
            origin.raw("/feed", head + b"Content-Length: 100000\r\n\r\n" + body)
        case "cut chunk":
            origin.raw("/feed", head + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + body)
        case "oversize":
            origin.serve("/feed", body + b" " * 200_000, XML, headers={"ETag": '"bad"'})
        case "undecodable":
            origin.serve("/feed", gzip.compress(body)[:-20], XML, headers={"ETag": '"bad"', "Content-Encoding": "gzip"})
        case "no feed":
            origin.serve("/feed", "<html><title>Hallo</title></html>", "text/html", headers={"ETag": '"bad"'})
        case "empty":
            origin.serve("/feed", "", XML, headers={"ETag": '"bad"'})
        case "no XML":
            origin.serve("/feed", "<rss><channel><item><title>x", XML, headers={"ETag": '"bad"'})
        case "part":
            origin.serve("/feed", body, XML, status=206, headers={"ETag": '"bad"', "Content-Range": "bytes 0-9/100"})


@pytest.mark.parametrize(
    "how", ["truncated", "cut chunk", "oversize", "undecodable", "no feed", "empty", "no XML", "part"]
)
def test_07_unusable_bodies_leave_no_validators(origin: Origin, tmp_path: Path, how: str) -> None:
    """Items 7 and 35: else a bad copy would be "not modified" for ever; and nothing that was known is forgotten."""
    with Reader(tmp_path, origin.url("/feed"), max_size=100_000) as reader:
        serve(origin, 1, ETag=ETAG, Last_Modified=MODIFIED)
        reader.poll()
        broken(origin, how)
        failed = reader.poll(HOUR)
        assert (failed.status, failed.entries) == ("failed", 1)
        serve(origin, 1, ETag=ETAG, Last_Modified=MODIFIED)
        assert reader.poll(2 * HOUR).status == "not_modified"
        assert sent(origin)[-1] == (ETAG, MODIFIED)


def test_07_a_feed_that_ends_before_its_end_leaves_no_validators(origin: Origin, reader: Reader) -> None:
    """Item 7: its complete items are read, and the next request has no conditions, so that the rest comes."""
    origin.serve("/feed", rss(1, 2, 3).rpartition("<item>")[0] + "<item><title>Ber", XML, headers={"ETag": ETAG})
    cut = reader.poll()
    assert (cut.status, cut.entries, cut.validators, len(cut.problems)) == ("ok", 2, None, 1)
    serve(origin, 1, 2, 3, ETag=ETAG)
    whole = reader.poll(HOUR)
    assert (whole.entries, whole.new, whole.problems) == (3, 1, ())
    assert sent(origin) == [(None, None), (None, None)]


def test_a_source_that_holds_nothing_any_more_says_so(origin: Origin, reader: Reader) -> None:
    """An empty list is no failure, and nothing is forgotten; but who read it yesterday wants to look."""
    serve(origin, 1, 2)
    reader.poll()
    serve(origin)
    for _ in range(2):
        emptied = reader.poll(HOUR)
        assert (emptied.status, emptied.entries) == ("ok", 0)
        assert "2 entries at the poll before" in emptied.problems[0]


def test_08_a_304_that_nobody_asked_for(origin: Origin, reader: Reader) -> None:
    """Item 8 (miniflux issue 874): an error of the server's, in words; the next request has no conditions either."""
    serve(origin, status=304, ETag=ETAG)
    failed = reader.poll()
    assert failed.status == "failed"
    assert "304" in (failed.error or "")
    assert failed.validators is None
    serve(origin, 1, ETag=ETAG)
    assert reader.poll(2 * HOUR).status == "ok"
    assert sent(origin) == [(None, None), (None, None)]


def test_09_validators_belong_to_the_url_that_answered(origin: Origin, reader: Reader) -> None:
    """Item 9 (RFC 9110 §13; feedparser issue 200): after redirects, and to no other when these lead elsewhere."""
    serve(origin, 1, path="/one", ETag=ETAG)
    serve(origin, 1, path="/two", ETag=ETAG)
    origin.redirect("/feed", "/one")
    reader.poll()
    assert reader.poll(HOUR).status == "not_modified"
    origin.redirect("/feed", "/two")
    assert reader.poll(HOUR).status == "ok"
    assert [conditions(request)[0] for request in origin.asked("/feed")] == [None] * 3
    assert [conditions(request)[0] for request in origin.asked("/one")] == [None, ETAG]
    assert [conditions(request)[0] for request in origin.asked("/two")] == [None]


def test_10_a_lying_304_lasts_a_day(origin: Origin, reader: Reader) -> None:
    """FreshRSS issue 1020, tt-rss's MAX_CONDITIONAL_INTERVAL: once a day all of it is asked for, and found."""

    async def lie(request: Request, writer: Any) -> bool:
        body = rss(1, 2).encode() if "if-none-match" not in request.headers else b""
        line = b"200 OK" if body else b"304 Not Modified"
        writer.write(b'HTTP/1.1 %b\r\nETag: "v1"\r\nContent-Length: %d\r\n\r\n%b' % (line, len(body), body))
        return True

    serve(origin, 1, ETag=ETAG)
    reader.poll()
    origin.answer("/feed", lie)
    polls = [reader.poll(HOUR) for _ in range(24)]
    assert [poll.status for poll in polls] == ["not_modified"] * 23 + ["ok"]
    assert polls[-1].new == 1
    assert sum(request == (None, None) for request in sent(origin)) == 2
    assert reader.poll(HOUR).status == "not_modified"


def test_10_a_clock_that_was_years_ahead_does_not_keep_a_lying_304(origin: Origin, reader: Reader) -> None:
    """Item 10: what a wrong clock noted is of no moment: all of it is asked for, and a failure is overdue in time."""
    serve(origin, 1, ETag=ETAG)
    reader.clock += 1000 * DAY
    reader.poll()
    reader.clock = START
    serve(origin, 1, 2, ETag='"v2"')
    assert reader.poll().new == 1
    assert sent(origin)[-1] == (None, None)
    known = reader.polls["s0"]
    moments = (known.at, known.full, known.first_success, known.last_success, known.next_poll - DAY)
    assert all(moment and moment <= reader.clock for moment in moments)
    reader.clock += 1000 * DAY
    reader.poll()
    reader.clock = START
    serve(origin, status=500)
    failed = reader.poll()
    assert (failed.status, failed.last_success) == ("failed", START)


# 1b How often


def test_12_an_hour_from_the_start_of_the_last_request(origin: Origin, reader: Reader) -> None:
    """Item 12 (rachelbythebay.com/w/feed/, shallowbrooksoftware's Bloggulus): 59:59 is too soon, restarts included."""
    serve(origin, 1, ETag=ETAG)
    assert reader.sweep() == ["s0"]
    assert reader.sweep(HOUR - timedelta(seconds=1)) == []
    reader.restart()
    assert reader.sweep() == []
    assert reader.sweep(timedelta(minutes=2)) == ["s0"]


def test_12_waiting_for_a_turn_is_part_of_it(origin: Origin, tmp_path: Path) -> None:
    """Item 12: who stands in a queue has not been asked yet; the hour begins when the request does."""
    with Reader(tmp_path, origin.url("/feed"), per_host_pause=timedelta(seconds=0.5)) as reader:
        serve(origin, 1)
        fetcher = reader.means.fetcher

        async def together() -> list[Response]:
            url = origin.url("/feed")
            return await asyncio.gather(*(fetcher.fetch(url, None, START) for _ in range(2)))

        first, second = reader.run(together())
        assert first.date == START
        assert second.date >= START + timedelta(seconds=0.5)


@pytest.mark.parametrize(
    ("headers", "hours"),
    [
        ({"Cache_Control": "max-age=10800"}, 3),
        ({"Cache_Control": "max-age=14400", "Age": "3600"}, 3),
        ({"Expires": format_datetime(START + 3 * HOUR, usegmt=True)}, 3),
        ({"Expires": "0"}, 1),
        ({"Cache_Control": "no-cache"}, 1),
        ({"Cache_Control": "max-age=1"}, 1),
        ({"Cache_Control": "max-age=31536000"}, 24),
    ],
)
def test_13_freshness_is_waited_for(origin: Origin, reader: Reader, headers: dict[str, Any], hours: int) -> None:
    """Item 13 (earth.org.uk/RSS-efficiency.html; RFC 9111 §4.2): the first rule there; it never shortens."""
    serve(origin, 1, **headers)
    reader.sweep()
    assert reader.sweep(hours * HOUR - timedelta(seconds=1)) == []
    assert reader.sweep(timedelta(minutes=6)) == ["s0"]


def test_13_an_error_may_be_fresh(origin: Origin, reader: Reader) -> None:
    """Item 13 (RFC 9110 §15.1): a 404 with max-age is not asked again before."""
    serve(origin, status=404, Cache_Control="max-age=36000")
    reader.sweep()
    assert reader.sweep(10 * HOUR - timedelta(seconds=1)) == []
    assert reader.sweep(HOUR) == ["s0"]


@pytest.mark.parametrize("when", ["10800", format_datetime(START + 3 * HOUR, usegmt=True)])
def test_14_429_holds_the_whole_host(origin: Origin, tmp_path: Path, when: str) -> None:
    """Item 14 (RFC 6585 §4; FreshRSS 7571): every source there, in this process and in the next; then all again."""
    with Origin() as other, Reader(tmp_path, origin.url("/a"), origin.url("/b"), other.url("/c")) as reader:
        serve(origin, status=429, path="/a", Retry_After=when)
        serve(origin, 1, path="/b")
        serve(other, 1, path="/c")
        assert reader.sweep() == ["s0", "s2"]
        assert not origin.asked("/b"), "the one that waited for its turn has heard of it"
        reader.restart()
        assert reader.sweep(2 * HOUR) == ["s2"]
        serve(origin, 1, path="/a")
        assert sorted(reader.sweep(HOUR + timedelta(minutes=5))) == ["s0", "s1", "s2"]


def test_14_a_server_that_is_held_is_not_asked_through_a_redirect(origin: Origin, tmp_path: Path) -> None:
    """Item 14: the whole host means whoever leads there; afterwards it is asked again."""
    with Origin() as other, Reader(tmp_path, other.url("/a"), origin.url("/b")) as reader:
        serve(other, status=429, path="/a", Retry_After="10800")
        serve(other, 1, path="/b")
        origin.redirect("/b", other.url("/b"), 302)
        reader.sweep()
        assert not other.asked("/b")
        assert "asked to be left alone until" in (reader.polls["s1"].error or "")
        reader.sweep(4 * HOUR)
        assert reader.polls["s1"].status == "ok"


def test_14_503_holds_the_source_alone(origin: Origin, tmp_path: Path) -> None:
    """Item 14 (RFC 9110 §15.6.4; FreshRSS 7870): its neighbours are not stalled."""
    with Reader(tmp_path, origin.url("/a"), origin.url("/b")) as reader:
        serve(origin, status=503, path="/a", Retry_After="36000")
        serve(origin, 1, path="/b")
        assert reader.sweep() == ["s0", "s1"]
        assert reader.sweep(9 * HOUR) == ["s1"]
        assert reader.sweep(2 * HOUR) == ["s0", "s1"]


def test_14_not_now_is_obeyed_by_hand_as_well(tmp_path: Path) -> None:
    """Item 14: `aggregator poll` asks no source of that host, says until when, and --force asks."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        one.configure(zones.configuration())
        origin.serve("/rss.xml", "", status=429, headers={"Retry-After": "3600"})
        one.run("poll", "north-news")
        (line,) = [json.loads(line) for line in one.run("poll", "south-news", "--json").stdout.splitlines()]
        assert (line["source"], line["status"]) == ("south-news", "skipped")
        assert "its server asked not to be asked before" in line["error"]
        assert not origin.asked("/nl/news")
        assert "asked to be left alone" in one.run("status").stdout or "failing" in one.run("status").stdout
        one.run("poll", "south-news", "--force")
        assert len(origin.asked("/nl/news")) == 1


def test_15_errors_slow_down_and_never_stop(origin: Origin, reader: Reader) -> None:
    """Items 33, 34 (miniflux stops after 3): one failure slows nothing down, then twice as long, to a day."""
    serve(origin, status=500)
    hours = []
    for _ in range(40):
        reader.clock = max(reader.clock, reader.polls["s0"].next_poll) if reader.polls else reader.clock
        before = reader.clock
        assert reader.sweep() == ["s0"]
        hours.append((reader.polls["s0"].next_poll - before) / HOUR)
    assert hours[:5] == sorted(hours[:5])
    assert 1 <= hours[0] < 2 <= hours[1]
    assert all(21 < after <= 24 for after in hours[5:])
    serve(origin, 1)
    reader.sweep(DAY)
    assert reader.polls["s0"].failures == 0


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("<ttl>180</ttl>", 3),
        ("<skipHours><hour>10</hour><hour>11</hour></skipHours>", 3),
        ("<skipDays><day>Monday</day></skipDays>", 15),
        (
            "<sy:updatePeriod xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>daily</sy:updatePeriod>"
            "<sy:updateFrequency xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>8</sy:updateFrequency>",
            3,
        ),
        ("<ttl>5</ttl>", 1),
    ],
)
def test_16_feeds_say_when(origin: Origin, reader: Reader, words: str, hours: int) -> None:
    """Item 16 (RSS 2.0; RSS 1.0's syndication module): and a 304, which says nothing of it, changes nothing."""
    serve(origin, 1, extra=words, ETag=ETAG)
    reader.sweep()
    assert reader.sweep(hours * HOUR - timedelta(seconds=1)) == []
    assert reader.sweep(timedelta(minutes=15)) == ["s0"]
    if "ttl" in words:
        assert reader.polls["s0"].status == "not_modified"
        assert reader.sweep(hours * HOUR - timedelta(seconds=1)) == []


def test_17_one_at_a_time_and_a_pause(origin: Origin, tmp_path: Path) -> None:
    """Item 17 (openrss guide, "space out your requests"; FreshRSS 6973): all sources of a host never at once."""
    pause = timedelta(seconds=0.1)
    paths = [f"/{number}" for number in range(5)]
    with Reader(tmp_path, *map(origin.url, paths), per_host_pause=pause) as reader:
        for path in paths:
            serve(origin, 1, path=path)
        began = time.monotonic()
        assert len(reader.sweep()) == 5
        assert time.monotonic() - began >= 4 * pause.total_seconds()
    assert origin.busiest == 1


def test_17_all_together_are_bounded(origin: Origin, tmp_path: Path) -> None:
    """Issue 3, point 3: total concurrency has a bound, over all hosts."""

    async def slow(request: Request, writer: Any) -> bool:
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return True

    paths = [f"/{number}" for number in range(10)]
    with Reader(tmp_path, *map(origin.url, paths), concurrency=3, per_host_concurrency=10) as reader:
        for path in paths:
            origin.answer(path, slow)
        assert len(reader.sweep()) == 10
    assert origin.busiest <= 3


def test_18_one_request_for_a_url_that_two_sources_name(origin: Origin, tmp_path: Path) -> None:
    """Item 18: one poll per URL; each source reads it for itself, and both of them stand behind the condition."""
    page = '<html><body><article><h2><a href="/1">Een bericht van de politie</a></h2></article></body></html>'
    with Reader(tmp_path, origin.url("/feed"), origin.url("/feed")) as reader:
        origin.serve("/feed", page, "text/html")
        selectors = Selectors(item="article", title="h2", link="h2 a")
        reader.config = replace(
            reader.config,
            sources=tuple(replace(source, type="page", page=selectors) for source in reader.config.sources),
        )
        reader.means = replace(reader.means, config=reader.config)
        assert reader.sweep() == ["s0", "s1"]
        assert [poll.entries for poll in reader.polls.values()] == [1, 1]
        assert reader.sweep(2 * HOUR) == ["s0", "s1"]
        assert [poll.status for poll in reader.polls.values()] == ["not_modified"] * 2
        assert len(origin.asked("/feed")) == 2
        reader.configure(title="read in another way")
        assert reader.sweep(2 * HOUR) == ["s0", "s1"]
        assert conditions(origin.asked("/feed")[2]) == (None, None), "one of them has not read it like this yet"


def test_19_little_news_is_asked_for_less_often(origin: Origin, tmp_path: Path) -> None:
    """Item 19 (earth.org.uk; FreshRSS-AutoTTL): by the dates of what was read, and only when switched on."""
    items = "".join(
        f"<item><title>Bericht {n} van de politie</title><guid>{n}</guid>"
        f"<pubDate>{format_datetime(START - n * DAY)}</pubDate></item>"
        for n in range(1, 11)
    )
    with Reader(tmp_path, origin.url("/feed"), adaptive=True) as reader:
        serve(origin, extra=items)
        reader.sweep()
        assert reader.sweep(6 * HOUR - timedelta(seconds=1)) == []
        assert reader.sweep(timedelta(minutes=7)) == ["s0"]


# 1c The shape of a request


def test_25_one_poll_is_one_request(origin: Origin, reader: Reader) -> None:
    """Items 25, 26, 36 (issue 3, point 3): GET and nothing else: no HEAD, icon, home page, robots.txt or probe."""
    serve(origin, 1, ETag=ETAG)
    for _ in range(3):
        reader.poll(HOUR)
    assert {(request.method, request.path) for request in origin.requests} == {("GET", "/feed")}
    assert len(origin.requests) == 3


# 1d What an answer says


def hold(reader: Reader, days: int) -> None:
    """Poll once a day for so many days."""
    for _ in range(days):
        reader.poll(DAY)


@pytest.mark.parametrize("status", [301, 308])
def test_30_a_permanent_redirect_is_provisional_then_used(origin: Origin, reader: Reader, status: int) -> None:
    """Item 30 (flameeyes.blog 2017, Feedbin's redirect_cache; vienna-rss 380): after days, and reported in words."""
    serve(origin, 1, ETag=ETAG)
    reader.poll()
    serve(origin, 1, path="/new", ETag=ETAG)
    origin.redirect("/feed", "/new", status)
    hold(reader, 7)
    assert reader.polls["s0"].moved == Move(to=origin.url("/new"), since=START + DAY, same=True, seen=reader.clock)
    assert len(origin.asked("/feed")) == 8
    hold(reader, 3)
    assert reader.polls["s0"].moved == Move(
        to=origin.url("/new"), since=START + DAY, same=True, direct=True, seen=START + 8 * DAY
    )
    assert len(origin.asked("/feed")) == 9
    assert len(origin.asked("/new")) == 10
    assert reader.polls["s0"].url == origin.url("/feed"), "the configuration stays as it is"
    origin.remove("/new")
    serve(origin, 1, ETag=ETAG)
    assert reader.poll(DAY).status == "failed"
    assert reader.poll(DAY).status == "ok"
    assert len(origin.asked("/feed")) == 10


def test_30_a_redirect_that_was_taken_back_is_noticed(origin: Origin, reader: Reader) -> None:
    """Item 30: the copy to which it led goes on answering, and nobody tends it; a week later it is left."""
    serve(origin, 1, path="/copy")
    origin.redirect("/feed", "/copy", 301)
    reader.poll()
    hold(reader, 7)
    assert reader.polls["s0"].moved.direct  # type: ignore[union-attr]
    serve(origin, 1, 2)
    hold(reader, 7)
    assert reader.polls["s0"].entries == 1
    hold(reader, 1)
    assert (reader.polls["s0"].entries, reader.polls["s0"].moved) == (2, None)


def test_30_an_old_address_may_be_switched_off(origin: Origin, reader: Reader) -> None:
    """Item 30: a hiccup of the new one does not lead back to it for good, nor does the look at it once a week."""
    serve(origin, 1, path="/new")
    origin.redirect("/feed", "/new", 301)
    reader.poll()
    hold(reader, 8)
    serve(origin, path="/new", status=503)
    serve(origin, status=404)
    assert reader.poll(DAY).status == "failed"
    serve(origin, 1, 2, path="/new")
    assert reader.poll(DAY).status == "failed"
    polls = [reader.poll(DAY).status for _ in range(20)]
    assert polls.count("failed") <= 3
    assert reader.polls["s0"].entries == 2


@pytest.mark.parametrize("statuses", [(301, 302), (302, 301), (308, 307), (303, 308), (302,)])
def test_30_every_hop_must_be_permanent(origin: Origin, reader: Reader, statuses: tuple[int, ...]) -> None:
    """Items 30 and 31: a temporary hop anywhere, and nothing is remembered."""
    for number, status in enumerate(statuses):
        here = "/feed" if number == 0 else f"/{number}"
        origin.redirect(here, f"/{number + 1}", status)
    serve(origin, 1, path=f"/{len(statuses)}")
    reader.poll()
    hold(reader, 8)
    assert reader.polls["s0"].moved is None
    assert len(origin.asked("/feed")) == 9


def test_30_a_temporary_hop_begins_it_anew(origin: Origin, reader: Reader) -> None:
    """Item 30: what did not hold on every poll has not held."""
    serve(origin, 1, path="/new")
    origin.redirect("/feed", "/new", 301)
    reader.poll()
    hold(reader, 6)
    origin.redirect("/feed", "/new", 302)
    reader.poll(DAY)
    origin.redirect("/feed", "/new", 301)
    hold(reader, 7)
    moved = reader.polls["s0"].moved
    assert moved
    assert (moved.since, moved.direct) == (START + 8 * DAY, False)


def test_30_a_captive_portal_is_not_believed(origin: Origin, reader: Reader) -> None:
    """Item 30 (vienna-rss 380, liferea 915): what is no feed, and what is another feed, never replaces this one."""
    serve(origin, 1)
    reader.poll()
    origin.serve("/portal", "<html><title>Log in</title></html>", "text/html")
    origin.redirect("/feed", "/portal", 301)
    hold(reader, 10)
    assert reader.polls["s0"].moved is None
    serve(origin, 100, 101, path="/portal")
    hold(reader, 10)
    moved = reader.polls["s0"].moved
    assert moved
    assert (moved.same, moved.direct) == (False, False)


def test_31_five_hops_and_never_down_to_http(origin: Origin, reader: Reader) -> None:
    """Item 31: at most five; that https is not left for http is in test_fetch.py."""
    for hop in range(6):
        origin.redirect("/feed" if hop == 0 else f"/{hop}", f"/{hop + 1}", 301)
    serve(origin, 1, path="/6")
    assert "more than 5 times" in (reader.poll().error or "")


def test_32_gone_is_not_asked_again(origin: Origin, reader: Reader) -> None:
    """Item 32 (RFC 9110 §15.5.11): 410 stops, restarts included, keeps what was read, and says so."""
    serve(origin, 1)
    reader.sweep()
    serve(origin, status=410)
    reader.sweep(2 * HOUR)
    assert reader.polls["s0"].status == "gone"
    assert "gone for good (410)" in (reader.polls["s0"].error or "")
    reader.restart()
    assert reader.sweep(365 * DAY) == []
    assert reader.means.store.look(lambda tx: tx.stories.counts())[0] == 1


@pytest.mark.parametrize("redirect", [301, 302, 303, 307, 308])
def test_32_gone_behind_a_redirect_is_not_gone(origin: Origin, reader: Reader, redirect: int) -> None:
    """Item 32: it is the place that has gone to which the source leads, for the time being or by mistake."""
    origin.redirect("/feed", "/today", redirect)
    serve(origin, path="/today", status=410)
    assert reader.poll().status == "failed"


@pytest.mark.parametrize("status", [401, 403, 404, 451])
def test_33_refusals_slow_down_and_never_stop(origin: Origin, reader: Reader, status: int) -> None:
    """Item 33: weeks later it is still asked, once a day; and one good answer makes all well."""
    serve(origin, status=status)
    asked = sum(len(reader.sweep(HOUR)) for _ in range(21 * 24))
    assert 21 <= asked <= 30
    serve(origin, 1)
    reader.sweep(DAY)
    assert (reader.polls["s0"].status, reader.polls["s0"].failures) == ("ok", 0)


def test_34_our_own_network_is_not_held_against_anybody(tmp_path: Path) -> None:
    """Item 34, peers' complaint 7 (miniflux 1893): all hosts at once, so no back-off, and soon again."""
    closed = [f"http://127.0.0.{number}:{free_port()}/" for number in (1, 2)]
    with Reader(tmp_path, *closed) as reader:
        assert len(reader.sweep()) == 2
        last = reader.polls["s1"]
        assert last.failures == 0
        assert "the network here" in (last.error or "")
        assert sorted(reader.sweep(timedelta(minutes=6))) == ["s0", "s1"]
        assert max(poll.failures for poll in reader.polls.values()) <= 1


def test_34_one_host_that_is_down_is(origin: Origin, tmp_path: Path) -> None:
    """Item 34: where anything answers at all, the network is there, and who does not answer is asked less and less."""
    serve(origin, 1)
    with Reader(tmp_path, origin.url("/feed"), f"http://127.0.0.2:{free_port()}/") as reader:
        reader.sweep()
        assert reader.polls["s1"].failures == 1
        assert reader.sweep(timedelta(minutes=6)) == []


def test_35_nothing_is_forgotten(origin: Origin, reader: Reader) -> None:
    """Item 35: a feed without entries and a page of HTML remove nothing; the first is a success."""
    serve(origin, 1, 2)
    reader.poll()
    serve(origin)
    assert (reader.poll(HOUR).status, reader.polls["s0"].entries) == ("ok", 0)
    origin.serve("/feed", "<html><title>Onderhoud</title></html>", "text/html")
    assert reader.poll(HOUR).status == "failed"
    assert reader.means.store.look(lambda tx: tx.stories.counts())[0] == 2


# The daemon


def hourly(config: Path) -> None:
    config.write_text(config.read_text().replace('interval = "1s"', 'interval = "1h"'))


def test_a_restarted_daemon_does_not_ask_again(tmp_path: Path) -> None:
    """Items 2, 10 and 12: killed and started again, in the middle of the hour, it waits for the rest of it."""
    with Origin() as origin, installation(tmp_path) as one:
        one.configure(Zones(origin).configuration())
        hourly(one.config)
        one.start()
        eventually(lambda: all(source["condition"] == "ok" for source in one.json("status")["sources"]))
        asked = len(origin.requests)
        for stop in (one.kill, one.stop):
            stop()
            one.start()
            time.sleep(1.2)  # two ticks of its clock
        assert len(origin.requests) == asked


def test_killed_in_the_middle_of_a_poll_it_does_not_ask_again(tmp_path: Path) -> None:
    """Items 10 and 12: a request that was sent counts, whether or not we lived to see its answer."""
    with Origin() as origin, installation(tmp_path) as one:
        one.configure(Zones(origin).configuration())
        hourly(one.config)
        for path in ("/rss.xml", "/nl/news"):
            origin.hang(path)
        one.start()
        eventually(lambda: origin.asked("/rss.xml"))
        one.kill()
        one.start()
        time.sleep(1.2)  # two ticks of its clock
        assert len(origin.asked("/rss.xml")) == 1
        north = one.json("status")["sources"][0]
        assert north["condition"] == "waiting"
        assert "nothing has come of it yet" in north["words"]


def test_38_one_deadline_for_all_requests_of_a_poll(origin: Origin, tmp_path: Path) -> None:
    """Item 38: a slow robots.txt and a slow page take no more together than one of them may."""
    with Reader(tmp_path, origin.url("/nieuws"), timeout=timedelta(seconds=2)) as reader:
        reader.configure(type="page", page=Selectors(item="article", title="h2"))
        for path in ("/robots.txt", "/nieuws"):
            origin.answer(path, late(1.4, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"))
        noted = reader.poll()
        assert "did not answer within 2 s ([fetch].timeout)" in (noted.error or "")


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ("".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12)), "&a11;"),
        (f'<!ENTITY a "{"x" * 50_000}">', "&a;" * 1000),
        ('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"),
    ],
)
def test_41_entities_do_not_unfold(origin: Origin, reader: Reader, declared: str, used: str) -> None:
    """Item 41: a billion laughs, a thousand long ones, a file of ours: no more comes of them than was sent."""
    feed = rss(1, 2).replace("Tekst van 2", used)
    origin.serve("/feed", f"<?xml version='1.0'?><!DOCTYPE rss [{declared}]>{feed}", XML)
    begun = time.monotonic()
    reader.poll()
    assert time.monotonic() - begun < 20
    stories = reader.means.store.look(lambda tx: tx.stories.newest(("z",), 9))
    texts = [member.sighting.entry.summary for story in stories for member in story.members]
    assert all(len(each.value) < 60_000 and "root:" not in each.value for each in texts if each)


def test_43_links_lead_to_pages_only(origin: Origin, reader: Reader) -> None:
    """Item 43 (RFC 4287 §2): feed: is http:, javascript: and data: are dropped, relative ones read against xml:base."""
    links = ("feed://x.example/1", "javascript:alert(1)", "data:text/html,x", "berichten/4")
    entries = "".join(
        f"<entry><id>urn:{number}</id><title>Bericht {number}</title><updated>2026-11-20T08:00:00Z</updated>"
        f'<link href="{link}"/></entry>'
        for number, link in enumerate(links)
    )
    feed = (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://t.example/nl/"><title>T</title>{entries}</feed>'
    )
    origin.serve("/feed", feed, "application/atom+xml")
    assert reader.poll().entries == 4
    stories = reader.means.store.look(lambda tx: tx.stories.newest(("z",), 9))
    found = {story.lead.entry.title: story.lead.entry.link for story in stories}
    assert found == {
        "Bericht 0": "http://x.example/1",
        "Bericht 1": None,
        "Bericht 2": None,
        "Bericht 3": f"https://t.example/nl/{links[3]}",
    }
