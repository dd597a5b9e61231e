"""When to ask a source again, where, and on which conditions.  Pure: the clock and the answers come in as arguments.

* ``wait`` is the law: the later of what the operator, the server and the feed want, and slower after failures
* ``freshness`` reads what the server says (RFC 9111 §4.2, Retry-After), ``pace`` what the feed says and shows
* ``due`` tells which sources to ask now, each URL once, and ``network`` whether failing is our own fault
* ``move`` follows permanent redirects, when they have proved themselves
* ``conditions`` are the validators to send (RFC 9110 §13.1)
* ``relying`` asks a source more seldom while its hub brings the news (WebSub)
* ``noting`` is what is remembered of a poll for all of these
"""

from __future__ import annotations

from aggregator.schedule.conditions import conditions, kept, renewed
from aggregator.schedule.due import Asking, Start, due, grouped, held_hosts, of, starting
from aggregator.schedule.freshness import RETRY
from aggregator.schedule.move import asked
from aggregator.schedule.noting import Came, already_read, claimed, conclude, last_of, lost, note, unreached, unstored
from aggregator.schedule.pace import remembered
from aggregator.schedule.relying import checked, relied

__all__ = [
    "RETRY",
    "Asking",
    "Came",
    "Start",
    "already_read",
    "asked",
    "checked",
    "claimed",
    "conclude",
    "conditions",
    "due",
    "grouped",
    "held_hosts",
    "kept",
    "last_of",
    "lost",
    "note",
    "of",
    "relied",
    "remembered",
    "renewed",
    "starting",
    "unreached",
    "unstored",
]
