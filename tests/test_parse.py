from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model import (
    Category,
    Content,
    Entry,
    Feed,
    Link,
    Origin,
    Person,
    Response,
    Selectors,
    Source,
    Text,
)
from aggregator.normalize import normalize
from aggregator.parse import parse
from tests.pages import BADGES, TEASERS

TZ = ZoneInfo("Europe/Brussels")
NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
CORPUS = Path(__file__).parent / "corpus" / "parse"
HTML = "text/html; charset=utf-8"
RSS = "application/rss+xml"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def read(content: bytes | str, source: Source | None = None, media_type: str = RSS, **headers: str) -> Feed:
    """What a document is read as, before normalising."""
    source = source or Source(id="s", zone="z", url="https://www.voorbeek.example/nieuws.rss")
    body = content.encode() if isinstance(content, str) else content
    response = Response(
        url=source.url, status=200, headers={"content-type": media_type, **headers}, content=body, date=NOW
    )
    return parse(response, source, TZ)


def canonical(name: str, url: str, media_type: str = RSS, page: Selectors | None = None) -> Feed:
    """What a document of the corpus is after normalising."""
    source = Source(id="s", zone="z", url=url, type="page" if page else "auto", page=page)
    return normalize(read((CORPUS / name).read_bytes(), source, media_type), base=url, now=NOW)


def item(inner: str) -> Entry:
    """The only item of an RSS 2.0 feed."""
    return read(f'<rss version="2.0"><channel><title>t</title><item>{inner}</item></channel></rss>').entries[0]


# -- feeds --------------------------------------------------------------------


def test_rss() -> None:
    """RSS 2.0 with content, Dublin Core and media: CET, a Dutch date, a missing title and a permanent guid included."""
    site = "https://www.voorbeek.example"
    text = (
        f'<p>Een oplettende buur zag <a href="{site}/wijk/molen">in de Molenstraat</a> iemand over de muur klimmen.</p>'
    )
    assert canonical("rss.xml", f"{site}/nieuws.rss") == Feed(
        id=f"{site}/nieuws.rss",
        title="Nieuws van politiezone Voorbeek & Linde",
        updated=utc(2024, 3, 5, 9, 30),
        subtitle="Persberichten en tips",
        links=(
            Link(href=f"{site}/", type="text/html"),
            Link(href=f"{site}/nieuws.rss", rel="self", type="application/rss+xml"),
        ),
        rights="Politiezone Voorbeek",
        lang="nl-be",
        entries=(
            Entry(
                id="voorbeek-1201",
                title="Dief op heterdaad betrapt in de Molenstraat",
                published=utc(2024, 3, 5, 9, 0),
                authors=(Person(name="Politie Voorbeek"),),
                categories=(Category(term="Criminaliteit"), Category(term="Voorbeek", scheme=f"{site}/zones")),
                links=(
                    Link(href=f"{site}/nieuws/dief-betrapt?utm_source=rss", type="text/html"),
                    Link(href=f"{site}/foto/muur.jpg", rel="enclosure", type="image/jpeg", length=48213),
                    Link(href=f"{site}/foto/buurt.png", rel="enclosure", type="image/png", title="De straat"),
                    Link(href=f"{site}/pixel.gif", rel="enclosure", type="image/gif"),
                ),
                summary=Text(value=text, type="html"),
                content=Content(value=f"{text}\n<p>De man is <b>aangehouden</b>.</p>"),
            ),
            Entry(
                id=f"{site}/?p=1187",
                title="Resultaten snelheidscontrole week 9: 1 204 bestuurders, < 5 % te snel",
                published=utc(2024, 3, 4, 7, 15),
                links=(Link(href=f"{site}/nieuws/controle-week-9", type="text/html"),),
                summary=Text(value="Verkeer; zonder opmaak.", type="html"),
            ),
            Entry(
                id=f"{site}/nieuws/zonder-titel",
                title="Politie zoekt getuigen van een ongeval op de Ringlaan. Bel 011 00 00 00.",
                links=(Link(href=f"{site}/nieuws/zonder-titel"),),
                summary=Text(
                    value="Politie zoekt getuigen van een ongeval op de Ringlaan. Bel 011 00 00 00.", type="html"
                ),
            ),
        ),
    )


