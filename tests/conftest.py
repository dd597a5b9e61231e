"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from aggregator.store import Store
from tests import browsing, postgres
from tests.databases import migrated

settings.register_profile("short", max_examples=40)
if not os.environ.get("AGGREGATOR_SOAK"):
    settings.load_profile("short")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Half as many workers again as there are cores: much of a test's time is somebody else's clock."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0))
    return cores + cores // 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that in the end no worker waits for one that has just begun."""
    items.sort(key=lambda item: "acceptance" not in item.path.parts)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of each kind that the store knows: empty, or for a test that wants a store, migrated."""
    ready = "store" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "aggregator.db"
        yield migrated(path) if ready else f"sqlite:///{path}"
    else:
        with postgres.database(migrated=ready) as url:
            yield url


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An open store, on each kind of database."""
    with Store(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one module: while it is there, its loop runs, and nobody else's can in this thread."""
    with browsing.launched() as found:
        yield found
