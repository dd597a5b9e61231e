"""The editor's hand: split, join, hide, show and pin a story, choose its lead, release or absorb what is held.

Each is one transaction, each can be undone (``split`` by ``join``, ``join`` by ``split``, ``hide`` by ``show``, ``pin``
by ``unpin``, ``release`` by ``hold``, ``lead`` by ``lead``), each is noted with who, when and why, and with what its
undoing has to know: undone, a story is what it was, the reasons of its merges and whether it is news included.  What an
editor decided outlives every refetch, every restart and other thresholds, because membership never changes by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from aggregator import merge, text, uri
from aggregator.errors import AggregatorError
from aggregator.model import Match, Rule, Story, Verdict
from aggregator.store import Tx


class NoSuchStory(AggregatorError):  # noqa: N818 - it is an answer to a person, not a fault
    """Nothing, or more than one thing, is called what the editor called it."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts, when, and why."""

    who: str
    at: datetime
    why: str = ""


def find(tx: Tx, name: str) -> Story:
    """The story that *name* (its id, or the beginning of the id's last part) stands for; raises NoSuchStory."""
    if not name.strip():
        raise NoSuchStory("give the name of a story; `aggregator stories list` shows the names")
    ids = tx.stories.named(name)
    if not ids:
        raise NoSuchStory(f'no story is called "{name}"; `aggregator stories list` shows the names')
    if len(ids) > 1:
        some = ", ".join(id.rpartition("/")[2] for id in ids[:3])
        raise NoSuchStory(f'more than one story is called "{name}" ({some}, …); give more of its name')
    story = tx.stories.get(ids[0])
    assert story is not None
    return story


def hide(tx: Tx, name: str, hand: Hand) -> Story:
    """Withdraw a story: out of feed, page and pending digests; later copies of it stay out too."""
    story = find(tx, name)
    if story.withdrawn:
        raise NoSuchStory(f"{story.id} is withdrawn already; `aggregator stories show` brings it back")
    return _keep(tx, replace(story, withdrawn=hand.at), "hide", hand)


def show(tx: Tx, name: str, hand: Hand) -> Story:
    """Undo ``hide``."""
    story = find(tx, name)
    if not story.members:
        raise NoSuchStory(f"{story.id} was joined into another story; `aggregator stories split` takes it out again")
    if not story.withdrawn:
        raise NoSuchStory(f"{story.id} is not withdrawn")
    shown = _keep(tx, replace(story, withdrawn=None), "show", hand)
    if not shown.held:
        tx.stories.arrive_again(shown, at=hand.at)
    return shown


def split(tx: Tx, name: str, what: str, hand: Hand) -> tuple[Story, Story]:
    """Take *what* out of a story: the copies of a source, the copy with a link, or a story that was joined into it.

    A story that was joined gets its id, its copies and their reasons back; other copies found a story of their own.
    It is noted to what stays first, then to what leaves.  Undone by ``join``.
    """
    story = find(tx, name)
    if joined := _joined(tx, story, what):
        return _part_again(tx, story, joined, hand)
    leaving = tuple(m for m in story.members if what in (m.sighting.source, m.sighting.entry.link, *m.sighting.keys))
    staying = tuple(member for member in story.members if member not in leaving)
    if not leaving or not staying:
        sources = ", ".join(sorted({member.sighting.source for member in story.members}))
        raise NoSuchStory(
            f"{story.id} cannot be split at {what!r}; its copies come from: {sources or 'nowhere any more'} "
            "(or give the link of one copy, or the story that was joined into it)"
        )
    first = min((member.sighting for member in leaving), key=lambda one: one.published)
    reason = hand.why or f"split by {hand.who}"
    parted = Story(
        id=_id_of_parted(tx, story, leaving[0]),
        published=first.published,
        updated=hand.at,
        changed=hand.at,
        members=tuple(replace(member, rule="editor", evidence=reason, differs="") for member in leaving),
        withdrawn=story.withdrawn,
        held=story.held,
    )
    loud = tx.stories.is_loud(story.id)
    undo = json.dumps([_Was.of(member).as_list() for member in story.members])
    stayed = merge.revise(story, staying, hand.at)
    stayed = _keep(tx, stayed, "split", hand, f"{what} into {parted.id}", other=parted.id, undo=undo)
    return stayed, _keep(tx, parted, "split", hand, f"{what} out of {story.id}", loud=loud, other=story.id, undo=undo)


