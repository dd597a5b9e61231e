"""The documents of a stream: valid, deterministic, complete, and safe whatever the sources wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml import html as markup

import aggregator
from aggregator import colour, shown, text
from aggregator.model import Category, Config, Content, Link, Origin, Person, Source, Story, Stream, Text, Zone
from aggregator.publish import Shelf, assets, atom, documents, page, static
from tests.goldens import golden
from tests.stories import BHT, CONFIG, HZ, HZ_NEWS, NOW, STREAM, at, fortnight, joint, sighting, story

# RFC 4287 appendix B, converted from the RFC's RELAX NG Compact by trang.
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "corpus" / "atom.rng"))
ATOM = {"a": "http://www.w3.org/2005/Atom"}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
HEUSDEN = Stream(id="heusden-zolder", title="Heusden-Zolder", zones=("hz",))


def atom_of(config: Config, stream: Stream, stories: Sequence[Story]) -> bytes:
    return atom.document(Shelf(config=config, stream=stream, stories=stories, changed=NOW)).content


def feed_of(*stories: Story, config: Config = CONFIG) -> etree._Element:
    """The feed of these stories, after the schema has passed it."""
    feed = etree.fromstring(atom_of(config, config.streams[0], stories))
    assert SCHEMA.validate(feed), SCHEMA.error_log
    return feed


def entry_of(*stories: Story, config: Config = CONFIG) -> etree._Element:
    entry: etree._Element = found(feed_of(*stories, config=config), "a:entry")[0]
    return entry


def found(element: etree._Element, path: str) -> list[Any]:
    result = element.xpath(path, namespaces=ATOM)
    assert isinstance(result, list)
    return result


def page_of(*stories: Story, config: Config = CONFIG) -> Any:
    return markup.fromstring(page.render(config, config.streams[0], stories, NOW))


def words_of(element: Any) -> str:
    return " ".join(str(element.text_content()).split())


class TestAtom:
    def test_golden(self) -> None:
        """The feed of the sample fortnight is what a person looked at."""
        made = atom_of(CONFIG, STREAM, fortnight()).decode()
        made = made.replace(f'version="{aggregator.__version__}"', 'version="…"')
        assert made == golden("samenwerking.atom", made)

    def test_an_empty_stream_is_a_valid_feed(self) -> None:
        """A feed without entries has an author, an id and a date of its own (RFC 4287 §4.1.1)."""
        feed = feed_of()
        assert found(feed, "a:id/text()") == ["tag:nieuws.example.be,2026:stream/samenwerking"]
        assert found(feed, "a:updated/text()") == ["2026-11-23T08:00:00+00:00"]
        assert found(feed, "a:author/a:name/text()") == [STREAM.title]

    def test_the_authority_outlives_a_move(self) -> None:
        """Ids are made in the name of `authority` when it is set, whatever base_url says."""
        config = replace(CONFIG, authority="politie.example,2023")
        assert found(feed_of(config=config), "a:id/text()") == ["tag:politie.example,2023:stream/samenwerking"]

    def test_links_keep_what_feedgen_loses(self) -> None:
        """rel, type and title survive: the lead's page is the alternate, every other source is related."""
        links = [dict(link.attrib) for link in found(entry_of(joint()), "a:link")]
        assert links == [
            {"href": "https://bht.example/nl/news/detail/411/bericht", "rel": "alternate", "type": "text/html"},
            {
                "href": "https://hz.example/5375/nieuws/881",
                "rel": "related",
                "type": "text/html",
                "title": "Politiezone Heusden-Zolder: Gezamenlijk verkeersteam van start",
            },
        ]

    def test_enclosures_pass(self) -> None:
        """The lead's enclosures are links with type and length; other relations of the source are not ours to say."""
        links = (
            Link(href="https://bht.example/1"),
            Link(href="https://bht.example/1.jpg", rel="enclosure", type="image/jpeg", length=48213),
            Link(href="https://elsewhere.example/", rel="related"),
            Link(href="https://bht.example/1/print", rel="alternate"),
        )
        made = [dict(link.attrib) for link in found(entry_of(story(sighting(links=links))), "a:link")]
        assert made == [
            {"href": "https://bht.example/1", "rel": "alternate"},
            {"href": "https://bht.example/1.jpg", "rel": "enclosure", "type": "image/jpeg", "length": "48213"},
        ]

    def test_zones_are_categories(self) -> None:
        """Every zone of a story is a category under our scheme, before the lead's own."""
        own = Category(term="verkeer", scheme="https://bht.example/themas", label="Verkeer")
        first, second = sighting("bht", categories=(own, own)), sighting("hz")
        made = [dict(category.attrib) for category in found(entry_of(story(first, second)), "a:category")]
        assert made == [
            {"term": "bht", "scheme": "https://nieuws.example.be/zones", "label": BHT.name},
            {"term": "hz", "scheme": "https://nieuws.example.be/zones", "label": HZ.name},
            {"term": "verkeer", "scheme": "https://bht.example/themas", "label": "Verkeer"},
        ]

    def test_the_zone_signs_what_nobody_signed(self) -> None:
        """Without an author of its own an entry is its zone's; the other zones are contributors."""
        entry = entry_of(joint())
        assert found(entry, "a:author/*/text()") == [BHT.name, BHT.url]
        assert found(entry, "a:contributor/*/text()") == [HZ.name, HZ.url]

    def test_the_leads_authors_pass(self) -> None:
        """Named authors stay; one without a name cannot (RFC 4287 §3.2.1)."""
        authors = (Person(name="An Peeters", email="an@bht.example", uri="javascript:alert(1)"), Person(name=" "))
        entry = entry_of(story(sighting(authors=authors)))
        assert found(entry, "a:author/*/text()") == ["An Peeters", "an@bht.example"]

    def test_the_source_is_complete(self) -> None:
        """atom:source has id, title, updated and links, of a feed and of a page alike (RFC 4287 §4.2.11)."""
        older, newer = (
            sighting("hz", published="2026-11-19 10:00"),
            sighting("hz", published="2026-11-20 10:00", key="2"),
        )
        feed = feed_of(story(newer, number=2), story(older), story(sighting("bht"), number=3))
        feeds, _, pages = found(feed, "a:entry/a:source")
        assert found(feeds, "a:id/text()") == [HZ_NEWS.url]
        assert found(feeds, "a:title/text()") == [HZ_NEWS.title]
        assert found(feeds, "a:updated/text()") == ["2026-11-20T09:00:00+00:00"]
        assert [(link.get("rel"), link.get("href")) for link in found(feeds, "a:link")] == [
            ("self", HZ_NEWS.url),
            ("alternate", HZ.url),
        ]
        assert found(pages, "a:title/text()") == [BHT.name]
        assert found(pages, "a:link/@rel") == ["alternate"]

    def test_what_the_source_says_of_itself_comes_first(self) -> None:
        """The origin that an entry carries is passed on, completed where it is silent."""
        origin = Origin(
            id="tag:hz.example,2020:nieuws",
            title="Nieuws HZ",
            links=(Link(href="https://hz.example/atom", rel="self"), Link(href="https://hub.example/", rel="hub")),
            rights="© PZ Heusden-Zolder",
        )
        source = found(entry_of(story(sighting("hz", origin=origin))), "a:source")[0]
        assert [child.text for child in source if child.text] == [
            "tag:hz.example,2020:nieuws",
            "Nieuws HZ",
            "2026-11-20T09:00:00+00:00",
            "© PZ Heusden-Zolder",
        ]
        assert found(source, "a:link/@rel") == ["self"]

    def test_a_source_that_left_the_configuration_still_counts(self) -> None:
        """Stories outlive their sources and zones: the feed and the page go on naming them."""
        gone = story(sighting("ham", source="ham-nieuws"), sighting("bht", source="bht-oud"))
        entry = entry_of(gone)
        assert found(entry, "a:source/a:id/text()") == ["tag:nieuws.example.be,2026:source/ham-nieuws"]
        assert found(entry, "a:author/a:name/text()") == ["ham"]
        assert "Ook bij Politiezone Beringen" in words_of(page_of(gone))

    def test_excerpt_unless_the_operator_said_full(self) -> None:
        """publish = "excerpt" gives a plain summary and no content; "full" adds the content, sanitised."""
        body = Content(value='<p onclick="x()">Een <b>lang</b> verhaal.</p><script>alert(1)</script>')
        told = story(sighting("hz", content=body, summary=Text(value="<p>Kort &amp; goed.</p>", type="html")))
        assert found(entry_of(told), "a:summary/text()") == ["Kort & goed."]
        assert found(entry_of(told), "a:content") == []
        full = replace(CONFIG, sources=(replace(HZ_NEWS, publish="full"),))
        (content,) = found(entry_of(told, config=full), "a:content")
        assert (content.get("type"), content.text) == ("html", "<p>Een <b>lang</b> verhaal.</p>")

    def test_languages(self) -> None:
        """The feed is in the configured language, an entry in its own when it says so."""
        feed = feed_of(story(sighting(lang="fr")), story(sighting(lang="not a tag!", key="2"), number=2))
        assert [element.get(XML_LANG) for element in (feed, *found(feed, "a:entry"))] == ["nl-BE", "fr", None]

    def test_titles_are_typed_text(self) -> None:
        """A title that looks like markup is text and says so."""
        (title,) = found(entry_of(story(sighting(title="Let op: <b>gladde</b> wegen & bladeren"))), "a:title")
        assert (title.get("type"), title.text) == ("text", "Let op: <b>gladde</b> wegen & bladeren")

    def test_a_story_without_title_or_address(self) -> None:
        """What the publisher left out is made up from what there is; the entry stays valid."""
        nothing = story(sighting(title="", text="Eerste zin. Tweede zin.", links=()))
        entry = entry_of(nothing)
        assert found(entry, "a:title/text()") == ["Eerste zin. Tweede zin."]
        assert found(entry, "a:link[@rel='alternate']/@href") == ["https://nieuws.example.be/story/0001/"]
        assert page_of(nothing).cssselect("h3 a")[0].get("href") == "story/0001/"

    def test_an_entry_has_a_text(self) -> None:
        """With neither summary nor content of its own, its title is its summary (RFC 4287 §4.1.1.1)."""
        entry = entry_of(story(sighting(title="Wegen afgesloten", text="")))
        assert found(entry, "a:summary/text()") == ["Wegen afgesloten"]

    def test_dates_are_whole_seconds(self) -> None:
        """Fractions that a database rounds must not change the bytes."""
        odd = replace(story(), updated=at("2026-11-20 11:00") + timedelta(microseconds=123456))
        assert found(entry_of(odd), "a:updated/text()") == ["2026-11-20T10:00:00+00:00"]

    def test_a_path_prefix_is_kept(self) -> None:
        """Addresses lie below base_url, its path included."""
        config = replace(CONFIG, base_url="https://www.example.be/nieuws/", streams=(STREAM, HEUSDEN))
        assert found(feed_of(config=config), "a:link/@href") == [
            "https://www.example.be/nieuws/samenwerking.atom",
            "https://www.example.be/nieuws/",
            "https://www.example.be/nieuws/hub",
        ]
        second = etree.fromstring(atom_of(config, HEUSDEN, ()))
        assert found(second, "a:link/@href") == [
            "https://www.example.be/nieuws/heusden-zolder.atom",
            "https://www.example.be/nieuws/heusden-zolder/",
            "https://www.example.be/nieuws/hub",
        ]

    def test_another_parser_reads_the_same(self) -> None:
        """feedparser finds the stories that went in, in their order, with their dates."""
        parsed = feedparser.parse(atom_of(CONFIG, STREAM, fortnight()))
        assert not parsed.bozo
        assert [(entry.id, entry.title, entry.link) for entry in parsed.entries] == [
            (each.id, each.lead.entry.title, each.lead.entry.link) for each in fortnight()
        ]
        assert parsed.entries[0].updated_parsed[:5] == (2026, 11, 23, 6, 30)

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_no_source_can_break_the_feed(self, data: st.DataObject) -> None:
        """Whatever is in titles, names, addresses and texts, the feed is valid and no other entry is lost."""
        anything = st.text(st.characters(codec=None), max_size=30)
        person = st.builds(Person, name=anything, uri=st.none() | anything, email=st.none() | anything)
        link = st.builds(
            Link,
            href=anything | st.sampled_from(["https://bht.example/\x00", "https://[", "http://exa mple/"]),
            rel=st.sampled_from(["alternate", "enclosure", "related"]),
            type=st.none() | anything,
            hreflang=st.none() | anything,
            length=st.none() | st.integers(),
        )
        hostile = sighting(
            title=data.draw(anything),
            authors=tuple(data.draw(st.lists(person, max_size=2))),
            links=tuple(data.draw(st.lists(link, max_size=3))),
            categories=(Category(term=data.draw(anything), scheme=data.draw(anything), label=data.draw(anything)),),
            summary=Text(value=data.draw(anything), type="html"),
            content=Content(value=data.draw(anything)),
            rights=data.draw(anything),
            lang=data.draw(st.none() | anything),
            origin=Origin(id=data.draw(anything), title=data.draw(anything), rights=data.draw(anything)),
        )
        config = replace(CONFIG, sources=(Source(id="bht-nieuws", zone="bht", url=BHT.url or "", publish="full"),))
        feed = feed_of(story(hostile), joint(2), config=config)
        assert found(feed, "a:entry/a:id/text()") == [story().id, joint(2).id]
        assert all(href.startswith("http") for href in found(feed, "//@href"))
        assert page_of(story(hostile), joint(2)).cssselect("article")


