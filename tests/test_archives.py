"""What a reader that was away can still get (RFC 5005), and what it is told of stories that are gone (RFC 6721)."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Content, Document
from tests.presses import SMALL, Desk, desk
from tests.stories import HZ_NEWS, STREAM, sighting

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "corpus" / "atom.rng"))
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "fh": "http://purl.org/syndication/history/1.0",
    "at": "http://purl.org/atompub/tombstones/1.0",
}
FEED = "/samenwerking.atom"


def parsed(document: Document | None) -> etree._Element:
    assert document is not None
    root = etree.fromstring(document.content)
    assert SCHEMA.validate(root), SCHEMA.error_log
    return root


def found(root: etree._Element, path: str) -> list[Any]:
    result = root.xpath(path, namespaces=NAMES)
    assert isinstance(result, list)
    return result


def ids(root: etree._Element) -> list[str]:
    return [each.rpartition("/")[2] for each in found(root, "a:entry/a:id/text()")]


def older(root: etree._Element) -> str | None:
    """The path of the next page back."""
    links = found(root, "a:link[@rel='prev-archive']/@href")
    return str(links[0]).removeprefix(SMALL.base_url) if links else None


def titles(root: etree._Element) -> list[str]:
    return [str(each) for each in found(root, "a:entry/a:title/text()")]


class TestPages:
    def test_nothing_is_archived_before_a_page_is_full(self, tmp_path: Path) -> None:
        """As long as the feed holds everything there is nothing to go back to."""
        with desk(tmp_path) as one:
            for _ in range(4):
                one.add()
            assert older(parsed(one.documents()[FEED])) is None

    def test_the_chain(self, tmp_path: Path) -> None:
        """The feed leads to the newest full page, each page to the one before it; together they hold everything."""
        with desk(tmp_path) as one:
            for _ in range(13):
                one.add()
            feed = parsed(one.documents()[FEED])
            assert older(feed) == "/samenwerking/archive/6-10.atom"
            second = parsed(one.archive("/samenwerking/archive/6-10.atom"))
            first = parsed(one.archive(older(second) or ""))
            assert older(first) is None
            assert sorted(ids(first) + ids(second)) == [f"{number:04}" for number in range(1, 11)]
            assert set(ids(feed)) >= {"0011", "0012", "0013"}
            assert len(ids(feed)) == 5

    def test_a_page_says_what_it_is(self, tmp_path: Path) -> None:
        """fh:archive, the feed's own id, itself, and where the living feed is; no hub, for it does not change (§4)."""
        with desk(tmp_path) as one:
            for _ in range(6):
                one.add()
            feed, page = parsed(one.documents()[FEED]), parsed(one.archive("/samenwerking/archive/1-5.atom"))
            assert found(page, "fh:archive")
            assert not found(feed, "fh:archive")
            assert found(page, "a:id/text()") == found(feed, "a:id/text()")
            assert {(link.get("rel"), link.get("href")) for link in found(page, "a:link")} == {
                ("self", "https://nieuws.example.be/samenwerking/archive/1-5.atom"),
                ("alternate", "https://nieuws.example.be/"),
                ("current", "https://nieuws.example.be/samenwerking.atom"),
            }

    def test_a_full_page_stays_as_it_is(self, tmp_path: Path) -> None:
        """What comes later changes neither its bytes nor its tag, however old the news is that comes."""
        with desk(tmp_path) as one:
            for _ in range(5):
                one.add()
            before = one.archive("/samenwerking/archive/1-5.atom")
            for published in ("2020-01-01 10:00", "2026-11-22 10:00", "2019-01-01 10:00") * 3:
                one.add(published=published)
            one.press = type(one.press)(one.config)
            assert one.archive("/samenwerking/archive/1-5.atom") == before

    def test_the_feed_holds_what_no_page_has(self, tmp_path: Path) -> None:
        """News that is old when it arrives pushes newer, archived stories out, and is not lost under them."""
        with desk(tmp_path) as one:
            for _ in range(5):
                one.add()
            old = [one.add(published=f"2020-01-0{day} 10:00") for day in (1, 2, 3, 4)]
            shown = ids(parsed(one.documents()[FEED]))
            assert {each.id.rpartition("/")[2] for each in old} <= set(shown)
            assert len(shown) == 5

    def test_a_withdrawn_story_leaves_the_archive(self, tmp_path: Path) -> None:
        """Its page keeps its address and has a tombstone instead, before the entries; so has the feed."""
        with desk(tmp_path) as one:
            stories = [one.add() for _ in range(7)]
            before = one.archive("/samenwerking/archive/1-5.atom")
            gone = one.withdraw(stories[1])
            page, feed = one.archive("/samenwerking/archive/1-5.atom"), one.documents()[FEED]
            assert page is not None
            assert before is not None
            assert (page.etag != before.etag, page.last_modified > before.last_modified) == (True, True)
            assert ids(parsed(page)) == ["0005", "0004", "0003", "0001"]
            for document in (page, feed):
                (stone,) = found(parsed(document), "at:deleted-entry")
                assert stone.get("ref") == gone.id
                assert datetime.fromisoformat(stone.get("when")) == gone.withdrawn
                assert not found(parsed(document), "a:entry[following-sibling::at:deleted-entry]")

    def test_a_story_that_is_brought_back_arrives_anew(self, tmp_path: Path) -> None:
        """Who has dropped it gets it again, and no tombstone speaks of it any more."""
        with desk(tmp_path) as one:
            stories = [one.add() for _ in range(12)]
            shown = one.bring_back(one.withdraw(stories[0]))
            feed = parsed(one.documents()[FEED])
            assert shown.id.rpartition("/")[2] in ids(feed)
            assert found(feed, "at:deleted-entry") == []

    def test_each_zone_has_an_archive(self, tmp_path: Path) -> None:
        """A zone is a stream of its own, with pages of its own."""
        config = replace(SMALL, streams=(replace(STREAM, items=5), replace(STREAM, id="hz", zones=("hz",), items=2)))
        with desk(tmp_path, config) as one:
            for zone in ("bht", "hz") * 4:
                one.add(zone)
            assert {path for path in one.archives() if path.startswith("/hz/")} == {
                "/hz/archive/2-4.atom",
                "/hz/archive/6-8.atom",
            }
            assert titles(parsed(one.archive("/hz/archive/2-4.atom"))) == ["Bericht 4", "Bericht 2"]
            assert set(ids(parsed(one.documents()["/zones/hz.atom"]))) == {"0002", "0004", "0006", "0008"}

    @pytest.mark.parametrize(
        "path",
        [
            "/samenwerking/archive/1-6.atom",
            "/samenwerking/archive/6-10.atom",
            "/samenwerking/archive/1-5.rss",
            "/nowhere/archive/1-5.atom",
            "/samenwerking/archive/-1-5.atom",
            "/samenwerking/archive/1-99999999999999999999.atom",
            "/samenwerking/archive/01-5.atom",
            "/samenwerking/archive/\N{ARABIC-INDIC DIGIT ONE}-5.atom",
        ],
    )
    def test_only_full_pages_are_there(self, tmp_path: Path, path: str) -> None:
        """A page that nobody is led to does not exist: strangers cannot have us render what they like."""
        with desk(tmp_path) as one:
            for _ in range(7):
                one.add()
            assert one.archive(path) is None

    def test_pages_are_kept(self, tmp_path: Path) -> None:
        """The same page is rendered once, and anew when something in it has changed."""
        with desk(tmp_path) as one:
            stories = [one.add() for _ in range(6)]
            first = one.archive("/samenwerking/archive/1-5.atom")
            assert one.archive("/samenwerking/archive/1-5.atom") is first
            one.edit(stories[0], "Anders")
            assert "Anders" in titles(parsed(one.archive("/samenwerking/archive/1-5.atom")))

    def test_archives_tell_once(self, tmp_path: Path) -> None:
        """Whoever writes files is given what has changed, and told that the rest is as it was."""
        with desk(tmp_path) as one:
            stories = [one.add() for _ in range(10)]
            first, second = "/samenwerking/archive/1-5.atom", "/samenwerking/archive/6-10.atom"
            assert {path for path, made in one.archives().items() if made} == {first, second}
            assert not any(one.archives().values())
            one.withdraw(stories[0])
            again = one.archives()
            assert (again[first] is not None, again[second]) == (True, None)


