"""What a command loads before it does anything: a person waits for it, and a script that calls it often even more."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.cli.app import COMMANDS
from aggregator.store import Store
from tests.processes import command

SERVING = {"starlette", "uvicorn", "uvloop", "apscheduler"}
FETCHING = {"httpx", "aiohttp", "feedparser", "pebble"}
CONFIG = """
base_url = "https://news.example.org"
database = "sqlite:///{}"
[[zones]]
id = "bht"
name = "BHT"
url = "https://bht.example.org"
color = "#123456"
[[streams]]
id = "all"
title = "All"
[[sources]]
id = "bht"
zone = "bht"
url = "https://bht.example.org/feed"
"""


def loaded(*arguments: str | Path) -> set[str]:
    """The packages that a command loads, by the time that it has done its work."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "aggregator", *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE)}


@pytest.mark.parametrize("arguments", [("status",), ("stories", "list"), ("digest", "list"), ("subscribers", "list")])
def test_a_look_at_the_database_loads_no_daemon(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """What only reads the database starts without the web server, the scheduler, the fetcher and the parsers."""
    config = tmp_path / "aggregator.toml"
    config.write_text(CONFIG.format(tmp_path / "aggregator.db"), encoding="utf-8")
    Store(f"sqlite:///{tmp_path / 'aggregator.db'}").close()
    found = loaded(*arguments, "--config", config)
    assert "sqlalchemy" in found
    needless = sorted(found & (SERVING | FETCHING))
    assert needless == []


def test_the_version_loads_nothing() -> None:
    """``--version`` needs none of the commands."""
    needless = sorted(loaded("--version") & (SERVING | FETCHING | {"sqlalchemy", "jinja2", "lxml", "rich"}))
    assert needless == []


def test_a_command_that_is_not_there_is_guessed() -> None:
    """Commands are loaded when they are called, and are known before: a slip gets its suggestion."""
    done = command("statsu")
    assert done.returncode == 2
    assert "No such command 'statsu'. Did you mean 'status'?" in done.stderr


def test_the_help_lists_the_commands_in_their_order() -> None:
    """``--help`` names them in the order in which they are written down, and each says what it does."""
    listed = re.findall(r"^  (\w+)  +\w+", command("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(COMMANDS)
