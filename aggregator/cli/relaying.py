"""One mail to the relay at once, for trying things out: no edition, no delivery, nothing kept."""

from __future__ import annotations

from email.utils import parseaddr

from aggregator.daemon.relaying import open_relay
from aggregator.errors import ConfigError, MailError
from aggregator.mail.message import compose
from aggregator.model import Config, Envelope, Letter


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
        raise MailError(f"the relay {config.mail.relay} did not take the test ({reply.phase}): {said}")
    return reply.text
