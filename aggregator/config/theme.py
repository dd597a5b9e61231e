"""The files that ``[publish]`` names: templates, a style sheet, an icon.  Read at once, and checked as settings are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError

from aggregator import i18n
from aggregator.config.words import Mistake, wrong
from aggregator.model import Theme

LARGEST = 200_000
"""Bytes that a file may have."""
_ICONS = {".svg": "image/svg+xml", ".png": "image/png"}
_STARTS = {".svg": (b"<svg", b"<?xml", b"<!--", b"\xef\xbb\xbf<"), ".png": (b"\x89PNG\r\n",)}


def theme(document: dict[str, Any]) -> tuple[Theme, list[Mistake]]:
    """What the files hold, and what is wrong with them."""
    table = document.get("publish")
    found = table if isinstance(table, dict) else {}
    mistakes: list[Mistake] = []

    def read(name: str, reader: Callable[[Path], Any], otherwise: Any) -> Any:
        if not isinstance(found.get(name), str):
            return otherwise
        try:
            return reader(Path(found[name]))
        except (OSError, ValueError) as failure:
            words = (failure.strerror or str(failure)).lower() if isinstance(failure, OSError) else str(failure)
            mistakes.append(Mistake(("publish", name), f"{found[name]}: {words}"))
            return otherwise

    icon = read("icon", _icon, None)
    made = Theme(
        templates=read("templates", _templates, ()),
        style=read("style", _style, ""),
        icon=icon[0] if icon else None,
        icon_type=icon[1] if icon else Theme().icon_type,
    )
    return made, mistakes


def _templates(folder: Path) -> tuple[tuple[str, str], ...]:
    """Every template below *folder*, by its name; each must be one of ours, or begin with an underscore."""
    if not folder.is_dir():
        raise NotADirectoryError(20, "expected a directory with templates")
    files = (path for ending in ("html", "txt") for path in folder.rglob(f"*.{ending}") if path.is_file())
    names = sorted(str(path.relative_to(folder)) for path in files)
    made = tuple((name, _text(folder / name)) for name in names)
    environment = i18n.environment("en", "UTC", made)
    known = i18n.templates()
    for name in names:
        if name not in known and not Path(name).name.startswith("_"):
            raise ValueError(wrong(f"one of our templates ({', '.join(known)}), or a name like page/_part.html", name))
        try:
            environment.get_template(name)
        except TemplateSyntaxError as error:
            raise ValueError(f"{error.name or name}, line {error.lineno}: {error.message}") from None
    return made


def _style(path: Path) -> str:
    return _text(path)


def _icon(path: Path) -> tuple[bytes, str]:
    kind, content = path.suffix.lower(), _bytes(path)
    if kind not in _ICONS or not content.lstrip().startswith(_STARTS[kind]):
        raise ValueError("expected a picture, .svg or .png")
    return content, _ICONS[kind]


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is not UTF-8; save it in that encoding") from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{path.name} has more than {LARGEST // 1000} kB")
    return content
