"""Two things timed in turn, A B A B …, so that a machine that changes its speed changes both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def ratio(one: Callable[[], object], other: Callable[[], object], *, rounds: int = 15) -> tuple[float, float, float]:
    """The medians of both in CPU seconds, and the median of the ratios one / other, after a round of warming up."""
    one(), other()
    pairs = [(cpu(one), cpu(other)) for _ in range(rounds)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )
