"""Opening the relay that mails are handed to, and what signs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.config import secret
from aggregator.mail.relay import Relay
from aggregator.model import Config

if TYPE_CHECKING:
    from aggregator.mail.dkim import Signer


def open_relay(config: Config) -> Relay | None:
    """The relay that the configuration names, not yet connected; raises ConfigError when a secret of it is missing."""
    if config.mail is None:
        return None
    password = secret(config.mail.password_file) if config.mail.password_file else None
    signer = open_signer(config)
    return Relay(config.mail, password, sign=signer.sign if signer else None)


def open_signer(config: Config) -> Signer | None:
    """What signs the mails, where the configuration wants that; raises ConfigError when its key cannot be used."""
    if config.mail is None or config.mail.dkim is None:
        return None
    from aggregator.mail.dkim import Signer  # it brings a DNS library along, which few need

    key = secret(config.mail.dkim.key_file or "", what="DKIM key")
    return Signer(config.mail.dkim, key, config.mail.sender)
