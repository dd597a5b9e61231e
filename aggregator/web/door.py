"""The door of ``/desk/``: logging in and out, and who is there.

Against other sites stand three things: the cookie is not sent along with what they post (SameSite), what a browser says
of where a form came from is believed (Sec-Fetch-Site, Origin), and each form carries a token of its login.  Against
guessing: argon2, two at a time, and bounds by network, the tighter for one user; a wrong name looks and lasts like a
wrong password.  No bound is by user alone, or strangers could keep an editor out by guessing.
A login always begins under a new name, so that nobody can plant one, and logging out ends it on this side too.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from starlette.requests import Request

from aggregator.desk import passwords, sessions
from aggregator.desk.sessions import Session
from aggregator.model import Config, User
from aggregator.publish import places
from aggregator.rates import Rates
from aggregator.store import Store
from aggregator.subscribing.addresses import network

COOKIE = "desk"
RATES = {"all": 200, "user": 10, "network": 20}
"""Attempts to log in within ``WHILE``: in all, as one user from one network, as anybody from one network."""
WHILE = timedelta(minutes=15)
log = logging.getLogger("aggregator")
_AT_ONCE = 2
_SLACK = timedelta(minutes=5)
"""By how much a clock may be put right without ending the logins of before; longer than ``session`` nobody stays."""
_BELOW = re.compile(r"(?:[A-Za-z0-9-]+/){0,3}")


class Door:
    def __init__(self, config: Callable[[], Config], store: Store, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._rates = Rates(RATES, WHILE)
        self._hashing = asyncio.Semaphore(_AT_ONCE)
        self._secret: bytes | None = None
        self._told: datetime | None = None

    async def who(self, request: Request) -> tuple[Session | None, str | None]:
        """Who is asking; and the cookie to set, where a proxy vouches for somebody who has none yet."""
        config, now, key = self._config(), self._clock(), await self._key()
        found = sessions.read(key, request.cookies.get(COOKIE, ""), config.desk.users, now)
        if found and (found.until > now + config.desk.session + _SLACK or await self._has_ended(found.login)):
            found = None
        if config.desk.trusted_header is None:
            return (found, None) if found and found.user.password_hash else (None, None)
        user = self._vouched(config, request)
        if user is None or (found and found.user == user):
            return (found if user else None), None
        return await self._begin(user)

    async def _has_ended(self, login: str) -> bool:
        return await self._store.read(lambda tx: tx.hands.has_ended(login))

    def is_vouched(self, request: Request) -> bool:
        """Whether a proxy says who this is, be it somebody that we know or not."""
        header = self._config().desk.trusted_header
        return header is not None and header in request.headers and self._is_proxy(request)

    def may_try(self, request: Request, name: str) -> bool:
        """Whether one more attempt is let through; the log says that attempts are refused once in a while."""
        now, place = self._clock(), network(request.client.host if request.client else "")
        if self._rates.take(now, user=f"{place} {name}", network=place):
            return True
        if self._told is None or now - self._told >= WHILE:
            self._told = now
            log.warning(
                "desk: too many attempts to log in, so some are refused for %d minutes; behind a proxy that is not in "
                "[server].trusted_proxies everybody is one network",
                WHILE // timedelta(minutes=1),
            )
        return False

    async def enter(self, name: str, password: str) -> str | None:
        """The cookie of a new login; None when name and password do not belong together."""
        config = self._config()
        user = next((each for each in config.desk.users if each.name == name), None)
        kept = user.password_hash if user else None
        async with self._hashing:
            fits = await asyncio.to_thread(passwords.fits, password, kept)
        if not fits or user is None or config.desk.trusted_header is not None:
            log.warning("desk: a wrong %s", f"password for {user.name}" if user else "name, with some password")
            return None
        log.info("desk: %s logged in", user.name)
        return (await self._begin(user))[1]

    async def leave(self, session: Session) -> None:
        """End a login, whoever else has its cookie."""
        now = self._clock()
        await self._store.write(lambda tx: tx.hands.end(session.login, session.until, now))

    def set_cookie(self, value: str, *, gone: bool = False) -> str:
        """The field that sets the cookie: for the desk alone, for no script, for no other site's forms."""
        config = self._config()
        lasts = 0 if gone else int(config.desk.session.total_seconds())
        secure = "; Secure" if config.base_url.startswith("https:") else ""
        path = f"{places.prefix(config)}/desk/"
        return f"{COOKIE}={value}; Path={path}; Max-Age={lasts}; HttpOnly; SameSite=Lax{secure}"

    async def _begin(self, user: User) -> tuple[Session, str]:
        until = self._clock() + self._config().desk.session
        return sessions.begin(await self._key(), user, secrets.token_urlsafe(16), until)

    def _vouched(self, config: Config, request: Request) -> User | None:
        if not self.is_vouched(request):
            return None
        values = request.headers.getlist(config.desk.trusted_header or "")
        told = [value.encode("latin-1").decode("utf-8", "replace") for value in values]
        return next((user for user in config.desk.users if told == [user.name]), None)

    def _is_proxy(self, request: Request) -> bool:
        """Whether the connection itself comes from a proxy that is believed, whatever it says of its client."""
        peer = getattr(request.state, "peer", None)
        try:
            address = ip_address(peer[0] if peer else "")
        except ValueError:
            return False
        return any(address in ip_network(each, strict=False) for each in self._config().desk.proxies)

    async def _key(self) -> bytes:
        if self._secret is None:
            secret = await self._store.write(lambda tx: tx.audience.secret())
            self._secret = hmac.digest(secret, b"desk", "sha256")
        return self._secret


def is_foreign(config: Config, request: Request) -> bool:
    """Whether a browser says that another site sent this form."""
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    own = urlsplit(config.base_url)
    return origin != f"{own.scheme}://{own.netloc}" and urlsplit(origin).netloc != request.headers.get("host")


def below(value: str) -> str:
    """Where on the desk to go after logging in: a path that *value* names there, else its first page."""
    return value if _BELOW.fullmatch(value) else ""
