"""Numbers as people write them: 4.812, 4 812, "1,2 miljoen", "vierentwintig", "quatre-vingt-dix", "twenty-one"."""

from __future__ import annotations

import re
from functools import cache
from math import floor, log10

_NL = (
    "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien "
    "achttien negentien"
)
_DE = (
    "null ein zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn "
    "siebzehn achtzehn neunzehn"
)
_FR = (
    "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf"
)
_EN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = {
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "de": "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante",
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
}
MULTIPLIERS = {
    "hundred": 100, "cents": 100, "duizend": 1000, "mille": 1000, "tausend": 1000, "thousand": 1000,
    "miljoen": 10**6, "mln": 10**6, "million": 10**6, "millions": 10**6, "millionen": 10**6, "mio": 10**6,
    "miljard": 10**9, "milliard": 10**9, "milliards": 10**9, "milliarde": 10**9, "milliarden": 10**9, "billion": 10**9,
}  # fmt: skip
_ORDINALS = (
    ("eerste", 1), ("tweede", 2), ("derde", 3), ("vierde", 4), ("vijfde", 5), ("zesde", 6), ("zevende", 7),
    ("achtste", 8), ("negende", 9), ("tiende", 10), ("premier", 1), ("premiere", 1), ("deuxieme", 2), ("seconde", 2),
    ("troisieme", 3), ("quatrieme", 4), ("cinquieme", 5), ("sixieme", 6), ("septieme", 7), ("huitieme", 8),
    ("neuvieme", 9), ("dixieme", 10), ("erste", 1), ("zweite", 2), ("dritte", 3), ("vierte", 4), ("funfte", 5),
    ("sechste", 6), ("siebte", 7), ("achte", 8), ("neunte", 9), ("zehnte", 10), ("first", 1), ("second", 2),
    ("third", 3), ("fourth", 4), ("fifth", 5), ("sixth", 6), ("seventh", 7), ("eighth", 8), ("ninth", 9), ("tenth", 10),
)  # fmt: skip
ORDINALS = {name + end: value for name, value in _ORDINALS for end in ("", *("nrsm" if name[-1] == "e" else ""))}
ONE = frozenset(("een", "un", "une", "ein", "eine", "einen", "einem", "einer"))
"""Articles that are the number one when they are stressed; as articles they say nothing."""
_ELSEWHERE = {"onze": "fr", "ten": "en", "elf": "nl de", "six": "fr en", "dix": "fr", "cent": "fr", "neuf": "fr"}


@cache
def _germanic(tongue: str) -> dict[str, float]:
    units = (_NL if tongue == "nl" else _DE).split()
    glue = "en" if tongue == "nl" else "und"
    hundred = "honderd" if tongue == "nl" else "hundert"
    found: dict[str, float] = dict(zip(units, range(20), strict=True))
    for ten, word in enumerate(_TENS[tongue].split(), start=2):
        found[word] = ten * 10
        found |= {unit + glue + word: ten * 10 + number for number, unit in enumerate(units[1:10], start=1)}
    below = dict(found)
    ends = ("enhalf", "enhalve") if tongue == "nl" else ("einhalb",)
    halves = {unit + end: number + 0.5 for number, unit in enumerate(units[2:10], start=2) for end in ends}
    for number, unit in ((1, ""), *enumerate(units[1:10], start=1)):
        found[unit + hundred] = number * 100
        for joint in ("", glue):
            found |= {unit + hundred + joint + word: number * 100 + value for word, value in below.items() if value}
    return found | halves | dict.fromkeys(("anderhalf", "anderhalve") if tongue == "nl" else ("anderthalb",), 1.5)


@cache
def _hyphened(tongue: str) -> dict[str, float]:
    units = (_FR if tongue == "fr" else _EN).split()
    found: dict[str, float] = dict(zip(units, range(20), strict=True))
    for ten, word in enumerate(_TENS[tongue].split(), start=2):
        found[word] = ten * 10
        found |= {f"{word}-{unit}": ten * 10 + number for number, unit in enumerate(units[1:10], start=1)}
    if tongue == "fr":
        found |= {f"{word}-et-un": found[word] + 1 for word in _TENS["fr"].split()}
        found |= {f"soixante-{unit}": 60 + number for number, unit in enumerate(units[10:], start=10)}
        found |= {f"quatre-vingt-{unit}": 80 + number for number, unit in enumerate(units[1:], start=1)}
        found |= {"quatre-vingts": 80, "quatre-vingt": 80, "septante": 70, "nonante": 90, "cent": 100}
        found |= {
            f"{ten}-{unit}": base + n
            for ten, base in (("septante", 70), ("nonante", 90))
            for n, unit in enumerate(units[1:10], start=1)
        }
    return found


@cache
def _words() -> dict[str, float]:
    every = _hyphened("en") | _hyphened("fr") | _germanic("de") | _germanic("nl")
    return {word: value for word, value in every.items() if word not in ONE}


def in_words(word: str, tongue: str) -> float | None:
    """The number that a word without accents stands for; None for any other word."""
    if word in _ELSEWHERE and tongue not in _ELSEWHERE[word]:
        return None
    value = _words().get(word)
    if value is None and word.endswith("tal") and len(word) > 5:
        return _words().get(word[:-3])
    return _large(word) if value is None else value


def _large(word: str) -> float | None:
    """A word with a thousand in it, or more than nine hundreds: "vijfduizend", "twaalfhonderdvijftig"."""
    for name, size in _PLACES:
        before, found, rest = word.partition(name)
        times, more = _words().get(before), _words().get(rest) if rest else 0
        if found and times is not None and more is not None and more < size:
            return times * size + more
    return None


_PLACES = (("duizend", 1000), ("tausend", 1000), ("honderd", 100), ("hundert", 100))


_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:([.,' ])\d{3})(?:\1\d{3})*")


def in_digits(written: str) -> float:
    """The value of digits with points, commas and spaces: three digits after one are thousands, others decimals."""
    whole = written.replace(" ", "")
    if _THOUSANDS.fullmatch(written):
        return float(re.sub(r"\D", "", written)[:18])
    integer, separator, rest = _parted(whole)
    digits = re.sub(r"\D", "", integer) or "0"
    return float(f"{digits[:18]}.{rest[:9] or '0'}") if separator else float(digits[:18])


def _parted(written: str) -> tuple[str, str, str]:
    at = max(written.rfind("."), written.rfind(","))
    if at < 0:
        return written, "", ""
    rest = written[at + 1 :]
    if len(rest) == 3 and len(re.findall(r"[.,]", written)) > 1 and written[at] in written[:at]:
        return written, "", ""
    return written[:at], written[at], rest


def digits(value: float) -> int:
    """How many digits of a number are meant: 1.200 has two, 1.182 four."""
    if value == 0:
        return 1
    shown = f"{abs(value):.6f}".rstrip("0").rstrip(".")
    bare = shown.replace(".", "").lstrip("0")
    return len(bare.rstrip("0")) if "." not in shown else len(bare)


def rounds(exact: float, rounded: float, way: str) -> bool:
    """Whether *rounded* may stand for *exact*, seen from the word before it: ``about``, ``below`` or ``above``."""
    if not way or not exact or digits(rounded) >= digits(exact):
        return False
    near = 0.1 if digits(rounded) == digits(exact) - 1 else 0.05
    if abs(exact - rounded) > near * abs(exact):
        return False
    return way == "about" or (way == "below" and exact <= rounded) or (way == "above" and exact >= rounded)


def written(value: float) -> str:
    """One spelling of each number."""
    if value == floor(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.{max(0, 6 - int(log10(abs(value) or 1)))}f}".rstrip("0")
