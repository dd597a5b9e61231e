"""The page behind an item: its text, its moment, and why it is not taken for the article when it is none."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model import Article, Content, Entry, Link, Response, Selectors, Source, Text
from aggregator.reading import with_article as read
from tests.pages import CORPUS, TZ, answer, stored, utc

ZONE = "https://www.politie.example/5998/nieuws"
TOWN = "https://www.lindedal.example/politiezones-werken-verder-samen"
BADGE = "https://www.politie-voorbeek.example/nl/news/detail/407/valse-loodgieter-actief"
SOURCE = Source(id="s", zone="z", url="https://a.example/lijst", article=Article())


def entry(title: str, url: str = "https://a.example/1", **more: object) -> Entry:
    return replace(Entry(id=url, title=title, links=(Link(href=url),)), **more)  # type: ignore[arg-type]


def shown(markup: str) -> Response:
    """The page behind the item at /1."""
    return answer(markup, "https://a.example/1")


def filled(response: Response, item: Entry, source: Source = SOURCE) -> Entry:
    return read(response, item, source, TZ.key)


def moment(head: str, body: str = "", listed: datetime | None = None, date: str | None = None) -> datetime | None:
    """When an article with this head and body says it was published."""
    page = f"<html><head>{head}</head><body><h1>Een titel van drie</h1>{body}<p>Tekst.</p></body></html>"
    source = replace(SOURCE, article=Article(date=date))
    return filled(shown(page), entry("Een titel van drie", published=listed), source).published


# -- the two layouts, and the town's ---------------------------------------------------


def test_article_of_a_zone() -> None:
    """The text without menu, breadcrumb, title and footer; links absolute; the moment of JSON-LD, not of the aside."""
    item = entry("Inbreker gevat dankzij alerte buur", f"{ZONE}/inbreker-gevat-dankzij-alerte-buur")
    assert filled(stored("zone-detail.html", f"{ZONE}/inbreker-gevat-dankzij-alerte-buur"), item) == replace(
        item,
        published=utc(2024, 5, 29, 6, 12),
        content=Content(
            value="<p>In de nacht van dinsdag op woensdag merkte een bewoner van de Kerkweg licht in het huis van zijn "
            "buren, die op reis zijn. Hij belde meteen <strong>101</strong>.</p>\n    <p>Een ploeg trof een man van 34 "
            "aan in de tuin. De onderzoeksrechter heeft hem aangehouden.</p>\n    <h3>Wat kunt u doen?</h3>\n    <ul>\n"
            "      <li>Laat een lamp branden als u weg bent.</li>\n      <li>Vraag "
            '<a href="https://www.politie.example/5998/vragen/vakantietoezicht">vakantietoezicht</a> aan.</li>\n    '
            "</ul>\n    <p>Ziet u iets verdachts? Bel dan altijd, ook als u twijfelt.</p>"
        ),
    )


LOODGIETER = (
    "<p>Een man belde dinsdag aan bij een hoogbejaarde vrouw in de Stationsstraat. Hij zei dat hij de waterleiding "
    "moest nakijken.</p>{0}<p>Terwijl de vrouw in de keuken de kraan openhield, nam hij juwelen mee uit de slaapkamer. "
    "Een <i>echte</i> loodgieter komt nooit onaangekondigd.</p>{0}<p>Meer tips staan op <a "
    'href="https://www.politie-voorbeek.example/nl/preventie/babbeltrucs">onze pagina over babbeltrucs</a>.</p>'
)


@pytest.mark.parametrize(
    ("settings", "between"),
    [
        (Article(strip=("^dringend 101$", "^niet dringend .*")), "\n    "),
        (Article(text="div.body"), "\n"),
        (Article(text="//h1 | //div[@class='body']"), "\n"),
    ],
)
def test_article_with_a_badge(settings: Article, between: str) -> None:
    """A banner and a badge above the title go; the badge is the date, of the year that fits; <base> resolves links."""
    item = entry("Valse loodgieter actief", BADGE)
    found = filled(stored("badge-detail.html", BADGE), item, replace(SOURCE, article=settings))
    content = Content(value=LOODGIETER.format(between))
    assert found == replace(item, published=utc(2024, 3, 19, 23, 0), content=content)


def test_article_of_a_town() -> None:
    """A line "Gepubliceerd op", before any date in the text and any <time> in the footer."""
    found = filled(stored("town-detail.html", TOWN), entry("Politiezones werken verder samen", TOWN))
    assert found.published == utc(2024, 1, 15, 6, 56)
    assert found.content == Content(
        value="<p>De politiezones van Voorbeek en Lindedal werken sinds vorig jaar samen: de "
        "dichtstbijzijnde patrouille rijdt uit. Op 1 maart 2024 beslist de raad over het vervolg.</p>\n    "
        "<p>Beide korpschefs onderzoeken ook hoe de diensten elkaar 's nachts kunnen helpen.</p>"
    )


# -- the moment ------------------------------------------------------------------------

LD = '<script type="application/ld+json">{}</script>'


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (LD.format('{"@type": "NewsArticle", "datePublished": "2024-05-01"}'), "", utc(2024, 4, 30, 22, 0)),
        (
            LD.format(
                '[{"@type": "WebPage", "datePublished": "2020-01-01"},'
                ' {"@type": "Article", "datePublished": "2024-05-01T08:00:00Z"}]'
            ),
            "",
            utc(2024, 5, 1, 8, 0),
        ),
        (LD.format('{"datePublished": "2024-05-01T08:00:00Z", broken'), "", utc(2024, 5, 1, 8, 0)),
        (LD.format('{"datePublished": {"x": 1}}'), "<p>Geplaatst op 2 mei 2024</p>", utc(2024, 5, 1, 22, 0)),
        ('<meta property="article:published_time" content="2024-05-01T10:00:00+02:00">', "", utc(2024, 5, 1, 8, 0)),
        ('<meta name="DC.date.issued" content="2024-05-01">', "", utc(2024, 4, 30, 22, 0)),
        ("", '<time itemprop="datePublished" datetime="2024-05-01T08:00:00Z">1 mei</time>', utc(2024, 5, 1, 8, 0)),
        ("", "<p>Publicatiedatum: 23/12/2023</p>", utc(2023, 12, 22, 23, 0)),
        ("", "<p>Gepubliceerd op vrijdag 22 juni 2018 11.36 u.</p>", utc(2018, 6, 22, 9, 36)),
        ("", "<p>Publié le 1er mai 2024</p>", utc(2024, 4, 30, 22, 0)),
        ("", "<p>Gepubliceerd op 20 mrt</p>", utc(2024, 3, 19, 23, 0)),
        ("", '<main><time datetime="2024-05-01T08:00:00Z">1 mei</time></main>', utc(2024, 5, 1, 8, 0)),
        ("", "<p>26.04.2024</p>", utc(2024, 4, 25, 22, 0)),
        ("", '<aside><time datetime="2024-05-01">1 mei</time></aside>', None),
        ("", "<p>Het feest is op zaterdag 20 april 2024 vanaf twee uur in de zaal.</p>", None),
        (LD.format('{"@type": "Article", "datePublished": "2031-05-01"}'), "", None),
    ],
)  # fmt: skip
def test_where_the_moment_is_said(head: str, body: str, expected: datetime | None) -> None:
    """JSON-LD, meta, microdata, a line that says so, <time>, a date by the title; not an event's, not the future."""
    assert moment(head, body) == expected


