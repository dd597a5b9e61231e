"""How the mail stands: what ``status`` and ``/health`` are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.digest import slots
from aggregator.model import Config, Digest
from aggregator.status import Mailing, Pause
from aggregator.store import Tx

LATE = timedelta(hours=1)
"""A delivery that has been tried in vain for so long is late."""
UNFROZEN = timedelta(minutes=5)
"""So is an edition whose slot came so long ago and that nobody froze."""


def standing(tx: Tx, config: Config, paused: Pause | None, now: datetime) -> Mailing:
    tally = tx.mailing.tally_of(("in_doubt", "held"))
    return Mailing(
        paused=paused,
        late_mails=tx.mailing.late(now - LATE),
        late_editions=tuple(filter(None, (_late(tx, digest, config, now) for digest in config.digests))),
        held=tuple(edition for edition in tx.mailing.on_the_way() if edition.state == "held"),
        in_doubt=tally.get("in_doubt", 0),
        held_mails=tally.get("held", 0),
    )


def _late(tx: Tx, digest: Digest, config: Config, now: datetime) -> str | None:
    timezone = ZoneInfo(config.timezone)
    latest = slots.latest_slot(digest, timezone, now)
    if latest is None or slots.slot_due(digest, timezone, now) is None or now - latest[0] < UNFROZEN:
        return None
    return None if tx.mailing.edition(digest.id, latest[1]) else f"{digest.id} {latest[1]}"
