"""What both of feedparser's parsers get wrong or do for nothing, overridden in their own terms.

A caption is not the summary of its entry, an e-mail address is longer than four letters after the dot, and CDF is a
format; what a date says is not guessed at before anybody asks; and an element that feedparser stumbles over (an
impossible place on earth, a character that does not exist) costs that element and not the feed.  ``parse/feed.py`` puts
this before feedparser's own.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from typing import Any

_ADDRESS = re.compile(r"(?:mailto:)?([\w.+-]+@[\w-]+(?:\.[\w-]+)+)(?:\?\S*)?", re.IGNORECASE)
_CDF = "cdf"
_FAULTS = (KeyError, ValueError, IndexError, TypeError, OverflowError)
_REFERENCE = re.compile(rb"&(amp;)?#([0-9]++|[xX][0-9a-fA-F]++);")
_REFERENCES = re.compile(rb"(?:&(?:amp;)?#(?:[0-9]++|[xX][0-9a-fA-F]++);)++")
_DECLARED = re.compile(rb"(<\?xml[^<>]{0,200}?)\sencoding\s*=\s*[\"']([^\"']{0,40})[\"']")
_WIDE_NAME = re.compile(rb"(?:utf|ucs)-?(?:16|32|2|4)", re.IGNORECASE)
# The order matters: UTF-32 begins as UTF-16 does.
_WIDE = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"<\0\0\0": "utf-32-le",
    b"\0\0\0<": "utf-32-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_LONGEST_BASE = 500  # characters; a longer one would make every relative link of a document as long


def with_characters(content: bytes) -> bytes:
    """An XML document without references to characters that XML has not (XML 1.0 §4.1): one costs the whole of it.

    A pair of surrogates, as programs write that think in UTF-16, is the character that it stands for, also where the
    references were escaped once more.
    """
    return _REFERENCES.sub(_mended, content) if b"#" in content else content


def in_utf8(content: bytes) -> bytes | None:
    """A document whose bytes say in which UTF it is, in UTF-8 and declaring nothing; None for any other.

    UTF-16 and UTF-32 are told by the first bytes; and what is valid UTF-8, and not ASCII, is nothing else.  One that is
    declared to be wide, and is not, is as it is without that declaration.
    """
    wide = next((encoding for start, encoding in _WIDE.items() if content.startswith(start)), None)
    if wide:
        found = content.decode(wide, "replace").encode("utf-8", "replace")
    elif (valid := _valid(content)) is not None:
        found = valid
    else:
        declared = _DECLARED.match(content)
        if not declared or not _WIDE_NAME.search(declared[2]):
            return None
        found = content
    return _DECLARED.sub(rb"\1", found.removeprefix(codecs.BOM_UTF8), count=1)


def _valid(content: bytes) -> bytes | None:
    """What can be nothing but UTF-8, without a last character that was cut; else None."""
    try:
        return None if content.isascii() else codecs.getincrementaldecoder("utf-8")().decode(content).encode()
    except ValueError:
        return None


def _mended(run: re.Match[bytes]) -> bytes:
    found: list[bytes] = []
    high = 0
    for reference in _REFERENCE.finditer(run[0]):
        code = _code(reference[2])
        if high and 0xDC00 <= code < 0xE000:
            found[-1] = b"&%b#%d;" % (reference[1] or b"", 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00)
        else:
            found.append(reference[0] if reference[1] or _is_character(code) else b"")
        high = code if 0xD800 <= code < 0xDC00 else 0
    return b"".join(found)


def _code(written: bytes) -> int:
    if len(written) > 8:
        return -1
    return int(written[1:], 16) if written[:1] in b"xX" else int(written)


def _is_character(code: int) -> bool:
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000 or code in (9, 10, 13)


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