def test_the_operators_selector_goes_first() -> None:
    """What [sources.article].date finds is believed before everything else, as attribute, text or words."""
    head = LD.format('{"@type": "Article", "datePublished": "2020-01-01"}')
    body = '<p class="d" title="2024-05-02">3 mei 2024</p>'
    assert moment(head, body, date=".d") == utc(2024, 5, 2, 22, 0)
    assert moment(head, body, date="//p/@title") == utc(2024, 5, 1, 22, 0)
    assert moment(head, body, date=".weg") == utc(2019, 12, 31, 23, 0)


def test_the_list_and_the_article_agree() -> None:
    """What the article says outright goes before the list; of the same day the finer one; no guess goes over a date."""
    listed = utc(2024, 4, 30, 22, 0)
    assert moment("", "<p>Gepubliceerd op 28 april 2024</p>", listed) == utc(2024, 4, 27, 22, 0)
    assert moment("", "<p>Gepubliceerd op 1 mei 2024 om 9u30</p>", listed) == utc(2024, 5, 1, 7, 30)
    assert moment("", "<p>Gepubliceerd op 1 mei 2024</p>", utc(2024, 5, 1, 7, 0)) == utc(2024, 5, 1, 7, 0)
    assert moment("", "<p>Gepubliceerd op 20 mrt</p>", listed) == listed
    assert moment("", "<main><time datetime='2023-01-01'></time></main>", listed) == listed


