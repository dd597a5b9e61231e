"""``aggregator evaluate``: how far the machine agrees with people about labelled pairs, and with which thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from aggregator import labelled
from aggregator.cli import curve
from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, errors, print_json, table
from aggregator.errors import AggregatorError
from aggregator.labelled import Agreement, Decision, Pair
from aggregator.model import Matching

TUNED = {
    "alike": (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0),
    "contained": (0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0),
    "related": (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
}
"""The thresholds that ``--tune`` tries, one at a time; the others stay as they are."""


def evaluate(
    file: Annotated[Path, typer.Argument(help="Labelled pairs, one JSON object a line; - for standard input.")],
    tune: Annotated[bool, typer.Option("--tune", help="Show precision and recall over the thresholds.")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw what --tune shows into this SVG file.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Compare the verdicts on labelled pairs with their labels, and say why every wrong one was given.

    Needs no configuration; the thresholds are those of the one that --config names, else the defaults.
    """
    settings = configured(config).match if config else Matching()
    pairs = labelled.pairs(_lines(file))
    if not pairs:
        raise AggregatorError(f"{file} holds no pairs")
    decided = labelled.decisions(pairs, settings, progress=_progress)
    rows = tuned(pairs, settings) if tune or plot else []
    if plot:
        _draw(plot, rows, settings)
    if json:
        print_json(as_json(pairs, decided) | ({"tune": [_row(*row) for row in rows]} if rows else {}))
        return
    _show(pairs, decided)
    if rows:
        _show_tuned(rows, settings)
    if plot:
        console.print(f"\n{plot} shows precision against recall, a line for each threshold", markup=False)


def _lines(file: Path) -> list[str]:
    try:
        if str(file) == "-":
            return typer.get_text_stream("stdin", encoding="utf-8", errors="strict").read().split("\n")
        return file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "it is not UTF-8"
        raise AggregatorError(f"{file} cannot be read: {reason}") from None


def _progress(done: int, of: int) -> None:
    """Long work says how far it is, to a person."""
    if errors.is_terminal and of >= 2_000 and (done % 1_000 == 0 or done == of):
        errors.print(f"{done} of {of} pairs", end="\n" if done == of else "\r", style="dim")


# -- tuning ----------------------------------------------------------------------------

Row = tuple[str, float, Agreement, Agreement, int]


def tuned(pairs: Sequence[Pair], settings: Matching) -> list[Row]:
    """Threshold, value, agreement on ``same`` and on same-or-related, false merges; the others as they are."""
    known = labelled.commonplaces(pairs)
    rows = []
    for name, values in TUNED.items():
        for value in sorted({*values, getattr(settings, name)}):
            decided = labelled.decisions(pairs, replace(settings, **{name: value}), known)
            same, related = _agreements(decided)
            rows.append((name, value, same, related, len(_false(decided))))
    return rows


def _agreements(decided: Sequence[Decision]) -> tuple[Agreement, Agreement]:
    return labelled.agreement(decided), labelled.agreement(decided, ("same", "related"))


def _row(name: str, value: float, same: Agreement, related: Agreement, false: int) -> dict[str, Any]:
    return {
        "threshold": name,
        "value": value,
        "precision": _rounded(same.precision),
        "recall": _rounded(same.recall),
        "f1": _rounded(same.f1),
        "false_merges": false,
        "related": {"precision": _rounded(related.precision), "recall": _rounded(related.recall)},
    }


def _draw(file: Path, rows: Iterable[Row], settings: Matching) -> None:
    lines = {
        name: [(same.recall, same.precision, f"{value:g}") for found, value, same, _, _ in rows if found == name]
        for name in ("alike", "contained")
    }
    lines["related (same or related)"] = [
        (related.recall, related.precision, f"{value:g}") for found, value, _, related, _ in rows if found == "related"
    ]
    now = {f"{getattr(settings, name):g}" for name in TUNED}
    try:
        file.write_text(curve.svg(lines, marked=now), encoding="utf-8")
    except OSError as failure:
        raise AggregatorError(f"{file} cannot be written: {failure.strerror}") from None


# -- showing ---------------------------------------------------------------------------


def as_json(pairs: Sequence[Pair], decided: Sequence[Decision]) -> dict[str, Any]:
    """The stable form of an evaluation, for programs."""
    same, related = _agreements(decided)
    return {
        "pairs": len(pairs),
        "precision": _rounded(same.precision),
        "recall": _rounded(same.recall),
        "f1": _rounded(same.f1),
        "false_merges": [_wrong(pairs, decided, at) for at in _false(decided)],
        "missed": [_wrong(pairs, decided, at) for at in _missed(decided)],
        "related": {"precision": _rounded(related.precision), "recall": _rounded(related.recall)},
        "decisions": [_decision(each) for each in decided],
    }


def _false(decided: Sequence[Decision]) -> list[int]:
    return [at for at, each in enumerate(decided) if each.verdict.verdict == "same" != each.label]


def _missed(decided: Sequence[Decision]) -> list[int]:
    return [at for at, each in enumerate(decided) if each.label == "same" != each.verdict.verdict]


def _decision(decision: Decision) -> dict[str, Any]:
    said = decision.verdict
    return {
        "label": decision.label,
        "verdict": said.verdict,
        "rule": said.rule,
        "score": said.score,
        "reason": said.evidence,
    }


def _wrong(pairs: Sequence[Pair], decided: Sequence[Decision], at: int) -> dict[str, Any]:
    pair = pairs[at]
    return {"line": pair.line, "a": pair.a.entry.title, "b": pair.b.entry.title} | _decision(decided[at])


def _rounded(value: float) -> float:
    return round(value, 4)


def _show(pairs: Sequence[Pair], decided: Sequence[Decision]) -> None:
    same, related = _agreements(decided)
    console.print(f"{len(pairs)} pairs, {sum(each.label == 'same' for each in decided)} of them the same", markup=False)
    table(
        ("", "precision", "recall", "F1"),
        [
            ("same", *_figures(same)),
            ("same or related", *_figures(related)),
        ],
    )
    for heading, found in (("False merges", _false(decided)), ("Missed", _missed(decided))):
        console.print(f"\n{heading}: {len(found)}", style="bold", markup=False)
        for at in found:
            said = decided[at].verdict
            titles = f"{pairs[at].a.entry.title!r} and {pairs[at].b.entry.title!r}"
            console.print(f"  line {pairs[at].line}: {titles}", markup=False, soft_wrap=True)
            console.print(f"    {said.verdict} ({said.rule}): {said.evidence}", markup=False, soft_wrap=True)


def _figures(found: Agreement) -> tuple[str, str, str]:
    return f"{found.precision:.3f}", f"{found.recall:.3f}", f"{found.f1:.3f}"


def _show_tuned(rows: Iterable[Row], settings: Matching) -> None:
    console.print("\nOver the thresholds, one at a time (* is as it is now)", style="bold", markup=False)
    table(
        ("threshold", "value", "precision", "recall", "F1", "false merges", "precision related", "recall related"),
        [
            (
                name,
                f"{value:g}{' *' if value == getattr(settings, name) else ''}",
                *_figures(same),
                str(false),
                *_figures(related)[:2],
            )
            for name, value, same, related, false in rows
        ],
    )
