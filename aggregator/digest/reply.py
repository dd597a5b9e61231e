"""What a relay said, without whom it spoke of.

A reply is logged and shown, an address may be in neither, and relays repeat addresses in every shape: whole, in angle
brackets, in capitals, without the domain, without a tag, as a sender rewrote them.  Who has the delivery knows its
address; the reply need not say it again.
"""

from __future__ import annotations

import re

HIDDEN = "***"

# Anything with an at sign, plain or percent-encoded, between what does not belong to an address (RFC 5321 §4.1.2).
_ADDRESS = re.compile(r"""(?:"[^"]*"|[^\s<>()\[\],;:"@]+)(?:@|%40)(?:\[[^\]\s]*\]|[^\s<>()\[\],;:"]*)""", re.IGNORECASE)
_WORD = re.compile(r"""[^\s<>()\[\]{},;:"'=/@]+""")
_BREAK = re.compile(r"[\W_]+")
_TELLING = 3  # characters of a name that tell whose it is; less is a syllable


def anonymous(words: str, address: str = "") -> str:
    """*words* without any address, and without the name before the at sign of *address*, whole or in part."""
    name = address.rpartition("@")[0]
    for known in filter(None, (address, name if len(name) > _TELLING else "")):
        words = re.sub(re.escape(known), HIDDEN, words, flags=re.IGNORECASE)
    parts = {part for part in _BREAK.split(name.casefold()) if len(part) >= _TELLING}
    whole = _BREAK.sub("", name.casefold())
    return _WORD.sub(
        lambda found: HIDDEN if _tells(_BREAK.sub("", found[0].casefold()), whole, parts) else found[0],
        _ADDRESS.sub(HIDDEN, words),
    )


def _tells(word: str, whole: str, parts: set[str]) -> bool:
    """Whether a word is the name, one of its parts, how it begins or ends, or has it inside."""
    if word == whole or word in parts:
        return bool(word)
    if len(word) > _TELLING and (whole.startswith(word) or whole.endswith(word)):
        return True
    return len(whole) > _TELLING and whole in word
