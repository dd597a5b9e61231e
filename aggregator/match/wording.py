"""Words exchanged for others: for a form of the same, by a turn of phrase, or for what the news is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.match import lexicon
from aggregator.match.align import common, together
from aggregator.match.token import Token


def excluding(one: Sequence[Token], other: Sequence[Token]) -> tuple[str, str] | None:
    """Two words of one field, such as colours: what is one of them is not the other."""
    if max(len(one), len(other)) > 6:
        return None
    theirs = {token.key for token in other}
    ours = {token.key for token in one}
    for a in one:
        for b in other:
            fields = lexicon.field(a.key), lexicon.field(b.key)
            if not fields[0] or not fields[1] or fields[0][1] != fields[1][1] or a.key in theirs or b.key in ours:
                continue
            here, there = fields[0][0], fields[1][0]
            if lexicon.TWINS.get(here, here) != lexicon.TWINS.get(there, there) and not alike(here, there):
                return a.raw, b.raw
    return None


def reworded(one: Sequence[Token], other: Sequence[Token]) -> tuple[str, str] | None:
    """The words that carry something and were exchanged for others that are not a form of them."""
    every = [token for token in one if carries(token)], [token for token in other if carries(token)]
    here = [a for a in every[0] if not any(_one_word(a.key, b.key) for b in every[1])]
    there = [b for b in every[1] if not any(_one_word(a.key, b.key) for a in every[0])]
    if not here or not there:
        return None
    return phrase(here), phrase(there)


def _one_word(a: str, b: str) -> bool:
    """Whether two words are forms of one, stand for one, or are a compound and its head ("netbeheerder").

    So is a part that a verb left behind ("keurde goed", "goedgekeurd").
    """
    if a in lexicon.TWINS and lexicon.TWINS[a] == lexicon.TWINS.get(b):
        return True
    short, long = sorted((a, b), key=len)
    parted = len(short) > 2 and long.startswith(f"{short}ge")
    return alike(a, b) or parted or (len(short) > 3 and long.endswith(short))


def abbreviates(short: Sequence[Token], long: Sequence[Token]) -> bool:
    """Whether a word in capitals stands for the words by whose first letters it is spelt, and nothing else changed."""
    letters = [token for token in short if carries(token) or token.kind == "name"]
    initials = "".join(token.key[0] for token in long if token.kind != "function")
    return len(letters) == 1 and letters[0].raw.isupper() and len(initials) > 1 and letters[0].key == initials


def is_one_spelling(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """Whether two passages are the same letters, with or without spaces and hyphens: "week-end", "weekend"."""
    return len(one) != len(other) and "".join(t.key for t in one) == "".join(t.key for t in other)


def uncompounded(one: Sequence[Token], other: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """Both without a compound of one and its parts in the other: "Dachsanierung", "Sanierung des Daches"."""
    for closed, apart in ((one, other), (other, one)):
        for word in closed if len(closed) < len(apart) else ():
            if len(word.key) >= _COMPOUND and (parts := _parts(word.key, apart)):
                rest = [each for each in closed if each is not word], [each for each in apart if each not in parts]
                return rest if closed is one else (rest[1], rest[0])
    return one, other


_COMPOUND = 8
"""Letters of a compound, at least."""


def _parts(word: str, apart: Sequence[Token]) -> tuple[Token, Token] | None:
    """The two words that *word* is made of: its head whole, what stands before that but for an ending or a joint."""
    for head in apart:
        rest = word[: -len(head.key)]
        if len(head.key) < 4 or len(rest) < 3 or not word.endswith(head.key):
            continue
        for each in apart:
            same = together(rest, each.key)
            if same >= max(3, len(rest) - 2, len(each.key) - 2):
                return head, each
    return None


def carries(token: Token) -> bool:
    return token.kind in {"word", "name", "state"} and len(token.key) > 2 and token.key not in lexicon.HEDGES


def is_subject(one: Sequence[Token], other: Sequence[Token], before: Token | None) -> bool:
    """Whether what was exchanged is a noun that the news may be about, and not a turn of phrase.

    It is where an article or a preposition stands before it and one word stands for one, and where two compounds end in
    the same head ("snoeiwerken", "asfalteringswerken").
    """
    if len(one) > 3 or len(other) > 3:
        return False
    here, there = [token for token in one if carries(token)], [token for token in other if carries(token)]
    if any(one_head(a.key, b.key) for a in here for b in there):
        return True
    participle = any(token.raw.endswith(_PARTICIPLES) for token in (*here, *there))
    if participle and (before is None or before.key in _AUXILIARIES):
        return False
    determined = before is not None and before.key in lexicon.DETERMINERS
    if len(one) > 1 or len(other) > 1:
        return determined and min(len(one), len(other)) == 1
    return determined or not (
        all(_VERB.search(token.key) for token in (*here, *there))
        or any(_TURN.search(token.key) for token in (*here, *there))
    )


_PARTICIPLES = ("é", "ée", "és", "ées")
_AUXILIARIES = frozenset(("a", "ont", "avait", "est", "sont", "etait", "etaient", "sera", "seront", "ete", "aurait"))
_TURN = re.compile(
    r"^(?:ge|be|ver|ont|her|aan|af|op|uit|in|door|weg|terug)\w+(?:d|t|en|de|te|den|ten)$|"
    r"^(?:ab|an|auf|aus|bei|durch|ein|fest|mit|nach|vor|zu|zuruck|zusammen|mee|bij|na|om|over|samen|toe|voor)ge\w{4,}(?:t|d|en)$|"
    r"(?:er|ir|ent|ait|aient|ee|ees|ement|ed|ing|ly|erweise|lijk|weg)$"
)
"""Forms of verbs and adverbs, which an editor exchanges."""
_VERB = re.compile(r"(?:t|te|de|ten|den|s)$")


def is_verbal(word: str) -> bool:
    """Whether a word looks like a form of a verb, which an editor exchanges more readily than a noun."""
    return bool(_PARTICIPLE.search(word) or (len(word) > 4 and _FINITE.search(word)))


_PARTICIPLE = re.compile(r"^(?:ge|be|ver|ont|her|aan|af|op|uit|in|door|weg|terug)\w{2,}(?:d|t|en|de|te)$")
_FINITE = re.compile(r"(?:[^aeiou]t|te|de|ten|den|ed|er|ir|ent|ait|aient)$")


def one_head(a: str, b: str) -> bool:
    size = 0
    while size < min(len(a), len(b)) and a[-1 - size] == b[-1 - size]:
        size += 1
    tail = a[len(a) - size :]
    if size < 4 or (size == len(a) or size == len(b)) or tail in lexicon.ENDINGS:
        return False
    return not any(tail == end[-size:] for end in lexicon.ENDINGS if len(end) >= size)


def alike(a: str, b: str) -> bool:
    """Whether two words are forms of one: an ending, a plural, a slip of the pen; numbers never are."""
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) < 4 or any(char.isdigit() for char in a + b):
        return False
    same = 0
    while same < len(short) and short[same] == long[same]:
        same += 1
    if same >= 4 and len(long) - same <= 3 and same >= 0.6 * len(long):
        return True
    slips = 1 if len(short) < 10 else 2
    return len(short) >= 7 and short[0] == long[0] and len(common(a, b)) >= len(long) - slips


def phrase(side: Sequence[Token]) -> str:
    """The words as they are written."""
    return " ".join(token.raw for token in side)
