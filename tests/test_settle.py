"""The writer's turn: entries known again however they moved, laws of order, and copies that were edited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Sighting
from aggregator.store import Store
from tests.arrivals import (
    EAST,
    MORNING,
    NORTH,
    SOUTH,
    Item,
    empty,
    hours,
    membership,
    piece,
    report,
    seen,
    stories,
    take_in,
    told,
)

SOURCES = (NORTH, SOUTH, EAST)
MANNERS = ("as it is", "retitled", "footer", "cut")


@pytest.fixture
def desk(tmp_path: Path) -> Store:
    return Store(empty(tmp_path))


# -- an entry is known again ------------------------------------------------------------


def moved(store: Store, before: Sighting, after: Sighting) -> bool:
    """Whether *after*, shown alone a day later, is taken for the entry that *before* was."""
    take_in(store, before)
    noted = take_in(store, after)
    (story,) = stories(store)
    return noted.new == 0 and len(story.members) == 1


@pytest.mark.parametrize(
    ("guid", "link", "body"),
    [
        ("https://north.example/nieuws/7", "https://north.example/nieuws/7", None),
        ("http://www.noord.example/nieuws/7", "https://nieuws.noord.example/artikel/12", None),
        ("urn:uuid:1", "https://north.example/nieuws/7", "Rechtzetting: {}"),
        ("urn:uuid:1", "https://cms.example/2026/gestolen-aanhangwagen-teruggevonden", "Rechtzetting: {}"),
    ],
    ids=["same guid", "guid on another host", "same address", "same slug and day"],
)
def test_a_site_that_moves_shows_the_same_entry(desk: Store, guid: str, link: str, body: str | None) -> None:
    """An entry that keeps one of guid, guid's path, address, or slug and day is that entry and no news."""
    item = piece(0)
    first = seen(NORTH, 7, item, MORNING, guid="http://north.example/nieuws/7", link="http://north.example/nieuws/7")
    if "cms.example/2026" in link:
        first = seen(NORTH, 7, item, MORNING, link="https://oud.example/gestolen-aanhangwagen-teruggevonden.html")
    changed = Item(item.title, body.format(item.body)) if body else item
    again = seen(NORTH, 7, changed, MORNING + hours(24), published=MORNING, guid=guid, link=link)
    with desk:
        assert moved(desk, first, again)


def test_an_address_that_is_given_anew_is_another_entry(desk: Store) -> None:
    """Next month's item at the address of the last one's, which is gone: news of its own, and the old one stays."""
    link = "https://north.example/nieuws/controles"
    with desk:
        take_in(desk, seen(NORTH, 1, report(1), MORNING, link=link))
        noted = take_in(desk, seen(NORTH, 2, report(2), MORNING + hours(24 * 30), link=link))
        assert (noted.new, len(stories(desk))) == (1, 2)


def test_two_items_of_one_document_are_two_entries(desk: Store) -> None:
    """However alike: what points to an entry that is there itself does not make it that entry."""
    one, two = (
        seen(NORTH, number, piece(0), MORNING, guid=f"urn:uuid:{number}", link=f"https://n.example/{number}")
        for number in (1, 2)
    )
    with desk:
        take_in(desk, one, two)
        noted = take_in(desk, one, two)
        assert noted.new == 0
        assert sum(len(story.members) for story in stories(desk)) == 2


def test_every_alias_still_finds_the_entry(desk: Store) -> None:
    """After a move the old keys are aliases: a copy of the old document still shows a known entry."""
    old = seen(NORTH, 7, piece(0), MORNING, guid="http://old.example/nieuws/7", link="http://old.example/nieuws/7")
    new = replace(seen(NORTH, 7, piece(0), MORNING + hours(1), guid="https://new.example/nieuws/7"))
    with desk:
        take_in(desk, old)
        take_in(desk, new)
        assert take_in(desk, replace(old, seen=MORNING + hours(2))).new == 0
        assert len(stories(desk)) == 1


