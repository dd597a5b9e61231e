"""What keeps mail from getting out, for the operators' feed: each trouble once, dated by when this process saw it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from aggregator import remedy
from aggregator.mail.pace import Breaker
from aggregator.publish.faults import Fault
from aggregator.status import Mailing


class Troubles:
    """Remembers since when each trouble lasts: one that has passed and comes back is told of anew."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    def faults(self, found: Mapping[str, str], now: datetime) -> list[Fault]:
        """*found* by name, in words."""
        self._since = {name: self._since.get(name, now) for name in found}
        return [
            Fault(
                name=f"mail/{name}/{self._since[name]:%Y-%m-%dT%H:%M:%SZ}",
                title=f"mail: {name.partition('/')[0]}",
                words=words,
                at=self._since[name],
            )
            for name, words in found.items()
        ]


def of_mail(relay: Breaker, mail: Mailing) -> dict[str, str]:
    """The relay that takes nothing, editions that nobody froze, and what waits for a human without an end."""
    found: dict[str, str] = {}
    if relay.until:
        found["relay"] = f"the relay takes nothing: {remedy.told(relay.reason)}"
    for late in mail.late_editions:
        found[f"late/{late.replace(' ', '/')}"] = (
            f"edition {late} should have been frozen by now; the log says why it is not"
        )
    for edition in (each for each in mail.held if each.until is None):
        told = f"edition {edition.slot} of {edition.digest} is held until somebody releases it"
        commands = f"aggregator digest release {edition.digest}, or cancel"
        found[f"held/{edition.digest}/{edition.slot}"] = f"{told}: {commands}"
    if mail.held_mails:
        found["doubt"] = "mails are held in doubt: aggregator digest release or cancel"
    return found
