"""News pages without a feed: read by their selectors, or refused in a sentence that says what is no longer there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model import Entry, Feed, Link, Poll, Selectors, Source, Text
from aggregator.normalize import normalize
from aggregator.parse import parse
from aggregator.parse.page import emptied
from tests.pages import BADGES, CORPUS, HTML, NOW, TEASERS, TZ, answer, canonical, stored, utc


def page(markup: bytes | str, selectors: Selectors | None = None, media_type: str = HTML) -> Feed:
    source = Source(
        id="s",
        zone="z",
        url="https://www.politie.example/nieuws",
        type="page",
        page=selectors or Selectors(item="article", title="h2"),
    )
    return parse(answer(markup, source.url, media_type), source, TZ)


def read_stored(name: str, url: str, selectors: Selectors, key: str | None = None) -> Feed:
    """A page of the corpus in normal form."""
    source = Source(id="s", zone="z", url=url, type="page", key=key, page=selectors)
    return canonical(stored(name, url), source)


def test_page_of_teasers() -> None:
    """The common platform: alternative texts of pictures in the way, whole paragraphs as teaser, re-used titles."""
    url = "https://www.politie.example/5998/nieuws"
    found = read_stored("teasers.html", url, TEASERS)
    assert (found.id, found.title, found.lang, found.problems) == (url, "Nieuws | Politie Lindedal", "nl", ())
    assert found.links == (Link(href=url),)
    assert found.entries == (
        Entry(
            id="https://politie.example/5998/nieuws/inbreker-gevat",
            title="Inbreker gevat dankzij alerte buur",
            links=(Link(href=f"{url}/inbreker-gevat"),),
            summary=Text(
                value="In de nacht van dinsdag op woensdag merkte een bewoner van de Kerkweg licht in het huis "
                "van zijn buren.\n\nEen ploeg trof de verdachte aan in de tuin."
            ),
        ),
        Entry(
            id="https://politie.example/5998/nieuws/controle-64",
            title="Alcoholcontrole",
            links=(Link(href=f"{url}/controle-64"),),
            summary=Text(value="Van 86 bestuurders blies er één positief."),
        ),
        Entry(
            id="https://politie.example/5998/nieuws/controle-63",
            title="Alcoholcontrole",
            links=(Link(href=f"{url}/controle-63"),),
        ),
    )


def test_page_with_badges() -> None:
    """The other zone's own site: day and month without a year, an emergency banner, <base>, a link without www."""
    site = "https://www.politie-voorbeek.example/nl"
    found = read_stored("badges.html", f"{site}/news", BADGES)
    assert found.problems == ()
    assert found.entries == (
        Entry(
            id="https://politie-voorbeek.example/nl/news/detail/407/valse-loodgieter",
            title="Valse loodgieter actief",
            published=utc(2024, 3, 19, 23, 0),
            links=(Link(href=f"{site}/news/detail/407/valse-loodgieter"),),
            summary=Text(value="Een man belde aan bij een hoogbejaarde vrouw."),
        ),
        Entry(
            id="https://politie-voorbeek.example/nl/news/detail/372/fietsen",
            title="Fietsen laten labelen op 21 oktober",
            published=utc(2023, 10, 13, 22, 0),
            links=(Link(href=f"{site}/news/detail/372/fietsen"),),
            summary=Text(value="Breng uw fiets mee."),
        ),
        Entry(
            id="https://politie-voorbeek.example/nl/news/detail/341/bin",
            title="Buurt waakt mee",
            published=utc(2022, 11, 4, 23, 0),
            links=(Link(href="https://politie-voorbeek.example/nl/news/detail/341/bin"),),
        ),
    )


GOOD = '<article><h2><a href="/1">Een</a></h2></article>'
UNTITLED = '<article><h2></h2><a href="/2"><img alt="Blauw licht"></a></article>'
UNLINKED = "<article><h2>Drie</h2><a href='javascript:x()'>x</a></article>"


