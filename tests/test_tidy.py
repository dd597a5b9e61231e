"""What is kept no longer: deleted in small steps, with its words, and never back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.daemon.connecting import means
from aggregator.daemon.rendering import note_presentation, render_all
from aggregator.match import sightings
from aggregator.model import Config, Feed, Fetch, Notices, Poll, Retention, Source, Story, Stream, Verdict, Zone
from aggregator.poll import poll
from aggregator.settle import settle
from aggregator.store import Store, Tx
from aggregator.tidy import DELETED, LOOKED_AT, tidy
from tests.fakes.origin import Origin
from tests.stories import BHT_NEWS, CONFIG, NOW, joint, sighting, story
from tests.test_guards import BRUSSELS, DAY, HOUR, entry, show

SHORT = replace(CONFIG, retention=Retention(stories=timedelta(days=30)))
PUBLISHING = replace(CONFIG, notices=Notices(publish=True))


def tidied(store: Store, config: Config, after: timedelta = timedelta(0)) -> int:
    """How many steps it took until there was nothing left to do."""
    steps = 0
    while store.submit(lambda tx: tidy(tx, config, NOW + after)).result():
        steps += 1
    return steps


def keep(store: Store, *stories: Story) -> None:
    def save(tx: Tx) -> None:
        for one in stories:
            tx.stories.save(one, at=one.changed, loud=True)

    store.submit(save).result()


def count(store: Store) -> int:
    return store.look(lambda tx: tx.stories.counts())[0]


def words_left(store: Store, words: str) -> list[str]:
    """The tables in which *words* still stand."""
    from aggregator.store.schema import metadata

    with store._engine.connect() as connection:
        return [t.name for t in metadata.sorted_tables if words in repr(connection.execute(t.select()).all())]


# -- retention ------------------------------------------------------------------------


def test_stories_go_after_their_time(store: Store) -> None:
    """What was published longer ago than [retention].stories goes, the rest stays, and by default all of this stays."""
    old = story(sighting(published="2026-10-20 10:00", key="1"), number=1)
    young = story(sighting(published="2026-10-30 10:00", key="2"), number=2)
    keep(store, old, young)
    tidied(store, CONFIG)
    assert count(store) == 2
    tidied(store, SHORT)
    assert [one.id for one in store.look(lambda tx: tx.stories.newest(["bht"], 9))] == [young.id]


def test_nothing_of_its_words_is_left(store: Store) -> None:
    """A deleted story leaves its id and keys: no title, no text, no address stands in any table."""
    made = sighting(title="Zeldzaamwoord in de titel", text="Anderwoord in de tekst.", published="2026-10-01 10:00")
    keep(store, story(replace(made, keys=("guid:bht-nieuws:1", "url:https://bht.example/derdewoord"), words="hash")))
    keep(store, other := story(sighting(key="2"), number=2))
    verdict = Verdict(verdict="related", rule="vetoed", score=0.9, evidence="'Zeldzaamwoord' ≠ 'Gewoonwoord'")
    store.submit(lambda tx: tx.related.note(other.id, ((story().id, verdict),), NOW)).result()
    tidied(store, SHORT)
    assert [words_left(store, words) for words in ("Zeldzaamwoord", "Anderwoord", "derdewoord")] == [[], [], []]
    assert store.look(lambda tx: tx.stories.exists(story().id))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"host": "elders.example"},
        {"guid": "anders"},
        {"guid": "anders", "host": "elders.example"},
        {"words": "Heel andere woorden staan er nu, maar het is hetzelfde bericht van toen."},
    ],
)
def test_what_was_deleted_does_not_come_back(store: Store, change: dict[str, str]) -> None:
    """A source that still shows an old item, or shows it again after years, edited or moved, brings nothing."""
    show(store, [entry(1, day=-40)], 0)
    tidied(store, SHORT)
    assert count(store) == 0
    shown = show(store, [entry(1, day=-40, **change), entry(2, day=0)], 1, SHORT)
    assert (shown.new, count(store)) == (1, 1)


def test_what_another_claims_and_has_deleted_is_still_news(store: Store) -> None:
    """Who shows another's address and title, dated years back so that it is deleted at once, keeps nothing out."""
    real = entry(1, day=0)
    claimed = replace(entry(1, guid="geclaimd", day=-900, words="Verzonnen."), links=real.links, title=real.title)
    show(store, [claimed], 0)
    tidied(store, SHORT)
    assert count(store) == 0
    theirs = sightings(Feed(id="x", title="", entries=(real,)), BHT_NEWS, NOW, BRUSSELS)
    poll = Poll(source=BHT_NEWS.id, url=BHT_NEWS.url, at=NOW, next_poll=NOW, status="ok", first_success=NOW)
    assert store.submit(lambda tx: settle(tx, theirs, poll, SHORT)).result().new == 1


