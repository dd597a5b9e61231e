"""What the world sees over HTTP: ``app`` answers requests from memory, ``Server`` listens."""

from aggregator.web.app import app
from aggregator.web.server import Server

__all__ = ["Server", "app"]
