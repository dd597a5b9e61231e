from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import html, text

BASE = "https://www.politie.example/5375/nieuws/"

TAGS = (
    "p div b i em a ul li ol table tr td th h1 h4 h6 span font button svg math style script title noscript template "
    "blockquote select option textarea iframe pre form br img dl dt plaintext xmp caption colgroup"
)
ATTRIBUTES = (
    "href=/x|href='javascript:alert(1)'|href=' java\tscript:1'|onclick=alert(1)|style='display:none'|hidden|class=c|"
    "src=x onerror=alert(1)|href='data:text/html,<script>'|href=\"mailto:a@b.example\"|colspan=2|title='</p><script>'"
)
PIECES = st.one_of(
    st.sampled_from(TAGS.split()).map(lambda tag: f"<{tag}>"),
    st.sampled_from(TAGS.split()).map(lambda tag: f"</{tag}>"),
    st.builds(
        lambda tag, attr: f"<{tag} {attr}>", st.sampled_from(TAGS.split()), st.sampled_from(ATTRIBUTES.split("|"))
    ),
    st.sampled_from(
        ["&lt;script&gt;", "&nbsp;", "&#x202e;", "&amp;lt;", "<!--", "-->", "<![CDATA[", "]]>", "<", "&", "\x00"]
    ),
    st.text(st.characters(exclude_categories=()), max_size=8),
)
MARKUP = st.lists(PIECES, max_size=25).map("".join)
FORBIDDEN = re.compile(
    r"<(?:script|style|svg|math|iframe|img|form|template)|<[^>]*\s(?:on\w+|style|class)=|<[^>]*javascript:"
)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>Een <b>inbreker</b> is <em>gevat</em>.</p>", "<p>Een <b>inbreker</b> is <em>gevat</em>.</p>"),
        ("zonder opmaak & zo", "zonder opmaak &amp; zo"),
        ("<div>een</div><div>twee</div>", "<p>een</p><p>twee</p>"),
        ("<h1>Kop</h1><h6>kopje</h6>", "<h3>Kop</h3><h4>kopje</h4>"),
        ('<p class="x" style="color:red" onclick="alert(1)">a</p>', "<p>a</p>"),
        ("a<script>alert(1)</script><style>p{}</style><svg><a>x</a></svg>b", "ab"),
        ('a<img src="https://x.example/pixel.gif" alt="foto">b<iframe src=x>c</iframe>', "ab"),
        (
            '<a href="inbraak?a=1&amp;b=2">x</a>',
            '<a href="https://www.politie.example/5375/nieuws/inbraak?a=1&amp;b=2">x</a>',
        ),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href=" java&#9;script:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="mailto:tips@politie.example">m</a>', '<a href="mailto:tips@politie.example">m</a>'),
        ('<a href="tel:+32 11 27 95 79">t</a>', '<a href="tel:+3211279579">t</a>'),
        ("<p hidden>weg</p><p style='display: none'>weg</p><p>blijft</p>", "<p>blijft</p>"),
        ("<p>&nbsp;</p><p><br></p><ul><li></li></ul><p>x</p>", "<p>x</p>"),
        ('<p>x<a href="/y"><img src="z.jpg"></a></p>', "<p>x</p>"),
        ("<b>a</b> <b>b</b>", "<b>a</b> <b>b</b>"),
        ("10<sup>6</sup> m&sup2; 1&nbsp;200", "10<sup>6</sup> m² 1&nbsp;200"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("ab&#x202e;cd\u200b\x00", "abcd"),
        (
            '<table><tr><td colspan="2" rowspan="x">1</table>',
            '<table><tbody><tr><td colspan="2">1</td></tr></tbody></table>',
        ),
        ("<p><span><p>nest", "<p>nest</p>"),
    ],
)
def test_sanitize(markup: str, expected: str) -> None:
    """A small set of elements stays, links are absolute, text that is kept is never glued together."""
    assert html.sanitize(markup, BASE) == expected


