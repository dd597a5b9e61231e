"""Which stories a stream shows, how, and when they are news to its digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator import config as configuration
from aggregator import post, select
from aggregator.daemon.rendering import note_presentation, render_all
from aggregator.errors import ConfigError
from aggregator.model import Category, Config, Digest, Source, Story, Stream
from aggregator.store import Store, Tx
from tests.stories import BHT_NEWS, CONFIG, HZ_NEWS, NOW, joint, sighting, story

CONTROL = story(sighting("bht", "Verkeerscontrole op de Zandhoningweg", "Eén bestuurder reed 121.", key="1"), number=1)
BURGLARY = story(
    sighting(
        "hz", "Inbraak in Bolderberg", "De buit is klein.", key="2", categories=(Category(term="7", label="Inbraak"),)
    ),
    number=2,
)
JOINT = joint(3)
ALL = (CONTROL, BURGLARY, JOINT)
DAY = timedelta(days=1)


def config(**stream: object) -> Config:
    return replace(CONFIG, streams=(Stream(id="samenwerking", title="Samen", **stream),))  # type: ignore[arg-type]


def titles(settings: Config, *stories: Story) -> list[str]:
    stream = settings.streams[0]
    return sorted(found.lead.entry.title for found in select.newest_first(stories or ALL, settings, stream))


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ({}, [CONTROL, BURGLARY, JOINT]),
        ({"zones": ("hz",)}, [BURGLARY, JOINT]),
        ({"sources": ("bht-nieuws",)}, [CONTROL, JOINT]),
        ({"zones": ("hz",), "sources": ("bht-nieuws",)}, []),
        ({"categories": ("INBRAAK",)}, [BURGLARY]),
        ({"categories": ("7",)}, [BURGLARY]),
        ({"include": ("verkeers*",)}, [CONTROL, JOINT]),
        ({"include": ("/reed \\d{3}/", "buit")}, [CONTROL, BURGLARY]),
        ({"include": ("verkeers*",), "exclude": ("commissaris",)}, [CONTROL]),
        ({"exclude": ("verkeers*", "inbraak")}, []),
        ({"joint_only": True}, [JOINT]),
    ],
)
def test_a_stream_shows_what_it_asks_for(stream: dict[str, object], expected: list[Story]) -> None:
    """Zones, sources, categories, include, exclude and joint_only each narrow it, and all must hold."""
    settings = config(**stream)
    found = select.newest_first(ALL, settings, settings.streams[0])
    assert {one.id for one in found} == {one.id for one in expected}


def test_a_stream_of_one_source_shows_that_sources_copy() -> None:
    """The lead is a copy that the stream takes, under the story's own id, and no other copy is named."""
    settings = config(sources=("hz-nieuws",))
    (found,) = select.newest_first([JOINT], settings, settings.streams[0])
    assert (found.id, found.zones, found.lead.source) == (JOINT.id, ("hz",), "hz-nieuws")


def test_rules_see_only_the_copies_that_the_stream_takes() -> None:
    """What another zone's copy says neither brings a story into a stream nor keeps it out."""
    assert titles(config(zones=("hz",), include=("starten",)), JOINT) == []
    assert titles(config(zones=("hz",), exclude=("starten",)), JOINT) != []


def test_no_rules_means_no_reading() -> None:
    """A stream of zones alone is the newest of its zones; one with rules asks for more."""
    assert not select.is_filtered(config(zones=("hz",)).streams[0])
    assert select.is_filtered(config(exclude=("x",)).streams[0])


def keep(store: Store, *stories: Story, after: timedelta = timedelta(0)) -> None:
    def save(tx: Tx) -> None:
        for one in stories:
            tx.stories.save(replace(one, changed=NOW + after), at=NOW + after, loud=True)

    store.submit(save).result()


def documents(store: Store, settings: Config) -> str:
    store.submit(lambda tx: note_presentation(tx, settings, NOW)).result()
    return store.look(lambda tx: render_all(tx, settings))["/samenwerking.atom"].content.decode()


def test_the_feed_holds_what_the_stream_shows(store: Store) -> None:
    """The feed of a stream with rules has the stories that they let through, and none else."""
    keep(store, *ALL)
    feed = documents(store, config(include=("buit",)))
    assert BURGLARY.id in feed
    assert CONTROL.id not in feed


def test_what_is_rare_is_found_below_what_is_common(store: Store) -> None:
    """A stream seeks beyond its number of items for what its rules let through."""
    many = [
        story(sighting("bht", f"Bericht {n}", "Niets.", "2026-11-22 10:00", key=f"n{n}"), number=n)
        for n in range(9, 260)
    ]
    keep(store, CONTROL, *many)
    assert CONTROL.id in documents(store, config(include=("reed 121",), items=5))


def mailed(store: Store, settings: Config, slot: str, after: timedelta) -> int:
    digest = settings.digests[0]
    edition = store.submit(lambda tx: post.freeze(tx, settings, digest, slot, NOW + after)).result()
    return edition.stories


def enrol(store: Store, settings: Config, after: timedelta = timedelta(0)) -> None:
    store.submit(lambda tx: post.enrol(tx, settings, NOW + after)).result()


def with_digest(**stream: object) -> Config:
    return replace(
        config(**stream), digests=(Digest(id="dagelijks", stream="samenwerking", recipients=("a@example.be",)),)
    )


