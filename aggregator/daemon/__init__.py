"""The running daemon, and what it shares with the commands: opening the means, rendering the documents."""

from aggregator.daemon.daemon import Daemon
from aggregator.daemon.directory import Directory
from aggregator.daemon.leaves import Leaves
from aggregator.daemon.machine import machine
from aggregator.daemon.opening import clock, configured, means, open_relay, open_signer, open_store
from aggregator.daemon.polling import Polling
from aggregator.daemon.printing import Prints
from aggregator.daemon.rendering import Press, note_presentation, render_all
from aggregator.daemon.witnessing import witness

__all__ = [
    "Daemon",
    "Directory",
    "Leaves",
    "Polling",
    "Press",
    "Prints",
    "clock",
    "configured",
    "machine",
    "means",
    "note_presentation",
    "open_relay",
    "open_signer",
    "open_store",
    "render_all",
    "witness",
]
