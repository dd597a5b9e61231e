"""What could be a source: announced feeds, and lists whose repeated structure reads like news."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import config
from aggregator.cli.blocks import block, comment, ident, toml
from aggregator.model import Article, Link, Selectors, Source, Zone
from aggregator.normalize import normalize
from aggregator.parse import discover, parse
from aggregator.parse.discover import key_of
from tests.pages import CORPUS, NOW, TZ, answer, stored, utc

NEWS = "https://www.linde.example/nieuws"
ZONE = "https://www.politie.example/5998/nieuws"
BADGE = "https://www.politie-voorbeek.example/nl/news"
CARDS = "https://www.lindedal.example/actualiteit"
LISTS = {"zone-list.html": ZONE, "badge-list.html": BADGE, "cards.html": CARDS}


def test_announced_feeds() -> None:
    """<link rel=alternate> by its type, relative to the page, each once; no API, no other language, no javascript."""
    assert discover.announced(stored("announcing.html", "https://a.example/x/")) == (
        Link(href="https://a.example/nieuws.rss", type="application/rss+xml", title="Nieuws (RSS)"),
        Link(href="https://a.example/x/nieuws.atom", type="application/atom+xml"),
        Link(href="https://a.example/nieuws.json", type="application/feed+json", title="JSON"),
        Link(href="https://a.example/rss/oud.xml", type="text/xml"),
        Link(href="https://a.example/feed/"),
    )


def test_feeds_announced_in_a_header() -> None:
    """The Link header (RFC 8288) announces as well, quoted or not, several in one."""
    header = '</style.css>; rel=preload, </a.rss>; rel="alternate"; type="application/rss+xml"; title="Een, twee", '
    header += "</b.atom>;rel=alternate;type=application/atom+xml"
    assert discover.announced(answer("<p>x", link=header)) == (
        Link(href="https://a.example/a.rss", type="application/rss+xml", title="Een, twee"),
        Link(href="https://a.example/b.atom", type="application/atom+xml"),
    )
    assert discover.announced(answer("", link=header)) == ()


def test_zone_list_is_proposed() -> None:
    """The common platform: the articles with their headings, not the menu, the pager, or the footer."""
    (found,) = discover.proposals(stored("zone-list.html", ZONE), TZ)
    assert found.page == Selectors(list="div.view-content", item="article", title="h2", link="h2 a", summary="p")
    assert found.key == "/5998/nieuws/(?P<key>[^/?#]+)/?$"
    assert [entry.title for entry in found.feed.entries] == [
        "Inbreker gevat dankzij alerte buur",
        "Alcohol- en drugscontroles",
        "Alcohol- en drugscontroles",
        "Persbericht maandag 6 mei 2024",
    ]


def test_badge_list_is_proposed() -> None:
    """The other platform: an item that is pinned has another class and belongs to the list; badges are dates."""
    (found,) = discover.proposals(stored("badge-list.html", BADGE), TZ)
    assert found.page == Selectors(list="div.list", item="div.row", title="h3", link="h3 a", date=".badge", summary="p")
    assert found.key == r"/nl/news/detail/(?P<key>\d+)"
    assert [entry.published for entry in found.feed.entries][:4] == [
        utc(2023, 10, 17, 22, 0),
        utc(2024, 5, 21, 22, 0),
        utc(2024, 5, 24, 22, 0),
        utc(2024, 3, 19, 23, 0),
    ]


def proposed(found: discover.Proposal) -> dict[str, Any]:
    """A proposal and everything that it reads."""
    selectors = {name: value for name, value in asdict(found.page).items() if value not in (None, ())}
    feed = normalize(found.feed, base=NEWS, now=NOW)
    entries = [
        [each.published and each.published.isoformat(), each.title, each.link, each.summary and each.summary.value]
        for each in feed.entries
    ]
    return {"page": selectors, "key": found.key, "entries": entries, "problems": list(feed.problems)}


@pytest.mark.parametrize("path", sorted((CORPUS.parent / "lists").glob("*.html")), ids=lambda path: path.stem)
def test_layouts(path: Path) -> None:
    """Each layout of the corpus: the best proposal reads its news, as the JSON beside it says; else there is none."""
    found = discover.proposals(answer(path.read_bytes(), NEWS), TZ)
    first = json.loads(json.dumps(proposed(found[0]))) if found else None
    beside = path.with_suffix(".json")
    if os.environ.get("GOLDEN") == "write":
        beside.write_text(json.dumps(first, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert first == json.loads(beside.read_text(encoding="utf-8"))
    assert (first is None) == path.stem.startswith("nothing")


@pytest.mark.parametrize("path", sorted((CORPUS.parent / "lists").glob("*.html")), ids=lambda path: path.stem)
def test_what_is_proposed_can_be_pasted(path: Path, tmp_path: Path) -> None:
    """The block of every layout loads as configuration and reads the same: selectors by place and patterns included."""
    for found in discover.proposals(answer(path.read_bytes(), NEWS), TZ):
        source = Source(id="s", zone="z", url=NEWS, type="page", key=found.key, page=found.page)
        file = tmp_path / "aggregator.toml"
        file.write_text(
            f'[[zones]]\nid = "z"\nname = "Z"\n{block(source)}\n[[streams]]\nid = "a"\ntitle = "A"\n', encoding="utf-8"
        )
        (loaded,) = config.load(file).sources
        assert (loaded.page, loaded.key) == (found.page, found.key)
        assert parse(answer(path.read_bytes(), NEWS), loaded, TZ).entries == found.feed.entries


def test_two_lists_are_two_proposals() -> None:
    """News and events that are built alike are not read as one list, and what is still to come is no news."""
    news, events = discover.proposals(answer((CORPUS.parent / "lists" / "two-lists.html").read_bytes(), NEWS), TZ)
    assert (news.page.list, events.page.list) == ("div.nieuwslijst", "div.agendalijst")


def test_tags_that_no_selector_can_say() -> None:
    """A list whose items hold tags with signs of XPath in their names is read without them."""
    item = "<div><a href='/n/{0}'><p<b>Dinsdag {0}</p<b><i<1>Bericht nummer {0} van de politie</i<1></a></div>"
    found = discover.proposals(answer("".join(item.format(number) for number in range(5)), NEWS), TZ)
    assert all(each.feed.entries for each in found)


def test_an_attribute_that_no_library_can_name() -> None:
    """What a page calls its attributes does not keep its feeds from being found."""
    page = '<link {x="" rel="alternate" type="application/rss+xml" href="/a.rss"><meta {y="" property="a" content="b">'
    assert [link.href for link in discover.announced(answer(page))] == ["https://a.example/a.rss"]


def test_cards_are_proposed() -> None:
    """Items that are links themselves, without headings, their dates in classes; not the services beside them."""
    (found,) = discover.proposals(stored("cards.html", CARDS), TZ)
    assert found.page == Selectors(
        list="section.cards",
        item="a.card",
        title=".card__title",
        link="a",
        date=".card__date",
        summary=".card__intro",
    )
    assert found.key is None
    first = found.feed.entries[0]
    assert (first.title, first.link) == (
        "Markt verhuist tijdelijk",
        "https://www.lindedal.example/markt-verhuist-tijdelijk",
    )


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "<p>Niets.</p>",
        "<ul><li><a href=/a>Home</a><li><a href=/b>Contact</a><li><a href=/c>Over ons</a></ul>",
        "<div id=app></div><script>render()</script>",
        (CORPUS / "zone-detail.html").read_text(),
        (CORPUS / "announcing.html").read_text(),
    ],
)
def test_what_is_no_list_is_not_proposed(markup: str) -> None:
    """Menus, a single article, a page that scripts make: nothing, and no guess."""
    found = discover.look(answer(f"<!doctype html>{markup}"), TZ)
    assert (found.feed, found.proposals) == (None, ())


def test_an_address_that_is_itself_a_source() -> None:
    """A feed and a sitemap are recognised as what they are; what cannot be read is a sentence."""
    feed = '<rss version="2.0"><channel><item><title>x</title></item></channel></rss>'
    found = discover.look(answer(feed, media_type="text/xml"), TZ)
    assert found.feed
    assert (found.feed.entries[0].title, found.sitemap) == ("x", False)
    assert discover.look(answer("<urlset/>", media_type="text/xml"), TZ).sitemap
    assert "not a feed" in (discover.look(answer("%PDF", media_type="application/pdf"), TZ).problem or "")


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_proposal_can_be_pasted(name: str, tmp_path: Path) -> None:
    """The block loads as configuration, and reads what was shown."""
    url = LISTS[name]
    (found,) = discover.proposals(stored(name, url), TZ)
    source = Source(id="s", zone="z", url=url, type="page", key=found.key, page=found.page, article=Article())
    path = tmp_path / "aggregator.toml"
    path.write_text(f'{block(Zone(id="z", name="Z"))}\n{block(source)}\n[[streams]]\nid = "s"\ntitle = "S"\n')
    assert config.load(path).sources == (source,)
    assert parse(stored(name, url), source, TZ).entries == found.feed.entries


@pytest.mark.parametrize(
    ("links", "key"),
    [
        (("/n/12/a", "/n/7/b"), r"/n/(?P<key>\d+)"),
        (("/n/12-a.html", "/n/7-b.html"), r"/n/(?P<key>\d+)"),
        (("/n/12", "/n/12"), None),
        (("/nieuws/a-1", "/nieuws/b"), "/nieuws/(?P<key>[^/?#]+)/?$"),
        (("/a", "/b"), None),
        (("/x/a", "/y/b"), None),
    ],
)
def test_the_key_of_a_list(links: tuple[str, ...], key: str | None) -> None:
    """A number where all have one, else the last part of one folder; nothing where that would identify nothing."""
    assert key_of([f"https://a.example{link}" for link in links]) == key


def test_what_stands_in_a_block() -> None:
    """Patterns in single quotes, texts in double ones; comments that cannot end before their line does."""
    assert toml(r"/(?P<key>\d+)") == r"'/(?P<key>\d+)'"
    assert toml("it's \\d") == '"it\'s \\\\d"'
    assert toml(("a", 'b"c')) == '["a", "b\\"c"]'
    assert comment("a\r[[zones]]\n  b\x00") == "# a [[zones]]\n#   b"
    assert ident("Nieuws & co", taken := {"nieuws-co"}) == "nieuws-co-2"
    assert "nieuws-co-2" in taken
    assert ident("…", set()) == "source"
    commented = block(Source(id="s", zone="z", url="https://a.example/"), commented=True)
    assert all(line.startswith("# ") for line in commented.splitlines())


WORDS = "Woorden van een bericht staan hier. " * 20


def test_a_large_page_costs_seconds() -> None:
    """Hundreds of items that repeat themselves in every way, with badges, stay within a worker's time."""
    items = "".join(
        f"<div class='a k{'lmnopqr'[n % 7]} c'><article class='x z'><h2><a href=/n/{n}>Bericht {n}"
        f" over iets</a></h2><i>{n % 28 + 1} mei</i><p>{WORDS}</p></article></div>"
        for n in range(280)
    )
    start = time.process_time()
    found = discover.proposals(answer(f"<html><body><main>{items}</main></body></html>"), TZ)
    assert time.process_time() - start < 15
    assert len(found[0].feed.entries) == 280


SEEDS = [path.read_bytes() for path in sorted(CORPUS.iterdir())]


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(SEEDS), st.integers(0, 4000), st.integers(0, 600), st.binary(max_size=9))
def test_any_bytes_can_be_looked_at(seed: bytes, at: int, cut: int, junk: bytes) -> None:
    """Whatever comes, something can be said of it, and what is proposed reads what it shows."""
    response = answer(seed[:at] + junk + seed[at + cut :])
    for proposal in discover.look(response, TZ).proposals:
        source = Source(id="s", zone="z", url=response.url, type="page", key=proposal.key, page=proposal.page)
        assert parse(response, source, TZ).entries == proposal.feed.entries
