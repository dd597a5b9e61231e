"""What W3C's feed validator looks at (validator.w3.org/feed/docs), held against every kind of document.

The validator is no library, so that its checks stand here in words of our own, as far as our feeds can meet them;
CONTRIBUTING.md says which test holds which.  A feed of news that is as bad as it gets has to pass like any other.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from html.entities import name2codepoint
from typing import Any

import pytest
from lxml import etree
from lxml import html as markup
from lxml.html import defs

from aggregator.model import Category, Content, Document, Edition, Link, Person, Span, Story, Text, Withdrawn
from aggregator.publish import Shelf, atom, editions, faults, opml, rss
from tests.stories import CONFIG, DIGEST, HZ_NEWS, NOW, STREAM, fortnight, sighting, story

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "fh": "http://purl.org/syndication/history/1.0",
    "at": "http://purl.org/atompub/tombstones/1.0",
}
CONTENT = "http://purl.org/rss/1.0/modules/content/"
REGISTERED = {"alternate", "enclosure", "hub", "related", "self", "via"}
HISTORY = {"current", "prev-archive", "next-archive"}
FULL = replace(CONFIG, sources=(CONFIG.sources[0], replace(HZ_NEWS, publish="full")))
_TAG = re.compile(rf"</({'|'.join(defs.tags)})>|&(#\w+|{'|'.join(name2codepoint)});")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:;\s*charset=utf-8)?")
_ODD = re.compile("[\x80-\x9f\ufffd]")


def bad() -> Story:
    """As bad as a source can be: relative links, scripts, control characters, two pictures, no author's name."""
    text = (
        '<p onclick="x()" style="position:fixed">Lees <a href="/verder">verder</a>\x85 <img src="foto.jpg">'
        '<script>alert(1)</script><a href="javascript:x()">hier</a> <blink>nu</blink> &nbsp; &eacute; &bogus;</p>'
    )
    copy = sighting("hz", "", "", key="9")
    entry = replace(
        copy.entry,
        authors=(Person(name=" ", email="geen adres", uri="mailto:x"),),
        categories=(Category(term=""), Category(term="brand"), Category(term="brand")),
        links=(
            Link(href="https://hz.example/9", rel="alternate", type="tekst", hreflang="?"),
            Link(href="https://hz.example/9?b", rel="alternate", type="tekst"),
            Link(href="foto.jpg", rel="enclosure", type="image/jpeg", length=3),
            Link(href="https://hz.example/1.jpg", rel="enclosure", type="image/jpeg"),
            Link(href="https://hz.example/2.jpg", rel="enclosure", type="image/jpeg", length=5),
            Link(href="https://hz.example/vorige", rel="prev-archive"),
        ),
        summary=Text(type="html", value=text),
        content=Content(type="html", value=text),
    )
    return story(replace(copy, entry=entry), number=77)


def bare() -> Story:
    """Nothing but a title."""
    return story(sighting("bht", "Wegen afgesloten", "", key="8", links=()), number=78)


STORIES = (*fortnight(), bad(), bare())
GONE = (Withdrawn(story="tag:nieuws.example.be,2026:story/dead", at=NOW),)
OLDER, PAGE = Span(first=1, last=50, changed=NOW), Span(first=51, last=100, changed=NOW)
NEWS = Shelf(config=FULL, stream=STREAM, stories=STORIES, changed=NOW)
SHELVES = {
    "feed": NEWS,
    "withdrawn": replace(NEWS, withdrawn=GONE, older=OLDER),
    "archive": replace(NEWS, older=OLDER, span=PAGE),
    "empty": replace(NEWS, stories=()),
}
FAULT = faults.Fault(name="bht-nieuws", title="bht-nieuws is failing", words="It answers 500 <sic>.", at=NOW)
ISSUE = editions.Issue(
    edition=Edition(id=1, digest="dagelijks", slot="x", frozen=NOW, state="done", stories=13),
    headline="Veel nieuws",
    parts=[editions.Part("Samen gepubliceerd", STORIES)],
)
ATOM = {name: atom.document(shelf) for name, shelf in SHELVES.items()} | {
    "status": faults.document(CONFIG, [FAULT]),
    "editions": editions.feed(CONFIG, DIGEST, [ISSUE], NOW),
}
RSS = {name: rss.document(shelf) for name, shelf in SHELVES.items() if not shelf.span}


def texts(element: etree._Element, path: str) -> list[str]:
    return [str(each) for each in all_of(element, path)]


def all_of(element: etree._Element, path: str) -> list[Any]:
    found = element.xpath(path, namespaces=NS)
    assert isinstance(found, list)
    return found


