"""When a host may be asked.  Time is a virtual clock's, so that an hour of manners takes no time to prove."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

from aggregator.fetch.politeness import Turns

Log = list[tuple[str, float, float]]


class _Leap(selectors.DefaultSelector):
    """Does not wait: when nothing is ready, the clock moves to the next timer."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class _VirtualTime(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=_VirtualTime) as runner:
        runner.run(main())


async def ask(turns: Turns, host: str, seconds: float, log: Log) -> None:
    loop = asyncio.get_running_loop()
    async with turns.turn(host):
        start = loop.time()
        await asyncio.sleep(seconds)
        log.append((host, round(start, 3), round(loop.time(), 3)))


def test_one_request_at_a_time_and_a_pause_from_the_end_of_each() -> None:
    """DESIGN's default manners: both zones may live on one host, and it is never asked twice at once."""

    async def main() -> None:
        log: Log = []
        turns = Turns(total=10, per_host=1, pause=1)
        await asyncio.gather(*(ask(turns, "a", 5, log) for _ in range(3)))
        assert log == [("a", 0, 5), ("a", 6, 11), ("a", 12, 17)]

    run(main)


def test_hosts_do_not_wait_for_each_other() -> None:
    """The pause is a host's own."""

    async def main() -> None:
        log: Log = []
        turns = Turns(total=10, per_host=1, pause=60)
        await asyncio.gather(*(ask(turns, host, 1, log) for host in "abc"))
        assert log == [(host, 0, 1) for host in "abc"]

    run(main)


def test_several_at_once_when_the_operator_allows_it() -> None:
    """Each of a host's slots rests for the pause after its request."""

    async def main() -> None:
        log: Log = []
        turns = Turns(total=10, per_host=2, pause=1)
        await asyncio.gather(*(ask(turns, "a", 2, log) for _ in range(5)))
        assert [start for _, start, _ in log] == [0, 0, 3, 3, 6]

    run(main)


def test_whoever_queues_for_a_slow_host_keeps_nobody_else_out() -> None:
    """A place among all requests is taken last: forty in the queue of one host do not use up the total."""

    async def main() -> None:
        log: Log = []
        turns = Turns(total=2, per_host=1, pause=1)
        slow = [asyncio.ensure_future(ask(turns, "slow", 30, [])) for _ in range(40)]
        await asyncio.sleep(0)
        await asyncio.gather(*(ask(turns, f"host{n}", 1, log) for n in range(5)))
        assert [end for _, _, end in log] == [1, 2, 3, 4, 5]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    run(main)


def test_the_total_bounds_all_hosts_together() -> None:
    """`concurrency` is the most requests at one time."""

    async def main() -> None:
        log: Log = []
        turns = Turns(total=3, per_host=1, pause=0)
        await asyncio.gather(*(ask(turns, f"host{n}", 1, log) for n in range(9)))
        assert [start for _, start, _ in log] == [0, 0, 0, 1, 1, 1, 2, 2, 2]

    run(main)


def test_a_failed_or_cancelled_request_counts_and_gives_its_place_back() -> None:
    """A host that fails is not asked again any sooner; one that was not asked yet owes no pause."""

    async def main() -> None:
        log: Log = []
        turns = Turns(total=1, per_host=1, pause=1)
        first = asyncio.ensure_future(ask(turns, "a", 10, log))
        waiting = asyncio.ensure_future(ask(turns, "a", 10, log))
        await asyncio.sleep(2)
        waiting.cancel()
        first.cancel()
        await asyncio.gather(first, waiting, return_exceptions=True)
        resting = asyncio.ensure_future(ask(turns, "a", 0, log))
        await asyncio.sleep(0.5)
        resting.cancel()
        await ask(turns, "a", 1, log)
        assert log == [("a", 3, 4)]

    run(main)


def test_an_idle_host_is_forgotten_once_its_pause_is_over() -> None:
    """Memory is bounded by the hosts of the last pause, not by all that were ever asked."""

    async def main() -> None:
        turns = Turns(total=100, per_host=2, pause=5)
        await asyncio.gather(*(ask(turns, f"host{n}", 1, []) for n in range(100)))
        assert len(turns) == 100
        await asyncio.sleep(3)
        await ask(turns, "host7", 1, [])  # begins while its other slot rests, ends at 5 s
        await asyncio.sleep(4)
        assert len(turns) == 1
        await asyncio.sleep(1.5)
        assert len(turns) == 0

    run(main)