def join(tx: Tx, name: str, other: str, hand: Hand, *, again: str | None = None) -> Story:
    """Put the copies of *other* into the story *name*, whose id stays; the other's id leads nowhere.

    *again* is what a ``split`` noted that this undoes: its copies belong together for the reasons of then.
    Undone by ``split`` with the other's id.
    """
    story, gone = find(tx, name), find(tx, other)
    if story.id == gone.id:
        raise NoSuchStory(f"{story.id} cannot be joined with itself")
    for each in (story, gone):
        if each.withdrawn:
            remedy = "`aggregator stories show` brings it back" if each.members else "it was joined into another story"
            raise NoSuchStory(f"{each.id} is withdrawn and cannot be joined; {remedy}")
    loud = tx.stories.is_loud(gone.id)
    lent = tx.ledger.count_as(gone.id, story.id)
    were = [_Was.of(member).as_list() for member in gone.members]
    related = tx.related.of(gone.id)
    links = [[each.story, each.rule, each.score, each.evidence] for each in related]
    took = sorted({each.story for each in related} - {each.story for each in tx.related.of(story.id)} - {story.id})
    undo = json.dumps({"copies": were, "lent": lent, "held": [story.held, gone.held], "links": links, "took": took})
    _keep(tx, replace(gone, members=(), withdrawn=hand.at), "join", hand, f"into {story.id}", undo=undo, other=story.id)
    tx.related.move(gone.id, story.id)
    moved = tuple(
        replace(m, rule="editor", evidence=hand.why or f"joined by {hand.who}", differs="") for m in gone.members
    )
    together = _as_they_were((*story.members, *moved), [_Was.read(each) for each in json.loads(again or "[]")])
    joined = merge.revise(replace(story, held=story.held and gone.held), together, hand.at)
    return _keep(tx, joined, "join", hand, f"took {gone.id}", loud=loud, other=gone.id)


def release(tx: Tx, name: str, hand: Hand) -> Story:
    """Let a held story into the feed and the digest, as news."""
    return _let_go(tx, name, "release", hand, loud=True)


def absorb(tx: Tx, name: str, hand: Hand) -> Story:
    """Let a held story into the feed and not into the digest: history that was published again."""
    return _let_go(tx, name, "absorb", hand, loud=False)


def hold(tx: Tx, name: str, hand: Hand) -> Story:
    """Undo ``release`` and ``absorb``: out of feed, page and coming digests until it is let go again."""
    story = find(tx, name)
    if story.held or story.withdrawn:
        raise NoSuchStory(f"{story.id} is {'held' if story.held else 'withdrawn'} already")
    undo = json.dumps("release" if tx.stories.is_loud(story.id) else "absorb")
    return _keep(tx, replace(story, held=True), "hold", hand, undo=undo)


def lead(tx: Tx, name: str, key: str | None, hand: Hand) -> Story:
    """Let the copy with *key* lead, title and text; with none the one that leads by itself.  Undone by another one."""
    story = find(tx, name)
    if story.chosen == key:
        raise NoSuchStory(f"{story.id} is led so already")
    copy = next((member.sighting for member in story.members if key in member.sighting.keys), None)
    if key is not None and copy is None:
        raise NoSuchStory(f"{story.id} has no such copy")
    led = replace(story, chosen=key)
    before, after = story.within(story.zones), led.within(led.zones)
    if before and after and before.lead.words != after.lead.words:
        led = replace(led, updated=max(led.updated, hand.at))
    detail = f"{copy.source}: {copy.entry.title}" if copy else "the one that leads by itself"
    return _keep(tx, led, "lead", hand, detail, undo=json.dumps(story.chosen))


def pin(tx: Tx, name: str, hand: Hand, *, since: datetime | None = None) -> Story:
    """Put a story before all others on the pages of its streams and in the digests that it is in, until ``unpin``.

    The order of feeds is the order of publication, and stays.  Of several the one that is pinned *since* later (else
    since now) comes first.
    """
    story = find(tx, name)
    if story.pinned or story.withdrawn or story.held:
        raise NoSuchStory(f"{story.id} is {'pinned already' if story.pinned else 'not shown'}")
    return _keep(tx, replace(story, pinned=since or hand.at), "pin", hand)


def unpin(tx: Tx, name: str, hand: Hand) -> Story:
    """Undo ``pin``."""
    story = find(tx, name)
    if not story.pinned:
        raise NoSuchStory(f"{story.id} is not pinned")
    return _keep(tx, replace(story, pinned=None), "unpin", hand, undo=json.dumps(story.pinned.isoformat()))


def _let_go(tx: Tx, name: str, act: str, hand: Hand, *, loud: bool) -> Story:
    story = find(tx, name)
    if not story.held:
        raise NoSuchStory(f"{story.id} is not held")
    return _keep(tx, replace(story, held=False), act, hand, loud=loud)


def _keep(
    tx: Tx,
    story: Story,
    act: str,
    hand: Hand,
    detail: str = "",
    *,
    loud: bool = True,
    undo: str | None = None,
    other: str | None = None,
) -> Story:
    changed = replace(story, changed=max(story.changed, hand.at))
    tx.stories.save(changed, at=hand.at, loud=loud)
    if changed.held:
        tx.stories.recall(story.id)
    told = "; ".join(filter(None, [detail, hand.why]))
    tx.hands.note(at=hand.at, who=hand.who, act=act, story=story.id, detail=told, why=hand.why, other=other, undo=undo)
    return changed


