"""``aggregator status``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from aggregator import post, renames
from aggregator import status as judge
from aggregator.cli import mailbag
from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, local, print_json, rfc3339, table
from aggregator.cli.standing import stands
from aggregator.daemon.machine import machine
from aggregator.daemon.opening import clock, open_store
from aggregator.daemon.witnessing import witness
from aggregator.model import Config, Delivery, Edition, Lease, Ping, Poll, Subscription
from aggregator.schedule import held_hosts
from aggregator.store import Tx

LATELY = timedelta(days=7)
"""For how long what nobody has to do anything about is told."""
COLOURS = {"ok": "green", "waiting": "yellow", "off": "dim"}


def status(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show sources, streams and digests at a glance, and what to do about what is wrong."""
    settings = configured(config)
    with open_store(settings, create=False) as store:
        polls, counts, editions, tally, doubts, troubled = store.look(_facts)
        renamed, waiting = store.look(renames.done), store.look(lambda tx: renames.pending(tx, settings))
        held = len(store.look(lambda tx: tx.stories.held()))
        pushes = store.look(lambda tx: (tx.websub.subscriptions(), tx.websub.pings(), tx.websub.leases()))
        now = clock()
        differing = store.look(lambda tx: tx.stories.differing(now - LATELY))
        relay = judge.relaying(store.look(lambda tx: tx.meta.get(judge.RELAY)), now) if settings.mail else None
        objections = store.look(lambda tx: post.objections(tx, settings))
        unmailed = store.look(lambda tx: mailbag.unmailed(tx, settings))
        refusals = store.look(lambda tx: post.refusals(tx, now))
        paused = post.pause(store, machine(settings), witness(settings, store))
        mail = store.look(lambda tx: post.standing(tx, settings, paused, now))
    returned, unread_log = mailbag.returned(settings), mailbag.unread_log(settings, now)
    statuses = judge.sources(settings, polls, now, held_hosts(polls.values(), now))
    if json:
        document = _document(settings, statuses, counts, editions, tally, doubts, troubled, mail)
        more = {
            "held_stories": held,
            "differing_stories": differing,
            "renamed": [asdict(each) for each in renamed],
            "websub": _websub(*pushes),
            "mailing": _mailing(mail),
            "relay": relay,
            "returned_mail": returned,
            "relay_log": unread_log,
            "unmailed_recipients": {digest: len(addresses) for digest, addresses in unmailed.items()},
            "objections": objections,
            "refusals": refusals,
        }
        print_json(document | more)
        return
    for one in statuses:
        _print_source(one)
    stories, joint = counts
    console.print(f"\n{stories} stories, {joint} of them published by more than one zone")
    if held:
        console.print(f"{held} held back; see `aggregator stories held`, then release or absorb them", soft_wrap=True)
    if differing:
        console.print(
            f"{differing} with a copy that was edited into another text, changed within a week; see `aggregator "
            "stories list --state differs`, then split them or leave them",
            soft_wrap=True,
        )
    for each in renamed:
        at = local(datetime.fromisoformat(each.at), settings)
        console.print(f"{each.kind} {each.old} is {each.new} since {at}, with {each.copies} items", soft_wrap=True)
    for each in waiting:
        console.print(f"{each.kind} {each.old} becomes {each.new} when the daemon is started or reloaded")
    if editions:
        console.print()
        table(
            ("digest", "slot", "frozen", "stories", "state"),
            ((e.digest, e.slot, local(e.frozen, settings), str(e.stories), stands(e, settings)) for e in editions),
        )
    for sentence in judge.mailing(mail, now):
        console.print(sentence, style="yellow", markup=False, soft_wrap=True)
    for sentence in judge.pushing(*pushes, now):
        console.print(sentence, markup=False, soft_wrap=True)
    unwell = (*objections, refusals, relay, unread_log, returned, *mailbag.told_unmailed(unmailed))
    for sentence in filter(None, unwell):
        console.print(sentence, style="red", markup=False, soft_wrap=True)
    mailbag.show(settings, tally, troubled, doubts)


def _print_source(one: judge.SourceStatus) -> None:
    colour = COLOURS.get(one.condition, "red")
    console.print(f"[{colour}]{one.condition:8}[/] [bold]{one.source}[/]", end="  ")
    console.print(one.url, markup=False, soft_wrap=True)
    console.print(f"         {one.words}", markup=False, soft_wrap=True)


def _facts(tx: Tx) -> tuple[dict[str, Poll], tuple[int, int], list[Edition], dict[str, int], int, list[Delivery]]:
    return (
        tx.polls.all(),
        tx.stories.counts(),
        tx.mailing.editions(limit=5),
        tx.mailing.tally(),
        len(tx.mailing.doubtful()),
        tx.mailing.troubled(clock() - LATELY),
    )


def _document(
    config: Config,
    statuses: list[judge.SourceStatus],
    counts: tuple[int, int],
    editions: list[Edition],
    tally: dict[str, int],
    doubts: int,
    troubled: list[Delivery],
    mail: judge.Mailing,
) -> dict[str, Any]:
    healthy, _ = judge.health(statuses, mail)
    return {
        "healthy": healthy,
        "sources": [_source(one) for one in statuses],
        "streams": [
            {"id": s.id, "title": s.title, "feed": f"{config.base_url.rstrip('/')}/{s.id}.atom"} for s in config.streams
        ],
        "stories": counts[0],
        "joint_stories": counts[1],
        "editions": [
            {
                "digest": e.digest,
                "slot": e.slot,
                "frozen": rfc3339(e.frozen),
                "stories": e.stories,
                "state": e.state,
                "until": rfc3339(e.until),
            }
            for e in editions
        ],
        "deliveries": tally,
        "doubtful_deliveries": doubts,
        "troubled_deliveries": [
            {
                "id": delivery.id,
                "edition": delivery.edition,
                "digest": delivery.digest,
                "state": delivery.state,
                "reply": delivery.reply,
                "next_attempt": rfc3339(delivery.next_attempt) if delivery.state == "deferred" else None,
            }
            for delivery in troubled
        ],
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
