"""The corpus of feeds: each format and each fault, with everything that is to be read from it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.cli.read import as_json
from aggregator.cli.reading import Read
from aggregator.errors import ParseError
from aggregator.match import same_entry, sightings
from aggregator.merge import fold
from aggregator.model import Feed, Match, Response, Source
from aggregator.normalize import normalize
from aggregator.parse import parse
from aggregator.publish import Shelf, atom
from tests.stories import CONFIG, STREAM, fortnight
from tests.stories import NOW as STORIES_NOW

TZ = ZoneInfo("Europe/Brussels")
NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
SOURCE = Source(id="read", zone="z", url="https://www.voorbeek.example/map/feed.xml")
CORPUS = Path(__file__).parent / "corpus" / "parse" / "feeds"
ITUNES = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
DOCUMENTS = sorted(CORPUS.glob("*.xml"))


def read(content: bytes, media_type: str = "", now: datetime = NOW) -> Feed:
    """What a document is after normalising."""
    headers = {"content-type": media_type} if media_type else {}
    answer = Response(url=SOURCE.url, status=200, headers=headers, content=content, date=now)
    return normalize(parse(answer, SOURCE, TZ), base=answer.url, now=now)


def expected(path: Path, found: dict[str, Any]) -> dict[str, Any]:
    """What stands beside a document; ``GOLDEN=write`` writes it anew, to be looked at."""
    beside = path.with_suffix(".json")
    if os.environ.get("GOLDEN") == "write":
        beside.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    whole: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
    return whole


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_corpus(path: Path) -> None:
    """Each document is read as the JSON beside it says, to the last field."""
    found = as_json(Read(path.name, read(path.read_bytes())), SOURCE)
    assert found == expected(path, found)


def test_every_expectation_has_its_document() -> None:
    """No JSON is left of a document that went, and the corpus covers every format by name."""
    assert {path.stem for path in CORPUS.glob("*.json")} == {path.stem for path in DOCUMENTS}
    formats = {"rss-0.90", "rss-0.91", "rss-0.92", "rss-1.0", "atom-0.3", "atom-1.0", "cdf"}
    assert formats <= {path.stem for path in DOCUMENTS}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("media_type", ["text/html", "application/octet-stream", "text/plain; charset=us-ascii"])
def test_what_a_server_calls_it_does_not_matter(path: Path, media_type: str) -> None:
    """A feed under another media type has the same entries, with the same identities and dates."""
    found, meant = read(path.read_bytes(), media_type), read(path.read_bytes())
    assert [(one.id, one.published) for one in found.entries] == [(one.id, one.published) for one in meant.entries]


def test_for_others_feedparser_stays_as_it_is() -> None:
    """Our mended parsers are used by our own reading only."""
    document = b"<rss version='2.0'><channel><item><pubDate>2 Jan 2024 10:00 GMT</pubDate></item></channel></rss>"
    assert feedparser.parse(document).entries[0].published_parsed.tm_year == 2024
    assert feedparser.parse(b"<channel href='https://a.example/'><item href='/1'/></channel>").version == ""


def item(inner: str, around: str = "") -> Feed:
    return read(f'<rss version="2.0" {around}><channel><title>t</title><item>{inner}</item></channel></rss>'.encode())


@pytest.mark.parametrize(
    ("written", "name", "email"),
    [
        ("info@politie.example", "info@politie.example", "info@politie.example"),
        ("info@politie.example (Persdienst)", "Persdienst", "info@politie.example"),
        ("Persdienst &lt;info@politie.example&gt;", "Persdienst", "info@politie.example"),
        ("mailto:info@politie.example", "info@politie.example", "info@politie.example"),
        ("Jan &amp;amp; An", "Jan & An", None),
    ],
)
def test_authors_of_rss(written: str, name: str, email: str | None) -> None:
    """RSS writes name and address in one line, in either order."""
    (person,) = item(f"<author>{written}</author><title>x</title>").entries[0].authors
    assert (person.name, person.email) == (name, email)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A &amp;amp; B", "A & B"),
        ("A &amp;amp;amp; B", "A &amp; B"),
        ("&amp;lt;b&amp;gt; is vet", "<b> is vet"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Titel", "Titel"),
        ("<![CDATA[<svg onload=alert(1)>x</svg>Titel]]>", "Titel"),
        ("1 &lt; 2 &gt; 0", "1 < 2 > 0"),
        ("Foto&amp;amp;#039;s &amp;amp;quot;nieuw&amp;amp;quot;", 'Foto\'s "nieuw"'),
        ("Q&amp;A", "Q&A"),
        ("prijs &amp;euro; 5", "prijs € 5"),
    ],
)
def test_titles_are_decoded_once_for_each_layer(written: str, title: str) -> None:
    """XML's entities once, then HTML's once; only what nobody writes to be read is decoded a second time."""
    assert item(f"<title>{written}</title><guid>1</guid>").entries[0].title == title


def test_one_impossible_address_costs_one_address() -> None:
    """An address that urllib refuses with a ValueError leaves the entry and its neighbours as they are."""
    found = read(
        b"<rss version='2.0' xml:base='http://[x'><channel><item><title>a</title><link>http://[fout/1</link></item>"
        b"<item><title>b</title><link>https://b.example:port/</link><comments>http://[</comments></item>"
        b"<item><title>c</title><link>https://c.example/1</link></item></channel></rss>"
    )
    assert [(entry.title, entry.link) for entry in found.entries] == [
        ("a", None),
        ("b", None),
        ("c", "https://c.example/1"),
    ]


def test_a_description_of_the_whole_is_not_a_caption() -> None:
    """media:description is the text of an entry that has no other, and the caption of the picture it stands in."""
    media = 'xmlns:media="http://search.yahoo.com/mrss/"'
    whole = item("<title>x</title><media:group><media:description>Film</media:description></media:group>", media)
    assert whole.entries[0].summary is not None
    picture = (
        '<media:content url="https://a.example/1.jpg"><media:description>De brug</media:description></media:content>'
    )
    captioned = item(f"<title>x</title>{picture}", media).entries[0]
    assert (captioned.summary, captioned.links[0].title) == (None, "De brug")


def test_our_own_feed_gives_the_stories_back() -> None:
    """What we publish as Atom is read as the same stories: id, title, text, dates, address, zones, lead's source."""
    stories = fortnight()
    whole = [found for found in (story.within(tuple(zone.id for zone in CONFIG.zones)) for story in stories) if found]
    shelf = Shelf(config=CONFIG, stream=STREAM, stories=whole, changed=STORIES_NOW)
    content = atom.document(shelf).content
    found = {entry.id: entry for entry in read(content, now=STORIES_NOW).entries}
    assert set(found) == {story.id for story in whole}
    for story in whole:
        entry, lead = found[story.id], story.lead.entry
        assert (entry.title, entry.published, entry.updated) == (lead.title, story.published, story.updated)
        assert entry.link == lead.link
        assert {category.term for category in entry.categories} >= set(story.zones)
        assert [link for link in entry.links if link.rel == "enclosure"] == [
            link for link in lead.links if link.rel == "enclosure"
        ]


