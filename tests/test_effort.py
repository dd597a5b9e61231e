"""A source that floods harms only itself: what comparing one document may cost is bounded, and the rest says so."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.match import Effort
from aggregator.match.effort import WORK
from aggregator.model import Poll, Sighting
from aggregator.settle import Settling
from aggregator.store import Store
from tests.arrivals import (
    CONFIG,
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
)

FIRST = Poll(source=NORTH.id, url=NORTH.url, at=MORNING, next_poll=MORNING, status="ok", first_success=MORNING)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long the texts of each comparison by words were, in tokens; it goes on as it would."""
    module, many = sys.modules["aggregator.match.compare"], list[int]()
    judge = module.judge

    def counting(pair, **options):  # type: ignore[no-untyped-def]
        many.append(len(pair.one.body.tokens) + len(pair.other.body.tokens))
        return judge(pair, **options)

    monkeypatch.setattr(module, "judge", counting)
    return many


def twin(number: int) -> Sighting:
    """One of many entries that are nearly the same: they have a title, and all words but one."""
    body = f"{piece(0).body} {piece(1).body} Dit is bericht nummer {number} van vandaag."
    return seen(NORTH, number, Item("Bericht van vandaag", body), MORNING, published=MORNING + hours(number / 1000))


def settled(store: Store, batch: list[Sighting], effort: Effort) -> Poll:
    return store.submit(Settling(tuple(batch), FIRST, CONFIG, effort=effort).whole).result()


def test_a_flood_is_compared_as_far_as_its_document_is_worth(tmp_path: Path, compared: list[int]) -> None:
    """A hostile first fetch: comparisons end when the effort is spent, every entry is kept, and the poll says so."""
    batch = [twin(n) for n in range(120)]
    allowed = 100
    effort = Effort(allowed * 2 * (500 + batch[0].length))
    with Store(empty(tmp_path)) as store:
        noted = settled(store, batch, effort)
        assert allowed <= len(compared) <= allowed + 30
        assert sum(len(story.members) for story in stories(store)) == len(batch)
    assert effort.without > 50
    assert [words for words in noted.problems if words.startswith(f"{effort.without} entries were not compared")]


def test_who_is_flooded_beside_loses_nothing(tmp_path: Path) -> None:
    """Another source's next poll has an effort of its own; and word for word the same is found without any."""
    with Store(empty(tmp_path)) as store:
        take_in(store, seen(SOUTH, 1, piece(2), MORNING))
        same = seen(NORTH, 999, piece(2), MORNING)
        settled(store, [*(twin(n) for n in range(40)), same], Effort(1))
        found = [members for members in membership(store).values() if "south-news south-news-1" in members]
        assert found == [{"south-news south-news-1", "north-news north-news-999"}]
        copy = replace(piece(2), body=f"{piece(2).body} Meer nieuws vindt u op onze website.", title="Nieuwe stalling")
        take_in(store, seen(SOUTH, 2, piece(3), MORNING), seen(SOUTH, 3, copy, MORNING + hours(1)))
        assert len(stories(store)) == len(membership(store)) == 43


def test_an_honest_document_never_comes_near(tmp_path: Path) -> None:
    """A thousand issues of one series at once are compared like one; so the bound changes no verdict of theirs."""
    effort = Effort()
    with Store(empty(tmp_path)) as store:
        settled(store, [seen(NORTH, n, report(n), MORNING + hours(n / 1000)) for n in range(60)], effort)
    each = (WORK - effort.left) / 60
    assert 0 < each * 1000 < WORK
    assert effort.without == 0
