"""Pairs that people have labelled, and how far ``compare`` agrees with them.

A line is ``{"a": {"title", "summary", "content", "url", "published", "source"}, "b": {…}, "label": "same"}`` in JSON,
or labelled ``different`` or ``related``.  Other members are kept out.  *published* is RFC 3339, a date, a month, a year
or null: where it is not exact, the two are taken to be as near in time as it allows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from aggregator import uri
from aggregator.errors import AggregatorError
from aggregator.match import Commonplaces, compare, learnt, sightings
from aggregator.model import Content, Entry, Feed, Link, Matching, Sighting, Source, Text, Verdict
from aggregator.normalize import normalize

Label = Literal["same", "related", "different"]
LABELS: tuple[Label, ...] = ("same", "related", "different")
_FIELDS = ("title", "summary", "content", "url", "published", "source")
_NOWHERE = "https://evaluate.invalid/"
_ANY = datetime(2000, 1, 1, tzinfo=UTC)
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]{2,10}|#\d{1,6});")


class LabelledError(AggregatorError):
    """A line that is no labelled pair: its number, and why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two items as sightings, what people say of them, and in which line."""

    a: Sighting
    b: Sighting
    label: Label
    line: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What people said of a pair, and what the machine says."""

    label: Label
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a verdict and a label agree: of those called so, and of those that are so; 1 where there are none."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


# -- reading ---------------------------------------------------------------------------


def pairs(lines: Iterable[str]) -> list[Pair]:
    """The pairs of JSON Lines, empty lines left out.  Raises LabelledError."""
    return [_pair(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _pair(line: str, number: int) -> Pair:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as failure:
        raise LabelledError(f"line {number} is not JSON: {failure}") from None
    if not isinstance(raw, dict):
        raise LabelledError(f"line {number}: expected an object with a, b and label")
    if raw.get("label") not in LABELS:
        raise LabelledError(f"line {number}: label is {raw.get('label')!r}; expected {', '.join(LABELS)}")
    a, b = (_item(raw.get(side), side, number) for side in ("a", "b"))
    spans = [_span(item.get("published"), side, number) for side, item in (("a", a), ("b", b))]
    one, other = _nearest(*spans)
    return Pair(_sighting(a, one, f"{number}a"), _sighting(b, other, f"{number}b"), raw["label"], number)


def _item(raw: Any, side: str, number: int) -> dict[str, str | None]:
    if not isinstance(raw, dict):
        raise LabelledError(f"line {number}: {side} is missing or no object")
    for name in _FIELDS:
        if raw.get(name) is not None and not isinstance(raw[name], str):
            raise LabelledError(f"line {number}: {side}.{name} is {raw[name]!r}; expected text or null")
    if not any((raw.get(name) or "").strip() for name in ("title", "summary", "content")):
        raise LabelledError(f"line {number}: {side} has neither title nor text")
    return {name: raw.get(name) for name in _FIELDS}


_Span = tuple[datetime, datetime] | None
_ROUGH = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def _span(written: str | None, side: str, number: int) -> _Span:
    """The first and the last moment that *written* can mean; None for any."""
    if not written:
        return None
    try:
        if rough := _ROUGH.fullmatch(written.strip()):
            return _rough(*rough.groups())
        moment = datetime.fromisoformat(written.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        reason = "expected RFC 3339, a date, a month, a year or null"
        raise LabelledError(f"line {number}: {side}.published is {written!r}; {reason}") from None
    return moment, moment


def _rough(year: str, month: str | None, day: str | None) -> tuple[datetime, datetime]:
    first = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
    if day:
        return first, first + timedelta(days=1)
    if month:
        return first, (first + timedelta(days=31)).replace(day=1)
    return first, first.replace(year=first.year + 1)


def _nearest(one: _Span, other: _Span) -> tuple[datetime, datetime]:
    """A moment of each that are as near to each other as can be."""
    if one is None or other is None:
        moment = (one or other or (_ANY, _ANY))[0]
        return moment, moment
    start = max(one[0], other[0])
    if start <= min(one[1], other[1]):
        return start, start
    return (one[1], other[0]) if one[1] < other[0] else (one[0], other[1])


def _sighting(item: dict[str, str | None], published: datetime, id: str) -> Sighting:
    """The item as a poll would have seen it, long after it was published."""
    name = item["source"] or ""
    source = Source(id=name, zone=name, url=_NOWHERE)
    address = uri.absolute(item["url"] or "", None)
    entry = Entry(
        id=id,
        title=item["title"] or "",
        published=published,
        links=(Link(href=address),) if address else (),
        summary=Text(value=item["summary"], type=_type(item["summary"])) if item["summary"] else None,
        content=Content(value=item["content"], type=_type(item["content"])) if item["content"] else None,
    )
    feed = normalize(Feed(id=name, title=name, entries=(entry,)), base=_NOWHERE, now=published)
    (seen,) = sightings(feed, source, published, ZoneInfo("UTC"))
    return replace(seen, timeless=False)


def _type(written: str) -> Literal["text", "html"]:
    return "html" if _MARKUP.search(written) else "text"


# -- deciding --------------------------------------------------------------------------


def commonplaces(labelled: Iterable[Pair]) -> Commonplaces:
    """What the sources of all pairs repeat, so that no verdict depends on the order of the lines."""
    return learnt(item for pair in labelled for item in (pair.a, pair.b))


def decisions(
    labelled: Sequence[Pair],
    settings: Matching,
    known: Commonplaces | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Decision]:
    """A verdict for every pair, in their order; *progress* is told how many of how many are done."""
    known = commonplaces(labelled) if known is None else known
    found = []
    for done, pair in enumerate(labelled, start=1):
        verdict = compare(pair.a, pair.b, settings=settings, commonplaces=known)
        found.append(Decision(pair.label, verdict))
        if progress:
            progress(done, len(labelled))
    return found


def agreement(decided: Iterable[Decision], positive: tuple[Label, ...] = ("same",)) -> Agreement:
    """How far verdicts and labels agree, where *positive* are the ones that count as found."""
    said, so, both = 0, 0, 0
    for decision in decided:
        called, labelled = decision.verdict.verdict in positive, decision.label in positive
        said, so, both = said + called, so + labelled, both + (called and labelled)
    return Agreement(both / said if said else 1.0, both / so if so else 1.0)
