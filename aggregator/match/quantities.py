"""Numbers and units that are said in several words: "cent dix-huit", "1,45 miljoen", "kubieke meter"."""

from __future__ import annotations

from aggregator.match import lexicon, numerals
from aggregator.match.token import Token

_MOST = 1e9
"""Numbers above this are multiplied no further."""
_MONEY = frozenset(("euro", "pound", "dollar"))
_LETTERS = {"m": 10**6, "bn": 10**9, "k": 1000}
_AND = frozenset(("en", "et", "and", "und"))
_HALVES = frozenset(("half", "demi", "demie"))
_CUBED = frozenset(("cube", "cubes", "carre", "carres"))
_LARGE = frozenset(name for name, times in numerals.MULTIPLIERS.items() if times >= 1000)
_JOINING = frozenset(
    ("un", "une", "m", "&m2", "&m3", "#2.", *numerals.MULTIPLIERS, *_LETTERS, *lexicon.LARGER, *lexicon.SPANS)
) | _HALVES | _CUBED | lexicon.HOUR  # fmt: skip
"""What may make one number, or one unit, with what stands before it; most words do not."""


def joined(found: list[Token]) -> list[Token]:
    """Each number with its factor and its half, and each unit of several words, as one."""
    made: list[Token] = []
    for token in _spelt(found):
        if token.key in _JOINING:
            _join(made, _united(made, token))
        else:
            made.append(token)
    return _priced(made)


def _priced(found: list[Token]) -> list[Token]:
    """ "€ 275" as "275 €": what stands before its number in one text stands behind it in another."""
    for at in [at for at, token in enumerate(found[:-1]) if token.key in _MONEY]:
        sign, number = found[at : at + 2]
        if number.kind == "number" and sign.sentence == number.sentence:
            if at and found[at - 1].kind == "number":  # "1,45 miljoen euro 12 jaar geleden"
                continue
            found[at] = number._replace(at=sign.at, first=sign.first)
            found[at + 1] = sign._replace(at=number.at + len(number.raw) - 1, first=False)
    return found


def _join(made: list[Token], token: Token) -> None:
    """Put *token* behind what was *made*, or make one number of the two."""
    number = _number(made[-1]) if made else None
    factor = numerals.MULTIPLIERS.get(token.key) or _short(made, token)
    if _is_one(made, token):
        made.pop()
        made[-1] = _valued(made[-1], (made[-1].value or 0.0) + 1.0, f"{made[-1].raw} et {token.raw}")  # type: ignore[operator]
    elif used := _halved(made, token.key):
        raw = " ".join(each.raw for each in (*made[-used:], token))
        made[-used:] = [_valued(made[-used], _number(made[-used]) + 0.5, raw)]  # type: ignore[operator]
    elif token.key in lexicon.SPANS:
        _span(made, token)
    elif number is not None and factor:
        made[-1] = _valued(made[-1], number * factor, f"{made[-1].raw} {token.raw}")
    elif number is not None and token.key in lexicon.LARGER:
        times, unit = lexicon.LARGER[token.key]
        made[-1] = _valued(made[-1], number * times, f"{made[-1].raw} {token.raw}")
        made.append(token._replace(key=unit, kind="function"))
    elif factor and factor >= 1000:
        made.append(token._replace(key=f"#{factor}", kind="number", value=float(factor)))
    else:
        made.append(token)


def _valued(token: Token, value: float, raw: str) -> Token:
    return token._replace(key="#" + numerals.written(value), value=value, raw=raw)


def _number(token: Token) -> float | None:
    value = token.value
    if token.kind != "number" or token.key.endswith(".") or not isinstance(value, float) or value > _MOST:
        return None
    return value


def _short(made: list[Token], token: Token) -> int:
    """A million or a thousand, as one letter behind an amount of money."""
    money = len(made) > 1 and made[-2].key in _MONEY and token.at == made[-1].at + len(made[-1].raw)
    return _LETTERS.get(token.key, 0) if money else 0


def _is_one(made: list[Token], token: Token) -> bool:
    """Whether *token* is the "un" of "quarante et un"."""
    if token.key not in {"un", "une"} or len(made) < 2 or made[-1].key != "et":
        return False
    return made[-2].kind == "number" and made[-2].value in range(20, 80, 10) and made[-2].raw.isalpha()


def _halved(made: list[Token], key: str) -> int:
    """How many tokens are the number to which a half is added: "three and a", "trois et"; 0 where none is."""
    used = 3 if key == "half" else 2
    if key not in _HALVES or len(made) < used or made[1 - used].key not in _AND or not _is_whole(made[-used]):
        return 0
    return used if used == 2 or made[-1].key in {"a", "een"} else 0


def _is_whole(token: Token) -> bool:
    value = _number(token)
    return value is not None and value.is_integer()


