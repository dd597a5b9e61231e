"""Words and dates in the reader's language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import jinja2
import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import aggregator
from aggregator import i18n

PACKAGE = Path(aggregator.__file__).parent
LANGUAGES = ("nl", "fr", "de")
MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
METHODS = [("templates/**", "jinja2.ext:babel_extract"), ("**.py", "python")]
OPTIONS = {"templates/**": {"silent": "false", "trimmed": "true"}}


def written(template: str, language: str = "nl-BE", timezone: str = "Europe/Brussels", **values: object) -> str:
    return i18n.environment(language, timezone).from_string(template).render(**values)


def first(words: str | tuple[str, ...] | list[str] | None) -> str:
    """A sentence, or its singular; empty when there is none."""
    return words if isinstance(words, str) else (words or ("",))[0]


def messages(path: Path) -> list[Message]:
    with path.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def catalogues(language: str) -> list[Path]:
    return sorted((PACKAGE / "locale" / language / "LC_MESSAGES").glob("*.po"))


def complete(message: Message) -> bool:
    """Whether none of its forms is missing, and nobody has to look at it once more."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return not message.fuzzy and all(forms) and (not message.pluralizable or len(forms) == 2)


@cache
def said() -> tuple[tuple[str, str], ...]:
    return tuple(msgids())


def msgids() -> Iterator[tuple[str, str]]:
    """Every sentence that the program can say, with the file that says it."""
    for file, _, message, _, _ in extract_from_dir(PACKAGE, METHODS, OPTIONS, keywords=dict.fromkeys(("_", "gettext"))):
        yield first(message), file
    for file, _, message, _, _ in extract_from_dir(PACKAGE, METHODS, OPTIONS, keywords={"ngettext": (1, 2)}):
        yield first(message), file


@pytest.mark.parametrize("language", LANGUAGES)
class TestCatalogues:
    def test_every_sentence_is_translated(self, language: str) -> None:
        """Whatever a page, a mail or a feed says is said in each language, sentence by sentence, plurals included."""
        told = {first(found.id) for path in catalogues(language) for found in messages(path) if complete(found)}
        sentences = said()
        assert len(sentences) > 200
        assert [(file, msgid) for msgid, file in sentences if msgid not in told] == []

    def test_nothing_is_stale(self, language: str) -> None:
        """A catalogue translates what is said, and nothing that was."""
        spoken = {msgid for msgid, _ in said()}
        known = [first(found.id) for path in catalogues(language) for found in messages(path)]
        assert [msgid for msgid in known if msgid not in spoken] == []

    def test_catalogues_agree(self, language: str) -> None:
        """Catalogues are merged, so that no two of them may translate one sentence differently."""
        said: dict[str, set[str]] = {}
        for path in catalogues(language):
            for message in messages(path):
                said.setdefault(str(message.id), set()).add(str(message.string))
        assert [msgid for msgid, strings in said.items() if len(strings) > 1] == []

    def test_a_catalogue_says_nothing_twice(self, language: str) -> None:
        """gettext takes the last of two entries without a word; we do not have two."""
        for path in catalogues(language):
            found = Counter(re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE))
            assert [msgid for msgid, count in found.items() if count > 1] == []

    def test_placeholders_survive_translation(self, language: str) -> None:
        """A translation uses the placeholders of its sentence, or formatting it would fail before a reader."""
        for path in catalogues(language):
            for message in messages(path):
                strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
                names = set(re.findall(r"%\((\w+)\)[sd]", str(message.id)))
                assert all(set(re.findall(r"%\((\w+)\)[sd]", str(each))) == names for each in strings), message.id
                assert all("%%" in str(each) or str(each).count("%") == str(each).count("%(") for each in strings)

    def test_plurals_are_those_of_the_language(self, language: str) -> None:
        """As many forms as CLDR has for it here, chosen by the same rule."""
        for path in catalogues(language):
            with path.open("rb") as file:
                found = read_po(file)
            assert (found.num_plurals, found.locale_identifier) == (2, language)
            assert ("n > 1" in found.plural_forms) == (language == "fr")