class TestBounds:
    def test_a_feed_too_large_is_told_in_short(self, tmp_path: Path) -> None:
        """Over max_size bytes the older stories lose their full text, and no story is left out."""
        publish = replace(SMALL.publish, max_size=30_000)
        config = replace(SMALL, publish=publish, sources=(replace(HZ_NEWS, publish="full"),))
        with desk(tmp_path, config) as one:
            for _ in range(5):
                made = one.add("hz")
                body = Content(value=f"<p>{'Een lang verhaal. ' * 500}</p>")
                first = made.members[0]
                entry = replace(first.sighting.entry, content=body)
                one.keep(replace(made, members=(replace(first, sighting=replace(first.sighting, entry=entry)),)))
            made_documents = one.documents()
            feed = parsed(made_documents[FEED])
            assert [bool(found(entry, "a:content")) for entry in found(feed, "a:entry")] == [True] * 3 + [False] * 2
            assert len(found(feed, "a:entry/a:summary")) == 5
            for format in ("atom", "rss", "json"):
                assert 20_000 < len(made_documents[f"/samenwerking.{format}"].content) < 36_000


@dataclass(slots=True, frozen=True)
class Reader:
    """What RFC 5005 asks of a reader: read the feed, then back through the archive to a page it has read."""

    one: Desk
    seen: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)

    def poll(self) -> None:
        new: set[str] = set()
        root = parsed(self.one.documents()[FEED])
        self._read(root, new)
        while (path := older(root)) and path not in self.pages:
            self.pages.add(path)
            root = parsed(self.one.archive(path))
            self._read(root, new)
        for id in new:
            self.seen[id] = self.seen.get(id, 0) + 1

    def _read(self, root: etree._Element, new: set[str]) -> None:
        new |= set(found(root, "a:entry/a:id/text()")) - self.seen.keys()
        self.gone.update(found(root, "at:deleted-entry/@ref"))