@pytest.mark.parametrize(
    ("markup", "selectors", "sentence"),
    [
        ("", None, r"answered with an empty page; .*"),
        (
            "<p>verbouwd</p>",
            None,
            r'the page no longer has "article" \(item\); open it in a browser and correct \[sources\.page\]\.item',
        ),
        (GOOD, Selectors(list="#lijst", item="article", title="h2"), r'the page no longer has "#lijst" \(list\); .*'),
        (
            UNTITLED + GOOD,
            None,
            r'1 of the 2 items have no title \("h2"\); .* correct \[sources\.page\]\.title, or item .*',
        ),
        (
            UNLINKED * 2 + GOOD,
            None,
            r'2 of the 3 items have no link \("a"\); .* correct \[sources\.page\]\.link, or item .*',
        ),
        (
            GOOD,
            Selectors(item="article", title="h2", min_items=3),
            r"the page has 1 items, fewer than min_items = 3; .*",
        ),
        (
            GOOD,
            Selectors(item="article[", title="h2"),
            r'\[sources\.page\]\.item = "article\[" is no valid CSS or XPath: .*',
        ),
        (GOOD, Selectors(item="//article[", title="h2"), r"\[sources\.page\]\.item = .* is no valid CSS or XPath: .*"),
        (
            "<title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x></script>",
            None,
            r'blocked by Cloudflare, which shows "Just a moment\.\.\.": .*',
        ),
    ],
)
def test_page_that_breaks_the_contract(markup: str, selectors: Selectors | None, sentence: str) -> None:
    """A page that is not as described is a failure that names the selector, never an empty feed."""
    with pytest.raises(ParseError, match=f"^{sentence}$"):
        page(markup, selectors)


def test_page_whose_list_is_empty() -> None:
    """A list that is there and holds nothing is no news, and no failure."""
    assert page('<div id="lijst"></div>', Selectors(list="#lijst", item="article", title="h2")).entries == ()


def test_page_leaves_out_what_is_no_item() -> None:
    """What has neither title nor link is an advertisement and is mentioned; the same item twice is one."""
    found = page(GOOD * 2 + GOOD.replace("/1", "/4") + "<article><p>Adverteer hier</p></article>")
    assert [entry.link for entry in found.entries] == ["https://www.politie.example/1", "https://www.politie.example/4"]
    assert found.problems == ("1 of 4 items have neither title nor link and were left out",)


def test_read_more_is_nobodys_title() -> None:
    """Where a rebuilt page lost its headings, the words of the links do not stand in when they are all the same."""
    more = '<article><p>Bericht</p><a href="/{}">Lees meer</a></article>'
    with pytest.raises(ParseError, match=r"^2 of the 2 items have no title"):
        page(more.format(1) + more.format(2))


def test_the_picture_of_an_item_is_not_its_title() -> None:
    """A title selector may find the picture's link first, which has no words."""
    markup = '<article><a href="/1"><img alt="Blauw licht"></a><h2><a href="/1">Een</a></h2></article>'
    assert page(markup, Selectors(item="article", title="a")).entries[0].title == "Een"


def test_page_says_which_dates_it_cannot_read() -> None:
    """An unread date is a problem in words, not a failure."""
    found = page(
        f"{GOOD}<article><h2><a href=/2>Twee</a></h2><i>ooit</i></article>",
        Selectors(item="article", title="h2", date="i"),
    )
    assert found.problems == ('2 of 2 items have no date that can be read ("i"), for example "ooit"',)


@pytest.mark.parametrize(
    "selectors",
    [
        Selectors(item="article", title="h2"),
        Selectors(item="//article", title=".//h2", link=".//a/@href"),
        Selectors(item="//article", title="//h2/text()", link="//a"),
        Selectors(item="h2", title="a", link="a::attr(href)"),
        Selectors(item="article a", title="span.absent"),
        Selectors(item="(//article)[1]", title="h2", link="h2"),
    ],
)
def test_selectors_are_css_or_xpath(selectors: Selectors) -> None:
    """Elements, texts and attributes can be named in either language; a path never leaves its item."""
    found = page(GOOD + "<article><h2><a href='/9'>Negen</a></h2></article>", selectors)
    assert (found.entries[0].title, found.entries[0].link) == ("Een", "https://www.politie.example/1")


