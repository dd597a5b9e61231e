"""What a search finds, on each kind of database: what is shown, as it reads today, the best first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from aggregator import query
from aggregator.errors import SearchError
from aggregator.hand import Hand, absorb, hide, join, release, show, split
from aggregator.migrations.versions import v0008_search
from aggregator.model import Content, Entry, Story
from aggregator.seek import SIZE, Asked, Found, seek
from aggregator.store import Store, Tx
from aggregator.store.engine import begin_writing, open_engine
from aggregator.store.search import ordered
from aggregator.tidy import tidy
from tests.stories import CONFIG, NOW, STREAM, fortnight, sighting, story

BY = Hand(who="redactie", at=NOW, why="")
EVERY = ("bht", "hz")


def save(store: Store, *stories: Story) -> None:
    def all_of_them(tx: Tx) -> None:
        for one in stories:
            tx.stories.save(one, at=NOW, loud=True)

    store.submit(all_of_them).result()


def find(store: Store, typed: str, *zones: str) -> list[str]:
    """The last parts of the ids of what is found."""
    ids = store.look(lambda tx: tx.search.find(query.read(typed), zones or EVERY))
    return [id.rpartition("/")[2] for id in ids]


def sought(store: Store, typed: str, config: object = CONFIG, **asked: object) -> Found:
    wanted = Asked(query=query.read(typed), **asked)  # type: ignore[arg-type]
    return store.look(lambda tx: seek(tx, config, wanted))  # type: ignore[arg-type]


def titles(found: Found) -> list[str]:
    return [one.lead.entry.title for one in found.stories]


@pytest.fixture
def filled(store: Store) -> Store:
    """A few stories whose words are known."""
    save(
        store,
        story(
            sighting("bht", "Fietscontrole in Beringen", "Er reden fietsers door het rood licht.", key="1"), number=1
        ),
        story(sighting("hz", "Inbraak in een café", "De crème brûlée bleef staan.", key="2"), number=2),
        story(
            sighting(
                "hz",
                "Foto\N{RIGHT SINGLE QUOTATION MARK}s van de bromfiets",
                "Zone Heusden-Zolder telde 1.182 wagens.",
                key="3",
            ),
            number=3,
        ),
        story(sighting("bht", "Licht rood", "Een kunstwerk.", "2026-11-01 10:00", key="4"), number=4),
    )
    return store


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("fiets", {"0001"}),
        ("FIETSERS beringen", {"0001"}),
        ("fietsers café", set()),
        ("cafe", {"0002"}),
        ("CAFÉ creme", {"0002"}),
        ("foto's", {"0003"}),
        ("fotos", set()),
        ("heusden-zolder", {"0003"}),
        ("1.182", {"0003"}),
        ("118", set()),
        ("rood licht", {"0001", "0004"}),
        ('"rood licht"', {"0001"}),
        ('"fiets"', set()),
        ('"licht rood" kunst', {"0004"}),
        ("beringen er", {"0001"}),
        ('"beringen er"', set()),
        ("licht -fietsers", {"0004"}),
        ('licht -"rood licht"', {"0004"}),
        ("-licht", set()),
        ("", set()),
    ],
)
def test_what_is_found(filled: Store, typed: str, found: set[str]) -> None:
    """All words, beginnings, phrases within title or text, exclusions; accents and case do not matter."""
    assert set(find(filled, typed)) == found


@pytest.mark.parametrize(
    "typed",
    [
        '"',
        "'",
        "a\0b",
        "NEAR(a b)",
        "title:x",
        "a* b^2",
        "& | ! <->",
        "x:* y",
        "-",
        '-"',
        "\\",
        "; DROP TABLE story",
        "%_",
    ],
)
def test_what_is_typed_is_data(filled: Store, typed: str) -> None:
    """No input is a mistake, and none means anything to the database."""
    assert isinstance(find(filled, typed), list)
    assert find(filled, "fiets") == ["0001"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_sought(filled: Store, typed: str) -> None:
    """From nothing to every character there is."""
    assert isinstance(find(filled, typed), list)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80))
def test_any_text_is_found_again(store: Store, said: str) -> None:
    """Whatever the words of a title, each of them finds it, on both engines."""
    one = story(sighting(title=f"anker {said}", text=""), number=1)
    save(store, one)
    for token in list(query.tokens(said))[:3]:
        assert find(store, f'anker "{token.word}"') == ["0001"], token


def test_a_monster_is_indexed(store: Store) -> None:
    """A text of a megabyte of one endless word, or of words that are all different, is kept and found."""
    words = " ".join(f"woord{number}\N{GREEK SMALL LETTER ALPHA}" * 4 for number in range(30_000))
    save(store, story(sighting(title="een " * 900, text="é" * 500_000, key="1"), number=1))
    save(store, story(sighting(title="twee", text=words, key="2"), number=2))
    assert find(store, "een") == ["0001"]
    assert find(store, "woord1\N{GREEK SMALL LETTER ALPHA}") == ["0002"]


def edited(one: Story, **entry: object) -> Story:
    first, *others = one.members
    changed = replace(first.sighting, entry=replace(first.sighting.entry, **entry))  # type: ignore[arg-type]
    return replace(one, members=(replace(first, sighting=changed), *others))


class TestInStep:
    """The index says what the stories say, whatever happens to them."""

    def test_an_edit(self, filled: Store) -> None:
        """What a copy does not say any more finds nothing, what it says now does."""
        one = filled.look(lambda tx: tx.stories.all(["tag:nieuws.example.be,2026:story/0001"]))[0]
        save(filled, edited(one, title="Voetgangers", content=Content(value="<p>Een zebrapad.</p>"), summary=None))
        assert find(filled, "fiets") == []
        assert find(filled, "voetganger zebra") == ["0001"]

    def test_hidden_and_shown(self, filled: Store) -> None:
        """What an editor hides is found by nobody until it is shown again."""
        id = "tag:nieuws.example.be,2026:story/0001"
        filled.submit(lambda tx: hide(tx, id, BY)).result()
        assert find(filled, "fiets") == []
        filled.submit(lambda tx: show(tx, id, BY)).result()
        assert find(filled, "fiets") == ["0001"]

    @pytest.mark.parametrize("act", [release, absorb])
    def test_held_and_let_go(self, store: Store, act: object) -> None:
        """What is held is not found; once it is let go it is."""
        one = replace(story(sighting(title="Eekhoorn")), held=True)
        save(store, one)
        assert find(store, "eekhoorn") == []
        store.submit(lambda tx: act(tx, one.id, BY)).result()  # type: ignore[operator]
        assert find(store, "eekhoorn") == ["0001"]

    def test_joined_and_split(self, filled: Store) -> None:
        """The words of a copy find the story that it belongs to now."""
        first, second = (f"tag:nieuws.example.be,2026:story/000{number}" for number in (1, 2))
        filled.submit(lambda tx: join(tx, first, second, BY)).result()
        assert find(filled, "inbraak") == ["0001"]
        filled.submit(lambda tx: split(tx, first, second, BY)).result()
        assert find(filled, "inbraak") == ["0002"]

    def test_deleted(self, filled: Store) -> None:
        """What is kept no longer leaves no word in the index."""
        config = replace(CONFIG, retention=replace(CONFIG.retention, stories=timedelta(days=10)))
        assert find(filled, "kunstwerk") == ["0004"]
        while filled.submit(lambda tx: tidy(tx, config, NOW)).result():
            pass
        assert find(filled, "kunstwerk") == []
        assert rows(filled) == 3

    def test_undone(self, filled: Store) -> None:
        """What a transaction undoes is undone in the index."""
        one = story(sighting(title="Eekhoorn", key="9"), number=9)

        def fail(tx: Tx) -> None:
            tx.stories.save(one, at=NOW, loud=True)
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            filled.submit(fail).result()
        assert find(filled, "eekhoorn") == []


def rows(store: Store) -> int:
    with store._engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM search")) or 0)


def test_zones(filled: Store) -> None:
    """A copy of one of these zones has to fit."""
    assert find(filled, "licht", "hz") == []
    assert set(find(filled, "licht", "bht")) == {"0001", "0004"}
    assert filled.look(lambda tx: tx.search.find(query.read("licht"), [])) == []


def test_the_best_first(store: Store) -> None:
    """A word in the title weighs more than one in the text, news more than what is old."""
    said = "Vandaag werd er gemeld dat alles goed verliep in de straat bij de kerk."
    save(
        store,
        story(sighting(title="Iets anders", text=f"{said} Ook een das.", key="1"), number=1),
        story(sighting(title="Een das", text=said, key="2"), number=2),
        story(sighting(title="Een das", text=said, published="2024-01-01 10:00", key="3"), number=3),
    )
    assert find(store, "das") == ["0002", "0001", "0003"]


def test_order_by_place() -> None:
    """Two places are put together; ties are broken by what is newer, then by id."""
    newer, older = NOW, NOW - timedelta(days=1)
    assert ordered({"a": (1.0, older), "b": (2.0, newer)}) == ["b", "a"]
    assert ordered({"b": (1.0, newer), "a": (1.0, newer)}) == ["a", "b"]
    assert ordered({"a": (2.0, older), "b": (1.0, newer)}) == ["b", "a"]
    assert ordered({}) == []


def test_patience_ends(filled: Store) -> None:
    """A question that takes too long is ended, and the connection goes on serving others."""
    filled.submit(lambda tx: _many(tx, 3000)).result()
    with pytest.raises(SearchError):
        filled.look(lambda tx: tx.search.find(query.read("wo wa we wi"), EVERY, patience=0.0) or _slow(tx))
    assert find(filled, "fiets") == ["0001"]


def _slow(tx: Tx) -> list[str]:
    """However fast the machine is, something slow under the same watch."""
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 50000000) SELECT max(x) FROM n"
    with tx.search._bounded(0.05):
        tx._connection.execute(text(endless))
    return []


def _many(tx: Tx, number: int) -> None:
    for key in range(number):
        tx.search.keep(100_000 + key, Entry(id=str(key), title="wo wa we wi"), new=True)


class TestSeek:
    """What a page of results shows."""

    def test_only_what_a_stream_shows(self, filled: Store) -> None:
        """A story that every stream excludes is found by no word; one that a stream excludes, not in that stream."""
        without = replace(STREAM, exclude=("fietscontrole",))
        narrow = replace(CONFIG, streams=(without,))
        assert titles(sought(filled, "licht", narrow)) == ["Licht rood"]
        both = replace(CONFIG, streams=(without, replace(STREAM, id="alles")))
        assert set(titles(sought(filled, "licht", both))) == {"Licht rood", "Fietscontrole in Beringen"}
        assert titles(sought(filled, "licht", both, stream=without)) == ["Licht rood"]

    def test_a_copy_that_is_not_shown_finds_nothing(self, store: Store) -> None:
        """The words of another zone's copy do not reveal it in a stream that has not that zone."""
        first, second = sighting("bht", "Team van start"), sighting("hz", "Eekhoorn gered", key="8")
        one = story(first, second)
        save(store, one)
        assert titles(sought(store, "eekhoorn")) == ["Team van start"]
        only = replace(STREAM, zones=("bht",))
        assert titles(sought(store, "eekhoorn", replace(CONFIG, streams=(only,)))) == []

    def test_what_is_unwanted_stands_in_no_copy(self, store: Store) -> None:
        """A story is left out when any of its copies says what the reader does not want."""
        save(store, story(sighting("bht", "Team van start"), sighting("hz", "Team met eekhoorn", key="8")))
        assert titles(sought(store, "team -eekhoorn")) == []

    def test_pages(self, store: Store) -> None:
        """Pages follow each other without gap or repetition, and the last one says so."""
        save(store, *(story(sighting(title=f"Eekhoorn {n}", key=str(n)), number=n) for n in range(SIZE + 5)))
        first, second = (sought(store, "eekhoorn", page=page) for page in (1, 2))
        assert (len(first.stories), first.more) == (SIZE, True)
        assert (len(second.stories), second.more) == (5, False)
        assert len({one.id for one in (*first.stories, *second.stories)}) == SIZE + 5


