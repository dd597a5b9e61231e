"""Polls the news of several publishers, merges what is the same story, publishes one feed and mails a digest.

Read ``model/`` for the words, ``poll.py`` for one poll of one source and ``post.py`` for one edition of one digest;
ARCHITECTURE.md has the rest.
"""

from importlib.metadata import version

__version__ = version("aggregator")
