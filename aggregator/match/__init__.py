"""Which story an entry belongs to, and why.  Pure, deterministic, one entry at a time.

``keys`` says what an entry can be recognised by, ``rules`` which story it therefore belongs to, ``words`` how to say
so.  A false merge hides news and a missed one shows it twice; the first is the worse error, so likeness alone never
suffices.
"""

from aggregator.match.anchors import anchors
from aggregator.match.certain import likeness, same_entry
from aggregator.match.churn import counters, told, uncounted
from aggregator.match.commonplaces import NONE, OPENINGS, Commonplaces, learnt, sentences
from aggregator.match.compare import claimed, compare
from aggregator.match.effort import Effort
from aggregator.match.identity import identify, is_known, reuses
from aggregator.match.keys import order, sightings, without_guid
from aggregator.match.known import Known
from aggregator.match.rules import founded, match
from aggregator.match.words import sentence

__all__ = [
    "NONE",
    "OPENINGS",
    "Commonplaces",
    "Effort",
    "Known",
    "anchors",
    "claimed",
    "compare",
    "counters",
    "founded",
    "identify",
    "is_known",
    "learnt",
    "likeness",
    "match",
    "order",
    "reuses",
    "same_entry",
    "sentence",
    "sentences",
    "sightings",
    "told",
    "uncounted",
    "without_guid",
]
