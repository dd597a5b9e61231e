"""What the log says of polls, patterns and templates: what has changed since it was said last, not each repetition."""

from __future__ import annotations

import logging

from aggregator import patterns, templating
from aggregator.model import Move, Poll, Source, Theme

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


class Grievances:
    """What the operator wrote and the program could not use, each told once."""

    def __init__(self) -> None:
        self._slow: tuple[str, ...] = ()
        self._broken: tuple[str, ...] = ()

    def tell(self, theme: Theme) -> None:
        for pattern in patterns.slow():
            if pattern not in self._slow:
                log.warning(
                    "the pattern /%s/ takes too long on some texts and finds nothing there; rewrite it", pattern
                )
        self._slow = patterns.slow()
        for fault in templating.broken(theme)[len(self._broken) :]:
            log.error("publish.templates: %s; our own template is used instead", fault)
        self._broken = templating.broken(theme)

    def forget(self) -> None:
        """Other templates may be broken in the same way."""
        self._broken = ()