def test_a_source_that_reuses_its_guid_is_known_by_other_keys(desk: Store) -> None:
    """Another address, date and text under one guid is another entry; from then on its guids do not count."""
    news = [
        seen(NORTH, n, piece(n), MORNING + hours(24 * n), guid="nieuws", link=f"https://n.example/nieuws/{n}")
        for n in range(3)
    ]
    with desk:
        assert [take_in(desk, one).new for one in news] == [1, 1, 1]
        assert len(stories(desk)) == 3
        edited = replace(news[1], entry=replace(news[1].entry, title="Brand in school"), seen=MORNING + hours(99))
        assert take_in(desk, edited).new == 0
        assert len(stories(desk)) == 3


def test_what_has_nothing_but_words_is_known_by_them(desk: Store) -> None:
    """In a source whose guids mean nothing, an item without a link is not founded anew with every visit."""
    news = [
        seen(NORTH, n, piece(n), MORNING + hours(24 * n), guid="nieuws", link=f"https://n.example/nieuws/{n}")
        for n in range(2)
    ]
    bare = seen(NORTH, 3, Item("Kort", "Vandaag gesloten."), MORNING + hours(50), guid="nieuws")
    bare = replace(bare, keys=bare.keys[:1])
    with desk:
        assert [take_in(desk, one).new for one in (*news, bare, bare)] == [1, 1, 1, 0]
        assert len(stories(desk)) == 3


def test_an_item_that_is_listed_twice_is_one_entry(desk: Store) -> None:
    """A list that pins an item above the others shows one entry, and changes nothing when it is read again."""
    own = replace(NORTH, key=r"/nieuws/(?P<key>\d+)")
    pinned = seen(own, 7, piece(0), MORNING, guid="a", link="https://north.example/nieuws/7?pin=1")
    listed = seen(own, 7, piece(1), MORNING, guid="b", link="https://north.example/nieuws/7")
    with desk:
        take_in(desk, pinned, listed)
        before = stories(desk)
        take_in(desk, pinned, listed, at=MORNING + hours(1))
        assert stories(desk) == before
        assert len(before) == 1


def test_a_text_that_many_stories_have_tells_none_of_them(desk: Store) -> None:
    """A template without any slot, thousands of times: turns stay cheap, and no story swallows all."""
    same = Item(
        "Verkeershinder op onze wegen vandaag", "Er is hinder door werken. Volg de omleiding en vertrek op tijd."
    )
    with desk:
        for day in range(0, 3000, 100):
            take_in(desk, *(seen(NORTH, n, same, MORNING + hours(n)) for n in range(day, day + 100)))
        sizes = [len(story.members) for story in stories(desk)]
        assert max(sizes) <= 10
        kept = desk.look(lambda tx: tx.stories.sharing(stories(desk)[0].lead.keys[-1:]))
        assert len(kept) <= 12


# -- laws ---------------------------------------------------------------------------------


Arrival = tuple[int, int, int, str]
arrivals = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["report", "piece"]), st.integers(0, 5), st.sampled_from(MANNERS)),
    min_size=1,
    max_size=14,
)


def made(drawn: Sequence[tuple[int, str, int, str]]) -> list[Sighting]:
    """What arrives, an hour after each other; the number of the item is in its entry's id."""
    return [
        seen(
            SOURCES[where],
            order,
            told((report if kind == "report" else piece)(number), manner),
            MORNING + hours(order),
            guid=f"{kind}{number if kind == 'report' else number % 4} {order}",
        )
        for order, (where, kind, number, manner) in enumerate(drawn)
    ]


def taken(where: str, batches: Sequence[Sequence[Sighting]], *, reopen: bool = False) -> dict[str, frozenset[str]]:
    url = empty(Path(where))
    store = Store(url)
    for batch in batches:
        if batch:
            take_in(store, *batch)
        if reopen:
            store.close()
            store = Store(url)
    with store:
        return membership(store)


