"""``aggregator poll``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
import uvloop
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, local, print_json, rfc3339
from aggregator.daemon.connecting import means
from aggregator.daemon.opening import clock
from aggregator.daemon.polling import Polling
from aggregator.errors import ConfigError
from aggregator.model import Config, Poll, Source
from aggregator.poll import Means
from aggregator.schedule import Asking, grouped, last_of, of


def poll(
    sources: Annotated[list[str] | None, typer.Argument(help="Ids of sources; all of them when none is named.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask and read, but store nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Ask even a server that said not now (Retry-After) or never again (410).")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Poll sources now, whatever the schedule says.

    Requests are conditional as always. The exit status is 0 when every poll was carried out and recorded, failing
    sources included. Safe while the daemon runs.
    """
    settings = configured(config)
    wanted = chosen(settings, sources or [])
    uvloop.run(_poll_all(settings, wanted, keep=not dry_run, force=force, json=json))


def chosen(config: Config, ids: list[str]) -> list[Source]:
    """The sources with these ids, all that are switched on when there are none.

    Raises ConfigError for an unknown id.
    """
    known = {source.id: source for source in config.sources}
    unknown = [id for id in ids if id not in known]
    if unknown:
        raise ConfigError([f'no source is called "{id}"; there are: {", ".join(known)}' for id in unknown])
    return [known[id] for id in dict.fromkeys(ids)] or [source for source in config.sources if source.enabled]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a source: its poll, or why it was not asked."""

    source: Source
    poll: Poll
    skipped: str | None = None


async def _poll_all(config: Config, wanted: list[Source], *, keep: bool, force: bool, json: bool) -> None:
    with _progress(len(wanted), show=not json) as advance:

        def show(outcome: _Outcome) -> None:
            _line(outcome, config)
            advance()

        tell = _in_order(wanted, lambda outcome: print_json(as_json(outcome), indent=None)) if json else show
        async with means(config, renaming=keep) as opened:
            await _ask_all(opened, wanted, tell, keep=keep, force=force)


def _in_order(wanted: list[Source], tell: Callable[[_Outcome], None]) -> Callable[[_Outcome], None]:
    """*tell*, but of each source in its turn, and as soon as that has come."""
    left = deque(source.id for source in wanted)
    known: dict[str, _Outcome] = {}

    def told(outcome: _Outcome) -> None:
        known[outcome.source.id] = outcome
        while left and left[0] in known:
            tell(known[left.popleft()])

    return told


async def _ask_all(
    opened: Means, wanted: list[Source], tell: Callable[[_Outcome], None], *, keep: bool, force: bool
) -> None:
    polls = await opened.store.read(lambda tx: tx.polls.all())

    def refused(asking: Asking, until: datetime) -> None:
        for source in asking.sources:
            tell(_Outcome(source, last_of(source, polls.get(source.id), clock()), _not_before(until, "its server")))

    polling = Polling(
        opened,
        polls,
        lambda source, _, noted: tell(_Outcome(source, noted)),
        refused=refused,
        keep=keep,
        regardless=True,
        force=force,
    )
    ready: list[Source] = []
    for source in wanted:
        last = of(source, polls) and last_of(source, polls[source.id], clock())
        if last and not force and (reason := _reason(last)):
            tell(_Outcome(source, last, reason))
        else:
            ready.append(source)
    polling.want(grouped(ready, polls))
    await polling.drain()


def _reason(last: Poll) -> str | None:
    """Why a source is not even asked by hand."""
    if last.status == "gone":
        return "the server said that it is gone for good (410); --force asks again"
    if last.not_before and last.not_before > clock():
        return _not_before(last.not_before, "the server")
    return None


def _not_before(until: datetime, who: str) -> str:
    return f"{who} asked not to be asked before {rfc3339(until)}; --force asks anyway"


@contextmanager
def _progress(total: int, *, show: bool) -> Iterator[Callable[[], None]]:
    """On a terminal, how far it is, below the lines that are printed meanwhile; yields what to call after each."""
    if not (show and console.is_terminal):
        yield lambda: None
        return
    columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn("sources"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def as_json(outcome: _Outcome) -> dict[str, Any]:
    """The stable form of a poll, for programs."""
    noted, skipped = outcome.poll, outcome.skipped
    return {
        "source": outcome.source.id,
        "url": outcome.source.url,
        "status": "skipped" if skipped else noted.status,
        "http_status": None if skipped else noted.http_status,
        "not_modified": not skipped and noted.status == "not_modified",
        "entries": noted.entries,
        "new": 0 if skipped else noted.new,
        "next_poll": rfc3339(noted.next_poll),
        "error": skipped or noted.error,
    }


def _line(outcome: _Outcome, config: Config) -> None:
    source, noted, skipped = outcome.source, outcome.poll, outcome.skipped
    if skipped or noted.error:
        # In one piece: the progress below would wipe away the beginning of a line that is not at its end.
        word = "[yellow]skipped[/]" if skipped else "[red]failed [/]"
        console.print(f"{word} {source.id}  {escape(skipped or noted.error or '')}", soft_wrap=True)
        if source.note and not skipped:
            console.print(f"        Note: {source.note}", markup=False, soft_wrap=True)
        return
    what = "not modified" if noted.status == "not_modified" else f"{noted.entries} entries, {noted.new} new"
    console.print(f"[green]ok     [/] {source.id}  {what}; next {local(noted.next_poll, config)}", soft_wrap=True)
    for problem in noted.problems:
        console.print(f"        {problem}", markup=False, soft_wrap=True)
    if noted.moved:
        console.print(f"        redirects permanently to {noted.moved.to}", markup=False, soft_wrap=True)
