from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import text

# Surrogates included: Python's own JSON and e-mail readers can produce them.
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", ""),
        ("  Inbraak \r\n in\u00a0Koersel\t", "Inbraak in Koersel"),
        ("Verkeers\x00controle\x0b week 12\x9d", "Verkeerscontrole week 12"),
        ("abc\u202edef\u202c \u2066ghi\u2069", "abcdef ghi"),
        ("poli\u200btie\ufeff\u2060", "politie"),
        ("fiets\u00addieven", "fietsdieven"),
        ("half \ud83d teken", "half teken"),
        ("non\uffffkarakter\ufffe", "nonkarakter"),
        ("regel\u2028scheiding\u2029en\x85nel", "regel scheiding en nel"),
        ("\U0001f46e\u200d\u2640\ufe0f op straat", "\U0001f46e\u200d\u2640\ufe0f op straat"),
        ("ver\u200dborgen", "verborgen"),
        ("café, façade & 50 % « één »", "café, façade & 50 % « één »"),
        ("een \U0001f3f4\U000e0067\U000e0062\U000e007f vlag", "een \U0001f3f4\U000e0067\U000e0062\U000e007f vlag"),
        ("ver\U000e0068\U000e0069borgen\U000e0001", "verborgen"),
        ("경찰\u3164소식", "경찰\u3164소식"),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    """A title is one visible line; a joiner inside one emoji is part of it."""
    assert text.clean(raw) == expected


@pytest.mark.parametrize(
    "raw",
    ["\u2800", "\u3164 \u3164", "\u115f\u1160", "\uffa0", "\U000e0041\U000e0042", "\ufe0f", "\u0301", "\u200d\ufe0f"],
)
def test_what_leaves_no_ink_is_empty(raw: str) -> None:
    """Blanks that Unicode calls letters, symbols or marks are no words."""
    assert text.clean(raw) == ""


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("een\r\ntwee\rdrie", "een\ntwee\ndrie"),
        ("een\n\n \n\n twee  drie ", "een\n\ntwee drie"),
        ("1\u00a0200 bestuurders \u00a0 gecontroleerd", "1\u00a0200 bestuurders gecontroleerd"),
        ("\n\n", ""),
    ],
)
def test_clean_block(raw: str, expected: str) -> None:
    """A block keeps its lines, at most one blank line in a row, and the no-break space inside a number."""
    assert text.clean_block(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Foto\u2019s: \u201cActie\u201d in Ham!", "foto s actie in ham"),
        ("ﬁets—dief\u00adstal", "fiets diefstal"),
        ("STRASSE Straße", "strasse strasse"),
        ("week_12", "week 12"),
        ("e\u0301e\u0301n", "één"),
    ],
)
def test_fold(raw: str, expected: str) -> None:
    """Typography, case and composition do not make two texts different; letters and digits do."""
    assert text.fold(raw) == expected


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=127)))
def test_folding_does_not_depend_on_the_neighbours(value: str) -> None:
    """ASCII, which is folded in a shorter way, becomes the same words as beside other letters."""
    assert text.fold(f"{value} É") == f"{text.fold(value)} é".strip()


@settings(deadline=None)
@given(ANY_TEXT)
def test_all_forms_are_idempotent(value: str) -> None:
    """Doing it twice is doing it once, for any string, and what remains can be encoded."""
    for form in (text.clean, text.clean_block, text.fold):
        once = form(value)
        assert form(once) == once
        once.encode()


@settings(deadline=None)
@given(ANY_TEXT)
def test_clean_is_one_visible_line(value: str) -> None:
    """No control character, override or surrogate survives, and no white space but single spaces."""
    once = text.clean(value)
    assert not any(char in once for char in "\n\r\t\x00\x85\u202e\u2066\u200b\ufeff\u00a0")
    assert "  " not in once
    assert once == once.strip()


def test_shared_counts_words_of_the_shorter() -> None:
    """A lead that is the beginning of the full text shares all its words; an empty text shares none."""
    assert text.shared("Inbraak in Koersel", "INBRAAK in Koersel: dader gevat") == 1.0
    assert text.shared("een twee drie vier", "een twee") == 1.0
    assert text.shared("een twee", "drie vier") == 0.0
    assert text.shared("een een", "een twee drie") == 0.5
    assert text.shared("", "een") == 0.0


@settings(deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_shared_is_a_symmetric_share(a: str, b: str) -> None:
    """It lies between 0 and 1 and does not depend on the order of its arguments."""
    assert 0.0 <= text.shared(a, b) <= 1.0
    assert text.shared(a, b) == text.shared(b, a)


@settings(deadline=None)
@given(st.lists(ANY_TEXT), st.lists(ANY_TEXT))
def test_digest_respects_borders(a: list[str], b: list[str]) -> None:
    """Two lists of parts have one digest exactly when they are equal."""
    assert (text.digest(*a) == text.digest(*b)) == (a == b)


def test_digest_is_stable() -> None:
    """Stored digests stay valid: the form never changes."""
    assert text.digest("ab", "c") != text.digest("a", "bc")
    assert text.digest("ab", "c") == "3790745c4a3aeead2237f1c25d58d01b"
