"""Mail: ``message`` makes the bytes, ``smtp`` hands them to the relay."""

from aggregator.mail.log import RelayLog
from aggregator.mail.message import compose, filled
from aggregator.mail.smtp import Relay

__all__ = ["Relay", "RelayLog", "compose", "filled"]