@settings(max_examples=25, deadline=None)
@given(arrivals, st.sets(st.integers(0, 13)))
def test_batches_and_restarts_make_no_difference(drawn: list[tuple[int, str, int, str]], cuts: set[int]) -> None:
    """The same arrivals give the same stories and ids: one by one, in any batches, with a restart between."""
    news = made(drawn)
    with TemporaryDirectory() as where:
        one_by_one = taken(where, [[one] for one in news])
        edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(news)), len(news)]
        batches = [news[start:end] for start, end in pairwise(edges)]
        assert taken(where, batches) == one_by_one
        assert taken(where, [list(reversed(batch)) for batch in batches], reopen=True) == one_by_one


@settings(max_examples=25, deadline=None)
@given(arrivals)
def test_what_is_shown_again_changes_nothing(drawn: list[tuple[int, str, int, str]]) -> None:
    """Refetching everything, at once or one by one, leaves every story as it was, and its moments too."""
    news = made(drawn)
    with TemporaryDirectory() as where, Store(empty(Path(where))) as store:
        for one in news:
            take_in(store, one)
        before, revision = stories(store), store.look(lambda tx: tx.stories.revision())
        take_in(store, *news, at=MORNING + hours(200))
        for one in reversed(news):
            take_in(store, replace(one, seen=MORNING + hours(201)))
        assert stories(store) == before
        assert store.look(lambda tx: tx.stories.revision()) == revision


@settings(max_examples=25, deadline=None)
@given(arrivals)
def test_no_story_holds_two_pieces_of_news(drawn: list[tuple[int, str, int, str]]) -> None:
    """Whatever the manner in which they were passed on, issues of a template never share a story."""
    news = made(drawn)
    with TemporaryDirectory() as where:
        for entries in taken(where, [[one] for one in news]).values():
            assert len({entry.split()[1] for entry in entries}) == 1


@settings(max_examples=15, deadline=None)
@given(arrivals)
def test_a_lost_database_comes_back_with_the_same_ids(drawn: list[tuple[int, str, int, str]]) -> None:
    """Built anew, later and at one go, from documents that still hold the same entries: the same ids and members."""
    news = made(drawn)
    with TemporaryDirectory() as where:
        before = taken(where, [[one] for one in news])
        later = [replace(one, seen=MORNING + hours(2000)) for one in news]
        assert taken(where, [later]) == before


_PROGRAM = """
import json, sys
from tempfile import TemporaryDirectory
from tests.test_settle import made, taken
with TemporaryDirectory() as where:
    found = taken(where, [made(json.loads(sys.argv[1]))])
print(json.dumps({id: sorted(entries) for id, entries in sorted(found.items())}))
"""


