"""Whether every setting is known and written as its type in ``model.wanted`` says.

pydantic reads the tables into the dataclasses and finds every mistake at once; this module puts its findings into
words that follow a path in the file.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from aggregator.config.words import Mistake, Place, did_you_mean, listed, wrong
from aggregator.model import Config

_ADAPTER = TypeAdapter(Config)
_EXPECTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
    "bool_type": "true or false, without quotes",
}


def form(document: dict[str, Any]) -> tuple[Config | None, list[Mistake]]:
    """The configuration, or None and every mistake that keeps the tables from being one."""
    given = [field.name for field in fields(Config) if field.name in document and not _is_setting(field)]
    if given:
        return None, [Mistake((name,), _unknown((name,))) for name in given]
    try:
        return _ADAPTER.validate_python(document), []
    except ValidationError as error:
        found = error.errors(include_url=False)
        return None, [Mistake(each["loc"], _words(each)) for each in found]


def settings(table: type) -> dict[str, Any]:
    """The settings of a table as the file spells them, each with its type."""
    hints = typing.get_type_hints(table, include_extras=True)
    return {_spelled(field.name, hints[field.name]): hints[field.name] for field in fields(table) if _is_setting(field)}


def _is_setting(field: Field[Any]) -> bool:
    """Whether it stands in the file, and is not made of what the file names."""
    return bool(field.metadata.get("setting", True))


def tables() -> Iterator[tuple[tuple[str, ...], bool, type]]:
    """Every table of the file: its path, whether there may be several (``[[…]]``), and its class."""
    yield (), False, Config
    yield from _below((), Config)


def _below(above: tuple[str, ...], table: type) -> Iterator[tuple[tuple[str, ...], bool, type]]:
    for name, kind in settings(table).items():
        for part in (kind, *typing.get_args(kind)):
            if isinstance(part, type) and is_dataclass(part):
                yield (*above, name), typing.get_origin(kind) is tuple, part
                yield from _below((*above, name), part)


def _spelled(name: str, kind: Any) -> str:
    aliases = (part.alias for part in typing.get_args(kind) if isinstance(part, FieldInfo) and part.alias)
    return next(aliases, name)


def _words(error: ErrorDetails) -> str:
    value, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "required, but not there"
        case "unexpected_keyword_argument":
            return _unknown(error["loc"])
        case "value_error":
            return wrong(str(context["error"]).removeprefix("expected "), value)
        case "literal_error":
            return wrong(context["expected"].replace("'", '"'), value)
        case "greater_than_equal":
            return wrong(f"{context['ge']} or more", value)
        case "less_than_equal":
            return wrong(f"{context['le']} or less", value)
        case "dataclass_type" | "tuple_type":
            return wrong(_structure(error["loc"]), value)
        case kind:
            return wrong(_EXPECTED.get(kind, error["msg"]), value)


def _structure(place: Place) -> str:
    """What should stand where a table or a list is missing its brackets, or has the wrong ones."""
    names = tuple(step for step in place if isinstance(step, str))
    header = next((_header(path, many) for path, many, _ in tables() if path == names), None)
    if header is None:
        return "a list in brackets"
    return f"tables {header} with double brackets" if header.startswith("[[") else f"one table {header}"


def _header(path: tuple[str, ...], many: bool) -> str:
    name = ".".join(path)
    return f"[[{name}]]" if many else f"[{name}]"


def _unknown(place: Place) -> str:
    name = str(place[-1])
    home = tuple(step for step in place[:-1] if isinstance(step, str))
    known = next(settings(table) for path, _, table in tables() if path == home)
    hint = did_you_mean(name, known) or _belongs(name) or f"; known here: {listed(known)}"
    return f"unknown setting{hint}"


def _belongs(name: str) -> str:
    """The hint for a setting that slid below the wrong header, which TOML makes easy."""
    homes = [_header(path, many) for path, many, table in tables() if name in settings(table)]
    if not homes:
        return ""
    places = ["at the top of the file, above every header" if home == "[]" else f"in {home}" for home in homes]
    return f"; it belongs {' or '.join(places)}"
