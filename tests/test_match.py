"""Which story an entry belongs to: each rule both ways, and what must never merge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import merge
from aggregator.match import Known, identify, match, order, same_entry, sentence, sightings
from aggregator.model import Content, Entry, Feed, Link, Match, Matching, Sighting, Source, Story

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")
NORTH = Source(id="north-news", zone="north", url="https://north.example/rss.xml")
SOUTH = Source(id="south-news", zone="south", url="https://south.example/news", key=r"/detail/(?P<key>\d+)")
SETTINGS = Matching()
WINDOW = SETTINGS.window
TITLE = "Politie zoekt getuigen van vluchtmisdrijf"
BODY = "Zaterdagavond werd een fietser aangereden in de Havikskruidlaan. De bestuurder reed door zonder te stoppen."


def entry(
    title: str = TITLE, body: str = BODY, link: str | None = None, id: str = "1", published: datetime | None = NOW
) -> Entry:
    links = (Link(href=link),) if link else ()
    return Entry(id=id, title=title, content=Content(value=f"<p>{body}</p>"), links=links, published=published)


def seen(source: Source, *entries: Entry, at: datetime = NOW) -> tuple[Sighting, ...]:
    return sightings(Feed(id=source.url, title="", entries=entries), source, at, BRUSSELS)


def decide(sighting: Sighting, known: Known) -> Match:
    return match(sighting, known, authority="nieuws.example", settings=SETTINGS)


def known(*many: Sighting) -> Known:
    """What is known after these sightings were decided one by one."""
    stories = Known()
    for one in many:
        found = decide(one, stories)
        stories.put(merge.fold(stories.get(found.story), found, one.seen, same=same_entry))
    return stories


def stories(*many: Sighting) -> list[Story]:
    return sorted(known(*many), key=lambda story: story.id)


def test_a_stranger_founds_a_story() -> None:
    """An entry that shares nothing with anything gets a story of its own, with a tag URI (RFC 4151)."""
    (one,) = seen(NORTH, entry())
    found = decide(one, Known())
    assert found.rule == "first"
    assert found.story.startswith("tag:nieuws.example,2026:story/")


def test_the_same_title_and_text_in_two_zones_is_one_story() -> None:
    """A release under two addresses, word for word the same, is one story; the second says why."""
    (north,) = seen(NORTH, entry(link="https://north.example/a"))
    (south,) = seen(SOUTH, entry(link="https://south.example/nl/detail/7/b", published=NOW + timedelta(hours=3)))
    (story,) = stories(north, south)
    assert story.zones == ("north", "south")
    assert [sentence(member) for member in story.members] == [
        "founded the story",
        "has the same title and the same text",
    ]


def test_case_and_punctuation_are_no_difference() -> None:
    """What a reader reads as the same words is the same text."""
    (north,) = seen(NORTH, entry())
    (south,) = seen(SOUTH, entry(TITLE.upper(), BODY.replace(". ", " …  "), link="https://south.example/detail/7/"))
    assert len(stories(north, south)) == 1


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Resultaten snelheidscontroles week 47", "Van de 1.182 bestuurders reden er 93 te snel op de Zandhoningweg."),
        ("Resultaten snelheidscontroles week 46", "Van de 1.182 bestuurders reden er 94 te snel op de Zandhoningweg."),
    ],
)
def test_news_from_a_template_is_different_news(title: str, body: str) -> None:
    """One number that differs, in the title or in the text, keeps two stories apart."""
    first = entry(
        "Resultaten snelheidscontroles week 46", "Van de 1.182 bestuurders reden er 93 te snel op de Zandhoningweg."
    )
    (north,) = seen(NORTH, first)
    (south,) = seen(SOUTH, entry(title, body, link="https://south.example/detail/7/x"))
    assert len(stories(north, south)) == 2


def test_the_same_words_next_year_are_another_story() -> None:
    """Campaigns come back verbatim; beyond the window nothing merges by its text."""
    (north,) = seen(NORTH, entry())
    later = NOW + WINDOW + timedelta(seconds=1)
    (south,) = seen(SOUTH, entry(link="https://south.example/detail/7/", published=later), at=later)
    (inside,) = seen(SOUTH, entry(link="https://south.example/detail/8/", published=NOW + WINDOW), at=later)
    assert len(stories(north, south)) == 2
    assert len(stories(north, inside)) == 1


def test_a_source_that_repeats_itself_later_means_it_anew() -> None:
    """Inside one source the same words are the same publication for two days only."""
    (first,) = seen(NORTH, entry(id="1"))
    soon, later = NOW + timedelta(hours=48), NOW + timedelta(hours=49)
    (again,) = seen(NORTH, entry(id="2", published=soon), at=soon)
    (anew,) = seen(NORTH, entry(id="3", published=later), at=later)
    assert len(stories(first, again)) == 1
    assert len(stories(first, anew)) == 2


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Persbericht", "Lees het volledige bericht in de bijlage hieronder."),
        (TITLE, "Meer nieuws volgt later vandaag."),
    ],
)
def test_too_few_words_prove_nothing(title: str, body: str) -> None:
    """A short title or a stub of a text is no evidence, however equal."""
    (north,) = seen(NORTH, entry(title, body))
    (south,) = seen(SOUTH, entry(title, body, link="https://south.example/detail/7/"))
    assert len(stories(north, south)) == 2


def test_one_address_in_two_sources_is_one_story() -> None:
    """The same item through two feeds has one address, whatever was added to it on the way."""
    (north,) = seen(NORTH, entry("Een titel", link="https://www.site.example/a?utm_source=rss"))
    (south,) = seen(SOUTH, entry("Een andere titel", link="http://site.example/a/"))
    (story,) = stories(north, south)
    assert story.members[1].rule == "url"


def test_an_address_with_another_text_is_a_list_page() -> None:
    """Two texts that have no words in common are two items, though both link to the same page."""
    other = (
        "Vrijdag sluit het onthaal om vier uur wegens een opleiding van al onze medewerkers samen in het gemeentehuis."
    )
    (north,) = seen(NORTH, entry(link="https://site.example/news"))
    (south,) = seen(SOUTH, entry("Onthaal sluit vroeger", other, link="https://site.example/news"))
    assert len(stories(north, south)) == 2


def test_items_that_share_an_address_in_one_document_are_not_known_by_it() -> None:
    """A feed whose items all link to one page keeps its items."""
    link = "https://north.example/news.html"
    many = [entry(f"Bericht nummer {n} van vandaag", f"Tekst {n}", link=link, id=str(n)) for n in range(20)]
    assert len(stories(*seen(NORTH, *many))) == 20


def test_an_edited_entry_is_the_same_entry() -> None:
    """A guid that its source showed before is that entry, whatever it says now; and never a copy of itself."""
    (before,) = seen(NORTH, entry(link="https://north.example/a"))
    (after,) = seen(NORTH, entry("Vluchtmisdrijf opgelost", "Hij meldde zich.", link="https://north.example/a2"))
    (story,) = stories(before, after)
    assert [member.sighting.entry.title for member in story.members] == ["Vluchtmisdrijf opgelost"]
    assert story.members[0].rule == "first"


def test_a_changed_guid_is_recognised_by_the_address() -> None:
    """A system that gives its items new guids does not make them new; the old guid still counts afterwards."""
    (before,) = seen(NORTH, entry(id="http://old/1", link="https://north.example/a"))
    (moved,) = seen(NORTH, entry(id="https://new/1", link="https://north.example/a"))
    stories_ = known(before, moved)
    assert identify(moved, stories_, moved.keys)
    (story,) = stories_
    assert len(story.members) == 1
    assert {"guid:north-news:http://old/1", "guid:north-news:https://new/1"} <= set(story.members[0].sighting.keys)


def test_the_sources_own_key_outlives_slug_and_title() -> None:
    """Where the operator's pattern finds a key, it is the identity, and the slug beside it does not matter."""
    (before,) = seen(SOUTH, entry(id="x", link="https://south.example/detail/7/oude-titel"))
    (after,) = seen(SOUTH, entry("Nieuwe titel", id="y", link="https://south.example/detail/7/nieuwe-titel"))
    (other,) = seen(SOUTH, entry("Nog een", "Iets anders.", id="z", link="https://south.example/detail/8/nog-een"))
    assert same_entry(before, after)
    assert not same_entry(before, other)


