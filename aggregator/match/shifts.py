"""What was taken away in one place of a sentence and replaced in another: "between A and B", "between B and C".

Seen passage by passage each is an edit, a word less here and a word more there; together they are an exchange.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from aggregator.match.align import Gap
from aggregator.match.token import SLOTS, Token
from aggregator.match.wording import carries

NEAR = 12
"""A passage longer than this was written anew; nothing in it was exchanged."""
CLOSE = 3
"""A negation is an exchange where at most so many words changed around it."""

Side = Sequence[Token]


def shifted(places: Sequence[Gap], a: Side, b: Side) -> Iterator[tuple[Gap, list[Token], list[Token]]]:
    """Where in *places* it stands, and what only *a* and only *b* say there."""
    for one, two in pairwise(places):
        if one.right > NEAR or one.left < 0 or two.right < 0:
            continue
        ours, theirs = [a[each.a0 : each.a1] for each in (one, two)], [b[each.b0 : each.b1] for each in (one, two)]
        here, there = [*ours[0], *ours[1]], [*theirs[0], *theirs[1]]
        words = max(len(here), len(there))
        if words > NEAR or len({token.sentence for token in (*here, a[two.a0 - 1])}) > 1:
            continue
        lone = _only(here, b), _only(there, a)
        facts = all(any(token.kind in SLOTS for token in side) for side in lone)
        if (
            lone[0]
            and lone[1]
            and ((facts and _numbers(ours, theirs)) or (words <= CLOSE and _crossed(ours, theirs, lone)))
        ):
            yield one, *lone


def _numbers(ours: Sequence[Side], theirs: Sequence[Side]) -> bool:
    """Whether a number went in one passage and another came in the other; in one passage they are judged there."""
    told = [[any(token.kind == "number" for token in side) for side in sides] for sides in (ours, theirs)]
    return told in ([[True, False], [False, True]], [[False, True], [True, False]])


def _crossed(ours: Sequence[Side], theirs: Sequence[Side], lone: tuple[list[Token], list[Token]]) -> bool:
    """Facts of two kinds replace nothing: a weekday that was added before a date, a year that was left out after it."""
    kinds = [{token.kind for token in side if token.kind in SLOTS} for side in lone]
    if all(kinds) and not kinds[0] & kinds[1]:
        return False
    crossed = (not ours[0] and not theirs[1]) or (not theirs[0] and not ours[1])
    return crossed and any(token.kind in SLOTS for side in lone for token in side)


def _only(side: Side, there: Side) -> list[Token]:
    keys = {token.key for token in there}
    return [token for token in side if (carries(token) or token.kind in SLOTS) and token.key not in keys]


def displaced(places: Sequence[Gap], a: Side, b: Side) -> set[Gap]:
    """The two passages between which a negation only moved: "geef nooit je kaart", "geef je kaart nooit".

    It may pass two words or three, none of them a fact or a joint, with nothing but spaces between: what is denied is
    the same still.
    """
    found: set[Gap] = set()
    for one, two in pairwise(places):
        if not 0 < one.right <= CLOSE:
            continue
        gone, come = [[token.key for token in side] for side in (a[one.a0 : one.a1], b[one.b0 : one.b1])]
        back, again = [[token.key for token in side] for side in (a[two.a0 : two.a1], b[two.b0 : two.b1])]
        if (gone, come) != (again, back) or [*gone, *come] != ["not"]:
            continue
        passed = a[one.a1 - 1 : two.a0] if gone else b[one.b1 - 1 : two.b0]
        if _are_one_phrase(passed):
            found |= {one, two}
    return found


def _are_one_phrase(words: Side) -> bool:
    beside = all(other.at - one.at - len(one.raw) == 1 for one, other in pairwise(words))
    return beside and not any(token.kind in SLOTS | {"state"} or token.key in _JOINTS for token in words)


_JOINTS = frozenset(["en", "of", "maar", "et", "ou", "mais", "and", "or", "but", "und", "oder", "aber", "sondern"])
