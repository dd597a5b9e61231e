"""What a change costs: streams that it does not touch are not looked at; what was withdrawn is told for a year."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from aggregator.daemon.publishing import Publishing
from aggregator.daemon.rendering import AWAY, WITHDRAWN, Press
from aggregator.model import Zone
from aggregator.publish import former
from tests.presses import SMALL, Desk, desk
from tests.stories import BHT, HZ, NOW, STREAM, sighting, story

MANY = tuple(Zone(id=f"z{number}", name=f"Zone {number}") for number in range(30))
ONE_ZONE = replace(STREAM, id="hz-alleen", zones=("hz",), items=5)
CONFIG = replace(SMALL, zones=(BHT, HZ, *MANY), streams=(*SMALL.streams, ONE_ZONE))


def statements(one: Desk) -> int:
    """How many statements a rendering takes."""
    engine, said = one.store._engine, []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    one.documents()
    event.remove(engine, "before_cursor_execute", note)
    return len(said)


def same(before: Any, after: Any, *paths: str) -> list[bool]:
    return [before[path] is after[path] for path in paths]


FEEDS = ("/samenwerking.atom", "/hz-alleen.atom", "/zones/hz.atom", "/zones/bht.atom", "/zones/z1.atom")


def test_a_change_renders_the_streams_of_its_zones(tmp_path: Path) -> None:
    """A story of one zone changes the streams of that zone; the other documents are the very same."""
    with desk(tmp_path, CONFIG) as one:
        one.add("hz")
        made = one.add("bht")
        before = one.documents()
        one.edit(made, "Anders")
        after = one.documents()
        assert same(before, after, *FEEDS) == [False, True, True, False, True]


def test_what_is_not_touched_is_not_asked_for(tmp_path: Path) -> None:
    """Without a change a rendering costs a handful of statements, whatever the number of zones and streams."""
    with desk(tmp_path, CONFIG) as one:
        made = one.add("bht")
        first = statements(one)
        assert statements(one) < 12 < len(CONFIG.zones)
        one.edit(made, "Anders")
        assert statements(one) < first / 3


def test_a_copy_that_leaves_touches_its_zone(tmp_path: Path) -> None:
    """A zone whose copy was taken out of a story, or whose story was deleted, is rendered again."""
    with desk(tmp_path, CONFIG) as one:
        both = one.keep(story(sighting("bht"), sighting("hz", key="8")))
        before = one.documents()
        one.keep(replace(both, members=both.members[:1]))
        after = one.documents()
        assert same(before, after, "/zones/hz.atom", "/zones/bht.atom", "/zones/z1.atom") == [False, False, True]
        one.keep(replace(both, members=(), withdrawn=one.now))
        assert b"deleted-entry" in one.documents()["/zones/bht.atom"].content


def test_what_is_rendered_is_what_a_new_press_renders(tmp_path: Path) -> None:
    """Leaving out what did not change is seen by nobody: every document equals the one made from nothing."""
    with desk(tmp_path, CONFIG) as one:
        stories = [one.add(("bht", "hz", "z1")[number % 3]) for number in range(9)]
        changes: tuple[Callable[[], object], ...] = (
            lambda: one.edit(stories[0], "Anders"),
            lambda: one.withdraw(stories[1]),
            lambda: one.bring_back(stories[1]),
            lambda: one.keep(replace(stories[2], held=True)),
            lambda: one.keep(replace(stories[3], members=(), withdrawn=one.now)),
            lambda: one.add("z2"),
        )
        for change in changes:
            change()
            assert one.documents() == one.store.look(Press(CONFIG).render)


def test_a_reader_who_was_away_for_a_year(tmp_path: Path) -> None:
    """More withdrawals than a feed has stories are told, as long as they are not older than that."""
    with desk(tmp_path) as one:
        stories = [one.add() for _ in range(20)]
        one.documents()
        for each in stories[:12]:
            one.withdraw(each)
        assert tombstones(one) == 12
        one.now += AWAY + timedelta(days=1)
        one.add()
        assert tombstones(one) == one.config.streams[0].items
    assert timedelta(days=366) < AWAY
    assert WITHDRAWN >= 366


def tombstones(one: Desk) -> int:
    return one.documents()["/samenwerking.atom"].content.count(b"deleted-entry ")


@pytest.mark.parametrize("below", ["archive/1-5.atom", "archive/", "archive/2026-11/"])
def test_pages_of_a_renamed_stream_have_moved(tmp_path: Path, below: str) -> None:
    """What is made when somebody asks for it is found at the new address too."""
    renamed = replace(SMALL, streams=(replace(SMALL.streams[0], id="nieuw", was=("samenwerking",)),))
    with desk(tmp_path, renamed) as one:
        for _ in range(6):
            one.add()
        publishing = Publishing(renamed, one.store, lambda: NOW, lambda *_: None)
        found = asyncio.run(publishing.asked(f"/samenwerking/{below}"))
        assert found is not None
        assert (found.status, found.location) == (301, "../" * below.count("/") + f"../nieuw/{below}")
        there = asyncio.run(publishing.asked(f"/nieuw/{below}"))
        assert there is not None
        assert there.status == 200
        assert asyncio.run(publishing.asked(f"/nooit/{below}")) is None


def test_a_renamed_zone_has_moved() -> None:
    """Its feeds are a stream's, and so is what becomes of their addresses."""
    config = replace(SMALL, zones=(replace(BHT, id="5373", was=("bht",)), HZ))
    made = former.documents(config, ["zones/bht", "zones/hz"], {})
    assert made["/zones/bht.atom"].location == "../zones/5373.atom"
    assert "/zones/hz.atom" not in made
