"""One poll of one source: real origin server, real workers, real store; time is an argument."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.daemon.connecting import means
from aggregator.model import Config, Fetch, Guard, Poll, Selectors, Source, Stream, Zone
from aggregator.poll import Means, poll
from tests.databases import migrated
from tests.fakes.origin import Origin

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def rss(*items: tuple[int, str]) -> str:
    body = "".join(
        f"<item><title>Bericht {number} van de politie</title><guid>{number}</guid>"
        f"<description>{text}</description></item>"
        for number, text in items
    )
    return f"<rss version='2.0'><channel><title>T</title><link>https://t.example/</link>{body}</channel></rss>"


class Site:
    """An origin, and what has been polled from it so far."""

    def __init__(self, origin: Origin, directory: Path, clock: Clock, **guard: int) -> None:
        self.origin = origin
        self.clock = clock
        self.config = Config(
            database=migrated(directory / "aggregator.db"),
            fetch=Fetch(allow_private=("127.0.0.0/8",), per_host_pause=timedelta(0), timeout=timedelta(seconds=2)),
            guard=Guard(**guard),
            zones=(Zone(id="z", name="Zone"), Zone(id="y", name="Andere")),
            sources=(Source(id="s", zone="z", url=origin.url("/feed")), Source(id="t", zone="y", url=origin.url("/t"))),
            streams=(Stream(id="all", title="Alles"),),
        )
        self.source = self.config.sources[0]

    def run(self, *steps: Step) -> list[Poll]:
        """Poll after each step; what came of every poll."""

        async def go() -> list[Poll]:
            async with AsyncExitStack() as stack:
                opened = await stack.enter_async_context(means(self.config, self.clock))
                polls = []
                for step in steps:
                    step(self, opened)
                    polls.append(await poll(self.source, replace(opened, config=self.config)))
                    self.clock.now += HOUR
                return polls

        return asyncio.run(go())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Origin() as origin:
        yield Site(origin, tmp_path, Clock())


Step = Callable[[Site, Means], object]


def then(*steps: Step) -> Step:
    """One step after the other."""

    def all_of_them(site: Site, opened: Means) -> None:
        for step in steps:
            step(site, opened)

    return all_of_them


def status(code: int) -> Step:
    """From now on the origin answers with this status."""
    return lambda site, _: site.origin.serve("/feed", "", status=code)


def serve(*items: tuple[int, str], **headers: str) -> Step:
    return lambda site, _: site.origin.serve("/feed", rss(*items), content_type="text/xml", headers=headers)


def nothing(site: Site, opened: Means) -> None: ...


def titles(count: int) -> Step:
    """A step that checks how many stories there are."""

    def check(site: Site, opened: Means) -> None:
        assert opened.store.look(lambda tx: tx.stories.counts())[0] == count

    return check


def test_a_poll_says_what_came_of_it(site: Site) -> None:
    """Entries, how many were new, and when to ask again: an interval after the start of this one."""
    first, second = site.run(serve((1, "a"), (2, "b")), serve((1, "a"), (2, "b"), (3, "c")))
    assert (first.status, first.entries, first.new) == ("ok", 2, 2)
    assert START + HOUR < first.next_poll < START + 1.02 * HOUR
    assert (second.entries, second.new, second.first_success) == (3, 1, START)


def test_the_second_request_is_conditional(site: Site) -> None:
    """The validator goes back byte for byte, and 304 is a success (RFC 9110 §13.1.2)."""
    first, second = site.run(serve((1, "a")), nothing)
    assert first.validators is not None
    assert site.origin.asked("/feed")[1].headers["if-none-match"] == first.validators.etag
    assert (second.status, second.http_status, second.entries) == ("not_modified", 304, 1)


def test_validators_do_not_outlive_another_reading(site: Site) -> None:
    """When the source is configured anew its bytes are read anew: no condition is sent, and 304 cannot hide them."""

    def reconfigure(site: Site, _: Means) -> None:
        site.source = replace(site.source, publish="full")

    site.run(serve((1, "a")), reconfigure)
    assert "if-none-match" not in site.origin.asked("/feed")[1].headers


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda site, _: site.origin.serve("/feed", "oops", status=500), "the server failed (500)"),
        (lambda site, _: site.origin.serve("/feed", "gone", status=404), "nothing at this address (404)"),
        (lambda site, _: site.origin.serve("/feed", "<html><title>Hallo</title></html>"), "not a feed"),
        (lambda site, _: site.origin.truncate("/feed"), ""),
        (lambda site, _: site.origin.hang("/feed"), "within 2 s"),
        (lambda site, _: site.origin.serve("/feed", "", status=304), "304"),
    ],
)
def test_a_failure_forgets_nothing(site: Site, break_it: Step, words: str) -> None:
    """After a failed poll the stories, the validators and the body that was read are what they were."""

    def forget_validators(site: Site, opened: Means) -> None:
        if words == "304":
            site.source = replace(site.source, title="so that no condition is sent")

    before, failed, after = site.run(
        serve((1, "a"), (2, "b")),
        then(break_it, forget_validators),
        then(serve((1, "a"), (2, "b")), titles(2)),
    )
    assert failed.status == "failed"
    assert words in (failed.error or "")
    assert (failed.failures, failed.last_success) == (1, START)
    assert (failed.validators, failed.body, failed.entries) == (before.validators, before.body, 2)
    assert failed.next_poll >= START + HOUR + (failed.at - START)
    assert (after.failures, after.error, after.new) == (0, None, 0)


def test_gone_is_gone(site: Site) -> None:
    """410 is told as final, and the stories stay."""
    _, gone = site.run(serve((1, "a")), status(410))
    assert gone.status == "gone"
    site.run(then(titles(1), serve((1, "a"))))


def test_an_unchanged_body_is_not_read_again(site: Site) -> None:
    """A server that knows no conditions costs a download and no parsing; its new validators are kept all the same."""
    first, second = site.run(serve((1, "a"), ETag='"one"'), serve((1, "a"), ETag='"two"'))
    assert (first.validators and first.validators.etag) == '"one"'
    assert (second.status, second.new, second.entries) == ("ok", 0, 1)
    assert (second.validators and second.validators.etag) == '"two"'


def test_what_fell_off_the_feed_stays(site: Site) -> None:
    """Absence means nothing: an empty feed, well-formed, is a success and removes no story."""
    _, empty, _ = site.run(serve((1, "a"), (2, "b")), serve(), titles(2))
    assert (empty.status, empty.entries, empty.error) == ("ok", 0, None)


def arrivals(opened: Means) -> tuple[str, ...]:
    found = opened.store.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["z", "y"]))
    return found.get("a@example.be", ())


def count_arrivals(seen: list[int]) -> Step:
    """A step that writes down how many stories are news."""
    return lambda _, opened: seen.append(len(arrivals(opened)))


def enrol(site: Site, opened: Means) -> None:
    opened.store.submit(lambda tx: tx.audience.enrol("d", ["a@example.be"], START)).result()


def test_the_first_success_reaches_no_digest(site: Site) -> None:
    """A new source's history goes into the feed only; what it brings afterwards is news; a failure is no first."""
    seen: list[int] = []
    site.run(
        then(enrol, status(500)),
        serve((1, "a"), (2, "b")),
        then(count_arrivals(seen), serve((1, "a"), (2, "b"), (3, "c"))),
        count_arrivals(seen),
    )
    assert seen == [0, 1]


