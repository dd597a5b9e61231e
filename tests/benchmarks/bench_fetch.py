"""A thousand sources that answer 304, on one core: whole polls beside bare requests, and the wires to choose from.

The client has the first core to itself, the origin server the last one, each in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def answering() -> Iterator[tuple[int, int]]:
    """The ports of an origin server: the one that keeps connections, and the one that closes them."""
    program = [sys.executable, "-m", "tests.benchmarks.answering"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout
        try:
            kept, closed = map(int, server.stdout.readline().split())
            yield kept, closed
        finally:
            server.kill()


def measured(module: str, *arguments: object) -> dict[str, float]:
    program = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=170)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def line(name: str, rate: float, best: float, cpu: float, least: float) -> str:
    each = f"{cpu * 1e6:5.0f} µs of CPU each (least {least * 1e6:4.0f})"
    return f"{name:12} {rate:6.0f} requests/s (best {best:5.0f}), {each}"


@pytest.mark.parametrize("kept", [False, True], ids=["a new connection each", "connections kept"])
def test_a_sweep_of_a_thousand_sources(kept: bool, tmp_path: Path) -> None:
    """A whole poll, claim and note in the database included, costs no more than twice the bare request's CPU."""
    with answering() as ports:
        found = measured("sweep", tmp_path, ports[0] if kept else ports[1])
    print(f"\n1000 sources, 304, {'connections kept' if kept else 'a new connection each'}, one core")
    print(line("whole poll", found["rate"], found["best"], found["cpu"], found["least"]))
    print(line("bare client", found["bare_rate"], found["bare_best"], found["bare_cpu"], found["bare_least"]))
    print(f"ratio of CPU {found['ratio']:.2f}; peak {found['memory'] / 1e6:.0f} MB, ", end="")
    print(f"{found['growth'] / 1e6:.0f} MB above idle")
    assert found["ratio"] < 2


@pytest.mark.parametrize("name", ["httpx", "httpx-20", "httpx-sharded", "httpx-aiohttp", "aiohttp"])
def test_the_wires_to_choose_from(name: str) -> None:
    """httpx's own transport, one client or many, and httpx over aiohttp; the guard is in force in all of them."""
    with answering() as (kept, closed):
        new, old = measured("wires", name, closed), measured("wires", name, kept)
    print(f"\n{name:14}", end="")
    for kind, found in (("new", new), ("kept", old)):
        print(f" {kind} connections {found['rate']:5.0f}/s, {found['cpu'] * 1e6:6.0f} µs,", end="")
    print(f" peak {max(new['memory'], old['memory']) / 1e6:.0f} MB", end="")
    assert found["rate"] > 0
