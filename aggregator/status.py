"""What is well and what is not, in words and numbers.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from aggregator.model import Config, Poll, Source
from aggregator.model.units import write_duration

Condition = Literal["ok", "waiting", "late", "failing", "gone", "off"]
WRONG: frozenset[Condition] = frozenset({"late", "failing", "gone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How one source is doing; *words* is a sentence for the operator, with what to do where something is wrong.

    *overdue*: it has not been read within its promised interval (twice over, so that one hiccup is no alarm).
    """

    source: str
    url: str
    condition: Condition
    words: str
    overdue: bool = False
    poll: Poll | None = None


def sources(config: Config, polls: Mapping[str, Poll], now: datetime) -> list[SourceStatus]:
    """The status of every configured source, in the order of the file."""
    return [_source(source, config, polls.get(source.id), now) for source in config.sources]


def health(statuses: Sequence[SourceStatus], late_mails: int = 0) -> tuple[bool, str]:
    """Whether the job works: every source is read within its promised interval, and the mail gets out.

    A sentence without details goes with it, for anybody to see.
    """
    failing = [f"{status.source} ({status.condition})" for status in statuses if status.overdue]
    wrong = [f"not read within their interval: {', '.join(failing)}"] if failing else []
    wrong += [f"{late_mails} mails could not be handed over for an hour"] if late_mails else []
    if not wrong:
        return True, "every source is read within its interval"
    return False, f"{'; '.join(wrong)}; `aggregator status` says more"


def _source(source: Source, config: Config, poll: Poll | None, now: datetime) -> SourceStatus:
    condition, words = _judge(source, config, poll, now)
    if condition in {"failing", "gone"} and source.note:
        words = f"{words}. Note: {source.note}"
    overdue = condition in WRONG and _overdue(source, config, poll, now)
    return SourceStatus(source=source.id, url=source.url, condition=condition, words=words, overdue=overdue, poll=poll)


def _overdue(source: Source, config: Config, poll: Poll | None, now: datetime) -> bool:
    if poll is None or poll.last_success is None or poll.status == "gone":
        return True
    return now - poll.last_success > 2 * (source.interval or config.fetch.interval) + timedelta(minutes=5)


def _judge(source: Source, config: Config, poll: Poll | None, now: datetime) -> tuple[Condition, str]:
    if not source.enabled:
        return "off", "switched off (enabled = false)"
    if poll is None or poll.url != source.url:
        return "waiting", "not polled yet" if poll is None else "not polled yet at its new address"
    if poll.status == "gone":
        return "gone", f"{poll.error}; not asked any more"
    if poll.error:
        return "failing", _failing(poll, now)
    interval = source.interval or config.fetch.interval
    if now > poll.next_poll + max(interval, timedelta(minutes=5)):
        return "late", f"should have been polled {_ago(poll.next_poll, now)}; is the daemon running?"
    return "ok", _well(poll, now)


def _failing(poll: Poll, now: datetime) -> str:
    times = "once" if poll.failures == 1 else f"{poll.failures} times in a row"
    since = f"last read {_ago(poll.last_success, now)}" if poll.last_success else "never read yet"
    again = "now" if poll.next_poll <= now else f"in {_passed(poll.next_poll - now)}"
    return f"{poll.error} (failed {times}; {since}; asked again {again})"


def _well(poll: Poll, now: datetime) -> str:
    words = f"read {_ago(poll.at, now)}, {poll.entries} {'entry' if poll.entries == 1 else 'entries'}"
    if poll.held:
        words += f", {poll.held} held back as a flood (see `aggregator stories held`)"
    if poll.problems:
        words += f"; {'; '.join(poll.problems)}"
    return words


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    passed = max(now - moment, timedelta(0))
    return "just now" if passed < timedelta(minutes=1) else f"{_passed(passed)} ago"


def _passed(passed: timedelta) -> str:
    """A duration as people say it: in minutes, hours or days."""
    passed = max(passed, timedelta(minutes=1))
    unit = timedelta(minutes=1) if passed < timedelta(hours=1) else timedelta(hours=1)
    unit = timedelta(days=1) if passed >= timedelta(days=2) else unit
    return write_duration(passed // unit * unit)
