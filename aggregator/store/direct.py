"""Statements that run for every entry, compiled once and then given to the driver as they are.

SQLAlchemy takes 0.1 ms to carry a statement out, most of them four times as long as a database needs to answer.  Types,
words and errors are its own here too; only what it prepares anew for each execution is prepared once.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Processors = Sequence[tuple[Any, Callable[[Any], Any]]]


class Direct:
    """A statement; its parameters are given by name, and its rows are named tuples."""

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement
        self._prepared: dict[str, _Prepared] = {}

    def __call__(self, connection: Connection, **values: Any) -> list[Any]:
        """The rows of the answer.  Raises what SQLAlchemy would."""
        return self._of(connection).answer(connection, values)

    def scalars(self, connection: Connection, **values: Any) -> list[Any]:
        """The first value of each row."""
        return [row[0] for row in self(connection, **values)]

    def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry it out for each of *rows*; there is no answer."""
        self._of(connection).repeat(connection, rows)

    def _of(self, connection: Connection) -> _Prepared:
        name = connection.dialect.name
        if name not in self._prepared:
            self._prepared[name] = _Prepared(self.statement, connection.dialect)
        return self._prepared[name]


class _Prepared:
    """A statement in the words of one database."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self._statement = statement
        self._dialect = dialect
        self._words = str(compiled)
        self._order: Sequence[str] | None = compiled.positiontup
        self._fixed = compiled.construct_params(_check=False)
        self._binding: Processors = _known(
            (name, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for bind, name in compiled.bind_names.items()
        )
        self._row: Callable[[Sequence[Any]], Any] | None = None

    def answer(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        parameters = self._parameters(values)
        try:
            cursor = connection.connection.cursor()
            cursor.execute(self._words, parameters)
            rows: list[Any] = list(cursor.fetchall()) if cursor.description else []
        except self._errors as failure:
            raise self._explained(failure, parameters) from failure
        if rows and self._row is None:
            self._row = _reader(self._statement, self._dialect, cursor.description)
        return list(map(self._row, rows)) if self._row else rows

    def repeat(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        parameters = [self._parameters(values) for values in rows]
        try:
            connection.connection.cursor().executemany(self._words, parameters)
        except self._errors as failure:
            raise self._explained(failure, parameters) from failure

    @property
    def _errors(self) -> type[Exception]:
        return self._dialect.loaded_dbapi.Error

    def _explained(self, failure: Exception, parameters: Any) -> BaseException:
        return DBAPIError.instance(self._words, parameters, failure, self._errors, dialect=self._dialect)

    def _parameters(self, values: Mapping[str, Any]) -> Any:
        given = {**self._fixed, **values}
        for name, process in self._binding:
            given[name] = process(given[name])
        return given if self._order is None else [given[name] for name in self._order]


def _known(processors: Any) -> Processors:
    return [(name, process) for name, process in processors if process is not None]


def _named(columns: Iterable[str]) -> Callable[[Sequence[Any]], Any]:
    make: Callable[[Sequence[Any]], Any] = namedtuple("Row", list(columns))._make  # type: ignore[attr-defined]
    return make


def _reader(statement: ClauseElement, dialect: Dialect, description: Sequence[Any]) -> Callable[[Sequence[Any]], Any]:
    """How a row becomes a named tuple of the values that the statement's types say."""
    make = _named(column[0] for column in description)
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    kinds = (column.type.dialect_impl(dialect) for column in columns)
    reading = _known((at, kind.result_processor(dialect, description[at][1])) for at, kind in enumerate(kinds))
    if not reading:
        return make

    def read(row: Sequence[Any]) -> Any:
        values = list(row)
        for at, process in reading:
            values[at] = process(values[at])
        return make(values)

    return read
