"""RSS, JSON Feed, OPML, the page that explains them, and what Atom gained: the same news, safe in every form."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml import html as markup

import aggregator
from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.model import Auth, Content, Link, Person, Source, Story, Stream, Text
from aggregator.publish import Shelf, atom, feeds, jsonfeed, of_shelf, opml, places, rss
from aggregator.publish.kept import Kept
from tests.goldens import golden
from tests.stories import BHT, CONFIG, HZ, HZ_NEWS, NOW, STREAM, fortnight, joint, sighting, story

ATOM = "{http://www.w3.org/2005/Atom}"
FULL = replace(CONFIG, sources=(CONFIG.sources[0], replace(HZ_NEWS, publish="full")))
IMAGE = Link(href="https://hz.example/a.jpg", rel="enclosure", type="image/jpeg", length=4000)
ENCLOSED = story(sighting("hz", links=(Link(href="https://hz.example/1"), IMAGE, replace(IMAGE, type=None))))


def shelf_of(*stories: Story, config: Any = FULL, **more: Any) -> Shelf:
    return Shelf(config=config, stream=config.streams[0], stories=stories, changed=NOW, **more)


def channel_of(*stories: Story, config: Any = FULL) -> Any:
    return etree.fromstring(rss.document(shelf_of(*stories, config=config)).content)[0]


def json_of(*stories: Story, config: Any = FULL) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(jsonfeed.document(shelf_of(*stories, config=config)).content)
    return made


def texts(element: Any, path: str) -> list[str]:
    namespaces = {"atom": ATOM[1:-1], "dc": "http://purl.org/dc/elements/1.1/"}
    namespaces["content"] = "http://purl.org/rss/1.0/modules/content/"
    return [str(each) for each in element.xpath(path, namespaces=namespaces)]


class TestRss:
    def test_golden(self) -> None:
        """The feed of the sample fortnight is what a person looked at."""
        made = rss.document(shelf_of(*fortnight(), config=CONFIG)).content.decode()
        assert made == golden("samenwerking.rss", made)

    def test_the_channel(self) -> None:
        """Title, link, description, itself, its hub, and its last change, which is not the moment of rendering."""
        channel = channel_of()
        assert texts(channel, "link/text()") == ["https://nieuws.example.be/"]
        assert texts(channel, "description/text()") == [STREAM.subtitle]
        assert texts(channel, "lastBuildDate/text()") == ["Mon, 23 Nov 2026 08:00:00 +0000"]
        assert texts(channel, "atom:link[@rel='self']/@href") == ["https://nieuws.example.be/samenwerking.rss"]
        assert texts(channel, "atom:link[@rel='hub']/@href") == ["https://nieuws.example.be/hub"]
        silent = replace(FULL, streams=(replace(STREAM, subtitle=None),))
        assert texts(channel_of(config=silent), "description/text()") == [STREAM.title]

    def test_a_joint_story(self) -> None:
        """An id that is no address, both zones, who wrote it, the other source, and where it came from."""
        channel = channel_of(joint())
        assert texts(channel, "item/guid/text() | item/guid/@isPermaLink") == ["false", joint().id]
        assert texts(channel, "item/category/text()") == [BHT.name, HZ.name]
        assert texts(channel, "item/dc:creator/text()") == [BHT.name]
        assert texts(channel, "item/author") == []
        assert texts(channel, "item/atom:link[@rel='related']/@href") == ["https://hz.example/5375/nieuws/881"]
        assert texts(channel, "item/source/@url") == ["https://bht.example/nl/news"]

    def test_full_text_and_a_picture(self) -> None:
        """The content is sanitised; of the enclosures the first that has a type, as RSS wants it."""
        body = Content(value='<p onclick="x()">Een <b>lang</b> verhaal.</p><script>alert(1)</script>')
        channel = channel_of(story(sighting("hz", content=body)), replace(ENCLOSED, id="tag:x,2026:2"))
        assert texts(channel, "item/content:encoded/text()")[0] == "<p>Een <b>lang</b> verhaal.</p>"
        (enclosure,) = channel.xpath("item/enclosure")
        assert dict(enclosure.attrib) == {"url": IMAGE.href, "length": "4000", "type": "image/jpeg"}

    def test_a_description_is_html(self) -> None:
        """Readers take it for HTML: what looks like markup in a text is escaped once more."""
        told = story(sighting("bht", summary=Text(value="Minder dan 5 < 6 & <b>geen</b> script")))
        assert texts(channel_of(told), "item/description/text()") == [
            "Minder dan 5 &lt; 6 &amp; &lt;b&gt;geen&lt;/b&gt; script"
        ]

    def test_namespaces_are_declared_once(self) -> None:
        """Items are spliced in without declarations of their own."""
        content = rss.document(shelf_of(*fortnight())).content
        assert content.count(b"xmlns:") == 3


class TestJson:
    def test_golden(self) -> None:
        """The feed of the sample fortnight is what a person looked at."""
        made = json.dumps(json_of(*fortnight(), config=CONFIG), indent=1, ensure_ascii=False) + "\n"
        assert made == golden("samenwerking.json", made)

    def test_what_the_format_requires(self) -> None:
        """Version, title and items; of each item an id and a content (JSON Feed 1.1)."""
        empty = json_of()
        assert (empty["version"], empty["title"], empty["items"]) == (
            "https://jsonfeed.org/version/1.1",
            STREAM.title,
            [],
        )
        assert empty["hubs"] == [{"type": "WebSub", "url": "https://nieuws.example.be/hub"}]
        for item in json_of(*fortnight(), story(sighting(title="", text="", links=()), number=99))["items"]:
            assert item["id"]
            assert ("content_text" in item) != ("content_html" in item)
            assert datetime.fromisoformat(item["date_published"]).tzinfo

    def test_a_joint_story(self) -> None:
        """The other source is an extension, named with an underscore as the format wants it."""
        (item,) = json_of(joint())["items"]
        assert item["tags"] == [BHT.name, HZ.name]
        assert item["_sources"] == [
            {
                "url": "https://hz.example/5375/nieuws/881",
                "title": "Politiezone Heusden-Zolder: Gezamenlijk verkeersteam van start",
            }
        ]

    def test_attachments(self) -> None:
        """Pictures are attachments, with the type that the format requires."""
        (item,) = json_of(ENCLOSED)["items"]
        assert item["attachments"] == [{"url": IMAGE.href, "mime_type": "image/jpeg", "size_in_bytes": 4000}]


class TestHostile:
    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_no_source_can_break_a_feed(self, data: st.DataObject) -> None:
        """Whatever is in titles, names, addresses and texts, RSS and JSON are well-formed and lose nothing."""
        anything = st.text(st.characters(codec=None), max_size=30)
        person = st.builds(Person, name=anything, uri=st.none() | anything)
        rel = st.sampled_from(["alternate", "enclosure"])
        link = st.builds(Link, href=anything, rel=rel, type=st.none() | anything, length=st.none() | st.integers())
        hostile = sighting(
            "hz",
            title=data.draw(anything),
            authors=tuple(data.draw(st.lists(person, max_size=2))),
            links=tuple(data.draw(st.lists(link, max_size=3))),
            summary=Text(value=data.draw(anything), type="html"),
            content=Content(value=data.draw(anything)),
        )
        stories = (story(hostile), joint(2))
        assert texts(channel_of(*stories), "item/guid/text()") == [each.id for each in stories]
        assert [each["id"] for each in json_of(*stories)["items"]] == [each.id for each in stories]
        assert all(href.startswith("http") for href in texts(channel_of(*stories), "//@href | //@url"))


class TestOpml:
    def test_each_stream_has_its_sources(self) -> None:
        """Of the zones that it takes, without those that only we are let in to, and those that are switched off."""
        closed = Source(id="c", zone="hz", url="https://hz.example/c", auth=Auth(user="a", password_file="b"))
        off = Source(id="o", zone="hz", url="https://hz.example/o", enabled=False)
        config = replace(CONFIG, sources=(*CONFIG.sources, closed, off))
        zone = Shelf(config=config, stream=places.of_zone(HZ), stories=(), changed=NOW)
        root = etree.fromstring(opml.document(zone).content)
        assert root.xpath("//outline/@xmlUrl | //outline/@url") == [HZ_NEWS.url]
        assert "https://hz.example/c" in opml.render(config).decode()


class TestAtom:
    def test_a_logo(self) -> None:
        """A picture of the operator's stands in Atom, RSS and JSON."""
        logo = "https://nieuws.example.be/logo.png"
        config = replace(CONFIG, publish=replace(CONFIG.publish, logo=logo))
        made = of_shelf(shelf_of(config=config))
        assert etree.fromstring(made["/samenwerking.atom"].content).findtext(f"{ATOM}logo") == logo
        assert etree.fromstring(made["/samenwerking.rss"].content).findtext("channel/image/url") == logo
        assert json.loads(made["/samenwerking.json"].content)["icon"] == logo

    def test_entries_are_kept(self) -> None:
        """Only what has changed is rendered again, and the document is the same as one rendered from nothing."""
        kept = Kept()
        before = atom.document(shelf_of(*fortnight(), kept=kept))
        changed = replace(fortnight()[3], updated=NOW + timedelta(hours=1))
        stories = (*fortnight()[:3], changed, *fortnight()[4:])
        after = atom.document(shelf_of(*stories, kept=kept))
        assert after == atom.document(shelf_of(*stories))
        same = [one is other for one, other in zip(before.parts[1:-1], after.parts[1:-1], strict=True)]
        assert same == [number != 3 for number in range(len(stories))]

    def test_the_parts_are_the_content(self) -> None:
        """A feed in pieces is the feed."""
        for path, made in of_shelf(shelf_of(*fortnight())).items():
            if made.parts:
                assert b"".join(made.parts) == made.content, path


