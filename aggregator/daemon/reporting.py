"""What the log says of a poll: what has changed since the last one, and not each repetition."""

from __future__ import annotations

import logging

from aggregator.model import Move, Poll, Source

log = logging.getLogger("aggregator")


def report(source: Source, before: Poll | None, noted: Poll) -> None:
    """Log what the operator should know of *noted*, which came after *before*."""
    _report_health(source, before, noted)
    if noted.held:
        log.warning(
            "source %s: %d entries held back as a flood; look at `aggregator stories held`", source.id, noted.held
        )
    if noted.new and not noted.held:
        log.info("source %s: %d new", source.id, noted.new)
    for problem in noted.problems:
        if problem not in (before.problems if before else ()):
            log.warning("source %s: %s", source.id, problem)
    _report_move(source, before.moved if before else None, noted.moved)


def _report_health(source: Source, before: Poll | None, noted: Poll) -> None:
    if noted.error and noted.error != (before.error if before else None):
        note = f". Note: {source.note}" if source.note else ""
        log.warning("source %s: %s (%s)%s", source.id, noted.error, source.url, note)
    elif before and before.error and not noted.error:
        log.info("source %s: works again", source.id)


def _report_move(source: Source, before: Move | None, move: Move | None) -> None:
    if move and move.direct and not (before and before.direct):
        log.warning(
            "source %s: moved permanently to %s, and is asked there from now on; put it into the configuration",
            source.id,
            move.to,
        )
    elif move and (before is None or before.to != move.to):
        log.info(
            "source %s: redirects permanently to %s; it is asked there directly once that holds", source.id, move.to
        )
    elif before and before.direct and not move:
        log.warning("source %s: %s did not hold; asked at its configured address again", source.id, before.to)
