"""The daemon's documents: rendered again when a story has changed, in whatever process, and written as files too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from aggregator.daemon.directory import Directory
from aggregator.daemon.leaves import Leaves
from aggregator.daemon.printing import Prints
from aggregator.daemon.rendering import Press
from aggregator.daemon.saying import Say
from aggregator.errors import AggregatorError
from aggregator.model import Config, Document, Poll
from aggregator.publish import places
from aggregator.publish.faults import Fault
from aggregator.status import WRONG, Mailing, SourceStatus, paused
from aggregator.store import Store, Tx

AGAIN = timedelta(minutes=1)
"""When files that could not be written are tried again."""
STEP = 50
"""How many stories' pages one tick writes."""


class Publishing:
    """*say* logs a failure.  *documents* are those of the latest state, by their path below base_url."""

    def __init__(self, config: Config, store: Store, clock: Callable[[], datetime], say: Say) -> None:
        self.documents: Mapping[str, Document] = {}
        self._config = config
        self._store = store
        self._clock = clock
        self._say = say
        self._press = Press(config)
        self._leaves = Leaves(config)
        self._files = Leaves(config)
        self._prints, self._printed_files = Prints(config), Prints(config)
        self._directory: Directory | None = None
        self._revision = -1
        self._printed = (-1, -1)
        self._write_at: datetime | None = None
        self._turn = asyncio.Lock()
        self._asking = asyncio.Lock()

    async def configure(self, config: Config) -> None:
        """Render everything anew, the next time."""
        async with self._turn:
            self._config = config
            self._press = Press(config)
            self._leaves, self._files = Leaves(config), Leaves(config)
            self._prints, self._printed_files = Prints(config), Prints(config)
            self._directory = None
            self._revision = -1

    async def go_on(self) -> None:
        """Render again if a story changed since the last time, and write the files.

        Files that cannot be written are said and tried again; what is served from memory is up to date all the same.
        """
        async with self._turn:
            revision = await self._store.read(lambda tx: tx.stories.revision())
            printed = await self._store.read(lambda tx: tx.printed.latest())
            if revision != self._revision:
                self.documents = await self._store.read(self._press.render)
            if (revision, printed) != (self._revision, self._printed):
                self._revision, self._printed = revision, printed
                self._write_at = self._clock() if self._config.publish.directory else None
            if self._write_at and self._clock() >= self._write_at:
                try:
                    if await self._store.read(self._write):
                        self._write_at = None
                except AggregatorError as failure:
                    self._say(failure, "[publish].directory")
                    self._write_at = self._clock() + AGAIN

    async def asked(self, path: str) -> Document | None:
        """What is made only when somebody asks for it: stories, months, archives, editions."""
        if places.archived(self._config, path):
            async with self._turn:
                return await self._store.read(lambda tx: self._press.archive(tx, path))
        leaves, prints = self._leaves, self._prints
        if places.mailed(self._config, path):
            async with self._asking:
                return await self._store.read(lambda tx: prints.find(tx, path))
        if found := leaves.kept(path, self._revision):
            return found
        press = self._press
        async with self._asking:
            return await self._store.read(lambda tx: leaves.find(tx, path) or press.elsewhere(tx, path))

    def _write(self, tx: Tx) -> bool:
        """Write what has changed, stories' pages a step at a time; whether that was all."""
        assert self._config.publish.directory is not None
        if self._directory is None:
            self._directory = Directory(Path(self._config.publish.directory))
        printed = self._printed_files.files(tx)
        made = chain(self.documents.items(), self._press.archives(tx), self._files.files(tx, STEP), printed)
        try:
            self._directory.write(made)
        except AggregatorError:
            self._press.forget()
            self._files.forget()
            self._printed_files.forget()
            raise
        return not self._files.unfinished


def faults(statuses: Sequence[SourceStatus], mail: Mailing | None = None) -> list[Fault]:
    """What is wrong, for the operators' feed; a source that fails anew is told of anew, and so is mail that pauses."""
    return _paused(mail) + [
        Fault(
            name=f"{status.source}/{status.condition}/{_since(poll)}",
            title=f"{status.source}: {status.condition}",
            words=poll.error or status.words,
            at=poll.at,
        )
        for status in statuses
        if status.condition in WRONG and (poll := status.poll)
    ]


def _paused(mail: Mailing | None) -> list[Fault]:
    if mail is None or mail.paused is None or mail.since is None:
        return []
    name = f"mail/{mail.paused}/{mail.since:%Y-%m-%dT%H:%M:%SZ}"
    return [Fault(name=name, title="mail: paused", words=paused(mail.paused), at=mail.since)]


def _since(poll: Poll) -> str:
    return f"{poll.last_success:%Y-%m-%dT%H:%M:%SZ}" if poll.last_success else "never"
