"""How far two readings agree: their titles and their texts aligned, and what in them disagrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from aggregator.match import lexicon
from aggregator.match.reading import Reading, Side
from aggregator.match.slots import Comparison, Conflict, against
from aggregator.match.titles import Titles, are_in_both, are_worth_it, named
from aggregator.match.token import SLOTS, Token, plain
from aggregator.match.weighing import lead, weighed
from aggregator.match.wording import is_verbal
from aggregator.model import Matching

SHORT = 40
"""Below so many words a text must agree nearly word for word, and no word may be exchanged."""

_AT_WORK = 3
"""How many turns of phrase show that an editor was at work, and how many traces for each noun."""
_SLIGHT = 6
"""So few words that do not agree, in two texts, are one thing that was exchanged and nothing else."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readings side by side: *one* and *other* in a fixed order, *apart* in time, of one source or not.

    *called* are letters in which the name of the source of each may be found: its host and its ids.
    """

    one: Reading
    other: Reading
    apart: timedelta
    own_source: bool
    settings: Matching
    called: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Found:
    """What the alignment gave.

    *ratio* is the share of both texts that is common, *contained* that of the shorter, *opening* the share of the
    shorter that stands where the longer begins, *titles* how alike the titles are; *shorter* and *longer* count words;
    *lead* is the share of the better of the two first sentences that the other text has.
    """

    ratio: float
    contained: float
    opening: float
    titles: float
    shorter: int
    longer: int
    conflicts: tuple[Conflict, ...]
    reworded: int
    lead: float = 1.0
    order: bool = True
    retold: bool = False


def measured(pair: Pair, titles: Titles) -> Found:
    """Both texts aligned, under their titles; the text of one in the order of the other where that agrees better."""
    if pair.one.cut or pair.other.cut:
        pair = replace(pair, one=_completed(pair.one, pair.other), other=_completed(pair.other, pair.one))
    one, other, names = pair.one, pair.other, named(pair.one, pair.other)
    if not are_worth_it(one.body, other.body):
        return _unlike(one, other, titles.alike)
    whole = _weighed(pair, against(one.body.tokens, other.body.tokens, names))
    found = _found(one.body, other.body, whole, *titles)
    if found.ratio < 0.9 and (moved := _moved(one.body, other.body)):
        whole = _weighed(pair, against(one.body.tokens, moved.tokens, names))
        again = _found(one.body, moved, whole, *titles, order=False)
        if again.ratio > found.ratio + 0.05:
            found = again
    return found


def _completed(cut: Reading, there: Reading) -> Reading:
    """*cut* with the half word that it breaks off in as the word that the other has there."""
    if not cut.cut or len(cut.body.tokens) < 2:
        return cut
    before, half = cut.body.tokens[-2:]
    if len(half.raw) < 3 or not half.raw.islower():
        return cut
    for one, word in pairwise(there.body.tokens):
        if one.key == before.key and word.raw.startswith(half.raw):
            whole = word._replace(sentence=half.sentence, at=half.at)
            body = replace(cut.body, tokens=(*cut.body.tokens[:-1], whole), keys=(*cut.body.keys[:-1], word.key))
            return replace(cut, body=body)
    return cut


def _weighed(pair: Pair, whole: Comparison) -> Comparison:
    """Without the exchanges of words of which either text has both: they are two words for one thing."""
    if not whole.conflicts and not whole.turns:
        return whole
    keys = [set(each.body.keys) for each in (pair.one, pair.other)]

    def both(conflict: Conflict) -> bool:
        words = [{plain(word) for word in said.split()} for said in (conflict.one, conflict.other)]
        said = words[0] <= keys[1], words[1] <= keys[0]
        return conflict.kind in {"word", "subject"} and (all(said) or (any(said) and whole.edits > 0))

    def spared(conflict: Conflict) -> bool:
        return both(conflict) or _speaks_of_itself(pair, conflict)

    conflicts, turns = (tuple(each for each in many if not spared(each)) for many in (whole.conflicts, whole.turns))
    subjects = tuple(each for each in conflicts if each.kind == "subject")
    traces = len(turns) + whole.forms + whole.edits
    retold = all(each.late for each in subjects) and _is_retold(pair, traces, len(subjects))
    if retold or len(turns) + whole.forms >= _AT_WORK * max(1, len(subjects)):
        turns += subjects
        conflicts = tuple(each for each in conflicts if each.kind != "subject")
    rest = len(pair.one.body.keys) + len(pair.other.body.keys) - 2 * len(whole.pairs)
    exchanged = () if retold else _alone(turns, whole.forms + whole.edits, rest)
    conflicts = _without_partners(pair, conflicts) + exchanged
    turns = tuple(each for each in turns if each not in exchanged)
    return whole._replace(conflicts=conflicts, turns=turns, retold=retold)


def _is_retold(pair: Pair, traces: int, subjects: int) -> bool:
    """Whether an editor told the same anew: *traces* all over, more for each noun, and every fact where it was.

    A template changes a thing and leaves the rest; who rewrites that much and means another thing has other facts too,
    and another noun where the news stands, in the first sentence.  One of the two may leave facts out, and not each
    another.
    """
    if traces < _REWRITTEN + _AT_WORK * subjects:
        return False
    sides = pair.one.body, pair.other.body
    if _turned(sides[0]) != _turned(sides[1]):
        return False
    one, other = (_told(side, sides[0].names | sides[1].names) for side in sides)
    least = min(len(one - other), len(other - one))
    return not least and len(one & other) >= max(_FACTS, 0.9 * len(one | other))


def _turned(side: Side) -> list[str]:
    """The negations, and the words that turn news round."""
    return sorted(token.key for token in side.tokens if token.kind in {"not", "state"})


def _told(side: Side, names: frozenset[str]) -> set[str]:
    told = {token.key.rstrip(".") for token in side.tokens if token.kind in SLOTS or token.key in names}
    return told - {"#0", "#1"}


_REWRITTEN = 6
_FACTS = 6
"""So many traces of an editor and facts in common show that a text was told anew."""
_ENOUGH = 5
"""With so many facts a short text says by itself what its title says."""


def _alone(turns: tuple[Conflict, ...], edits: int, rest: int) -> tuple[Conflict, ...]:
    """Words exchanged one for one in a text that is otherwise the same: a template; an editor leaves other traces.

    A verb is such a trace itself, a noun needs three of them; *rest* is how many words of both texts do not agree.
    """
    if len(turns) >= _AT_WORK:
        return ()
    lone = [each for each in turns if each.one.count(" ") == each.other.count(" ") < 2]
    nouns = tuple(each for each in lone if not _are_verbs(each.one, each.other))
    traces = edits + len(turns) - len(nouns)
    if nouns and traces < _AT_WORK * len(nouns):
        return nouns
    return turns if len(turns) == 1 and not edits and rest <= _SLIGHT else ()


_VERBS = ("é", "ée", "és", "ées", "ndu", "rdu", "reçu", "tte", "dde", "tten", "dden", "lijk", "erweise")
"""How verbs and adverbs end and hardly a noun does, as they are written."""


def _are_verbs(one: str, other: str) -> bool:
    """Whether one of the two is a verb beyond doubt, or both look like one."""
    words = one.split(), other.split()
    certain = any(word.endswith(_VERBS) for side in words for word in side)
    return certain or all(any(is_verbal(plain(word)) for word in side) for side in words)


def _without_partners(pair: Pair, conflicts: tuple[Conflict, ...]) -> tuple[Conflict, ...]:
    """Without the names by which two publishers of one text speak of each other, each from its own side.

    Each names the *other* one: two that each name themselves tell of two places, unless it is the body that one turns
    to ("call Police Zone North") and not where the news stands.
    """
    crossed = [each for each in conflicts if _names(each.one, pair.called[1]) and _names(each.other, pair.called[0])]
    own = [each for each in conflicts if _names(each.one, pair.called[0]) and _names(each.other, pair.called[1])]
    spared = [*crossed, *(each for each in own if crossed or (each.late and each.after in lexicon.BODIES))]
    return tuple(each for each in conflicts if each.kind != "name" or each not in spared)


def _speaks_of_itself(pair: Pair, conflict: Conflict) -> bool:
    """Whether a publisher says its name where the other says only what it is: "de politie", "Politiezone Noord"."""
    sides = [[plain(word) for word in said.split()] for said in (conflict.one, conflict.other)]
    named = [[word for word in words if word not in lexicon.BODIES] for words in sides]
    owned = zip(named, pair.called, strict=True)
    known = all(len(word) > 3 and word in called for words, called in owned for word in words)
    return known and all(sides) and bool(named[0]) != bool(named[1])


def _names(said: str, called: str) -> bool:
    return any(len(word) > 3 and plain(word) in called for word in said.split())


def _unlike(one: Reading, other: Reading, titles: float) -> Found:
    sizes = sorted((one.body.own, other.body.own))
    return Found(0.0, 0.0, 0.0, titles, sizes[0], sizes[1], (), 0)


def _found(
    a: Side, b: Side, whole: Comparison, titles: float, exchanged: Comparison | None, *, order: bool = True
) -> Found:
    a, b = weighed(a, b, whole.pairs)
    own = [(i, j) for i, j in whole.pairs if not a.repeated[i] and not b.repeated[j]]
    shorter, longer = sorted((a.own, b.own))
    head = int(shorter * 1.15) + 3
    leading = sum((i if a.own > b.own else j) < head for i, j in own)
    conflicts = whole.conflicts
    if shorter < SHORT and not whole.retold:
        conflicts += whole.turns
    if exchanged:
        ratio = 2 * len(own) / max(1, a.own + b.own)
        told = 1.0 if whole.retold else max(ratio, min(len(own), leading) / max(1, shorter))
        enough = shorter >= SHORT or min(len(_told(side, side.names)) for side in (a, b)) >= _ENOUGH
        conflicts += tuple(each for each in exchanged.conflicts if not _harmless(each, a, b, enough, told))
    return Found(
        ratio=2 * len(own) / max(1, a.own + b.own),
        contained=len(own) / max(1, shorter),
        opening=leading / max(1, shorter),
        titles=titles,
        shorter=shorter,
        longer=longer,
        conflicts=conflicts,
        reworded=len(whole.turns),
        lead=max(lead(a, {i for i, _ in own}), lead(b, {j for _, j in own})),
        order=order,
        retold=whole.retold,
    )


def _harmless(conflict: Conflict, a: Side, b: Side, enough: bool, told: float) -> bool:
    """Whether titles only choose other words, or other facts that both texts have, for the same.

    Other words they may choose for two texts that say *enough*, and of which one is *told* by the other, anew or by
    its opening.
    """
    if enough and told >= 0.95 and conflict.kind in {"word", "subject"}:
        return True
    return are_in_both(conflict, a, b)


def _moved(a: Side, b: Side) -> Side | None:
    """*b* with its sentences in the order of those of *a* that they are most like; None where that moves nothing."""
    home: dict[tuple[str, ...], int] = {}
    for triple, token in zip(zip(a.keys, a.keys[1:], a.keys[2:], strict=False), a.tokens, strict=False):
        home.setdefault(triple, token.sentence)
    places: dict[int, dict[int, int]] = {}
    for triple, token in zip(zip(b.keys, b.keys[1:], b.keys[2:], strict=False), b.tokens, strict=False):
        votes = places.setdefault(token.sentence, {})
        if triple in home:
            votes[home[triple]] = votes.get(home[triple], 0) + 1
    goal, last = {}, -1
    for sentence in sorted({token.sentence for token in b.tokens}):
        votes = places.get(sentence, {})
        last = max(votes, key=lambda at: (votes[at], -at)) if votes else last
        goal[sentence] = last
    order = sorted(range(len(b.tokens)), key=lambda at: (goal[b.tokens[at].sentence], at))
    if order == list(range(len(b.tokens))):
        return None
    tokens: Sequence[Token] = [b.tokens[at] for at in order]
    return Side(
        tokens=tuple(tokens),
        keys=tuple(token.key for token in tokens),
        repeated=tuple(b.repeated[at] for at in order),
        own=b.own,
    )
