"""The years of dates that name none, such as the "20 mrt" of a badge.

One badge says little; a list says much, because it has an order and a pace.  Every date that could be meant is a
choice, and the likeliest chain of choices from the newest item to the oldest is taken (Viterbi's algorithm; news as a
Poisson process).  A pause of most of a year counts against a chain, and so does an item out of order, which was
pinned, scheduled or dated back; which of the two is likelier depends on the pace.  Where the source numbers its items,
the numbers tell how much lies between two of them.  A whole date in an item's words, or a moment in the name of its
picture, vouches for the year that it lies by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import lgamma, log
from zoneinfo import ZoneInfo

from aggregator import dates

_DAY = timedelta(days=1)
_YEAR = 365.2425  # days
_BACK = 9  # years that a list may reach back
_PACES = tuple(2.0**power for power in range(9))  # days from one item to the next
_UNEVEN = 4  # news comes in bursts: so many items say as much of the pace as one of a Poisson process
# Costs, as natural logarithms of how unlikely something is.
_SILENT = 2.0  # a year since the newest item
_SLIPPED = 3.0 + log(7)  # an item a few days out of order, and so much more for each week
_MOVED = 4.0 + log(365)  # one that is pinned or was dated back
_REVERSED = 5.0  # a list with its oldest item on top
_VOUCHED = 9.0
_RECENT = log(12)  # an item of the last month
_MONTH = 31
_NEAR = timedelta(days=10)
_HINTS = 10
_TITLE_WORDS = 6
_WHOLE = re.compile(r".{0,40}\b(?:19|20)\d\d\b", re.ASCII | re.DOTALL)
_UPLOADED = re.compile(r"[_-](1[0-9]{9})\.[a-z]{3,4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """How an item says when it was published: *words*, the most trusted first.

    *number* rises with time where the source numbers its items; *hints* are moments that may vouch for a year.
    """

    words: tuple[str, ...]
    number: int | None = None
    hints: tuple[datetime, ...] = ()


def dated(items: Sequence[Written], *, tz: ZoneInfo, now: datetime) -> list[datetime | None]:
    """When each of the *items*, as a page lists them, was published; None where nothing is said."""
    links = [_Link(index, item, _choices(item, tz, now)) for index, item in enumerate(items)]
    chosen: list[datetime | None] = [link.choices[0] if link.choices else None for link in links]
    said = [link for link in links if link.choices]
    if any(len(link.choices) > 1 for link in said):
        for link, moment in _likeliest(said, tz, now):
            chosen[link.index] = moment
    return chosen


def names_no_year(words: str, *, tz: ZoneInfo, now: datetime) -> bool:
    """Whether *words* are a date whose year has to be guessed."""
    return len(_readings(words, tz, now)) > 1


def titled(title: str, *, tz: ZoneInfo, now: datetime) -> tuple[str, ...]:
    """A title that is little more than a whole date of the past, as of the press releases of a day; else nothing."""
    short = len(title.split()) <= _TITLE_WORDS
    found = _readings(title, tz, now) if short and _WHOLE.search(title) else ()
    return (title,) if len(found) == 1 and found[0] <= now else ()


def hints(words: str, addresses: Iterable[str], *, tz: ZoneInfo, now: datetime) -> tuple[datetime, ...]:
    """The whole dates in *words*, and the moments of upload in the *addresses* of pictures."""
    uploaded = (datetime.fromtimestamp(int(found[1]), UTC) for each in addresses for found in _UPLOADED.finditer(each))
    whole = (dates.parse(found, tz=tz, now=now) for found in _WHOLE.findall(words[:20_000])[:_HINTS])
    return tuple(moment for moment in (*whole, *uploaded) if moment and moment <= now + _DAY)[:_HINTS]


# -- what can be meant ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Link:
    """A link of the chain: an item, and what its date can mean."""

    index: int
    item: Written
    choices: tuple[datetime, ...]

    def vouched(self, choice: int, age: int) -> float:
        """What a hint takes off the cost of a choice, and that lists of news are alive."""
        hinted = any(abs(self.choices[choice] - hint) <= _NEAR for hint in self.item.hints)
        return _VOUCHED * hinted + _RECENT * (0 <= age <= _MONTH)


def _choices(item: Written, tz: ZoneInfo, now: datetime) -> tuple[datetime, ...]:
    return next((found for words in item.words if (found := _readings(words, tz, now))), ())


def _readings(words: str, tz: ZoneInfo, now: datetime) -> tuple[datetime, ...]:
    """Every moment that *words* can mean, the latest first; only what has no year can mean several.

    A date without a year is the latest that fits, so it moves when *now* does; one with a year does not, and
    "yesterday" moves by exactly as much.
    """
    latest = dates.parse(words, tz=tz, now=now)
    if latest is None:
        return ()
    if _back(words, _BACK * _YEAR, tz, now) == latest or _moves_along(words, latest, tz, now):
        return (latest,)
    earlier = (_back(words, years * _YEAR, tz, now) for years in range(1, _BACK))
    return tuple(sorted({latest, *filter(None, earlier)}, reverse=True))


def _back(words: str, days: float, tz: ZoneInfo, now: datetime) -> datetime | None:
    """What *words* would have meant so long ago."""
    return dates.parse(words, tz=tz, now=now - days * _DAY)


def _moves_along(words: str, latest: datetime, tz: ZoneInfo, now: datetime) -> bool:
    shifted = _back(words, 3, tz, now)
    return shifted is not None and abs(latest - shifted - 3 * _DAY) < timedelta(hours=2)


# -- what is likely --------------------------------------------------------------------


def _likeliest(links: list[_Link], tz: ZoneInfo, now: datetime) -> Iterator[tuple[_Link, datetime]]:
    """Each link with its choice, in the order and at the pace that cost least.

    The order is that of the source's own numbers, without them the page's, seldom its reverse.
    """
    numbered = len({link.item.number for link in links} - {None}) == len(links)
    orders = [(0.0, links), (_REVERSED, links[::-1])]
    if numbered:
        orders = [(0.0, sorted(links, key=lambda link: -(link.item.number or 0)))]
    ages = {link.index: [_days(now, tz) - _days(choice, tz) for choice in link.choices] for link in links}
    chains = ((_chain(order, numbered, pace, ages), penalty, order) for penalty, order in orders for pace in _PACES)
    (_, chosen), _, order = min(chains, key=lambda found: found[0][0] + found[1])
    return ((link, link.choices[choice]) for link, choice in zip(order, chosen, strict=True))


def _days(moment: datetime, tz: ZoneInfo) -> int:
    return moment.astimezone(tz).toordinal()


def _chain(links: list[_Link], numbered: bool, pace: float, ages: Mapping[int, list[int]]) -> tuple[float, list[int]]:
    """The cheapest chain at a pace of so many days an item: its cost, and the choice at each link.

    *ages* are how many days ago each choice of a link is.
    """
    ends, days, before = [0.0], [0], None
    befores: list[list[int]] = []
    for link in links:
        price = _price(_steps(before, link) if numbered else 1, pace) if before else _silence
        before = link
        here = ages[link.index]
        costs = [[end + price(day - earlier) for end, earlier in zip(ends, days, strict=True)] for day in here]
        best = [min(range(len(each)), key=each.__getitem__) for each in costs]
        befores.append(best)
        cheapest = (each[at] for each, at in zip(costs, best, strict=True))
        ends = [cost - link.vouched(choice, here[choice]) for choice, cost in enumerate(cheapest)]
        days = here
    last = min(range(len(ends)), key=ends.__getitem__)
    return ends[last], _backwards(befores, last)


def _backwards(befores: list[list[int]], last: int) -> list[int]:
    chosen = [last]
    for best in befores[:0:-1]:
        chosen.append(best[chosen[-1]])
    return chosen[::-1]


def _steps(before: _Link, link: _Link) -> int:
    return max(1, (before.item.number or 0) - (link.item.number or 0))


def _silence(pause: float) -> float:
    """How long ago the newest item was says nothing of the pace, and only a little of its year."""
    return abs(pause) / _YEAR * _SILENT


def _price(steps: int, pace: float) -> Callable[[float], float]:
    """What it costs (minus the logarithm of its likelihood) that so many *steps* took a pause of so many days.

    The pause is taken for gamma distributed; a negative one is an item out of order.
    """
    shape = max(1.0, steps / _UNEVEN)
    unit = steps * pace / shape
    constant = lgamma(shape) + shape * log(unit)

    def price(pause: float) -> float:
        if pause < 0:
            return min(_SLIPPED - pause / 7, _MOVED) + shape - 1
        pause = max(0.5, pause)
        return constant - (shape - 1) * log(pause) + pause / unit

    return price
