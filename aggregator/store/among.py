"""Rows of which a column has one of many values, asked in words that are the same however many there are.

An IN list is written anew for each number of values, which takes SQLAlchemy longer than SQLite takes to answer, and
which PostgreSQL has to plan each time.  Here the values travel as one: an array, or JSON where there are no arrays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, String, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class _Many(TypeDecorator[Sequence[Any]]):
    """Several values of one type as one value."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return json.dumps(list(value), ensure_ascii=False) if dialect.name == "sqlite" else array(value)


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> _Among:
        return self  # where booleans are numbers it would become "… = 1", for which no index is of use


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - our own words


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    kind = compiler.dialect.type_compiler_instance.process(next(iter(element.clauses)).type)
    # From an array that it sees PostgreSQL makes a plan each time, which takes longer than the answer; so it sees none.
    return f"{column} = ANY (CAST((SELECT {values}) AS {kind}[]))"


def array(values: Iterable[int | str]) -> str:
    """These as PostgreSQL writes an array: its driver takes longer to write one, value by value, than to ask."""
    return f"{{{','.join([str(each) if isinstance(each, int) else _quoted(each) for each in values])}}}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"'


def among(column: Column[Any], name: str) -> _Among:
    """Whether *column* has one of the values that are given for the parameter *name* when the statement runs."""
    return _Among(column, bindparam(name, type_=_Many()))
