"""What does not go straight through: floods, sites that moved, notices, what was deleted; and what nothing forgets."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import guards, hand
from aggregator.guards import judge
from aggregator.hand import Hand
from aggregator.match import Known, sightings
from aggregator.model import Category, Config, Content, Entry, Feed, Guard, Link, Notices, Poll, Sighting, Text
from aggregator.settle import settle
from aggregator.store import Store, Tx
from tests.databases import migrated
from tests.stories import CONFIG, HZ_NEWS, NOW

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BRUSSELS = ZoneInfo("Europe/Brussels")
SUBJECTS = (
    "Fietser gewond bij ongeval op de Havikskruidlaan",
    "Inbreker betrapt in een garage te Bolderberg",
    "Nieuwe wijkinspecteur stelt zich voor in Eversel",
    "Politie graveert fietsen op het Marktplein",
    "Hinder door werken aan de Korhoenstraat",
    "Vals geld opgedoken bij een bakker in Zolder",
    "Openingsuren van het commissariaat rond Kerstmis",
    "Hond Bako vindt verborgen buit terug",
    "Oefening met de brandweer in het oude station",
    "Bromfietser vlucht weg voor een controle",
)


def entry(number: int, *, guid: str = "", host: str = "hz.example", words: str = "", day: int | None = None) -> Entry:
    """Item *number*: its guid, host, words and day of publication may be others than at first."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    body = words or f"{subject}. Dit staat in bericht {number}, en daar komt nog meer over in een later nieuwsbericht."
    published = NOW - (number + 1) * DAY if day is None else NOW + day * DAY
    return Entry(
        id=guid or f"item-{number}",
        title=f"{subject}, deel {number}",
        published=published,
        links=(Link(href=f"https://{host}/bericht/{number}"),),
        content=Content(value=f"<p>{body}</p>"),
    )


def seen(entries: Sequence[Entry], at: datetime) -> tuple[Sighting, ...]:
    return sightings(Feed(id=HZ_NEWS.url, title="", entries=tuple(entries)), HZ_NEWS, at, BRUSSELS)


def show(store: Store, entries: Sequence[Entry], hours: int, config: Config = CONFIG) -> Poll:
    """The source shows *entries*, so many hours after the beginning; what came of it."""
    at = NOW + hours * HOUR

    def turn(tx: Tx) -> Poll:
        last = tx.polls.of(HZ_NEWS.id)
        first = last.first_success if last else at
        poll = Poll(
            source=HZ_NEWS.id,
            url=HZ_NEWS.url,
            at=at,
            next_poll=at,
            status="ok",
            entries=len(entries),
            first_success=first,
            last_success=at,
        )
        settled = settle(tx, seen(entries, at), poll, config)
        tx.polls.note(settled)
        return settled

    return store.submit(turn).result()


def fresh(store: Store) -> int:
    found = store.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["hz"]))
    return len(found.get("a@example.be", ()))


@pytest.fixture
def read(store: Store) -> Store:
    """A store in which the source has shown eight items, as its first success, to a subscriber."""
    store.submit(lambda tx: tx.audience.enrol("d", ["a@example.be"], NOW)).result()
    assert show(store, [entry(n) for n in range(8)], 0).new == 8
    return store


# -- sites that moved -----------------------------------------------------------------


def test_a_site_that_moved_is_no_news(read: Store) -> None:
    """Known items under new guids, addresses and dates are known: no story, nothing to mail, nothing held."""
    before = read.look(lambda tx: tx.stories.counts())
    moved = show(read, [entry(n, guid=f"nieuw-{n}", host="nieuw.example/v2", day=0) for n in range(8)], 1)
    assert (moved.new, moved.held) == (0, 0)
    assert any("has the site moved" in words for words in moved.problems)
    assert read.look(lambda tx: tx.stories.counts()) == before
    assert fresh(read) == 0
    again = show(
        read, [entry(8, day=0), *(entry(n, guid=f"nieuw-{n}", host="nieuw.example/v2", day=0) for n in range(8))], 2
    )
    assert (again.new, again.held, again.problems) == (1, 0, ())
    assert fresh(read) == 1


def test_what_is_not_recognised_after_a_move_is_held(read: Store) -> None:
    """Among items that came back under new identities an unknown one waits for the operator: it may be history too."""
    entries = [entry(n, guid=f"nieuw-{n}", host="nieuw.example/v2", day=0) for n in range(6)]
    moved = show(read, [*entries, entry(20, day=0), entry(21, day=0)], 1)
    assert (moved.new, moved.held) == (2, 2)
    assert fresh(read) == 0
    held = read.look(lambda tx: tx.stories.held())
    who = Hand(who="an", at=NOW + 2 * HOUR)
    read.submit(lambda tx: hand.release(tx, held[0].id, who)).result()
    read.submit(lambda tx: hand.absorb(tx, held[1].id, who)).result()
    assert fresh(read) == 1
    assert read.look(lambda tx: tx.stories.held()) == []
    assert show(read, [*entries, entry(20, day=0), entry(21, day=0)], 3).held == 0


