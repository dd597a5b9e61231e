"""What is aligned: one spelling of each number, date, hour, unit and word, in four languages, whatever comes."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.match import lexicon, numerals
from aggregator.match import tokens as tokenising
from aggregator.match.align import common, gaps
from aggregator.match.token import plain
from aggregator.match.tokens import LONGEST, MOST, tokens


def keys(written: str) -> list[str]:
    return [token.key for token in tokens(written)]


def kinds(written: str, kind: str) -> list[str]:
    return [token.raw for token in tokens(written) if token.kind == kind]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Er waren 4.812 voertuigen", "Er waren 4 812 voertuigen"),
        ("Er waren 4.812 voertuigen", "Er waren 4812 voertuigen"),
        ("Er waren twaalf agenten", "Er waren 12 agenten"),
        ("Er waren vierentwintig agenten", "Er waren 24 agenten"),
        ("Het kost 1,45 miljoen euro", "Het kost 1.450.000 euro"),
        ("een boete van 120 euro", "een boete van 120 €"),
        ("8,5 procent van de wagens", "8,5% van de wagens"),
        ("met 118 km/u geflitst", "met 118 kilometer per uur geflitst"),
        ("een vrachtwagen van 3,5 ton", "een vrachtwagen van 3500 kg"),
        ("op 22 maart 2025", "op 22/03/2025"),
        ("om 23.15 uur", "om 23u15"),
        ("om 23.15 uur", "om 23:15"),
        ("tussen 14 en 19 uur", "tussen 14.00 en 19.00 uur"),
        ("om 17.30 uur", "om half zes 's avonds"),
        ("om 16 uur", "om vier uur in de namiddag"),
        ("om 16.15 uur", "om kwart over vier 's namiddags"),
        ("de tweede editie", "de 2de editie"),
        ("in de Schoolstr. gevonden", "in de Schoolstraat gevonden"),
        ("met nummerplaat 1-ABC-234", "met nummerplaat 1ABC234"),
        ("le 1er juillet à 19 h 30", "le 1 juillet à sept heures et demie du soir"),
        ("quatre-vingt-dix-sept élèves", "97 élèves"),
        ("am 1. Juni um 10 Uhr", "am 1.6. um 10:00 Uhr"),
        ("vierundzwanzig Feuerwehrleute waren im Einsatz", "24 Feuerwehrleute waren im Einsatz"),
        ("open from 7am to 10pm", "open from 7.00 to 22.00"),
        ("on June 9 at half past four in the afternoon", "on 9 June at 4.30pm"),
        ("The work took twenty-one weeks", "The work took 21 weeks"),
        ("hij is 1,75 groot", "hij is 1m75 groot"),
        ("rond 6.50 uur", "rond tien voor zeven"),
        ("une dame de 41 ans", "une dame de quarante et un ans"),
        ("it cost £1.2 million in all", "it cost £1.2m in all"),
        ("soit cent dix-huit par jour", "soit 118 par jour"),
        ("deux mille trois cents et mille neuf cents élèves", "2.300 et 1.900 élèves"),
        ("one hundred and eighteen cars", "118 cars"),
        ("between one hundred and two hundred cars", "between 100 and 200 cars"),
        ("vijfduizend liter, honderd achttien kaarten", "5.000 liter, 118 kaarten"),
        ("een put van 2 kubieke meter", "een put van 2 m³"),
        ("212 miljoen kuub water", "212 miljoen m³ water"),
        ("1 150 mètres cubes", "1150 m³"),
        ("een dak van 150 vierkante meter", "een dak van 150 m²"),
        ("anderhalve ton afval", "1.500 kg afval"),
        ("three and a half tonnes", "3.5 tonnes"),
        ("trois et demi pour cent", "3,5 pour cent"),
        ("na drie kwartier", "na 45 minuten"),
        ("een halfuur later", "30 minuten later"),
        ("un quart d'heure", "15 minutes"),
        ("le niveau est de 4 m 20", "le niveau est de 4,20"),
        ("tussen half zes en half negen", "tussen 5.30 uur en 8.30 uur"),
        ("caf\u00e9 Den Hert", "cafe\u0301 Den Hert"),
        ("soft\u00adhyphen en nbsp\u00a0hier", "softhyphen en nbsp hier"),
    ],
)
def test_one_fact_has_one_spelling(one: str, other: str) -> None:
    """Two ways of writing one fact are the same tokens."""
    assert keys(one) == keys(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.182 voertuigen", "1.183 voertuigen"),
        ("om 7 uur", "om 8 uur"),
        ("22 maart", "23 maart"),
        ("week 12", "week 13"),
        ("maandag", "dinsdag"),
        ("uitslag 3-1", "uitslag 1-3"),
        ("zaal B2.07", "zaal B2.08"),
        ("8,5 procent", "85 procent"),
        ("soit cent dix-huit", "soit cent dix-neuf"),
        ("deux cents et dix-huit cents", "deux cent dix-huit et cent"),
        ("een kwartier", "een halfuur"),
        ("anderhalf uur", "tweeënhalf uur"),
        ("2 m²", "2 m³"),
        ("4 m 20", "4 m 02"),
        ("de tweede zitting", "de derde zitting"),
    ],
)
def test_two_facts_are_two_tokens(one: str, other: str) -> None:
    """What differs in a digit, a day or an hour differs."""
    assert keys(one) != keys(other)


def test_numbers_in_words_end() -> None:
    """Whatever follows a number in words, a half or a factor without a number too, each word is read once."""
    for written in (
        "anderhalve ton",
        "mille",
        "cent",
        "demi",
        "half",
        "en half negen",
        "2 mille cent",
        "un million cent",
    ):
        assert keys(written), written


def test_a_word_before_a_rounded_number_is_no_label() -> None:
    """The "n" of "zo'n" is not the one of "n° 12"."""
    assert "zo'n" in keys("Er ging zo'n 1.500 kg verloren") == keys("Er ging zo\u2019n 1.500 kg verloren")


@pytest.mark.parametrize(
    ("written", "denied"),
    [
        ("Vergeet je kaart niet.", 0), ("N'oubliez pas votre carte.", 0), ("Vergessen Sie nicht die Karte.", 0),
        ("Do not forget your card.", 0), ("Neem je kaart niet mee.", 1),
        ("Vergeet je kaart niet. Er is geen bank.", 1), ("Vergeet niet dat de brug niet open is.", 1),
    ],
)  # fmt: skip
def test_who_asks_not_to_forget_denies_nothing(written: str, denied: int) -> None:
    """The negation of "forget" asks for the thing; any other denies."""
    assert len(kinds(written, "not")) == denied


def test_the_half_of_the_day_is_kept_apart_from_the_hour() -> None:
    """An hour in words aligns with either half of the day; digits say which one they mean."""
    (words,) = [token for token in tokens("tegen half zes") if token.kind == "time"]
    (evening,) = [token for token in tokens("tegen 17.30 uur") if token.kind == "time"]
    assert words.key == evening.key
    assert words.value == (330, 0)
    assert evening.value == (1050, 1)


def test_a_name_is_a_capital_inside_a_sentence() -> None:
    """The first word of a sentence has a capital and is no name for it; streets are known by their ending."""
    assert kinds("Agenten zagen Jan Peters. Bewoners van Ham keken toe.", "name") == ["Jan", "Peters", "Ham"]
    assert kinds("Koolmijnlaan afgesloten", "name") == ["Koolmijnlaan"]
    assert kinds("Dr. Van den Berghe nr. 12", "name") == ["Van", "Berghe"] or kinds(
        "Inspecteur prof. Berghe", "name"
    ) == ["Berghe"]


def test_capitals_everywhere_are_no_names() -> None:
    """A title in capitals, or with one on every word, holds no names."""
    assert kinds("POLITIE ZOEKT GETUIGEN VAN ONGEVAL", "name") == []


@pytest.mark.parametrize(
    ("exact", "rounded", "way", "may"),
    [
        (1182, 1200, "below", True),
        (1182, 1200, "above", False),
        (6200, 6000, "above", True),
        (6200, 6000, "about", True),
        (1182, 1183, "about", False),
        (1182, 2000, "about", False),
        (1200, 1182, "about", False),
    ],
)
def test_a_rounded_number_says_on_which_side_it_is(exact: float, rounded: float, way: str, may: bool) -> None:
    """Rounding drops digits, stays near, and lies where "bijna" or "ruim" say it does."""
    assert numerals.rounds(exact, rounded, way) is may


def test_the_numbers_of_every_language_are_complete() -> None:
    """From 2 to 99 every number in words is itself, in the four languages."""
    spelt = {
        "nl": ["tweeentwintig", "negenennegentig", "zeventien", "honderdvijf"],
        "de": ["zweiundzwanzig", "neunundneunzig", "siebzehn", "hundertfunf"],
        "fr": ["vingt-deux", "quatre-vingt-dix-neuf", "dix-sept"],
        "en": ["twenty-two", "ninety-nine", "seventeen"],
    }
    for tongue, words in spelt.items():
        assert [numerals.in_words(word, tongue) for word in words] == [22, 99, 17, 105][: len(words)]
    assert numerals.in_words("onze", "nl") is None
    assert numerals.in_words("onze", "fr") == 11


@given(st.text(max_size=300))
def test_any_text_has_tokens(written: str) -> None:
    """Whatever strangers write, tokens come out, the same every time, and in the order of the text."""
    found = tokens(written)
    assert found == tokens(written)
    assert len(found) <= MOST
    assert [token.sentence for token in found] == sorted(token.sentence for token in found)


SLOW = re.compile(tokenising._TOKEN.pattern.replace("(?P<usual>", "(?P<usual>(?!)"), re.VERBOSE)
"""The patterns of tokens without the one for usual words."""
PIECES = st.sampled_from(
    ["km", "kilometers", "www", "http", "https", "a.be", "u", "woord", "Élan", "été", "d'", "l\u2019eau", "x-", "5x",
     "12", "1e", "m", "@", "://", ".", ",", ":", ";", " ", "\n", ")", "/u", " per uur", "-", "2", "²", "\u2019", "…",
     "St", ". ", ".x"]
)  # fmt: skip


@given(st.lists(PIECES | st.characters(), max_size=12).map("".join))
@settings(max_examples=500)
def test_a_usual_word_is_the_word_that_the_long_way_finds(written: str) -> None:
    """Words behind which a space or the like stands are found first, and nothing else could have begun there."""
    assert [(found.span(), found[0]) for found in tokenising._TOKEN.finditer(written)] == [
        (found.span(), found[0]) for found in SLOW.finditer(written)
    ]
    kinds = {"usual": "word"}
    assert [kinds.get(found.lastgroup or "", found.lastgroup) for found in tokenising._TOKEN.finditer(written)] == [
        found.lastgroup for found in SLOW.finditer(written)
    ]


@given(
    st.lists(
        st.sampled_from(["de", "een", "Van", "WERK", "Straat", "straat", "ǅep", "中A", "É", "é", "ab"]), max_size=30
    )
)
@settings(max_examples=300)
def test_words_in_small_letters_show_soon_that_a_text_does_not_shout(words: list[str]) -> None:
    """A text shouts where over four fifths of its words, of those that carry something, have capitals."""
    carrying = [word for word in words if plain(word) not in lexicon.FUNCTION["nl"]]
    for capital in (str.isupper, tokenising._is_capital):
        if tokenising._is_quiet(words, "nl"):
            assert not sum(capital(word) for word in carrying) > 0.8 * len(carrying)


@pytest.mark.parametrize("word", ["rood", "rode", "hoger", "doden", "fietsen", "huis", "trains", "noordelijkes"])
def test_a_form_of_a_word_is_of_its_field(word: str) -> None:
    """The word itself before one with an ending, and short endings before long ones."""
    ends = ("", "s", "e", "es", "en", "er")
    stems = (word.removesuffix(end) for end in ends if word.endswith(end))
    stem = next((stem for stem in stems if stem in lexicon.FIELDS), None)
    assert lexicon.field(word) == (None if stem is None else (stem, lexicon.FIELDS[stem]))


@pytest.mark.parametrize(
    "piece", ["a-", "1.", "123 ", "a@", "A", "00 ", "a'", "a.be ", "1u", " ", ".", "12:", "1-1-", "miljard "]
)
def test_a_megabyte_costs_no_more_than_a_long_text(piece: str) -> None:
    """A text is read as far as ``LONGEST``, in time that grows with its length and no faster."""
    written = piece * (1_000_000 // len(piece))
    before = time.process_time()
    assert len(tokens(written)) <= MOST
    assert len(written) > LONGEST
    assert time.process_time() - before < 1.0


WORDS = st.lists(st.sampled_from("abcd"), max_size=12)


@given(WORDS, WORDS)
def test_what_is_common_is_as_long_as_can_be(a: list[str], b: list[str]) -> None:
    """The alignment is a longest common subsequence: equal words, in order, and none longer exists."""
    found = common(a, b)
    assert all(a[i] == b[j] for i, j in found)
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(found))
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if one == other else max(table[i][j + 1], table[i + 1][j])
    assert len(found) == table[-1][-1]


@given(WORDS, WORDS)
def test_gaps_and_common_words_make_up_both_texts(a: list[str], b: list[str]) -> None:
    """Every word stands in a passage that differs or is common, and in one of them only."""
    pairs = common(a, b)
    passages = gaps(pairs, len(a), len(b), [False] * len(a))
    ours = [at for gap in passages for at in range(gap.a0, gap.a1)] + [i for i, _ in pairs]
    theirs = [at for gap in passages for at in range(gap.b0, gap.b1)] + [j for _, j in pairs]
    assert sorted(ours) == list(range(len(a)))
    assert sorted(theirs) == list(range(len(b)))