class TestPage:
    def test_golden(self) -> None:
        """The page of the sample fortnight is what a person looked at."""
        made = re.sub(r"\?v=\w+", "?v=…", page.render(CONFIG, STREAM, fortnight(), NOW).decode())
        assert made == golden("samenwerking.html", made)

    def test_the_stories_by_day(self) -> None:
        """Stories stand under their local day, in the reader's words; midnight is Brussels' midnight."""
        late, early = sighting(published="2026-11-20 23:50"), sighting(published="2026-11-21 00:10", key="2")
        made = page_of(story(early, number=2), story(late))
        assert [words_of(each) for each in made.cssselect("h2[id]")] == [
            "zaterdag 21 november 2026",
            "vrijdag 20 november 2026",
        ]
        assert [words_of(each) for each in made.cssselect(".by time")] == ["00.10 uur", "23.50 uur"]
        assert made.cssselect(".by time")[0].get("datetime") == "2026-11-20T23:10:00+00:00"

    def test_summer_and_winter_time(self) -> None:
        """Each moment is shown on the clock that hung on the wall then."""
        made = page_of(story(sighting(published="2026-10-26 07:00")), story(sighting(published="2026-10-23 07:00")))
        assert [words_of(each) for each in made.cssselect(".by time")] == ["07.00 uur", "07.00 uur"]

    def test_a_joint_story_names_everyone(self) -> None:
        """Both zones are named, the headline leads to the lead's page and a link to the other's."""
        (article,) = page_of(joint()).cssselect("article")
        assert words_of(article.cssselect(".by")[0]) == "07.30 uur Samen: Beringen/Ham/Tessenderlo Heusden-Zolder"
        assert article.cssselect("h3 a")[0].get("href") == "https://bht.example/nl/news/detail/411/bericht"
        assert words_of(article.cssselect(".note")[0]) == "Ook bij Politiezone Heusden-Zolder (08.30 uur)"
        assert article.cssselect(".note a")[0].get("href") == "https://hz.example/5375/nieuws/881"

    def test_an_update_is_marked(self) -> None:
        """A story that was edited says when."""
        assert "Bijgewerkt" not in words_of(page_of(story()))
        edited = story(updated=at("2026-11-21 08:00"))
        assert "Bijgewerkt: 21 november 2026 om 08.00 uur" in words_of(page_of(edited))

    def test_an_empty_stream_is_friendly(self) -> None:
        """No news is a sentence, not an empty page."""
        assert "Zodra een van de zones iets publiceert" in words_of(page_of())

    def test_no_emergency_channel(self) -> None:
        """The page says whom to call instead, with numbers that a telephone can dial."""
        made = page_of(*fortnight())
        assert {"tel:101", "tel:112", "https://www.be-alert.be/"} <= {each.get("href") for each in made.cssselect("a")}
        assert "geen noodkanaal" in words_of(made.cssselect("footer")[0])

    def test_what_sources_write_is_text(self) -> None:
        """Markup in a title, a text or a zone's name is shown, never run."""
        evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
        config = replace(
            CONFIG, zones=(replace(BHT, name=evil), HZ), streams=(replace(STREAM, subtitle=evil, title=evil),)
        )
        made = page_of(story(sighting(title=evil, summary=Text(value=evil))), config=config)
        assert made.cssselect("script, img, [onerror]") == []
        assert words_of(made.cssselect("h3")[0]) == evil

    def test_nothing_from_other_hosts(self) -> None:
        """One style sheet and one icon of ours are all that a browser loads; no script, no picture."""
        made = page_of(*fortnight())
        loaded = made.cssselect("link[rel=stylesheet], link[rel=icon]")
        assert [each.get("href").partition("?")[0] for each in loaded] == ["static/style.css", "static/favicon.svg"]
        assert made.cssselect("script, img, iframe, style, [style], object") == []
        assert [form.get("action") for form in made.cssselect("form")] == ["search"]

    def test_autodiscovery(self) -> None:
        """A feed reader that is given the page finds the feed, also below a path prefix."""
        made = page_of(config=replace(CONFIG, base_url="https://www.example.be/nieuws"))
        made.make_links_absolute("https://www.example.be/nieuws/")
        (link,) = made.cssselect("link[rel=alternate]")
        assert (link.get("type"), link.get("href")) == (
            "application/atom+xml",
            "https://www.example.be/nieuws/samenwerking.atom",
        )

    def test_every_link_inside_the_site_is_relative(self) -> None:
        """Pages work below any prefix and from a folder: at /<id>/ they climb, at / they do not."""
        config = replace(CONFIG, streams=(STREAM, HEUSDEN))
        made = documents(config, STREAM, (), NOW) | documents(config, HEUSDEN, (), NOW)
        for path, climb in (("/", ""), ("/samenwerking/", "../"), ("/heusden-zolder/", "../")):
            links = [
                str(each.get("href")) for each in markup.fromstring(made[path].content).cssselect("link, .top nav a")
            ]
            assert links[0].startswith(f"{climb}static/style.css?v=")
            assert links[1] == f"{climb}static/favicon.svg"
            assert links[-2:] == [climb or "./", f"{climb}heusden-zolder/"]

    def test_streams_are_a_choice_when_there_are_several(self) -> None:
        """One stream needs no navigation; of several the current one is marked."""
        assert page_of().cssselect(".top nav") == []
        made = page_of(config=replace(CONFIG, streams=(STREAM, HEUSDEN)))
        assert [each.text for each in made.cssselect(".top nav a[aria-current=page]")] == [STREAM.title]

    def test_the_explanation(self) -> None:
        """The stream's subtitle explains it; without one the page says whose news it is."""
        assert words_of(page_of().cssselect(".lead")[0]) == STREAM.subtitle
        silent = page_of(config=replace(CONFIG, streams=(replace(STREAM, subtitle=None),)))
        assert words_of(silent.cssselect(".lead")[0]).startswith(f"Nieuws van {BHT.name} en {HZ.name} op één plaats.")
        alone = page_of(config=replace(CONFIG, streams=(HEUSDEN,)))
        assert words_of(alone.cssselect(".lead")[0]) == f"Nieuws van {HZ.name}."

    def test_a_language_of_its_own(self) -> None:
        """Words in another language are marked for who reads aloud (WCAG 2.2 SC 3.1.2)."""
        made = page_of(story(sighting(lang="fr")))
        assert [each.get("lang") for each in made.cssselect("html, article, h3, .excerpt")] == [
            "nl-BE",
            None,
            "fr",
            "fr",
        ]

    def test_it_is_light(self) -> None:
        """Fifty stories with full excerpts weigh less than 50 kB."""
        words = "De politie controleerde vandaag op verschillende plaatsen in de zone. " * 10
        many = [story(sighting("bht", text=words, key=str(n)), sighting("hz", key=str(n)), number=n) for n in range(50)]
        made = page.render(CONFIG, STREAM, many, NOW)
        assert len(markup.fromstring(made).cssselect("article")) == 50
        assert len(made) <= 50_000

    @settings(max_examples=10, deadline=None)
    @given(st.integers(60, 200), st.text(st.characters(codec="utf-8"), max_size=60), st.integers(0, 3))
    def test_it_stays_light(self, count: int, title: str, more: int) -> None:
        """However much there is, a page takes 50 kB: the oldest are told in short, then left to the months."""
        many = [story(sighting(title=f"{title} {n}", text=f"{title} {n} " * 40), number=n) for n in range(count)]
        links = {each.id: [page.Linked(each.id, title)] * more for each in many}
        made = page.render(CONFIG, STREAM, many, NOW, links=links)
        assert len(made) <= 50_000
        assert len(made) > 36_000 or count == len(markup.fromstring(made).cssselect("article"))
        assert markup.fromstring(made).cssselect("article")[0].cssselect("h3")

    def test_english(self) -> None:
        """A language without a catalogue is written in English."""
        made = page_of(joint(), config=replace(CONFIG, language="en-GB"))
        assert "Monday 23 November 2026" in words_of(made)
        assert "Also at Politiezone Heusden-Zolder (08:30)" in words_of(made)


