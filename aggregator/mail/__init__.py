"""Mail: ``message`` makes the bytes, ``relay`` hands them over."""

from aggregator.mail.log import RelayLog
from aggregator.mail.message import compose, filled
from aggregator.mail.pace import Breaker, Meter, grievances, objection
from aggregator.mail.relay import Relay

__all__ = ["Breaker", "Meter", "Relay", "RelayLog", "compose", "filled", "grievances", "objection"]
