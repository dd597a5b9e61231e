"""``aggregator run``."""

from __future__ import annotations

import signal

import uvloop

from aggregator.cli.options import ConfigOption
from aggregator.config import find
from aggregator.daemon.daemon import Daemon
from aggregator.daemon.trying import configured


def run(config: ConfigOption = None) -> None:
    """Run the daemon in the foreground: poll, merge, publish, mail.

    This is what systemd starts. SIGTERM or Ctrl-C stops it in order; SIGHUP reads the configuration again.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the daemon listens to it: it must not end what is starting
    path = find(config)
    settings = configured(path)

    async def serve() -> None:
        await Daemon(settings, path=path).run()

    uvloop.run(serve())
