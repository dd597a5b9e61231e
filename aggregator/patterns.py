"""Words and patterns that an operator writes, held against what strangers wrote.

A rule is words (``verkeerscontrole``, ``week 47``, ``inbra*``), or a regular expression between slashes
(``/week \\d+/``).  Words are whole words, compared as ``text.fold`` leaves them; a ``*`` at either end stands for the
rest of a word.  A regular expression ignores case, and has a time limit: an unlucky pattern takes for ever on a text
that was made for it.  What it could not decide in time counts as not found, and is not tried again.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from aggregator import text

SECONDS = 0.02
"""How long one regular expression may search one text."""
LONGEST = 20_000
"""Characters of a text that are looked at."""
_REMEMBERED = 10_000

_slow: dict[tuple[str, str], None] = {}


def problem(rule: str) -> str | None:
    """Why *rule* cannot be used, in words; None for one that can."""
    pattern = _pattern(rule)
    if pattern is None:
        return None if text.fold(rule) else "it has no letter and no digit"
    try:
        _compiled(pattern)
    except (regex.error, OverflowError, RecursionError, ValueError) as error:
        return str(error)
    return None


def found(rule: str, value: str) -> bool:
    """Whether *rule* (one without a ``problem``) is found in *value*."""
    pattern = _pattern(rule)
    return _has_words(rule, value[:LONGEST]) if pattern is None else _matches(pattern, value[:LONGEST])


def slow() -> tuple[str, ...]:
    """The regular expressions that have run out of time in this process."""
    return tuple(dict.fromkeys(pattern for pattern, _ in _slow))


def _pattern(rule: str) -> str | None:
    """What stands between the slashes."""
    return rule[1:-1] if len(rule) > 2 and rule[0] == rule[-1] == "/" else None


def _has_words(rule: str, value: str) -> bool:
    begin, end = ("" if rule.startswith("*") else " "), ("" if rule.endswith("*") else " ")
    return f"{begin}{text.fold(rule)}{end}" in f" {text.fold(value)} "


def _matches(pattern: str, value: str) -> bool:
    key = (pattern, text.digest(value))
    if key in _slow:
        return False
    try:
        return _compiled(pattern).search(value, timeout=SECONDS) is not None
    except TimeoutError:
        if len(_slow) >= _REMEMBERED:
            del _slow[next(iter(_slow))]
        _slow[key] = None
        return False


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.IGNORECASE | regex.VERSION0)
