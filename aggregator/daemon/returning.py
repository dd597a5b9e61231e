"""The daemon's ear: mail that comes back is read every minute, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from aggregator import bounces, post
from aggregator.bounces import Taken
from aggregator.daemon.part import Part
from aggregator.daemon.saying import Say
from aggregator.errors import AggregatorError
from aggregator.mail.maildir import Maildir
from aggregator.mail.returned import read
from aggregator.model import Config
from aggregator.store import Store

log = logging.getLogger("aggregator")
OFTEN = timedelta(minutes=1)
BATCH = 200
"""Mails that are read at a time; the next minute has the rest."""


class Returning(Part):
    """``go_on`` at every tick, ``finish`` at the end."""

    def __init__(self, config: Config, store: Store, clock: Callable[[], datetime], say: Say) -> None:
        super().__init__(config, store, clock, say)
        self._last: datetime | None = None

    def go_on(self) -> None:
        """Read what has come, when a minute has passed; a clock that is set back does not prolong that."""
        folder, now = self.config.mail.maildir if self.config.mail else None, self._clock()
        waits = self._last is not None and timedelta(0) <= now - self._last < OFTEN
        if folder and not waits and self._is_free:
            self._last = now
            self._begin(self._read(Maildir(folder)))

    async def _read(self, maildir: Maildir) -> None:
        try:
            for path in await asyncio.to_thread(maildir.new, BATCH):
                await self._try(maildir, path)
            await asyncio.to_thread(maildir.tidy, self._clock())
        except Exception as failure:  # noqa: BLE001 - what cannot be read now is read later
            self._say(failure, "returned mail")

    async def _try(self, maildir: Maildir, path: Path) -> None:
        """A mail that the program trips over keeps no other from being read; one that cannot be noted waits."""
        try:
            await self._take(maildir, path)
        except AggregatorError:
            raise
        except Exception as failure:  # noqa: BLE001 - strangers write them
            self._say(failure, "returned mail")
            await asyncio.to_thread(maildir.leave, path)

    async def _take(self, maildir: Maildir, path: Path) -> None:
        raw = await asyncio.to_thread(maildir.read, path)
        returned = await asyncio.to_thread(read, raw or b"")
        now = self._clock()
        taken = await self._store.write(lambda tx: bounces.take(tx, returned, now))
        if taken.outcome == "unknown":
            log.warning("a mail in %s is for a human: %s", maildir.path, taken.words)
            await asyncio.to_thread(maildir.leave, path)
        else:
            log.log(logging.WARNING if taken.outcome == "objected" else logging.INFO, "returned mail: %s", taken.words)
            await self._heed(taken, now)
            await asyncio.to_thread(maildir.done, path)

    async def _heed(self, taken: Taken, now: datetime) -> None:
        """Hold an edition that is still being sent and that too many receivers will not have."""
        edition = taken.edition
        if edition is None:
            return
        if told := await self._store.write(lambda tx: post.heed(tx, self.config, edition, now)):
            log.error("%s", told)