def test_the_same_words_next_year_are_news(store: Store) -> None:
    """A campaign that comes back word for word after its story was deleted is a story again."""
    words = "Zet uw fiets op slot en laat ze graveren, gratis en zonder afspraak."
    first = replace(entry(1, words=words, day=-400), title="Campagne tegen fietsdiefstal")
    show(store, [first], 0)
    tidied(store, SHORT)
    again = replace(entry(2, words=words, day=0), title="Campagne tegen fietsdiefstal")
    assert show(store, [again], 1, SHORT).new == 1
    assert count(store) == 1


def test_another_item_at_the_same_address_is_news(store: Store) -> None:
    """An address may be a list's: with another title it is no deleted item."""
    show(store, [entry(1, guid="a", day=-40)], 0)
    tidied(store, SHORT)
    other = replace(entry(1, guid="b", day=0, words="Iets heel anders."), title="Een ander bericht")
    assert show(store, [other], 1, SHORT).new == 1


def test_it_goes_in_small_steps(store: Store) -> None:
    """One step deletes a bounded number, so that polls come in between."""
    many = [story(sighting(published="2026-10-01 10:00", key=str(n)), number=n) for n in range(2 * DELETED + 1)]
    keep(store, *many)
    store.submit(lambda tx: tidy(tx, SHORT, NOW)).result()
    assert count(store) == DELETED + 1
    assert tidied(store, SHORT) <= 4  # two that delete, and those that see what was changed
    assert tidied(store, SHORT) == 0


def test_a_deletion_is_a_change_of_the_documents(store: Store) -> None:
    """Feed and page lose the story and say that they have changed, and stay the same bytes after that."""
    old, young = story(sighting(published="2026-10-01 10:00", key="1"), number=1), joint(2)
    keep(store, old, young)
    store.submit(lambda tx: note_presentation(tx, SHORT, NOW)).result()
    before = store.look(lambda tx: render_all(tx, SHORT))["/samenwerking.atom"]
    tidied(store, SHORT, DAY)
    after = store.look(lambda tx: render_all(tx, SHORT))["/samenwerking.atom"]
    assert f"<id>{old.id}</id>" in before.content.decode()
    assert f"<id>{old.id}</id>" not in after.content.decode()
    assert after.last_modified == NOW + DAY
    tidied(store, SHORT, 2 * DAY)
    assert store.look(lambda tx: render_all(tx, SHORT))["/samenwerking.atom"] == after


def test_who_was_mailed_is_not_mailed_again(store: Store) -> None:
    """A story that is deleted before its edition is frozen is in no edition."""
    store.submit(lambda tx: tx.audience.enrol("d", ["a@example.be"], NOW)).result()
    keep(store, story(sighting(published="2026-10-01 10:00")))
    tidied(store, SHORT)
    assert store.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["bht"])) == {}


def test_a_deletion_is_noted(store: Store) -> None:
    """What happened to a story can be looked up after it has gone."""
    keep(store, one := story(sighting(published="2026-10-01 10:00")))
    tidied(store, SHORT)
    acts = store.look(lambda tx: tx.hands.on(one.id))
    assert "delete" in repr(acts)


# -- notices ------------------------------------------------------------------------------

NOTICE = story(sighting(title="Vermist: Jan uit Ham", published="2026-11-20 10:00", key="1"), number=1)
OTHER = story(sighting(title="Fietscontrole in Ham", published="2026-11-20 10:00", key="2"), number=2)
SEEN = NOTICE.lead.seen - NOW


def test_a_published_notice_goes_after_a_fortnight(store: Store) -> None:
    """When notices are taken, each goes [notices].keep after it was first seen, and nothing else goes with it."""
    keep(store, NOTICE, OTHER)
    tidied(store, PUBLISHING, SEEN + 14 * DAY - HOUR)
    assert count(store) == 2
    tidied(store, PUBLISHING, SEEN + 14 * DAY)
    assert [one.id for one in store.look(lambda tx: tx.stories.newest(["bht"], 9))] == [OTHER.id]
    assert words_left(store, "Vermist") == []