def test_two_own_keys_are_two_entries_under_one_guid() -> None:
    """A useless guid does not unite what the source's own key tells apart."""
    one, two = seen(
        SOUTH,
        entry("Eerste bericht van vandaag", "a", id="same", link="https://south.example/detail/7/"),
        entry("Tweede bericht van vandaag", "b", id="same", link="https://south.example/detail/8/"),
    )
    assert not same_entry(one, two)


def test_a_guid_means_nothing_in_another_source() -> None:
    """Guids are unique within one feed only: a number in two feeds is a coincidence."""
    (north,) = seen(NORTH, entry("Eerste bericht van vandaag", "Over het verkeer in de Havikskruidlaan.", id="17"))
    (south,) = seen(replace(SOUTH, key=None), entry("Tweede bericht van vandaag", "Over de markt.", id="17"))
    assert len(stories(north, south)) == 2


def test_of_two_stories_that_fit_the_earliest_is_taken() -> None:
    """The machine never unites two stories; a copy that fits both joins the one that was published first."""
    (early,) = seen(NORTH, entry(id="1", published=NOW - timedelta(days=3)))
    (late,) = seen(NORTH, entry(id="2", published=NOW))
    (copy,) = seen(SOUTH, entry(link="https://south.example/detail/7/"))
    both = known(early, late)
    assert len(list(both)) == 2
    assert decide(copy, both).story == decide(early, both).story


