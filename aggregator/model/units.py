"""What people write in a configuration, read: durations, sizes, times of day, days, ids, addresses, lines of text.

Every reader raises ValueError with what was expected, in words that follow the path of the setting; ``config/`` adds
the path and what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Longer ones are slips of the finger, and would carry a date past the end of the calendar.
LONGEST = timedelta(days=3650)

UNTIL_RELEASED = timedelta.max
"""How long an edition is held that waits for a word."""

_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_BYTES = {"GB": 1000**3, "MB": 1000**2, "kB": 1000, "KB": 1000, "B": 1}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?[smhdw])+")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(B|kB|KB|MB|GB)")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_IDENT = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_PAGES = re.compile(r"([^{}\s]*)\{([0-9]{1,5})\.\.([0-9]{1,5})\}([^{}\s]*)")
_MOST_PAGES = 50
_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


def duration(value: Any) -> timedelta:
    """Read ``"90s"``, ``"15m"`` or ``"1h30m"``, to the microsecond.

    Raises ValueError for anything else, a bare number included: nobody can tell its unit.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError('expected a duration such as "30s", "15m", "1h" or "21d"')
    parts = re.findall(r"([0-9.]+)([smhdw])", value)
    seconds = sum(Decimal(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > Decimal(LONGEST.total_seconds()):
        raise ValueError(f'expected a duration of at most "{write_duration(LONGEST)}"')
    return timedelta(microseconds=int(seconds * 1_000_000))


def write_duration(value: timedelta) -> str:
    """The shortest form with one unit that ``duration`` reads back, for messages and defaults."""
    for unit in ("w", "d", "h", "m"):
        whole, rest = divmod(value, timedelta(seconds=_SECONDS[unit]))
        if whole and not rest:
            return f"{whole}{unit}"
    whole, rest = divmod(value, timedelta(seconds=1))
    fraction = f".{rest.microseconds:06}".rstrip("0") if rest else ""
    return f"{whole}{fraction}s"


def lasting(value: timedelta) -> timedelta:
    """A duration that lasts: ``"0s"`` between two polls would be no pause at all."""
    if value <= timedelta(0):
        raise ValueError('expected a duration longer than "0s"')
    return value


def size(value: Any) -> int:
    """Read ``"500kB"`` or ``"10MB"`` as bytes (decimal units); a bare number is bytes.

    Raises ValueError for anything else, and for less than one byte: a size is a limit.
    """
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    read = int(Decimal(found[1]) * _BYTES[found[2]]) if found else value
    if not isinstance(read, int) or isinstance(read, bool) or read < 1:
        raise ValueError('expected a size such as "500kB" or "10MB"')
    return read


def write_size(value: int) -> str:
    """The shortest form with a whole number that ``size`` reads back."""
    unit = next(unit for unit, factor in _BYTES.items() if value % factor == 0)
    return f"{value // _BYTES[unit]}{unit}"


def times(value: Any) -> tuple[time, ...]:
    """Read ``"07:00"``, TOML's own ``07:00:00``, or a list of them; the earliest first, each once.

    Raises ValueError for anything else.  Seconds are refused: a slot is named by its minute.
    """
    found = tuple(sorted({_time(item) for item in _several(value)}))
    if not found:
        raise ValueError('expected at least one time of day such as "07:00"')
    return found


def _time(value: Any) -> time:
    if isinstance(value, time) and value == time(value.hour, value.minute):
        return value
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    raise ValueError('expected a time of day such as "07:00", or a list of them')


def hours(value: Any) -> tuple[time, time]:
    """Read ``"22:00-07:00"``: from when to when, over midnight where the second is the earlier one.

    Raises ValueError for anything else, and for hours that begin when they end.
    """
    try:
        start, end = map(_time, value.split("-"))
    except (AttributeError, ValueError):
        start = end = time()
    if start == end:
        raise ValueError('expected hours such as "22:00-07:00"')
    return start, end


def review(value: Any) -> timedelta:
    """Read how long an edition waits for the editor, ``"15m"``, or ``"until released"``.

    Raises ValueError for anything else.
    """
    if value == "until released":
        return UNTIL_RELEASED
    try:
        return lasting(duration(value))
    except ValueError as error:
        raise ValueError('expected a duration such as "15m", or "until released"') from error


def days(value: Any) -> tuple[Weekday, ...]:
    """Read ``"mon-fri"``, ``"sat,sun"`` or a list of such, as days in the order of the week.

    A range may run over the weekend, as in ``"sat-mon"``.  Raises ValueError for anything else.
    """
    try:
        found = {day for item in _several(value) for part in item.split(",") for day in _days(part.strip())}
    except (AttributeError, ValueError):
        found = set()
    if not found:
        raise ValueError('expected days such as "mon-fri" or ["mon", "thu"], of mon tue wed thu fri sat sun')
    return tuple(day for number, day in enumerate(WEEK) if number in found)


def _days(part: str) -> Iterator[int]:
    names: tuple[str, ...] = WEEK
    first, dash, last = part.partition("-")
    start = names.index(first.strip())
    end = names.index(last.strip()) if dash else start
    yield from ((start + step) % 7 for step in range((end - start) % 7 + 1))


def several(value: Any) -> Any:
    """A list, or the one text that would stand in it."""
    return (value,) if isinstance(value, str) else value


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def line(value: str) -> str:
    """Text that people read in a title or a header: not blank, on one line."""
    if not value.strip() or _NOT_IN_A_LINE.search(value):
        raise ValueError("expected text on one line")
    return value.strip()


def ident(value: str) -> str:
    """A name that goes into URLs and message headers and never changes."""
    if not _IDENT.fullmatch(value):
        raise ValueError('expected small letters, digits and hyphens, at most 64, such as "bht-nieuws"')
    return value


def color(value: str) -> str:
    """A colour of CSS in its longest notation."""
    if not _COLOR.fullmatch(value):
        raise ValueError('expected a colour such as "#1f4e79"')
    return value


def http_url(value: str) -> str:
    """An absolute http(s) address without a user, a password or white space: it is published, and it is logged."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        secret = "@" in parts.netloc
    except ValueError:
        good = secret = False
    if good and secret:
        raise ValueError("expected an address without a user and a password: credentials do not belong into it")
    if not good or re.search(r"\s", value) or _NOT_IN_A_LINE.search(value):
        raise ValueError('expected an http or https address such as "https://www.example.org/feed"')
    return value


def pages(value: str) -> str:
    """The addresses of several pages in one: ``"?page={1..3}"``."""
    if not numbered(value):
        raise ValueError(f'expected pages such as "?page={{1..3}}", at most {_MOST_PAGES} of them')
    return value


def numbered(value: str) -> tuple[str, ...]:
    """Each of the addresses that ``pages`` accepts, in order; none for anything else."""
    found = _PAGES.fullmatch(value)
    if found is None:
        return ()
    numbers = range(int(found[2]), int(found[3]) + 1)
    return tuple(f"{found[1]}{number}{found[4]}" for number in numbers) if len(numbers) <= _MOST_PAGES else ()


Duration = Annotated[timedelta, BeforeValidator(duration)]
Lasting = Annotated[timedelta, BeforeValidator(duration), AfterValidator(lasting)]
Size = Annotated[int, BeforeValidator(size)]
Times = Annotated[tuple[time, ...], BeforeValidator(times)]
Hours = Annotated[tuple[time, time], BeforeValidator(hours)]
Review = Annotated[timedelta, BeforeValidator(review)]
Days = Annotated[tuple[Weekday, ...], BeforeValidator(days)]
Several = Annotated[tuple[str, ...], BeforeValidator(several)]
Line = Annotated[str, AfterValidator(line)]
Ident = Annotated[str, AfterValidator(ident)]
Idents = Annotated[tuple[Ident, ...], BeforeValidator(several)]
Color = Annotated[str, AfterValidator(color)]
Pages = Annotated[str, AfterValidator(pages)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