class TestDocuments:
    def test_paths(self) -> None:
        """A stream is a feed in three formats, its sources, and a page; the first one is the front page too."""
        config = replace(CONFIG, streams=(STREAM, HEUSDEN))
        feeds = {f"/samenwerking.{format}" for format in ("atom", "rss", "json", "opml")}
        assert set(documents(config, STREAM, (), NOW)) == {*feeds, "/", "/samenwerking/"}
        feeds = {f"/heusden-zolder.{format}" for format in ("atom", "rss", "json", "opml")}
        assert set(documents(config, HEUSDEN, (), NOW)) == {*feeds, "/heusden-zolder/"}

    def test_media_types(self) -> None:
        """Media types are complete, charset included."""
        made = documents(CONFIG, STREAM, fortnight(), NOW) | assets(CONFIG, NOW)
        assert {path: document.media_type for path, document in made.items()} == {
            "/": "text/html; charset=utf-8",
            "/samenwerking/": "text/html; charset=utf-8",
            "/samenwerking.atom": "application/atom+xml; charset=utf-8",
            "/samenwerking.rss": "application/rss+xml; charset=utf-8",
            "/samenwerking.json": "application/feed+json",
            "/samenwerking.opml": "text/x-opml; charset=utf-8",
            "/static/style.css": "text/css; charset=utf-8",
            "/static/favicon.svg": "image/svg+xml",
        }

    def test_validators(self) -> None:
        """The ETag is strong and follows the bytes, Last-Modified is the change in whole seconds."""
        first = documents(CONFIG, STREAM, fortnight(), NOW + timedelta(microseconds=5))["/samenwerking.atom"]
        again = documents(CONFIG, STREAM, fortnight(), NOW)["/samenwerking.atom"]
        other = documents(CONFIG, STREAM, fortnight()[1:], NOW)["/samenwerking.atom"]
        assert first == again
        assert re.fullmatch(r'"[0-9a-f]{32}"', first.etag)
        assert first.etag != other.etag
        assert first.last_modified == NOW

    def test_a_stream_is_bounded(self) -> None:
        """No more stories than the stream's `items`."""
        few = replace(STREAM, items=3)
        made = documents(CONFIG, few, fortnight(), NOW)
        assert made["/samenwerking.atom"].content.count(b"<entry>") == 3
        assert made["/"].content.count(b"<article>") == 3


