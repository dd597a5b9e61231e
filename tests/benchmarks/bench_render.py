"""One story among a thousand has changed: its entry is rendered, the others are spliced in as they were."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aggregator.model import Content, Story
from aggregator.publish import Shelf, atom, jsonfeed, rss
from aggregator.publish.kept import Kept
from aggregator.publish.packing import packed
from tests.presses import desk
from tests.stories import CONFIG, HZ_NEWS, NOW, STREAM, sighting, story

MANY = 1000
WIDE = replace(CONFIG, streams=(replace(STREAM, items=MANY),), sources=(replace(HZ_NEWS, publish="full"),))
WIDE = replace(WIDE, publish=replace(CONFIG.publish, max_size=100_000_000))
BODY = "<p>De wijkagenten controleerden in de <b>Havikskruidlaan</b> 140 fietsen op licht.</p>" * 30


def stories() -> list[Story]:
    """A thousand, with 2.5 kB of text each."""
    return [
        story(sighting("hz", f"Bericht {n}", key=str(n), content=Content(value=BODY)), number=n) for n in range(MANY)
    ]


def best(rounds: int, work: object) -> float:
    found = []
    for number in range(rounds):
        began = time.perf_counter()
        work(number)  # type: ignore[operator]
        found.append(time.perf_counter() - began)
    return min(found) * 1000


def test_a_change_among_a_thousand_stories() -> None:
    """The Atom feed is there again within 20 ms, compression apart."""
    kept, all_of = Kept(), stories()
    shelf = Shelf(config=WIDE, stream=WIDE.streams[0], stories=all_of, changed=NOW, kept=kept)
    began = time.perf_counter()
    atom.document(shelf)
    first = (time.perf_counter() - began) * 1000

    def change(number: int) -> list[Story]:
        # As after a read from the database: equal stories, but other objects.
        fresh = [replace(each) for each in all_of]
        fresh[500 + number] = replace(fresh[500 + number], updated=NOW + timedelta(minutes=number + 1))
        return fresh

    changes = [replace(shelf, stories=change(number)) for number in range(10)]
    times = {
        name: best(10, lambda number, made=made: made(changes[number]))
        for name, made in {"atom": atom.document, "rss": rss.document, "json": jsonfeed.document}.items()
    }
    whole = atom.document(changes[0])
    coded = best(1, lambda _: packed(whole))
    print(f"\n{MANY} entries, {len(whole.content) / 1e6:.1f} MB: first {first:.0f} ms; after a change", end=" ")
    print(", ".join(f"{name} {taken:.1f} ms" for name, taken in times.items()), end="")
    print(f"; gzip, br and zstd {coded:.0f} ms")
    assert times["atom"] < 20


def test_a_change_as_the_daemon_sees_it(tmp_path: Path) -> None:
    """From the database to every document of a stream of fifty and two zones, compression included."""
    config = replace(CONFIG, streams=(STREAM,))
    with desk(tmp_path, config) as one:
        made = [one.add("hz" if number % 2 else "bht") for number in range(300)]
        began = time.perf_counter()
        one.documents()
        first = (time.perf_counter() - began) * 1000
        taken = []
        for number in range(10):
            one.edit(made[290 + number], f"Anders {number}")
            began = time.perf_counter()
            one.documents()
            taken.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        assert one.archive("/samenwerking/archive/51-100.atom")
        page_of_archive = (time.perf_counter() - began) * 1000
    print(f"\nall documents of 3 streams of 50: first {first:.0f} ms, after a change {min(taken):.0f} ms;", end=" ")
    print(f"a page of the archive {page_of_archive:.0f} ms")
