"""The digest: when an edition is due, what it says, and how each copy of it reaches its reader.

``edition`` names slots, ``render`` turns stories into a letter, ``delivery`` is the state machine of one copy.  All
three are pure; ``post`` puts them together with the store and the relay.
"""

from aggregator.digest.edition import slot_due
from aggregator.digest.render import render

__all__ = ["render", "slot_due"]
