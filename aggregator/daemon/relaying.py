"""The relay that mails are handed to: opened, with what signs them, or given one mail at once for trying things out."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from aggregator import remedy
from aggregator.config import secret
from aggregator.errors import ConfigError, MailError
from aggregator.mail.message import compose
from aggregator.mail.relay import Relay
from aggregator.model import Config, Envelope, Letter

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


def hand_over(config: Config, letter: Letter, envelope: Envelope) -> str:
    """What the relay said when it took the mail; MailError when it did not."""
    relay = open_relay(config)
    if relay is None or config.mail is None:
        raise ConfigError(["mail: there is no [mail] table, so there is nothing to test"])
    content = compose(letter, envelope)
    try:
        reply = relay.hand_over(parseaddr(envelope.sender)[1], envelope.recipient, content, before_dot=lambda: None)
    finally:
        relay.close()
    if reply.phase != "dot" or reply.code != 250:
        said = reply.text if reply.code is None else f"{reply.code} {reply.text}"
        raise MailError(f"the relay {config.mail.relay} did not take the test ({reply.phase}): {remedy.told(said)}")
    return reply.text
