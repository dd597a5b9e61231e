"""How much all bodies together may hold, and that nobody waits for ever."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.room import FREE, Room


class Body:
    """Takes bytes from a room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.held = 0

    async def take(self, size: int) -> None:
        self.held += size
        await self.room.take(self, size, self.held)


async def waits(task: asyncio.Task[None]) -> bool:
    for _ in range(5):
        await asyncio.sleep(0)
    return not task.done()


def test_what_most_bodies_are_is_free() -> None:
    """However full the room: a hundred sources of a usual size do not notice."""

    async def main() -> None:
        room = Room(1_000_000)
        for _ in range(3):
            await Body(room).take(FREE)
        full = Body(room)
        await full.take(2_000_000)
        usual = [asyncio.create_task(Body(room).take(FREE)) for _ in range(100)]
        assert not any([await waits(task) for task in usual])
        assert await waits(asyncio.create_task(Body(room).take(2_000_000))), "and the room is full indeed"

    asyncio.run(main())


def test_large_bodies_wait_for_each_other_and_go_on_when_there_is_room() -> None:
    """Two of a million fit, the third waits until one of them is done."""

    async def main() -> None:
        room = Room(1_000_000)
        one, two, three = Body(room), Body(room), Body(room)
        await one.take(1_000_000)
        await two.take(1_000_000)
        waiting = asyncio.ensure_future(three.take(1_000_000))
        assert await waits(waiting)
        room.leave(two)
        assert not await waits(waiting)

    asyncio.run(main())


def test_the_one_that_has_been_at_it_longest_never_waits() -> None:
    """So that all end, one after the other, also when each wants more than is left."""

    async def main() -> None:
        room = Room(1_000_000)
        one, two = Body(room), Body(room)
        await one.take(900_000)
        await two.take(900_000)
        second = asyncio.ensure_future(two.take(900_000))
        assert await waits(second)
        await asyncio.wait_for(one.take(900_000), 1)
        assert await waits(second)
        room.leave(one)
        assert not await waits(second)

    asyncio.run(main())


def test_one_that_gives_up_leaves_its_room() -> None:
    """Its deadline ends the waiting; who comes after it moves up."""

    async def main() -> None:
        room = Room(1_000_000)
        one, two, three = Body(room), Body(room), Body(room)
        await one.take(2_000_000)
        second, third = asyncio.ensure_future(two.take(500_000)), asyncio.ensure_future(three.take(500_000))
        assert await waits(second)
        second.cancel()
        room.leave(two)
        room.leave(one)
        assert not await waits(third)

    asyncio.run(main())


@given(st.lists(st.lists(st.integers(1, 1_000_000), max_size=8), max_size=12))
def test_all_come_to_their_end_and_little_is_held(wanted: list[list[int]]) -> None:
    """Beside what is free, never more than twice the limit and what the first one has."""
    limit = 3_000_000

    async def main() -> None:
        room = Room(limit)
        bodies: list[Body] = []

        async def receive(sizes: list[int]) -> None:
            body = Body(room)
            bodies.append(body)
            for size in sizes:
                if body.held + size > limit:
                    break
                await body.take(size)
                await asyncio.sleep(0)
                assert sum(max(0, other.held - FREE - 1_000_000) for other in bodies) <= 3 * limit
            room.leave(body)
            bodies.remove(body)

        await asyncio.wait_for(asyncio.gather(*map(receive, wanted)), 20)

    asyncio.run(main())