class TestStyle:
    def test_the_address_changes_with_the_colours(self) -> None:
        """A style sheet may be cached for ever: another zone, another address."""
        repainted = replace(CONFIG, zones=(replace(BHT, color="#800000"), HZ))
        assert static.style_address(CONFIG) != static.style_address(repainted)

    def test_it_loads_nothing(self) -> None:
        """The style sheet needs no second request."""
        assert not re.search(rb"url\(|@import", assets(CONFIG, NOW)[static.STYLE].content)

    def test_cards_are_what_the_badges_were_made_for(self) -> None:
        """The grounds that the badges' contrast is computed on are the cards of the style sheet."""
        sheet = assets(CONFIG, NOW)[static.STYLE].content.decode()
        assert re.findall(r"--card: (#\w+);", sheet) == [static.LIGHT, static.DARK]

    @settings(max_examples=300)
    @given(st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True), st.sampled_from([static.LIGHT, static.DARK]))
    def test_any_colour_is_readable(self, chosen: str, ground: str) -> None:
        """Whatever colour a zone has, its badge has WCAG's contrast: 4.5 for the words, 3 for the dot."""
        badge = colour.badge(chosen, ground, 0.25)
        ink, wash, mark = (colour.read(each) for each in (badge.ink, badge.wash, badge.mark))
        assert colour.contrast(ink, wash) >= colour.TEXT
        assert colour.contrast(mark, wash) >= colour.MARK

    @pytest.mark.parametrize("bad", ["", "red", "#fff", "#12345g", "#1234567"])
    def test_no_colour_is_trusted(self, bad: str) -> None:
        """What is no colour gets one of ours, and cannot reach the style sheet."""
        assert colour.read(bad) == colour.read("#1f4e79")


