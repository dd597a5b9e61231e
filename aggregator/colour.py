"""Zones' colours, made readable: an operator picks any colour, the reader gets WCAG 2.2's contrast."""

from __future__ import annotations

import re
from dataclasses import dataclass

Rgb = tuple[float, float, float]

TEXT = 4.5  # WCAG 2.2 SC 1.4.3, text below 24 px
BEST_TEXT = 7.0  # SC 1.4.6; what is aimed at, and not always to be had
MARK = 3.0  # WCAG 2.2 SC 1.4.11, what is no text

_HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_FALLBACK = "#1f4e79"
_STEPS = 20


@dataclass(frozen=True, slots=True)
class Badge:
    """The colours of a zone's badge, as ``#rrggbb``: *wash* lies under the text *ink* and the dot *mark*."""

    ink: str
    wash: str
    mark: str


def badge(colour: str, ground: str, share: float) -> Badge:
    """A badge for a page whose background is *ground*; *share* (0 to 1) is how much of the colour the wash takes."""
    own = read(colour)
    wash = mix(read(ground), own, share)
    return Badge(ink=write(readable(own, wash, BEST_TEXT)), wash=write(wash), mark=write(readable(own, wash, MARK)))


def ink(ground: str) -> str:
    """Black or white, whichever is read better on *ground*."""
    return write(readable(read(ground), read(ground), 21.0))


def readable_on(colour: str, *grounds: str) -> str:
    """*colour* as far as it can be read as text on each of *grounds*, else moved towards black or white."""
    found = read(colour)
    for ground in grounds:
        found = readable(found, read(ground), TEXT)
    return write(found)


def shade(colour: str, share: float) -> str:
    """*colour* with a *share* (0 to 1) of black in it."""
    return write(mix(read(colour), (0.0, 0.0, 0.0), share))


def contrast(a: Rgb, b: Rgb) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def read(colour: str) -> Rgb:
    """``#rrggbb`` as three numbers from 0 to 1; a colour of our own for anything else."""
    found = _HEX.fullmatch(colour) or _HEX.fullmatch(_FALLBACK)
    assert found
    red, green, blue = (int(part, 16) / 255 for part in found.groups())
    return red, green, blue


def write(colour: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def readable(colour: Rgb, ground: Rgb, least: float) -> Rgb:
    """*colour*, moved towards black or white (whichever contrasts more with *ground*) no further than needed.

    Measured as it is written, in whole 255ths.  Where *least* cannot be had it is black or white, one of which
    always reaches 4.5.
    """
    end = max((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), key=lambda extreme: contrast(extreme, ground))
    steps = (mix(colour, end, step / _STEPS) for step in range(_STEPS + 1))
    return next((tried for tried in steps if contrast(read(write(tried)), read(write(ground))) >= least), end)


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
