"""Every word of every copy, indexed: SQLite's FTS5, PostgreSQL's tsvector.

The row of a copy is written and deleted with the copy, in the same transaction (``members``).  Whether its story is
shown is asked when something is sought, so that what an editor hides, shows, joins or splits needs no other index.

Both engines get words (``query``) and never a sentence: SQLite's tokenizer has only to split at spaces, PostgreSQL's
parser is not used, and both find the same.  A question is answered out of the copies that came last and fit, and ended
when it takes longer than ``PATIENCE``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, count
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.exc import OperationalError

from aggregator import query, select
from aggregator.errors import SearchError
from aggregator.model import Entry
from aggregator.query import Query, Term
from aggregator.store.meta import Meta

CANDIDATES = 1000
"""How many copies, the last to come, an answer is chosen from."""
PATIENCE = 1.0
"""Seconds that one question may take."""
TITLE, WORDS = 500, 10_000
"""How many words of a copy's title and text are indexed."""
_SIZE = 150_000  # characters of them; PostgreSQL takes a megabyte
_SMOOTH = 20
_BELOW = "search:below"
_CANCELED = "57014"  # query_canceled, in whatever language the server says it

_entry = TypeAdapter(Entry)
_INSERT = {
    "sqlite": text("INSERT INTO search (rowid, title, text) VALUES (:member, :title, :text)"),
    "postgresql": text("INSERT INTO search (member, words) VALUES (:member, CAST(:words AS tsvector))"),
}
_DELETE = {
    "sqlite": text("DELETE FROM search WHERE rowid = :member"),
    "postgresql": text("DELETE FROM search WHERE member = :member"),
}
_SHOWN = "story.withdrawn IS NULL AND NOT story.held AND member.zone IN :zones"
# The index leads, newest first, and the rest is looked up: a word that everybody uses costs no more than a rare one.
_FIND = {
    "sqlite": f"""
        SELECT member.story, story.published, -bm25(search, 5.0, 1.0) AS weight
        FROM search CROSS JOIN member ON member.id = search.rowid CROSS JOIN story ON story.id = member.story
        WHERE search MATCH :query AND {_SHOWN} ORDER BY search.rowid DESC LIMIT :most""",  # noqa: S608
    "postgresql": f"""
        SELECT member.story, story.published, ts_rank(search.words, CAST(:query AS tsquery), 1) AS weight
        FROM search JOIN member ON member.id = search.member JOIN story ON story.id = member.story
        WHERE search.words @@ CAST(:query AS tsquery) AND {_SHOWN} ORDER BY search.member DESC LIMIT :most""",  # noqa: S608
}
_OLDER = text("SELECT id, entry FROM member WHERE id < :below ORDER BY id DESC LIMIT :most")


