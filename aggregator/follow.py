"""Where a list leads: to the pages that continue it, and to the articles behind its items.

The pages (``[sources.page].pages``) are asked for until a source has been read for the first time, never after.

The articles (``[sources.article]``) are read along with a poll.  A list shows teasers; the page behind an item has
its text and its moment.  It is asked for when its item is first seen, and again, conditionally, when the list shows
the item with other words.  At most ``most`` are asked for in a poll, one after the other, under the manners of every
request; the rest comes with the next polls.  What cannot be read is tried again in later polls, so many times and no
more.
Whatever becomes of an article, its item is kept as the list has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin

from aggregator.errors import FetchError, ParseError
from aggregator.match import Known, same_entry
from aggregator.model import Entry, Feed, Kept, Response, Sighting, Source, Story, Unread, Validators
from aggregator.model.units import numbered
from aggregator.parse import article
from aggregator.reading import sighted, with_article
from aggregator.schedule import RETRY, kept, renewed
from aggregator.workers import Workers

ATTEMPTS = 3
"""How often an article is asked for that cannot be read."""

Ask = Callable[[str, Validators | None], Awaitable[Response]]


async def further(source: Source, ask: Ask) -> tuple[tuple[Response, ...], tuple[str, ...]]:
    """The pages that continue a page, up to the first that does not come, and in words why it did not."""
    found: list[Response] = []
    for url in _pages(source):
        try:
            answer = await ask(url, None)
        except FetchError as failure:
            return tuple(found), (f"{url}: {failure}",)
        if answer.status != 200:
            return tuple(found), (f"{url}: the server answered {answer.status}; from there on no page was read",)
        found.append(answer)
    return tuple(found), ()


def _pages(source: Source) -> tuple[str, ...]:
    pages = numbered(source.page.pages) if source.page and source.page.pages else ()
    return tuple(url for page in pages if (url := urljoin(source.url, page)) != source.url)


@dataclass(frozen=True, slots=True)
class Plan:
    """An item of a list: what was kept of it *before*, how often its article failed, and whether it is *wanted*.

    *validators* are those of the article that was read before.
    """

    sighting: Sighting
    before: Entry | None
    attempts: int
    wanted: bool
    validators: Validators | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A list with the articles of its items, the items whose articles are still to come, and those that were read."""

    feed: Feed
    seen: tuple[Sighting, ...]
    unread: tuple[Unread, ...]
    articles: tuple[Kept, ...]


async def fill(
    feed: Feed,
    plans: Sequence[Plan],
    source: Source,
    *,
    ask: Ask,
    has_time: Callable[[], bool],
    workers: Workers,
    timezone: str,
    now: datetime,
) -> Filled:
    """Ask for the wanted articles, as many as a poll may, and put what they say into the entries of *feed*.

    Once *has_time* says no, the rest comes with the next poll.

    An answer that does not come, or asks for patience, ends the asking until the next poll.
    """
    entries = [_as_before(plan, source) for plan in plans]
    validators = [plan.validators for plan in plans]
    unread: dict[int, Unread] = {}
    failures: list[str] = []
    patience = source.article.most if source.article else 0
    for index in _in_turn(plans):
        plan = plans[index]
        attempts = plan.attempts
        if patience and has_time():
            patience -= 1
            try:
                entries[index], validators[index] = await _read(entries[index], plan, source, ask, workers, timezone)
                continue
            except (FetchError, ParseError) as failure:
                attempts += 1
                failures.append(f"{entries[index].link}: {failure}")
                patience = 0 if isinstance(failure, FetchError) else patience
        if attempts < ATTEMPTS:
            unread[index] = Unread(key=plan.sighting.keys[0], attempts=attempts)
    problems = (*feed.problems, *_told(failures))
    filled = replace(feed, entries=tuple(entries), problems=problems)
    seen = await workers.run(sighted, filled, source, timezone, now)
    articles = (Kept(key=p.sighting.keys[0], validators=v) for p, v in zip(plans, validators, strict=True) if v)
    return Filled(filled, seen, tuple(unread.values()), tuple(articles))


def plan(
    seen: Sequence[Sighting],
    known: Sequence[Story],
    unread: Sequence[Unread],
    source: Source,
    articles: Sequence[Kept] = (),
) -> tuple[Plan, ...]:
    """What is to become of each item, given the stories that are *known* and, of the last poll, what was *unread* and
    which *articles* were read.
    """
    attempts = {each.key: each.attempts for each in unread}
    validators = {each.key: each.validators for each in articles}
    index = Known(known)
    return tuple(_plan(sighting, index, attempts, validators, source) for sighting in seen)


def _plan(
    sighting: Sighting, known: Known, attempts: dict[str, int], validators: dict[str, Validators], source: Source
) -> Plan:
    members = (member.sighting for story in known.sharing(sighting) for member in story.members)
    before = next((member.entry for member in members if same_entry(sighting, member)), None)
    tried = next((attempts[key] for key in sighting.keys if key in attempts), None)
    edited = before is not None and _shown(article.kept(sighting.entry, before, source)) != _shown(before)
    wanted = sighting.entry.link is not None and (before is None or tried is not None or edited)
    return Plan(sighting, before, tried or 0, wanted, validators.get(sighting.keys[0]) if before else None)


def _shown(entry: Entry) -> tuple[object, ...]:
    return entry.title, entry.summary


def _as_before(plan: Plan, source: Source) -> Entry:
    return article.kept(plan.sighting.entry, plan.before, source) if plan.before else plan.sighting.entry


def _in_turn(plans: Sequence[Plan]) -> list[int]:
    """The wanted ones: what was never tried before what failed, what is new before what was edited, else as listed."""
    wanted = [index for index, plan in enumerate(plans) if plan.wanted]
    return sorted(wanted, key=lambda index: (plans[index].attempts, plans[index].before is not None, index))


async def _read(
    entry: Entry, plan: Plan, source: Source, ask: Ask, workers: Workers, timezone: str
) -> tuple[Entry, Validators | None]:
    """The entry with its article, and the article's validators; as it is, where the article is as it was (304)."""
    assert entry.link is not None
    answer = await ask(entry.link, plan.validators)
    if answer.status == 304 and plan.validators:
        return entry, renewed(answer, plan.validators)
    if answer.status != 200:
        raise (FetchError if answer.status in RETRY else ParseError)(f"the server answered {answer.status}")
    return await workers.run(with_article, answer, entry, source, timezone), kept(answer)


def _told(failures: list[str]) -> tuple[str, ...]:
    if not failures:
        return ()
    many = "1 article" if len(failures) == 1 else f"{len(failures)} articles"
    return (f"{many} could not be read, and the list's own words stand in; the last: {failures[-1]}",)
