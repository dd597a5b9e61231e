"""A week of invented news of two zones, replayed through the whole river: every story ends as the truth says."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.daemon.connecting import means
from aggregator.model import Match, Story
from aggregator.poll import poll
from aggregator.store import Store
from tests import weeks
from tests.fakes.origin import Origin
from tests.weeks import NORTH, SOUTH, START, Item, Week

READER = "lezer@nieuws.example"
ZONES = ("elzenbeek", "wijtervoort")


@dataclass(frozen=True, slots=True)
class End:
    """How an item ended: in which story, seen as what when it was new, and whether that reaches the digest."""

    item: Item
    story: Story | None = None
    member: Match | None = None
    mailed: bool = False


def replay(week: Week, folder: Path, *, every: int = 12) -> list[End]:
    """Show the week to the river, hour by hour; how each of its items ended."""

    async def go() -> list[End]:
        with Origin() as origin:
            base = origin.url("")
            config = weeks.configuration(base, f"sqlite:///{folder / 'a.db'}")
            now = START
            async with means(config, lambda: now) as opened:
                await opened.store.write(lambda tx: tx.audience.enrol("d", [READER], START))
                for hour in sorted({*weeks.changes(week), *range(0, weeks.HOURS, every)}):
                    now = START + timedelta(hours=hour)
                    origin.serve("/noord", weeks.page(week, hour), content_type="text/html; charset=utf-8")
                    origin.serve("/zuid.xml", weeks.feed(week, hour, base), content_type="application/rss+xml")
                    for source in config.sources:
                        noted = await poll(source, opened)
                        assert noted.error is None, noted.error
                return opened.store.look(lambda _: [_end(opened.store, item) for item in week.items])

    return asyncio.run(go())


def _end(store: Store, item: Item) -> End:
    kind = "own" if item.source == NORTH else "guid"
    key = f"{kind}:{item.source}:{item.number}"
    found = store.look(lambda tx: tx.stories.sharing([key]))
    if len(found) != 1:
        return End(item)
    fresh = store.look(lambda tx: tx.mailing.fresh("d", [READER], ZONES)).get(READER, ())
    member = next(each for each in found[0].members if key in each.sighting.keys)
    return End(item, found[0], member, found[0].id in fresh)


def deviations(ends: list[End]) -> Iterator[str]:
    """Where the end differs from the truth, in words."""
    yield from _merges(ends)
    news = {end.item.story for end in ends if end.item.news and end.item.fate == "shown"}
    for end in ends:
        fate = "left out" if end.story is None else "held" if end.story.held else "shown"
        if fate != end.item.fate:
            yield f"{_name(end)} is {fate}, and not {end.item.fate}"
        if end.story is not None and fate == "shown" and end.mailed != (end.item.story in news):
            yield f"{_name(end)} {'is' if end.mailed else 'is not'} mailed"


def _merges(ends: list[End]) -> Iterator[str]:
    ids: defaultdict[str, dict[str, End]] = defaultdict(dict)
    truths: defaultdict[str, dict[str, End]] = defaultdict(dict)
    for end in ends:
        if end.story is not None:
            ids[end.item.story].setdefault(end.story.id, end)
            truths[end.story.id].setdefault(end.item.story, end)
    for found in ids.values():
        if len(found) > 1:
            yield f"missed: {' | '.join(map(_name, found.values()))}"
    for true in truths.values():
        if len(true) > 1:
            yield f"false merge: {' | '.join(map(_name, true.values()))}"


def _name(end: End) -> str:
    look = end.item.looks[-1]
    return f"{end.item.story} {end.item.source}/{end.item.number} {look.title!r}: {' '.join(look.text)!r}"


@pytest.mark.parametrize("seed", weeks.SEEDS)
def test_the_generator_makes_what_is_committed(seed: int) -> None:
    """The weeks in the corpus come from their seeds, byte for byte, and are small."""
    committed = weeks.path(seed).read_bytes()
    assert weeks.written(weeks.make(seed)) == committed
    assert weeks.load(weeks.path(seed)) == weeks.make(seed)
    assert len(committed) < 200_000


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_the_truth_is_whole(seed: int) -> None:
    """Any seed makes a week: each item once, joint stories on both sites, and never more than a site shows."""
    week = weeks.make(seed)
    assert len({(item.source, item.number) for item in week.items}) == len(week.items)
    sources = defaultdict(set)
    for item in week.items:
        sources[item.story].add(item.source)
    assert sum(len(found) == 2 for found in sources.values()) == 6
    for source in (NORTH, SOUTH):
        assert len(weeks.shown(week, source, weeks.HOURS)) <= weeks.SHOWN


@pytest.fixture(scope="module", params=weeks.SEEDS)
def ends(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[End]:
    """The ends of a committed week."""
    return replay(weeks.load(weeks.path(request.param)), tmp_path_factory.mktemp("week"))


def test_every_story_ends_as_the_truth_says(ends: list[End]) -> None:
    """Cross-posts are one story; series, sagas and look-alikes are many; floods wait; notices stay out."""
    assert list(deviations(ends)) == []


def test_nothing_merges_that_differs(ends: list[End]) -> None:
    """Whatever is missed, no news hides in another's story: a false merge is the worse error."""
    assert [words for words in deviations(ends) if words.startswith("false merge")] == []


def test_an_address_or_a_counter_is_no_edit(ends: list[End]) -> None:
    """Items whose words nobody changed, and that have no other copy, were never updated."""
    copies: defaultdict[str, int] = defaultdict(int)
    for end in ends:
        copies[end.item.story] += 1
    for end in ends:
        if end.story is not None and copies[end.item.story] == 1:
            assert (end.story.updated > max(end.story.published, first_hour(end))) == end.item.edited, _name(end)


def first_hour(end: End) -> datetime:
    return START + timedelta(hours=end.item.looks[0].hour)


def test_each_copy_is_kept_with_its_words(ends: list[End]) -> None:
    """Every item that is shown stands in its story with the title that it had last, and its category."""
    for end in ends:
        if end.member is not None:
            entry = end.member.sighting.entry
            assert entry.title == end.item.looks[-1].title
            assert end.item.source != SOUTH or entry.categories[0].term == end.item.category
