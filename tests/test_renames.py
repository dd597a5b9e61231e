"""Sources, zones and streams under new ids: what was known stays known, on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator import config as configuration
from aggregator import post, renames
from aggregator.daemon.rendering import note_presentation, render_all
from aggregator.errors import ConfigError
from aggregator.match import Known, is_known, sightings, without_guid
from aggregator.model import Config, Digest, Entry, Feed, Link, Poll, Sighting, Source, Story, Stream, Text, Zone
from aggregator.publish import places
from aggregator.renames import Renaming
from aggregator.store import Store, Tx
from tests.stories import BHT, BHT_NEWS, CONFIG, HZ, HZ_NEWS, NOW, joint, sighting, story

BRUSSELS = ZoneInfo("Europe/Brussels")
DAY = timedelta(days=1)
NEW_SOURCE = Source(id="nieuws", zone="bht", url=BHT_NEWS.url, aliases=("bht-nieuws",))
RENAMED = replace(CONFIG, sources=(NEW_SOURCE, HZ_NEWS))


def apply(store: Store, config: Config, after: timedelta = timedelta(0)) -> list[Renaming]:
    return store.submit(lambda tx: renames.apply(tx, config, NOW + after)).result()


def keep(store: Store, *stories: Story) -> None:
    def save(tx: Tx) -> None:
        for one in stories:
            tx.stories.save(one, at=NOW, loud=True)

    store.submit(save).result()


def get(store: Store, story: Story) -> Story:
    found = store.look(lambda tx: tx.stories.get(story.id))
    assert found is not None
    return found


def seen_by(source: Source) -> Sighting:
    """An entry as *source* shows it, with the keys that ``match`` gives it."""
    link = "https://bht.example/nl/news/detail/7/een-bericht-van-de-zone"
    entry = Entry(
        id=link, title="Een bericht", published=NOW, links=(Link(href=link),), summary=Text(value="Met tekst.")
    )
    feed = Feed(id=source.url, title="", entries=(entry,))
    return sightings(feed, replace(source, key=r"/detail/(?P<key>\d+)"), NOW, BRUSSELS)[0]


# -- sources ------------------------------------------------------------------------


def test_a_renamed_source_recognises_its_entries(store: Store) -> None:
    """Every key of an entry that names its source names the new one: what was shown before is known, and no news."""
    keep(store, before := story(seen_by(BHT_NEWS), number=1))
    apply(store, RENAMED)
    again = seen_by(NEW_SOURCE)
    found = store.look(lambda tx: tx.stories.sharing(again.keys))
    assert [one.id for one in found] == [before.id]
    assert is_known(again, Known(found))
    assert found[0].lead.source == "nieuws"
    assert found[0].lead.keys == again.keys
    for key in again.keys:
        assert [one.id for one in store.look(lambda tx, key=key: tx.stories.sharing([key]))] == [before.id]  # type: ignore[misc]


def test_a_renamed_source_whose_guids_mean_nothing_recognises_its_words(store: Store) -> None:
    """An entry that is known by its words alone is known under its source's new id."""
    old = replace(without_guid(seen_by(BHT_NEWS)), keys=("words:bht-nieuws:abc",))
    keep(store, story(old, number=1))
    apply(store, RENAMED)
    again = replace(old, source="nieuws", keys=("words:nieuws:abc",))
    assert is_known(again, Known(store.look(lambda tx: tx.stories.sharing(again.keys))))


def test_a_renamed_source_is_not_new(store: Store) -> None:
    """Its polls go on: the first success stays the first, so that its next items are news."""
    poll = Poll(source="bht-nieuws", url=BHT_NEWS.url, at=NOW, next_poll=NOW, status="ok", first_success=NOW, entries=9)
    store.submit(lambda tx: tx.polls.note(poll)).result()
    apply(store, RENAMED)
    assert store.look(lambda tx: tx.polls.all()) == {"nieuws": replace(poll, source="nieuws")}


