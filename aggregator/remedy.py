"""What to do about a relay that takes nothing, by what it said: for an operator who was woken by it.  Pure."""

from __future__ import annotations

import re

_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"(?:530|53[458]|5\d\d 5\.7\.[089])\b",
        "look at the user in [mail].relay and at [mail].password_file, then restart the service",
    ),
    (
        r".*certificate has expired",
        "whoever runs the relay has to renew its certificate",
    ),
    (
        r".*certificate",
        "[mail].relay must have the name in the certificate, and SSL_CERT_FILE its authority",
    ),
    (
        r".*(?:Name or service not known|name resolution|No address associated)",
        "look whether the host in [mail].relay is right, and whether names are resolved on this machine",
    ),
    (
        r".*(?:refused|timed out|unreachable|No route)",
        "look whether the relay runs, whether [mail].relay has its host and port, and at firewalls between",
    ),
    (r".*STARTTLS|.*no TLS", "use smtps:// in [mail].relay if it has a port for that"),
    (r".*(?:is not there|may not be run|cannot be run)", "look at the path in [mail].relay"),
    (r"5\d\d ", "it will not relay for us, or not for [mail].from: its log, or whoever runs it, can tell why"),
)


def of(reason: str) -> str:
    """A sentence without a full stop for what the relay or the network said; empty where nothing is to be done."""
    return next((words for pattern, words in _REMEDIES if re.match(pattern, reason)), "")


def told(reason: str) -> str:
    """The reason, and what to do about it."""
    words = of(reason)
    return f"{reason} ({words})" if words else reason