def test_what_was_there_before_is_indexed(database: str) -> None:
    """A database of an earlier version is taken up by steps, the newest copies first; what is edited meanwhile too."""
    with Store(database) as store:
        save(store, *fortnight())
    engine = open_engine(database)
    with engine.connect() as connection:
        begin_writing(connection)
        connection.execute(text("DROP TABLE search"))
        with Operations.context(MigrationContext.configure(connection)):
            v0008_search.upgrade()
        connection.commit()
    engine.dispose()
    with Store(database) as store:
        assert find(store, "inbraak") == []
        one = next(each for each in fortnight() if "Inbraakpreventie" in each.lead.entry.title)
        save(store, edited(one, title="Inbraakpreventie thuis"))
        assert len(find(store, "inbraak")) == 1
        assert store.submit(lambda tx: tx.search.catch_up(2)).result() == 2
        while store.submit(lambda tx: tx.search.catch_up(5)).result():
            pass
        assert len(find(store, "inbraak")) == 2
        assert len(find(store, "politie")) > 1
        assert rows(store) == sum(len(each.members) for each in fortnight())
        assert store.submit(lambda tx: tx.search.catch_up(5)).result() == 0


def test_a_new_database_has_nothing_to_take_up(store: Store) -> None:
    """Nothing was there before."""
    assert store.submit(lambda tx: tx.search.catch_up(5)).result() == 0
