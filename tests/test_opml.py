"""OPML: other readers' lists taken in, the sources given out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.errors import ParseError
from aggregator.model import Config, Source, Stream, Zone
from aggregator.parse import opml
from aggregator.parse.opml import Outline, read
from aggregator.publish.opml import render

LIST = """<?xml version="1.0"?>
<opml version="2.0"><head><title>Mijn feeds</title></head><body>
  <outline text="Politie &amp; co">
    <outline text="Noord" type="rss" xmlUrl="https://noord.example/rss" htmlUrl="https://noord.example/"/>
    <outline title="Zuid" text="zuid" xmlUrl="HTTPS://zuid.example/atom"/>
    <outline text="Een pagina" type="link" url="https://oost.example/nieuws"/>
    <outline text="Weg" type="rss" xmlUrl="javascript:alert(1)"/>
    <outline text="Lijst" type="include" url="https://lijst.example/x.opml"/>
    <outline text="Een map in een map"><outline XMLURL="https://west.example/rss"/></outline>
  </outline>
  <outline text="Nog eens" xmlUrl="https://noord.example/rss"/>
</body></opml>"""


def test_a_list_is_read() -> None:
    """Feeds with the folder they stand in, pages apart; what cannot be used is told."""
    assert read(LIST.encode()) == (
        (
            Outline(title="Noord", url="https://noord.example/rss", folder="Politie & co"),
            Outline(title="Zuid", url="https://zuid.example/atom", folder="Politie & co"),
            Outline(title="Een pagina", url="https://oost.example/nieuws", folder="Politie & co", page=True),
            Outline(title="west.example", url="https://west.example/rss", folder="Een map in een map"),
        ),
        (
            "javascript:alert(1): not an http or https address",
            "https://lijst.example/x.opml: another list, which is not fetched; import it by itself",
            "https://noord.example/rss: stands there more than once",
        ),
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"is not XML: .*"),
        (b"<rss/>", r"is not OPML: its root is not <opml>"),
        (b"x" * (opml.MAX_SIZE + 1), r"is larger than 5 MB, which no list of feeds is"),
    ],
)
def test_what_is_no_list(content: bytes, sentence: str) -> None:
    """One sentence."""
    with pytest.raises(ParseError, match=f"^{sentence}$"):
        read(content)


def test_a_hostile_list_does_no_harm() -> None:
    """No entity multiplies itself or reads a file, no list is endless, a cut one gives what it has."""
    bomb = "<!DOCTYPE opml [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
    outlines, _ = read(
        f"{bomb}<opml><body><outline text='x&b;&f;' xmlUrl='https://a.example/'/></body></opml>".encode()
    )
    assert all("root:" not in outline.title and len(outline.title) < 60 for outline in outlines)
    many = "".join(f"<outline xmlUrl='https://a.example/{n}'/>" for n in range(10_010))
    outlines, problems = read(f"<opml><body>{many}</body></opml>".encode())
    assert (len(outlines), problems) == (10_000, ("holds more than 10000 outlines; the rest was not read",))
    outlines, problems = read(LIST[: LIST.index("<outline title")].encode())
    assert [outline.title for outline in outlines] == ["Noord"]
    assert problems == ("the XML is broken; what could be read was taken",)


CONFIG = Config(
    zones=(
        Zone(id="n", name="Noord & co", url="https://noord.example/"),
        Zone(id="z", name="Zuid"),
        Zone(id="l", name="Leeg"),
    ),
    sources=(
        Source(id="n-rss", zone="n", url="https://noord.example/rss?a=1&b=2", title="Nieuws"),
        Source(id="z-page", zone="z", url="https://zuid.example/nieuws", type="page"),
        Source(id="z-off", zone="z", url="https://zuid.example/uit", enabled=False),
    ),
    streams=(Stream(id="s", title="Samen"),),
)  # fmt: skip


def test_the_sources_are_given_out() -> None:
    """OPML 2.0: a folder a zone, feeds to subscribe to, pages as links; what is switched off is left out."""
    assert render(CONFIG).decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<opml version="2.0">\n'
        "  <head>\n"
        "    <title>Samen</title>\n"
        "  </head>\n"
        "  <body>\n"
        '    <outline text="Noord &amp; co">\n'
        '      <outline type="rss" text="Nieuws" title="Nieuws" xmlUrl="https://noord.example/rss?a=1&amp;b=2"'
        ' htmlUrl="https://noord.example/"/>\n'
        "    </outline>\n"
        '    <outline text="Zuid">\n'
        '      <outline type="link" text="z-page" url="https://zuid.example/nieuws"/>\n'
        "    </outline>\n"
        "  </body>\n"
        "</opml>\n"
    )


def test_what_is_given_out_is_taken_in() -> None:
    """Our own list reads back: addresses, titles, zones."""
    outlines, problems = read(render(CONFIG))
    assert problems == ()
    assert outlines == (
        Outline(title="Nieuws", url="https://noord.example/rss?a=1&b=2", folder="Noord & co"),
        Outline(title="z-page", url="https://zuid.example/nieuws", folder="Zuid", page=True),
    )
    assert etree.fromstring(render(CONFIG)).get("version") == "2.0"


CUT = st.builds(
    lambda at, junk: LIST.encode()[:at] + junk + LIST.encode()[at:], st.integers(0, 900), st.binary(max_size=9)
)


@given(st.binary(max_size=99) | CUT)
def test_any_bytes_are_a_list_or_one_error(content: bytes) -> None:
    """Whatever comes, there is a list or one ParseError."""
    urls: list[str] = []
    with suppress(ParseError):
        urls = [each.url for each in read(content)[0]]
    assert all(url.startswith(("http://", "https://")) for url in urls)


def test_a_reference_to_no_character_costs_nothing() -> None:
    """Half a pair of surrogates, or a control character, in a title is left out, and the list is read."""
    document = "<opml><body><outline text='a&#xD83D;&#xDE00;b&#xD83D;&#1;' xmlUrl='https://a.example/'/></body></opml>"
    (found,), _ = read(document.encode())
    assert (found.title, found.url) == ("a\U0001f600b", "https://a.example/")
