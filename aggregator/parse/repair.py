"""XML that is none, made so before a parser sees it: encodings that lie, characters that are none, ampersands.

A parser of XML gives up the whole document for one of them, as it must (XML 1.0 §1.2), and the looser one reads the
rest by guessing.  Bytes in, bytes out; what needs no repair comes back as it was.
"""

from __future__ import annotations

import codecs
import re
from html.entities import html5

_REFERENCE = re.compile(rb"&(amp;)?#([0-9]++|[xX][0-9a-fA-F]++);")
_REFERENCES = re.compile(rb"(?:&(?:amp;)?#(?:[0-9]++|[xX][0-9a-fA-F]++);)++")
# CDATA, comments and references to characters are passed over.
_AMPERSAND = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?!#)(?:([a-zA-Z][a-zA-Z0-9]{0,30});)?", re.DOTALL
)
_OF_XML = ("amp", "lt", "gt", "quot", "apos")
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\v\f\r"})
_BREAKS = bytes.maketrans(b"\v\f", b"\n\n")
_DECLARED = re.compile(rb"(<\?xml[^<>]{0,200}?)\sencoding\s*=\s*[\"']([^\"']{0,200})[\"']")
_NAME = re.compile(rb"[A-Za-z][\w.:-]{0,40}")
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


def with_characters(content: bytes) -> bytes:
    """An XML document without references to characters that XML has not (XML 1.0 §4.1): one costs the whole of it; nor
    with NUL, in what is not wide.

    A pair of surrogates, as programs write that think in UTF-16, is the character that it stands for, also where the
    references were escaped once more.
    """
    content = content.replace(b"\0", b"")
    return _REFERENCES.sub(_mended, content) if b"#" in content else content


def well_formed(content: bytes) -> bytes:
    """A document without what most often keeps XML from being XML, the rest as it was.

    An ampersand that begins no reference is one, an entity of HTML is its character, one that nobody has declared is
    what was written; not in CDATA.  Control characters go, but for those that break a line.
    """
    if b"<!ENTITY" not in content:
        content = _AMPERSAND.sub(_referred, content)
    return content.translate(_BREAKS, _CONTROLS)


def _referred(found: re.Match[bytes]) -> bytes:
    name = (found[1] or b"").decode("ascii")
    if found[0][:1] == b"<" or name in _OF_XML:
        return found[0]
    characters = html5.get(f"{name};") if name else None
    if characters:
        return b"".join(b"&#%d;" % ord(character) for character in characters)
    return b"&amp;" + found[0][1:]


def in_utf8(content: bytes) -> bytes | None:
    """A document whose bytes say in which UTF it is, in UTF-8 and declaring nothing; None for any other.

    UTF-16 and UTF-32 are told by the first bytes; and what is valid UTF-8, and not ASCII, is nothing else.  One that is
    declared to be wide, and is not, or to be in what is no name, is as it is without that declaration.
    """
    wide = next((encoding for start, encoding in _WIDE.items() if content.startswith(start)), None)
    if wide:
        found = content.decode(wide, "replace").encode("utf-8", "replace")
    elif (valid := _valid(content)) is not None:
        found = valid
    else:
        declared = _DECLARED.match(content)
        if not declared or (_NAME.fullmatch(declared[2]) and not _WIDE_NAME.search(declared[2])):
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
