"""Sitemaps with Google's extension for news, and plain ones whose news the operator names by a pattern."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model import Category, Entry, Feed, Link, Source
from aggregator.normalize import normalize
from tests.pages import CORPUS, NOW, answer, canonical, utc

XML = "application/xml"
FILES = CORPUS.parent / "sitemaps"
NEWS = Source(id="s", zone="z", url="https://www.krant.example/sitemap-news.xml", type="sitemap")
PLAIN = replace(NEWS, url="https://www.linde.example/sitemap.xml", key=r"/nieuws/(?P<key>[^/]+)$")


def read(content: bytes | str, source: Source = NEWS, media_type: str = XML) -> Feed:
    """A sitemap in normal form."""
    return canonical(answer(content, source.url, media_type), source)


def test_news() -> None:
    """Titles, moments, keywords and pictures of news, newest first; what is no news is passed over."""
    expected = Feed(
        id=NEWS.url,
        title="De Krant",
        lang="nl",
        entries=(
            Entry(
                id="https://krant.example/limburg/ongeval-op-de-ringlaan",
                title="Ongeval op de Ringlaan",
                published=utc(2024, 5, 31, 22, 0),
                links=(Link(href="https://www.krant.example/limburg/ongeval-op-de-ringlaan"),),
            ),
            Entry(
                id="https://krant.example/limburg/brand-in-loods",
                title="Brand in loods & magazijn",
                updated=utc(2024, 5, 31, 18, 0),
                published=utc(2024, 5, 31, 16, 0),
                categories=(Category(term="brand"), Category(term="Linde")),
                links=(
                    Link(href="https://www.krant.example/limburg/brand-in-loods"),
                    Link(
                        href="https://www.krant.example/foto/loods.webp",
                        rel="enclosure",
                        type="image/webp",
                        title="De loods",
                    ),
                ),
            ),
        ),
    )
    content = (FILES / "news.xml").read_bytes()
    assert read(content) == expected
    assert read(content, replace(NEWS, type="auto")) == expected
    assert read(gzip.compress(content), media_type="application/gzip") == expected


def test_plain_sitemap_by_its_key() -> None:
    """The addresses that the pattern finds, the latest change first; their titles are made of them."""
    assert read((FILES / "plain.xml").read_bytes(), PLAIN) == Feed(
        id=PLAIN.url,
        title="www.linde.example",
        entries=(
            Entry(
                id="https://linde.example/nieuws/nieuw-bericht",
                title="nieuw bericht",
                updated=utc(2024, 5, 30, 10, 0),
                links=(Link(href="https://www.linde.example/nieuws/nieuw-bericht"),),
            ),
            Entry(
                id="https://linde.example/nieuws/oud-bericht",
                title="oud bericht",
                updated=utc(2023, 1, 4, 23, 0),
                links=(Link(href="https://www.linde.example/nieuws/oud-bericht"),),
            ),
        ),
    )


def test_an_empty_sitemap_is_no_news() -> None:
    """Sitemaps for news hold what is at most two days old: there may be nothing."""
    assert read("<urlset/>").entries == ()


def test_a_cut_sitemap_keeps_what_is_whole() -> None:
    """The item in which the document ends is left out, and it is told."""
    content = (FILES / "news.xml").read_bytes()
    found = read(content[: content.index(b"Ongeval")])
    assert [entry.title for entry in found.entries] == ["Brand in loods & magazijn"]
    assert found.problems == ("the XML is broken; 1 complete addresses were kept",)


@pytest.mark.parametrize(
    ("content", "source", "sentence"),
    [
        ((FILES / "plain.xml").read_text(), NEWS, r"lists 4 addresses and does not say which are news; set key .*"),
        (
            (FILES / "plain.xml").read_text(),
            replace(PLAIN, key="/x/(?P<key>.)"),
            r"lists 4 addresses, and key finds none of them; correct key",
        ),
        (
            "<sitemapindex><sitemap><loc>/a.xml</loc></sitemap><sitemap><loc>/b.xml</loc></sitemap></sitemapindex>",
            NEWS,
            r"is an index of 2 sitemaps; set url to the one that holds the news: "
            r"https://www\.krant\.example/a\.xml, https://www\.krant\.example/b\.xml",
        ),
        ("<rss/>", NEWS, r"answered with XML whose root is <rss>, not a sitemap; correct url"),
        ("", NEWS, r"answered with an empty document; .*"),
    ],
)
def test_what_holds_no_news(content: str, source: Source, sentence: str) -> None:
    """One sentence: what it is, and what to set."""
    with pytest.raises(ParseError, match=f"^{sentence}$"):
        read(content, source)


def test_a_bomb_is_refused() -> None:
    """A sitemap that unpacks to more than its protocol allows, and one that is damaged, are refused."""
    with pytest.raises(ParseError, match=r"^the sitemap is larger than the 50 MB"):
        read(gzip.compress(bytes(50_000_001)))
    with pytest.raises(ParseError, match=r"^the compressed sitemap is damaged"):
        read(b"\x1f\x8bx")


def test_entities_stay_unresolved() -> None:
    """No entity brings in a file or multiplies itself."""
    bomb = "<!DOCTYPE urlset [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
    found = read(f"{bomb}<urlset><url><loc>/1</loc><news><title>x&b;&f;y</title></news></url></urlset>")
    assert "root:" not in found.entries[0].title
    assert len(found.entries[0].title) < 40


SEEDS = [path.read_bytes() for path in sorted(FILES.iterdir())]


@settings(deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.integers(0, 1500),
    st.integers(0, 60),
    st.binary(max_size=9),
    st.sampled_from([NEWS, PLAIN]),
)
def test_any_bytes_are_a_feed_or_one_error(seed: bytes, at: int, cut: int, junk: bytes, source: Source) -> None:
    """Whatever comes, there is a feed whose normal form is stable, or one ParseError."""
    try:
        once = read(seed[:at] + junk + seed[at + cut :], source)
    except ParseError:
        return
    assert normalize(once, base=source.url, now=NOW) == once


def test_names_that_nobody_has_declared() -> None:
    """A prefix without its namespace, and a reference to no character, cost nothing."""
    found = read(
        "<urlset><url><loc>https://www.krant.example/n/1</loc><news:news>"
        "<news:title>A &#xD83D;&#xDE00; B &#1;</news:title>"
        "<news:publication_date>2024-05-31</news:publication_date></news:news></url><gml:pos/></urlset>"
    )
    assert [(entry.title, entry.published) for entry in found.entries] == [("A \U0001f600 B", utc(2024, 5, 30, 22, 0))]
