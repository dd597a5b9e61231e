"""``aggregator status``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from aggregator import post, renames
from aggregator import status as judge
from aggregator.cli import mailbag
from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, local, print_json, rfc3339, table
from aggregator.cli.standing import edition_as_json, stands
from aggregator.daemon.machine import machine
from aggregator.daemon.opening import clock, open_store
from aggregator.daemon.witnessing import witness
from aggregator.model import Config, Delivery, Edition, Lease, Ping, Poll, Subscription
from aggregator.renames import Renaming
from aggregator.schedule import held_hosts
from aggregator.store import Tx

LATELY = timedelta(days=7)
"""For how long what nobody has to do anything about is told."""
COLOURS = {"ok": "green", "waiting": "yellow", "off": "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the store knows at one moment, and what may be said of it."""

    polls: Mapping[str, Poll]
    counts: tuple[int, int]
    held: int
    differing: int
    renamed: list[Renaming]
    waiting: list[Renaming]
    pushes: tuple[list[Subscription], list[Ping], list[Lease]]
    editions: list[Edition]
    tally: dict[str, int]
    doubts: int
    troubled: list[Delivery]
    relay: str | None
    objections: list[str]
    refusals: str | None
    unmailed: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """The *facts* as of *now*, judged, with what the machine beside the store knows of the mail."""

    now: datetime
    facts: _Facts
    sources: list[judge.SourceStatus]
    mail: judge.Mailing
    returned: str | None
    unread_log: str | None