def test_a_digest_mails_what_its_stream_shows(store: Store) -> None:
    """What the rules keep out of the stream is in no edition, and an edition of nothing is skipped."""
    settings = with_digest(include=("buit",))
    enrol(store, settings)
    keep(store, *ALL, after=DAY)
    assert mailed(store, settings, "1", 2 * DAY) == 1
    assert mailed(store, settings, "2", 3 * DAY) == 0


def test_what_becomes_eligible_later_is_mailed(store: Store) -> None:
    """An edit that brings a story into the stream after an edition went by is news, once."""
    settings = with_digest(include=("vermeld",))
    enrol(store, settings)
    keep(store, CONTROL, after=DAY)
    assert mailed(store, settings, "1", 2 * DAY) == 0
    edited = story(sighting("bht", "Verkeerscontrole", "Nu vermeld.", key="1"), number=1)
    keep(store, edited, after=3 * DAY)
    assert mailed(store, settings, "2", 4 * DAY) == 1
    assert mailed(store, settings, "3", 5 * DAY) == 0


def test_a_second_zone_makes_a_story_news_to_a_joint_stream(store: Store) -> None:
    """A stream of joint stories has a story when its second zone publishes it."""
    settings = with_digest(joint_only=True)
    enrol(store, settings)
    keep(store, replace(JOINT, members=JOINT.members[:1]), after=DAY)
    assert mailed(store, settings, "1", 2 * DAY) == 0
    keep(store, JOINT, after=3 * DAY)
    assert mailed(store, settings, "2", 4 * DAY) == 1


def test_a_wider_stream_mails_no_history(store: Store) -> None:
    """What arrived before the operator changed the rules is in the feed at once, and in no mail."""
    narrow, wide = with_digest(include=("nergens",)), with_digest(exclude=("nergens",))
    enrol(store, narrow)
    keep(store, *ALL, after=DAY)
    assert mailed(store, narrow, "1", 2 * DAY) == 0
    enrol(store, wide, after=3 * DAY)
    assert mailed(store, wide, "2", 4 * DAY) == 0


def written(folder: Path, stream: str) -> list[str]:
    """The mistakes in a configuration with these lines in its stream."""
    zones = "".join(f'[[zones]]\nid = "{z.id}"\nname = "{z.name}"\n' for z in CONFIG.zones)
    sources = "".join(f'[[sources]]\nid = "{s.id}"\nzone = "{s.zone}"\nurl = "{s.url}"\n' for s in SOURCES)
    file = folder / "a.toml"
    file.write_text(f'{zones}{sources}[[streams]]\nid = "s"\ntitle = "S"\n{stream}\n')
    try:
        configuration.load(file)
    except ConfigError as failure:
        return list(failure.problems)
    return []


SOURCES = (replace(BHT_NEWS, type="auto"), HZ_NEWS, Source(id="derde", zone="hz", url="https://hz.example/3"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", True),
        ("zandhoningWEG", True),
        ("de zandhoningweg", True),
        ("eÉn bestuurder", True),
        ("Zandhoningweg de", False),
        ("121.", True),
        ("nergens", False),
    ],
)
def test_a_list_has_what_was_typed(typed: str, found: bool) -> None:
    """The words as they stand there, next to each other, in whatever capitals; and so has the database's part of it."""
    assert select.fits(CONTROL, config(), typed, None) == found
    word = select.longest_word(typed)
    read = select.words(CONTROL.lead.entry).casefold()
    assert not found or word is None or word.casefold() in read


def test_a_list_of_streams_has_what_readers_see() -> None:
    """A story is in it when one of the streams shows it, and what is hidden or held is in none."""
    settings = config(zones=("hz",))
    assert [select.fits(each, settings, "", settings.streams) for each in ALL] == [False, True, True]
    for unseen in (replace(BURGLARY, withdrawn=NOW), replace(BURGLARY, held=True)):
        assert not select.fits(unseen, settings, "", settings.streams)
        assert select.fits(unseen, settings, "", None)
    assert not select.fits(BURGLARY, settings, "", ())


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        ('sources = ["derd"]', "streams[0].sources[0]: expected the id of one of the sources"),
        ("include = '/(/'", "streams[0].include: expected words, or a regular expression between slashes"),
        ('exclude = ["goed", "*"]', "streams[0].exclude[1]: expected words, or a regular expression"),
        (
            'zones = ["bht"]\nsources = ["derde"]',
            "streams[0].sources: expected at least one source of the stream's zones",
        ),
        (
            'zones = ["bht"]\njoint_only = true',
            "streams[0].joint_only: expected false, because the stream has one zone",
        ),
        ('sources = ["derde", "hz-nieuws"]\njoint_only = true', "streams[0].joint_only: expected false"),
        ('joint_only = "ja"', "streams[0].joint_only: expected true or false"),
    ],
)
def test_a_stream_that_shows_nothing_is_a_mistake(tmp_path: Path, stream: str, words: str) -> None:
    """What cannot be meant is told with its place before anything starts."""
    (mistake,) = written(tmp_path, stream)
    assert mistake.startswith(words)


def test_a_full_stream_is_right(tmp_path: Path) -> None:
    """Every setting of a selection, in its simplest form."""
    stream = 'zones = "hz"\nsources = "derde"\ncategories = "x"\ninclude = "inbra*"\nexclude = \'/week \\d+/\''
    assert written(tmp_path, stream) == []
