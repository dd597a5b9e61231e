"""Rules of an operator against texts of strangers: words, patterns, and the time they may take."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import patterns


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ("verkeer", "Verkeer op de E313", True),
        ("verkeer", "Verkeerscontrole", False),
        ("verkeer*", "VERKEERSCONTROLE in Ham", True),
        ("*controle", "een verkeerscontrole", True),
        ("week 4", "Resultaten week 47", False),
        ("week 47", "Resultaten, week\n47!", True),
        ("gas-lek", "een gas lek", True),
        ("café", "het CAFÉ", True),
        (r"/week \d+/", "In WEEK 9", True),
        (r"/^week/", "In week 9", False),
        ("/", "5/3", False),
    ],
)
def test_a_rule_is_words_or_a_pattern(rule: str, value: str, expected: bool) -> None:
    """Words are whole words whatever their case and punctuation, a star is the rest of one, slashes hold a pattern."""
    assert patterns.found(rule, value) is expected


@pytest.mark.parametrize("rule", ["/(/", "*", "//", "!", "", r"/(?P<a>x)(?P=b)/"])
def test_what_can_find_nothing_is_a_mistake(rule: str) -> None:
    """A rule that is no pattern, or has no word in it, is refused in words."""
    assert patterns.problem(rule)


@pytest.mark.parametrize("rule", ["verkeer", "inbra*", "/inbra(ak|ken)/", "5373"])
def test_what_can_be_used_is_no_mistake(rule: str) -> None:
    """Right rules have no problem."""
    assert patterns.problem(rule) is None


def test_a_catastrophic_pattern_costs_its_time_once() -> None:
    """A text made for an unlucky pattern is given up within the limit, told, and never tried again."""
    before = time.process_time()
    assert not patterns.found("/(x+)+$/", "x" * 5000 + "!")
    first = time.process_time() - before
    before = time.process_time()
    for _ in range(50):
        assert not patterns.found("/(x+)+$/", "x" * 5000 + "!")
    assert first < 1  # 0.02 s and what a busy machine adds
    assert time.process_time() - before < max(first, 0.1)
    assert "(x+)+$" in patterns.slow()
    assert patterns.found("/(x+)+$/", "xxx")


@given(st.text(), st.text())
def test_no_text_breaks_a_rule(rule: str, value: str) -> None:
    """Whatever is configured and whatever comes: a usable rule answers yes or no."""
    if patterns.problem(rule) is None:
        assert patterns.found(rule, value) in (True, False)