class Search:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._engine = connection.dialect.name

    def keep(self, member: int, entry: Entry, *, new: bool = False) -> None:
        """Index a copy, instead of what was indexed of it; there is nothing of a *new* one."""
        if not new:
            self.drop(member)
        title, said = _words(entry)
        if self._engine == "sqlite":
            values = {"title": title, "text": said}
        else:
            values = {"words": _vector(title.split(), said.split())}
        self._connection.execute(_INSERT[self._engine], {"member": member, **values})

    def drop(self, member: int) -> None:
        """Forget a copy."""
        self._connection.execute(_DELETE[self._engine], {"member": member})

    def find(self, wanted: Query, zones: Sequence[str], *, patience: float = PATIENCE) -> list[str]:
        """The ids of the shown stories of which a copy of one of *zones* fits, the best first.

        Raises SearchError when that takes longer than *patience*, in seconds.
        """
        if not wanted.wanted or not zones:
            return []
        question = (_match if self._engine == "sqlite" else _tsquery)(wanted)
        values = {"query": question, "zones": list(zones), "most": CANDIDATES}
        with self._bounded(patience):
            rows = self._connection.execute(_statement(self._engine), values).all()
        weights: dict[str, tuple[float, datetime]] = {}
        for row in rows:
            published = row.published if isinstance(row.published, datetime) else datetime.fromisoformat(row.published)
            weights[row.story] = max(weights.get(row.story, (float("-inf"), published)), (row.weight, published))
        return ordered(weights)

    def catch_up(self, most: int) -> int:
        """Index the next *most* copies that were here before there was an index; how many that were, newest first."""
        meta = Meta(self._connection)
        if (below := meta.get(_BELOW)) is None:
            return 0
        rows = self._connection.execute(_OLDER, {"below": int(below), "most": most}).all()
        for row in rows:
            self.keep(row.id, _entry.validate_json(row.entry))
        if rows:
            meta.put(_BELOW, str(rows[-1].id))
        else:
            meta.drop(_BELOW)
        return len(rows)

    @contextmanager
    def _bounded(self, patience: float) -> Iterator[None]:
        bounded = (self._interrupted if self._engine == "sqlite" else self._timed_out)(patience)
        try:
            with bounded:
                yield
        except OperationalError as failure:
            if str(failure.orig) == "interrupted" or getattr(failure.orig, "sqlstate", None) == _CANCELED:
                raise SearchError("the search took too long") from failure
            raise

    @contextmanager
    def _interrupted(self, patience: float) -> Iterator[None]:
        """The timer has ended before the connection is anybody else's."""
        timer = threading.Timer(patience, self._connection.connection.driver_connection.interrupt)  # type: ignore[union-attr]
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    @contextmanager
    def _timed_out(self, patience: float) -> Iterator[None]:
        self._connection.execute(text(f"SET LOCAL statement_timeout = {max(1, int(patience * 1000))}"))
        yield
        self._connection.execute(text("SET LOCAL statement_timeout = 0"))


def ordered(weights: Mapping[str, tuple[float, datetime]]) -> list[str]:
    """Stories by how well they fit and how new they are, the best first.

    The two places that a story has, one in each order, are put together by their reciprocals (Cormack, Clarke and
    Büttcher 2009): no scale of one engine's weights has to be compared with days.
    """
    fitting = _places({id: float(f"{weight:.4g}") for id, (weight, _) in weights.items()})
    newest = _places({id: published for id, (_, published) in weights.items()})
    scores = {id: 1 / (_SMOOTH + fitting[id]) + 1 / (_SMOOTH + newest[id]) for id in weights}
    return sorted(weights, key=lambda story: (-scores[story], newest[story], story))


def _places(values: Mapping[str, Any]) -> dict[str, int]:
    """The place of each, the greatest first; equal values have one place."""
    place = dict(zip(sorted(set(values.values()), reverse=True), count(), strict=False))
    return {id: place[value] for id, value in values.items()}


def _words(entry: Entry) -> tuple[str, str]:
    """What is indexed of a copy: the words of its title, and of its fullest text."""
    title, _, said = select.words(entry).partition("\n")
    return query.words(title, TITLE), query.words(said, WORDS)[:_SIZE]


def _vector(title: Sequence[str], said: Sequence[str]) -> str:
    """A tsvector: titles weigh more, and no phrase begins in one and ends in the text.  Positions end at 16,383."""
    titles = (f"'{word}':{at}A" for at, word in enumerate(title, 1))
    return " ".join(chain(titles, (f"'{word}':{at}" for at, word in enumerate(said, len(title) + 2))))


def _match(wanted: Query) -> str:
    """The query as FTS5 writes it; in quotes nothing has a meaning of its own."""
    asked = " AND ".join(map(_string, wanted.wanted))
    return f"({asked}) NOT ({' OR '.join(map(_string, wanted.unwanted))})" if wanted.unwanted else asked


def _string(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + (" *" if term.open else "")


def _tsquery(wanted: Query) -> str:
    return " & ".join((*map(_phrase, wanted.wanted), *(f"!{_phrase(term)}" for term in wanted.unwanted)))


def _phrase(term: Term) -> str:
    return f"({' <-> '.join(_quoted(term.words))}{':*' if term.open else ''})"


def _quoted(words: Iterable[str]) -> Iterator[str]:
    return (f"'{word}'" for word in words)


def _statement(engine: str) -> TextClause:
    return text(_FIND[engine]).bindparams(bindparam("zones", expanding=True))
