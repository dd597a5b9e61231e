"""What is done to the editions of a digest, by a command or at the desk, into the one log."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aggregator import post
from aggregator.hand import Hand
from aggregator.model import Digest, Edition
from aggregator.store import Tx

ACTS: Mapping[str, Callable[..., list[Edition]]] = {"hold": post.hold, "release": post.release, "cancel": post.cancel}


def subject(digest: str) -> str:
    """What the log calls a digest, beside stories."""
    return f"digest/{digest}"


def do(tx: Tx, digest: Digest, act: str, who: Hand) -> list[Edition]:
    """``hold``, ``release`` or ``cancel`` what is on its way of *digest*; nothing is noted where nothing was."""
    editions = ACTS[act](tx, digest, who.at)
    for edition in editions:
        told = "; ".join(filter(None, [f"edition {edition.slot}", who.why]))
        tx.hands.note(at=who.at, who=who.who, act=act, story=subject(digest.id), detail=told, why=who.why)
    return editions