@dataclass(frozen=True, slots=True)
class _Was:
    """Why a copy belonged to the story that was joined away, and by what it is found in the one that took it."""

    source: str
    key: str
    rule: Rule
    score: float
    evidence: str
    differs: str = ""

    @classmethod
    def of(cls, member: Match) -> _Was:
        seen = member.sighting
        return cls(seen.source, seen.keys[0], member.rule, member.score, member.evidence, member.differs)

    @classmethod
    def read(cls, kept: list[Any]) -> _Was:
        return cls(*kept)

    def as_list(self) -> list[str | float]:
        return [self.source, self.key, self.rule, self.score, self.evidence, self.differs]

    def of_today(self, member: Match) -> Match:
        """*member* for the reason of then; a mark that its text has become another one may be of today."""
        return replace(
            member, rule=self.rule, score=self.score, evidence=self.evidence, differs=member.differs or self.differs
        )

    def fits(self, member: Match) -> bool:
        return member.sighting.source == self.source and self.key in member.sighting.keys


def _as_they_were(members: tuple[Match, ...], were: list[_Was]) -> tuple[Match, ...]:
    """*members* in the order and for the reasons in which they *were*; what came later stands behind, as it is."""
    fitting = [(at, was.of_today(member)) for at, was in enumerate(were) for member in members if was.fits(member)]
    known = {member.sighting for _, member in fitting}
    return (*(member for _, member in fitting), *(member for member in members if member.sighting not in known))


def _joined(tx: Tx, story: Story, name: str) -> Story | None:
    """The story called *name*, if it was joined into *story*."""
    ids = tx.stories.named(name)
    gone = tx.stories.get(ids[0]) if len(ids) == 1 else None
    if gone is None or gone.members or gone.id == story.id:
        return None
    return gone if tx.hands.joined_into(gone.id) == story.id else None


def _part_again(tx: Tx, story: Story, gone: Story, hand: Hand) -> tuple[Story, Story]:
    """Undo a join: what *gone* had brought leaves *story*, edited meanwhile or not."""
    known = json.loads(tx.hands.undoing(gone.id, "join") or "[]")
    known = {"copies": known, "lent": []} if isinstance(known, list) else known  # as it was kept until now
    were = [_Was.read(each) for each in known["copies"]]
    leaving = [(member, was) for member in story.members for was in were if was.fits(member)]
    staying = tuple(member for member in story.members if all(member is not other for other, _ in leaving))
    if not leaving or not staying:
        raise NoSuchStory(f"{story.id} no longer has the copies that {gone.id} brought")
    back = tuple(replace(was.of_today(member), story=gone.id) for member, was in leaving)
    loud = tx.stories.is_loud(story.id)
    held = _held_apart(story, *known.get("held", (False, False)))
    stayed = merge.revise(replace(story, held=held[0]), staying, hand.at)
    stayed = _keep(tx, stayed, "split", hand, f"{gone.id} out again", other=gone.id)
    parted = replace(gone, members=back, withdrawn=story.withdrawn, held=held[1], updated=hand.at)
    parted = _keep(tx, parted, "split", hand, f"out of {story.id} again", loud=loud, other=story.id)
    for other in known.get("took", []):
        tx.related.part(story.id, other)
    tx.related.note(gone.id, [_link(each) for each in known.get("links", [])], hand.at)
    due = tx.ledger.count_apart(story.id, known["lent"])
    for each in (parted, *([stayed] if due else [])):
        if not (each.held or each.withdrawn):
            tx.stories.arrive_again(each, at=hand.at)
    return stayed, parted


def _link(kept: list[Any]) -> tuple[str, Verdict]:
    other, rule, score, evidence = kept
    return other, Verdict(verdict="related", rule=rule, score=score, evidence=evidence)


def _held_apart(joined: Story, story: bool, gone: bool) -> tuple[bool, bool]:
    """Whether each of two stories is held when they part; which of them were before one took the other in.

    Where both were, so was what became of them, and letting that go was letting go of both.
    """
    if story and gone:
        return joined.held, joined.held
    return joined.held or story, joined.held or gone


def _id_of_parted(tx: Tx, story: Story, member: Match) -> str:
    """An id for what was split off, from the story it left and its own strongest key; one that was never used."""
    authority = tx.meta.get("authority") or ""
    names = (text.name("split", story.id, member.sighting.keys[0], str(number)) for number in count())
    ids = (uri.tag(authority, f"story/{name}") for name in names)
    return next(id for id in ids if tx.stories.get(id) is None)
