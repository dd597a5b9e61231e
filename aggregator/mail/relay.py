"""What takes the mail: an SMTP relay, or the machine's own sendmail, over as many connections as there are threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from aggregator.mail.sendmail import Sendmail
from aggregator.mail.smtp import Smtp
from aggregator.model import Mail, Reply

Sign = Callable[[bytes], bytes]


class Transport(Protocol):
    """One way to hand over one message at a time."""

    @property
    def is_open(self) -> bool: ...

    def hand_over(self, sender: str, recipient: str, content: bytes, before_dot: Callable[[], None]) -> Reply: ...

    def close(self) -> None: ...


class Relay:
    """For any number of threads: each hand-over has a connection to itself, and one that is over is used again.

    *sign* is given every message before it leaves.  Raises MailError for an address that names no relay.
    """

    def __init__(self, settings: Mail, password: str | None = None, *, sign: Sign | None = None) -> None:
        self._settings = settings
        self._password = password
        self._sign = sign
        self._lock = threading.Lock()
        self._idle = [self._make()]

    @property
    def is_open(self) -> bool:
        """Whether a connection is kept that nobody uses now."""
        with self._lock:
            return any(one.is_open for one in self._idle)

    def hand_over(self, sender: str, recipient: str, content: bytes, before_dot: Callable[[], None]) -> Reply:
        """Offer *content* (CRLF, 7 bit) for one recipient; what came of it.

        *before_dot* is called once, at the last moment at which nothing can have been taken, and not at all when it
        does not come to that.  What it raises is raised here, and nothing was taken.
        """
        content = self._sign(content) if self._sign else content
        with self._lock:
            one = self._idle.pop() if self._idle else self._make()
        try:
            return one.hand_over(sender, recipient, content, before_dot)
        finally:
            with self._lock:
                self._idle.append(one)

    def close(self) -> None:
        """Close the connections that nobody uses now; the next hand-over opens one."""
        with self._lock:
            resting, self._idle = self._idle, []
        for one in resting:
            one.close()

    def _make(self) -> Transport:
        if self._settings.relay.startswith("sendmail:"):
            return Sendmail(self._settings)
        return Smtp(self._settings, self._password)