def test_machine_readable_date_goes_first() -> None:
    """<time datetime> is believed before its words; words are read when it cannot be."""
    markup = "<article><h2><a href=/1>Een</a></h2><time datetime='{}'>5 maart 2024</time></article>"
    selectors = Selectors(item="article", title="h2", date="time")
    assert page(markup.format("2024-03-05T10:00:00+01:00"), selectors).entries[0].published == utc(2024, 3, 5, 9, 0)
    assert page(markup.format("ooit"), selectors).entries[0].published == utc(2024, 3, 4, 23, 0)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("<article><h2><a href=/1>Café</a></h2></article>".encode(), "text/html; charset=iso-8859-1"),
        ("<article><h2><a href=/1>Café</a></h2></article>".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ("<meta charset=latin1><article><h2><a href=/1>Café</a></h2></article>".encode("latin-1"), "text/html"),
        ("<article><h2><a href=/1>Café</a></h2></article>".encode("cp1252"), "text/html; charset=utf-8"),
        ("<article><h2><a href=/1>Café</a></h2></article>".encode("utf-16"), "text/html; charset=nonsense"),
    ],
)
def test_encodings_that_lie(content: bytes, media_type: str) -> None:
    """Valid UTF-8 is UTF-8 whatever is declared; what is not is read as declared, or as the old default."""
    assert page(content, media_type=media_type).entries[0].title == "Café"


def test_auto_reads_a_page_where_it_has_selectors() -> None:
    """A source of type auto is a feed, unless a page comes and the source says how to read it."""
    source = Source(id="s", zone="z", url="https://a.example/", page=Selectors(item="article", title="h2"))
    assert parse(answer(f"<!doctype html>{GOOD}"), source, TZ).entries[0].title == "Een"
    feed = '<rss version="2.0"><channel><item><title>x</title></item></channel></rss>'
    assert parse(answer(feed), source, TZ).entries[0].title == "x"
    with pytest.raises(ParseError, match=r"^answered with a web page"):
        parse(answer(f"<!doctype html>{GOOD}"), replace(source, page=None), TZ)
    with pytest.raises(ParseError, match=r"needs a table \[sources\.page\]"):
        parse(answer(GOOD), replace(source, page=None, type="page"), TZ)


# -- the two layouts ----------------------------------------------------------

ZONE = Selectors(list=".view-news .view-content", item="article", title="h2", link="h2 a", summary=".field--name-body")
BADGE = Selectors(
    list="#content .list",
    item=".row",
    title="h3",
    link="h3 a",
    date=".badge",
    summary="p",
    strip=("^dringend 101$", "^niet dringend .*"),
)


