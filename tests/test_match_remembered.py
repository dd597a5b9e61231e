"""Texts that were read lately come back as they were read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.match.reading import _remembered, _tokens_of, _usual
from aggregator.match.remembered import Remembered
from aggregator.match.tokens import tokens
from tests.arrivals import piece, report

_SAID = st.sampled_from(
    [
        piece(0).body,
        report(1).body,
        "Om 17.30 uur, op 3/12/2026: 1.200 boetes (€ 58,50)!",
        "L'été, hé? 12-14 uur",
        "",
        "x",
    ]
)
_TEXT = st.lists(_SAID | st.text(max_size=30), max_size=4).map(" ".join)


@given(_TEXT, _TEXT, st.booleans())
def test_what_is_unpacked_is_what_was_read(title: str, body: str, sentences: bool) -> None:
    """Whatever the text: tokens, values and sentences are those of the first time."""
    kept = Remembered(4, _tokens_of)
    first = kept(title, body, sentences)
    assert kept(title, body, sentences) == first == _tokens_of(title, body, sentences)
    assert [type(token) for token in kept(title, body, sentences)[1]] == [type(token) for token in first[1]]


def test_texts_and_manners_are_kept_apart() -> None:
    """Where a title ends and the text begins is part of the name, and so is whether sentences are asked for."""
    kept = Remembered(9, _tokens_of)
    assert kept("a b", "c", False) == _tokens_of("a b", "c", False)
    assert kept("a", " bc", False) == _tokens_of("a", " bc", False)
    assert kept("a", " bc", True) == _tokens_of("a", " bc", True)


def test_no_more_than_its_size_is_kept() -> None:
    """What was used longest ago is read again."""
    read: list[str] = []

    def reading(title: str, body: str, sentences: bool) -> tuple[str, tuple, tuple]:  # type: ignore[type-arg]
        read.append(title)
        return "nl", (), ()

    kept = Remembered(2, reading)
    for title in "abacab":
        kept(title, "", False)
    assert read == ["a", "b", "c", "b"]


@given(st.text(st.sampled_from(" .,;:-'\"\n()€1239auAU/"), max_size=40))
def test_a_space_before_a_token_belongs_to_none(written: str) -> None:
    """Tokens stand where they are written, and two spaces make the same tokens as one."""
    found = tokens(written, "nl")
    assert [token.key for token in found] == [token.key for token in tokens(written.replace(" ", "  "), "nl")]
    assert all(not token.raw.startswith(" ") for token in found)


def test_a_reading_is_the_same_whether_it_was_remembered() -> None:
    """With other sentences repeated the tokens are not read again, and the marks are those of these sentences."""
    body = report(3).body
    _usual.cache_clear()
    first = _usual("Titel", body, frozenset([1]))
    again = _usual("Titel", body, frozenset([1, 2]))
    assert first == again
    said = _remembered("Titel", first.written, True)[2]
    marked = _usual("Titel", body, frozenset(said[:1])).body
    assert marked.own == sum(token.sentence != 0 for token in marked.tokens)
