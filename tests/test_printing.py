"""The pages and the feed of editions: real store, real rendering, real HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from aggregator import hand, post
from aggregator.daemon.directory import Directory
from aggregator.daemon.printing import Prints
from aggregator.daemon.publishing import Publishing
from aggregator.daemon.rendering import note_presentation
from aggregator.model import Config, Document, Edition, Story
from aggregator.publish import places
from aggregator.store import Store
from tests.databases import migrated
from tests.postgres import database
from tests.stories import CONFIG, DIGEST, NOW, joint, sighting, story

RNG = etree.RelaxNG(etree.parse(Path(__file__).parent / "corpus" / "atom.rng"))
PAGE = "/mail/dagelijks/2026-11-23/"


class Office:
    """A store in which editions are frozen, and the prints of them."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.config = config
        self.now = NOW
        self.prints = Prints(config)
        store.submit(lambda tx: post.enrol(tx, config, NOW)).result()
        store.submit(lambda tx: note_presentation(tx, config, NOW)).result()

    def arrive(self, *stories: Story) -> None:
        for one in stories:
            self.store.submit(lambda tx, one=one: tx.stories.save(one, at=self.now, loud=True)).result()  # type: ignore[misc]

    def freeze(self, slot: str) -> Edition:
        digest = self.config.digests[0]
        return self.store.submit(lambda tx: post.freeze(tx, self.config, digest, slot, self.now)).result()

    def find(self, path: str) -> Document | None:
        return self.store.look(lambda tx: self.prints.find(tx, path))

    def read(self, path: str) -> str:
        found = self.find(path)
        assert found, path
        return found.content.decode()

    def files(self, prints: Prints) -> dict[str, Document | None]:
        return self.store.look(lambda tx: dict(prints.files(tx)))


@contextmanager
def office(folder: Path | str, **digest: object) -> Iterator[Office]:
    config = replace(CONFIG, digests=(replace(DIGEST, **digest),))  # type: ignore[arg-type]
    with Store(folder if isinstance(folder, str) else migrated(folder / "a.db")) as store:
        yield Office(store, config)


def alone(number: int, title: str = "") -> Story:
    return story(sighting(title=title or f"Bericht {number}", key=str(number)), number=number)


def test_an_edition_is_a_page(tmp_path: Path) -> None:
    """Its stories stand under the headings of the mail, with their links, and nothing on it belongs to a reader."""
    with office(tmp_path) as desk:
        desk.arrive(joint(), alone(2), alone(3, "Getuigenoproep: wie zag een witte bestelwagen?"))
        desk.freeze("2026-11-23")
        markup = desk.read(PAGE)
        assert re.findall(r"<h2 id=[^>]*>([^<]*)", markup) == [
            "Uw hulp gevraagd",
            "Samen gepubliceerd",
            "Politiezone Beringen/Ham/Tessenderlo",
        ]
        assert "maandag 23 november 2026" in markup
        assert 'href="https://bht.example/nl/news/detail/2/bericht"' in markup
        assert '<meta name="robots" content="noindex">' in markup
        readers = desk.store.look(lambda tx: tx.audience.readers("dagelijks", DIGEST.recipients))
        for secret in ("mail/u/", "mail/p/", "@example.be", "\x02", *(reader.token for reader in readers)):
            assert secret not in markup


@pytest.mark.postgresql
def test_postgresql_prints_the_same(tmp_path: Path) -> None:
    """Both databases give the same bytes."""
    with database() as url, office(url) as one, office(tmp_path) as other:
        for desk in (one, other):
            desk.arrive(joint(), alone(2))
            desk.freeze("2026-11-23")
            desk.now += timedelta(days=1)
            desk.arrive(alone(3))
            desk.freeze("2026-11-24")
        for path in (PAGE, "/mail/dagelijks/", "/mail/dagelijks.atom"):
            assert one.find(path) == other.find(path)
        assert one.files(one.prints) == other.files(other.prints)


@pytest.mark.parametrize("chain", [1, 2])
def test_a_joined_story_leads_to_the_one_that_holds_it(tmp_path: Path, chain: int) -> None:
    """Page, feed and files show the story that took it in, once, and again as it changes; a split undoes that."""
    with office(tmp_path) as desk:
        gone, *takers = (alone(number, f"Bericht {number}") for number in range(1, 2 + chain))
        desk.arrive(gone)
        desk.freeze("2026-11-23")
        desk.arrive(*takers)
        prints = Prints(desk.config)
        desk.files(prints)
        for at, taker in enumerate(takers):
            before = takers[at - 1] if at else gone
            join(desk, taker, before)
        markup, last = desk.read(PAGE), takers[-1]
        assert markup.count("<article") == 1
        assert f"Bericht {1 + chain}" in markup
        assert f'href="https://bht.example/nl/news/detail/{1 + chain}/bericht"' in markup
        assert "Bericht 1" not in markup
        assert f"Bericht {1 + chain}" in desk.read("/mail/dagelijks.atom")
        assert desk.files(prints)[PAGE] is not None
        assert desk.files(prints)[PAGE] is None
        desk.now += timedelta(hours=1)
        held = desk.store.look(lambda tx: tx.stories.get(last.id))
        assert held is not None
        desk.arrive(replace(held, changed=desk.now))
        (written, read) = desk.files(prints)[PAGE], desk.find(PAGE)
        assert written is not None
        assert read is not None
        assert written.last_modified == read.last_modified == desk.now
        desk.arrive(replace(held, withdrawn=desk.now, changed=desk.now))
        assert "Van deze mail is niets over." in desk.read(PAGE)