def test_what_is_decoded_beside_the_hidden_is_no_override() -> None:
    """Where hidden elements are taken out, references become characters early; they are looked at all the same."""
    assert html.sanitize("<p style='display:none'>x<p>a&#x202e;b") == "<p>ab</p>"


def test_sanitize_drops_relative_links_without_a_base() -> None:
    """A link that leads nowhere is no link."""
    assert html.sanitize('<a href="/x">x</a>') == "<a>x</a>"


@settings(deadline=None)
@given(MARKUP)
def test_sanitize_is_safe_and_idempotent(markup: str) -> None:
    """Whatever goes in: nothing that runs, draws or hides comes out, and sanitising again changes nothing."""
    once = html.sanitize(markup, BASE)
    assert not FORBIDDEN.search(once)
    assert html.sanitize(once, BASE) == once
    assert html.sanitize(once) == once
    once.encode()


@settings(deadline=None)
@given(MARKUP)
def test_to_text_never_raises(markup: str) -> None:
    """Any markup has a text, which has no markup of its own making and is already clean."""
    found = html.to_text(markup)
    assert found == text.clean_block(found)


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<div>" * 100_000 + "tekst", id="depth"),
        pytest.param("<p>tekst</p>" + "<!--" * 250_000, id="comments"),
        pytest.param("tekst" + '<a "' * 100_000, id="quotes"),
        pytest.param("tekst<p>" + " <p>" * 150_000, id="paragraphs"),
        pytest.param("<b>" * 20_000 + "tekst", id="formatting"),
        pytest.param("tekst" + " hidden <p hidden>" * 20_000, id="hidden"),
        pytest.param("tekst" + "<br>" * 100_000 + "<p>&nbsp;</p>", id="breaks"),
        pytest.param("tekst" + "x" * 2_000_000, id="size"),
    ],
)
@pytest.mark.timeout(20)
def test_caps(markup: str) -> None:
    """Markup whose cost grows with the square of its size is cut down before a library sees it; the text stays."""
    assert "tekst" in html.sanitize(markup)
    assert "tekst" in html.to_text(markup)


def test_ordinary_depth_and_inline_images_cost_no_text() -> None:
    """The caps are for bombs: a hundred unclosed paragraphs or a photograph in base64 lose nothing."""
    assert html.sanitize("<p>alinea" * 300).count("<p>") == 300
    photo = f'<img src="data:image/png;base64,{"A" * 600_000}"><p>slot</p>'
    assert html.sanitize(photo) == "<p>slot</p>"


def test_output_beyond_the_cap_becomes_plain_text() -> None:
    """Escaping can multiply the size; the result is cut and still stable."""
    once = html.sanitize("&" * 300_000)
    assert len(once) <= html.MAX_SIZE
    assert html.sanitize(once) == once


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("", ""),
        ("a &lt;b&gt; c", "a <b> c"),
        ("<p>a &amp;lt; b</p>&amp;amp;", "a &lt; b\n\n&amp;"),
        ("<p>een</p><p>twee<br>drie</p>", "een\n\ntwee\ndrie"),
        ("<h3>Kop</h3><p>tekst</p><ul><li>a</li><li>b</li></ul>", "Kop\n\ntekst\n\n* a\n* b"),
        ("<div>een</div><div>twee</div>", "een\ntwee"),
        ("1&nbsp;200 en 1\u202f182 &#160;", "1\u00a0200 en 1\u202f182"),
        ("<title>t</title>a<script>x()</script><noscript>n</noscript><span hidden>weg</span>b", "ab"),
        ('<img src="x" alt="Blauw licht">tekst', "tekst"),
        (
            "<table><tr><td>Ham</td><td>12</td></tr><tr><td>Tessenderlo</td><td>7</td></tr></table>",
            "Ham 12\nTessenderlo 7",
        ),
        ('<?xml version="1.0" encoding="utf-8"?><p>x</p>', "x"),
    ],
)
def test_to_text(markup: str, expected: str) -> None:
    """Paragraphs are separated by blank lines; what a reader does not see is not text."""
    assert html.to_text(markup) == expected


