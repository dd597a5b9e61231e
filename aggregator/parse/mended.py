"""What both of feedparser's parsers get wrong or do for nothing, overridden in their own terms.

A caption is not the summary of its entry, an e-mail address is longer than four letters after the dot, and CDF is a
format; what a date says is not guessed at before anybody asks; and an element that feedparser stumbles over (an
impossible place on earth, a character that does not exist) costs that element and not the feed.  ``parse/feed.py`` puts
this before feedparser's own.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

_ADDRESS = re.compile(r"(?:mailto:)?([\w.+-]+@[\w-]+(?:\.[\w-]+)+)(?:\?\S*)?", re.IGNORECASE)
_CDF = "cdf"
_FAULTS = (KeyError, ValueError, IndexError, TypeError, OverflowError)
_LONGEST_BASE = 500  # characters; a longer one would make every relative link of a document as long


class _Construct(dict[str, Any]):
    """What feedparser gathers of a text beside the text.

    Its own dictionary answers for other names as well, in Python, and is asked a dozen times an element; and it is
    copied in depth, although all that it holds are strings.
    """

    def __deepcopy__(self, _: Any) -> dict[str, Any]:
        return self.copy()


class Mended:
    """Goes before a parser of feedparser's among the bases of a class."""

    _shown: Any = None  # the media:content that we are in

    def __init__(self: Any, base: str, language: Any, encoding: str, *rest: Any) -> None:
        super().__init__(base, language, encoding, *rest)  # type: ignore[call-arg]
        self.encoding = encoding.upper()  # under this name texts are not "repaired"
        self.contentparams = _Construct()

    def unknown_starttag(self: Any, tag: str, attributes: Any) -> None:
        base, depth = self.baseuri, len(self.basestack)
        with suppress(*_FAULTS):
            super().unknown_starttag(tag, attributes)  # type: ignore[misc]
        if len(self.baseuri or "") > _LONGEST_BASE:
            self.baseuri = base
        if len(self.basestack) == depth:
            self.langstack.append(self.lang)
        self.basestack[depth:] = [self.baseuri]

    def unknown_endtag(self: Any, tag: str) -> None:
        try:
            super().unknown_endtag(tag)  # type: ignore[misc]
        except _FAULTS:
            super().unknown_endtag("")  # type: ignore[misc]  # no element's name: what was in scope goes, and no more

    def handle_charref(self: Any, reference: str) -> None:
        with suppress(*_FAULTS):
            super().handle_charref(reference)  # type: ignore[misc]

    def push_content(self: Any, *given: Any) -> None:
        super().push_content(*given)  # type: ignore[misc]
        self.contentparams = _Construct(self.contentparams)

    def resolve_uri(self: Any, address: str) -> Any:
        return super().resolve_uri(address) or address  # type: ignore[misc]

    def _end_published(self: Any) -> None:
        self.pop("published")  # what was written, without a guess at what it says: see ``feed.py``

    def _end_updated(self: Any) -> None:
        self.pop("updated")

    def _end_created(self: Any) -> None:
        self.pop("created")

    _end_issued = _end_pubdate = _end_published
    _end_modified = _end_lastbuilddate = _end_updated

    def _start_channel(self: Any, attributes: Any) -> None:
        if not self.version and "href" in attributes:
            self.version = _CDF
        super()._start_channel(attributes)  # type: ignore[misc]

    def _start_media_content(self: Any, attributes: Any) -> None:
        super()._start_media_content(attributes)  # type: ignore[misc]
        self._shown = attributes

    def _end_media_content(self: Any) -> None:
        self._shown = None

    def _start_media_title(self: Any, attributes: Any) -> None:
        if self._shown is None:
            super()._start_media_title(attributes)  # type: ignore[misc]
        else:
            self.push("caption", 1)

    def _end_media_title(self: Any) -> None:
        if self._shown is None:
            super()._end_media_title()  # type: ignore[misc]
        else:
            self._shown.setdefault("caption", self.pop("caption"))

    def _start_media_description(self: Any, attributes: Any) -> None:
        self.push("media_description", 1) if self._shown is None else self.push("caption", 1)

    def _end_media_description(self: Any) -> None:
        if self._shown is None:
            self.pop("media_description")
        else:
            self._shown["caption"] = self.pop("caption")

    def _end_hour(self: Any) -> None:  # of skipHours and skipDays feedparser keeps the last
        self._get_context().setdefault("hours", []).append(self.pop("hour"))

    def _end_day(self: Any) -> None:
        self._get_context().setdefault("days", []).append(self.pop("day"))

    def _sync_author_detail(self: Any, key: str = "author") -> None:
        context = self._get_context()
        known, written = (context.get(f"{key}s") or [{}])[-1], context.get(key)
        if known or not isinstance(written, str):
            super()._sync_author_detail(key)  # type: ignore[misc]
            return
        address = _ADDRESS.search(written)
        name = _ADDRESS.sub("", written, count=1).strip(" ()<>\t\n") if address else written.strip()
        known.update({"name": name} if name else {}, **({"email": address[1]} if address else {}))
        context.setdefault(f"{key}_detail", known)