def join(desk: Office, story: Story, other: Story) -> None:
    desk.now += timedelta(minutes=1)
    by = hand.Hand(who="an", at=desk.now)
    desk.store.submit(lambda tx: hand.join(tx, story.id, other.id, by)).result()


def test_a_joined_story_of_the_same_edition_stands_there_once(tmp_path: Path) -> None:
    """Both were mailed, and one holds the other now: one article."""
    with office(tmp_path) as desk:
        desk.arrive(alone(1), alone(2))
        desk.freeze("2026-11-23")
        join(desk, alone(2), alone(1))
        assert desk.read(PAGE).count("<article") == 1


def test_a_withdrawn_story_leaves_the_editions_too(tmp_path: Path) -> None:
    """What an editor withdraws after it was mailed is gone from page and feed; an edition may have nothing left."""
    with office(tmp_path) as desk:
        desk.arrive(alone(1, "Vermist: Bako"), alone(2))
        desk.freeze("2026-11-23")
        assert "Vermist: Bako" in desk.read(PAGE)
        assert "Vermist: Bako" in desk.read("/mail/dagelijks.atom")
        gone = NOW + timedelta(hours=1)
        desk.arrive(replace(alone(1, "Vermist: Bako"), withdrawn=gone, changed=gone))
        for path in (PAGE, "/mail/dagelijks.atom"):
            assert "Vermist" not in desk.read(path)
            assert "Bericht 2" in desk.read(path)
        assert desk.find(PAGE).last_modified == gone  # type: ignore[union-attr]
        desk.arrive(replace(alone(2), withdrawn=gone, changed=gone))
        assert "Van deze mail is niets over." in desk.read(PAGE)
        assert "Van deze mail is niets over." in desk.read("/mail/dagelijks.atom")


def test_the_list_names_every_edition(tmp_path: Path) -> None:
    """All editions that went out stand in the list, newest first; each page leads to its neighbours."""
    with office(tmp_path) as desk:
        assert "Nog geen mail" in desk.read("/mail/dagelijks/")
        for number, slot in enumerate(("2026-11-23", "2026-11-24T07:00", "2026-11-25"), start=1):
            desk.now = NOW + timedelta(days=number - 1)
            desk.arrive(alone(number))
            desk.freeze(slot)
        desk.freeze("leeg")
        listed = desk.read("/mail/dagelijks/")
        home = "../../mail/dagelijks"
        assert re.findall(r'<li><a href="([^"]*)">', listed)[:3] == [
            f"{home}/2026-11-25/",
            f"{home}/2026-11-24T07-00/",
            f"{home}/2026-11-23/",
        ]
        assert "leeg" not in listed
        middle = desk.read("/mail/dagelijks/2026-11-24T07-00/")
        assert f'<a href="../{home}/2026-11-25/" rel="next">' in middle
        assert f'<a href="../{home}/2026-11-23/" rel="prev">' in middle


@pytest.mark.parametrize("path", ["/mail/ander/", "/mail/dagelijks/morgen/", "/mail/dagelijks/preview/", "/mail/u/"])
def test_what_is_not_there(tmp_path: Path, path: str) -> None:
    """No other digest and no other edition has a page."""
    with office(tmp_path) as desk:
        desk.arrive(alone(1))
        desk.freeze("2026-11-23")
        assert desk.find(path) is None


def test_what_the_operator_keeps_to_the_readers(tmp_path: Path) -> None:
    """With public = false there is no page, no feed, no file, and no link to one in the mail."""
    with office(tmp_path, public=False) as desk:
        desk.arrive(alone(1))
        edition = desk.freeze("2026-11-23")
        for path in (PAGE, "/mail/dagelijks/", "/mail/dagelijks.atom"):
            assert desk.find(path) is None
        assert desk.files(desk.prints) == {}
        (delivery,) = desk.store.look(lambda tx: tx.mailing.of_edition(edition.id)) or []
        letter, about = desk.store.look(lambda tx: tx.mailing.contents(delivery))
        assert about.view is None
        assert "Bekijk in browser" not in letter.html + letter.text


def test_a_held_edition_is_nobodys_yet(tmp_path: Path) -> None:
    """What waits for the editor's word has no page before it is let out."""
    with office(tmp_path, review=timedelta(hours=1)) as desk:
        desk.arrive(alone(1))
        assert desk.freeze("2026-11-23").state == "held"
        assert desk.find(PAGE) is None
        assert "Nog geen mail" in desk.read("/mail/dagelijks/")