def test_an_edit_prolongs_no_notice(store: Store) -> None:
    """A notice that is edited on its thirteenth day goes on its fourteenth."""
    keep(store, NOTICE)
    tidied(store, PUBLISHING)
    keep(store, replace(NOTICE, changed=NOTICE.changed + 13 * DAY))
    tidied(store, PUBLISHING, SEEN + 14 * DAY)
    assert count(store) == 0


def test_an_item_that_becomes_a_notice_goes_too(store: Store) -> None:
    """A story whose title is edited into a notice has its days counted from its first sight."""
    keep(store, replace(OTHER, id=NOTICE.id))
    tidied(store, PUBLISHING)
    keep(store, replace(NOTICE, changed=NOW + DAY))
    tidied(store, PUBLISHING, 40 * DAY)
    assert count(store) == 0


def test_notices_go_at_once_when_they_are_switched_off(store: Store) -> None:
    """What was taken while publish was true is gone after the next tidying with false."""
    keep(store, NOTICE, OTHER)
    tidied(store, PUBLISHING)
    assert count(store) == 2
    tidied(store, CONFIG)
    assert count(store) == 1


def test_new_words_are_held_against_old_stories(store: Store) -> None:
    """When the operator changes how notices are known, every story is looked at again, some at a time."""
    many = [story(sighting(title="Persoon zoek", key=str(n)), number=n) for n in range(LOOKED_AT + 5)]
    keep(store, *many)
    tidied(store, CONFIG)
    assert count(store) == LOOKED_AT + 5
    tidied(store, replace(CONFIG, notices=Notices(words=("persoon zoek",))))
    assert count(store) == 0


def feed(*titles: str) -> str:
    items = "".join(
        f"<item><title>{title}</title><guid>{n}</guid><description>De tekst van {title}.</description></item>"
        for n, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>T</title><link>https://t.example/</link>{items}</channel></rss>"


def test_a_notice_is_not_even_stored(tmp_path: Path) -> None:
    """A poll leaves notices out, says so, and takes them in as soon as they are wanted, though nothing has changed."""

    async def go() -> None:
        with Origin() as origin:
            origin.serve("/feed", feed("Vermist: Jan uit Ham", "Fietscontrole in Ham"), content_type="text/xml")
            config = Config(
                database=f"sqlite:///{tmp_path / 'a.db'}",
                fetch=Fetch(allow_private=("127.0.0.0/8",), per_host_pause=timedelta(0)),
                zones=(Zone(id="z", name="Zone"),),
                sources=(Source(id="s", zone="z", url=origin.url("/feed")),),
                streams=(Stream(id="all", title="Alles"),),
            )
            async with means(config, lambda: NOW) as opened:
                first = await poll(config.sources[0], opened)
                assert (first.entries, first.new) == (1, 1)
                assert first.problems == ("1 notice of wanted or missing persons left out ([notices].publish)",)
                assert words_left(opened.store, "Vermist") == []
                wanted = replace(opened, config=replace(config, notices=Notices(publish=True)))
                second = await poll(config.sources[0], wanted)
                assert (second.entries, second.new, second.problems) == (2, 1, ())

    asyncio.run(go())


def test_what_was_too_old_when_it_came_goes_too(store: Store) -> None:
    """A new source may bring what is past its time long after the rest of that time was deleted."""
    keep(store, story(sighting(published="2026-10-01 10:00", key="1"), number=1))
    tidied(store, SHORT)
    late = story(sighting(published="2026-09-01 10:00", key="2", seen=NOW), number=2)
    keep(store, replace(late, changed=NOW + HOUR))
    tidied(store, SHORT, DAY)
    assert count(store) == 0


def test_a_longer_and_a_shorter_time_take_effect(store: Store) -> None:
    """[retention].stories may be changed either way: what is due by the new time goes, and nothing else."""
    for day in (1, 10, 20):
        keep(store, story(sighting(published=f"2026-10-{day:02} 10:00", key=str(day)), number=day))
    for days, left in ((50, 2), (400, 2), (40, 1), (30, 0)):
        tidied(store, replace(CONFIG, retention=Retention(stories=timedelta(days=days))))
        assert count(store) == left