class TestShown:
    @pytest.mark.parametrize(
        ("names", "short"),
        [
            (("Politiezone A", "Politiezone B"), ["A", "B"]),
            (("Lokale politie Noord", "Lokale politie Noorderkempen"), ["Noord", "Noorderkempen"]),
            (("Politiezone", "Politiezone B"), ["Politiezone", "Politiezone B"]),
            (("Stad", "Politie"), ["Stad", "Politie"]),
            (("Politiezone A",), ["Politiezone A"]),
            ((), []),
        ],
    )
    def test_short_names(self, names: tuple[str, ...], short: list[str]) -> None:
        """Badges leave out the words that every zone's name begins with, and never the whole name."""
        zones = tuple(Zone(id=str(order), name=name) for order, name in enumerate(names))
        config = replace(CONFIG, zones=zones)
        assert [shown.short_name(config, zone) for zone in zones] == short
        assert shown.short_name(config, Zone(id="gone", name="Zone die wegging")) == "Zone die wegging"

    def test_an_excerpt_says_more_than_the_title(self) -> None:
        """A summary that repeats the title gives way to the content, and nothing is better than an echo."""
        echo = sighting(title="Gladde wegen!", summary=Text(value="gladde wegen"))
        assert shown.excerpt(replace(echo)) == "De wijkagenten controleerden de verlichting van 140 fietsen."
        assert shown.excerpt(sighting(title="A", summary=Text(value="a"), content=None)) == ""

    @given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
    def test_strings_come_out_clean(self, title: str, summary: str) -> None:
        """Titles and excerpts are one line of visible text, and a title is never empty."""
        copy = sighting(title=title, summary=Text(value=summary), content=None)
        assert shown.title(copy) == text.clean(shown.title(copy)) != ""
        assert shown.excerpt(copy) == text.clean(shown.excerpt(copy))
