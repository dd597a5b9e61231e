"""Our hub: takes requests, asks callbacks back, delivers; and tells public hubs what is new.

What was accepted is in the database before anybody is told so, and stays there until it is done: a process that dies
does it again after the next start.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher
from aggregator.model import Config, Document, Intent, Ping, Response, Subscription
from aggregator.rates import MINUTE, Rates
from aggregator.store import Store, Tx
from aggregator.websub import delivery, requests, verification
from aggregator.websub.crowd import Crowd, Piece
from aggregator.websub.requests import Answer

log = logging.getLogger("aggregator")
T = TypeVar("T", Intent, Subscription, Ping)
Documents = Callable[[], Mapping[str, Document]]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_BATCH = 1000  # how many that are due are looked at in a tick: all, so that no host can hide the others


class _Due(NamedTuple):
    intents: list[Intent]
    subscriptions: list[Subscription]
    pings: list[Ping]


class Hub:
    """*documents* gives the current documents by their path; a new mapping means that something changed."""

    def __init__(
        self,
        config: Config,
        store: Store,
        fetcher: Fetcher,
        documents: Documents,
        clock: Callable[[], datetime],
        say: Callable[[Exception, str], None],
    ) -> None:
        self.config = config
        self._store = store
        self._fetcher = fetcher
        self._documents = documents
        self._clock = clock
        self._rates = Rates(requests.RATES)
        self._verifying = Crowd(8, 2, say)
        self._delivering = Crowd(16, 2, say)
        self._pinging = Crowd(4, 1, say)
        self._noticed: object = None
        self._swept: datetime | None = None

    def configure(self, config: Config) -> None:
        """Go on with another configuration, under which all topics are looked at again."""
        self.config = config
        self._noticed = None

    # -- taking requests ------------------------------------------------------------

    async def accept(self, body: bytes, client: str) -> Answer:
        """What to say to the request in *body*, which *client* (an address) sent."""
        now, settings = self._clock(), self.config.websub
        intent = requests.read(body, settings, self._is_topic, self._base, now)
        if isinstance(intent, Answer):
            return intent
        host = requests.host(intent.callback)
        if not self._rates.take(now, host=host, client=client):
            return requests.TOO_OFTEN

        def note(tx: Tx) -> Answer:
            pending = tx.websub.now(intent)
            known = pending or tx.websub.subscription(intent.topic, intent.callback)
            if intent.mode == "unsubscribe" and not known:
                return Answer(404, "there is no such subscription")
            crowd = tx.websub.crowd(host, intent.topic)
            if full := requests.room(intent, settings, crowd, known=known is not None):
                return full
            tx.websub.put(intent)
            return requests.ACCEPTED

        return await self._store.write(note)

    # -- what is due -----------------------------------------------------------------

    async def go_on(self) -> None:
        """Notice what has changed, and start what is due and has room."""
        now = self._clock()
        await self._notice(now)
        due = await self._store.read(
            lambda tx: _Due(tx.websub.intents(_BATCH), tx.websub.due(now, _BATCH), tx.websub.pings_due(now))
        )
        self._verifying.want(self._piece(one, one.callback, self._verify) for one in due.intents)
        self._delivering.want(self._piece(one, one.callback, self._deliver) for one in due.subscriptions)
        self._pinging.want(self._piece(one, one.hub, self._ping) for one in due.pings)

    async def finish(self, seconds: float) -> None:
        for crowd in (self._verifying, self._delivering, self._pinging):
            await crowd.finish(seconds)

    def _piece(self, one: T, url: str, work: Callable[[T], Coroutine[Any, Any, None]]) -> Piece:
        """*work* on *one*, if it is still as it was when its turn comes: it may have waited, or been done meanwhile."""

        async def begin() -> None:
            if await self._store.read(lambda tx: tx.websub.now(one)) == one:
                await work(one)

        return Piece((url, one.topic), requests.host(url), begin)

    async def _notice(self, now: datetime) -> None:
        """Note which topics have another version than before; and once a minute, whose lease is over."""
        documents = self._documents()
        if documents and documents is not self._noticed:
            await self._store.write(lambda tx: self._note_changes(tx, documents, now))
            self._noticed = documents
        if self._swept is None or now - self._swept >= MINUTE:
            await self._store.write(lambda tx: tx.websub.expire(now))
            self._swept = now

    def _note_changes(self, tx: Tx, documents: Mapping[str, Document], now: datetime) -> None:
        for topic in tx.websub.topics():
            document = delivery.shown(documents, self._path(topic))
            etag, rest = (document.etag, delivery.SETTLE) if document else ("", timedelta(0))
            tx.websub.put(*(delivery.changed(one, etag, now, rest) for one in tx.websub.outdated(topic, etag)))
        known = {(ping.hub, ping.topic): ping for ping in tx.websub.pings()}
        for path, document in documents.items():
            for hub in self.config.websub.hubs if delivery.is_feed(document) else ():
                topic, etag = f"{self._base}{path}", document.etag
                new = Ping(hub=hub, topic=topic, wanted=etag, delivered=etag)
                ping = known.pop((hub, topic), new)
                if ping.wanted != etag or ping is new:
                    tx.websub.put(delivery.changed(ping, etag, now, delivery.DEBOUNCE))
        for ping in known.values():
            tx.websub.drop(ping)

    # -- verifying ---------------------------------------------------------------------

    async def _verify(self, intent: Intent) -> None:
        """Ask once; "if verification fails, the subscription state MUST be left unchanged" (§5.1)."""
        challenge = secrets.token_urlsafe(32)
        meant = False
        try:
            answer = await self._fetcher.send("GET", verification.question(intent, challenge), self._clock())
            meant = verification.confirmed(answer, challenge)
        except FetchError as failure:
            log.info("hub: a callback could not be asked: %s", failure)
        now = self._clock()
        if await self._store.write(lambda tx: self._settle(tx, intent, now, meant=meant)):
            await self._deny(intent.callback, intent.topic, "this hub has no room, or no such topic any more")

    def _settle(self, tx: Tx, intent: Intent, now: datetime, *, meant: bool) -> bool:
        """Whether the callback is to be told that there is no room after all; a later request goes before this one."""
        if tx.websub.now(intent) != intent:
            return False
        tx.websub.drop(intent)
        before = tx.websub.subscription(intent.topic, intent.callback)
        if not meant:
            return False
        if intent.mode == "unsubscribe":
            if before:
                tx.websub.drop(before)
            return False
        document = delivery.shown(self._documents(), self._path(intent.topic))
        crowd = (0, *tx.websub.crowd(requests.host(intent.callback), intent.topic)[1:])
        if document is None or requests.room(intent, self.config.websub, crowd, known=before is not None):
            return True
        tx.websub.put(delivery.begun(intent, before, document.etag, now))
        return False

    async def _deny(self, callback: str, topic: str, reason: str) -> None:
        try:
            await self._fetcher.send("GET", verification.denial(callback, topic, reason), self._clock())
        except FetchError as failure:
            log.info("hub: a callback could not be told: %s", failure)

    # -- delivering ----------------------------------------------------------------------

    async def _deliver(self, one: Subscription) -> None:
        document = delivery.shown(self._documents(), self._path(one.topic))
        if document is None:
            await self._store.write(lambda tx: tx.websub.drop(one))
            await self._deny(one.callback, one.topic, "this feed is not published any more")
            return
        answer, error = await self._post(
            one.callback, document.content, delivery.headers(one, document, self.config.hubs)
        )
        now = self._clock()
        over = answer is not None and delivery.is_over(answer)

        def settle(tx: Tx) -> None:
            current = tx.websub.now(one)
            if current and over:
                tx.websub.drop(current)
            elif current:
                tx.websub.put(delivery.failed(current, error, now) if error else delivery.sent(current, document.etag))

        await self._store.write(settle)
        if over or (error and not one.attempts):
            log.info("hub: %s, for %s", f"{one.host} ended its subscription" if over else error, one.topic)

    async def _post(self, url: str, content: bytes, headers: Mapping[str, str]) -> tuple[Response | None, str | None]:
        """The answer if there was one, and what is wrong."""
        try:
            answer = await self._fetcher.send("POST", url, self._clock(), headers=headers, content=content)
        except FetchError as failure:
            return None, str(failure)
        wrong = delivery.refused(answer)
        return answer, wrong and f"{requests.host(url)}: {wrong}"

    async def _ping(self, one: Ping) -> None:
        """Tell a public hub; how is outside the Recommendation (§6), and this is what hubs take (PubSubHubbub §7.1)."""
        form = {"hub.mode": "publish", "hub.url": one.topic, "hub.topic": one.topic}
        _, error = await self._post(one.hub, urlencode(form).encode(), FORM)
        now = self._clock()

        def settle(tx: Tx) -> None:
            if current := tx.websub.now(one):
                tx.websub.put(delivery.failed(current, error, now) if error else delivery.sent(current, one.wanted))

        await self._store.write(settle)
        if error and not one.attempts:
            log.warning("hub %s does not take our pings: %s", one.hub, error)
        elif one.attempts and not error:
            log.info("hub %s takes our pings again", one.hub)

    # -- our addresses -----------------------------------------------------------------------

    @property
    def _base(self) -> str:
        return self.config.base_url.rstrip("/")

    def _path(self, topic: str) -> str:
        return topic.removeprefix(self._base) if topic.startswith(f"{self._base}/") else ""

    def _is_topic(self, topic: str) -> bool:
        path = self._path(topic)
        return delivery.shown(self._documents(), path) is not None and not path.startswith("/static/")
