"""Where a list leads: further pages on the first reading, and the articles behind its items, few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.daemon.connecting import means
from aggregator.follow import ATTEMPTS, plan
from aggregator.match import sightings
from aggregator.model import (
    Article,
    Config,
    Entry,
    Feed,
    Fetch,
    Link,
    Poll,
    Selectors,
    Source,
    Story,
    Stream,
    Text,
    Unread,
    Zone,
)
from aggregator.poll import poll
from tests.databases import migrated
from tests.fakes.origin import Origin, Request
from tests.pages import TZ

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE = Selectors(list="main", item="article", title="h2", link="a", summary="p")
BODY = "De volledige tekst van bericht {0}, die heel wat langer is dan wat de lijst ervan laat zien, zoals het hoort."


class Site:
    """A news site with a list and articles, what the daemon's clock says, and what was polled."""

    def __init__(self, origin: Origin, directory: Path) -> None:
        self.origin = origin
        self.now = START
        self.source = Source(
            id="s",
            zone="z",
            url=origin.url("/nieuws"),
            type="page",
            key=r"/n/(?P<key>\d+)$",
            page=PAGE,
            article=Article(most=2, text=".body"),
        )
        self.config = Config(
            database=migrated(directory / "aggregator.db"),
            fetch=Fetch(allow_private=("127.0.0.0/8",), per_host_pause=timedelta(0), timeout=timedelta(seconds=2)),
            zones=(Zone(id="z", name="Zone"),),
            sources=(self.source,),
            streams=(Stream(id="all", title="Alles"),),
        )
        self.found: list[dict[str, Entry]] = []

    def list_(self, *numbers: int, path: str = "/nieuws", teaser: str = "Kort.", date: str = "") -> None:
        """Have the list show these items."""
        items = "".join(
            f'<article><h2><a href="/n/{n}">Bericht nummer {n}</a></h2><p>{teaser}</p><i>{date}</i></article>'
            for n in numbers
        )
        self.origin.serve(path, f"<html><body><main>{items}</main></body></html>", "text/html")

    def article(self, number: int, *, title: str = "Bericht nummer {0}", said: str = "", status: int = 200) -> None:
        """Have an article at its address."""
        page = f"<h1>{title}</h1><p>{said}</p><div class=body><p>{BODY}</p></div>".format(number)
        self.origin.serve(f"/n/{number}", f"<html><body>{page}</body></html>", "text/html", status=status)

    def asked(self) -> list[str]:
        """The paths that were asked for, and from now on are forgotten."""
        # robots.txt has tests of its own.
        paths = [request.path for request in self.origin.requests if request.path != "/robots.txt"]
        self.origin.requests.clear()
        return paths

    def poll(self, *steps: Callable[[], object]) -> list[Poll]:
        """Poll after each step, an hour apart; ``found`` has the entries after each poll by title."""

        async def go() -> list[Poll]:
            polls = []
            async with means(self.config, lambda: self.now) as opened:
                for step in steps:
                    step()
                    polls.append(await poll(self.source, opened))
                    stories = opened.store.look(lambda tx: tx.stories.newest(("z",), 100))
                    entries = [member.sighting.entry for story in stories for member in story.members]
                    self.found.append({entry.title: entry for entry in entries})
                    self.now += HOUR
            return polls

        return asyncio.run(go())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Origin() as origin:
        yield Site(origin, tmp_path)


def nothing() -> None: ...


def has_text(entry: Entry, number: int) -> bool:
    return entry.content is not None and BODY.format(number) in entry.content.value


def test_new_items_get_their_articles(site: Site) -> None:
    """The text and the moment of each new item come from the page behind it; known items are left alone."""

    def first() -> None:
        site.list_(2, 1)
        for number in (1, 2, 3):
            site.article(number, said="Gepubliceerd op 20 november 2026 om 8u30")

    one, two = site.poll(first, lambda: site.list_(3, 2, 1))
    assert (one.error, one.problems, one.unread, one.new) == (None, (), (), 2)
    assert (two.new, two.unread) == (1, ())
    assert site.asked() == ["/nieuws", "/n/2", "/n/1", "/nieuws", "/n/3"]
    for entries in site.found:
        for title, entry in entries.items():
            assert has_text(entry, int(title[-1]))
            assert entry.published == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
            assert entry.summary == Text(value="Kort.")