def test_two_sources_become_one(store: Store) -> None:
    """Of two polls the later stays with the earlier first success; both sources' copies are one source's."""
    for id, day in (("oud-a", 0), ("oud-b", 1)):
        at = NOW + day * DAY
        poll = Poll(source=id, url="https://bht.example/", at=at, next_poll=at, status="ok", first_success=at)
        store.submit(lambda tx, poll=poll: tx.polls.note(poll)).result()  # type: ignore[misc]
    one, two = sighting(source="oud-a", key="1"), sighting(source="oud-b", key="2")
    keep(store, both := story(one, replace(two, keys=("guid:oud-b:2", "guid:oud-b:3")), number=1))
    config = replace(RENAMED, sources=(replace(NEW_SOURCE, aliases=("oud-a", "oud-b")),))
    apply(store, config)
    polls = store.look(lambda tx: tx.polls.all())
    assert {id: (poll.first_success, poll.at) for id, poll in polls.items()} == {"nieuws": (NOW, NOW + DAY)}
    assert {member.sighting.source for member in get(store, both).members} == {"nieuws"}
    assert store.look(lambda tx: tx.stories.sharing(["guid:nieuws:3"])) == [get(store, both)]


def test_a_source_that_is_no_more_keeps_its_stories(store: Store) -> None:
    """A source that left the configuration leaves its stories in feed and page."""
    keep(store, one := story(number=1))
    config = replace(CONFIG, sources=(HZ_NEWS,))
    apply(store, config)
    store.submit(lambda tx: note_presentation(tx, config, NOW)).result()
    assert one.id in store.look(lambda tx: render_all(tx, config))["/samenwerking.atom"].content.decode()


def test_tombstones_follow_their_source(store: Store) -> None:
    """What was deleted does not come back under the source's new name."""
    keep(store, story(number=1))
    store.submit(lambda tx: tx.retention.bury(story(number=1).id, ["guid:bht-nieuws:7"], NOW)).result()
    apply(store, RENAMED)
    assert store.look(lambda tx: tx.retention.buried(["guid:nieuws:7", "guid:bht-nieuws:7"])) == {"guid:nieuws:7": NOW}


def test_what_a_source_says_under_everything_follows(store: Store) -> None:
    """No table keeps the former id of a source or a zone, whatever else the database has learnt."""
    keep(store, joint())
    config = replace(RENAMED, zones=(replace(BHT, id="5373", was=("bht",)), HZ))
    apply(store, config)
    with store._engine.connect() as connection:
        from aggregator.store.schema import metadata

        for table in metadata.sorted_tables:
            for column in {"source", "zone"} & set(table.c.keys()):
                left = connection.execute(table.select().where(table.c[column].in_(("bht", "bht-nieuws")))).all()
                assert left == [], table.name


# -- zones --------------------------------------------------------------------------


def test_a_renamed_zone_keeps_stories_ids_and_arrivals(store: Store) -> None:
    """The number of a zone changes, and no story, no arrival and no mail with it."""
    config = replace(CONFIG, zones=(replace(BHT, id="5373", was=("bht",)), HZ))
    store.submit(lambda tx: tx.audience.enrol("d", ["a@example.be"], NOW)).result()
    keep(store, both := joint())
    store.submit(lambda tx: tx.mailing.freeze("d", "1", now=NOW, expires=NOW, lots=[])).result()
    apply(store, config)
    assert get(store, both).zones == ("5373", "hz")
    assert store.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["5373", "hz"])) == {}
    keep(store, story(replace(both.members[0].sighting, zone="5373"), both.members[1].sighting, number=1))
    assert store.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["5373", "hz"])) == {}


