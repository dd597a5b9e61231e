"""Candidates in the store: found by what texts have in common, bounded whatever a source does, and pruned by age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as Alembic
from sqlalchemy import create_engine, func, select, text

from aggregator.match import counters, identify, known, learnt, sentences, told
from aggregator.match.commonplaces import Commonplaces
from aggregator.model import Match, Sighting, Story, Verdict
from aggregator.said import Said
from aggregator.store import Store, Tx, members, schema
from aggregator.store.anchors import CANDIDATES, DEPTH
from aggregator.store.sentences import MOST
from tests.arrivals import EAST, MORNING, NORTH, SOUTH, Item, empty, hours, piece, report, seen, stories, take_in
from tests.stories import NOW, sighting, story

DAY = timedelta(days=1)


def anchored(number: int, *anchors: int, days: int = 0, keys: int = 0) -> Story:
    """A story of one copy that is found by these anchors, published so many days ago."""
    made = sighting(key=str(number), published="2026-11-20 10:00")
    moment = made.published - days * DAY
    entry = replace(made.entry, published=moment)
    made = replace(made, anchors=anchors, entry=entry, seen=moment, keys=(f"guid:{number}", *["text:same"][:keys]))
    return story(made, number=number)


def keep(store: Store, *some: Story) -> None:
    def all_of_them(tx: Tx) -> None:
        for one in some:
            tx.stories.save(one, at=NOW, loud=True)

    store.submit(all_of_them).result()


def alike(store: Store, probe: Story, days: int = 21) -> list[str]:
    found = store.look(lambda tx: tx.stories.alike(probe.lead, days * DAY))
    return [one.id[-4:] for one in found]


def rows(store: Store, table: str) -> int:
    return (
        store.look(lambda tx: tx._connection.scalar(select(func.count()).select_from(schema.metadata.tables[table])))
        or 0
    )


def test_two_anchors_in_common_make_a_candidate(store: Store) -> None:
    """Most in common first; one is chance; and the limits of 64 bits are values like others."""
    low, high = -(1 << 63), (1 << 63) - 1
    keep(store, anchored(1, low, high, 3), anchored(2, low, high, 4, 5), anchored(3, low, 7), anchored(4, 8, 9))
    assert alike(store, anchored(9, low, high, 4)) == ["0002", "0001"]
    assert alike(store, anchored(9)) == []


def test_candidates_are_sought_within_the_window(store: Store) -> None:
    """Both ways: what was published too long before is none, and a late copy of something old finds it."""
    keep(store, anchored(1, 1, 2), anchored(2, 1, 2, days=21), anchored(3, 1, 2, days=23))
    assert sorted(alike(store, anchored(9, 1, 2))) == ["0001", "0002"]
    assert sorted(alike(store, anchored(9, 1, 2, days=22), days=2)) == ["0002", "0003"]


def test_an_anchor_that_thousands_have_costs_no_more(store: Store) -> None:
    """Of a hot anchor the newest rows are read, and no more candidates come of it than of others."""
    keep(store, *(anchored(n, 1, 2, days=n // 20) for n in range(DEPTH + 100)))
    found = alike(store, anchored(9999, 1, 2))
    assert len(found) == CANDIDATES
    assert max(map(int, found)) < DEPTH


def test_an_edit_moves_the_anchors(store: Store) -> None:
    """A copy is found by what it says now, wherever it has gone, and leaves nothing behind."""
    one = anchored(1, 1, 2, 3)
    keep(store, one)
    edited = replace(one.members[0], sighting=replace(one.lead, anchors=(3, 4)))
    keep(store, replace(one, members=(edited,)))
    assert alike(store, anchored(9, 1, 2)) == []
    assert alike(store, anchored(9, 3, 4)) == ["0001"]
    redated = replace(edited.sighting, entry=replace(edited.sighting.entry, published=one.published - 40 * DAY))
    keep(store, replace(one, members=(replace(edited, sighting=redated),)))
    assert alike(store, anchored(9, 3, 4)) == []
    assert rows(store, "anchor") == 2
    keep(store, replace(one, members=()), anchored(2, 3, 4))
    assert alike(store, anchored(9, 3, 4)) == ["0002"]
    assert rows(store, "anchor") == 2


def test_what_is_too_old_is_pruned_and_nothing_else_is_lost(store: Store) -> None:
    """Oldest first and a few at a time; the story stays whole, and its keys go on finding it."""
    keep(store, *(anchored(n, 1, 2, days=n) for n in range(10)))
    cut = anchored(0).lead.seen - timedelta(days=4, hours=12)
    store.submit(lambda tx: tx.stories.prune(cut, 3)).result()
    assert sorted(alike(store, anchored(99, 1, 2))) == ["0000", "0001", "0002", "0003", "0004", "0005", "0006"]
    store.submit(lambda tx: tx.stories.prune(cut, 99)).result()
    assert rows(store, "anchor") == 10
    pruned = anchored(9, days=9)
    assert store.look(lambda tx: tx.stories.sharing(pruned.lead.keys)) == [pruned]


def test_turns_prune_what_has_left_the_longest_window(tmp_path: Path) -> None:
    """Whoever brings something new takes out something old: the index holds the window and no more."""
    with Store(empty(tmp_path)) as store:
        for n in range(6):
            take_in(store, seen(NORTH, n, report(n), MORNING + n * 30 * DAY))
        kept = [one for one in stories(store) if one.lead.anchors]
    assert len(kept) == 4
    assert min(one.published for one in kept) == MORNING + 60 * DAY


def test_a_key_of_many_stories_is_kept_for_few(store: Store) -> None:
    """The eleventh story with the same text is the last that this text finds; each is found by its own keys."""
    assert members.CROWD == known.CROWD
    keep(store, *(anchored(n, keys=1) for n in range(30)))
    found = store.look(lambda tx: tx.stories.sharing(["text:same"]))
    assert len(found) == known.CROWD + 1
    assert known.Known(found).sharing(anchored(99, keys=1).lead) == []
    assert len(store.look(lambda tx: tx.stories.sharing([f"guid:{n}" for n in range(30)]))) == 30


def test_a_saved_story_comes_back_whole(store: Store) -> None:
    """Anchors, order of the copies, and what an edit made of them survive the database."""
    first, second = anchored(1, 5, 6).lead, anchored(2, 7, 8).lead
    made = story(replace(second, source="b"), replace(first, source="a"))
    made = replace(made, members=(made.members[0], replace(made.members[1], differs="'x' is not 'y'")))
    keep(store, made)
    assert store.look(lambda tx: tx.stories.get(made.id)) == made
    swapped = replace(made, members=made.members[::-1])
    keep(store, swapped)
    assert store.look(lambda tx: tx.stories.get(made.id)) == swapped


# -- links ----------------------------------------------------------------------------


def related(score: float, evidence: str = "zelfde reeks") -> Verdict:
    return Verdict(verdict="related", rule="saga", score=score, evidence=evidence)


def test_a_link_is_read_from_either_side(store: Store) -> None:
    """One pair is one row, newest reason; the likeliest first; what readers may not see is no link to them."""
    some = [story(sighting(key=str(n)), number=n) for n in range(4)]
    keep(store, *some)
    zero, one, two, three = (each.id for each in some)
    store.submit(
        lambda tx: tx.related.note(zero, [(one, related(0.5)), (two, related(0.9)), (zero, related(1))], NOW)
    ).result()
    store.submit(lambda tx: tx.related.note(one, [(zero, related(0.6, "later bekeken"))], NOW)).result()
    store.submit(lambda tx: tx.related.note(three, [(zero, related(0.7))], NOW)).result()
    keep(store, replace(some[3], withdrawn=NOW))

    def links(id: str) -> list[tuple[str, str]]:
        found = store.look(lambda tx: tx.stories.get(id))
        assert found is not None
        return [(each.story, each.evidence) for each in found.related]

    assert links(zero) == [(two, "zelfde reeks"), (one, "later bekeken")]
    assert links(one) == [(zero, "later bekeken")]
    assert [each.story for each in store.look(lambda tx: tx.related.of(zero))] == [two, three, one]


# -- what a source says under everything ----------------------------------------------------


FOOTER = "Meer nieuws vindt u op onze website."


def news(number: int, footer: str = FOOTER, views: int = 0) -> Sighting:
    counter = f" Gelezen: {views} keer." if views else ""
    item = piece(number)
    return seen(NORTH, number, replace(item, body=f"{item.body} {footer}{counter}"), MORNING + hours(number))


def learn(store: Store, *some: Sighting) -> None:
    for one in some:
        store.submit(partial(_learn, said=[*sentences(one), *counters(one)], at=NOW)).result()


def _learn(tx: Tx, said: Sequence[tuple[int, int]], at: datetime) -> None:
    learnt = Said(tx)
    learnt.hear("s", said)
    learnt.keep(at)


def common(store: Store) -> frozenset[int]:
    return store.look(lambda tx: tx.sentences.common("s"))


def test_boilerplate_is_learnt_as_the_whole_would_be(store: Store) -> None:
    """Sentence by sentence, over any number of turns, the store learns what all entries together teach."""
    many = [news(n) for n in range(4)]
    learn(store, *many[:2])
    assert common(store) == frozenset()
    learn(store, *many[2:], *many)
    assert common(store) == learnt(many).of(NORTH.id)
    assert len(common(store)) == 1
    assert store.look(lambda tx: tx.sentences.common("other")) == frozenset()


def test_a_story_never_becomes_its_own_boilerplate(store: Store) -> None:
    """The same item again and again teaches nothing."""
    learn(store, *[news(0)] * 9)
    assert common(store) == frozenset()


def test_what_is_learnt_is_bounded(store: Store) -> None:
    """The sentences said last are kept, what is common before the rest."""
    for opening in range(3):
        store.submit(partial(_learn, said=[(-7, opening)], at=NOW - DAY)).result()
    for start in range(0, 2 * MOST, 1000):
        said = [(n, n) for n in range(start, start + 1000)]
        at = NOW + timedelta(seconds=start)
        store.submit(partial(_learn, said=said, at=at)).result()
        store.submit(lambda tx: tx.sentences.forget("s")).result()
    assert MOST <= rows(store, "sentence") <= MOST * 5 // 4
    assert common(store) == {-7}


def test_a_counter_is_learnt_and_does_not_count(store: Store) -> None:
    """A short sentence under several openings that differs in its numbers only is a counter; a figure is not."""
    learn(store, *(news(n, views=100 + n) for n in range(3)))
    known_ = Commonplaces({NORTH.id: common(store)})
    assert told(news(0, views=7), known_) == told(news(0, views=8), known_) == told(news(0, footer=""), known_)
    assert told(seen(NORTH, 1, report(1), MORNING), known_) != told(
        seen(NORTH, 1, replace(report(1), body=report(1).body.replace("43", "44")), MORNING), known_
    )


def test_a_counter_does_not_move_the_last_update(tmp_path: Path) -> None:
    """Through the whole turn: readers who count themselves are no update, a corrected figure is one."""
    with Store(empty(tmp_path)) as store:
        for n in range(3):
            take_in(store, news(n, views=100 + n))
        before = {one.id: one.updated for one in stories(store)}
        again = [replace(news(n, views=500 + n), seen=MORNING + hours(50)) for n in range(3)]
        take_in(store, *again)
        assert {one.id: one.updated for one in stories(store)} == before
        corrected = replace(piece(0), body=piece(0).body.replace("vorige maand", "vorig jaar"))
        take_in(store, seen(NORTH, 0, corrected, MORNING + hours(60), published=MORNING))
        assert sum(one.updated != before[one.id] for one in stories(store)) == 1


# -- databases in use -------------------------------------------------------------------


def test_a_database_of_the_first_schema_goes_on(database: str) -> None:
    """What was stored before there were anchors stays, is known again, and becomes findable when it is next seen."""
    url = database.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        scripts = Alembic()
        scripts.set_main_option("script_location", str(Path(members.__file__).parents[1] / "migrations"))
        scripts.attributes["connection"] = connection
        command.upgrade(scripts, "0001")
        moment = "'2026-11-23 06:00:00+00'" if "postgres" in database else "'2026-11-23 06:00:00.000000'"
        false = "false" if "postgres" in database else "0"
        for statement in (
            "INSERT INTO story (id, published, updated, changed, held) "
            f"VALUES ('x/story/1', {moment}, {moment}, {moment}, {false})",
            "INSERT INTO member (story, source, zone, seen, words, length, rule, score, evidence, keys, entry) VALUES "
            f"('x/story/1', 'north-news', 'north', {moment}, 'w', 9, 'first', 1, '', "
            '\'["guid:north-news:north-news-1"]\', \'{"id": "north-news-1", "title": "Oud"}\')',
            "INSERT INTO key (value, member) VALUES ('guid:north-news:north-news-1', 1)",
        ):
            connection.execute(text(statement.replace(":", "\\:")))
        connection.commit()
    engine.dispose()
    with Store(database) as store:
        assert [one.lead.entry.title for one in stories(store)] == ["Oud"]
        assert take_in(store, seen(NORTH, 1, piece(0), MORNING + hours(1))).new == 0
        (one,) = stories(store)
        assert one.id == "x/story/1"
        assert one.lead.anchors
        take_in(store, seen(SOUTH, 5, Item("Gevonden", piece(0).body), MORNING + hours(2)))
        assert [len(each.members) for each in stories(store)] == [2]


def test_an_entry_in_two_stories_is_its_own_in_each(tmp_path: Path) -> None:
    """Identity asks the source too: another source's entry with the same number is another entry."""
    one, other = seen(NORTH, 1, piece(0), MORNING), seen(EAST, 1, piece(1), MORNING)
    made = Story(
        id="x",
        published=MORNING,
        updated=MORNING,
        changed=MORNING,
        members=(Match(sighting=one, story="x", rule="first"),),
    )
    index = known.Known([made])
    assert identify(one, index, frozenset()) is not None
    assert identify(other, index, frozenset()) is None


@pytest.mark.parametrize("many", [1, 2, 31, 32])
def test_any_number_of_anchors_is_sought(store: Store, many: int) -> None:
    """A short text has fewer anchors than a long one."""
    keep(store, anchored(1, *range(many)))
    assert alike(store, anchored(9, *range(many))) == (["0001"] if many > 1 else [])


def test_a_copy_of_an_old_form_is_found_by_what_it_tells(store: Store) -> None:
    """However many newer forms of the series have the anchors of the template: what few have counts for more."""
    template, told = tuple(range(24)), tuple(range(100, 108))
    keep(store, anchored(1, *template, *told, days=9))
    keep(store, *(anchored(n, *template, 1000 + n) for n in range(2, DEPTH * 2)))
    assert alike(store, anchored(9999, *template, *told))[0] == "0001"
