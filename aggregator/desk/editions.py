"""What is done to the editions of a digest, by a command or at the desk, into the one log.

An edition that is held and of which no mail went out is frozen anew, in the same transaction, when an editor does
something to what is in it: nobody is sent what an editor has taken back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, replace
from datetime import datetime

from aggregator import post
from aggregator.digest import delivery as step
from aggregator.errors import DigestError
from aggregator.hand import Hand
from aggregator.model import Config, Deed, Delivery, Digest, Edition, Plan
from aggregator.store import Tx

MOST = 10_000
"""How many stories one form releases at most."""
ACTS: Mapping[str, Callable[..., list[Edition]]] = {"hold": post.hold, "release": post.release, "cancel": post.cancel}


def subject(digest: str) -> str:
    """What the log calls a digest, beside stories."""
    return f"digest/{digest}"


def do(tx: Tx, digest: Digest, act: str, who: Hand) -> list[Edition]:
    """``hold``, ``release`` or ``cancel`` what is on its way of *digest*; nothing is noted where nothing was."""
    editions = ACTS[act](tx, digest, who.at)
    for edition in editions:
        note(tx, digest, act, who, f"edition {edition.slot}")
    return editions


def settle_doubts(tx: Tx, digest: Digest, act: str, who: Hand) -> list[Delivery]:
    """``release`` or ``cancel`` the mails of *digest* that are held because nobody could tell whether they went out."""
    held = tx.mailing.held(digest.id)
    settled = [step.release(one, who.at) if act == "release" else step.cancel(one) for one in held]
    for delivery in settled:
        tx.mailing.note(delivery)
    if settled:
        note(tx, digest, act, who, f"{len(settled)} in doubt")
    return settled


def arrange(tx: Tx, config: Config, digest: Digest, plan: Plan, who: Hand) -> None:
    """Let the next edition be as *plan* says.  Raises DigestError when it is so already."""
    plan = replace(plan, first=tuple(filter(tx.stories.exists, plan.first)))
    waiting, before = untouched(tx, digest), plan_of(tx, digest)
    if plan == before:
        raise DigestError(f"the next edition of {digest.id} is so already")
    if waiting:
        post.freeze_anew(tx, config, digest, waiting, who.at, plan=plan, only=_news(tx, waiting))
    else:
        tx.mailing.intend(digest.id, plan)
    note(tx, digest, "arrange", who, plan.introduction, undo=json.dumps([astuple(before), astuple(plan)]))


def undo(tx: Tx, config: Config, digest: Digest, deed: Deed, who: Hand) -> None:
    """Let the next edition be as it was before *deed*, an ``arrange``."""
    arrange(tx, config, digest, _plans(deed)[0], who)


def holds(tx: Tx, digest: Digest, deed: Deed) -> bool:
    """Whether the next edition is still as *deed*, an ``arrange``, left it: one that went out took its plan along."""
    return _plans(deed)[1] == plan_of(tx, digest)


def plan_of(tx: Tx, digest: Digest) -> Plan:
    """How the next edition begins, held or to come."""
    waiting = untouched(tx, digest)
    return waiting.plan if waiting else tx.mailing.plan(digest.id)


def _plans(deed: Deed) -> tuple[Plan, Plan]:
    """What an ``arrange`` found, and what it left."""
    before, after = (Plan(introduction=told, first=tuple(first)) for told, first in json.loads(deed.undo or ""))
    return before, after


def untouched(tx: Tx, digest: Digest) -> Edition | None:
    """The edition that is held and of which no mail went out."""
    return next(filter(tx.mailing.is_untouched, tx.mailing.on_the_way(digest.id)), None)


@contextmanager
def following(tx: Tx, config: Config, now: datetime) -> Iterator[None]:
    """Let held editions follow what is done to stories meanwhile."""
    last = tx.hands.latest()
    yield
    done = tx.hands.log(after=last, limit=MOST) if last != tx.hands.latest() else []
    touched = {id for deed in done for id in (deed.story, deed.other) if id and not id.startswith(subject(""))}
    if not touched:
        return
    for digest in config.digests:
        for edition in filter(tx.mailing.is_untouched, tx.mailing.on_the_way(digest.id)):
            _follow(tx, config, digest, edition, touched, now)


def _follow(tx: Tx, config: Config, digest: Digest, edition: Edition, touched: Collection[str], now: datetime) -> None:
    """Of what was there when it was frozen: a story that was split off belongs to it, one that came later does not."""
    known = set(tx.printed.stories(edition.id))
    there = {
        story.id
        for story in tx.stories.all(sorted(touched))
        if any(copy.sighting.seen <= edition.frozen for copy in story.members)
    }
    if known & set(touched) or there:
        post.freeze_anew(tx, config, digest, edition, now, plan=edition.plan, only=_news(tx, edition) | there)


def _news(tx: Tx, edition: Edition) -> set[str]:
    return {id for id, new in tx.printed.stories(edition.id).items() if new}


def note(tx: Tx, digest: Digest, act: str, who: Hand, what: str = "", undo: str | None = None) -> None:
    """Note in the log what somebody did to a digest."""
    told = "; ".join(filter(None, [what, who.why]))
    tx.hands.note(at=who.at, who=who.who, act=act, story=subject(digest.id), detail=told, why=who.why, undo=undo)
