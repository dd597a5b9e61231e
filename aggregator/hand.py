"""The editor's hand: split, join, hide and show a story, release or absorb what is held.

Each is one transaction, each can be undone (``split`` by ``join``, ``hide`` by ``show``), each is noted with who and
why.  What an editor decided outlives every refetch, because membership never changes by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from aggregator import merge, text, uri
from aggregator.errors import AggregatorError
from aggregator.model import Match, Story
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
    ids = tx.stories.named(name)
    if len(ids) != 1:
        many = "no story is" if not ids else f"{len(ids)} stories are"
        raise NoSuchStory(f'{many} called "{name}"; `aggregator stories list` shows the names')
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
    if not story.withdrawn:
        raise NoSuchStory(f"{story.id} is not withdrawn")
    shown = _keep(tx, replace(story, withdrawn=None), "show", hand)
    tx.stories.arrive_again(shown, at=hand.at)
    return shown


def split(tx: Tx, name: str, source: str, hand: Hand) -> tuple[Story, Story]:
    """Take the copy of *source* out of a story; it founds one of its own.  Undone by ``join``."""
    story = find(tx, name)
    leaving = tuple(member for member in story.members if member.sighting.source == source)
    staying = tuple(member for member in story.members if member.sighting.source != source)
    if not leaving or not staying:
        sources = ", ".join(sorted({member.sighting.source for member in story.members}))
        raise NoSuchStory(f"{story.id} cannot be split at {source!r}; its copies come from: {sources}")
    first = leaving[0].sighting
    reason = hand.why or f"split by {hand.who}"
    parted = Story(
        id=_id_of_parted(tx, story, leaving[0]),
        published=first.published,
        updated=hand.at,
        changed=hand.at,
        members=tuple(replace(member, rule="editor", evidence=reason) for member in leaving),
    )
    stayed = _keep(tx, merge.revise(story, staying, hand.at), "split", hand, f"{source} into {parted.id}")
    return stayed, _keep(tx, parted, "split", hand, f"{source} out of {story.id}", loud=tx.stories.is_loud(story.id))


def join(tx: Tx, name: str, other: str, hand: Hand) -> Story:
    """Put the copies of *other* into the story *name*, whose id stays; the other's id is never used again."""
    story, gone = find(tx, name), find(tx, other)
    if story.id == gone.id:
        raise NoSuchStory(f"{story.id} cannot be joined with itself")
    loud = tx.stories.is_loud(gone.id)
    _keep(tx, replace(gone, members=(), withdrawn=hand.at), "join", hand, f"into {story.id}")
    tx.mailing.count_as(gone.id, story.id)
    moved = tuple(replace(m, rule="editor", evidence=hand.why or f"joined by {hand.who}") for m in gone.members)
    joined = merge.revise(story, (*story.members, *moved), hand.at)
    return _keep(tx, joined, "join", hand, f"took {gone.id}", loud=loud)


def release(tx: Tx, name: str, hand: Hand) -> Story:
    """Let a held story into the feed and the digest, as news."""
    return _let_go(tx, name, "release", hand, loud=True)


def absorb(tx: Tx, name: str, hand: Hand) -> Story:
    """Let a held story into the feed and not into the digest: history that was published again."""
    return _let_go(tx, name, "absorb", hand, loud=False)


def _let_go(tx: Tx, name: str, act: str, hand: Hand, *, loud: bool) -> Story:
    story = find(tx, name)
    if not story.held:
        raise NoSuchStory(f"{story.id} is not held")
    return _keep(tx, replace(story, held=False), act, hand, loud=loud)


def _keep(tx: Tx, story: Story, act: str, hand: Hand, detail: str = "", *, loud: bool = True) -> Story:
    changed = replace(story, changed=hand.at)
    tx.stories.save(changed, at=hand.at, loud=loud)
    tx.hands.note(at=hand.at, who=hand.who, act=act, story=story.id, detail="; ".join(filter(None, [detail, hand.why])))
    return changed


def _id_of_parted(tx: Tx, story: Story, member: Match) -> str:
    """An id for what was split off, from the story it left and its own strongest key; one that was never used."""
    authority = tx.meta.get("authority") or ""
    names = (text.name("split", story.id, member.sighting.keys[0], str(number)) for number in count())
    ids = (uri.tag(authority, f"story/{name}") for name in names)
    return next(id for id in ids if tx.stories.get(id) is None)
