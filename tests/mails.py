"""A mail for tests that are about something else than what stands in it."""

from __future__ import annotations

from datetime import datetime

from aggregator.model import Envelope, Letter
from tests.stories import NOW

LETTER = Letter(subject="Dag", text="Dag.", html="<p>Dag.</p>")


def envelope(recipient: str = "lezer@example.be", about: str = "1", date: datetime = NOW) -> Envelope:
    """To one reader, with no link of theirs; what it is *about* tells it from other mails to them."""
    return Envelope(
        sender="Politie samenwerking <nieuws@example.be>",
        reply_to=None,
        recipient=recipient,
        list_id="dagelijks.nieuws.example.be",
        message_id=f"<{about}.{recipient}>",
        date=date,
        archive="https://nieuws.example.be/",
    )