class TestFeedsPage:
    def test_golden(self) -> None:
        """The page is what a person looked at."""
        made = feeds.render(CONFIG).decode()
        assert made.count("?v=") == 1
        head, _, rest = made.partition("?v=")
        made = f"{head}?v=…{rest[10:]}"
        assert made == golden("feeds.html", made)

    def test_every_feed_is_there(self) -> None:
        """Each stream and each zone, in each format; the links climb out of /feeds/."""
        made = feeds.render(CONFIG)
        links = {str(each.get("href")) for each in markup.fromstring(made).cssselect("main a")}
        for id in ("samenwerking", "zones/bht", "zones/hz"):
            assert {f"../{id}.{format}" for format in ("atom", "rss", "json", "opml")} <= links
        assert {"../", "../zones/bht/"} <= links


class TestSettings:
    @pytest.mark.parametrize("id", ["feeds", "zones", "status", "static", "hub"])
    def test_a_stream_takes_no_address_of_the_site(self, id: str, tmp_path: Any) -> None:
        """An id that would hide an address of ours is refused."""
        written = tmp_path / "aggregator.toml"
        written.write_text(
            '[[zones]]\nid = "a"\nname = "A"\n[[sources]]\nid = "s"\nzone = "a"\nurl = "https://a.example/"\n'
            f'[[streams]]\nid = "{id}"\ntitle = "T"\n'
        )
        with pytest.raises(ConfigError, match="not taken by an address of the site"):
            load(written)


def test_zones_are_streams() -> None:
    """Whatever a stream has, a zone has too, under /zones/."""
    zone: Stream = places.of_zone(BHT)
    made = of_shelf(Shelf(config=CONFIG, stream=zone, stories=(), changed=NOW))
    assert set(made) == {"/zones/bht/", *(f"/zones/bht.{format}" for format in ("atom", "rss", "json", "opml"))}
    assert b'href="../../static/style.css' in made["/zones/bht/"].content
    assert aggregator.__version__.encode() in made["/zones/bht.atom"].content