def test_a_known_story_is_not_edited_by_being_seen_again(site: Site) -> None:
    """The list shows a teaser each time, and what was read of the article stays: nothing moves."""
    updated = []

    async def go() -> None:
        async with means(site.config, lambda: site.now) as opened:
            for numbers in ((1,), (2, 1), (3, 2, 1)):
                site.list_(*numbers)
                for number in numbers:
                    site.article(number)
                await poll(site.source, opened)
                (story,) = [
                    story
                    for story in opened.store.look(lambda tx: tx.stories.newest(("z",), 9))
                    if story.lead.entry.title == "Bericht nummer 1"
                ]
                updated.append((story.updated, story.changed, story.lead.words))
                site.now += HOUR

    asyncio.run(go())
    assert len(set(updated)) == 1


def test_an_article_is_asked_for_again_conditionally(site: Site) -> None:
    """The list shows other words: the page behind it says that it is as it was, and its text stays under them."""

    def first() -> None:
        site.list_(1)
        site.article(1)

    site.poll(first, lambda: site.list_(1, teaser="Anders."))
    conditions = [each.headers.get("if-none-match") for each in site.origin.requests if each.path == "/n/1"]
    assert conditions[0] is None
    assert conditions[1] is not None
    (entry,) = site.found[1].values()
    assert entry.summary == Text(value="Anders.")
    assert has_text(entry, 1)


def test_an_article_that_is_to_be_read_otherwise_is_asked_for_whole(site: Site) -> None:
    """What was read in another manner is no reason to be content with 304."""

    def anew() -> None:
        site.source = replace(site.source, article=Article(most=2, text="h1"))
        site.list_(1, teaser="Anders.")

    site.poll(lambda: site.list_(1), lambda: site.article(1))
    site.origin.requests.clear()
    site.poll(anew)
    conditions = [each.headers.get("if-none-match") for each in site.origin.requests if each.path == "/n/1"]
    assert conditions == [None]


@pytest.mark.parametrize("status", [429, 503])
def test_an_article_that_asks_for_patience_is_heard(site: Site, status: int) -> None:
    """Retry-After on the page behind an item holds its source, and on 429 the whole server."""
    site.list_(1)
    site.origin.serve("/n/1", "", "text/html", status=status, headers={"Retry-After": "86400"})
    (noted,) = site.poll(nothing)
    assert noted.not_before == START + timedelta(days=1)
    assert bool(noted.throttled) == (status == 429)


def test_a_server_that_wants_its_peace_has_it_from_articles_too(site: Site) -> None:
    """429 with Retry-After is about the whole server, for a list that leads there from elsewhere as well."""
    with Origin() as other:
        other.serve("/rss", "", status=429, headers={"Retry-After": "86400"})
        elsewhere = Source(id="other", zone="z", url=other.url("/rss"))
        item = f'<article><h2><a href="{other.url("/n/1")}">Bericht nummer 1</a></h2></article>'
        site.origin.serve("/nieuws", f"<html><body><main>{item}</main></body></html>", "text/html")

        async def both() -> Poll:
            async with means(replace(site.config, sources=(site.source, elsewhere)), lambda: site.now) as opened:
                await poll(elsewhere, opened)
                return await poll(site.source, opened)

        noted = asyncio.run(both())
        assert [request.path for request in other.requests] == ["/rss"]
    assert (noted.error, noted.new) == (None, 1)
    assert "asked to be left alone until" in noted.problems[0]


