"""What the operator has in files of his own that pages are made with.

It is read together with the configuration that names the files, and is a part of it: what is broken is a mistake like
any other, and what has changed is a change of the pages.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """*templates* by their names (``page/story.html``), tried before ours; *style* is appended to our style sheet.

    *icon* is a picture, SVG or PNG as its *icon_type* says, None for ours.
    """

    templates: tuple[tuple[str, str], ...] = ()
    style: str = ""
    icon: bytes | None = None
    icon_type: str = "image/svg+xml"
