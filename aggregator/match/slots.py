"""What keeps two texts apart that are otherwise alike: a slot of one exchanged for another.

Two items made from one template differ in a number, a date, an hour, a name, a street, a code, a "niet", or in the one
noun that the news is about; and they differ there by *exchange*, between words that are the same.  What was only added
or taken away is an edit, and what says the same in other letters exchanges nothing (``agreement``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from aggregator.match import lexicon, numerals
from aggregator.match.agreement import AGREE, FIGURES, figures, other_half, rounded, unnumbered
from aggregator.match.align import Gap, common, gaps
from aggregator.match.shifts import CLOSE, NEAR, displaced, shifted
from aggregator.match.token import SLOTS, Token, plain
from aggregator.match.wording import (
    abbreviates,
    carries,
    excluding,
    is_one_spelling,
    is_subject,
    one_head,
    phrase,
    reworded,
    uncompounded,
)  # fmt: skip


class Conflict(NamedTuple):
    """Two things that exclude one another.

    *kind* is that of the token, or ``polarity``, ``series``, ``opposite`` (words of one field, such as colours),
    ``subject`` (a noun among equal words), ``word``.  *after* is the word before it, *late*: it stands in neither first
    sentence.
    """

    kind: str
    one: str
    other: str
    after: str = ""
    late: bool = False


class Comparison(NamedTuple):
    """Two texts side by side: where they agree, what they exclude, and which other words were exchanged.

    *forms* counts the words that stand in another form or as a synonym, *edits* the passages between equal words that
    were added, taken away or written anew; *retold*: these are so many, and the facts so much the same, that one is the
    other in new words.
    """

    pairs: list[tuple[int, int]]
    conflicts: tuple[Conflict, ...]
    turns: tuple[Conflict, ...]
    forms: int = 0
    edits: int = 0
    retold: bool = False


def against(a: Sequence[Token], b: Sequence[Token], names: frozenset[str], hold: int = 3) -> Comparison:
    """*a* and *b* side by side; *names* are words that are names in either text.

    An exchange stands between at least *hold* equal words.
    """
    pairs = common([token.key for token in a], [token.key for token in b])
    found: list[Conflict] = [
        Conflict("time", a[i].raw, b[j].raw) for i, j in pairs if a[i].kind == "time" and other_half(a[i], b[j])
    ]
    turns: list[Conflict] = []
    edits = 0
    spoken = cache(lambda: (_spoken(a, (i for i, _ in pairs)), _spoken(b, (j for _, j in pairs))))
    weak = [token.kind == "function" for token in a]
    places = gaps(pairs, len(a), len(b), weak)
    found += [
        _placed(Conflict("shift", phrase(here), phrase(there)), gap, a, b) for gap, here, there in shifted(places, a, b)
    ]
    moved = displaced(places, a, b)
    for gap in places:
        if not _held(gap, hold) or gap in moved:
            continue
        conflict, turn = _judged(gap, a, b, names, spoken)
        if conflict := conflict or _inside(gap, pairs, a, b):
            found.append(_placed(conflict, gap, a, b))
        elif turn:
            turns.append(turn)
        elif min(gap.left, gap.right) > 0 and any(map(_tells, (*a[gap.a0 : gap.a1], *b[gap.b0 : gap.b1]))):
            edits += 1
    forms = sum(a[i].raw != b[j].raw and a[i].kind == "word" and plain(a[i].raw) != plain(b[j].raw) for i, j in pairs)
    return Comparison(pairs, tuple(found), tuple(turns), forms, edits)


def _inside(gap: Gap, pairs: Sequence[tuple[int, int]], a: Sequence[Token], b: Sequence[Token]) -> Conflict | None:
    """A noun that was exchanged at the beginning of a longer passage: "de kikker die kwaakt", "de egel die vliegt"."""
    island = next((pair for pair in pairs if gap.a0 < pair[0] < gap.a1 and gap.b0 < pair[1] < gap.b1), None)
    if island is None or not gap.a0:
        return None
    one, other = a[gap.a0 : island[0]], b[gap.b0 : island[1]]
    words = reworded(one, other)
    if words and len(one) == len(other) == 1 and is_subject(one, other, a[gap.a0 - 1]):
        return Conflict("word", *words)
    return None


def _tells(token: Token) -> bool:
    """Whether a word that was changed shows an editor: articles and particles follow what they go with."""
    return carries(token) or token.key in lexicon.HEDGES


def _placed(conflict: Conflict, gap: Gap, a: Sequence[Token], b: Sequence[Token]) -> Conflict:
    late = gap.a0 > 0 and gap.b0 > 0 and bool(a[gap.a0 - 1].sentence and b[gap.b0 - 1].sentence)
    return conflict._replace(after=a[gap.a0 - 1].key if gap.a0 else "", late=late)


def _spoken(side: Sequence[Token], common_places: Iterable[int]) -> set[int]:
    """The sentences of which the other text has words that carry something."""
    return {side[at].sentence for at in common_places if side[at].kind != "function"}


def _judged(
    gap: Gap,
    a: Sequence[Token],
    b: Sequence[Token],
    names: frozenset[str],
    spoken: Callable[[], tuple[set[int], set[int]]],
) -> tuple[Conflict | None, Conflict | None]:
    """The conflict in a passage, else the turn of phrase that was exchanged in it."""
    one, other = a[gap.a0 : gap.a1], b[gap.b0 : gap.b1]
    if max(len(one), len(other)) > NEAR:
        return None, None
    if conflict := _closed(one, other):
        return conflict, None
    one, other = map(_said_of_both, (one, other), spoken())
    if is_one_spelling(one, other):
        return None, None
    one, other = uncompounded(one, other)
    if abbreviates(one, other) or abbreviates(other, one):
        return None, None
    if not one or not other:
        return (None if _adds(*one, *other) else _flipped(one, other)), None
    if conflict := _exchanged(one, other, names) or _flipped(one, other) or _called(one, other):
        return conflict, None
    if excluded := excluding(one, other):
        return Conflict("opposite", *excluded), None
    if (words := reworded(one, other)) is None:
        return None, None
    if not is_subject(one, other, a[gap.a0 - 1] if gap.a0 else None):
        return None, Conflict("word", *words)
    heads = any(one_head(x.key, y.key) for x in one for y in other)
    return Conflict("word" if heads else "subject", *words), None


def _said_of_both(side: Sequence[Token], spoken: set[int]) -> Sequence[Token]:
    """Without the words of sentences that the other text has nothing of, unless these are made of facts."""
    idle = {token.sentence for token in side} - spoken
    idle -= {token.sentence for token in side if token.kind in SLOTS}
    return [token for token in side if token.sentence not in idle] if idle else side


def _adds(*words: Token) -> bool:
    """Whether an added "geen" brings the thing along that there is none of, and so turns nothing round."""
    raw = {plain(token.raw) for token in words if token.kind == "not"}
    return raw <= lexicon.DETERMINING and any(carries(token) for token in words if token.kind != "state")


def _held(gap: Gap, hold: int) -> bool:
    """Whether equal words hold the passage on its sides; the ends of a text hold too, but not both of them."""
    if gap.left < 0 and gap.right < 0:
        return False
    if gap.left < 0 or gap.right < 0:
        return max(gap.left, gap.right) >= max(1, hold - 1)
    return gap.left + gap.right >= hold


# -- slots ---------------------------------------------------------------------------


def _exchanged(one: Sequence[Token], other: Sequence[Token], names: frozenset[str]) -> Conflict | None:
    kinds = {token.kind for token in one} & {token.kind for token in other}
    for kind, agree in AGREE.items():
        if kind not in kinds and kind not in _MANIFOLD:
            continue
        here, there = _slots(one, kind, names), _slots(other, kind, names)
        lone_here = [token for token in here if not any(agree(token, each) for each in there)]
        lone_there = [token for token in there if not any(agree(token, each) for each in here)]
        if kind == "name":  # "gewestweg 86", "N86"
            lone_here, lone_there = unnumbered(lone_here, other), unnumbered(lone_there, one)
        if lone_here and lone_there and not rounded(kind, one, other, lone_here, lone_there):
            return Conflict(kind, _said(one, lone_here), _said(other, lone_there))
    return _across(one, other)


def _across(one: Sequence[Token], other: Sequence[Token]) -> Conflict | None:
    """An hour, a date, a number or a code where the other has one of another kind."""
    here, there = ([token for token in side if token.kind in FIGURES] for side in (one, other))
    if not here or not there or {token.kind for token in here} & {token.kind for token in there}:
        return None
    if any(figures(a) & figures(b) for a in here for b in there):
        return None
    return Conflict("number", _said(one, here), _said(other, there))


_MANIFOLD = frozenset({"number", "name"})
"""Slots that tokens of other kinds may fill too."""


def _slots(side: Sequence[Token], kind: str, names: frozenset[str]) -> list[Token]:
    if kind == "name":
        return [token for token in side if token.kind in {"name", "code"} or (token.first and token.key in names)]
    if kind == "number":
        return [token for token in side if token.kind in {"number", "code"} or token.key in numerals.ONE]
    return [token for token in side if token.kind == kind]


def _said(side: Sequence[Token], lone: Sequence[Token]) -> str:
    """The words from the first to the last of what stands alone."""
    places = [at for at, token in enumerate(side) if token in lone]
    return " ".join(token.raw for token in side[places[0] : places[-1] + 1])


def _called(one: Sequence[Token], other: Sequence[Token]) -> Conflict | None:
    """Two numbers or addresses to turn to, where the news stands: further down each body names its own."""
    here, there = ([token for token in side if token.kind == "contact"] for side in (one, other))
    if not here or not there or {token.key for token in here} & {token.key for token in there}:
        return None
    return None if here[0].sentence or there[0].sentence else Conflict("contact", phrase(here), phrase(there))


def _closed(one: Sequence[Token], other: Sequence[Token]) -> Conflict | None:
    """A fact on one side and a state on the other: "9 tot 12 uur", "gesloten"."""
    for facts, state in ((one, other), (other, one)):
        if not any(token.kind in SLOTS for token in facts) or any(map(carries, facts)):
            continue
        turned = any(token.kind in {"state", "not"} or lexicon.field(token.key) for token in state if carries(token))
        if turned and not any(token.kind in SLOTS for token in state):
            return Conflict("opposite", phrase(one), phrase(other))
    return None


# -- words ---------------------------------------------------------------------------


def _flipped(one: Sequence[Token], other: Sequence[Token]) -> Conflict | None:
    """A negation, or a word that turns the news round, on one side only."""
    if max(len(one), len(other)) > CLOSE:
        return None
    here, there = _polar(one), _polar(other)
    if here == there:
        return None
    return Conflict("polarity", phrase(one), phrase(other))


def _polar(side: Iterable[Token]) -> list[str]:
    return sorted({token.key for token in side if token.kind in {"not", "state"}})


def rows(one: dict[str, Token], other: dict[str, Token]) -> Conflict | None:
    """Two rows of a table: what stands behind the same day is not the same."""
    for day in sorted(one.keys() & other.keys()):
        if one[day].kind == other[day].kind and one[day].key != other[day].key:
            return Conflict("row", one[day].raw, other[day].raw)
    return None


def series(one: dict[str, frozenset[str]], other: dict[str, frozenset[str]]) -> Conflict | None:
    """Two numbers of one series: week 12 is not week 13, wherever the two texts say so."""
    for label in sorted(one.keys() & other.keys()):
        if not one[label] & other[label]:
            here, there = (f"{label} {', '.join(sorted(each[label]))}" for each in (one, other))
            return Conflict("series", here, there)
    return None
