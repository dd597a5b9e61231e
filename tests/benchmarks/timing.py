"""Two things timed in turn, A B A B …, so that a machine that changes its speed changes both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


@dataclass(frozen=True)
class Ratio:
    """What one thing costs beside another: the medians of both in CPU seconds, the ratio in the median round, and that
    of the quickest rounds.
    """

    one: float
    other: float
    median: float
    quickest: float

    def __str__(self) -> str:
        return f"{self.one * 1000:.1f} ms, ratio {self.median:.2f} (median), {self.quickest:.2f} (quickest)"


def ratio(one: Callable[[], object], other: Callable[[], object], *, rounds: int = 15) -> Ratio:
    """Both in turn, after a round of warming up."""
    one(), other()
    ones, others = zip(*((cpu(one), cpu(other)) for _ in range(rounds)), strict=True)
    return Ratio(
        statistics.median(ones),
        statistics.median(others),
        statistics.median(a / b for a, b in zip(ones, others, strict=True)),
        min(ones) / min(others),
    )