def test_a_title_that_is_a_date_dates_it() -> None:
    """Where nothing else is said, the press releases of a day are of that day."""
    found = filled(shown("<h1>Persbericht 6 mei 2024</h1><p>Tekst.</p>"), entry("Persbericht 6 mei 2024"))
    assert found.published == utc(2024, 5, 5, 22, 0)


# -- the text --------------------------------------------------------------------------


def test_the_longer_text_is_kept() -> None:
    """A teaser that is the whole article is not repeated; an article that says less than its list is not taken."""
    page = "<h1>Titel</h1><p>Dit is de hele tekst van het bericht, en meer is er niet.</p>"
    whole = Text(value="Dit is de hele tekst van het bericht, en meer is er niet.")
    source = replace(SOURCE, article=Article(text="p"))
    assert filled(shown(page), entry("Titel", summary=whole), source).content is None
    teaser = Text(value="Dit is de hele tekst …")
    content = filled(shown(page), entry("Titel", summary=teaser), source).content
    assert content == Content(value="<p>Dit is de hele tekst van het bericht, en meer is er niet.</p>")
    longer = Content(value=f"<p>{'Langer ' * 30}</p>".replace(" </p>", "</p>"))
    assert filled(shown(page), entry("Titel", content=longer), source).content == longer


def test_a_hostile_text_is_harmless() -> None:
    """What was selected is sanitised like everything else; what stands behind it is not taken along."""
    page = (
        "<h1>Titel</h1><div id=t><p onclick=x()>Goed<script>x()</script> <a href=javascript:x()>zo</a></p></div>achter"
    )
    found = filled(shown(page), entry("Titel"), replace(SOURCE, article=Article(text="#t p")))
    assert found.content == Content(value="<p>Goed <a>zo</a></p>")
    words = filled(shown(page), entry("Titel"), replace(SOURCE, article=Article(text="//p/text()")))
    assert words.content == Content(value="<p>Goed</p><p> </p>") or words.content == Content(value="<p>Goed</p>")


def test_a_text_that_is_no_longer_there() -> None:
    """A selector that finds nothing is told, as for lists; one that is none as well."""
    with pytest.raises(ParseError, match=r'^the article no longer has "\.body"; .*\[sources\.article\]\.text$'):
        filled(shown("<h1>Titel</h1>"), entry("Titel"), replace(SOURCE, article=Article(text=".body")))
    with pytest.raises(ParseError, match=r'^\[sources\.article\]\.text = "p\[" is no valid CSS or XPath'):
        filled(shown("<h1>Titel</h1>"), entry("Titel"), replace(SOURCE, article=Article(text="p[")))


