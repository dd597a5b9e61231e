"""The command ``aggregator``: one module a command, each a thin layer over what the daemon uses too."""

from aggregator.cli.app import main

__all__ = ["main"]
