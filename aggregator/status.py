"""What is well and what is not, in words and numbers.  Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from aggregator import remedy, uri
from aggregator.model import Config, Edition, Lease, Ping, Poll, Source, Subscription
from aggregator.model.units import write_duration

Condition = Literal["ok", "waiting", "late", "failing", "gone", "off"]
Pause = Literal["strange", "older", "unwitnessed"]
"""Why nothing is mailed: another machine mails from this database, it is older than what was mailed from it, or nothing
outside of it knows what that was.
"""
RELAY = "relay"
"""Under this name the store's ``meta`` has how the relay takes our mail."""
WRONG: frozenset[Condition] = frozenset({"late", "failing", "gone"})
_PAUSED: dict[Pause, tuple[str, str]] = {
    "strange": (
        "another machine mails from this database",
        "if that one has stopped for good: aggregator digest adopt",
    ),
    "older": (
        "the database is older than what was mailed",
        "it was restored from a backup, or lost what it had stored; `aggregator digest adopt --help` has the choices",
    ),
    "unwitnessed": (
        "nobody witnesses what was mailed from this database",
        "it was restored or copied, or its witness ([mail].witness) was lost; `aggregator digest adopt --help` has the "
        "choices",
    ),
}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """How the digests are doing.  *paused*: why nothing is sent; *since* then, as far as this process knows.

    *late_mails* were tried in vain for an hour, *late_editions* are past their slot and not frozen, *held* wait for a
    review, *in_doubt* for the relay's log, and *held_mails*, of which nobody can tell, for the operator.
    """

    paused: Pause | None = None
    since: datetime | None = None
    late_mails: int = 0
    late_editions: tuple[str, ...] = ()
    held: tuple[Edition, ...] = ()
    in_doubt: int = 0
    held_mails: int = 0


def sources(
    config: Config, polls: Mapping[str, Poll], now: datetime, held: Mapping[str, datetime] | None = None
) -> list[SourceStatus]:
    """The status of every configured source, in the order of the file.

    *held* are the servers that asked to be left alone as a whole, and until when.
    """
    return [_source(source, config, polls.get(source.id), now, held or {}) for source in config.sources]


def health(statuses: Sequence[SourceStatus], mail: Mailing | None = None) -> tuple[bool, str]:
    """Whether the job works: every source is read within its promised interval, and the mail gets out.

    A sentence without details goes with it, for anybody to see.
    """
    failing = [f"{status.source} ({status.condition})" for status in statuses if status.overdue]
    wrong = [f"not read within their interval: {', '.join(failing)}"] if failing else []
    wrong += ailing(mail) if mail else []
    if not wrong:
        return True, "every source is read within its interval"
    return False, f"{'; '.join(wrong)}; `aggregator status` says more"


def ailing(mail: Mailing) -> list[str]:
    """What keeps mail from getting out."""
    words = [f"no digest is sent, because {_PAUSED[mail.paused][0]}"] if mail.paused else []
    if mail.late_editions and not mail.paused:
        words.append(f"editions that should have been frozen: {', '.join(mail.late_editions)}")
    return words + ([f"{mail.late_mails} mails could not be handed over for an hour"] if mail.late_mails else [])


def paused(why: Pause) -> str:
    """Why nothing is mailed, and what to do about it."""
    reason, remedy = _PAUSED[why]
    return f"no digest is frozen or sent, because {reason}; {remedy}"


def mailing(mail: Mailing, now: datetime) -> list[str]:
    """How the digests are doing, a sentence for each thing that somebody may want to do something about."""
    words = ailing(mail)
    if mail.paused:
        words[0] = paused(mail.paused)
    for edition in mail.held:
        until = f"for another {_span(edition.until - now)}" if edition.until else "until somebody releases it"
        commands = f"aggregator digest release {edition.digest}, or cancel"
        words.append(f"edition {edition.slot} of {edition.digest} is held {until}: {commands}")
    if mail.in_doubt:
        words.append(f"{_many(mail.in_doubt, 'mail')} in doubt: the relay's log is being asked")
    if mail.held_mails:
        words.append(f"{_many(mail.held_mails, 'mail')} held in doubt: aggregator digest release or cancel")
    return words


