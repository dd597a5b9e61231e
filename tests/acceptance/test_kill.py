"""Killed at random, over and over, the daemon loses nothing and repeats nothing that it need not repeat.

Releases appear on both sites while the daemon is killed with SIGKILL and started again; the relay sometimes takes a
message and dies before it says so, which is SMTP's one undecidable moment (RFC 1047).
"""

from __future__ import annotations

import email
import email.policy
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.origin import Origin
from tests.fakes.relay import Answer, Received, Relay, Step
from tests.processes import Installation, eventually, installation
from tests.sites import Zones, digest
from tests.test_river import read_feed, text_of

SOAK = bool(os.environ.get("AGGREGATOR_SOAK"))
KILLS = 200 if SOAK else 8
RECIPIENTS = ("an@example.be", "bo@example.be", "cis@example.be")
SEED = 20261123


class Moods:
    """What the relay does at each step: slow now and then, and at times it takes a message and says nothing."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.calm = False

    def __call__(self, step: Step) -> Answer | None:
        if step.phase != "dot" or self.calm:
            return None
        mood = self._random.random()
        if mood < 0.05:
            return Answer(phase="dot", say=None, keep=True)
        return Answer(phase="dot", say="250 2.0.0 Ok", keep=True, wait=mood * 0.2) if mood < 0.6 else None


@contextmanager
def traffic(zones: Zones, titles: dict[int, str]) -> Iterator[None]:
    """A new release every quarter of a second, on one site, on the other, or on both."""
    over = threading.Event()

    def publish() -> None:
        number = max(titles, default=100)
        while not over.wait(0.25):
            number += 1
            where = number % 3
            titles[number] = zones.publish(number, datetime.now(UTC), feed=where != 1, page=where != 2)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def ids(one: Installation) -> dict[str, str]:
    """The story id of every title in the feed; a title twice is a story published twice."""
    entries = read_feed(one).entries
    found = {entry.title: entry.id for entry in entries}
    assert len(found) == len(entries), Counter(entry.title for entry in entries).most_common(3)
    return found


def test_nothing_is_lost_and_nothing_needlessly_repeated(tmp_path: Path) -> None:
    """Twenty kills: every story once in the feed with the id it always had, every recipient every story once.

    Twice only where the process or the relay died between the final dot and our commit: then the very same bytes and
    Message-ID, and the doubt is recorded.
    """
    chance, moods = random.Random(SEED), Moods(SEED)
    with Origin() as origin, Relay(script=moods) as relay, installation(tmp_path) as one:
        zones = Zones(origin, shown=500)
        zones.publish(1, datetime.now(UTC), page=True)
        # Nothing is to be held back or to fall off the end here: what is tested is the killing.
        limits = zones.configuration(digest(relay.url, *RECIPIENTS)).replace("[[streams]]", "[[streams]]\nitems = 1000")
        one.configure("[guard]\nflood = 10000\n" + limits)
        one.start()
        eventually(lambda: all(s["condition"] == "ok" for s in one.json("status")["sources"]))
        titles: dict[int, str] = {}
        known: dict[str, str] = {}
        with traffic(zones, titles):
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.1, 1.2))
                one.kill()
                one.start()
                seen = ids(one)
                assert {title: known[title] for title in known if title in seen} == known, "a story changed its id"
                known.update(seen)
        moods.calm = True
        wanted = set(titles.values())
        eventually(lambda: wanted <= ids(one).keys(), patience=60)
        eventually(lambda: all(len(stories_of(relay, to) & wanted) == len(wanted) for to in RECIPIENTS), patience=90)
        eventually(lambda: set(one.json("status")["deliveries"]) <= {"sent"}, patience=60)
        check_repeats(relay.messages, wanted, one)


def stories_of(relay: Relay, recipient: str) -> set[str]:
    """The titles that *recipient* has been mailed."""
    return set(lines(m for m in list(relay.messages) if m.recipients == (recipient,)))


def lines(messages: Iterator[Received]) -> list[str]:
    return [line.strip() for message in messages for line in text_of(message.content).splitlines()]


def check_repeats(messages: list[Received], wanted: set[str], one: Installation) -> None:
    """Every copy of a message beyond the first is byte for byte the first one, and its doubt was recorded."""
    copies: defaultdict[tuple[str, ...], list[bytes]] = defaultdict(list)
    for message in messages:
        id = email.message_from_bytes(message.content, policy=email.policy.default)["Message-ID"]
        copies[(*message.recipients, str(id))].append(message.content)
    repeated = {key: contents for key, contents in copies.items() if len(contents) > 1}
    assert all(len(set(contents)) == 1 for contents in repeated.values())
    assert len(repeated) <= one.json("status")["doubtful_deliveries"]
    for recipient in RECIPIENTS:
        once = [contents[0] for key, contents in copies.items() if key[0] == recipient]
        count = Counter(
            line for content in once for line in map(str.strip, text_of(content).splitlines()) if line in wanted
        )
        assert set(count) == wanted
        assert {title for title, times in count.items() if times > 1} == set(), "one story in two editions"