def teaser(number: int, *, guid: str = "", host: str = "hz.example", article: bool = False) -> Entry:
    """An item of a list with a teaser, or with the article behind it."""
    whole = entry(number, guid=guid, host=host)
    content = Content(value=f"<p>{whole.content.value if whole.content else ''} En nog veel meer.</p>")
    return replace(whole, summary=Text(value=f"Kort over {number}."), content=content if article else None)


def test_a_list_of_teasers_that_moved_is_known_by_its_titles(store: Store) -> None:
    """Where the kept words are those of the article, an item is known by its title and its day or its teaser."""
    show(store, [teaser(n, article=True) for n in range(8)], 0)
    moved = [teaser(n, guid=f"nieuw-{n}", host="nieuw.example") for n in range(8)]
    moved[0] = replace(moved[0], published=None)
    found = show(store, [*moved, replace(teaser(9), published=NOW + HOUR)], 2)
    assert (found.new, found.held) == (1, 1)
    assert len(store.look(lambda tx: tx.stories.newest(["hz"], 99))) == 8


def test_a_title_alone_is_no_identity(store: Store) -> None:
    """Titles that a series shares, or of another day and teaser, make no item known."""
    series = [replace(teaser(n, article=True), title="Verkeerscontrole") for n in range(8)]
    show(store, series, 0)
    again = [replace(teaser(n, guid=f"x{n}", host="nieuw.example"), title="Verkeerscontrole") for n in range(8)]
    assert show(store, again, 2).held == 8


def test_a_few_new_identities_are_no_move(read: Store) -> None:
    """Two items that were posted again, and one that is new, are the daily business of an editor."""
    few = [*(entry(n) for n in range(2, 8)), entry(0, guid="n-0"), entry(1, guid="n-1"), entry(9, day=0)]
    found = show(read, few, 1)
    assert (found.new, found.held, found.problems) == (1, 0, ())


def test_a_list_that_was_replaced_by_older_items_is_held(read: Store) -> None:
    """A whole list of unknown items from before the last poll is a site that moved and rewrote its history."""
    found = show(read, [entry(n) for n in range(30, 36)], 1)
    assert (found.new, found.held) == (6, 6)
    assert fresh(read) == 0


def test_a_list_that_was_replaced_by_newer_items_is_news(read: Store) -> None:
    """A busy day replaces a short list whole: age alone keeps nothing out, and youth nothing in doubt."""
    found = show(read, [replace(entry(n), published=NOW + n * timedelta(minutes=1)) for n in range(30, 36)], 24)
    assert (found.new, found.held) == (6, 0)
    assert fresh(read) == 6


def test_undated_items_after_a_long_silence_are_news(read: Store) -> None:
    """A list without dates that changed whole within a week is doubtful; after a month it is not."""
    undated = [replace(entry(n), published=None) for n in range(40, 46)]
    assert show(read, undated, 24 * 30).held == 0
    others = [replace(entry(n), published=None) for n in range(50, 56)]
    assert show(read, others, 24 * 31).held == 6


def test_a_move_behind_an_empty_list_is_held(read: Store) -> None:
    """A site that shows nothing for an hour and then another list of older items has moved all the same."""
    assert show(read, [], 1).held == 0
    assert show(read, [entry(n) for n in range(30, 36)], 2).held == 6


def test_what_fills_an_empty_list_is_news(store: Store) -> None:
    """A source that was empty, and brings items without dates, brings news."""
    show(store, [], 0)
    assert show(store, [replace(entry(n), published=None) for n in range(6)], 1).held == 0


def test_a_new_pattern_is_no_move(read: Store) -> None:
    """Items that get a key of their own because the operator wrote a pattern have not moved."""
    source = replace(HZ_NEWS, key=r"/bericht/(?P<key>\d+)")
    entries = (entry(20, day=0), *(entry(n) for n in range(8)))
    looks = sightings(Feed(id=source.url, title="", entries=entries), source, NOW + HOUR, BRUSSELS)
    last = read.look(lambda tx: tx.polls.of(HZ_NEWS.id))
    assert last is not None
    found = read.submit(lambda tx: settle(tx, looks, replace(last, at=NOW + HOUR, problems=()), CONFIG)).result()
    assert (found.new, found.held, found.problems) == (1, 0, ())


def test_guids_that_never_last_hold_nothing_for_ever(read: Store) -> None:
    """A source that makes new guids at every look is known by its addresses, and its new items are not held."""
    for hour in range(1, 6):
        found = show(read, [entry(n, guid=f"{hour}-{n}") for n in range(8)], hour)
        assert (found.new, found.held) == (0, 0)
    found = show(read, [entry(9, guid="6-9", day=0), *(entry(n, guid=f"6-{n}") for n in range(7))], 6)
    assert (found.new, found.held) == (1, 0)


