"""What is typed into the search form, and where a text answers it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import query
from aggregator.query import Term


def terms(typed: str) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    found = query.read(typed)
    return found.wanted, found.unwanted


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("inbraak Beringen", [("inbraak", True), ("beringen", True)], []),
        ("Één café, crème brûlée", [("een", True), ("cafe", True), ("creme", True), ("brulee", True)], []),
        ("STRASSE straße", [("strasse", True)], []),
        ("Œuvre cœur Ødegaard", [("oeuvre", True), ("coeur", True), ("odegaard", True)], []),
        ('"rood licht"', [("rood licht", False)], []),
        ("„rood licht”", [("rood licht", False)], []),
        ('"rood licht', [("rood licht", False)], []),
        ("heusden-zolder foto's 1.182", [("heusden zolder", True), ("foto s", False), ("1 182", False)], []),
        ("fiets -auto", [("fiets", True)], [("auto", True)]),
        ('fiets -"rood licht"', [("fiets", True)], [("rood licht", False)]),
        ("fiets - auto", [("fiets", True), ("auto", True)], []),
        ("in 12 week", [("in", False), ("12", False), ("week", True)], []),
        ("東京 駅", [("東 京", False), ("駅", False)], []),
        ('NEAR( "a" OR * ^ : {x} AND', [("near", True), ("a", False), ("or", False), ("x", False), ("and", True)], []),
        ("-- ' \" ; \0 \\", [], []),
        ("", [], []),
    ],
)
def test_what_is_typed(typed: str, wanted: list[tuple[str, bool]], unwanted: list[tuple[str, bool]]) -> None:
    """Words, phrases and exclusions; accents and case are folded; punctuation is never an operator."""
    expected = tuple(tuple(Term(tuple(words.split()), open) for words, open in each) for each in (wanted, unwanted))
    assert terms(typed) == expected


def test_a_query_is_bounded() -> None:
    """Nobody makes it long by typing much."""
    found = query.read(" ".join(f"woord{number}" for number in range(100_000)))
    assert len(found.wanted) == query.TERMS
    assert len(found.typed) <= query.LENGTH
    assert len(query.read("x" * 10_000).wanted[0].words[0]) == query.WORD


@given(st.text(max_size=300))
def test_a_query_holds_letters_and_digits(typed: str) -> None:
    """Whatever is typed: no quote, no space, no operator reaches a database."""
    for term in sum(terms(typed), ()):
        assert term.words
        assert all(word.isalnum() and word == query.bare(word) for word in term.words)


@given(st.text(max_size=200))
def test_words_are_what_was_there(value: str) -> None:
    """Each word is where it is said to be, in order, and bare words stay as they are."""
    found = list(query.tokens(value))
    assert [query.bare(value[each.start : each.end]) for each in found] == [each.word for each in found]
    assert [each.start for each in found] == sorted(each.start for each in found)
    assert query.words(query.words(value, 500), 500) == query.words(value, 500)


@given(st.text(alphabet="abc é-\"' ", max_size=30), st.text(alphabet="abcé ", max_size=60))
def test_what_fits_can_be_shown(typed: str, value: str) -> None:
    """A text that fits has something to mark, and what is marked stands in the text."""
    wanted = query.read(typed)
    marked = query.spans(wanted, value)
    if wanted.wanted and query.fits(wanted, [value]):
        assert marked
    assert all(0 <= start < end <= len(value) for start, end in marked)
    assert all(before[1] < after[0] for before, after in pairwise(marked))


@pytest.mark.parametrize(
    ("typed", "value", "marked"),
    [
        ("fiets", "Fietsen op de fietsstraat, geen bromfiets", ["Fietsen", "fietsstraat"]),
        ('"fiets"', "Fietsen met een fiets", ["fiets"]),
        ('"rood licht"', "Rood licht en licht rood", ["Rood licht"]),
        ("cafe", "Het café\u0301 en het CAFÉ", ["café\u0301", "CAFÉ"]),
        ("een twee", "een twee drie", ["een", "twee"]),
        ("-fiets auto", "fiets en auto", ["auto"]),
    ],
)
def test_what_is_marked(typed: str, value: str, marked: list[str]) -> None:
    """Whole words, as they are written."""
    assert [value[start:end] for start, end in query.spans(query.read(typed), value)] == marked


def test_fitting() -> None:
    """All that is wanted in one text, and what is unwanted in none."""
    wanted = query.read("fiets -auto")
    assert query.fits(wanted, ["een fiets"])
    assert not query.fits(wanted, ["een fiets", "een auto"])
    assert not query.fits(query.read("fiets auto"), ["een fiets", "een auto"])
