"""The fields of a message that are not its letter."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from functools import cache

from aggregator import text, uri
from aggregator.mail import verp
from aggregator.model import Config, Digest, Envelope, Reader
from aggregator.publish import places


def envelope(config: Config, digest: Digest, slot: str, reader: Reader, now: datetime) -> Envelope:
    """The fields of one message that are not its letter; the Message-ID derives from digest, slot and address.

    A reader without a token, to whom something is only shown, has no links of their own.
    """
    assert config.mail is not None
    base, token = places.base(config), reader.token
    domain = _domain(config.mail.sender)
    return Envelope(
        sender=config.mail.sender,
        reply_to=config.mail.reply_to,
        recipient=reader.address,
        list_id=f"{digest.id}.{list_domain(config)}",
        message_id=f"<{digest.id}.{text.digest(config.base_url, digest.id, slot, reader.address)}@{domain}>",
        date=now,
        archive=f"{base}/{digest.stream}/",
        unsubscribe=f"{base}{places.UNSUBSCRIBE}{token}" if token else None,
        preferences=f"{base}{places.PREFERENCES}{token}" if token else None,
        view=f"{base}{places.edition(digest.id, slot)}" if digest.public and token else None,
        leave=verp.address(config.mail.bounces, token) if config.mail.bounces and token else None,
    )


def list_domain(config: Config) -> str:
    """The domain under which our lists have their ids (RFC 2919)."""
    return uri.host(config.base_url)


@cache
def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]
