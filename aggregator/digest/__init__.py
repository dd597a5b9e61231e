"""The digest: when an edition is due, what it says, and how each copy of it reaches its reader.

``slots`` says when, ``render`` turns stories into a letter, ``edition`` is the state machine of one sending and
``delivery`` that of one copy.  All are pure; ``post`` puts them together with the store and the relay.
"""