def test_a_date_that_is_missing_or_ahead_is_taken_once() -> None:
    """An entry without a date, or with one to come, counts from when it was first seen, however often it is read."""
    content = (
        b"<rss version='2.0'><channel><item><guid>1</guid><title>ooit</title></item><item><guid>2</guid>"
        b"<title>straks</title><pubDate>Tue, 01 Jan 2030 00:00:00 GMT</pubDate></item></channel></rss>"
    )
    later = NOW + timedelta(days=3)
    first, again = (sightings(read(content, now=now), SOURCE, now, TZ) for now in (NOW, later))
    for one, other in zip(first, again, strict=True):
        story = fold(None, Match(sighting=one, story="tag:x", rule="first"), NOW, same=same_entry)
        refetched = fold(story, Match(sighting=other, story="tag:x", rule="guid"), later, same=same_entry)
        assert (one.published, story.published) == (NOW, NOW)
        assert refetched.members[0].sighting.published == NOW
        assert refetched == story


SEEDS = [path.read_bytes() for path in DOCUMENTS]
LEAK = re.compile(r"<(?:script|style|svg|math|iframe|img|form|object)\b|<[^>]*\son\w+=|<[^>]*href=.?javascript:", re.I)
JUNK = st.binary(max_size=12) | st.sampled_from(
    [
        b"<",
        b"&",
        b"<item>",
        b"</item>",
        b"]]>",
        b"<!--",
        b"<![CDATA[",
        b'"',
        b"\0",
        b"\xff\xfe",
        b"<img src=x>",
        b"&#0;",
    ]
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A document of the corpus, hurt in a few places."""
    content = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at, cut = draw(st.integers(0, len(content))), draw(st.integers(0, 200))
        content = content[:at] + draw(JUNK) + content[at + cut :]
    return content


def leaks(found: Feed) -> list[str]:
    """Markup that runs, draws or hides in what is HTML; anything but http(s) among the links."""
    texts = [
        part.value for entry in found.entries for part in (entry.summary, entry.content) if part and part.type == "html"
    ]
    links = [link.href for entry in found.entries for link in entry.links]
    return [value for value in texts if LEAK.search(value)] + [href for href in links if not href.startswith("http")]


def attempt(content: bytes, media_type: str) -> Feed | str:
    try:
        return read(content, media_type)
    except ParseError as error:
        return str(error)


@settings(deadline=None, max_examples=400)
@given(mangled(), st.sampled_from(["application/rss+xml", "text/html", "text/xml; charset=latin-1", ""]))
def test_a_hurt_feed_is_a_feed_or_one_error(content: bytes, media_type: str) -> None:
    """Whatever is left of a document: a feed in its stable normal form that leaks nothing, or one sentence."""
    found = attempt(content, media_type)
    if isinstance(found, str):
        assert len(found.splitlines()) == 1
        return
    assert normalize(found, base=SOURCE.url, now=NOW) == found
    assert leaks(found) == []
    json.dumps(as_json(Read("x", found), replace(SOURCE))).encode()
    assert asdict(found)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("a &#xD83D;&#xDE00; b", "a \U0001f600 b"),
        ("a &#55357;&#56832; b", "a \U0001f600 b"),
        ("a &amp;#xD83D;&amp;#xde00; b", "a \U0001f600 b"),
        ("a &#xD83D; b", "a b"),
        ("a &#xDE00;&#xD83D; b", "a b"),
        ("a &#0;&#x1f;&#xFFFE;&#x110000;&#99999999999999999999; b", "a b"),
        ("a &#9;&#x20AC; b", "a € b"),
    ],
)
def test_references_to_no_character_cost_nothing_else(written: str, title: str) -> None:
    """A pair of surrogates is the character that it stands for, what no character is goes, the entries stay."""
    found = read(f"<rss version='2.0'><channel><item><title>{written}</title></item></channel></rss>".encode())
    assert [entry.title for entry in found.entries] == [title]
    assert found.problems == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("declared", ["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-16'?>"])
@pytest.mark.parametrize("media_type", ["", "text/xml; charset=utf-16", "text/xml; charset=iso-8859-1"])
def test_wide_encodings(encoding: str, declared: str, media_type: str) -> None:
    """The first bytes say what UTF it is, whatever header and declaration say; a reference to no character included."""
    document = (
        f"{declared}<rss version='2.0'><channel><item><title>Één &#xD83D;&#xDE00;\x0b</title></item></channel></rss>"
    )
    assert [entry.title for entry in read(document.encode(encoding), media_type).entries] == ["Één \U0001f600"]


@pytest.mark.parametrize("media_type", ["", "text/xml; charset=iso-8859-1", "text/html; charset=windows-1252"])
@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "us-ascii", "utf-16"])
def test_what_is_valid_utf_8_is_utf_8(media_type: str, declared: str) -> None:
    """A server that calls everything Latin-1 spoils no text, and a cut within a character changes nothing."""
    document = f"<?xml version='1.0' encoding='{declared}'?><rss version='2.0'><channel><item><title>café “x” €</title>"
    whole = document.encode() + b"</item></channel></rss>"
    for content in (whole, whole + "<!-- é".encode()[:-1]):
        assert [entry.title for entry in read(content, media_type).entries] == ["café “x” €"]


def test_a_declared_width_that_is_a_lie() -> None:
    """Plain ASCII that says it is UTF-16 is read as it is, with what is wrong in it."""
    document = b"<?xml version='1.0' encoding='UTF-16'?><rss version='2.0'><channel><item><title>a&#xD83D;\x0b</title>"
    assert [entry.title for entry in read(document + b"</item></channel></rss>").entries] == ["a"]


@pytest.mark.parametrize(
    "place",
    [
        "<gml:pos>45</gml:pos>",
        "<gml:pos/>",
        "<gml:posList>1 x</gml:posList>",
        "<gml:pos srsDimension='q'>1 2</gml:pos>",
        "<georss:where><gml:Point srsDimension='0'><gml:pos>1 2</gml:pos></gml:Point></georss:where>",
        "<georss:where><gml:Polygon><gml:pos>z</gml:pos></gml:Polygon></georss:where>",
        "<georss:point>noord</georss:point>",
    ],
)
def test_an_impossible_place_costs_no_entry(place: str) -> None:
    """What feedparser stumbles over costs that element; what follows keeps its language and its base."""
    found = read(
        f"""<rss version="2.0" xml:base="https://b.example/" xml:lang="nl" xmlns:georss="http://www.georss.org/georss"
        xmlns:gml="http://www.opengis.net/gml"><channel><item xml:lang="fr"><title>a</title>{place}<link>1</link></item>
        <item><title>b</title><link>2</link></item></channel></rss>""".encode()
    )
    assert [(entry.title, entry.link, entry.lang) for entry in found.entries] == [
        ("a", "https://b.example/1", "fr"),
        ("b", "https://b.example/2", "nl"),
    ]
    assert found.problems == ()


def test_a_long_base_multiplies_nothing() -> None:
    """An xml:base longer than any is not taken, so that short links stay short; nor does a text grow by its own."""
    base = f"https://b.example/{'x' * 5000}/"
    items = "".join(f"<item><link>{n}</link><title>t{n}</title></item>" for n in range(20))
    found = read(f"<rss version='2.0' xml:base='{base}'><channel>{items}</channel></rss>".encode())
    assert len(found.entries) == 20
    assert all(len(entry.link or "") < 100 for entry in found.entries)
    text = "&lt;a href='x'&gt;y&lt;/a&gt; " * 500
    grown = f"<entry xml:base='https://b.example/{'x' * 400}/'><id>1</id><summary type='html'>{text}</summary></entry>"
    (entry,) = read(f"<feed xmlns='http://www.w3.org/2005/Atom'>{grown}</feed>".encode()).entries
    assert entry.summary
    assert len(entry.summary.value) < 5 * len(text)
    assert "y" in entry.summary.value


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Q&A", "Q&A"),
        ("Q&A; AT&T & co &", "Q&A; AT&T & co &"),
        ("caf&eacute; &bogus; &nbsp;&lt;5", "café &bogus; <5"),
        ("<![CDATA[Q&A &eacute;]]>", "Q&A é"),
        ("a\x01b\x0cc", "ab c"),
        ("<!-- & -->x & y", "x & y"),
    ],
)
def test_what_keeps_xml_from_being_xml(written: str, title: str) -> None:
    """Bare ampersands, entities of HTML and control characters cost nothing, and the fault is still told."""
    document = (
        "<rss version='2.0'><channel><item><title>{}</title><link>https://a.example/?a=1&b=2&copy=3</link></item>"
    )
    found = read(f"{document.format(written)}<item><title>Twee</title></item></channel></rss>".encode())
    assert [entry.title for entry in found.entries] == [title, "Twee"]
    assert found.entries[0].link == "https://a.example/?a=1&b=2&copy=3"
    (problem,) = found.problems
    assert re.fullmatch(r"the XML is not well-formed \(.*\); 2 entries could be read", problem)


def test_what_a_podcast_says_of_itself() -> None:
    """itunes:title and itunes:subtitle where there is no other title or text."""
    found = item("<itunes:title>T</itunes:title><itunes:subtitle>S</itunes:subtitle>", ITUNES).entries[0]
    assert (found.title, found.summary and found.summary.value) == ("T", "S")
    other = "<title>x</title><description>y</description>"
    found = item(f"<itunes:title>T</itunes:title><itunes:subtitle>S</itunes:subtitle>{other}", ITUNES).entries[0]
    assert (found.title, found.summary and found.summary.value) == ("x", "y")


@pytest.mark.parametrize(
    "document",
    [
        "<?xml version='1.0' encoding='\x85é'?><rss version='2'><channel><item><title>a</title></item></channel></rss>",
        "<?xml version='1.0' encoding='a\0b'?><rss version='2'><channel><item><title>a</title></item></channel></rss>",
        "<?x><rss version='2'><channel><item encoding='\xe9\xe9'><title>a</title></item></channel></rss><?y?>",
        "<rss version='2.0'><channel><item><x xmlns='a b  c'/><title>a</title></item></channel></rss>",
        "<rss version='2.0' xmlns:y='a b  c'><channel><item><x y:z='1'/><title>a</title></item></channel></rss>",
        "<rss version='2.0'><channel><item><title>a</title><content type='text/html' mode='base64'>é</content></item>"
        "</channel></rss>",
    ],
)
def test_what_feedparser_fails_at(document: str) -> None:
    """A name of an encoding or of a namespace that is none, and base64 that is none, cost no entry."""
    assert [entry.title for entry in read(document.encode("latin-1")).entries] == ["a"]