def test_zone_list() -> None:
    """The common platform: whole articles as teasers, alternative texts in the way, no dates but one in a title."""
    url = "https://www.politie.example/5998/nieuws"
    found = read_stored("zone-list.html", url, ZONE, r"/nieuws/(?P<key>[^/?#]+)$")
    identity = url.replace("www.", "")
    assert found == Feed(
        id=url,
        title="Nieuws | Lokale Politie Lindedal",
        links=(Link(href=url),),
        lang="nl",
        entries=(
            Entry(
                id=f"{identity}/inbreker-gevat-dankzij-alerte-buur",
                title="Inbreker gevat dankzij alerte buur",
                links=(Link(href=f"{url}/inbreker-gevat-dankzij-alerte-buur"),),
                summary=Text(
                    value="In de nacht van dinsdag op woensdag merkte een bewoner van de Kerkweg licht in het huis "
                    "van zijn buren, die op reis zijn. Hij belde meteen 101.\n\nEen ploeg trof een man van 34 aan in "
                    "de tuin. De onderzoeksrechter heeft hem aangehouden.\n\nZiet u iets verdachts? Bel dan altijd, "
                    "ook als u twijfelt."
                ),
            ),
            Entry(
                id=f"{identity}/alcohol-en-drugscontroles-64",
                title="Alcohol- en drugscontroles",
                links=(Link(href=f"{url}/alcohol-en-drugscontroles-64"),),
                summary=Text(value="Van de 1.182 gecontroleerde bestuurders bliezen er vijf positief."),
            ),
            Entry(
                id=f"{identity}/alcohol-en-drugscontroles-63",
                title="Alcohol- en drugscontroles",
                links=(Link(href=f"{url}/alcohol-en-drugscontroles-63"),),
            ),
            Entry(
                id=f"{identity}/persbericht-maandag-6-mei-2024",
                title="Persbericht maandag 6 mei 2024",
                published=utc(2024, 5, 5, 22, 0),
                links=(Link(href=f"{url}/persbericht-maandag-6-mei-2024"),),
                summary=Text(
                    value="Zaterdagavond stopte een ploeg een bestuurder die zonder licht reed op de Ringlaan.\n\n"
                    "* zijn wagen was niet gekeurd\n* zijn rijbewijs was ingetrokken"
                ),
            ),
        ),
    )


def test_badge_list() -> None:
    """The other platform: badges without a year, an item pinned above newer ones, one out of order, a banner."""
    url = "https://www.politie-voorbeek.example/nl/news"
    found = read_stored("badge-list.html", url, BADGE, r"/detail/(?P<key>\d+)")
    assert found == Feed(
        id=url,
        title="Nieuws - Politie Voorbeek/Hamel/Tessel",
        links=(Link(href=url),),
        lang="nl",
        entries=tuple(
            Entry(
                id=f"https://politie-voorbeek.example/nl/news/detail/{path}",
                title=title,
                published=published,
                links=(Link(href=f"https://{host}/nl/news/detail/{path}"),),
                summary=Text(value=summary) if summary else None,
            )
            for host, path, title, published, summary in (
                (
                    "www.politie-voorbeek.example",
                    "372/gratis-fietsgraveren",
                    "Gratis fietsgraveren",
                    utc(2023, 10, 17, 22, 0),
                    "Laat uw fiets graveren in het commissariaat.",
                ),
                (
                    "www.politie-voorbeek.example",
                    "411/motards-controleren-zwaar-verkeer",
                    "Motards controleren zwaar verkeer",
                    utc(2024, 5, 21, 22, 0),
                    "Op de N72 zijn 38 vrachtwagens gecontroleerd.",
                ),
                (
                    "www.politie-voorbeek.example",
                    "410/opendeurdag",
                    "Opendeurdag op 8 juni",
                    utc(2024, 5, 24, 22, 0),
                    "Kom kijken hoe wij werken.",
                ),
                (
                    "www.politie-voorbeek.example",
                    "407/valse-loodgieter-actief",
                    "Valse loodgieter actief",
                    utc(2024, 3, 19, 23, 0),
                    "Een man belde aan bij een hoogbejaarde vrouw.",
                ),
                (
                    "www.politie-voorbeek.example",
                    "374/buurt-waakt-mee",
                    "Buurt waakt mee",
                    utc(2023, 11, 4, 23, 0),
                    "",
                ),
                (
                    "politie-voorbeek.example",
                    "341/hacking",
                    "Hacking: wees alert",
                    utc(2023, 4, 20, 22, 0),
                    "Klik niet op de link.",
                ),
                (
                    "www.politie-voorbeek.example",
                    "272/infoavond",
                    "Infoavond op 21 oktober",
                    utc(2021, 10, 13, 22, 0),
                    "Iedereen is welkom.",
                ),
                (
                    "www.politie-voorbeek.example",
                    "251/jaarverslag",
                    "Jaarverslag",
                    utc(2021, 2, 14, 23, 0),
                    "Het jaarverslag van 2020 is klaar.",
                ),
            )
        ),
    )