def test_the_feed_of_editions(tmp_path: Path) -> None:
    """Valid Atom (RFC 4287 appendix B), read by feedparser: an entry for each edition, with its page and headlines."""
    with office(tmp_path) as desk:
        desk.arrive(joint(), alone(2, "Samen tegen hondenpoep & sluikstort <in de wijk>"))
        desk.freeze("2026-11-23")
        document = desk.find("/mail/dagelijks.atom")
        assert document
        assert document.media_type == "application/atom+xml; charset=utf-8"
        RNG.assertValid(etree.fromstring(document.content))
        read = feedparser.parse(document.content)
        assert not read.bozo
        (entry,) = read.entries
        assert entry.id == "tag:nieuws.example.be,2026:mail/dagelijks/2026-11-23"
        assert entry.title == "Politiezones starten gezamenlijk verkeersteam en nog 1 bericht"
        assert entry.link == f"https://nieuws.example.be{PAGE}"
        assert "Samen tegen hondenpoep &amp; sluikstort &lt;in de wijk&gt;</a>" in entry.content[0].value
        RNG.assertValid(etree.fromstring(desk.find("/mail/dagelijks.atom").content))  # type: ignore[union-attr]


def test_the_feed_of_no_editions_is_valid_too(tmp_path: Path) -> None:
    """Before the first edition the feed is there and empty."""
    with office(tmp_path) as desk:
        document = desk.find("/mail/dagelijks.atom")
        assert document
        RNG.assertValid(etree.fromstring(document.content))


def test_same_state_same_bytes(tmp_path: Path) -> None:
    """Another process makes the same document, and one that has made it gives it out as it is."""
    with office(tmp_path) as desk:
        desk.arrive(alone(1))
        desk.freeze("2026-11-23")
        for path in (PAGE, "/mail/dagelijks/", "/mail/dagelijks.atom"):
            first = desk.find(path)
            assert desk.find(path) is first
            assert desk.store.look(lambda tx, path=path: Prints(desk.config).find(tx, path)) == first  # type: ignore[misc]


def test_editions_as_files(tmp_path: Path) -> None:
    """All of them are files, and only what has changed is made anew."""
    with office(tmp_path) as desk:
        desk.arrive(alone(1))
        desk.freeze("1")
        desk.now += timedelta(days=1)
        desk.arrive(alone(2))
        desk.freeze("2")
        prints = Prints(desk.config)
        made = desk.files(prints)
        assert all(made.values())
        assert set(made) == {"/mail/dagelijks/", "/mail/dagelijks.atom", "/mail/dagelijks/1/", "/mail/dagelijks/2/"}
        Directory(tmp_path / "out").write(iter(made.items()))
        assert b"Bericht 1" in (tmp_path / "out" / "mail" / "dagelijks" / "1" / "index.html").read_bytes()
        assert not any(desk.files(prints).values())
        desk.arrive(replace(alone(1), withdrawn=desk.now, changed=desk.now + timedelta(hours=1)))
        again = desk.files(prints)
        assert again["/mail/dagelijks/1/"]
        assert again["/mail/dagelijks/2/"] is None


def test_every_path_of_an_edition_is_found_again() -> None:
    """Whatever a slot is called, its page stands at a path that is asked for and that names its digest."""
    for slot in ("2026-11-23", "2026-11-23T07:00", "2026-W48", "send-2026-11-23T07:00:00.123Z", "tag:a,2026:story/1"):
        path = places.edition("dagelijks", slot)
        assert re.fullmatch(r"/mail/dagelijks/[A-Za-z0-9-]+/", path)
        assert places.is_asked_for(path)
        assert places.mailed(CONFIG, path) == DIGEST
    assert not places.is_asked_for("/mail/u/")
    assert not places.is_asked_for("/mail/p/")
    assert not places.is_asked_for("/mail/u/Zm9vYmFyYmF6cXV4MTIzNA")


def test_the_daemon_shows_an_edition_as_soon_as_it_is_frozen(tmp_path: Path) -> None:
    """Through what serves the site: a new edition is listed although no story changed."""

    async def run(desk: Office) -> None:
        publishing = Publishing(
            desk.config, desk.store, lambda: desk.now, lambda failure, what: pytest.fail(str(failure))
        )
        desk.arrive(alone(1))
        await publishing.go_on()
        before = await publishing.asked("/mail/dagelijks/")
        await asyncio.to_thread(desk.freeze, "2026-11-23")
        await publishing.go_on()
        after = await publishing.asked("/mail/dagelijks/")
        page = await publishing.asked(PAGE)
        assert before
        assert after
        assert page
        assert b"2026-11-23/" not in before.content
        assert b"2026-11-23/" in after.content

    with office(tmp_path) as desk:
        asyncio.run(run(desk))