def moment(value: str) -> datetime:
    """RFC 3339, with its zone, in this century and not in the future (InvalidRFC3339Date, ImplausibleDate)."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", value)
    found = datetime.fromisoformat(value)
    assert found <= NOW
    return found


def safe(value: str) -> None:
    """HTML of known tags without scripts, styles and relative links (SecurityRisk, NotHtml, ContainsRelRef)."""
    for each in markup.fragment_fromstring(value, create_parent="div").iter():
        assert each.tag in defs.tags
        assert each.tag not in {"script", "style", "object", "embed", "iframe", "meta", "link", "form"}
        for name, said in each.attrib.items():
            assert name != "style"
            assert not name.startswith("on")
            assert name not in ("href", "src") or re.match(r"https?://|mailto:|tel:", said)


@pytest.mark.parametrize("found", [*ATOM.values(), *RSS.values(), opml.document(NEWS)])
def test_the_bytes(found: Document) -> None:
    """UTF-8 that says so, the same in the media type, without a doctype, entities of HTML or odd characters."""
    assert re.match(rb"<\?xml version=.1.0. encoding=.UTF-8.\?>", found.content)
    assert found.media_type.endswith("; charset=utf-8")
    words = found.content.decode("utf-8")
    assert "<!" not in words
    assert set(re.findall(r"&(\w+);", words)) <= {"amp", "lt", "gt", "quot", "apos"}
    assert not _ODD.search(words)


@pytest.mark.parametrize("name", ATOM)
class TestAtom:
    def test_what_a_feed_has(self, name: str) -> None:
        """One title, id and updated, an author, all before the entries (MissingElement, MisplacedMetadata)."""
        feed = etree.fromstring(ATOM[name].content)
        for element in ("title", "id", "updated"):
            assert len(all_of(feed, f"a:{element}")) == 1
        assert all(each.strip() for each in texts(feed, "a:author/a:name/text() | a:title/text()"))
        assert all_of(feed, "a:author") or all(all_of(each, "a:author") for each in all_of(feed, "a:entry"))
        assert not all_of(feed, "a:entry/following-sibling::*[not(self::a:entry)]")
        assert feed.get("{http://www.w3.org/XML/1998/namespace}lang")

    def test_elements_are_known(self, name: str) -> None:
        """Nothing but Atom and the extensions that we have to have (UndefinedElement, UnknownNamespace)."""
        feed = etree.fromstring(ATOM[name].content)
        ours = {etree.QName(each).namespace for each in feed.iter("*")}
        assert ours == {NS["a"], *{"archive": [NS["fh"]], "withdrawn": [NS["at"]]}.get(name, [])}

    def test_links_of_the_feed(self, name: str) -> None:
        """Itself, where it is, and no two of a kind (MissingSelf, SelfDoesntMatchLocation, DuplicateAtomLink)."""
        feed = etree.fromstring(ATOM[name].content)
        (own,) = texts(feed, "a:link[@rel='self']/@href")
        assert own == next(link.href for link in ATOM[name].links if link.rel == "self")
        for holder in (feed, *all_of(feed, "a:entry/a:source")):
            kinds = [(x.get("rel", "alternate"), x.get("type"), x.get("hreflang")) for x in all_of(holder, "a:link")]
            assert len(kinds) == len(set(kinds))

    def test_every_link(self, name: str) -> None:
        """Absolute, of a registered relation, with a type that is one (InvalidLink, UnregisteredAtomLinkRel)."""
        feed = etree.fromstring(ATOM[name].content)
        for link in all_of(feed, "//a:link"):
            assert re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", link.get("href"))
            within = etree.QName(link.getparent()).localname
            assert link.get("rel", "alternate") in (REGISTERED if within != "feed" else REGISTERED | HISTORY)
            assert _TYPE.fullmatch(link.get("type", "text/html"))
            assert link.get("length", "0").isdigit()
            assert link.get("title", "x").strip()
            assert not link.text

    def test_what_an_entry_has(self, name: str) -> None:
        """An id that is nobody else's, a title, a text, a link (DuplicateEntries, MissingTextualContent)."""
        feed = etree.fromstring(ATOM[name].content)
        ids = texts(feed, "a:entry/a:id/text()")
        assert len(ids) == len(set(ids)) == len(all_of(feed, "a:entry"))
        assert all(each.startswith("tag:") for each in ids)
        for entry in all_of(feed, "a:entry"):
            assert len(all_of(entry, "a:title")) == len(all_of(entry, "a:updated")) == 1
            assert "".join(texts(entry, "a:title/text()")).strip()
            assert "".join(texts(entry, "a:summary/text() | a:content/text()")).strip()
            assert all_of(entry, "a:link[@rel='alternate'] | a:content")
            kinds = [(x.get("type"), x.get("hreflang")) for x in all_of(entry, "a:link[@rel='alternate']")]
            assert len(kinds) == len(set(kinds))
            assert all(each.strip() for each in texts(entry, "a:category/@term"))

    def test_texts(self, name: str) -> None:
        """Plain texts hold no markup, HTML is harmless and complete (ContainsUndeclaredHTML, SecurityRisk)."""
        feed = etree.fromstring(ATOM[name].content)
        for each in all_of(feed, "//a:title | //a:summary | //a:subtitle | //a:rights | //a:content"):
            if each.get("type") == "html":
                safe(each.text)
            else:
                assert name == "status" or not _TAG.search(each.text)

    def test_dates(self, name: str) -> None:
        """RFC 3339, of the past; an entry is not updated before it is published (InvalidRFC3339Date)."""
        feed = etree.fromstring(ATOM[name].content)
        for value in texts(feed, "//a:updated/text() | //a:published/text() | //at:deleted-entry/@when"):
            moment(value)
        for entry in all_of(feed, "a:entry[a:published]"):
            assert moment(texts(entry, "a:published/text()")[0]) <= moment(texts(entry, "a:updated/text()")[0])

    def test_sources(self, name: str) -> None:
        """An atom:source says what it is (MissingSourceElement)."""
        for source in all_of(etree.fromstring(ATOM[name].content), "//a:source"):
            assert {"id", "title", "updated"} <= {etree.QName(each).localname for each in source}

    def test_an_archive_says_where_the_feed_is(self, name: str) -> None:
        """fh:archive, and a link to what is current (MissingCurrentInArchive)."""
        feed = etree.fromstring(ATOM[name].content)
        assert bool(all_of(feed, "fh:archive")) == bool(all_of(feed, "a:link[@rel='current']")) == (name == "archive")


