"""The state machine of one edition: one sending of a digest.

    due ─freeze─▶ sending ─every delivery is settled─▶ done
        │            │ ▲
        │         hold release
        │            ▼ │
        ├─review──▶ held ─cancel─▶ cancelled
        └─nothing new─▶ skipped

What is frozen stays as it is: later edits are the next edition's.  A held edition hands nothing over until its time is
up, or, where it has none, until somebody says so.  Of a cancelled one what had not been handed over goes into the next.
Everything here is pure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.errors import DigestError
from aggregator.model import Edition
from aggregator.model.units import UNTIL_RELEASED


def begun(review: timedelta | None, now: datetime) -> tuple[str, datetime | None]:
    """The state in which an edition that was frozen *now* begins, and until when it is held."""
    if review is None:
        return "sending", None
    return "held", None if review == UNTIL_RELEASED else now + review


def hold(edition: Edition) -> Edition:
    """The edition held until somebody releases it.  Raises DigestError when there is nothing left to hold."""
    _expect(edition, "sending", "held")
    return replace(edition, state="held", until=None)


def release(edition: Edition) -> Edition:
    """The held edition on its way.  Raises DigestError when it was not held."""
    _expect(edition, "held")
    return replace(edition, state="sending", until=None)


def cancel(edition: Edition) -> Edition:
    """The held edition given up.  Raises DigestError when it was not held."""
    _expect(edition, "held")
    return replace(edition, state="cancelled", until=None)


def is_over(edition: Edition, now: datetime) -> bool:
    """Whether the time for which it was held is up."""
    return edition.state == "held" and edition.until is not None and edition.until <= now


def _expect(edition: Edition, *states: str) -> None:
    if edition.state not in states:
        raise DigestError(f"edition {edition.slot} of {edition.digest} is {edition.state}, not {' or '.join(states)}")
