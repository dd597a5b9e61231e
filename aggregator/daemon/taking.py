"""What a configuration brings with it, noted in the database when the daemon takes it up."""

from __future__ import annotations

from datetime import datetime

from aggregator import post, renames
from aggregator.daemon.machine import machine
from aggregator.daemon.rendering import note_presentation
from aggregator.model import Config
from aggregator.store import Tx


def take_up(tx: Tx, config: Config, now: datetime) -> list[renames.Renaming]:
    """Renames, recipients, the machine that mails, the look of the documents; returns what was renamed."""
    renamed = renames.apply(tx, config, now)
    post.enrol(tx, config, now)
    if config.digests:
        post.settle_in(tx, machine(config))
    note_presentation(tx, config, now)
    return renamed
