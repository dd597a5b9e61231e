"""Our subscriptions at the hubs of sources: asks, answers, and takes what they bring.

What a hub brings is read as the answer to a poll would be, in a worker, and settled in the writer's turn.  The hub is
told that we have it after that, so that it comes again if we die in between.  Polling goes on beside it, more seldom
while the hub delivers: a hub that falls silent costs time and no news.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urljoin

from aggregator import poll, schedule
from aggregator.errors import FetchError, ParseError
from aggregator.model import Lease, Poll, Response, Source
from aggregator.poll import Found, Means
from aggregator.settle import settle
from aggregator.store import Tx
from aggregator.websub import leases, requests, signatures
from aggregator.websub.crowd import Crowd, Piece
from aggregator.websub.hub import FORM
from aggregator.websub.leases import Heard

log = logging.getLogger("aggregator")
PATH = "/websub/"
"""Below base_url, with a token behind it: where hubs find us."""
PLAN = timedelta(seconds=10)
"""How often it is looked at what we want to be subscribed to."""
AT_ONCE = 4
"""Pushes that are taken in at once."""
PATIENCE = 8.0
"""Seconds after which a hub is told that we have its push, although it is still being read: hubs do not wait long."""
_REDIRECTS = 3


class Subscriber:
    """*polls* gives the latest polls by source, which say what hubs there are."""

    def __init__(
        self, means: Means, polls: Callable[[], Mapping[str, Poll]], say: Callable[[Exception, str], None]
    ) -> None:
        self.means = means
        self._polls = polls
        self._say = say
        self._asking = Crowd(4, 1, say)
        self._planned: datetime | None = None
        self._leases: list[Lease] = []
        self._reading: set[asyncio.Task[None]] = set()

    # -- asking ---------------------------------------------------------------------

    async def go_on(self) -> None:
        """See to it that we are subscribed to what we want, and to nothing else."""
        now = self.means.clock()
        if self._planned is None or now - self._planned >= PLAN:
            await self._plan(now)
            self._planned = now
        due = [lease for lease in self._leases if lease.due <= now]
        self._asking.want(Piece(one.source, requests.host(one.hub), partial(self._ask, one)) for one in due)

    async def finish(self, seconds: float) -> None:
        await self._asking.finish(seconds)
        if self._reading:
            await asyncio.wait(self._reading, timeout=seconds)

    async def _plan(self, now: datetime) -> None:
        wanted = leases.wanted(self.means.config, self._polls())
        known = await self.means.store.read(lambda tx: tx.websub.leases())
        missing = leases.missing(wanted, known)
        back, over = leases.leaving(wanted, known, now)
        new = [
            leases.begun(source, wanted[source], secrets.token_urlsafe(32), secrets.token_urlsafe(32), now)
            for source in missing
        ]
        if new or back or over:

            def note(tx: Tx) -> None:
                for lease in over:
                    tx.websub.drop(lease)
                tx.websub.put(*new, *back)

            await self.means.store.write(note)
            known = await self.means.store.read(lambda tx: tx.websub.leases())
        self._leases = known

    async def _ask(self, lease: Lease) -> None:
        """Note that we ask, then ask: the hub may verify before it answers."""
        now, announced = self.means.clock(), leases.wanted(self.means.config, self._polls()).get(lease.source)

        def note(tx: Tx) -> Lease | None:
            current = tx.websub.now(lease)
            if current is None or current.token != lease.token or current.due > now:
                return None
            tx.websub.put(asked := leases.asked(current, announced, now))
            return asked

        self._planned = None
        if asked := await self.means.store.write(note):
            error = await self._request(asked)
            if error:
                log.warning("source %s: its hub could not be asked: %s", lease.source, error)
            await self.means.store.write(lambda tx: _note_error(tx, asked, error))

    async def _request(self, lease: Lease) -> str | None:
        """What is wrong with the hub's answer; None when it accepts.  A hub may send us to another one (§5.1.2)."""
        url, content = lease.hub, leases.form(lease, self._callback(lease.token))
        for _ in range(_REDIRECTS + 1):
            try:
                answer = await self.means.fetcher.send("POST", url, self.means.clock(), headers=FORM, content=content)
            except FetchError as failure:
                return str(failure)
            if 200 <= answer.status < 300:
                return None
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 307, 308) or not location:
                return f"{requests.host(url)}: answered {answer.status}"
            url = urljoin(url, location)
        return f"{requests.host(lease.hub)}: redirects more than {_REDIRECTS} times"

    def _callback(self, token: str) -> str:
        return f"{self.means.config.base_url.rstrip('/')}{PATH}{token}"

    # -- answering ------------------------------------------------------------------

    async def hear(self, token: str, query: Mapping[str, str]) -> Heard | None:
        """What to say to a hub that asks whether we meant it; None when there is no such callback."""
        now = self.means.clock()

        def note(tx: Tx) -> Heard | None:
            lease = tx.websub.lease(token)
            if lease is None:
                return None
            said = leases.heard(lease, query, now)
            if said.lease is None:
                tx.websub.drop(lease)
            elif said.lease != lease:
                tx.websub.put(said.lease)
            return said

        self._planned = None
        return await self.means.store.write(note)

    async def lease(self, token: str) -> Lease | None:
        """The lease whose callback this is, as far as anything may still come for it."""
        lease = await self.means.store.read(lambda tx: tx.websub.lease(token))
        return lease if lease and lease.wish == "subscribe" else None

    # -- taking ----------------------------------------------------------------------

    async def take(self, lease: Lease, content: bytes, headers: Mapping[str, str]) -> int:
        """The status for a push; one that is not signed is acknowledged and dropped: guessing teaches nothing."""
        if not signatures.valid(headers.get("x-hub-signature"), lease.secret, content):
            log.warning("source %s: a push without its hub's signature was dropped", lease.source)
            return 202
        source = next((one for one in self.means.config.sources if one.id == lease.source and one.enabled), None)
        if source is None:
            return 410
        if len(self._reading) >= AT_ONCE:
            return 503
        task = asyncio.create_task(self._take_in(source, lease, content, headers.get("content-type", "")))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        await asyncio.wait([task], timeout=PATIENCE)
        if task.done() and (failure := task.exception()):
            self._say(failure if isinstance(failure, Exception) else Exception(failure), f"websub, {source.id}")
            return 500
        return 202

    async def _take_in(self, source: Source, lease: Lease, content: bytes, kind: str) -> None:
        """Read as the answer to a poll would be; what cannot be read is dropped, for the next poll sees it too."""
        means, now = self.means, self.means.clock()
        last = (await means.store.read(lambda tx: tx.polls.some([source.id]))).get(source.id)
        if last is None or last.first_success is None or last.url != source.url:
            return
        answer = Response(
            url=last.answered or source.url, status=200, headers={"content-type": kind}, content=content, date=now
        )
        reading = poll.reading_of(source, means.config, means.version)
        try:
            found = await poll.look(answer, source, last, reading, means)
        except ParseError as failure:
            log.warning("source %s: what its hub brought could not be read: %s", source.id, failure)
            return
        new = await means.store.write(lambda tx: self._settle(tx, source, lease, found, now))
        if new:
            log.info("source %s: %d new, brought by its hub", source.id, new)

    def _settle(self, tx: Tx, source: Source, lease: Lease, found: Found, now: datetime) -> int:
        """As a poll is settled; of the poll itself only that is noted which its hub has told us."""
        last, current = tx.polls.of(source.id), tx.websub.now(lease)
        if last is None:
            return 0
        settled = settle(tx, found.seen, replace(last, at=now), self.means.config)
        noted = replace(
            settled,
            at=last.at,
            unread=found.unread,
            articles=found.articles,
            reading=None if found.unread else last.reading,
        )
        if current:
            tx.websub.put(replace(current, pushed=now))
            noted = schedule.relied(noted, self.means.config.websub, current.expires, now)
        tx.polls.note(noted)
        return noted.new


def _note_error(tx: Tx, asked: Lease, error: str | None) -> None:
    """The hub may have asked back, and we have confirmed, before it answered our request."""
    current = tx.websub.now(asked)
    if current and current.token == asked.token and current.attempts:
        tx.websub.put(replace(current, error=error))
