"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from aggregator.store import Store
from tests import postgres

settings.register_profile("short", max_examples=40)
if not os.environ.get("AGGREGATOR_SOAK"):
    settings.load_profile("short")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of each kind that the store knows."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'aggregator.db'}"
    else:
        with postgres.database() as url:
            yield url


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An open store, on each kind of database."""
    with Store(database) as opened:
        yield opened