# -- units -----------------------------------------------------------------------------


def _united(made: list[Token], token: Token) -> Token:
    """*token* as the unit that it is with the word before it, which is taken back: "kubieke meter", "mètres cubes"."""
    before = made[-1].key if made else ""
    if token.key == "m" and before in lexicon.SQUARE_AND_CUBIC:
        return token._replace(key=lexicon.SQUARE_AND_CUBIC[made.pop().key], kind="function")
    if token.key in lexicon.HOUR:
        return _part_of_an_hour(made, token)
    if token.key in _CUBED and before == "m":
        made.pop()
        return token._replace(key="&m3" if token.key.startswith("cub") else "&m2", kind="function")
    if token.key == "#2." and before in lexicon.PER:  # "par seconde" is no second thing
        return token._replace(key="s", kind="function", value=None)
    return token._replace(kind="function") if token.key in {"&m2", "&m3"} else token


def _part_of_an_hour(made: list[Token], token: Token) -> Token:
    for size in (3, 2, 1):
        said = " ".join(each.key for each in made[-size:])
        if said in lexicon.PARTS_OF_AN_HOUR:
            del made[-size:]
            return token._replace(key=lexicon.PARTS_OF_AN_HOUR[said], kind="word")
    return token


def _span(made: list[Token], token: Token) -> None:
    """Some quarters of an hour, or one, in minutes."""
    times, before = 1.0, made[-1] if made else None
    if before and (before.key in numerals.ONE or _number(before) is not None):
        times = _number(before) or 1.0
        token = token._replace(raw=f"{before.raw} {token.raw}", at=before.at, first=before.first)
        made.pop()
    made.append(_valued(token, times * lexicon.SPANS[token.key], token.raw)._replace(kind="number"))
    made.append(token._replace(key="min", kind="function", first=False))


# -- numbers in words --------------------------------------------------------------------


def _spelt(found: list[Token]) -> list[Token]:
    """Numbers in several words as one: "deux mille trois cents", "one hundred and eighteen"."""
    if not [token for token in found if token.key in _LARGE or (token.kind == "number" and token.raw[0].isalpha())]:
        return found
    made: list[Token] = []
    at = 0
    while at < len(found):
        token, used = found[at], 1
        if _begins(made, token):
            value, used = _sum(found, at)
            if used > 1:
                token = _valued(token, value, " ".join(each.raw for each in found[at : at + used]))
                token = token._replace(kind="number")
        made.append(token)
        at += used
    return made


def _begins(made: list[Token], token: Token) -> bool:
    """Whether a number in words begins: "mille" behind digits belongs to these."""
    if token.key in _LARGE:
        return not made or made[-1].kind != "number"
    return token.kind == "number" and token.raw[0].isalpha()


def _sum(found: list[Token], at: int) -> tuple[float, int]:
    """The number that is spelt from *at* on, and in how many tokens: thousands, then hundreds, then the rest."""
    total, current, used, least = 0.0, 0.0, 0, 1e12
    while value := _word_of_number(found, at, used):
        if value == 100 and 0 < current < 100:
            current *= 100
        elif value >= 1000 and value in _FACTORS and value < least:
            total, current, least = total + (current or 1) * value, 0.0, value
        elif value < least and value < _room(current):
            current += value
        else:
            break
        used += 1
        if _continues(found, at, used) and current and current % 100 == 0:
            used += 1
    return total + current, max(used, 1)


def _room(value: float) -> float:
    """What a number must be below to be added to another."""
    return next((float(place) for place in (1000, 100) if value % place == 0), 0.0) if value else 1e6


_FACTORS = frozenset(float(times) for times in numerals.MULTIPLIERS.values())


def _word_of_number(found: list[Token], at: int, used: int) -> float:
    """What the word of a number behind the *used* before it adds or multiplies by; 0 where there is none."""
    token = found[at + used] if at + used < len(found) else None
    if token is None or (used and not _are_beside(found[at + used - 1], token)):
        return 0.0
    value = numerals.MULTIPLIERS.get(token.key) or (_number(token) if token.raw[0].isalpha() else None) or 0.0
    return float(value) if float(value).is_integer() else 0.0


def _are_beside(one: Token, other: Token) -> bool:
    return one.sentence == other.sentence and other.at - one.at - len(one.raw) == 1


def _continues(found: list[Token], at: int, used: int) -> bool:
    """Whether "and" and a number below a hundred follow, and nothing that multiplies it."""
    if at + used >= len(found) or found[at + used].key not in _AND:
        return False
    more = _word_of_number(found, at, used + 1)
    after = _word_of_number(found, at, used + 2)
    return _are_beside(found[at + used - 1], found[at + used]) and 0 < more < 100 and after < 100
