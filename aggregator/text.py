"""Plain text: what may be shown, and what counts as the same.

Titles and texts arrive with whatever an editor pasted.  ``clean`` makes a string safe to print in a mail header, a feed
or a terminal; ``fold`` makes two strings comparable.  Both are idempotent and never raise.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from hashlib import blake2b

import xxhash

_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")

# C0 and C1 controls other than white space, soft hyphens, bidi marks, embeddings, overrides and isolates, zero-width
# characters, deprecated and interlinear format characters, surrogates without a partner, and what XML 1.0 §2.2 forbids.
# The zero-width joiner is treated apart.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
# Tags write hidden letters, but after a black flag the name of a region.
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,12}\U000e007f)|[\U000e0000-\U000e007f]+")
# A character that leaves ink: no blank that is called a letter or a symbol (the fillers of Hangul, an empty pattern of
# Braille), no selector, no combining mark with nothing to stand on.
_INK = re.compile(
    "[!-~]|[^\\s\u0300-\u036f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200d\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\U0001d159"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Between two pictographs the joiner makes one of them (a police officer and a female sign); elsewhere it only hides.
_PICTOGRAPH = "\u2190-\u2bff\U0001f000-\U0001faff"
_LOOSE_JOINER = re.compile(f"(?<![{_PICTOGRAPH}\ufe0f])\u200d|\u200d(?![{_PICTOGRAPH}])")

_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n\u00a0\u202f]")
_BLANK_LINES = re.compile(r"\n{3,}")
# Ordering a run of combining marks takes time that grows with its square.
_PIECE = re.compile(r"\S{1,200}")
_WORD = re.compile(r"[^\W_]+")
_ASCII_WORDS = "".join(char if char.isalnum() else " " for char in map(chr, range(128)))


def visible(value: str) -> str:
    """The same text, every line break as ``\\n``, without what hides or reorders it or cannot be encoded."""
    if value.replace("\n", "").isprintable():
        return value
    value = _LOOSE_JOINER.sub("", _UNWANTED.sub("", _LINE_BREAK.sub("\n", value)))
    return _TAGS.sub(lambda found: found[1] or "", value) if _TAGS.search(value) else value


def clean(value: str) -> str:
    """One line of visible text: white space folded to single spaces, what hides or reorders text taken out.

    Empty where nothing of it could be seen.
    """
    line = " ".join(visible(value).split())
    return line if _INK.search(line) else ""


def clean_block(value: str) -> str:
    """Like ``clean``, but line breaks stay (at most one blank line in a row) and so does a single no-break space."""
    lines = (line.strip() for line in _SPACES.sub(" ", visible(value)).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def fold(value: str) -> str:
    """The form in which two texts are compared: NFKC, case folded, punctuation and white space as single spaces."""
    value = visible(value)
    if value.isascii():
        return " ".join(value.lower().translate(_ASCII_WORDS).split())
    # Case folding can leave a form that NFKC changes again (Unicode §3.13, toNFKC_Casefold).
    value = _PIECE.sub(lambda found: _folded(found[0]), value)
    return " ".join(_WORD.findall(value))


def _folded(value: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())


def shared(a: str, b: str) -> float:
    """The share of the words of the shorter text that occur in the other, 0 to 1; 0 when either has none.

    Words are compared as ``fold`` leaves them, each occurrence counts once, and the order does not matter.
    """
    words, others = fold(a).split(), fold(b).split()
    if not words or not others:
        return 0.0
    return (Counter(words) & Counter(others)).total() / min(len(words), len(others))


def name(*parts: str) -> str:
    """16 hexadecimal digits that stand for the parts in an id, and that nobody can make on purpose (BLAKE2b)."""
    data = [part.encode("utf-8", "surrogatepass") for part in parts]
    return blake2b(b"".join(len(each).to_bytes(8, "big") + each for each in data), digest_size=8).hexdigest()


def digest(*parts: str) -> str:
    """XXH3-128 of the parts as 32 hexadecimal digits; ``("ab", "c")`` and ``("a", "bc")`` differ."""
    state = xxhash.xxh3_128()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()
