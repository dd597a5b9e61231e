"""What the pages need beside themselves: one style sheet, with the zones' and the operator's colours, and an icon."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files

from aggregator import colour
from aggregator.model import Colours, Config, Document, Link, Zone

STYLE = "/static/style.css"
ICON = "/static/favicon.svg"

# A badge lies on a card; these are --card of static/style.css, light and dark, and --paper and --top.
LIGHT, DARK = "#ffffff", "#15212e"
LIGHT_PAPER, DARK_PAPER = "#f3f6f9", "#0c151e"
TOP = "#0f2d52"
_LIGHT_SHARE, _DARK_SHARE, _NIGHT = 0.1, 0.25, 0.3


def assets(config: Config, changed: datetime) -> dict[str, Document]:
    """The files under ``/static``, by their path below base_url."""
    icon = config.theme.icon
    own = {_icon(config): document(config.theme.icon_type, icon, changed)} if icon is not None else {}
    return {
        STYLE: document("text/css; charset=utf-8", _sheet(config), changed),
        ICON: document("image/svg+xml", _packaged("favicon.svg"), changed),
        **own,
    }


def icon_address(config: Config) -> str:
    """The icon's path below base_url, without its slash; one of the operator's own has a version."""
    icon = config.theme.icon
    return _icon(config)[1:] + (f"?v={version(icon)}" if icon is not None else "")


def tint(config: Config) -> str:
    """The colour of the top of each page, for the browser's own frame."""
    return config.publish.colours.top or TOP


def _icon(config: Config) -> str:
    if config.theme.icon is None:
        return ICON
    return "/static/icon.png" if config.theme.icon_type == "image/png" else "/static/icon.svg"


def _sheet(config: Config) -> bytes:
    return _style(config.zones, config.publish.colours, config.theme.style)


def document(
    media_type: str, content: bytes, changed: datetime, *, links: tuple[Link, ...] = (), parts: tuple[bytes, ...] = ()
) -> Document:
    """*content* with a strong ETag made of its bytes (RFC 9110 §8.8.3) and *changed* in whole seconds (§8.8.2)."""
    etag = hashlib.blake2b(content, digest_size=16).hexdigest()
    return Document(
        media_type=media_type,
        content=content,
        etag=f'"{etag}"',
        last_modified=changed.replace(microsecond=0),
        links=links,
        parts=parts,
    )


def style_address(config: Config) -> str:
    """The style sheet's path below base_url, without its slash, and its version: it may be kept as long as it is
    asked for by this address.
    """
    return f"{STYLE[1:]}?v={version(_sheet(config))}"


def version(content: bytes) -> str:
    """Ten digits that change with the bytes, for an address that may be cached for ever."""
    return hashlib.blake2b(content, digest_size=5).hexdigest()


@cache
def _packaged(name: str) -> bytes:
    return files("aggregator").joinpath("static", name).read_bytes()


@lru_cache(maxsize=8)
def _style(zones: tuple[Zone, ...], colours: Colours, last: str) -> bytes:
    light = _light(colours) + "".join(_rule(zone, LIGHT, _LIGHT_SHARE) for zone in zones)
    dark = _dark(colours) + "".join(_rule(zone, DARK, _DARK_SHARE) for zone in zones)
    own = f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"
    return _packaged("style.css") + f"@media screen {{\n{own}}}\n{last}".encode()


def _light(colours: Colours) -> str:
    link = {"link": colour.readable_on(colours.link, LIGHT_PAPER, LIGHT)} if colours.link else {}
    return _properties(_top(colours.top) | link | ({"stripe": colours.stripe} if colours.stripe else {}))


def _dark(colours: Colours) -> str:
    link = {"link": colour.readable_on(colours.link, DARK, DARK_PAPER)} if colours.link else {}
    top = _top(colour.shade(colours.top, _NIGHT)) if colours.top else {}
    return _properties(top | link | ({"stripe": colour.shade(colours.stripe, _NIGHT)} if colours.stripe else {}))


def _top(ground: str | None) -> dict[str, str]:
    """The head of a page in a colour of the operator's, and what is written on it."""
    if ground is None:
        return {}
    ink = colour.ink(ground)
    return {"top": ground, "on-top": ink, "soft-on-top": ink, "focus-on-top": ink}


def _properties(found: dict[str, str]) -> str:
    return ":root { " + " ".join(f"--{name}: {value};" for name, value in found.items()) + " }\n" if found else ""


def _rule(zone: Zone, ground: str, share: float) -> str:
    made = colour.badge(zone.color, ground, share)
    return f".zone-{zone.id} {{ --ink: {made.ink}; --wash: {made.wash}; --mark: {made.mark}; }}\n"
