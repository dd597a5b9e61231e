"""X-Hub-Signature (WebSub §7.1, §8): that content comes from who knows the secret.  Pure."""

from __future__ import annotations

import hashlib
import hmac

METHODS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
"""The methods of §7.1.  sha1 is what old hubs know; as an HMAC nobody has forged it."""

OURS = "sha256"


def sign(secret: str, content: bytes, method: str = OURS) -> str:
    """The header's value: ``method=signature``, in lower-case hexadecimal."""
    return f"{method}={hmac.new(secret.encode(), content, METHODS[method]).hexdigest()}"


def valid(value: str | None, secret: str, content: bytes) -> bool:
    """Whether *value* is the signature of *content*; one that is missing or of an unknown method is not.

    Compared in constant time, for the time it takes would tell how much of a forged one is right.
    """
    method, _, found = (value or "").strip().partition("=")
    method = method.strip().lower()
    if method not in METHODS:
        return False
    expected = sign(secret, content, method).partition("=")[2]
    return hmac.compare_digest(found.strip().lower().encode(), expected.encode())
