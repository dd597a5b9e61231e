"""A database that is filled by hand, and the documents that the daemon makes of it, for tests of what is published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aggregator.daemon.rendering import Press, note_presentation
from aggregator.model import Config, Document, Story
from aggregator.store import Store
from tests.databases import migrated
from tests.stories import CONFIG, NOW, sighting, story

SMALL = replace(CONFIG, streams=(replace(CONFIG.streams[0], items=5),))
"""A stream whose pages hold five stories."""


class Desk:
    """Stories come and go, a minute apart; ``press`` renders what there is."""

    def __init__(self, store: Store, config: Config = SMALL) -> None:
        self.store = store
        self.config = config
        self.press = Press(config)
        self.now = NOW
        self.numbers = 0
        store.submit(lambda tx: note_presentation(tx, config, NOW)).result()

    def add(self, zone: str = "bht", *, published: str = "2026-11-20 10:00") -> Story:
        """A new story of *zone*; its date may be older than what is there."""
        self.numbers += 1
        made = story(sighting(zone, f"Bericht {self.numbers}", published=published, key=str(self.numbers)))
        made = replace(made, id=f"tag:nieuws.example.be,2026:story/{self.numbers:04}")
        made = replace(made, members=tuple(replace(member, story=made.id) for member in made.members))
        return self.keep(made)

    def keep(self, found: Story) -> Story:
        """Save *found* as it is now."""
        self.now += timedelta(minutes=1)
        found = replace(found, changed=self.now)
        self.store.submit(lambda tx: tx.stories.save(found, at=self.now, loud=True)).result()
        return found

    def edit(self, found: Story, title: str) -> Story:
        """The publisher changes its title."""
        first, *others = found.members
        entry = replace(first.sighting.entry, title=title)
        changed = replace(first, sighting=replace(first.sighting, entry=entry))
        return self.keep(replace(found, members=(changed, *others), updated=self.now))

    def withdraw(self, found: Story) -> Story:
        """The editor takes it back."""
        return self.keep(replace(found, withdrawn=self.now + timedelta(minutes=1)))

    def bring_back(self, found: Story) -> Story:
        """The editor shows it again."""
        shown = self.keep(replace(found, withdrawn=None))
        self.store.submit(lambda tx: tx.stories.arrive_again(shown, at=self.now)).result()
        return shown

    def documents(self) -> dict[str, Document]:
        return self.store.look(self.press.render)

    def archive(self, path: str) -> Document | None:
        return self.store.look(lambda tx: self.press.archive(tx, path))

    def archives(self) -> dict[str, Document | None]:
        return self.store.look(lambda tx: dict(self.press.archives(tx)))


@contextmanager
def desk(folder: Path, config: Config = SMALL) -> Iterator[Desk]:
    """A desk over a new database in *folder*."""
    with Store(migrated(folder / "desk.db")) as store:
        yield Desk(store, config)
