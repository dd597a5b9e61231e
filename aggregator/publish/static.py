"""What the pages need beside themselves: one style sheet, with the zones' colours, and an icon."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from importlib.resources import files

from aggregator import colour
from aggregator.model import Config, Document, Link, Zone

STYLE = "/static/style.css"
ICON = "/static/favicon.svg"

# A badge lies on a card; these are --card of static/style.css, light and dark.
LIGHT, DARK = "#ffffff", "#15212e"
_LIGHT_SHARE, _DARK_SHARE = 0.1, 0.25


def assets(config: Config, changed: datetime) -> dict[str, Document]:
    """The files under ``/static``, by their path below base_url."""
    return {
        STYLE: document("text/css; charset=utf-8", _style(config.zones), changed),
        ICON: document("image/svg+xml", _packaged("favicon.svg"), changed),
    }


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
    return f"{STYLE[1:]}?v={version(_style(config.zones))}"


def version(content: bytes) -> str:
    """Ten digits that change with the bytes, for an address that may be cached for ever."""
    return hashlib.blake2b(content, digest_size=5).hexdigest()


@cache
def _packaged(name: str) -> bytes:
    return files("aggregator").joinpath("static", name).read_bytes()


@cache
def _style(zones: tuple[Zone, ...]) -> bytes:
    light = "".join(_rule(zone, LIGHT, _LIGHT_SHARE) for zone in zones)
    dark = "".join(_rule(zone, DARK, _DARK_SHARE) for zone in zones)
    own = f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"
    return _packaged("style.css") + own.encode()


def _rule(zone: Zone, ground: str, share: float) -> str:
    made = colour.badge(zone.color, ground, share)
    return f".zone-{zone.id} {{ --ink: {made.ink}; --wash: {made.wash}; --mark: {made.mark}; }}\n"
