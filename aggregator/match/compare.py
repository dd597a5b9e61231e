"""Whether two sightings are one story: certain rules first, then likeness.

The river (``rules``) and ``evaluate`` judge two items by this and nothing else.  An address is believed unless the
words disagree in a fact: between zones it is easily claimed, and one of the two then claims what is the other's; inside
a zone it is given anew, to next month's item, where the dates are days apart.
"""

from __future__ import annotations

from dataclasses import replace

from aggregator.match import certain
from aggregator.match.alike import judge
from aggregator.match.commonplaces import NONE, Commonplaces
from aggregator.match.measure import Pair
from aggregator.match.reading import called, reading
from aggregator.model import Matching, Sighting, Verdict

_SAID = {
    "own-key": "the source's own key is the same",
    "guid": "the source's id is the same",
    "url": "the address is the same",
    "text": "the title and the text are the same",
}


def compare(
    one: Sighting,
    other: Sighting,
    *,
    settings: Matching,
    commonplaces: Commonplaces = NONE,
    repeats: bool = False,
    brief: bool = False,
) -> Verdict:
    """Whether *one* and *other* are the same story, related or different; the order of the two does not matter.

    With *repeats* a source that says it again is judged as another source would be.  *brief* is for who does not ask
    why two are different: the verdict is the same, and sooner found.
    """
    first, second = _ordered(one, other, one.keys, other.keys)
    in_common = not frozenset(first.keys).isdisjoint(second.keys)  # every certain rule wants a key
    for rule, fits in certain.rules(settings.window) if in_common else ():
        if fits(first, second):
            if rule == "url" and (denied := claimed(first, second, settings, commonplaces, brief=brief)):
                return denied
            return Verdict(verdict="same", rule=rule, score=1.0, evidence=_SAID[rule])
    return _alike(first, second, settings, commonplaces, repeats=repeats, brief=brief)


def _ordered(
    one: Sighting, other: Sighting, keys: tuple[str, ...], others: tuple[str, ...]
) -> tuple[Sighting, Sighting]:
    """The two in an order of their own, given the keys of each."""
    rank = one.published, one.source, keys, one.words
    return (one, other) if rank <= (other.published, other.source, others, other.words) else (other, one)


def _alike(
    first: Sighting, second: Sighting, settings: Matching, commonplaces: Commonplaces, *, repeats: bool, brief: bool
) -> Verdict:
    """The verdict where no key says anything."""
    apart = abs(first.published - second.published)
    if apart > max(settings.window, settings.related_window):
        return Verdict(verdict="different", rule="window", score=0.0, evidence=f"{apart.days} days apart")
    readings = reading(first, commonplaces), reading(second, commonplaces)
    pair = Pair(
        *readings,
        apart=apart,
        own_source=first.source == second.source and not repeats,
        settings=settings,
        called=(called(first), called(second)),
    )
    return _in_time(judge(pair, brief=brief), pair)


def claimed(
    one: Sighting, other: Sighting, settings: Matching, commonplaces: Commonplaces, *, brief: bool = False
) -> Verdict | None:
    """Why two items that give one address are two; None where nothing disagrees."""
    if one.zone == other.zone and abs(one.published - other.published) <= certain.REPOST:
        return None
    if abs(one.published - other.published) > settings.window:  # next year's is judged by its words all the same
        other = replace(other, seen=one.published, entry=replace(other.entry, published=one.published))
    said = by_words(one, other, settings, commonplaces, repeats=True, brief=brief)
    return said if (said.verdict, said.rule) == ("different", "slots") else None


def by_words(
    one: Sighting,
    other: Sighting,
    settings: Matching,
    commonplaces: Commonplaces,
    *,
    repeats: bool = False,
    brief: bool = False,
) -> Verdict:
    """The verdict when the address of either is not believed."""
    keys = _without_address(one), _without_address(other)
    if frozenset(keys[0]).isdisjoint(keys[1]):
        return _alike(*_ordered(one, other, *keys), settings, commonplaces, repeats=repeats, brief=brief)
    bare = (replace(each, keys=some) for each, some in zip((one, other), keys, strict=True))
    return compare(*bare, settings=settings, commonplaces=commonplaces, repeats=repeats, brief=brief)


def _without_address(sighting: Sighting) -> tuple[str, ...]:
    return tuple([key for key in sighting.keys if not key.startswith("url:")])


def _in_time(verdict: Verdict, pair: Pair) -> Verdict:
    """What comes again after the window is another publication of the same, and what is linked has a window too."""
    settings, days = pair.settings, pair.apart.days
    if verdict.verdict == "same" and pair.apart > settings.window:
        verdict = replace(verdict, verdict="related", rule="window", evidence=f"{verdict.evidence}; {days} days apart")
    if verdict.verdict == "related" and pair.apart > settings.related_window:
        return replace(verdict, verdict="different", rule="window", evidence=f"{verdict.evidence}; {days} days apart")
    return verdict
