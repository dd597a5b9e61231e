"""Words, dates and templates in the reader's language.

Sentences in templates are English msgids; a catalogue is every ``locale/<language>/LC_MESSAGES/*.po`` of the package,
general language first (``nl``), region over it (``nl_BE``), compiled in memory.  A sentence without a translation is
shown in English, a language that CLDR does not know is written as English.  Times are shown on the clock of the
given zone; how they are written is a sentence of the catalogue too (CLDR patterns, UTS #35 part 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache, lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from jinja2 import BaseLoader, ChoiceLoader, Environment, FunctionLoader, PackageLoader, PrefixLoader, StrictUndefined

_Unit = Literal["year", "day", "hour", "minute", "second"]
FOLDERS = ("page/", "mail/")
"""What templates are of: what their names begin with."""
_CATALOGUES = Path(__file__).parent / "locale"
_UNITS: Mapping[_Unit, int] = {"year": 31_536_000, "day": 86_400, "hour": 3600, "minute": 60, "second": 1}


@cache
def locale(language: str) -> Locale:
    """CLDR's locale for a language tag (RFC 5646): the tag's, else its language's, else English."""
    for name in (language, language.partition("-")[0], "en"):
        try:
            return Locale.parse(name, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise LookupError("Babel has no English")


@cache
def translations(language: str) -> Translations:
    """The package's catalogue for a language tag; empty, so that msgids show through, when there is none."""
    spoken = locale(language)
    merged = Catalog(locale=spoken)
    for path in _files(spoken):
        with path.open("rb") as file:
            for message in read_po(file, locale=spoken):
                if message.id and not message.fuzzy:
                    merged[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)


def listed(language: str, items: Iterable[str]) -> str:
    """A, B and C."""
    return format_list(list(items), locale=locale(language))


@cache
def templates() -> tuple[str, ...]:
    """The names of the package's templates, of pages and of mails."""
    return tuple(name for name in PackageLoader("aggregator", "templates").list_templates() if name.startswith(FOLDERS))


@lru_cache(maxsize=16)
def environment(language: str, timezone: str, own: tuple[tuple[str, str], ...] = ()) -> Environment:
    """The package's templates, escaping by default and strict about names.

    *own* are templates by name that are tried before them; below ``ours/`` the package's stand for these to extend.

    Filters: ``day`` (Monday 23 November 2026), ``moment`` (day of the month and time), ``clock`` (time), each of an
    aware datetime, ``month`` (November 2026) of a date, ``lasting`` (2 hours) of a duration, and ``listed`` (A, B and
    C).  Globals: ``lang``, ``gettext`` and ``ngettext``.
    Shared by everyone who asks with the same arguments: read it, never change it.
    """
    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=_loader(dict(own)),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals["lang"] = language
    writer = _Writer(language, timezone)
    made.filters |= {"day": writer.day, "moment": writer.moment, "clock": writer.clock, "month": writer.month}
    made.filters["lasting"] = writer.lasting
    made.filters["listed"] = partial(listed, language)
    return made


def _loader(own: dict[str, str]) -> BaseLoader:
    package = PackageLoader("aggregator", "templates")
    if not own:
        return package
    # With its name for a file name, so that a fault can say where it is.
    first = FunctionLoader(lambda name: (own[name], name, None) if name in own else None)
    return ChoiceLoader([first, package, PrefixLoader({"ours": package})])


class _Writer:
    """Dates and times as a language writes them, on the clock of one time zone."""

    def __init__(self, language: str, timezone: str) -> None:
        gettext = translations(language).gettext
        self._locale = locale(language)
        self._zone = ZoneInfo(timezone)
        # Translators: CLDR pattern of a day with its weekday, such as "EEEE d MMMM y".
        self._day = gettext("EEEE d MMMM y")
        # Translators: CLDR pattern of a month with its year, such as "LLLL y".
        self._month = gettext("LLLL y")
        # Translators: CLDR pattern of a time of day, such as "HH.mm 'uur'".
        self._clock = gettext("HH:mm")
        # Translators: CLDR pattern of a day and a time.
        self._moment = gettext("d MMMM y 'at' HH:mm")

    def day(self, moment: datetime) -> str:
        return format_date(moment.astimezone(self._zone).date(), self._day, locale=self._locale)

    def month(self, day: date) -> str:
        return format_date(day, self._month, locale=self._locale)

    def clock(self, moment: datetime) -> str:
        return format_datetime(moment, self._clock, tzinfo=self._zone, locale=self._locale)

    def lasting(self, time: timedelta) -> str:
        """In the largest unit of which it is a whole number: 90 minutes, 2 hours."""
        seconds = int(time.total_seconds())
        unit = next(unit for unit, size in _UNITS.items() if seconds % size == 0)
        return format_timedelta(time, unit, threshold=seconds, locale=self._locale)  # in no larger one

    def moment(self, moment: datetime) -> str:
        return format_datetime(moment, self._moment, tzinfo=self._zone, locale=self._locale)


def _files(spoken: Locale) -> Iterator[Path]:
    for name in dict.fromkeys((spoken.language, str(spoken))):
        yield from sorted((_CATALOGUES / name / "LC_MESSAGES").glob("*.po"))
