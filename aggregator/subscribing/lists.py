"""Lists of addresses from elsewhere: CSV (RFC 4180), with commas, semicolons or tabs.  Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aggregator.model.mailed import Format
from aggregator.subscribing import addresses

_NAMES = {
    **dict.fromkeys(("address", "email", "e-mail", "mail", "adres", "e-mailadres", "adresse"), "address"),
    **dict.fromkeys(("zones", "zone"), "zones"),
    **dict.fromkeys(("topics", "topic", "categories", "category"), "topics"),
    **dict.fromkeys(("format",), "format"),
}
_WRONG = {
    "missing": "there is no address",
    "malformed": "expected a mail address",
    "beyond_ascii": "the part before the @ is not ASCII, which not every mail server takes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a list that can be used, by its *number* in the file."""

    number: int
    address: str
    zones: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    format: Format = "both"


def read(text: str, zones: Iterable[str], topics: Iterable[str]) -> tuple[list[Line], list[str]]:
    """The lines that can be used, each address once, and what is wrong with each of the others.

    A first line without an @ names the columns: ``address``, and if need be ``zones``, ``topics`` (several in one cell
    with a | between them) and ``format``; without it the first column holds the addresses.
    """
    rows = csv.reader(text.splitlines(), delimiter=_delimiter(text))
    found: dict[str, Line] = {}
    wrong: list[str] = []
    columns = {"address": 0}
    known = {"zones": set(zones), "topics": set(topics)}
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if number == 1 and not any("@" in cell for cell in cells):
            named = {_NAMES.get(cell.lower(), ""): place for place, cell in enumerate(cells)}
            columns = {name: place for name, place in named.items() if name} or columns
            if "address" not in columns:
                return [], ["line 1: expected a column named address"]
        elif any(cells):
            line = _line(number, {name: cells[place] for name, place in columns.items() if place < len(cells)}, known)
            if isinstance(line, str):
                wrong.append(line)
            elif line.address.lower() in found:
                wrong.append(f"line {number}: the address stands in line {found[line.address.lower()].number} already")
            else:
                found[line.address.lower()] = line
    return list(found.values()), wrong


def _line(number: int, cells: Mapping[str, str], known: Mapping[str, set[str]]) -> Line | str:
    address, problem = addresses.read(cells.get("address", ""))
    if problem:
        return f"line {number}: {_WRONG[problem]}"
    several = {name: _several(cells.get(name, "")) for name in known}
    for name, values in several.items():
        if strange := [value for value in values if value not in known[name]]:
            return f"line {number}: expected {name} of the digest, found {', '.join(strange)}"
    format = cells.get("format") or "both"
    if format not in ("both", "text"):
        return f'line {number}: expected the format "both" or "text", found {format}'
    kind: Format = "text" if format == "text" else "both"
    return Line(number=number, address=address, zones=several["zones"], topics=several["topics"], format=kind)


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)
