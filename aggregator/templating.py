"""Templates with their values, the operator's own first; ours where theirs are broken, which is noted.

Whatever a template of the operator's does, readers get their page and their mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from traceback import extract_tb

from aggregator import i18n
from aggregator.model import Config, Theme

_MOST = 10  # sentences that are noted of one set of templates, and sets
_BROKEN: dict[tuple[tuple[str, str], ...], dict[str, None]] = {}


def written(config: Config, name: str, values: Mapping[str, object]) -> str:
    """The template *name* with its values; ours where the operator's is broken (``broken``)."""
    try:
        return _rendered(config, name, config.theme.templates, values)
    except Exception as failure:  # whatever a template of the operator's does
        if not config.theme.templates:
            raise
        _note(config.theme, _told(failure, name))
        return _rendered(config, name, (), values)


def broken(theme: Theme) -> tuple[str, ...]:
    """What the operator's templates have failed at so far, each a sentence; from any thread."""
    return tuple(_BROKEN.get(theme.templates, ()))


def forget(theme: Theme) -> None:
    """What was noted of templates that are to be tried anew."""
    _BROKEN.pop(theme.templates, None)


def _rendered(config: Config, name: str, own: tuple[tuple[str, str], ...], values: Mapping[str, object]) -> str:
    return i18n.environment(config.language, config.timezone, own).get_template(name).render(values)


def _note(theme: Theme, fault: str) -> None:
    if theme.templates not in _BROKEN and len(_BROKEN) >= _MOST:
        _BROKEN.clear()
    noted = _BROKEN.setdefault(theme.templates, {})
    if len(noted) < _MOST:
        noted[fault] = None


def _told(failure: Exception, name: str) -> str:
    """Where a template failed, and at what."""
    frames = [each for each in extract_tb(failure.__traceback__) if each.filename.startswith(i18n.FOLDERS)]
    where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else name
    return f"{where}: {type(failure).__name__}: {failure}"
