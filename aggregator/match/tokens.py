"""A text as the tokens that are compared: one spelling of each number, date, hour, unit and word, and its kind.

``key`` is what is aligned.  An hour aligns with the same hour of the other half of the day, because "half zes" does not
say which; ``value`` tells them apart afterwards.  At most ``MOST`` tokens are made of a text, whatever its size.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from aggregator import text
from aggregator.match import lexicon, numerals
from aggregator.match.neighbours import settled
from aggregator.match.token import Token, clock, plain

MOST = 2_000
LONGEST = 20_000  # characters; 2,000 words of any language

_TOKEN = re.compile(
    r"""
    [ ]?+(?:  # no token begins with the space before it, and most of these are quicker skipped than tried
    (?P<usual>(?!km|kilom)[^\W\d_]++(?=[ ,;)\n]|\.?(?:\s|\Z)))
  | (?P<mail>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})
  | (?P<url>https?://\S+|\bwww\.\S+|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.(?:be|nl|com|org|eu|fr|de|net|uk|lu|example)\b(?:/\S*)?)
  | (?P<date>\b(?:19|20)\d\d-\d\d-\d\d\b | \b\d{1,2}([/.-])\d{1,2}\5(?:19|20)?\d\d\b | \b\d{1,2}/\d{1,2}\b(?!/)
      | \b\d{1,2}\.\s?\d{1,2}\.(?!\d))
  | (?P<time>\b(?:[01]?\d|2[0-4])(?:\s?[uUhH]\s?|[:.])[0-5]\d(?:\s?(?:uur|Uhr|heures?|u|h)\b|\s?[ap]\.?m\b\.?)
      | \b(?:[01]?\d|2[0-4])(?:\s?[uh]\s?|:)[0-5]\d\b
      | \b(?:[01]?\d|2[0-4])\s?(?:uur|Uhr|heures?|u|h|o'clock|[ap]\.?m\.?)(?!\w))
  | (?P<phone>(?<![\w.,/-])(?:\+\d{2}|0)\d{0,3}(?:[ ]?[./-]?[ ]?\d{2,3}){2,4}\b)
  | (?P<speed>\b(?:km|kilometers?|kilomètres?)(?:\s?/\s?(?:uur|u|h)|\s(?:per|par|pro|a|an)\s(?:uur|u|heure|Stunde|hour)
      |\sà\sl'heure)\b | \bkm/?h\b)
  | (?P<ordinal>\b\d{1,3}(?:ste|de|ème|eme|ère|er|st|nd|rd|th|e)\b)
  | (?P<aged>\b\d{1,3}(?=-(?:jarige?|jährige?[rnms]?|year-old)\b))
  | (?P<score>\b\d{1,3}\s?-\s?\d{1,3}\b(?![-\w]|\s?(?:uur|u|h|Uhr|heures?|[ap]\.?m)\b))
  | (?P<height>\b\d{1,3}\s?m\s?\d{2}\b)
  | (?P<plate>\b\d-?[A-Z]{3}-?\d{3}\b)
  | (?P<number>\b\d{1,3}(?:[ ]\d{3}){1,5}(?!\d) | \b\d{1,3}(?:'\d{3}){1,5}(?!\d) | \b\d{1,18}(?:[.,]\d{1,9}){0,6}
      (?=(?:kg|km|m|cm|mm|l|g|x|mln|k|ha)?\b))
  | (?P<code>\b(?=[A-Za-z]{0,9}\d)[A-Za-z\d]+(?:[-.][A-Za-z\d]+)*\b)
  | (?P<sign>[%€£$])
  | (?P<word>[^\W\d_]+(?:['\u2019\u2010-][^\W\d_]+)*)
    )
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_ENDS = re.compile(r"[.!?\u2026:;\u2022\u201c\u201e\u00ab\"\n]|^\s*[-\u2013\u2014]\s")
_TYPED = str.maketrans("\u2010\u2019", "-'")
_HALVES = re.compile("['\u2019\u2010-]")
_SIGNS = {"%": "%", "€": "euro", "£": "pound", "$": "dollar"}
_APOSTROPHES = "'\u2019"
_new = tuple.__new__  # half of what a named tuple's own takes


def tokens(written: str, tongue: str | None = None) -> tuple[Token, ...]:
    """The tokens of a text in *tongue* (else in the language it seems to be in)."""
    if len(written) > LONGEST:
        written = written[:LONGEST]
    whole = _SPACE.sub(" ", unicodedata.normalize("NFKC", text.visible(written)))
    if tongue is None:
        tongue = language(whole)
    return tuple(settled(list(islice(_raw(whole, tongue), MOST))))


def language(written: str) -> str:
    """The language that a text seems to be in."""
    words = _LETTERS.findall(written[:2_000].lower())
    return lexicon.tongue([word if word.isascii() else plain(word) for word in words])


_LETTERS = re.compile(r"[^\W\d_]+")


def _raw(whole: str, tongue: str) -> Iterator[Token]:
    before, first, sentence = 0, True, 0
    caps_count = _shouted(whole, tongue)
    for found in _TOKEN.finditer(whole):
        sort = found.lastgroup or "word"
        written, end = found[sort], found.end()
        start = end - len(written)
        # A space, as mostly, ends no sentence.
        if (start - before > 1 or (start > before and whole[before] != " ")) and _is_end(whole, before, start):
            first, sentence = True, sentence + 1
        usual = sort == "usual" and end - start <= _USUAL
        for token in _remembered(written, tongue) if usual else _READ[sort](written, tongue):
            key, kind, raw, value = token[:4]
            if kind == "name" and (caps_count or (first and not _is_street(key))):
                key, kind = lexicon.SYNONYMS.get(key, key), "word"
            yield _new(Token, (key, kind, raw, value, first, sentence, start))
            first = first and token[1] == "function" and raw in _APOSTROPHES
        before, first = end, False


def _is_end(whole: str, before: int, start: int) -> bool:
    """Whether a sentence ends between two tokens."""
    gap = whole[before:start]
    return _ENDS.search(gap) is not None and not (gap.startswith(". ") and _abbreviated(whole, before))


def _shouted(whole: str, tongue: str) -> bool:
    """Whether capitals say nothing here: a text in capitals, or a title with one on each word."""
    begin = whole[:1_000]
    if _has_few_capitals(begin, tongue):
        return False
    every = _WORDS.findall(begin)
    if _is_quiet(every, tongue):
        return False
    words = [word for word in every if plain(word) not in lexicon.FUNCTION[tongue]]
    capital = str.isupper if len(words) > _TITLE else _is_capital
    return len(words) > 2 and sum(capital(word) for word in words) > 0.8 * len(words)


def _has_few_capitals(begin: str, tongue: str) -> bool:
    """Whether there are so few capitals that one word in small letters which carries something makes it quiet."""
    if not begin.isascii() or len(_CAPITAL.findall(begin)) > 4:
        return False
    return any(word[0] not in lexicon.FUNCTION[tongue] for word in _SMALL.finditer(begin))


_CAPITAL = re.compile("[A-Z]")
_SMALL = re.compile("(?<![A-Za-z])[a-z]{2,}(?![A-Za-z])")


def _is_quiet(words: Sequence[str], tongue: str) -> bool:
    """Whether a few of the words show that too many are in small letters for the capitals to be four fifths."""
    small = iter(word for word in words if word.islower())
    loud = sum(not word.islower() for word in words)
    counting = (word for word in small if plain(word) not in lexicon.FUNCTION[tongue])
    return any(4 * count >= loud for count, _ in enumerate(counting, start=1))


def _is_capital(word: str) -> bool:
    return word[0].isupper()


_TITLE = 15
_WORDS = re.compile(r"[^\W\d_]{2,}")


def _abbreviated(whole: str, end: int) -> bool:
    start = whole.rfind(" ", 0, end) + 1
    word = plain(whole[start:end])
    return word in lexicon.ABBREVIATIONS or len(word) == 1


def _is_street(key: str) -> bool:
    return key.endswith(_STREETS) and any(key.endswith(end) and len(key) >= len(end) + 4 for end in _STREETS)


_STREETS = lexicon.STREETS[:8]


# -- what each kind of written thing is read as ------------------------------------


def _contact(raw: str, tongue: str) -> Iterator[Token]:
    yield Token("@" + re.sub(r"\W", "", raw).lower(), "contact", raw)


def _date(raw: str, tongue: str) -> Iterator[Token]:
    parts = [int(part) for part in re.findall(r"\d+", raw)]
    if parts[0] > 31:
        parts.reverse()
    day, month = parts[0], parts[1]
    if month > 12 >= day:
        day, month = month, day
    if not (1 <= day <= 31 and 1 <= month <= 12):
        yield Token(f"#{raw}", "number", raw, float(day))
        return
    yield Token(f"d{month}-{day}", "date", raw, (day, month))
    if len(parts) > 2:
        year = parts[2] if parts[2] > 99 else 2000 + parts[2]
        yield Token(f"#{year}", "number", raw, float(year))


def _time(raw: str, tongue: str) -> Iterator[Token]:
    numbers = [int(part) for part in re.findall(r"\d+", raw)]
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 0
    half = re.search(r"([ap])\.?m", raw, re.IGNORECASE)
    if half:
        hour = hour % 12 + (12 if half[1].lower() == "p" else 0)
    yield clock(hour * 60 + minute, raw, definite=True)


def _speed(raw: str, tongue: str) -> Iterator[Token]:
    yield Token("km/h", "function", raw)


def _ordinal(raw: str, tongue: str) -> Iterator[Token]:
    number = int(re.match(r"\d+", raw)[0])  # type: ignore[index]
    yield Token(f"#{number}.", "number", raw, float(number))


def _number(raw: str, tongue: str) -> Iterator[Token]:
    value = numerals.in_digits(raw)
    yield Token("#" + numerals.written(value), "number", raw, value)


def _height(raw: str, tongue: str) -> Iterator[Token]:
    yield from _number(re.sub(r"\s?m\s?", ".", raw), tongue)


def _code(raw: str, tongue: str) -> Iterator[Token]:
    yield Token("&" + re.sub(r"\W", "", raw).lower(), "code", raw)


def _score(raw: str, tongue: str) -> Iterator[Token]:
    yield Token("&" + raw.replace(" ", ""), "code", raw)


def _sign(raw: str, tongue: str) -> Iterator[Token]:
    yield Token(_SIGNS[raw], "function", raw)


def _usual(raw: str, tongue: str) -> tuple[Token, ...]:
    return _remembered(raw, tongue) if len(raw) <= _USUAL else _told(raw, tongue)


def _word(raw: str, tongue: str) -> Iterator[Token]:
    if raw[-1:].isalpha() and raw.isalpha():
        yield from _usual(raw, tongue)
        return
    key = plain(raw).translate(_TYPED)
    if (value := numerals.in_words(key, tongue)) is not None:
        yield Token(f"#{value}", "number", raw, float(value))
    elif key in lexicon.PARTS:
        yield Token(lexicon.PARTS[key], "part", raw)
    elif key in lexicon.HEDGES:
        yield Token(key, "function", raw)
    elif key in lexicon.SYNONYMS:
        yield Token(lexicon.SYNONYMS[key], "word", raw)
    else:
        yield from (token for half in _HALVES.split(raw) if half for token in _usual(half, tongue))


def _told(raw: str, tongue: str) -> tuple[Token]:
    return (_single(raw, tongue),)


def _single(raw: str, tongue: str) -> Token:
    lower = raw.casefold()
    if lower in _STRESSED:
        return Token("#1", "number", raw, 1.0)
    key = plain(raw)
    special = _special(key, raw, tongue)
    if special is not None:
        return special
    if key.endswith("str") and len(key) > 6:
        key += "asse" if tongue == "de" else "aat"
    if key in lexicon.NEGATIONS or (tongue == "fr" and key in {"n", "ne"}):
        return Token("not", "not", raw)
    if key in lexicon.STATES:
        return Token(key, "state", raw)
    if key in lexicon.FUNCTION[tongue] or len(key) == 1:
        return Token(lexicon.FORMS[tongue].get(key, key), "function", raw)
    if raw[0].isupper() or _is_street(key):
        return Token(lexicon.SYNONYMS.get(key, key), "name", raw)
    return Token(lexicon.SYNONYMS.get(key, key), "word", raw)


_remembered = lru_cache(maxsize=16_384)(_told)
_USUAL = 40
"""Characters of a word that is worth remembering."""
_STRESSED = frozenset(("één", "éen", "eén"))


def _special(key: str, raw: str, tongue: str) -> Token | None:
    """A word that stands for a number, a day, a month or a part of one."""
    if key in lexicon.FREE:
        return Token("#0", "number", raw, 0.0)
    if (value := numerals.in_words(key, tongue)) is not None:
        return Token(f"#{value}", "number", raw, float(value))
    if key in numerals.ORDINALS:
        return Token(f"#{numerals.ORDINALS[key]}.", "number", raw, float(numerals.ORDINALS[key]))
    if key in lexicon.WEEKDAYS and not (key == "mars" and tongue != "fr"):
        return Token(f"w{lexicon.WEEKDAYS[key]}", "weekday", raw)
    if key in lexicon.DAYS_WITH_PARTS:
        day, part = lexicon.DAYS_WITH_PARTS[key]
        return Token(f"w{day}{lexicon.PARTS[part]}", "weekday", raw, (day,))
    if key in lexicon.MONTHS and not (
        key in {"mai", "may", "marz", "march"} and not raw[0].isupper() and tongue == "en"
    ):
        return Token(f"m{lexicon.MONTHS[key]}", "month", raw, (lexicon.MONTHS[key],))
    if key in lexicon.UNITS:
        return Token(lexicon.UNITS[key], "function", raw)
    if key in lexicon.PARTS:
        return Token(lexicon.PARTS[key], "part", raw)
    return None


_READ: dict[str, Callable[[str, str], Iterable[Token]]] = {
    "usual": _usual, "mail": _contact, "url": _contact, "phone": _contact, "date": _date, "time": _time,
    "speed": _speed, "ordinal": _ordinal, "aged": _number, "score": _score, "height": _height, "plate": _code,
    "number": _number, "code": _code, "sign": _sign, "word": _word,
}  # fmt: skip
