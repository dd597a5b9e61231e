"""Whether two texts tell the same, when no key says so: alignment, with a veto for every slot that disagrees.

Likeness alone never suffices: what is alike and differs in a slot is other news, made from the same template.  What is
not alike enough, and shares what it is about, is related.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from aggregator.match.measure import SHORT, Found, Pair, measured
from aggregator.match.reading import Reading
from aggregator.match.slots import rows, series
from aggregator.match.subject import enough, shared, topics
from aggregator.match.titles import FEW, are_apart, titled
from aggregator.match.token import SLOTS, Token
from aggregator.model import Matching, Verdict

TINY = 12
"""Below so many words a text says too little by itself: its title must be the same too."""
LONG = 150
NEARLY = 0.90
SOON = timedelta(hours=48)
_REWORDED = 15  # words of a text for each turn of phrase that an editor may exchange
_LEAD = 0.4  # of the first sentence of one of the two at least, the other must have this share
_EASIER = 0.10  # how much less of a long text must agree
_RETOLD = 0.20  # and of one in which an editor changed the words everywhere, and no fact


def judge(pair: Pair, *, brief: bool = False) -> Verdict:
    """What the words of the two say; *brief*: of what is different in its title no more than that."""
    titles = titled(pair.one, pair.other)
    if brief and are_apart(pair.one, pair.other, titles):
        return Verdict(verdict="different", rule="slots", score=0.0, evidence="")
    found = measured(pair, titles)
    if found.shorter < FEW:
        return _by_title(pair, found)
    numbered = series(pair.one.labels, pair.other.labels) or rows(pair.one.rows, pair.other.rows)
    if found.ratio and (conflict := numbered):
        found = replace(found, conflicts=(conflict, *found.conflicts))
    if found.conflicts:
        return _vetoed(pair, found)
    return _same(pair, found) or _related(pair, found)


# -- the same -------------------------------------------------------------------------


def _same(pair: Pair, found: Found) -> Verdict | None:
    updated = pair.one.marked != pair.other.marked
    if (found.reworded > found.longer / _REWORDED and not found.retold) or found.lead < _LEAD:
        return None
    if pair.own_source and not (_reposted(pair, found) or _carries_on(pair, found)):
        return None
    if found.shorter < TINY:
        return _tiny(pair, found)
    if found.ratio >= _needed(found, pair.settings):
        rule = "alike" if found.order else "reordered"
        return _verdict("same", rule, found.ratio, _likeness(found), updated)
    if found.contained >= pair.settings.contained and found.order and _is_excerpt(pair, found):
        said = f"{found.contained:.0%} of the shorter text stands in the longer"
        return _verdict("same", "excerpt", found.contained, said, updated)
    return None


def _needed(found: Found, settings: Matching) -> float:
    if found.shorter < SHORT:
        return max(NEARLY, settings.alike)
    return settings.alike - (_RETOLD if found.retold else _EASIER if found.shorter >= LONG else 0.0)


def _reposted(pair: Pair, found: Found) -> bool:
    """Inside one source likeness means a template: it repeats itself only word for word, and soon."""
    return found.ratio >= 0.95 and not found.reworded and pair.apart <= SOON and found.titles >= 0.5


def _carries_on(pair: Pair, found: Found) -> bool:
    """Whether one is the other with something added or a sentence replaced, and says so, under the same title."""
    if pair.one.marked == pair.other.marked or found.contained < pair.settings.contained:
        return False
    return found.titles >= 0.5 or (min(found.contained, found.opening) >= 0.95 and not found.reworded)


def _tiny(pair: Pair, found: Found) -> Verdict | None:
    facts, titled = _facts(pair.one.body.tokens), found.titles >= 0.98 and len(pair.one.title.keys) >= 4
    if found.ratio >= 0.98 and pair.apart <= SOON and not pair.own_source and facts >= (1 if titled else 2):
        return _verdict("same", "alike", found.ratio, _likeness(found))
    return None


def _facts(side: Sequence[Token]) -> int:
    return len({token.key for token in side if token.kind in SLOTS})


def _is_excerpt(pair: Pair, found: Found) -> bool:
    rest = 1 - found.contained * found.shorter / max(1, found.longer)
    shorter = min(pair.one, pair.other, key=lambda each: each.body.own)
    if pair.one.marked != pair.other.marked and found.opening >= pair.settings.contained:
        return True
    if found.shorter < SHORT and (found.contained < NEARLY or not _says_enough(shorter, found)):
        return False
    if found.opening >= pair.settings.contained:
        return shorter.cut or found.titles >= 0.5 or found.longer <= 2 * found.shorter
    return rest <= 0.5


def _says_enough(shorter: Reading, found: Found) -> bool:
    return _facts(shorter.body.tokens) >= 2 or (found.titles >= 0.98 and found.shorter >= SHORT // 2)


def _by_title(pair: Pair, found: Found) -> Verdict:
    """An item without a text is another's when its title is long, the same, and of these days."""
    words = len(pair.one.title.keys)
    if (
        words >= 6
        and pair.one.title.keys == pair.other.title.keys
        and found.longer >= 4
        and pair.apart <= SOON
        and not pair.own_source
    ):
        return _verdict("same", "title", 1.0, f"the same title of {words} words within 48 hours; one has no text")
    if found.titles >= 0.98:
        return _verdict("related", "title", found.titles, "the same title; one has no text to compare")
    return _verdict("different", "unlike", found.titles, "one has no text to compare")