def test_hash_seeds_make_no_difference() -> None:
    """Processes that order their sets differently decide the same."""
    drawn = [(n % 3, "report" if n % 2 else "piece", n % 5, MANNERS[n % 4]) for n in range(24)]

    def decided(seed: str) -> str:
        run = subprocess.run(
            [sys.executable, "-c", _PROGRAM, json.dumps(drawn)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert len({decided(seed) for seed in ("0", "1", "4711")}) == 1


def test_both_databases_decide_alike(store: Store, tmp_path: Path) -> None:
    """The same arrivals give the same stories on SQLite and on PostgreSQL."""
    store.submit(lambda tx: tx.meta.put("authority", "nieuws.example")).result()
    news = made([(n % 3, "report" if n % 3 else "piece", n % 6, MANNERS[n % 4]) for n in range(40)])
    for start in range(0, 40, 8):
        take_in(store, *news[start : start + 8])
    assert membership(store) == taken(str(tmp_path), [[one] for one in news])


# -- joining ------------------------------------------------------------------------------


def test_a_late_copy_joins(desk: Store) -> None:
    """Days later, under a title of its own and with a footer: it joins, and the story's id and moment stay."""
    with desk:
        take_in(desk, seen(NORTH, 1, piece(0), MORNING))
        (before,) = stories(desk)
        take_in(desk, seen(SOUTH, 1, told(told(piece(0), "retitled"), "footer"), MORNING + hours(24 * 9)))
        (after,) = stories(desk)
    assert (after.id, after.published, after.zones) == (before.id, before.published, ("north", "south"))


@pytest.mark.parametrize("claims_first", [False, True])
def test_nobody_takes_over_a_story_by_its_address(desk: Store, claims_first: bool) -> None:
    """Another zone that gives the address for its own, and tells something else, has a story of its own.

    Without what disagrees the address is believed: it passes the news on.
    """
    real = seen(NORTH, 1, report(1), MORNING)
    false = replace(report(1), body=report(1).body.replace("1137 voertuigen", "9000 voertuigen") + " Win een prijs.")
    claimed = seen(SOUTH, 1, false, MORNING, link=real.entry.link)
    teaser = seen(EAST, 1, Item("Controles", f"{report(1).body[:200]}…"), MORNING + hours(1), link=real.entry.link)
    with desk:
        for one in (claimed, real) if claims_first else (real, claimed):
            take_in(desk, one)
        assert len(stories(desk)) == 2
        take_in(desk, teaser)
        assert len(stories(desk)) == 2


def test_nobody_makes_a_counter_of_a_fact(desk: Store) -> None:
    """A source that says a short sentence with ever other numbers may not edit such a number past the comparison.

    What both sources have with ever other numbers is a counter, and differs as it likes.
    """
    fact, counter = "Bel voor hulp naar {}.", "Al {} keer gelezen."

    def told_with(number: int, *said: str) -> Item:
        return Item(piece(number).title, " ".join([piece(number).body, *said]))

    with desk:
        for number in (1, 2, 3):
            for source in (NORTH, SOUTH):
                said = [counter.format(number)] if source is NORTH else [counter.format(9), fact.format(100 + number)]
                take_in(desk, seen(source, number, told_with(number, *said), MORNING))
        both = told_with(0, fact.format(112), counter.format(0))
        for source in (NORTH, SOUTH):
            take_in(desk, seen(source, 9, both, MORNING + hours(1)))
        counted = told_with(0, fact.format(112), counter.format(7))
        assert take_in(desk, seen(SOUTH, 9, counted, MORNING + hours(2))).problems == ()
        false = told_with(0, fact.format(906), counter.format(7))
        noted = take_in(desk, seen(SOUTH, 9, false, MORNING + hours(3)))
    assert ["'112' ≠ '906'" in each or "'906' ≠ '112'" in each for each in noted.problems] == [True]


def test_a_marked_update_is_the_same_story_updated(desk: Store) -> None:
    """A correction that carries the original joins it, and readers see that the story was updated."""
    corrected = Item(
        f"Update: {piece(1).title}",
        f"{piece(1).body} Update: de twee lokalen blijven de hele maand dicht, zo meldt de directie vandaag.",
    )
    with desk:
        take_in(desk, seen(NORTH, 1, piece(1), MORNING))
        take_in(desk, seen(SOUTH, 1, corrected, MORNING + hours(8)))
        (story,) = stories(desk)
    assert story.updated == MORNING + hours(8)


def test_what_is_related_is_kept_with_both(tmp_path: Path) -> None:
    """A link is no merge: what comes back after the window names what it repeats, is named by it, and both say why."""
    url = empty(tmp_path)
    with Store(url) as store:
        take_in(store, seen(NORTH, 1, piece(0), MORNING))
        take_in(store, seen(SOUTH, 1, told(piece(0), "footer"), MORNING + hours(24 * 40)))
    with Store(url) as store:
        first, second = stories(store)
    assert [[other.story for other in story.related] for story in (first, second)] == [[second.id], [first.id]]
    assert first.related[0].evidence == second.related[0].evidence != ""
