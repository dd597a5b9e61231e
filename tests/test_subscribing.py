"""Subscribing: what is done about what somebody asked for, decided and stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.model import Choices, Config, Letter
from aggregator.store import EVERY, Store, Tx
from aggregator.subscribing import desk, forms, words
from tests.stories import CONFIG, DIGEST, NOW

DAILY = replace(DIGEST, open=True, recipients=("redactie@example.be",), topics=("Verkeer", "Preventie"))
WEEKLY = replace(DIGEST, id="wekelijks", title="Elke week", open=True, recipients=())
CLOSED = replace(DIGEST, id="intern", title="Intern")
OPEN = replace(CONFIG, digests=(DAILY, WEEKLY, CLOSED))
JAN, MIEKE = "jan@example.be", "mieke@example.be"
BOTH = Choices(digests=("dagelijks", "wekelijks"))
ONE = Choices(digests=("dagelijks",), zones=("bht",), categories=("Verkeer",), format="text")
DAY = timedelta(days=1)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """One transaction for a whole test: what is decided is the same in one and in many."""
    with Store(f"sqlite:///{tmp_path / 'a.db'}") as store:
        held: list[Tx] = []
        from contextlib import ExitStack

        with ExitStack() as stack:
            connection = stack.enter_context(store._engine.connect())
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            held.append(Tx(connection))
            yield held[0]