@pytest.mark.parametrize("name", RSS)
class TestRss:
    def test_the_channel(self, name: str) -> None:
        """Title, link, description, language, itself; nothing after its items (MissingAtomSelfLink, MisplacedItem)."""
        (channel,) = etree.fromstring(RSS[name].content)
        for element in ("title", "link", "description", "language", "lastBuildDate", "generator", "copyright"):
            assert len(all_of(channel, element)) == 1
        assert texts(channel, "docs/text()") == ["http://www.rssboard.org/rss-specification"]
        assert texts(channel, "a:link[@rel='self']/@href") == ["https://nieuws.example.be/samenwerking.rss"]
        assert not all_of(channel, "item/following-sibling::*[not(self::item)]")
        assert not any(_TAG.search(each) for each in texts(channel, "title/text() | description/text()"))

    def test_items(self, name: str) -> None:
        """An id, a date, at most a picture, no author beside dc:creator (MissingGuid, DuplicateEnclosure)."""
        channel = etree.fromstring(RSS[name].content)[0]
        ids = texts(channel, "item/guid[@isPermaLink='false']/text()")
        assert len(ids) == len(set(ids)) == len(all_of(channel, "item"))
        for item in all_of(channel, "item"):
            names = [etree.QName(each).localname for each in item]
            for once in ("title", "link", "description", "pubDate"):
                assert len(item.findall(once)) == 1
            assert names.count("enclosure") <= 1
            assert "author" not in names
            assert names.index("description") < (names.index("encoded") if "encoded" in names else len(names))
            assert not _TAG.search(item.findtext("title"))
            assert all(each.strip() for each in texts(item, "title/text() | category/text() | source/text()"))
            assert re.match(r"https?://", item.findtext("link"))
            safe(item.findtext("description"))
            safe(item.findtext(f"{{{CONTENT}}}encoded") or "<p>none</p>")

    def test_enclosures_and_sources(self, name: str) -> None:
        """Address, length and type, and an address of each source (MissingAttribute, InvalidMIMEAttribute)."""
        root = etree.fromstring(RSS[name].content)
        for each in all_of(root, "//enclosure"):
            assert each.get("url").startswith("http")
            assert each.get("length").isdigit()
            assert _TYPE.fullmatch(each.get("type"))
        assert all(each.get("url").startswith("http") for each in all_of(root, "//source"))

    def test_dates(self, name: str) -> None:
        """RFC 822 with the right day of the week and four digits of the year (InvalidRFC2822Date, IncorrectDOW)."""
        for value in texts(etree.fromstring(RSS[name].content), "//pubDate/text() | //lastBuildDate/text()"):
            assert format_datetime(parsedate_to_datetime(value)) == value
            assert parsedate_to_datetime(value) <= NOW


def test_opml() -> None:
    """Version 2.0, a title, and of each outline a text, a type and an address (InvalidOPMLVersion, MissingXmlURL)."""
    root = etree.fromstring(opml.document(NEWS).content)
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title")
    for each in all_of(root, "//outline[not(outline)]"):
        assert each.get("text")
        assert re.match(r"https?://", each.get({"rss": "xmlUrl", "link": "url"}[each.get("type")]))
