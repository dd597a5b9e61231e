"""Numbers that are hours or days of a month, which only the words around them tell."""

from __future__ import annotations

import re

from aggregator.match import lexicon
from aggregator.match.quantities import joined
from aggregator.match.token import Token, clock

_JOINTS = frozenset(("en", "tot", "a", "et", "to", "and", "und", "bis", "of", "or", "ou", "oder"))
_TO = frozenset(("voor", "to", "vor", "moins", "avant"))
_PAST = frozenset(("over", "past", "nach", "na"))


def settled(found: list[Token]) -> list[Token]:
    """Numbers that are hours, days of a month or part of a larger one, once their neighbours are known."""
    return _reminded(_spans(_hours(_dates(joined(found)))))


def _reminded(found: list[Token]) -> list[Token]:
    """ "Vergeet je kaart niet" and "n'oubliez pas" ask for the thing: their negation denies nothing."""
    for at, token in [(at, token) for at, token in enumerate(found) if token.key in lexicon.REMINDING]:
        near = (place for place in range(max(0, at - 2), min(at + NEAR, len(found))) if found[place].kind == "not")
        same = [place for place in near if found[place].sentence == token.sentence]
        for place in [each for each in same if each < at] + [each for each in same if each > at][:1]:
            found[place] = found[place]._replace(kind="function")
    return found


NEAR = 12
"""How far behind its verb a negation may stand, in words."""


def _dates(found: list[Token]) -> list[Token]:
    """22 maart, "1er juillet" and "June 9" as one date."""
    if all(token.kind != "month" for token in found):
        return found
    made: list[Token] = []
    for token in found:
        last = made[-1] if made else None
        if token.kind == "month" and last and _is_day(last):
            made[-1] = _day(last, token, f"{last.raw} {token.raw}")
        elif last and last.kind == "month" and _is_day(token) and last.raw[0].isupper():
            made[-1] = _day(token, last, f"{last.raw} {token.raw}")._replace(first=last.first, sentence=last.sentence)
        else:
            made.append(token)
    return made


def _is_day(token: Token) -> bool:
    if "." in token.raw.rstrip(".") or "," in token.raw:
        return False
    return token.kind == "number" and isinstance(token.value, float) and token.value in range(1, 32)


def _day(day: Token, month: Token, raw: str) -> Token:
    assert isinstance(day.value, float)
    assert isinstance(month.value, tuple)
    number = int(day.value)
    return day._replace(key=f"d{month.value[0]}-{number}", kind="date", raw=raw, value=(number, month.value[0]))


def _hours(found: list[Token]) -> list[Token]:
    """half zes", "kwart over vier", "vier uur in de namiddag", "sept heures et demie" as one hour."""
    made: list[Token] = []
    at = 0
    while at < len(found):
        token, used = found[at], 1
        if token.kind in _COUNTED or token.key in _FRACTIONS:
            token, used = _hour(found, at)
        made.append(token)
        at += used
    return made


def _hour(found: list[Token], at: int) -> tuple[Token, int]:
    minutes, used = _said(found, at)
    if minutes is None:
        return found[at], 1
    first = found[at]
    definite = first.kind == "time" and isinstance(first.value, tuple) and bool(first.value[1]) and not _worded(first)
    raw = " ".join(token.raw for token in found[at : at + used])
    part, more = _part(found, at + used)
    if part:
        hour = minutes // 60
        minutes += 720 if part == "pm" and hour < 12 else 720 if part == "night" and 6 < hour < 12 else 0
        definite = True
        raw = " ".join(token.raw for token in found[at : at + used + more])
    made = clock(minutes, raw, definite=definite)
    return made._replace(first=first.first, sentence=first.sentence, at=first.at), used + more


def _worded(token: Token) -> bool:
    return not token.raw[0].isdigit()


