"""The daemon's mail: what rests after a failure, and for how long."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.daemon.posting import REST, Posting
from aggregator.store import Store
from tests.stories import CONFIG, NOW


@pytest.mark.parametrize(
    ("later", "again"),
    [(REST / 2, False), (REST, True), (timedelta(hours=3), True), (timedelta(hours=-3), True)],
)
def test_what_has_failed_rests_and_no_longer(tmp_path: Path, later: timedelta, again: bool) -> None:
    """A failure is told, rests ten seconds, and is tried again; a clock that is set back does not prolong the rest."""
    told: list[str] = []
    now = [NOW]

    async def scenario() -> None:
        with Store(f"sqlite:///{tmp_path / 'a.db'}") as store:
            with closing(sqlite3.connect(tmp_path / "a.db")) as other:
                other.execute("DROP TABLE edition")
            posting = Posting(CONFIG, store, None, lambda: now[0], lambda failure, what: told.append(what))
            for _ in range(2):
                posting.go_on()
                await posting.finish(10)
                now[0] += later

    asyncio.run(scenario())
    assert told.count("mail") == (2 if again else 1)
