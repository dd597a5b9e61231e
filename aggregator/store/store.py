"""The store: one writer thread that takes what has gathered into one commit, and readers beside it.

A function given to ``write`` runs in the writer's turn, inside a savepoint of its own, so that a poisonous one fails
alone; its result is delivered only after the commit, so what a caller was told has happened has happened.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from aggregator.errors import StoreError
from aggregator.model import Poll
from aggregator.store.audience import Audience
from aggregator.store.bounces import Bounces
from aggregator.store.calendar import Calendar
from aggregator.store.engine import begin_reading, begin_writing, explain, migrate, open_engine
from aggregator.store.hands import Hands
from aggregator.store.ledger import Ledger
from aggregator.store.mailing import Mailing
from aggregator.store.meta import Meta
from aggregator.store.place import Place
from aggregator.store.polls import Polls
from aggregator.store.printed import Printed
from aggregator.store.privacy import Privacy
from aggregator.store.published import Published
from aggregator.store.relations import Relations
from aggregator.store.renames import Renames
from aggregator.store.retention import Retention
from aggregator.store.search import Search
from aggregator.store.sentences import Sentences
from aggregator.store.stories import Stories
from aggregator.store.subscribers import Subscribers
from aggregator.store.websub import WebSub

T = TypeVar("T")
GATHER = 200
"""How many writes one commit takes at most."""


class Tx:
    """One transaction: the verbs, grouped by what they are about."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def polls(self) -> Polls:
        return Polls(self._connection)

    @cached_property
    def stories(self) -> Stories:
        return Stories(self._connection)

    @cached_property
    def related(self) -> Relations:
        return Relations(self._connection)

    @cached_property
    def sentences(self) -> Sentences:
        return Sentences(self._connection)

    @cached_property
    def published(self) -> Published:
        return Published(self._connection)

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self._connection)

    @cached_property
    def hands(self) -> Hands:
        return Hands(self._connection)

    @cached_property
    def mailing(self) -> Mailing:
        return Mailing(self._connection)

    @property
    def printed(self) -> Printed:
        return Printed(self._connection)

    @cached_property
    def audience(self) -> Audience:
        return Audience(self._connection)

    @cached_property
    def subscribers(self) -> Subscribers:
        return Subscribers(self._connection, self.audience)

    @cached_property
    def privacy(self) -> Privacy:
        return Privacy(self._connection)

    @cached_property
    def bounces(self) -> Bounces:
        return Bounces(self._connection)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self._connection)

    @cached_property
    def renames(self) -> Renames:
        return Renames(self._connection)

    @cached_property
    def retention(self) -> Retention:
        return Retention(self._connection)

    @cached_property
    def search(self) -> Search:
        return Search(self._connection)

    @cached_property
    def websub(self) -> WebSub:
        return WebSub(self._connection)

    @cached_property
    def meta(self) -> Meta:
        return Meta(self._connection)


class Store:
    """An open database, migrated.  Close it with ``close``, or use it as a context manager."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        """Open and migrate *url*; raises StoreError with a sentence for the operator.

        Without *create* a database that is not there is an error: who only looks leaves nothing behind.
        """
        self._engine = open_engine(url, create=create)
        try:
            migrate(self._engine)
        except StoreError:
            self._engine.dispose()
            raise
        self._place = Place(url)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._noting = threading.Lock()
        self._notes: list[Poll] = []
        self._noted: asyncio.Future[None] | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish what was submitted and let the database go."""
        self._jobs.put(None)
        self._thread.join()
        self._engine.dispose()
        self._place.leave()

    def lost(self) -> str | None:
        """Why nothing that is stored from now on would be found again; None as long as it would.  Cheap."""
        return self._place.lost()

    def submit(self, work: Callable[[Tx], T], *, keep: bool = True) -> Future[T]:
        """Have *work* done in the writer's turn; from any thread.  Without *keep* its effects are undone afterwards."""
        future: Future[T] = Future()
        self._jobs.put(_Job(work, future, keep))
        return future

    async def write(self, work: Callable[[Tx], T], *, keep: bool = True) -> T:
        """``submit``, awaited.  The work is done even when the caller is cancelled meanwhile."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(work, keep=keep)))

    async def note(self, poll: Poll) -> None:
        """Keep *poll* as its source's latest, together with all others that are given before the writer's turn.

        Only for use in one event loop.
        """
        with self._noting:
            self._notes.append(poll)
            if len(self._notes) == 1 or self._noted is None:  # the one before has been taken
                self._noted = asyncio.wrap_future(self.submit(self._note_all))
            noted = self._noted
        await asyncio.shield(noted)

    def _note_all(self, tx: Tx) -> None:
        with self._noting:
            polls, self._notes = self._notes, []
        tx.polls.note(*{poll.source: poll for poll in polls}.values())

    def look(self, work: Callable[[Tx], T]) -> T:
        """Run *work* on one state of the database, beside the writer; it cannot write."""
        try:
            with self._engine.connect() as connection:
                begin_reading(connection)
                return work(Tx(connection))
        except SQLAlchemyError as failure:
            raise StoreError(explain(failure, self._engine)) from failure

    async def read(self, work: Callable[[Tx], T]) -> T:
        """``look``, in a thread."""
        return await asyncio.to_thread(self.look, work)

    def _run(self) -> None:
        closing = False
        while not closing:
            jobs, closing = self._gather()
            if jobs:
                self._commit(jobs)

    def _gather(self) -> tuple[list[_Job], bool]:
        jobs: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == GATHER or self._jobs.empty():
                return jobs, False
            job = self._jobs.get()
        return jobs, True

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            self._together(jobs)
        except Exception as failure:  # noqa: BLE001 - whatever it was, the callers hear of it and the thread lives on
            reason = StoreError(explain(failure, self._engine)) if isinstance(failure, SQLAlchemyError) else failure
            for job in jobs:
                job.fail(reason)
        for job in jobs:
            job.deliver()

    def _together(self, jobs: list[_Job]) -> None:
        with self._engine.connect() as connection:
            try:
                begin_writing(connection)
                for job in jobs:
                    job.run(connection)
                connection.commit()
            except BaseException:
                # After a COMMIT that failed SQLite is still in the transaction, and nobody would roll it back.
                connection.invalidate()
                raise


class _Job:
    def __init__(self, work: Callable[[Tx], Any], future: Future[Any], keep: bool) -> None:
        self._work = work
        self._future = future
        self._keep = keep
        self._result: Any = None
        self._failure: BaseException | None = None

    def run(self, connection: Connection) -> None:
        point = connection.begin_nested()
        try:
            self._result = self._work(Tx(connection))
        except Exception as failure:  # noqa: BLE001 - it is the caller's, and travels to the caller
            self._failure = failure
            point.rollback()
        else:
            if self._keep:
                point.commit()
            else:
                point.rollback()

    def fail(self, reason: Exception) -> None:
        self._failure = self._failure or reason

    def deliver(self) -> None:
        if not self._future.set_running_or_notify_cancel():
            return
        if self._failure is None:
            self._future.set_result(self._result)
        elif isinstance(self._failure, SQLAlchemyError):
            self._future.set_exception(StoreError(f"the database refused: {getattr(self._failure, 'orig', None)}"))
        else:
            self._future.set_exception(self._failure)