def test_ids_come_back_after_a_loss() -> None:
    """The same entries give the same ids in an empty database, whatever the clock says."""
    first = seen(NORTH, entry(id="1"), entry("Een ander bericht van vandaag", "Kort.", id="2"))
    again = seen(NORTH, *(one.entry for one in first), at=NOW + timedelta(days=300))
    assert [story.id for story in stories(*first)] == [story.id for story in stories(*again)]


@given(st.permutations(range(6)))
def test_the_order_within_a_turn_does_not_matter(shuffled: list[int]) -> None:
    """Entries that were seen together give the same stories, in whatever order they came."""
    many = [
        *seen(
            NORTH,
            *(entry(f"Bericht nummer {n} van vandaag", f"{BODY} {n}", id=str(n)) for n in range(3)),
        ),
        *seen(
            SOUTH,
            *(
                entry(
                    f"Bericht nummer {n} van vandaag", f"{BODY} {n}", id=str(n), link=f"https://s.example/detail/{n}/"
                )
                for n in range(3)
            ),
        ),
    ]
    assert stories(*order(many[index] for index in shuffled)) == stories(*order(many))


def test_today_without_a_time_is_when_it_was_first_seen() -> None:
    """A page that names the day only does not put its newest item under this morning's."""
    midnight = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    (today,) = seen(SOUTH, entry(published=midnight, link="https://south.example/detail/7/"))
    assert today.timeless
    later = NOW + timedelta(hours=5)
    (again,) = seen(SOUTH, entry(published=midnight, link="https://south.example/detail/7/"), at=later)
    (story,) = stories(today, again)
    assert story.published == NOW
    assert story.members[0].sighting.entry.published == NOW
    assert story.changed == NOW


def test_an_older_day_without_a_time_stays_as_it_was_said() -> None:
    """Only today's midnight is doubted."""
    midnight = datetime(2026, 11, 1, 23, 0, tzinfo=UTC)
    (story,) = stories(*seen(SOUTH, entry(published=midnight, link="https://south.example/detail/7/")))
    assert story.published == midnight


def test_the_future_is_not_believed() -> None:
    """An entry dated next week is published when it was seen, and does not stick to the top."""
    (story,) = stories(*seen(NORTH, entry(published=NOW + timedelta(days=7))))
    assert story.published == NOW