def _said(found: list[Token], at: int) -> tuple[int | None, int]:
    """The minutes that are said from *at* on, and in how many tokens."""
    token = found[at]
    following = found[at + 1 : at + 3]
    number = _small(following[0]) if following else None
    if token.key in {"half", "halb"} and number:
        return (number - 1) % 12 * 60 + 30, 2
    if at and found[at - 1].key in _ABOUT and token.value in _MINUTES and len(following) == 2 and _worded(token):
        hour = _small(following[1])
        if hour and following[0].key in _TO | _PAST:
            minutes = int(token.value) if isinstance(token.value, float) else 0
            return (hour * 60 + (minutes if following[0].key in _PAST else -minutes)) % 1440, 3
    if token.key == "half" and len(following) == 2 and following[0].key == "past" and (late := _small(following[1])):
        return late * 60 + 30, 3
    if token.key in {"kwart", "viertel", "quarter"} and len(following) == 2 and (hour := _small(following[1])):
        if following[0].key in _TO:
            return (hour * 60 - 15) % 1440, 3
        if following[0].key in _PAST:
            return hour * 60 + 15, 3
    if token.kind == "time" and isinstance(token.value, tuple):
        if [each.key for each in following[:2]] == ["et", "demie"]:
            return token.value[0] + 30, 3
        return token.value[0], 1
    if (spelt := _small(token)) is not None and _worded(token) and following and following[0].key in _CLOCKS:
        if [each.key for each in found[at + 2 : at + 4]] == ["et", "demie"]:
            return spelt * 60 + 30, 4
        return spelt * 60, 2
    return None, 1


_COUNTED = frozenset(("number", "time"))
_FRACTIONS = frozenset(("half", "halb", "kwart", "viertel", "quarter"))
_MINUTES = frozenset((5.0, 10.0, 20.0))
_ABOUT = frozenset(
    ("om", "rond", "omstreeks", "tegen", "tot", "van", "vanaf", "um", "gegen", "ab", "at", "about", "from")
)
"""What stands before an hour, and seldom before "ten to seven" in another sense."""
_CLOCKS = frozenset(("uur", "uhr", "heures", "heure", "o'clock"))


def _small(token: Token) -> int | None:
    value = token.value
    if token.kind == "number" and isinstance(value, float) and value in range(1, 13) and not token.key.endswith("."):
        return int(value)
    return None


def _part(found: list[Token], at: int) -> tuple[str, int]:
    """The part of the day that is said behind an hour, and in how many tokens: "'s avonds", "in de namiddag"."""
    for used, token in enumerate(found[at : at + 4], start=1):
        if token.kind == "part":
            return token.key, used
        if token.kind != "function" or token.sentence != found[at - 1].sentence:
            break
    return "", 0


def _spans(found: list[Token]) -> list[Token]:
    """tussen 14 en 19 uur", "14-19 uur", "7.00 to 22.00": a number before an hour is an hour too."""
    for at in range(len(found) - 2, -1, -1):
        if found[at].kind != "number":
            continue
        token, joint = found[at : at + 2]
        last = found[at + 2] if at + 2 < len(found) else joint
        if not (joint.key in _JOINTS or joint.at - token.at - len(token.raw) == 1):
            continue
        if joint.kind == "time" or last.kind == "time":
            found[at] = _bare(token, last if last.kind == "time" else joint) or token
        elif (
            _TO_THE_MINUTE.fullmatch(token.raw) and _TO_THE_MINUTE.fullmatch(last.raw) and not _measured(found, at + 3)
        ):
            found[at], found[at + 2] = _bare(token) or token, _bare(last) or last
    return found


_TO_THE_MINUTE = re.compile(r"(?:[01]?\d|2[0-4])[.:][0-5]\d")


def _measured(found: list[Token], at: int) -> bool:
    return at < len(found) and found[at].key in {"euro", "pound", "dollar", "%", *lexicon.UNITS.values()}


def _bare(token: Token, until: Token | None = None) -> Token | None:
    """The hour that a number is; before "5pm" it may be one of the morning or of the afternoon."""
    numbers = re.fullmatch(r"([01]?\d|2[0-4])(?:[.:]([0-5]\d))?", token.raw)
    if numbers is None and (value := _small(token)) is not None:
        return clock(value * 60, token.raw, definite=False)._replace(first=token.first, sentence=token.sentence)
    if numbers is None:
        return None
    halves = until is not None and re.search(r"[ap]\.?m", until.raw, re.IGNORECASE) is not None
    made = clock(int(numbers[1]) * 60 + int(numbers[2] or 0), token.raw, definite=not halves)
    return made._replace(first=token.first, sentence=token.sentence)
