"""What was noted, kept: one writer thread, many readers, verbs of the domain.

``Store.write`` and ``Store.read`` run a function of a ``Tx``; the verbs are grouped as ``tx.polls``, ``tx.stories``,
``tx.related``, ``tx.sentences``, ``tx.hands``, ``tx.mailing``, ``tx.audience``, ``tx.search``, ``tx.websub`` and
``tx.meta``.
"""

from aggregator.store.alone import alone
from aggregator.store.audience import ASKING, EVERY, Audience
from aggregator.store.conditions import State, Wanted
from aggregator.store.editions import SINGLE
from aggregator.store.mailing import Mailing
from aggregator.store.polls import Polls
from aggregator.store.sentences import Sentence
from aggregator.store.store import Store, Tx
from aggregator.store.stories import Stories, revision_of

__all__ = [
    "ASKING",
    "EVERY",
    "SINGLE",
    "Audience",
    "Mailing",
    "Polls",
    "Sentence",
    "State",
    "Store",
    "Stories",
    "Tx",
    "Wanted",
    "alone",
    "revision_of",
]
