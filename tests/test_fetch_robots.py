"""robots.txt (RFC 9309): what a page needs and a feed does not, against an origin server over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from aggregator.daemon.connecting import means
from aggregator.errors import FetchError, NetworkError
from aggregator.fetch import Access, Fetcher, RebuffError
from aggregator.model import Config, Fetch, Poll, Selectors, Source, Stream, Zone
from aggregator.poll import poll
from tests.databases import migrated
from tests.fakes.origin import Origin
from tests.fakes.proxy import Proxy
from tests.test_fetch_hostile import memory

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


def with_fetcher(work: Callable[[Fetcher], Awaitable[None]], **settings: Any) -> None:
    manners: dict[str, Any] = {
        "allow_private": ("127.0.0.0/8",),
        "per_host_pause": timedelta(0),
        "timeout": timedelta(seconds=5),
    }

    async def go() -> None:
        async with Fetcher(Fetch(**manners | settings), version="1.2") as fetcher:
            await work(fetcher)

    asyncio.run(go())


def verdicts(url: str, *moments: datetime, **settings: Any) -> list[str | None]:
    """What is said of *url* at each of these moments."""
    said: list[str | None] = []

    async def ask(fetcher: Fetcher) -> None:
        said.extend([await fetcher.allowed(url, moment) for moment in moments])

    with_fetcher(ask, **settings)
    return said


def verdict(url: str) -> str | None:
    return verdicts(url, NOW)[0]


# The rules


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /nieuws", "/nieuws", False),
        ("User-agent: *\nDisallow: /nieuws", "/nieuws/1", False),
        ("User-agent: *\nDisallow: /nieuws", "/", True),
        ("User-agent: *\nDisallow:", "/nieuws", True),
        ("User-agent: *\nDisallow: /\nAllow: /nieuws", "/nieuws", True),  # §2.2.2: the longest match
        ("User-agent: *\nDisallow: /*?", "/nieuws?page=2", False),  # §2.2.3
        ("User-agent: *\nDisallow: /*.pdf$", "/nieuws.pdf?x", True),
        ("user-agent: AGGREGATOR\ndisallow: /", "/nieuws", False),  # §2.2.1: case-insensitive
        ("User-agent: aggregator/1.0\nDisallow: /", "/nieuws", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: aggregator\nAllow: /", "/nieuws", True),
        ("User-agent: aggregatorbot\nDisallow: /", "/nieuws", True),
        ("User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /", "/nieuws", True),
        ("User-agent: GPTBot\nUser-agent: *\nDisallow: /", "/nieuws", False),
        ("\ufeffUser-agent: *\r\nDisallow: /nieuws # voorlopig\r\n", "/nieuws", False),
        ("Disallow: /", "/nieuws", True),
        ("<html><title>Niet gevonden</title></html>", "/nieuws", True),
        ("", "/nieuws", True),
        ("\0\xff" * 100, "/nieuws", True),
    ],
)
def test_the_rules_for_us_or_for_everybody_hold(origin: Origin, rules: str, path: str, allowed: bool) -> None:
    """RFC 9309 §2.2; a sentence names the host, the reason and two ways on."""
    origin.serve("/robots.txt", rules, "text/plain")
    said = verdict(origin.url(path))
    assert said == (
        None
        if allowed
        else "127.0.0.1: robots.txt does not allow programs to read this page; ask the site to allow aggregator, "
        "or set [fetch].robots = false if you have its word"
    )


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 410])
def test_where_there_are_no_rules_everything_is_allowed(origin: Origin, status: int) -> None:
    """RFC 9309 §2.3.1.3: unavailable is not forbidden."""
    origin.serve("/robots.txt", "" if status == 204 else "User-agent: *\nDisallow: /", status=status)
    assert verdict(origin.url("/nieuws")) is None


@pytest.mark.parametrize("status", [500, 502, 503, 599])
def test_where_the_rules_cannot_be_had_nothing_is_read_for_now(origin: Origin, status: int) -> None:
    """RFC 9309 §2.3.1.4: unreachable is forbidden, and asked again soon."""
    origin.serve("/robots.txt", "", status=status)
    assert verdict(origin.url("/nieuws")) == (
        f"robots.txt could not be read, so the page is left alone for now: 127.0.0.1: the server failed ({status})"
    )


def test_a_deadline_and_a_size_hold_for_it_too(origin: Origin) -> None:
    """It is fetched like anything else: a hostile one is a failure in words."""
    origin.drip("/robots.txt", every=0.05)
    said = verdicts(origin.url("/nieuws"), NOW, timeout=timedelta(seconds=0.3))[0]
    assert said == (
        "robots.txt could not be read, so the page is left alone for now: "
        "127.0.0.1: did not finish its answer within 0.3 s ([fetch].timeout)"
    )
    origin.endless("/robots.txt")
    assert "sent more than 10 MB" in (verdict(origin.url("/nieuws")) or "")


def test_the_guard_holds_for_it_too() -> None:
    """A redirect of robots.txt leads to no private address."""
    with Origin() as public, Origin(host="127.0.0.2") as private:
        public.redirect("/robots.txt", private.url("/secret"))
        said = verdicts(public.url("/nieuws"), NOW, allow_private=("127.0.0.1",))[0]
        assert "address 127.0.0.2 is private" in (said or "")
        assert private.connections == 0


def test_nothing_reachable_is_a_network_error() -> None:
    """So that the caller can tell a network that is down from a site that says no."""
    with pytest.raises(NetworkError, match="connection refused"):
        verdict("http://127.0.0.1:1/nieuws")


def test_what_is_no_url_is_a_fetch_error() -> None:
    """As it is when it is fetched."""
    with pytest.raises(FetchError, match="only http and https"):
        verdict("ftp://127.0.0.1/nieuws")


@pytest.mark.parametrize(
    "spelling", ["User-agent: a{0}", "user agent a{0}", " USERAGENT :a{0}", "User-Agent\t a{0} # x"]
)
def test_ten_thousand_robots_with_ten_thousand_rules_cost_no_more_than_their_lines(
    origin: Origin, spelling: str
) -> None:
    """The product of both would fill the memory: 500 kB are read within a second."""
    agents = "".join(f"{spelling.format(number)}\n" for number in range(16_000))
    origin.serve("/robots.txt", agents + "Disallow: /x\n" * 17_000)
    start = time.process_time()
    assert verdict(origin.url("/nieuws")) is None
    assert time.process_time() - start < 5


# Once a day


def test_it_is_asked_once_a_day_for_each_origin(origin: Origin) -> None:
    """RFC 9309 §2.4; the second time conditionally, and a 304 renews it."""
    origin.serve("/robots.txt", "User-agent: *\nDisallow: /geheim", "text/plain")
    url = origin.url("/geheim")
    said = verdicts(url, NOW, NOW + DAY - MINUTE, NOW + DAY, NOW + 2 * DAY - MINUTE)
    assert all(said)
    assert ["if-none-match" in asked.headers for asked in origin.requests] == [False, True]


def test_new_rules_hold_from_the_next_day(origin: Origin) -> None:
    """A site that changes its mind is heard."""
    said: list[bool] = []

    async def ask(fetcher: Fetcher) -> None:
        for rules, moment in (("", NOW), ("User-agent: *\nDisallow: /", NOW + DAY), ("", NOW + 2 * DAY)):
            origin.serve("/robots.txt", rules)
            said.append(await fetcher.allowed(origin.url("/nieuws"), moment) is None)

    with_fetcher(ask)
    assert said == [True, False, True]


def test_old_rules_hold_while_new_ones_cannot_be_had(origin: Origin) -> None:
    """RFC 9309 §2.4: what was allowed yesterday is allowed while the server is down; it is not asked all the time."""
    said: list[str | None] = []

    async def ask(fetcher: Fetcher) -> None:
        origin.serve("/robots.txt", "User-agent: *\nDisallow: /geheim")
        await fetcher.allowed(origin.url("/nieuws"), NOW)
        origin.serve("/robots.txt", "", status=503)
        for minutes in (0, 9, 10):
            moment = NOW + DAY + minutes * MINUTE
            said.append(await fetcher.allowed(origin.url("/nieuws"), moment))
            assert await fetcher.allowed(origin.url("/geheim"), moment)

    with_fetcher(ask)
    assert said == [None, None, None]
    assert len(origin.requests) == 3


def test_a_failure_is_not_repeated_for_every_page(origin: Origin) -> None:
    """Ten minutes long everybody gets the same sentence, and then somebody asks again."""
    origin.serve("/robots.txt", "", status=500)
    moments = (NOW, NOW + 9 * MINUTE, NOW + 10 * MINUTE)
    assert all(verdicts(origin.url("/nieuws"), *moments))
    assert len(origin.requests) == 2


def test_several_pages_at_once_are_one_question(origin: Origin) -> None:
    """One poll per URL, and robots.txt is a URL (standards, item 18)."""
    origin.serve("/robots.txt", "")

    async def ask(fetcher: Fetcher) -> None:
        urls = [origin.url(f"/{number}") for number in range(5)]
        assert await asyncio.gather(*(fetcher.allowed(url, NOW) for url in urls)) == [None] * 5

    with_fetcher(ask)
    assert [asked.path for asked in origin.requests] == ["/robots.txt"]


def test_it_is_fetched_without_credentials_and_through_the_sources_proxy(origin: Origin) -> None:
    """It is public, and the way to it is the way to the page."""
    with Proxy() as proxy:
        way = Access(origin.url("/nieuws"), (("Authorization", "Bearer geheim"),), proxy.url)

        async def ask(fetcher: Fetcher) -> None:
            assert await fetcher.allowed(origin.url("/nieuws"), NOW, way) is None

        with_fetcher(ask, allow_private=())
        assert proxy.requests == [f"GET {origin.url('/robots.txt')} HTTP/1.1"]
    assert "authorization" not in origin.requests[0].headers


def test_the_rules_of_many_origins_are_not_all_remembered() -> None:
    """A hostile list leads to fifty origins in a poll, each with half a megabyte of rules: 30 MB of memory."""
    grown: list[int] = []

    async def ask(fetcher: Fetcher) -> None:
        idle = memory("VmRSS")
        for number in range(1, 9):
            await fetcher.allowed(many.url("/x", host=f"127.0.9.{number}"), NOW)
        grown.append(memory("VmRSS") - idle)

    with Origin(host="0.0.0.0") as many:
        many.serve("/robots.txt", "User-agent: *\n" + "".join(f"Allow: *{n:x}$\n" for n in range(36_000)))
        with_fetcher(ask)
    assert len(many.requests) == 8
    assert grown[0] < 150_000_000


def test_forty_thousand_rules_against_a_long_url_hold_nobody_up(origin: Origin) -> None:
    """Both are a stranger's: it takes half a second, and the others go on meanwhile."""
    origin.serve("/robots.txt", "User-agent: *\n" + "".join(f"Disallow:/*zzzz{n:x}q\n" for n in range(22_000)))

    async def ask(fetcher: Fetcher) -> None:
        await fetcher.allowed(origin.url("/"), NOW)
        asking = asyncio.create_task(fetcher.allowed(origin.url("/" + "z" * 7_900), NOW))
        turns = 0
        while not asking.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 5

    with_fetcher(ask)


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_to_be_left_alone_is_even_for_robots(origin: Origin, tmp_path: Path, status: int) -> None:
    """RFC 6585 §4, RFC 9110 §10.2.3: the page is not asked for, and the source and the server have their peace."""
    origin.serve("/robots.txt", "", status=status, headers={"Retry-After": "36000"})
    origin.serve("/nieuws", PAGE, "text/html")
    refused = ask(origin, tmp_path, "page")
    assert f"asks us to slow down ({status})" in (refused.error or "")
    assert refused.not_before == NOW + timedelta(hours=10)
    assert refused.throttled == (f"127.0.0.1:{origin.port}" if status == 429 else None)
    assert not origin.asked("/nieuws")


def test_old_rules_do_not_speak_for_a_server_that_wants_its_peace(origin: Origin) -> None:
    """429 is no failure that an old copy bridges; and nobody asks again for ten minutes."""

    async def ask(fetcher: Fetcher) -> None:
        origin.serve("/robots.txt", "")
        assert await fetcher.allowed(origin.url("/nieuws"), NOW) is None
        origin.serve("/robots.txt", "", status=429)
        with pytest.raises(RebuffError):
            await fetcher.allowed(origin.url("/nieuws"), NOW + DAY)
        assert "slow down" in (await fetcher.allowed(origin.url("/nieuws"), NOW + DAY + 9 * MINUTE) or "")

    with_fetcher(ask)
    assert len(origin.requests) == 2


# In a poll


PAGE = "<html><head><title>T</title></head><body><article><h2><a href='/1'>Titel</a></h2></article></body></html>"


def ask(origin: Origin, directory: Path, kind: Literal["feed", "page", "auto"], *, robots: bool = True) -> Poll:
    wanted = Source(
        id="s", zone="z", url=origin.url("/nieuws"), type=kind, page=Selectors(item="article", title="h2", link="h2 a")
    )
    config = Config(
        database=migrated(directory / "a.db"),
        fetch=Fetch(allow_private=("127.0.0.0/8",), per_host_pause=timedelta(0), robots=robots),
        zones=(Zone(id="z", name="Z"),),
        sources=(wanted,),
        streams=(Stream(id="all", title="Alles"),),
    )

    async def once() -> Poll:
        async with means(config, lambda: NOW) as opened:
            return await poll(wanted, opened)

    return asyncio.run(once())


def test_a_page_is_not_read_where_programs_are_not_welcome(origin: Origin, tmp_path: Path) -> None:
    """The poll has failed with the sentence, and the page itself was not asked for."""
    origin.serve("/robots.txt", "User-agent: *\nDisallow: /")
    origin.serve("/nieuws", PAGE, "text/html")
    refused = ask(origin, tmp_path, "page")
    assert refused.status == "failed"
    assert "robots.txt does not allow" in (refused.error or "")
    assert ask(origin, tmp_path, "auto").status == "failed"
    assert not origin.asked("/nieuws")
    assert ask(origin, tmp_path, "page", robots=False).status == "ok"


def test_a_feed_is_there_to_be_fetched(origin: Origin, tmp_path: Path) -> None:
    """Its publisher made it for programs: robots.txt is not even asked for."""
    origin.serve("/robots.txt", "User-agent: *\nDisallow: /")
    origin.serve("/nieuws", "<rss version='2.0'><channel><title>T</title></channel></rss>", "application/rss+xml")
    assert ask(origin, tmp_path, "feed").status == "ok"
    assert [asked.path for asked in origin.requests] == ["/nieuws"]