def status(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show sources, streams and digests at a glance, and what to do about what is wrong."""
    settings = configured(config)
    found = _look(settings)
    if json:
        print_json(_document(settings, found))
    else:
        _show(settings, found)


# -- looking -------------------------------------------------------------------------


def _look(config: Config) -> _Standing:
    with open_store(config, create=False) as store:
        now = clock()
        facts = store.look(lambda tx: _facts(tx, config, now))
        paused = post.pause(store, machine(config), witness(config, store))
        mail = store.look(lambda tx: post.standing(tx, config, paused, now))
    return _Standing(
        now=now,
        facts=facts,
        sources=judge.sources(config, facts.polls, now, held_hosts(facts.polls.values(), now)),
        mail=mail,
        returned=mailbag.returned(config),
        unread_log=mailbag.unread_log(config, now),
    )


def _facts(tx: Tx, config: Config, now: datetime) -> _Facts:
    return _Facts(
        polls=tx.polls.all(),
        counts=tx.stories.counts(),
        held=len(tx.stories.held()),
        differing=tx.stories.differing(now - LATELY),
        renamed=renames.done(tx),
        waiting=renames.pending(tx, config),
        pushes=(tx.websub.subscriptions(), tx.websub.pings(), tx.websub.leases()),
        editions=tx.mailing.editions(limit=5),
        tally=tx.mailing.tally(),
        doubts=len(tx.mailing.doubtful()),
        troubled=tx.mailing.troubled(now - LATELY),
        relay=judge.relaying(tx.meta.get(judge.RELAY), now) if config.mail else None,
        objections=post.objections(tx, config),
        refusals=post.refusals(tx, now),
        unmailed=mailbag.unmailed(tx, config),
    )


# -- for a person --------------------------------------------------------------------


def _show(config: Config, found: _Standing) -> None:
    facts = found.facts
    for one in found.sources:
        _show_source(one)
    _show_stories(facts)
    _show_renamed(config, facts)
    _show_editions(config, facts.editions)
    for sentence in judge.mailing(found.mail, found.now):
        console.print(sentence, style="yellow", markup=False, soft_wrap=True)
    for sentence in judge.pushing(*facts.pushes, found.now):
        console.print(sentence, markup=False, soft_wrap=True)
    for sentence in _unwell(found):
        console.print(sentence, style="red", markup=False, soft_wrap=True)
    mailbag.show(config, facts.tally, facts.troubled, facts.doubts)


def _show_source(one: judge.SourceStatus) -> None:
    colour = COLOURS.get(one.condition, "red")
    console.print(f"[{colour}]{one.condition:8}[/] [bold]{one.source}[/]", end="  ")
    console.print(one.url, markup=False, soft_wrap=True)
    console.print(f"         {one.words}", markup=False, soft_wrap=True)


def _show_stories(facts: _Facts) -> None:
    stories, joint = facts.counts
    console.print(f"\n{stories} stories, {joint} of them published by more than one zone")
    if facts.held:
        words = "held back; see `aggregator stories held`, then release or absorb them"
        console.print(f"{facts.held} {words}", soft_wrap=True)
    if facts.differing:
        console.print(
            f"{facts.differing} with a copy that was edited into another text, changed within a week; see `aggregator "
            "stories list --state differs`, then split them or leave them",
            soft_wrap=True,
        )


def _show_renamed(config: Config, facts: _Facts) -> None:
    for each in facts.renamed:
        at = local(datetime.fromisoformat(each.at), config)
        console.print(f"{each.kind} {each.old} is {each.new} since {at}, with {each.copies} items", soft_wrap=True)
    for each in facts.waiting:
        console.print(f"{each.kind} {each.old} becomes {each.new} when the daemon is started or reloaded")


def _show_editions(config: Config, editions: list[Edition]) -> None:
    if not editions:
        return
    console.print()
    table(
        ("digest", "slot", "frozen", "stories", "state"),
        ((e.digest, e.slot, local(e.frozen, config), str(e.stories), stands(e, config)) for e in editions),
    )


def _unwell(found: _Standing) -> Iterator[str]:
    """What is wrong with the mail, a sentence each."""
    facts = found.facts
    yield from facts.objections
    yield from filter(None, (facts.refusals, facts.relay, found.unread_log, found.returned))
    yield from mailbag.told_unmailed(facts.unmailed)


# -- for a program -------------------------------------------------------------------


def _document(config: Config, found: _Standing) -> dict[str, Any]:
    facts = found.facts
    healthy, _ = judge.health(found.sources, found.mail)
    return {
        "healthy": healthy,
        "sources": [_source(one) for one in found.sources],
        "streams": [
            {"id": s.id, "title": s.title, "feed": f"{config.base_url.rstrip('/')}/{s.id}.atom"} for s in config.streams
        ],
        "stories": facts.counts[0],
        "joint_stories": facts.counts[1],
        "editions": [edition_as_json(each) for each in facts.editions],
        "deliveries": facts.tally,
        "doubtful_deliveries": facts.doubts,
        "troubled_deliveries": [_delivery(each) for each in facts.troubled],
        "held_stories": facts.held,
        "differing_stories": facts.differing,
        "renamed": [asdict(each) for each in facts.renamed],
        "websub": _websub(*facts.pushes),
        "mailing": _mailing(found.mail),
        "relay": facts.relay,
        "returned_mail": found.returned,
        "relay_log": found.unread_log,
        "unmailed_recipients": {digest: len(addresses) for digest, addresses in facts.unmailed.items()},
        "objections": facts.objections,
        "refusals": facts.refusals,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "edition": delivery.edition,
        "digest": delivery.digest,
        "state": delivery.state,
        "reply": delivery.reply,
        "next_attempt": rfc3339(delivery.next_attempt) if delivery.state == "deferred" else None,
    }


def _mailing(mail: judge.Mailing) -> dict[str, Any]:
    return {
        "paused": mail.paused is not None,
        "paused_because": mail.paused,
        "late_mails": mail.late_mails,
        "late_editions": list(mail.late_editions),
        "held_editions": [f"{edition.digest} {edition.slot}" for edition in mail.held],
        "in_doubt": mail.in_doubt,
        "held_mails": mail.held_mails,
    }


def _websub(subscriptions: list[Subscription], pings: list[Ping], leases: list[Lease]) -> dict[str, Any]:
    return {
        "subscriptions": len(subscriptions),
        "failing_subscriptions": sum(one.error is not None for one in subscriptions),
        "failing_pings": [
            {"hub": one.hub, "topic": one.topic, "error": one.error, "since": rfc3339(one.failing)}
            for one in pings
            if one.error
        ],
        "leases": [
            {
                "source": one.source,
                "hub": one.hub,
                "expires": rfc3339(one.expires),
                "last_push": rfc3339(one.pushed),
                "error": one.error,
            }
            for one in leases
        ],
    }


def _source(one: judge.SourceStatus) -> dict[str, Any]:
    poll = one.poll
    return {
        "source": one.source,
        "url": one.url,
        "condition": one.condition,
        "words": one.words,
        "http_status": poll.http_status if poll else None,
        "failures": poll.failures if poll else 0,
        "entries": poll.entries if poll else 0,
        "last_poll": rfc3339(poll.at) if poll else None,
        "last_success": rfc3339(poll.last_success) if poll else None,
        "next_poll": rfc3339(poll.next_poll) if poll else None,
        "moved_to": poll.moved.to if poll and poll.moved else None,
        "asked_there": bool(poll and poll.moved and poll.moved.direct),
    }