@pytest.mark.parametrize("quiet", ["bht", "hz"])
def test_zones_that_merge_lose_no_news(store: Store, quiet: str) -> None:
    """Of two arrivals of one story that become one the louder and later stays, so that it is still mailed, once."""
    store.submit(lambda tx: tx.audience.enrol("d", ["a@example.be"], NOW)).result()
    both = joint()
    first, second = (replace(both, members=(m,)) for m in both.members)
    one, other = (first, second) if quiet == "bht" else (second, first)
    store.submit(lambda tx: tx.stories.save(one, at=NOW, loud=False)).result()
    store.submit(lambda tx: tx.stories.save(replace(both, members=(*one.members, *other.members)), at=NOW, loud=True))
    merged = Zone(id="samen", name="Samen", was=("bht", "hz"))
    sources = (replace(BHT_NEWS, zone="samen"), replace(HZ_NEWS, zone="samen"))
    apply(store, replace(CONFIG, zones=(merged,), sources=sources))
    assert get(store, both).zones == ("samen",)
    assert store.look(lambda tx: tx.mailing.fresh("d", ["a@example.be"], ["samen"])) == {"a@example.be": (both.id,)}


# -- streams ------------------------------------------------------------------------

STREAM = Stream(id="nieuws", title="Samen", was=("samenwerking", "buren"))


def test_a_renamed_stream_is_the_same_feed(store: Store) -> None:
    """A reader's subscription goes on: the feed's id is its first one's, the former addresses answer."""
    keep(store, story(number=1))
    before, after = CONFIG, replace(CONFIG, streams=(STREAM,), digests=())
    store.submit(lambda tx: note_presentation(tx, before, NOW)).result()
    old = store.look(lambda tx: render_all(tx, before))
    apply(store, after)
    store.submit(lambda tx: note_presentation(tx, after, NOW)).result()
    new = store.look(lambda tx: render_all(tx, after))
    id = b"<id>tag:nieuws.example.be,2026:stream/samenwerking</id>"
    assert id in old["/samenwerking.atom"].content
    assert id in new["/nieuws.atom"].content
    for path in ("samenwerking.atom", "buren.atom", "samenwerking/", "buren/", "samenwerking.rss"):
        to = path.replace("samenwerking", "nieuws").replace("buren", "nieuws")
        assert (new[f"/{path}"].status, new[f"/{path}"].location) == (301, places.relative(f"/{path}", f"/{to}"))


def test_a_renamed_stream_mails_nothing_again(store: Store) -> None:
    """The digest of a stream with rules goes on where it was: what it mailed and what it let pass stays so."""
    digest = Digest(id="d", stream="samenwerking", recipients=("a@example.be",))
    old = Stream(id="samenwerking", title="S", include=("Bericht",))
    before = replace(CONFIG, streams=(old,), digests=(digest,))
    new = replace(old, id="nieuws", was=("samenwerking",))
    after = replace(CONFIG, streams=(new,), digests=(replace(digest, stream="nieuws"),))
    store.submit(lambda tx: post.enrol(tx, before, NOW - DAY)).result()
    keep(store, story(sighting(title="Bericht van de zone", key="1"), number=1))

    def frozen(config: Config, slot: str) -> int:
        return store.submit(lambda tx: post.freeze(tx, config, config.digests[0], slot, NOW + DAY)).result().stories

    assert frozen(before, "1") == 1
    apply(store, after)
    store.submit(lambda tx: post.enrol(tx, after, NOW + DAY)).result()
    assert store.look(lambda tx: tx.meta.get("selection:nieuws:since")) == (NOW - DAY).isoformat()
    assert frozen(after, "2") == 0


# -- once, and for all ----------------------------------------------------------------


def test_nothing_is_renamed_twice(store: Store) -> None:
    """What was done is noted with its moment, and the next start finds nothing to do."""
    keep(store, story(number=1))
    (made,) = apply(store, RENAMED)
    assert (made.kind, made.old, made.new, made.copies, made.at) == (
        "source",
        "bht-nieuws",
        "nieuws",
        1,
        NOW.isoformat(),
    )
    assert apply(store, RENAMED, DAY) == []
    assert store.look(renames.done) == [made]
    assert store.look(lambda tx: renames.pending(tx, RENAMED)) == []


