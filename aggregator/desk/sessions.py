"""Logins as signed cookies, and what makes a form ours.  Pure.

A cookie says who, which login, and until when, signed (HMAC-SHA-256, RFC 2104) with a key that is made of the
database's own and of the user's password hash: with another password every login of that user is over.  Which role
somebody has is never in it, but looked up at each request.

A form carries a token that only this login has (CSRF): no other site, no other user and no other login can know it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.model import User

_COOKIE = re.compile(
    r"(?P<login>[A-Za-z0-9_-]{22})\.(?P<until>\d{9,12})\.(?P<name>(?:[0-9a-f]{2}){1,400})\.(?P<mac>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who is there: *login* names this one login of *user*, *token* makes its forms genuine."""

    user: User
    login: str
    until: datetime
    token: str


def begin(key: bytes, user: User, login: str, until: datetime) -> tuple[Session, str]:
    """A login under a name (*login*, 22 characters that nobody can guess), and the cookie that proves it."""
    last = int(until.timestamp())
    cookie = f"{login}.{last}.{user.name.encode().hex()}.{_mac(key, user, login, last)}"
    return _session(key, user, login, last), cookie


def read(key: bytes, cookie: str, users: Sequence[User], now: datetime) -> Session | None:
    """Whose login *cookie* proves; None when it was forged, is over, or is of nobody any more."""
    found = _COOKIE.fullmatch(cookie)
    if found is None or len(cookie) > 1000:
        return None
    name = bytes.fromhex(found["name"])
    user = next((user for user in users if user.name.encode() == name), None)
    last = int(found["until"])
    if user is None or not hmac.compare_digest(found["mac"], _mac(key, user, found["login"], last)):
        return None
    return _session(key, user, found["login"], last) if now.timestamp() < last else None


def is_genuine(session: Session, token: str) -> bool:
    """Whether a form came from a page of this login."""
    return hmac.compare_digest(session.token.encode(), token.encode("utf-8", "replace"))


def _session(key: bytes, user: User, login: str, last: int) -> Session:
    token = hmac.digest(key, f"form\0{login}".encode(), "sha256").hex()
    return Session(user=user, login=login, until=datetime.fromtimestamp(last, UTC), token=token)


def _mac(key: bytes, user: User, login: str, last: int) -> str:
    told = "\0".join(("login", user.name, user.password_hash or "", login, str(last)))
    return hmac.digest(key, told.encode(), "sha256").hex()
