"""Two token sequences laid side by side: what they have in common, in order, and the passages where they differ.

The longest common subsequence by bits (Hyyrö 2004): one integer for a whole row, so that 2,000 tokens against 2,000
take milliseconds and no library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Gap(NamedTuple):
    """A passage between common tokens: ``[a0:a1]`` of one and ``[b0:b1]`` of the other.

    *left* and *right* are how many common tokens stand unbroken on either side; -1 where the text begins or ends.
    """

    a0: int
    a1: int
    b0: int
    b1: int
    left: int
    right: int


def common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The places in *a* and *b* of a longest common subsequence, in order."""
    head = together(a, b)
    tail = together(reversed(a[head:]), reversed(b[head:]))
    middle = _common(a[head : len(a) - tail], b[head : len(b) - tail])
    return [
        *((at, at) for at in range(head)),
        *((i + head, j + head) for i, j in middle),
        *((len(a) - at, len(b) - at) for at in range(tail, 0, -1)),
    ]


def together(a: Iterable[str], b: Iterable[str]) -> int:
    """How many tokens the two begin with together."""
    found = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        found += 1
    return found


def _common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Row *j* has a zero bit wherever the common part of ``a[:i + 1]`` and ``b[:j + 1]`` grows at *i*."""
    if not a or not b:
        return []
    places: dict[str, int] = {}
    for at, token in enumerate(a):
        places[token] = places.get(token, 0) | 1 << at
    full = (1 << len(a)) - 1
    row, rows = full, [full]
    for token in b:
        hit = row & places.get(token, 0)
        row = ((row + hit) | (row - hit)) & full
        rows.append(row)
    return _traced(rows, len(a), len(b))


def _traced(rows: Sequence[int], i: int, j: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while i and j:
        if rows[j] >> (i - 1) & 1:
            i -= 1
        elif j and not rows[j - 1] >> (i - 1) & 1:
            j -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    found.reverse()
    return found


def gaps(pairs: Sequence[tuple[int, int]], la: int, lb: int, weak: Sequence[bool]) -> list[Gap]:
    """The passages between common *pairs* of sequences of lengths *la* and *lb*.

    A lone common token that is *weak* in the first (it carries nothing by itself) between two passages belongs to them:
    two words exchanged around an "en" are one exchange.
    """
    runs = _runs(pairs)
    kept = [run for at, run in enumerate(runs) if not (run[2] == 1 and weak[run[0]] and 0 < at < len(runs) - 1)]
    found: list[Gap] = []
    a, b, left = 0, 0, -1
    for i, j, size in kept:
        if i > a or j > b:
            found.append(Gap(a, i, b, j, left, size))
        a, b, left = i + size, j + size, size
    if a < la or b < lb:
        found.append(Gap(a, la, b, lb, left, -1))
    return found


def _runs(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    start, last = (-1, -1), (-1, -1)
    for i, j in pairs:
        if (i - 1, j - 1) != last or start == (-1, -1):
            if start != (-1, -1):
                runs.append((*start, last[0] - start[0] + 1))
            start = i, j
        last = i, j
    if start != (-1, -1):
        runs.append((*start, last[0] - start[0] + 1))
    return runs