def test_an_empty_first_fetch_counts(site: Site) -> None:
    """A well-formed feed without entries is a success: what comes next is news."""
    seen: list[int] = []
    site.run(
        then(enrol, serve()),
        serve((1, "a")),
        count_arrivals(seen),
    )
    assert seen == [1]


def test_a_flood_is_held(site: Site) -> None:
    """Twenty unknown entries at once from a source that is not new are held back, whole, and told; nineteen are not."""
    few = [(n, "x") for n in range(19)]
    many = [(n, "x") for n in range(100, 120)]
    seen: list[int] = []
    _, nineteen, flood, _ = site.run(
        serve((1000, "a")),
        serve(*few),
        serve(*few, *many),
        then(titles(20), lambda _, opened: seen.append(len(opened.store.look(lambda tx: tx.stories.held())))),
    )
    assert (nineteen.new, nineteen.held) == (19, 0)
    assert (flood.new, flood.held) == (20, 20)
    assert seen == [20]


def test_a_dry_run_stores_nothing(site: Site) -> None:
    """Without *keep* a poll says what would come of it, and leaves no trace."""

    async def go() -> tuple[Poll, Poll | None, tuple[int, int]]:
        async with means(site.config, site.clock) as opened:
            serve((1, "a"))(site, opened)
            noted = await poll(site.source, opened, keep=False)
            return noted, *opened.store.look(lambda tx: (tx.polls.of("s"), tx.stories.counts()))

    noted, stored, counts = asyncio.run(go())
    assert (noted.new, stored, counts) == (1, None, (0, 0))


def test_two_sources_with_the_same_news_found_one_story(site: Site) -> None:
    """Polls that end at the same moment are settled one after the other, so that the second one finds the first."""
    text = "Dit is een tekst die lang genoeg is om op te vallen en die in beide zones dezelfde is."

    async def go() -> tuple[int, int]:
        async with means(site.config, site.clock) as opened:
            for path in ("/feed", "/t"):
                site.origin.serve(path, rss((1, text)), content_type="text/xml")
            await asyncio.gather(*(poll(source, opened) for source in site.config.sources))
            return opened.store.look(lambda tx: tx.stories.counts())

    assert asyncio.run(go()) == (1, 1)


def test_a_page_is_read_by_its_selectors(site: Site) -> None:
    """A news page without a feed, its own key in the link, and a layout that changed under us."""
    page = (
        "<html><head><title>Nieuws</title></head><body><article><h2><a href='/detail/7/x'>Een titel</a></h2>"
        "<p>Tekst</p></article></body></html>"
    )
    site.source = replace(
        site.source,
        type="page",
        key=r"/detail/(?P<key>\d+)",
        page=Selectors(item="article", title="h2", link="h2 a", summary="p"),
    )
    first, second = site.run(
        lambda site, _: site.origin.serve("/feed", page),
        lambda site, _: site.origin.serve("/feed", page.replace("article", "section")),
    )
    assert (first.status, first.entries) == ("ok", 1)
    assert second.status == "failed"
    assert 'the page no longer has "article"' in (second.error or "")


def test_a_first_fetch_is_no_flood(site: Site) -> None:
    """A new source may bring its whole history; nothing of it is held."""
    (first,) = site.run(serve(*((n, "x") for n in range(30))))
    assert (first.new, first.held) == (30, 0)


def test_the_same_body_costs_no_reading(site: Site) -> None:
    """Bytes that were read before, in the same manner, go to no worker: without workers the poll still succeeds."""
    items = ((1, "a"), (2, "b"))
    _, second = site.run(serve(*items, ETag=""), then(serve(*items, ETag=""), lambda _, opened: opened.workers.close()))
    assert (second.status, second.http_status, second.error) == ("ok", 200, None)


def test_validators_outlive_a_304(site: Site) -> None:
    """Three polls of an unchanged feed are one download: the second 304 was asked for with the first validator."""
    polls = site.run(serve((1, "a")), nothing, nothing)
    assert [noted.http_status for noted in polls] == [200, 304, 304]
    assert polls[2].validators == polls[0].validators