def test_atom() -> None:
    """Atom 1.0: each title as its type says, xml:base, the page before the PDF, atom:source as origin."""
    site = "https://www.linde.example"
    assert canonical("atom.xml", f"{site}/nieuws.atom", "application/atom+xml") == Feed(
        id="tag:linde.example,2020:nieuws",
        title="Politie Linde",
        updated=utc(2024, 3, 5, 11, 0),
        subtitle="Alles wat de zone meldt",
        authors=(Person(name="Persdienst", uri=f"{site}/pers", email="pers@linde.example"),),
        links=(
            Link(href=f"{site}/nieuws/nieuws.atom", rel="self", type="application/atom+xml"),
            Link(href=f"{site}/", type="text/html"),
        ),
        rights="© Politie Linde",
        lang="nl-BE",
        entries=(
            Entry(
                id="tag:linde.example,2024:88",
                title="Het element <b> &amp; de rest",
                updated=utc(2024, 3, 5, 11, 0),
                published=utc(2024, 3, 5, 10, 30),
                authors=(Person(name="Inspecteur Jansens"),),
                contributors=(Person(name="Team Verkeer"),),
                categories=(Category(term="verkeer", scheme=f"{site}/themas", label="Verkeer"),),
                links=(
                    Link(href=f"{site}/nieuws/88", type="text/html", hreflang="nl"),
                    Link(href=f"{site}/nieuws/88.pdf", type="application/pdf"),
                    Link(
                        href=f"{site}/nieuws/88.jpg", rel="enclosure", type="image/jpeg", title="De brug", length=1024
                    ),
                ),
                summary=Text(value="Kort bericht."),
                content=Content(value=f'<p>Zie <a href="{site}/nieuws/kaart">de kaart</a>.</p>'),
                origin=Origin(
                    id="tag:federaal.example,2024:feed",
                    title="Federale politie",
                    updated=utc(2024, 3, 5, 9, 0),
                    links=(Link(href="https://www.federaal.example/feed", rel="self", type="application/atom+xml"),),
                    rights="Vrij",
                ),
                lang="nl-BE",
            ),
            Entry(
                id="tag:linde.example,2024:87",
                title="Fietsdieven & helers gevat",
                updated=utc(2024, 3, 4, 7, 0),
                links=(Link(href=f"{site}/87", type="text/html"),),
                content=Content(value="Regel een\nregel twee", type="text"),
                lang="nl-BE",
            ),
        ),
    )


def test_rdf() -> None:
    """RSS 1.0 in Latin-1, sent as text/xml without charset; dc:date without a zone is local and is the publication."""
    moment = utc(2024, 2, 28, 20, 10)
    link = "http://www.oudgemeente.example/n/3"
    found = canonical("rdf.xml", "http://www.oudgemeente.example/rdf", "text/xml")
    assert (found.id, found.title, found.subtitle) == (
        "http://www.oudgemeente.example/rdf",
        "Gemeente Oud-Lauw",
        "Nieuws",
    )
    assert found.entries == (
        Entry(
            id=link,
            title="Café Het Anker geëvacueerd",
            updated=moment,
            published=moment,
            categories=(Category(term="Brandweer"),),
            links=(Link(href=link, type="text/html"),),
            summary=Text(value="Een gasgeur in de kelder.", type="html"),
        ),
    )