def pushing(
    subscriptions: Sequence[Subscription], pings: Sequence[Ping], leases: Sequence[Lease], now: datetime
) -> list[str]:
    """How WebSub is doing, a sentence each: who is subscribed here, which hubs take nothing, which bring the news."""
    words: list[str] = []
    active = [one for one in subscriptions if one.expires > now]
    if active:
        failing = sum(one.error is not None for one in active)
        words.append(f"hub: {_many(len(active), 'subscription')}" + (f", {failing} of them failing" if failing else ""))
    for ping in (one for one in pings if one.error):
        again = f"tried again in {_span(ping.due - now)}" if ping.due else "tried again with the next change"
        words.append(
            f"hub {ping.hub} takes no ping for {ping.topic}: {ping.error}; first {_ago(ping.failing, now)}, {again}"
        )
    promised = [one for one in leases if one.expires and one.expires > now]
    if leases:
        words.append(f"subscribed to {len(promised)} of {_many(len(leases), 'source')} at their hubs")
    words += [
        f"source {one.source}: its hub does not take our subscription: {one.error}" for one in leases if one.error
    ]
    return words


def relaying(told: str | None, now: datetime) -> str | None:
    """What is wrong with the mail relay and what to do, in a sentence; *told* is what the daemon noted (``RELAY``)."""
    noted = json.loads(told) if told else {}
    if not noted.get("until"):
        return None
    pause = datetime.fromisoformat(noted["until"]) - now
    again = f"asked again in {_span(pause)}" if pause > timedelta(0) else "asked again with the next mail"
    times = "" if noted["failures"] == 1 else f" ({noted['failures']} times in a row)"
    return f"the relay takes nothing{times}: {remedy.told(noted['reason'])}; {again}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _source(
    source: Source, config: Config, poll: Poll | None, now: datetime, held: Mapping[str, datetime]
) -> SourceStatus:
    condition, words = _judge(source, config, poll, now, held)
    if poll and condition != "off":
        words += _moved(poll)
    if condition in {"failing", "gone"} and source.note:
        words = f"{words}. Note: {source.note}"
    overdue = condition in WRONG and _overdue(source, config, poll, now)
    return SourceStatus(source=source.id, url=source.url, condition=condition, words=words, overdue=overdue, poll=poll)


def _overdue(source: Source, config: Config, poll: Poll | None, now: datetime) -> bool:
    if poll is None or poll.last_success is None or poll.status == "gone":
        return True
    # A server may have wanted a longer interval than ours: one failure after it is no alarm yet.
    since = poll.at if poll.failures == 1 else poll.last_success
    return now - since > 2 * (source.interval or config.fetch.interval) + timedelta(minutes=5)


def _judge(
    source: Source, config: Config, poll: Poll | None, now: datetime, held: Mapping[str, datetime]
) -> tuple[Condition, str]:
    if not source.enabled:
        return "off", "switched off (enabled = false)"
    if poll is None or poll.url != source.url:
        return "waiting", "not polled yet" if poll is None else "not polled yet at its new address"
    if poll.status == "asked":
        return "waiting", f"asked {_ago(poll.at, now)}, and nothing has come of it yet"
    if poll.status == "gone":
        return "gone", f"{poll.error}; not asked any more"
    if poll.error:
        return "failing", _failing(poll, now)
    if until := _left_alone(poll, held):
        return "ok", f"{_well(poll, now)}; its server asked to be left alone for another {_span(until - now)}"
    interval = source.interval or config.fetch.interval
    if now > poll.next_poll + max(interval, timedelta(minutes=5)):
        return "late", f"should have been polled {_ago(poll.next_poll, now)}; is the daemon running?"
    return "ok", _well(poll, now)


def _left_alone(poll: Poll, held: Mapping[str, datetime]) -> datetime | None:
    servers = {uri.server(url) for url in (poll.url, poll.answered) if url}
    return max((until for server, until in held.items() if server in servers), default=None)


def _moved(poll: Poll) -> str:
    move = poll.moved
    if move is None:
        return ""
    if move.direct:
        return f"; moved permanently to {move.to}, and is asked there: put it into the configuration"
    strange = "" if move.same else ", where another feed seems to be"
    return f"; redirects permanently to {move.to}{strange} since {move.since:%Y-%m-%d}"


def _failing(poll: Poll, now: datetime) -> str:
    times = {0: "", 1: "failed once; "}.get(poll.failures, f"failed {poll.failures} times in a row; ")
    since = f"last read {_ago(poll.last_success, now)}" if poll.last_success else "never read yet"
    again = "now" if poll.next_poll <= now else f"in {_span(poll.next_poll - now)}"
    return f"{poll.error} ({times}{since}; asked again {again})"


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
    return "just now" if passed < timedelta(minutes=1) else f"{_span(passed)} ago"


def _span(passed: timedelta) -> str:
    """A duration as people say it: in minutes, hours or days."""
    passed = max(passed, timedelta(minutes=1))
    unit = timedelta(minutes=1) if passed < timedelta(hours=1) else timedelta(hours=1)
    unit = timedelta(days=1) if passed >= timedelta(days=2) else unit
    return write_duration(passed // unit * unit)