# -- not the same ----------------------------------------------------------------------


def _vetoed(pair: Pair, found: Found) -> Verdict:
    """Alike, and yet not the same: what disagrees says so, unless one side says that it corrects the other."""
    said = "; ".join(f"'{each.one}' ≠ '{each.other}'" for each in found.conflicts[:3])
    evidence = f"{_likeness(found)}; {said}"
    if _corrects(pair, found):
        return _verdict("same", "update", found.contained, f"a marked {_mark(pair)}: {evidence}", updated=True)
    if found.ratio >= 0.5 and _one_event(pair, found):
        return _verdict("related", "slots", found.ratio, evidence)
    return _verdict("different", "slots", found.ratio, evidence)


def _mark(pair: Pair) -> str:
    return pair.one.marked or pair.other.marked


def _corrects(pair: Pair, found: Found) -> bool:
    if bool(pair.one.marked) == bool(pair.other.marked) or found.contained < pair.settings.contained - 0.1:
        return False
    allowed = {"number", "time", "part", "word", "subject", "opposite", "polarity"}
    if _mark(pair) == "correction":
        allowed |= {"date", "weekday", "month"}
    return len(found.conflicts) <= 3 and all(each.kind in allowed for each in found.conflicts)


def _one_event(pair: Pair, found: Found) -> bool:
    """Whether who, where and when agree, so that the two tell one event in two states."""
    if any(each.kind != "polarity" for each in found.conflicts):
        return False
    strong = [{key for key, weight in each.telling.items() if weight >= 3} for each in (pair.one, pair.other)]
    return len(strong[0] & strong[1]) >= 2


def _related(pair: Pair, found: Found) -> Verdict:
    score = max(found.ratio, 0.0)
    if found.contained >= pair.settings.contained and found.shorter >= TINY and found.lead >= _LEAD:
        said = f"{found.contained:.0%} of the shorter text stands in the longer, which is mostly about something else"
        return _verdict("related", "contains", found.contained, said)
    if found.ratio >= 0.5 and found.lead < _LEAD:
        return _verdict("different", "lead", score, f"{_likeness(found)}; they open with other news")
    share, strong = _shared(pair)
    if share >= pair.settings.related and strong >= 2:
        return _verdict("related", "subject", share, f"{share:.0%} of what the shorter is about, in other words")
    if linked := _linked(pair):
        return linked
    if found.shorter and max(found.ratio, found.contained) >= 0.5:
        return _verdict("different", "short", score, f"{_likeness(found)}; too little to go by")
    return _verdict("different", "unlike", score, f"{_likeness(found)}")


def _linked(pair: Pair) -> Verdict | None:
    """Whether both tell of one place or person, or of the same figures, and of one topic, in days that are near."""
    one, other = pair.one, pair.other
    about = topics(one.title.tokens, (*other.title.tokens, *other.body.tokens))
    about |= topics(other.title.tokens, (*one.title.tokens, *one.body.tokens))
    found = shared(one.facts, other.facts, about, pair.called)
    needed = enough(pair.apart) * pair.settings.related / Matching().related
    if found.points < needed:
        return None
    special = ", ".join(f"'{each}'" for each in found.special[:3])
    said = f"both tell of {special}" if special else "both tell the same figures"
    return _verdict("related", "subject", min(1.0, found.points / 10), f"{said}, in other words")


def _shared(pair: Pair) -> tuple[float, int]:
    """The share of what the shorter is about that the other has too, by weight, and how many strong ones that are."""
    a, b = pair.one.telling, pair.other.telling
    if pair.one.tongue != pair.other.tongue:
        a, b = ({key: weight for key, weight in each.items() if weight >= 2} for each in (a, b))
    both = [key for key in a if key in b]
    least = min(sum(a.values()), sum(b.values()))
    if not least:
        return 0.0, 0
    return min(1.0, sum(min(a[key], b[key]) for key in both) / least), sum(min(a[key], b[key]) >= 2 for key in both)


def _likeness(found: Found) -> str:
    return f"text {found.ratio:.0%} alike" + ("" if found.order else ", in another order")


def _verdict(verdict: str, rule: str, score: float, evidence: str, updated: bool = False) -> Verdict:
    return Verdict(
        verdict=verdict,  # type: ignore[arg-type]
        rule=rule,
        score=round(min(1.0, max(0.0, score)), 4),
        evidence=evidence.replace("%", " %"),
        updated=updated,
    )
