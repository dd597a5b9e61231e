"""One edition of one digest, from the store to the mailboxes.

    due → freeze → (review) → compose → hand over → note

``freeze`` is one transaction: the edition, its letters, a delivery for every recipient and the ledger, all or nothing.
From then on every delivery goes its own way through three durable steps around the one moment of SMTP at which nobody
can tell what happened (RFC 1047): *claimed*, *about to send the final dot*, *answered*.  A process that dies leaves
deliveries that the next one recovers: before the dot nothing was accepted, after it the relay's log is asked where
there is one, and else the same bytes go out once more.

``freezing`` says what an edition is of and who gets it, ``previewing`` shows it before, ``reviewing`` lets the editor
have a look, ``delivering`` hands over.
"""

from aggregator.post.adopting import Fate, adopt, begin, pause, settle_in, unread, witness_name
from aggregator.post.delivering import Clock, deliver, deliver_due
from aggregator.post.doubts import look_up, recover, settle
from aggregator.post.envelopes import envelope, list_domain
from aggregator.post.freezing import due_slots, enrol, freeze, freeze_anew, freeze_slot, missed
from aggregator.post.objecting import heed, objections, refusals
from aggregator.post.previewing import Preview, preview, trial
from aggregator.post.reviewing import cancel, hold, overdue, release, release_overdue
from aggregator.post.standing import standing

__all__ = [
    "Clock",
    "Fate",
    "Preview",
    "adopt",
    "begin",
    "cancel",
    "deliver",
    "deliver_due",
    "due_slots",
    "enrol",
    "envelope",
    "freeze",
    "freeze_anew",
    "freeze_slot",
    "heed",
    "hold",
    "list_domain",
    "look_up",
    "missed",
    "objections",
    "overdue",
    "pause",
    "preview",
    "recover",
    "refusals",
    "release",
    "release_overdue",
    "settle",
    "settle_in",
    "standing",
    "trial",
    "unread",
    "witness_name",
]
