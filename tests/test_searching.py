"""The daemon's part in searching: what was there before the index is indexed beside everything else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from aggregator import query
from aggregator.daemon.searching import AGAIN, Searching
from aggregator.errors import StoreError
from aggregator.publish import page
from aggregator.seek import Asked
from aggregator.store import Store, Tx
from tests.databases import migrated
from tests.serving import serving, site
from tests.stories import CONFIG, NOW, fortnight


def of_before(store: Store) -> None:
    """Stories without an index, as an upgrade finds them."""

    def work(tx: Tx) -> None:
        for one in fortnight():
            tx.stories.save(one, at=NOW, loud=True)
        tx._connection.execute(text("DELETE FROM search"))
        tx.meta.put("search:below", "1000000")

    store.submit(work).result()


async def settled(searching: Searching) -> None:
    searching.go_on()
    assert searching._task
    await searching._task


def test_what_was_there_before_is_found_in_the_end(tmp_path: Path) -> None:
    """Nothing is found at first, everything when the steps are done; then nothing more is asked of the writer."""

    async def run() -> None:
        with Store(migrated(tmp_path / "a.db")) as store:
            of_before(store)
            searching = Searching(CONFIG, store, lambda: NOW, lambda *_: pytest.fail("nothing to say"))
            asked = Asked(query=query.read("inbraak"))
            assert not (await searching.find(asked)).stories
            await settled(searching)
            assert (await searching.find(asked)).stories
            task = searching._task
            searching.go_on()
            assert searching._task is task
            await searching.finish(10)

    asyncio.run(run())


def test_a_failure_is_said_and_tried_again(tmp_path: Path) -> None:
    """What could not be indexed is not given up, and not tried at every tick."""
    now, said = [NOW], []

    async def run() -> None:
        with Store(migrated(tmp_path / "a.db")) as store:
            of_before(store)
            store.submit(lambda tx: tx.meta.put("search:below", "no number")).result()
            searching = Searching(CONFIG, store, lambda: now[0], lambda failure, what: said.append(what))
            await settled(searching)
            assert said == ["indexing for the search"]
            task = searching._task
            searching.go_on()
            assert searching._task is task
            store.submit(lambda tx: tx.meta.put("search:below", "1000000")).result()
            now[0] += AGAIN + timedelta(seconds=1)
            await settled(searching)
            assert (await searching.find(Asked(query=query.read("inbraak")))).stories
            assert len(said) == 1

    asyncio.run(run())


def test_the_search_can_be_switched_off(tmp_path: Path) -> None:
    """Then there is neither a page nor a form for it."""
    off = replace(CONFIG, server=replace(CONFIG.server, search=False))
    with Store(migrated(tmp_path / "a.db")) as store:
        assert Searching(CONFIG, store, lambda: NOW, print).routes
        assert Searching(off, store, lambda: NOW, print).routes == []
    with serving(site(off, {})) as address:
        assert httpx.get(f"{address}/search?q=x").status_code == 404
        assert httpx.get(f"{address}/zoeken").status_code == 404


@pytest.mark.parametrize("status", [404, 405, 410, 500, 503])
def test_error_pages_are_whole(status: int) -> None:
    """In the reader's language, with a way to the news, a form to search with, and the standing pages."""
    for language, words in (("nl-BE", "Zoeken"), ("fr-BE", "Chercher"), ("de-BE", "Suchen"), ("en", "Search")):
        made = page.render_error(replace(CONFIG, language=language), status).decode()
        assert f'lang="{language}"' in made
        assert f"{words}</button>" in made
        assert 'action="/search"' in made
        assert 'href="/over/"' in made
        assert 'content="noindex"' in made


def test_no_search_is_a_mistake_of_the_store(tmp_path: Path) -> None:
    """A failure of the database itself is no search that took too long."""
    with Store(migrated(tmp_path / "a.db")) as store:
        store.submit(lambda tx: tx._connection.execute(text("DROP TABLE search")) and None).result()
        with pytest.raises(StoreError, match="refused"):
            store.look(lambda tx: tx.search.find(query.read("x"), ["bht"]))
