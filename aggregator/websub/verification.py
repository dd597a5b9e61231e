"""Asking a callback whether it meant it (WebSub §5.3), and telling it that it is not to be (§5.2).  Pure."""

from __future__ import annotations

from urllib.parse import urlencode

from aggregator.model import Intent, Response


def question(intent: Intent, challenge: str) -> str:
    """The URL to ask; what the callback has of a query stays in front of ours (§5.1)."""
    asked = {"hub.mode": intent.mode, "hub.topic": intent.topic, "hub.challenge": challenge}
    if intent.mode == "subscribe":
        asked["hub.lease_seconds"] = str(intent.lease)
    return _with(intent.callback, asked)


def confirmed(answer: Response, challenge: str) -> bool:
    """Whether it is a success (2xx) "with a response body equal to the hub.challenge parameter" (§5.3.1)."""
    return 200 <= answer.status < 300 and answer.content.strip() == challenge.encode()


def denial(callback: str, topic: str, reason: str) -> str:
    """The URL that tells a callback that its subscription is refused or over."""
    return _with(callback, {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason})


def _with(callback: str, parameters: dict[str, str]) -> str:
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(parameters)}"