def test_a_name_may_come_back(store: Store) -> None:
    """A source that is renamed, renamed back and renamed again is renamed each time."""
    keep(store, one := story(number=1))
    back = replace(CONFIG, sources=(replace(BHT_NEWS, aliases=("nieuws",)), HZ_NEWS))
    for config, expected in ((RENAMED, "nieuws"), (back, "bht-nieuws"), (RENAMED, "nieuws")):
        assert len(apply(store, config)) == 1
        assert get(store, one).lead.source == expected


def test_what_an_old_process_still_brought_follows(store: Store) -> None:
    """A process with the former configuration that polled once more has its entries taken over at the next start."""
    apply(store, RENAMED)
    keep(store, late := story(number=2))
    poll = Poll(source="bht-nieuws", url=BHT_NEWS.url, at=NOW, next_poll=NOW, status="ok", first_success=NOW)
    store.submit(lambda tx: tx.polls.note(poll)).result()
    apply(store, RENAMED, DAY)
    assert get(store, late).lead.source == "nieuws"


def test_a_renaming_is_seen_by_who_watches(store: Store) -> None:
    """Both counters move, so that the running daemon renders again and looks at the polls again."""
    before = store.look(lambda tx: (tx.stories.revision(), tx.polls.revision()))
    apply(store, RENAMED)
    after = store.look(lambda tx: (tx.stories.revision(), tx.polls.revision()))
    assert all(new > old for old, new in zip(before, after, strict=True))


# -- the configuration ----------------------------------------------------------------

TOML = """
[[zones]]
id = "a"
name = "A"
{zone}
[[zones]]
id = "b"
name = "B"
[[sources]]
id = "s"
zone = "a"
url = "https://a.example/"
{source}
[[sources]]
id = "t"
zone = "b"
url = "https://b.example/"
aliases = "t-oud"
[[streams]]
id = "x"
title = "X"
{stream}
"""


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            {"zone": 'was = ["b"]'},
            'zones[0].was[0]: expected an id that nothing bears or claims any more, found "b", which',
        ),
        ({"zone": 'was = "a"'}, "zones[0].was: expected an id that nothing bears"),
        ({"source": 'aliases = ["t"]'}, "sources[0].aliases[0]: expected an id that nothing bears or claims any more"),
        ({"source": 'aliases = ["oud", "oud"]'}, "sources[0].aliases[1]: expected an id that nothing bears or claims"),
        ({"source": 'aliases = ["t-oud"]'}, "sources[1].aliases: expected an id that nothing bears or claims any more"),
        ({"stream": 'was = ["x"]'}, "streams[0].was[0]: expected an id that nothing bears or claims any more"),
        ({"stream": 'was = ["niet zo"]'}, "streams[0].was[0]: expected small letters, digits and hyphens"),
    ],
)
def test_what_is_ambiguous_is_refused(tmp_path: Path, table: dict[str, str], words: str) -> None:
    """A former id that something bears now, or that two things claim, is told before anything moves."""
    file = tmp_path / "a.toml"
    file.write_text(TOML.format(**{"zone": "", "source": "", "stream": ""} | table))
    with pytest.raises(ConfigError) as caught:
        configuration.load(file)
    assert [problem for problem in caught.value.problems if problem.startswith(words)]
    assert len(caught.value.problems) == 1


def test_a_source_may_take_over_several(tmp_path: Path) -> None:
    """Former ids of different things do not get in each other's way."""
    file = tmp_path / "a.toml"
    file.write_text(TOML.format(zone='was = ["5373", "s"]', source='aliases = ["oud", "a"]', stream='was = ["t-oud"]'))
    config = configuration.load(file)
    assert [(each.kind, each.old, each.new) for each in renames.wanted(config)] == [
        ("zone", "5373", "a"),
        ("zone", "s", "a"),
        ("source", "oud", "s"),
        ("source", "a", "s"),
        ("source", "t-oud", "t"),
        ("stream", "t-oud", "x"),
    ]
