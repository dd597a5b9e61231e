"""What the index of the search costs a writer, and what a search costs among many stories (``STORIES``, 20,000)."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate

import pytest
from sqlalchemy import insert, text

from aggregator import query
from aggregator.errors import SearchError
from aggregator.model import Content, Entry, Story
from aggregator.store import Store, Tx, schema
from tests.stories import NOW, sighting, story

MANY = int(os.environ.get("STORIES", "20000"))
STEP = 5000
QUESTIONS = (
    "gewest",
    "politie",
    "poli",
    "politie zeldzaam",
    "politie verkeer week",
    '"politie verkeer"',
    "politie -verkeer",
    "pol ver con str woo ins bes ong",
)
_WORDS = ("politie", "verkeer", "controle", "straat", "woonplaats", "inspecteur", "bestuurder", "ongeval", "week")


def made(chance: random.Random) -> Iterator[str]:
    """Texts of 120 words, as frequent as in a language (Zipf), in which a few are everywhere."""
    letters = "abcdefghijklmnoprstuvwz"
    vocabulary = [*_WORDS, *("".join(chance.choices(letters, k=chance.randint(3, 12))) for _ in range(60_000))]
    weights = list(accumulate(1 / (rank + 5) for rank in range(len(vocabulary))))
    while True:
        words = chance.choices(vocabulary, cum_weights=weights, k=12_000)
        yield from (" ".join(words[at : at + 120]) for at in range(0, 12_000, 120))


def stories(number: int) -> list[Story]:
    texts = made(random.Random(1))
    return [story(sighting("hz", f"Bericht {n}", next(texts), key=str(n)), number=n) for n in range(number)]


def test_what_a_write_costs(store: Store) -> None:
    """A story is kept with its index in less than one and a half times the time that it takes without."""
    some = stories(2000)

    def save(tx: Tx) -> float:
        began = time.perf_counter()
        for one in some:
            tx.stories.save(one, at=NOW, loud=True)
        return time.perf_counter() - began

    def index(tx: Tx) -> float:
        began = time.perf_counter()
        for number, one in enumerate(some):
            tx.search.keep(10_000_000 + number, one.lead.entry, new=True)
        return time.perf_counter() - began

    whole, own = store.submit(save).result(), store.submit(index, keep=False).result()
    each, times = 1e6 / len(some), whole / (whole - own)
    print(f"\na story {whole * each:.0f} µs, its index {own * each:.0f} of it: {times:.2f} times as much")
    assert times < 1.5


def test_what_a_search_costs(store: Store) -> None:
    """Whatever is sought, it is found or given up within the store's patience."""
    texts = made(random.Random(2))
    began = time.perf_counter()
    for start in range(1, MANY, STEP):
        store.submit(lambda tx, start=start: fill(tx, start, texts)).result()  # type: ignore[misc]
    filled = time.perf_counter() - began
    print(f"\n{MANY} stories, {filled / MANY * 1e6:.0f} µs each with their rows")
    for typed in QUESTIONS:
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            try:
                found = str(len(store.look(lambda tx, typed=typed: tx.search.find(query.read(typed), ["hz"]))))  # type: ignore[misc]
            except SearchError:
                found = "given up"
            taken.append(time.perf_counter() - began)
        print(f"{typed:40} {found:>8}  {min(taken) * 1000:7.1f} ms")
        assert min(taken) < 3
    began = time.perf_counter()
    store.submit(lambda tx: tx.meta.put("search:below", str(MANY))).result()
    assert store.submit(lambda tx: tx.search.catch_up(200)).result() == 200
    print(f"indexing 200 that were there before: {(time.perf_counter() - began) * 1000:.0f} ms")


def fill(tx: Tx, start: int, texts: Iterator[str]) -> None:
    """Stories with the rows that a search reads, and nothing else."""
    ids = range(start, start + STEP)
    entries = [Entry(id=str(n), title=f"Bericht {n}", content=Content(value=next(texts))) for n in ids]
    row = {"updated": NOW, "changed": NOW, "withdrawn": None, "held": False}
    tx._connection.execute(
        insert(schema.story), [{"id": str(n), "published": NOW - timedelta(minutes=n), **row} for n in ids]
    )
    one = {"source": "s", "zone": "hz", "seen": NOW, "words": "", "length": 1, "rule": "", "score": 0, "evidence": ""}
    json = '{{"id":"{0}","title":"Bericht {0}","content":{{"value":"{1}"}}}}'
    tx._connection.execute(
        insert(schema.member),
        [
            {"id": n, "story": str(n), "keys": "[]", "entry": json.format(n, entry.content.value), **one}  # type: ignore[union-attr]
            for n, entry in zip(ids, entries, strict=True)
        ],
    )
    for n, entry in zip(ids, entries, strict=True):
        tx.search.keep(n, entry, new=True)
    if start % 100_000 == 1 and tx._connection.dialect.name == "postgresql":
        tx._connection.execute(text("ANALYZE"))


pytestmark = pytest.mark.timeout(7200)