def test_feed_of_the_former_police_platform() -> None:
    """Titles escaped before they were put in CDATA, a whole article as description, a guid that is a URL."""
    site = "http://www.lokalepolitie.example/5999"
    first, second = canonical("police-cms.xml", f"{site}/nieuws.rss").entries
    assert first == Entry(
        id=f"{site}/nieuws/2871-vernielde-autos",
        title='Vernielde auto\'s & fietsen: "wie zag iets?"',
        published=utc(2014, 6, 9, 6, 0),
        authors=(Person(name="Politie Voorbeek"),),
        links=(
            Link(href=f"{site}/nieuws/2871-vernielde-autos", type="text/html"),
            Link(href=f"{site}/files/nieuws/auto_thumb.jpg", rel="enclosure", type="image/jpeg"),
        ),
        summary=Text(
            type="html",
            value="<p>In de nacht van zaterdag op zondag werden voertuigen beschadigd.</p>"
            f'<p>Het gaat om <strong>elf</strong> auto\'s.<br><a href="{site}/contact">Contacteer ons</a>.</p>',
        ),
    )
    assert second.summary is None


@pytest.mark.parametrize(
    ("inner", "title"),
    [
        ("<title>AT&amp;amp;T</title>", "AT&T"),
        ("<title><![CDATA[Foto&amp;#039;s]]></title>", "Foto's"),
        ("<title>&lt;b&gt;Vet&lt;/b&gt; nieuws</title>", "Vet nieuws"),
        ("<title>Lengte &lt; 5 m</title>", "Lengte < 5 m"),
        ("<title/><description>x</description>", ""),
    ],
)
def test_titles_of_rss(inner: str, title: str) -> None:
    """RSS does not say whether a title is HTML: it is read as its writer meant it, escaped once or twice."""
    assert item(inner).title == title


def test_entry_has_the_link_that_works() -> None:
    """A permanent guid stands in for a missing or a useless link; a guid that is only an identity does not."""
    guid = "<guid>https://a.example/1</guid>"
    assert item(guid).link == "https://a.example/1"
    assert item(f"<link>javascript:alert(1)</link>{guid}").link == "https://a.example/1"
    assert item(f"<link>https://a.example/2</link>{guid}").link == "https://a.example/2"
    assert item("<guid>12345</guid>").link is None
    assert item("<guid>12345</guid>").id == "12345"
    assert item('<guid isPermaLink="false">https://a.example/1</guid>').link is None


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        ('<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/n/1/"/>{}</entry></feed>', "/feeds/kaart"),
        ('<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/b/"><entry>{}</entry></feed>', "/b/kaart"),
        ("<rss version='2.0'><channel><item><link>/n/1/</link>{}</item></channel></rss>", "/n/1/kaart"),
        ("<rss version='2.0' xml:base='/b/'><channel><item><link>/n/1/</link>{}</item></channel></rss>", "/b/kaart"),
    ],
)
def test_relative_links_in_texts(feed: str, expected: str) -> None:
    """xml:base counts first; without it Atom means its own address, and RSS the page of the item."""
    source = Source(id="s", zone="z", url="https://a.example/feeds/nieuws")
    text = '&lt;a href="kaart">k&lt;/a>'
    body = f'<content type="html">{text}</content>' if "Atom" in feed else f"<description>{text}</description>"
    entry = normalize(read(feed.format(body), source), base=source.url, now=NOW).entries[0]
    assert f'href="https://a.example{expected}"' in (entry.content or entry.summary or Text(value="")).value


def test_podcast_summary_is_no_content() -> None:
    """A second, shorter description is not taken for the full text; one that says more is."""
    short, long = "<itunes:summary>Kort</itunes:summary>", f"<itunes:summary>{'Lang ' * 30}</itunes:summary>"
    feed = '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><item>{}</item></channel></rss>'
    assert read(feed.format(f"<description>Iets meer tekst</description>{short}")).entries[0].content is None
    assert read(feed.format(f"<description>Iets</description>{long}")).entries[0].content is not None


