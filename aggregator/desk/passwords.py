"""Passwords: argon2id (RFC 9106), with the parameters that the library recommends.

What is kept is a hash; a wrong name takes as long as a wrong password, because it is held against a hash too.
"""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200
"""How many characters a password has at least, and at most."""
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """The hash to be kept, with a salt of its own."""
    return _HASHER.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether *kept* is a hash of *password*; without one the answer is no, and comes no sooner."""
    try:
        return _HASHER.verify(kept or _nobodys(), password[:LONGEST]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody")
