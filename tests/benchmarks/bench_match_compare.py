"""What a comparison costs by itself: reading an entry, its signature, and two entries side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from aggregator import labelled
from aggregator.match import NONE, anchors, compare
from aggregator.match.reading import _remembered, _usual, reading
from aggregator.model import Matching
from tests.test_match_compare import TEXT, TITLE, item

CORPUS = Path(__file__).parents[1] / "corpus" / "match"


def costs(work: Iterable[Callable[[], object]]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    taken = []
    for each in work:
        before = time.perf_counter()
        each()
        taken.append((time.perf_counter() - before) * 1000)
    taken.sort()
    return statistics.median(taken), taken[len(taken) * 99 // 100]


def test_what_a_comparison_costs() -> None:
    """Reading an entry, signing it and comparing it with another take milliseconds, however long the two are."""
    pairs = [
        pair
        for name in ("zones", "mixed", "elsewhere")
        for pair in labelled.pairs((CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    ]
    sides = [side for pair in pairs for side in (pair.a, pair.b)]

    def fresh(work: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            _usual.cache_clear()
            _remembered.forget()
            return work()

        return run

    settings = Matching()
    read = costs(fresh(lambda side=side: reading(side, NONE)) for side in sides)  # type: ignore[misc]
    signed = costs(fresh(lambda side=side: anchors(side)) for side in sides)  # type: ignore[misc]

    def both(one: object, other: object) -> Callable[[], object]:
        reading(one, NONE), reading(other, NONE)  # type: ignore[arg-type]
        return lambda: compare(one, other, settings=settings)  # type: ignore[arg-type]

    compared = costs(both(pair.a, pair.b) for pair in pairs)
    huge = costs(
        [fresh(lambda: compare(item("a", TEXT * 3000), item("b", TITLE + TEXT * 3000, "s"), settings=settings))]
    )
    for name, (median, worst) in (("read", read), ("sign", signed), ("compare", compared), ("a megabyte", huge)):
        print(f"\n{name}: {median:.2f} ms in the median, {worst:.2f} at the 99th percentile", end="")
    assert read[0] < 5
    assert compared[0] < 5
    assert huge[0] < 2_000