class TestReader:
    def test_a_reader_that_sleeps_through_a_hundred_changes(self, tmp_path: Path) -> None:
        """It has seen every story exactly once: those that came, grew, were edited and arrived late, for a year."""
        chance = random.Random(5005)
        with desk(tmp_path) as one:
            reader: Reader = Reader(one)
            shown: dict[str, Any] = {}
            for nap in (1, 3, 7, 100, 120, 1, 100):
                for _ in range(nap):
                    _change(one, shown, chance)
                reader.poll()
                assert {story.id for story in shown.values()} <= reader.seen.keys()
            assert set(reader.seen.values()) == {1}
            assert len(reader.seen) > 150

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.randoms(use_true_random=False), st.lists(st.integers(0, 30), min_size=1, max_size=5))
    def test_no_story_is_ever_missed(
        self, tmp_path_factory: pytest.TempPathFactory, chance: random.Random, naps: list[int]
    ) -> None:
        """Whatever happens between two polls, the reader has seen all that is shown."""
        with desk(tmp_path_factory.mktemp("desk")) as one:
            reader: Reader = Reader(one)
            shown: dict[str, Any] = {}
            for nap in naps:
                for _ in range(nap):
                    _change(one, shown, chance)
                reader.poll()
                assert {story.id for story in shown.values()} <= reader.seen.keys()


def _change(one: Desk, shown: dict[str, Any], chance: random.Random) -> None:
    """Something happens: mostly news, now and then an edit, another zone, or a withdrawal."""
    act = chance.random()
    some = chance.choice(sorted(shown)) if shown else None
    if some is None or act < 0.6:
        year = chance.choice((2019, 2025, 2026))
        made = one.add(chance.choice(("bht", "hz")), published=f"{year}-0{chance.randint(1, 9)}-11 10:00")
        shown[made.id] = made
    elif act < 0.8:
        shown[some] = one.edit(shown[some], f"Anders {one.now}")
    elif act < 0.9:
        first = shown[some].members[0]
        copy = sighting("hz" if first.sighting.zone == "bht" else "bht", "Ook hier", key=f"{one.now:%H%M%S}")
        member = replace(first, sighting=replace(copy, source=f"{copy.zone}-{one.now:%H%M}"), rule="text")
        shown[some] = one.keep(replace(shown[some], members=(*shown[some].members, member)))
    else:
        one.withdraw(shown.pop(some))


def test_same_state_same_bytes(tmp_path: Path) -> None:
    """A press that has just started and one that has been at it for long print the same."""
    with desk(tmp_path) as one:
        stories = []
        for number in range(12):
            stories.append(one.add("hz" if number % 3 else "bht"))
            one.documents()
        one.edit(stories[8], "Anders")
        one.withdraw(stories[3])
        kept = one.documents()
        one.press = type(one.press)(one.config)
        assert one.documents() == kept


def test_what_did_not_change_is_the_very_same(tmp_path: Path) -> None:
    """A change of one zone's news leaves the other zone's documents alone, compressed forms included."""
    with desk(tmp_path) as one:
        one.add("bht")
        one.add("hz")
        before = one.documents()
        one.add("hz")
        after = one.documents()
        changed = {path for path in after if after[path] is not before[path]}
        assert not {path for path in changed if path.startswith("/zones/bht")}
        assert {"/zones/hz.atom", "/samenwerking.atom", "/"} <= changed
        assert not re.search("static|feeds", " ".join(changed))