class TestTranslations:
    @pytest.mark.parametrize("language", ["nl", "nl-BE", "nl-NL"])
    def test_a_region_speaks_its_language(self, language: str) -> None:
        """Flanders reads the Dutch catalogue."""
        assert i18n.translations(language).gettext("Also at") == "Ook bij"

    @pytest.mark.parametrize("language", ["en", "sw", "tlh-x-none", "../../etc", "", "nl_BE/.."])
    def test_no_catalogue_is_english(self, language: str) -> None:
        """Without a catalogue the sentences are the English ones; a strange tag is no path and no error."""
        assert i18n.translations(language).gettext("Also at") == "Also at"


class TestEnvironment:
    def test_dates_in_dutch(self) -> None:
        """Days and times read as a Belgian writes them, on the clock of the zone."""
        assert written("{{ now|day }}", now=MORNING) == "maandag 23 november 2026"
        assert written("{{ now|moment }}", now=MORNING) == "23 november 2026 om 07.00 uur"
        assert written("{{ now|clock }}", now=MORNING) == "07.00 uur"

    @pytest.mark.parametrize(
        ("language", "day", "moment", "clock"),
        [
            ("fr-BE", "lundi 23 novembre 2026", "23 novembre 2026 à 07h00", "07h00"),
            ("de-BE", "Montag, 23. November 2026", "23. November 2026 um 07:00 Uhr", "07:00 Uhr"),
        ],
    )
    def test_dates_of_the_other_languages(self, language: str, day: str, moment: str, clock: str) -> None:
        """Belgium's other languages write them their way."""
        shown = [written("{{ now|" + each + " }}", language, now=MORNING) for each in ("day", "moment", "clock")]
        assert shown == [day, moment, clock]

    def test_dates_without_a_catalogue(self) -> None:
        """CLDR's month names and an English order of words."""
        assert written("{{ now|day }}", "en-GB", now=MORNING) == "Monday 23 November 2026"
        assert written("{{ now|moment }}", "en-GB", now=MORNING) == "23 November 2026 at 07:00"

    def test_the_clock_follows_the_season(self) -> None:
        """UTC+2 in summer and UTC+1 in winter; the day is the local one."""
        summer = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
        assert written("{{ now|day }}, {{ now|clock }}", now=summer) == "donderdag 2 juli 2026, 00.30 uur"
        assert written("{{ now|clock }}", timezone="UTC", now=summer) == "22.30 uur"

    @pytest.mark.parametrize(
        ("language", "minutes", "words"),
        [
            ("nl-BE", 90, "90 minuten"),
            ("nl-BE", 60, "1 uur"),
            ("nl-BE", 14 * 1440, "14 dagen"),
            ("nl-BE", 400 * 1440, "400 dagen"),
            ("nl-BE", 1825 * 1440, "5 jaar"),
            ("fr-BE", 120, "2\xa0heures"),
            ("de-BE", 60, "1 Stunde"),
            ("en", 0, "0 years"),
        ],
    )
    def test_durations(self, language: str, minutes: int, words: str) -> None:
        """A duration is told exactly, in the largest unit of which it is a whole number."""
        assert written("{{ time|lasting }}", language, time=timedelta(minutes=minutes)) == words

    def test_lists(self) -> None:
        """Names are joined as the language joins them, and escaped."""
        assert written("{{ names|listed }}", names=["A", "B", "<C>"]) == "A, B en &lt;C&gt;"
        assert written("{{ names|listed }}", names=["A"]) == "A"

    def test_values_are_escaped(self) -> None:
        """Autoescape holds for values, also inside a translated sentence."""
        assert written("{{ v }} {{ _('News of %(zones)s.', zones=v) }}", v="<b>") == "&lt;b&gt; Nieuws van &lt;b&gt;."

    def test_a_missing_name_is_an_error(self) -> None:
        """A template that asks for what it was not given fails in a test, not silently before a reader."""
        with pytest.raises(jinja2.UndefinedError):
            written("{{ nobody }}")

    def test_the_language_is_known(self) -> None:
        """Templates mark their language."""
        assert written("{{ lang }}") == "nl-BE"