def test_the_same_words_twice_in_one_list_are_two_items(store: Store) -> None:
    """A copy whose guid stands in the document itself is another entry, and lends nobody its identity."""
    words = "Deze week staat de flitspaal op de gewone plaats, zoals elke week."
    weekly = [replace(entry(n, words=words), title="De flitspaal staat er weer") for n in range(5)]
    show(store, weekly, 0)
    assert show(store, [replace(entry(9, words=words, day=0), title="De flitspaal staat er weer"), *weekly], 1).new == 1


# -- floods ----------------------------------------------------------------------------


@pytest.mark.parametrize(("many", "held"), [(4, 0), (5, 5), (9, 9)])
def test_a_flood_is_as_large_as_the_operator_says(read: Store, many: int, held: int) -> None:
    """As many unknown items at once as [guard].flood says are held, whole; one fewer are not."""
    config = replace(CONFIG, guard=Guard(flood=5))
    entries = [*(entry(n, day=0) for n in range(60, 60 + many)), *(entry(n) for n in range(8))]
    assert show(read, entries, 1, config).held == held


def test_a_flood_that_is_seen_again_stays_held(read: Store) -> None:
    """The next poll neither lets what is held go nor holds what is not."""
    config = replace(CONFIG, guard=Guard(flood=5))
    entries = [*(entry(n, day=0) for n in range(60, 66)), *(entry(n) for n in range(8))]
    show(read, entries, 1, config)
    again = show(read, [entry(70, day=0), *entries], 2, config)
    assert (again.new, again.held) == (1, 0)
    assert len(read.look(lambda tx: tx.stories.held())) == 6
    assert fresh(read) == 1


# -- nothing is forgotten ------------------------------------------------------------------


@given(st.lists(st.lists(st.integers(0, 7), unique=True, max_size=8), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_absence_means_nothing(looks: list[list[int]]) -> None:
    """Whatever part of its items a source shows, in whatever order, no story goes, none comes, and nothing is held."""
    with tempfile.TemporaryDirectory() as folder, Store(migrated(Path(folder) / "a.db")) as store:
        show(store, [entry(n) for n in range(8)], 0)
        before = store.look(lambda tx: [story.id for story in tx.stories.newest(("hz",), 99)])
        for hour, look in enumerate(looks, start=1):
            found = show(store, [entry(n) for n in look], hour)
            assert (found.new, found.held) == (0, 0)
        assert store.look(lambda tx: [story.id for story in tx.stories.newest(("hz",), 99)]) == before


# -- notices of wanted and missing persons ----------------------------------------------------


@pytest.mark.parametrize(
    ("title", "category", "expected"),
    [
        ("Opsporingsbericht: wie kent deze man?", None, True),
        ("OPSPORING VERZOCHT na diefstal", None, True),
        ("Vermist: Jan Janssens (14) uit Ham", None, True),
        ("Wie herkent deze tas?", None, True),
        ("Man gezocht na vluchtmisdrijf", "Opsporingsberichten", True),
        ("Getuigen gezocht van een ongeval", None, False),
        ("Vermiste hond terecht", None, False),
        ("Verkeerscontrole in Ham", "Verkeer", False),
    ],
)
def test_a_notice_is_known_by_category_or_title(title: str, category: str | None, expected: bool) -> None:
    """By default, in the words that these notices are usually published with."""
    categories = (Category(term="12", label=category),) if category else ()
    made = Entry(id="1", title=title, categories=categories)
    assert guards.is_notice(made, Notices()) is expected


def test_notices_are_left_out_unless_they_are_wanted() -> None:
    """Off by default: not stored, and told; with publish they are taken like everything else."""
    both = seen([entry(1), replace(entry(2), title="Vermist: een meisje")], NOW)
    kept, said = guards.without_notices(both, Notices())
    assert ([one.entry.id for one in kept], said) == (
        ["item-1"],
        ("1 notice of wanted or missing persons left out ([notices].publish)",),
    )
    assert guards.without_notices(both, Notices(publish=True)) == (both, ())


# -- laws -----------------------------------------------------------------------------------


@given(st.permutations(list(range(8))))
@settings(deadline=None)
def test_the_order_of_a_document_decides_nothing(order: list[int]) -> None:
    """The same items in another order are judged the same."""
    document = [entry(n) if n % 3 else entry(n, guid=f"x{n}") for n in order]
    known = Known()
    last = Poll(source="hz-nieuws", url="", at=NOW, next_poll=NOW, status="ok", first_success=NOW, last_success=NOW)
    found = judge(seen(document, NOW), [None] * 8, known, replace(last, entries=8), Guard(flood=8))
    assert (found.unknown, found.held) == (8, True)