def test_patterns_take_out_whole_blocks() -> None:
    """A block of which the patterns leave nothing goes, line by line; one of which something is left stays whole."""
    page = "<h1>Titel</h1><div id=t><p>Bel 101<br>of 112</p><p>Bel 101 en wacht.</p><p>Dank.</p></div>"
    article = Article(text="#t", strip=("^Bel 101$", "^of \\d+$"))
    found = filled(shown(page), entry("Titel"), replace(SOURCE, article=article))
    assert found.content == Content(value="<p>Bel 101 en wacht.</p><p>Dank.</p>")
    of_list = replace(SOURCE, article=Article(text="#t"), page=Selectors(item="a", title="b", strip=("^Dank.$",)))
    assert "Dank" not in (filled(shown(page), entry("Titel"), of_list).content or Content(value="")).value


def test_the_declared_address_is_noted() -> None:
    """rel=canonical of the article; not where it is the address itself, nor a site's front page."""
    page = '<link rel=canonical href="{}"><h1>Titel</h1><p>Tekst.</p>'
    found = filled(shown(page.format("/echt")), entry("Titel"))
    assert found.links[1:] == (Link(href="https://a.example/echt", rel="canonical"),)
    assert filled(shown(page.format("/echt")), found).links == found.links
    for nothing in ("https://a.example/1", "/"):
        assert len(filled(shown(page.format(nothing)), entry("Titel")).links) == 1


def test_the_title_of_a_plain_sitemap_comes_from_the_article() -> None:
    """Where only the address is known, the article names itself; elsewhere the list's title stays."""
    page = '<meta property="og:title" content="Het echte bericht"><h1>Ander</h1><p>Tekst.</p>'
    item = entry("het bericht", "https://a.example/nieuws/het-bericht")
    sitemap = replace(SOURCE, type="sitemap")
    assert filled(shown(page), item, sitemap).title == "Het echte bericht"
    assert filled(shown(page), item, replace(SOURCE, type="feed")).title == "het bericht"


# -- what is no article ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "url", "media_type", "sentence"),
    [
        ("%PDF-1.7", "https://a.example/1", "application/pdf", r"answered with something .*/pdf, not an article"),
        ("<title>Welkom</title>", "https://a.example/", "text/html", r"leads to the site's front page"),
        ("<h1>Een bericht</h1>", "https://a.example/lijst/", "text/html", r"leads back to the list"),
        ("<h1>Pagina niet gevonden</h1>", "https://a.example/1", "text/html", r"leads to a page that does not show .*"),
        ("", "https://a.example/1", "text/html", r"answered with an empty page; .*"),
        ("<title>Just a moment...</title>", "https://a.example/1", "text/html", "blocked by Cloudflare, .*"),
    ],
)  # fmt: skip
def test_what_is_not_the_article(content: str, url: str, media_type: str, sentence: str) -> None:
    """A file, the front page, the list, an apology with status 200, a check for robots: nothing of it is taken."""
    with pytest.raises(ParseError, match=f"^{sentence}$"):
        filled(answer(content, url, media_type), entry("Een bericht over niets"))


def test_trafilatura_keeps_silent(caplog: pytest.LogCaptureFixture) -> None:
    """What it cannot read is no news for the log."""
    with caplog.at_level(logging.DEBUG):
        filled(shown("<title>Titel</title><body></body>"), entry("Titel"))
    assert caplog.records == []


SEEDS = [path.read_bytes() for path in sorted(CORPUS.glob("*-detail.html"))]


@settings(deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.integers(0, 3000),
    st.integers(0, 500),
    st.binary(max_size=9) | st.sampled_from([b"<", b"<p>", b"<!--", b"{", b"</script>"]),
    st.sampled_from([None, "p", "//p/text()"]),
)
def test_any_bytes_are_an_entry_or_one_error(seed: bytes, at: int, cut: int, junk: bytes, text: str | None) -> None:
    """Whatever comes, the entry keeps its identity, or there is one ParseError."""
    item = entry("Valse loodgieter actief", BADGE)
    source = replace(SOURCE, article=Article(text=text, strip=("^Bel 101.*",)))
    try:
        found = filled(answer(seed[:at] + junk + seed[at + cut :], BADGE), item, source)
    except ParseError:
        return
    assert (found.id, found.title, found.link) == (item.id, item.title, item.link)