def test_broken_xml_keeps_its_complete_items() -> None:
    """A feed cut in the middle of an item gives the items before it, and says so; with none before it is an error."""
    one, cut = "<item><title>heel</title></item>", "<item><title>hal"
    found = read(f'<rss version="2.0"><channel>{one}{one}{cut}')
    assert [entry.title for entry in found.entries] == ["heel", "heel"]
    assert found.problems == (
        "the XML is broken (no element found in line 1); 2 complete entries were kept, the cut one was left out",
    )
    with pytest.raises(ParseError, match=r"^the feed's XML is broken \(.*\) and holds no complete entry"):
        read(f'<rss version="2.0"><channel>{cut}')
    with pytest.raises(ParseError, match=r"holds no complete entry"):
        read('<rss version="2.0"><channel><title>hal')


def test_ill_formed_xml_keeps_everything() -> None:
    """An HTML entity or a stray ampersand breaks the XML but cuts no item."""
    found = read('<rss version="2.0"><channel><item><title>caf&eacute; & co</title></item></channel></rss>')
    assert [entry.title for entry in found.entries] == ["café & co"]
    assert "not well-formed" in found.problems[0]


def test_feed_without_entries_is_a_feed() -> None:
    """A well-formed feed may be empty."""
    assert read("<rss version='2.0'><channel><title>t</title></channel></rss>").entries == ()


@pytest.mark.parametrize(
    ("content", "media_type", "sentence"),
    [
        ("", RSS, r"answered with an empty document; open the address in a browser and correct url"),
        (" \n", RSS, r"answered with an empty document.*"),
        (
            "<!-- x --><!DOCTYPE html><html><head><title>Nieuws &amp; co</title></head></html>",
            HTML,
            r'answered with a web page titled "Nieuws & co", not a feed; if this is the news page itself, '
            r'set type = "page" and give \[sources\.page\] its selectors \(aggregator discover proposes them\), '
            r"else correct url",
        ),
        ("tekst", HTML, r"answered with a web page, not a feed; .*"),
        ('{"name": "x"}', "application/json", r"answered with JSON, not a feed: it names no version of JSON Feed; .*"),
        ("<?xml version='1.0'?><opml/>", "application/xml", r"answered with XML whose root is <opml>, not a feed; .*"),
        (b"%PDF-1.7 \xff", "application/pdf", r"answered with something of type application/pdf, not a feed; .*"),
        (
            "<html><head><title>Just a moment...</title></head><body>Enable JavaScript and cookies to continue",
            HTML,
            r'blocked by Cloudflare, which shows "Just a moment\.\.\.": ask the site to allow our User-Agent, .*',
        ),
    ],
)
def test_what_is_not_a_feed(content: bytes | str, media_type: str, sentence: str) -> None:
    """Each failure is one sentence: what came instead, and what to do."""
    with pytest.raises(ParseError, match=f"^{sentence}$"):
        read(content, media_type=media_type)


# -- anything -----------------------------------------------------------------

SEEDS = [path.read_bytes() for path in sorted(CORPUS.rglob("*.*ml"))]
MANGLED = st.builds(
    lambda seed, at, cut, junk: seed[:at] + junk + seed[at + cut :],
    st.sampled_from(SEEDS),
    st.integers(0, 4000),
    st.integers(0, 400),
    st.binary(max_size=12) | st.sampled_from([b"<", b"&", b"<item>", b"]]>", b"<!--", b"<![CDATA[", b'"', b"\0"]),
)


@settings(deadline=None)
@given(
    st.binary(max_size=200) | MANGLED,
    st.sampled_from([None, TEASERS, BADGES]),
    st.sampled_from([RSS, HTML, "text/xml", ""]),
)
def test_any_bytes_are_a_feed_or_one_error(content: bytes, selectors: Selectors | None, media_type: str) -> None:
    """Whatever comes, there is a feed whose normal form is stable, or one ParseError with a sentence."""
    source = Source(id="s", zone="z", url="https://a.example/", type="page" if selectors else "auto", page=selectors)
    try:
        found = read(content, source, media_type)
    except ParseError:
        return
    once = normalize(found, base=source.url, now=NOW)
    assert normalize(once, base=source.url, now=NOW) == once
