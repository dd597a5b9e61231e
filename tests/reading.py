"""The daemon's documents over real HTTP, from a database that is filled by hand: for tests of what people read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aggregator.daemon.publishing import Publishing
from aggregator.model import Config, Story, Verdict
from aggregator.web import app
from tests.presses import Desk, desk
from tests.serving import serving


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A desk whose stories can be read at ``address``; ``go_on`` lets the readers see what has changed."""

    desk: Desk
    publishing: Publishing
    address: str

    def go_on(self) -> None:
        go_on(self.publishing)

    def keep(self, *stories: Story) -> None:
        """Save *stories* as they are."""
        for story in stories:
            self.desk.store.submit(lambda tx, one=story: tx.stories.save(one, at=self.desk.now, loud=True)).result()  # type: ignore[misc]
        self.go_on()

    def link(self, story: Story, other: Story, verdict: Verdict) -> None:
        """Link two stories that are not one."""
        self.desk.store.submit(lambda tx: tx.related.note(story.id, [(other.id, verdict)], self.desk.now)).result()


@contextmanager
def newsroom(folder: Path, config: Config) -> Iterator[Newsroom]:
    """A newsroom over a new database in *folder*."""
    with desk(folder, config) as one:
        publishing = Publishing(config, one.store, lambda: one.now, _raise)
        go_on(publishing)
        site = app(lambda: publishing.documents, lambda: (True, "well"), config, asked=publishing.asked)
        with serving(site) as address:
            yield Newsroom(one, publishing, address)


def go_on(publishing: Publishing) -> None:
    """In a thread, for a browser may run a loop of its own in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(publishing.go_on())).result()


def _raise(failure: Exception, what: str) -> None:
    raise failure