@settings(deadline=None)
@given(MARKUP)
def test_words_are_those_of_the_text(markup: str) -> None:
    """For comparing, sanitised markup has the words that a reader reads, the numbers of lists apart."""
    clean = html.sanitize(re.sub(r"(?i)<(?=/?ol)", "<u", markup), BASE)
    assert text.fold(html.words(clean)) == text.fold(html.to_text(clean))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>een</p><p>twee</p>", "<div>een</div>twee"),
        ("een<br>twee", "<ul><li>een</li><li>twee</li></ul>"),
        ("<b>ee</b>n <a href='/x'>twee</a>", "een twee"),
        ("<table><tr><td>een</td><td>twee</td></tr></table>", "een twee"),
        ("een&nbsp;twee", "een twee"),
        ("<ol><li>een</li><li>twee</li></ol>", "<p>een</p><p>twee</p>"),
        ("<h2>Één &amp; twee</h2>", "één &#38; twee"),
        ("&lt;b&gt; een", "&lt;b> een"),
    ],
)
def test_words_do_not_depend_on_the_markup(one: str, other: str) -> None:
    """The same words in other elements are the same: blocks separate words, inline elements do not."""
    first, second = (text.fold(html.words(html.sanitize(markup, BASE))) for markup in (one, other))
    assert first == second


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<img src="a.jpg" alt="Een &quot;brug&quot;">', [("a.jpg", 'Een "brug"')]),
        ("<IMG ALT='groot > klein' data-src=x SRC = b.png >", [("b.png", "groot > klein")]),
        ("<img src=c.gif width=1 height='1'><img src=d.gif height=0px>", []),
        ("<img src=e.jpg width=100 height=30>", [("e.jpg", "")]),
        ("<!-- <img src=f.jpg> --><img alt=g><imgsrc=h.jpg>&lt;img src=i.jpg>", []),
        ('<a title="<img src=j.jpg>">k</a><img src="l.jpg?a=1&amp;b=2"/>', [("l.jpg?a=1&b=2", "")]),
        ("<img " + "a" * 200_000 + '<img "' * 50_000, []),
    ],
)
@pytest.mark.timeout(20)
def test_pictures(markup: str, expected: list[tuple[str, str]]) -> None:
    """The images of a text with their alternative texts, but none that only counts readers."""
    assert list(html.pictures(markup)) == expected


SENTENCES = "De politie heeft dhr. Peeters gehoord. Hij woont in Ham. Het onderzoek loopt verder."


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (300, SENTENCES),
        (70, "De politie heeft dhr. Peeters gehoord. Hij woont in Ham. …"),
        (50, "De politie heeft dhr. Peeters gehoord. …"),
        (36, "De politie heeft dhr. Peeters…"),
        (22, "De politie heeft dhr…"),
        (8, "De…"),
    ],
)
def test_excerpt(limit: int, expected: str) -> None:
    """Cut after a sentence when that leaves enough, else after a word; an abbreviation ends no sentence."""
    assert html.excerpt(SENTENCES, limit) == expected


@settings(deadline=None)
@given(st.text(), st.integers(10, 400))
def test_excerpt_keeps_to_its_limit(value: str, limit: int) -> None:
    """The ellipsis counts, and one long word is cut where it must be."""
    assert len(html.excerpt(value, limit)) <= limit


@pytest.mark.parametrize("markup", ["a &amp; &#1; b", "a &amp; &#xD83D; b", "<p>a &amp;</p>&#8;<b>b &amp; c</b>&#0;"])
def test_references_to_controls_are_no_text(markup: str) -> None:
    """What lxml takes out of a document it does not take back: no reason to fail."""
    assert html.to_text(markup).startswith("a &")


@pytest.mark.parametrize(
    ("host", "there"), [("caf\xe9.example", True), ("ww\u02dcple.example", False), ("\u0301x.example", False)]
)
def test_a_base_whose_host_cannot_be(host: str, there: bool) -> None:
    """What the sanitiser would not leave as a link is not made one by resolving it, so that nothing changes later."""
    found = html.sanitize('<a href="/contact">x</a>', f"https://{host}/")
    assert ("href" in found) == there
    assert html.sanitize(found) == found
