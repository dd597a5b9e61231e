"""One judgement: what ``evaluate`` says of two items is what becomes of them in the river."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from aggregator import labelled
from aggregator.labelled import Pair
from aggregator.model import Config, Guard, Matching, Poll, Sighting
from aggregator.said import Said
from aggregator.settle import settle
from aggregator.store import Store, Tx
from tests.arrivals import empty

CORPUS = Path(__file__).parent / "corpus" / "match"
CONFIG = Config(guard=Guard(flood=10_000, moved=10_000))


UNSEEN = 0.02
"""In how many pairs of a file the river may overlook a link: it finds what to compare by a few facts of each item."""


def at_one_address(line: str) -> str:
    """The pair as it would be if the second gave the first's address for its own."""
    pair = json.loads(line)
    pair["a"]["url"] = pair["b"]["url"] = pair["a"]["url"] or "https://n.example/nieuws/een-stuk-nieuws"
    return json.dumps(pair)


def read(name: str, *, claimed: bool = False) -> list[Pair]:
    lines = (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return labelled.pairs(map(at_one_address, lines) if claimed else lines)


def learn(tx: Tx, pairs: Iterable[Pair]) -> None:
    """Know what the sources say under everything, as ``evaluate`` does from the whole file."""
    items = [item for pair in pairs for item in (pair.a, pair.b)]
    said = Said(tx)
    for one in items:
        said.learn(one)
    said.keep(items[0].seen)


class UndoneError(Exception):
    """Ends a turn that is not kept."""


def played(store: Store, *seen: Sighting) -> str:
    """What becomes of these items, which come one by one: one story, two that are linked, or two; nothing is kept."""
    became = []

    def turn(tx: Tx) -> None:
        for one in seen:
            noted = Poll(
                source=one.source, url="https://x.example/", at=one.seen, next_poll=one.seen, status="ok",
                first_success=one.seen,
            )  # fmt: skip
            settle(tx, (one,), noted, CONFIG)
        became.extend(tx.stories.newest(sorted({one.zone for one in seen}), 9))
        raise UndoneError

    with pytest.raises(UndoneError):
        store.submit(turn).result()
    if len(became) == 1:
        return "same"
    return "related" if any(story.related for story in became) else "different"


@pytest.mark.parametrize("claimed", [False, True])
@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.glob("*.jsonl")))
def test_the_river_says_what_evaluate_says(name: str, claimed: bool, tmp_path: Path) -> None:
    """Of every labelled pair, as it is and with one address for both, whichever of the two comes first.

    But for a rewrite or two, which the river does not come to compare, and so does not link.
    """
    pairs = read(name, claimed=claimed)
    wrong = []
    with Store(empty(tmp_path)) as store:
        store.submit(lambda tx: learn(tx, pairs)).result()
        for number, (pair, said) in enumerate(zip(pairs, labelled.decisions(pairs, Matching()), strict=True)):
            became = played(store, *((pair.a, pair.b) if number % 2 else (pair.b, pair.a)))
            if became != said.verdict.verdict:
                wrong.append((pair.line, said.verdict.verdict, said.verdict.rule, became))
    assert {each[1:] for each in wrong} <= {("related", "subject", "different")}
    assert len(wrong) <= UNSEEN * len(pairs), wrong