def test_further_pages_continue_the_list() -> None:
    """Items of further pages follow in order, each once although paging moved; a page that is not right is told."""
    source = Source(
        id="s", zone="z", url="https://a.example/n", type="page", page=Selectors(item="article", title="h2", date="i")
    )
    item = "<article><h2><a href=/{0}>Bericht {0}</a></h2><i>{1}</i></article>"
    first = item.format(3, "20 mrt") + item.format(2, "14 okt")
    second = item.format(2, "14 okt") + item.format(1, "5 nov")
    found = parse(
        answer(first, source.url),
        source,
        TZ,
        (answer(second, f"{source.url}?page=1"), answer("<p>weg</p>", f"{source.url}?page=2")),
    )
    assert [(entry.title, entry.published) for entry in found.entries] == [
        ("Bericht 3", utc(2024, 3, 19, 23, 0)),
        ("Bericht 2", utc(2023, 10, 13, 22, 0)),
        ("Bericht 1", utc(2022, 11, 4, 23, 0)),
    ]
    assert [problem.partition(";")[0] for problem in found.problems] == [
        'https://a.example/n?page=2: the page no longer has "article" (item)'
    ]


# -- anything -----------------------------------------------------------------

SEEDS = [path.read_bytes() for path in sorted(CORPUS.iterdir())]
MANGLED = st.builds(
    lambda seed, at, cut, junk: seed[:at] + junk + seed[at + cut :],
    st.sampled_from(SEEDS),
    st.integers(0, 6000),
    st.integers(0, 600),
    st.binary(max_size=12) | st.sampled_from([b"<", b"&", b"<article>", b"<!--", b"<script>", b'"', b"\0"]),
)


@settings(deadline=None)
@given(st.binary(max_size=200) | MANGLED, st.sampled_from([TEASERS, BADGES, ZONE, BADGE]), st.binary(max_size=50))
def test_any_bytes_are_a_feed_or_one_error(content: bytes, selectors: Selectors, more: bytes) -> None:
    """Whatever comes, on whatever page, there is a feed whose normal form is stable, or one ParseError."""
    source = Source(id="s", zone="z", url="https://a.example/", type="page", key=r"/(?P<key>\d+)", page=selectors)
    try:
        once = canonical(answer(content), source, answer(more))
    except ParseError:
        return
    assert normalize(once, base=source.url, now=NOW) == once


def test_a_list_that_has_become_empty() -> None:
    """Empty is fine where there was never anything; where there was, it is said until there is something again."""
    empty, full = Feed(id="f", title="t"), Feed(id="f", title="t", entries=(Entry(id="1", title="x"),))
    last = Poll(source="s", url="u", at=NOW, next_poll=NOW, status="ok")
    assert emptied(empty, None) == emptied(empty, last) == emptied(full, replace(last, entries=3)) == ()
    (said,) = emptied(empty, replace(last, entries=12, problems=("something else",)))
    assert said == (
        "is there, and empty (12 entries at the poll before); open it in a browser: was it rebuilt, or did it move?"
    )
    assert emptied(empty, replace(last, entries=0, problems=("something else", said))) == (said,)
    assert emptied(full, replace(last, entries=0, problems=(said,))) == ()


@pytest.mark.parametrize("wanted", ["(//a)=1", "(1+count(//a))"])
def test_a_selector_that_finds_a_value(wanted: str) -> None:
    """XPath can also count and compare; the operator is told that this is no selector."""
    with pytest.raises(ParseError, match=r'item = ".*" is no valid CSS or XPath: it finds a value'):
        page("<article><h2><a href='/1'>x</a></h2></article>", Selectors(item=wanted, title="h2"))


def test_a_page_that_nests_too_deep() -> None:
    """What stands above the depth that the parser allows is read, and no library says a word."""
    item = "<article><h2><a href='/1'>Bericht</a></h2></article>"
    found = page(f"<html><body>{item}{'<div>' * 5000}<article>", Selectors(item="article", title="h2"))
    assert [entry.title for entry in found.entries] == ["Bericht"]
