"""What an editor does to a story, from a form, and what undoes it: each in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from aggregator import hand
from aggregator.errors import AggregatorError
from aggregator.hand import Hand
from aggregator.model import Deed, Story
from aggregator.store import Tx


class Stale(AggregatorError):  # noqa: N818 - it is an answer to a person, not a fault
    """Somebody did something to the story since the form was made: its writer has to look again."""


Act = Callable[[Tx, str, str, Hand], object]
ACTS: Mapping[str, Act] = {
    "hide": lambda tx, story, _, who: hand.hide(tx, story, who),
    "show": lambda tx, story, _, who: hand.show(tx, story, who),
    "pin": lambda tx, story, _, who: hand.pin(tx, story, who),
    "unpin": lambda tx, story, _, who: hand.unpin(tx, story, who),
    "release": lambda tx, story, _, who: hand.release(tx, story, who),
    "absorb": lambda tx, story, _, who: hand.absorb(tx, story, who),
    "hold": lambda tx, story, _, who: hand.hold(tx, story, who),
    "split": hand.split,
    "join": hand.join,
    "lead": lambda tx, story, what, who: hand.lead(tx, story, what or None, who),
}
_OPPOSITE = {
    "hide": "show",
    "show": "hide",
    "pin": "unpin",
    "release": "hold",
    "absorb": "hold",
}
_KINDS = ({"hide", "show"}, {"pin", "unpin"}, {"release", "absorb", "hold"}, {"split", "join"}, {"lead"})


def do(tx: Tx, id: str, act: str, what: str, seen: int, who: Hand) -> None:
    """Do *act*; *seen* is the last deed that the form knew of.  Raises Stale, or NoSuchStory when it cannot be done."""
    if tx.stories.get(id) is None:
        raise hand.NoSuchStory(f"there is no story {id}")
    if tx.hands.latest(id) != seen:
        raise Stale(f"something was done to {id} meanwhile")
    if act == "undo":
        _undo(tx, id, what, who)
    else:
        ACTS[act](tx, id, what, who)


def undoable(tx: Tx, story: Story, deeds: list[Deed]) -> set[int]:
    """Those of a story's *deeds*, the latest first, that can be undone now: the last of each kind that still holds."""
    found: set[int] = set()
    passed: set[tuple[int, str | None]] = set()
    for deed in deeds:
        kind = next((at for at, kinds in enumerate(_KINDS) if deed.act in kinds), None)
        if kind is None or (kind, deed.other) in passed:
            continue
        passed.add((kind, deed.other))
        if _holds(tx, story, deed):
            found.add(deed.id)
    return found


def _holds(tx: Tx, story: Story, deed: Deed) -> bool:
    """Whether the story is as *deed* left it."""
    joined = tx.stories.get(deed.other) if deed.other else None
    match deed.act:
        case "hide":
            return bool(story.withdrawn and story.members)
        case "show":
            return not story.withdrawn
        case "pin" | "unpin":
            return bool(story.pinned) == (deed.act == "pin")
        case "release" | "absorb" | "hold":
            return story.held == (deed.act == "hold") and not story.withdrawn
        case "lead":
            return bool(story.members) and deed.undo is not None
        case "split":
            return bool(joined and joined.members and not joined.withdrawn and story.members and not story.withdrawn)
        case _:
            return bool(story.members and joined and not joined.members)


def _undo(tx: Tx, id: str, deed: str, who: Hand) -> None:
    known = tx.hands.deed(int(deed)) if deed.isascii() and deed.isdigit() and len(deed) < 16 else None
    story = tx.stories.get(id)
    if known is None or known.story != id or story is None:
        raise hand.NoSuchStory(f"nothing of {id} is called {deed}")
    if known.id not in undoable(tx, story, tx.hands.log(story=id, limit=1000)):
        raise Stale(f"deed {deed} of {id} cannot be undone any more")
    match known.act:
        case "split":
            _join_again(tx, known, who)
        case "unpin":
            hand.pin(tx, id, who, since=datetime.fromisoformat(json.loads(known.undo)) if known.undo else None)
        case "hold":
            ACTS[json.loads(known.undo or '"release"')](tx, id, "", who)
        case "join":
            hand.split(tx, id, known.other or "", who)
        case "lead":
            hand.lead(tx, id, json.loads(known.undo or "null"), who)
        case act:
            ACTS[_OPPOSITE[act]](tx, id, "", who)


def _join_again(tx: Tx, deed: Deed, who: Hand) -> None:
    """Into the one that was split, whichever of the two it is undone from: its deed is the earlier of the two."""
    one, other = deed.story, deed.other or ""
    before = tx.hands.log(story=other, before=deed.id, limit=1)
    if any((each.act, each.other) == ("split", one) for each in before):
        one, other = other, one
    hand.join(tx, one, other, who, again=deed.undo)