def test_slow_articles_share_one_deadline(site: Site) -> None:
    """[fetch].timeout is for all of them together: a server that takes its time over each holds up no poll."""

    async def slow(request: Request, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(1.2)
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        return True

    site.source = replace(site.source, article=Article(most=6, text=".body"))
    site.config = replace(site.config, sources=(site.source,))
    site.list_(1, 2, 3, 4, 5, 6)
    for number in range(1, 7):
        site.origin.answer(f"/n/{number}", slow)
    (noted,) = site.poll(nothing)
    assert site.asked() == ["/nieuws", "/n/1", "/n/2"]
    assert sorted(each.attempts for each in noted.unread) == [0, 0, 0, 0, 1, 1]


def test_only_so_many_in_a_poll(site: Site) -> None:
    """``most`` articles a poll, the first of the list first; the rest with the next polls, though nothing changed."""

    def first() -> None:
        site.list_(5, 4, 3, 2, 1)
        for number in range(1, 6):
            site.article(number)

    polls = site.poll(first, nothing, nothing, nothing)
    assert site.asked() == ["/nieuws", "/n/5", "/n/4", "/nieuws", "/n/3", "/n/2", "/nieuws", "/n/1", "/nieuws"]
    assert [len(each.unread) for each in polls] == [3, 1, 0, 0]
    assert [each.new for each in polls] == [5, 0, 0, 0]
    assert polls[3].status == "not_modified"
    assert [sum(entry.content is not None for entry in entries.values()) for entries in site.found] == [2, 4, 5, 5]


def test_an_article_that_fails_is_tried_again_so_often(site: Site) -> None:
    """The teaser stands in, the operator is told, and after some polls it is given up; the item is there throughout."""

    def first() -> None:
        site.list_(2, 1)
        site.article(1)
        site.article(2, title="Pagina niet gevonden")

    polls = site.poll(first, *[nothing] * 4)
    told = "1 article could not be read, and the list's own words stand in; the last: "
    assert polls[0].error is None
    assert polls[0].problems == (
        f"{told}{site.origin.url('/n/2')}: leads to a page that does not show the title of its item",
    )
    assert [[each.attempts for each in one.unread] for one in polls] == [[1], [2], [], [], []]
    assert site.asked().count("/n/2") == ATTEMPTS
    assert polls[4].status == "not_modified"
    assert all(entries["Bericht nummer 2"].summary == Text(value="Kort.") for entries in site.found)
    assert has_text(site.found[-1]["Bericht nummer 1"], 1)


def test_an_article_that_comes_back_is_read(site: Site) -> None:
    """What failed once is there the next time."""

    def first() -> None:
        site.list_(1)
        site.article(1, status=500)

    one, two = site.poll(first, lambda: site.article(1))
    assert "the server answered 500" in one.problems[0]
    assert (two.problems, two.unread) == ((), ())
    assert has_text(site.found[1]["Bericht nummer 1"], 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_peace_gets_it(site: Site, status: int) -> None:
    """429 and 503 end the asking until the next poll, and count for the one that was asked only."""

    def first() -> None:
        site.list_(2, 1)
        site.article(2, status=status)
        site.article(1)

    (one,) = site.poll(first)
    assert site.asked() == ["/nieuws", "/n/2"]
    assert sorted(each.attempts for each in one.unread) == [0, 1]


def test_what_was_never_tried_goes_first(site: Site) -> None:
    """An article that hangs does not keep the others out."""

    def first() -> None:
        site.list_(3, 2, 1)
        site.article(1)
        site.article(2)
        site.origin.hang("/n/3")

    site.poll(first, nothing, nothing)
    assert site.asked() == ["/nieuws", "/n/3", "/nieuws", "/n/2", "/n/1", "/nieuws", "/n/3"]


def test_other_words_in_the_list_have_the_article_read_again(site: Site) -> None:
    """An edit that the list shows is followed by one more look at the article, and no more."""

    def first() -> None:
        site.list_(1)
        site.article(1)

    def edited() -> None:
        site.list_(1, teaser="Ander.")
        site.origin.serve("/n/1", "<h1>Bericht nummer 1</h1><div class=body><p>Rechtzetting.</p></div>", "text/html")

    site.poll(first, edited, nothing, lambda: site.list_(2, 1, teaser="Ander."))
    assert site.asked() == ["/nieuws", "/n/1", "/nieuws", "/n/1", "/nieuws", "/nieuws", "/n/2"]
    assert site.found[1]["Bericht nummer 1"].summary == Text(value="Ander.")


def test_a_hostile_article_costs_nobody_else_anything(site: Site) -> None:
    """What cannot be read within the limits of a worker is one article that failed."""
    site.config = replace(site.config, parse=replace(site.config.parse, timeout=timedelta(seconds=2)))
    site.source = replace(site.source, article=Article(most=2, text=".body", strip=("(a+)+$",)))

    def first() -> None:
        site.list_(2, 1)
        site.article(1)
        page = f"<h1>Bericht nummer 2</h1><p>{'a' * 60}!</p><div class=body><p>Tekst.</p></div>"
        site.origin.serve("/n/2", page, "text/html")

    (one,) = site.poll(first)
    assert one.error is None
    assert "could not be read within 2s" in one.problems[0]
    assert has_text(site.found[0]["Bericht nummer 1"], 1)


def test_a_badge_keeps_the_year_of_its_first_sight(site: Site) -> None:
    """A list that shows the same old badge a year later has not published it again."""
    site.source = replace(site.source, article=None, page=replace(PAGE, date="i"))

    def a_year_later() -> None:
        site.now += timedelta(days=365)
        site.list_(1, date="20 mrt", teaser="Nu anders.")

    site.poll(lambda: site.list_(1, date="20 mrt"), a_year_later)
    assert [entries["Bericht nummer 1"].published for entries in site.found] == [
        datetime(2026, 3, 19, 23, 0, tzinfo=UTC)
    ] * 2
    assert site.found[1]["Bericht nummer 1"].summary == Text(value="Nu anders.")


def test_a_rebuilt_page_forgets_nothing(site: Site) -> None:
    """A list that is gone, and one with an item that lacks its title, fail and say so; an empty list is no news."""

    def first() -> None:
        site.list_(2, 1)
        site.article(1)
        site.article(2)

    def serve(inner: str) -> Callable[[], None]:
        return lambda: site.origin.serve("/nieuws", f"<html><body>{inner}</body></html>", "text/html")

    untitled = "<main><article><a href=/n/3><img alt=x></a></article></main>"
    polls = site.poll(first, serve("<section>Nieuw!</section>"), serve(untitled), serve("<main></main>"))
    assert [each.status for each in polls] == ["ok", "failed", "failed", "ok"]
    assert (polls[1].error or "").startswith('the page no longer has "main" (list); ')
    assert (polls[2].error or "").startswith('1 of the 1 items have no title ("h2"); ')
    assert (polls[3].entries, polls[3].failures) == (0, 0)
    assert all(set(entries) == {"Bericht nummer 1", "Bericht nummer 2"} for entries in site.found)
    assert all(has_text(entries["Bericht nummer 1"], 1) for entries in site.found)


def test_a_plain_sitemap_and_its_articles(site: Site) -> None:
    """Addresses alone are a source: titles, texts and moments come from the articles, and stay."""
    key = r"/n/(?P<key>[a-z-]+)$"
    site.source = replace(site.source, type="sitemap", key=key, page=None, article=Article(most=2))

    def serve(*names: str) -> None:
        urls = "".join(f"<url><loc>{site.origin.url(f'/n/{name}')}</loc></url>" for name in (*names, "404-x"))
        site.origin.serve("/nieuws", f"<urlset>{urls}</urlset>", "application/xml")
        for name in names:
            page = f"<h1>Over {name}: het nieuws</h1><p>Gepubliceerd op 20/11/2026</p><p>{BODY.format(name)}</p>"
            site.origin.serve(f"/n/{name}", f"<html><body><main>{page}</main></body></html>", "text/html")

    site.poll(lambda: serve("aap"), lambda: serve("noot", "aap"))
    assert site.asked() == ["/nieuws", "/n/aap", "/nieuws", "/n/noot"]
    assert set(site.found[0]) == {"Over aap: het nieuws"}
    assert set(site.found[1]) == {"Over aap: het nieuws", "Over noot: het nieuws"}
    for entry in site.found[1].values():
        assert entry.published == datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
        assert entry.content is not None


def test_further_pages_are_read_once(site: Site) -> None:
    """Until the source has been read for the first time, and never after; quietly, however many there are."""
    pages = Selectors(list="main", item="article", title="h2", link="a", pages="?page={1..3}")
    site.source = replace(site.source, article=None, page=pages)

    def first() -> None:
        site.list_(9, 8)
        site.list_(8, 7, path="/nieuws?page=1")
        site.list_(6, 5, path="/nieuws?page=2")
        site.origin.serve("/nieuws?page=3", "weg", status=404)

    one, two = site.poll(first, lambda: site.list_(10, 9))
    assert site.asked() == ["/nieuws", "/nieuws?page=1", "/nieuws?page=2", "/nieuws?page=3", "/nieuws"]
    assert (one.new, one.held, two.new) == (5, 0, 1)
    assert one.problems == (
        f"{site.origin.url('/nieuws?page=3')}: the server answered 404; from there on no page was read",
    )
    assert set(site.found[1]) == {f"Bericht nummer {number}" for number in (5, 6, 7, 8, 9, 10)}


def test_what_is_wanted_of_a_list() -> None:
    """Unknown, unread and edited items are wanted; an item without a link never is."""
    source = Source(id="s", zone="z", url="https://a.example/", article=Article())
    entries = (Entry(id="1", title="Een", links=(Link(href="https://a.example/1"),)), Entry(id="2", title="Twee"))
    seen = sightings(Feed(id="f", title="", entries=entries), source, START, TZ)
    assert [each.wanted for each in plan(seen, (), (), source)] == [True, False]
    tried = plan(seen, (), (Unread(key=seen[0].keys[-1], attempts=2),), source)
    assert tried[0].attempts == 2
    none: tuple[Story, ...] = ()
    assert plan((), none, (), source) == ()
