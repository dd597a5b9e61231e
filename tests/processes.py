"""The program as its users run it: real processes, a real configuration, real sockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds after which something that should have happened has not happened."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], T], *, patience: float = PATIENCE) -> T:
    """What *look* gives as soon as it is something; a failure after *patience* seconds of nothing."""
    give_up = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"nothing came of it within {patience} s")
        time.sleep(0.05)


def command(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``aggregator`` with these arguments to its end."""
    return subprocess.run(
        [sys.executable, "-m", "aggregator", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment},
    )


class Installation:
    """A directory with a configuration and a database, and the daemon that runs on them."""

    def __init__(self, directory: Path, temporary: Path) -> None:
        self.directory = directory
        self.temporary = temporary
        self.config = directory / "aggregator.toml"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, text: str) -> None:
        """Write the configuration: *text* after what every test wants (loopback, no pauses, this database)."""
        head = (
            f'base_url = "{self.url}"\n'
            f'database = "sqlite:///{self.directory / "aggregator.db"}"\n'
            f'[server]\nlisten = "127.0.0.1:{self.port}"\n'
            '[fetch]\ninterval = "1s"\ntimeout = "3s"\nper_host_pause = "0s"\nper_host_concurrency = 8\n'
            'allow_private = ["127.0.0.0/8"]\n'
        )
        self.config.write_text(head + text, encoding="utf-8")

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command on this configuration."""
        return command(*arguments, "--config", self.config)

    def json(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    @property
    def log(self) -> str:
        """What the daemon said so far, over all its starts."""
        path = self.directory / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def start(self, **environment: str) -> None:
        """Start the daemon, and return when it answers."""
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "aggregator", "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env={**os.environ, "TMPDIR": str(self.temporary), **environment},
                start_new_session=True,
            )
        eventually(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log
        try:
            return bool(self.get("/"))
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """SIGKILL, to the daemon and to nobody else: what it leaves behind is what a crash leaves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def get(self, path: str) -> bytes:
        """A document of the daemon's."""
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            content: bytes = response.read()
        return content


@contextmanager
def installation(directory: Path) -> Iterator[Installation]:
    """An installation whose daemon, if one runs, ends with the test.

    Who is killed cannot tidy up: what a daemon kept in its directory for temporary files goes here.  The directory has
    a short name, because the workers' socket is in it (unix(7): 108 bytes).
    """
    with tempfile.TemporaryDirectory(prefix="news-", ignore_cleanup_errors=True) as temporary:
        made = Installation(directory, Path(temporary))
        try:
            yield made
        finally:
            if made.process and made.process.poll() is None:
                made.kill()
