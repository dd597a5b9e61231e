"""An envelope sender for each mail (VERP), so that what comes back says by its address which mail came back.

    bounce+1234-qjz3…@nieuws.example.be        a mail: its number, and the proof that we made it
    bounce+Zk81…@nieuws.example.be             a reader: the token of their links

The proof is 128 bits of an HMAC (RFC 2104): who has not been sent the mail cannot make it.  It is written in small
letters and digits, for there are mail servers that write every local part small; a reader's token is compared so too.
"""

from __future__ import annotations

import base64
import hmac
import re

_OURS = re.compile(r"\+([A-Za-z0-9_-]{16,60})@")
_MAIL = re.compile(r"(\d{1,15})-([a-z2-7]{26})")
_LINK = re.compile(r"/mail/u/([A-Za-z0-9_-]{16,60})")
MOST = 10
"""How many that look like tokens are tried, of one mail."""


def token(key: bytes, delivery: int) -> str:
    """What stands for a mail behind the local part."""
    proof = hmac.digest(key, f"bounce\0{delivery}".encode(), "sha256")[:16]
    return f"{delivery}-{base64.b32encode(proof).decode().rstrip('=').lower()}"


def delivery(key: bytes, found: str) -> int | None:
    """The number of the mail that a token stands for; None when we did not make it."""
    match = _MAIL.fullmatch(found.lower())
    if match is None:
        return None
    number = int(match[1])
    return number if hmac.compare_digest(token(key, number), found.lower()) else None


def address(bounces: str, extension: str) -> str:
    """*bounces* with an extension (RFC 5233)."""
    local, _, domain = bounces.partition("@")
    return f"{local}+{extension}@{domain}"


def in_addresses(words: str) -> tuple[str, ...]:
    """Whatever in *words* could be a token of ours behind a local part."""
    return tuple(dict.fromkeys(_OURS.findall(words)))[:MOST]


def in_links(words: str) -> tuple[str, ...]:
    """Whatever in *words* could be a reader's token in the address of one click (RFC 8058)."""
    return tuple(dict.fromkeys(_LINK.findall(words)))[:MOST]
