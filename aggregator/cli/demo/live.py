"""The demo as it happens: the real daemon as a process of its own, between sample sites and a mail sink."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aggregator.cli.demo import EDITOR, configuration
from aggregator.cli.demo.sink import Sink
from aggregator.cli.demo.sites import Sites
from aggregator.cli.output import console
from aggregator.daemon.opening import clock
from aggregator.errors import AggregatorError

PACE = 5.0
"""Seconds between two releases."""
START = 20.0
"""Seconds that the daemon gets to start."""
EPILOGUE = 60.0
"""Seconds that everything stays up after the last release when nobody is there to press Ctrl-C."""


def run(directory: Path, *, wait: bool) -> None:
    """Run until Ctrl-C or SIGTERM; without *wait*, until the news has run out and could be looked at for a while."""
    if (directory / "aggregator.db").exists():
        raise AggregatorError(f"{directory} holds an earlier demo; delete it, or name another directory")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        directory.mkdir(parents=True, exist_ok=True)
        sites = Sites(clock())
        stack.callback(sites.close)
        sink = Sink(directory / "mail")
        stack.callback(sink.close)
        listen = _free(8080)
        settings = directory / "aggregator.toml"
        # A password of this demo alone: whoever else uses the machine can reach loopback too.
        password = secrets.token_hex(6)
        written = configuration(sites, sink, directory, listen=listen, password=password)
        settings.write_text(written, encoding="utf-8")
        daemon = stack.enter_context(_daemon(settings, directory / "daemon.log"))
        _await_start(daemon, listen, directory / "daemon.log")
        _welcome(listen, sites, sink, settings, password)
        try:
            _tell_news(sites, sink, daemon, wait)
        except KeyboardInterrupt:
            console.print("\nstopping")


def _welcome(listen: str, sites: Sites, sink: Sink, settings: Path, password: str) -> None:
    first, second = sites.urls
    console.print(
        f"\n  [bold]page[/]    http://{listen}/"
        f"\n  [bold]feed[/]    http://{listen}/samenwerking.atom"
        f"\n  [bold]mail[/]    {sink.url}   (what was sent, nobody got it)"
        f"\n  [bold]desk[/]    http://{listen}/desk/   (name [bold]{EDITOR}[/], password [bold]{password}[/])"
        f"\n  join    http://{listen}/mail/   (subscribe; the mail with the link is in the list above)"
        f"\n  sample  {first}  and  {second}"
        f"\n  try     {sys.executable} -m aggregator status --config {settings}"
        "\n\nA new release appears every few seconds; the page follows, a mail goes out every 20 s. Ctrl-C ends it.\n",
        soft_wrap=True,
    )


def _tell_news(sites: Sites, sink: Sink, daemon: subprocess.Popen[bytes], wait: bool) -> None:
    seen, left = 0, None
    following = time.monotonic() + PACE
    while left is None or wait or time.monotonic() < left:
        if daemon.poll() is not None:
            raise AggregatorError(f"the daemon ended with status {daemon.returncode}; see daemon.log")
        if left is None and time.monotonic() >= following:
            following += PACE
            title = sites.release_next(clock())
            console.print(f"release  {title}" if title else "that was all the news", markup=False, soft_wrap=True)
            left = None if title else time.monotonic() + EPILOGUE
        for mail in sink.mails[seen:]:
            seen += 1
            console.print(f"mail     {mail}", markup=False, soft_wrap=True)
        time.sleep(0.2)


def _free(preferred: int) -> str:
    """``host:port`` of *preferred* if nobody has it, else of any free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"127.0.0.1:{probe.getsockname()[1]}"
    raise AggregatorError("no free port on 127.0.0.1")


@contextmanager
def _daemon(settings: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "aggregator", "run", "--config", str(settings)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)  # noqa: S603
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_start(daemon: subprocess.Popen[bytes], listen: str, log: Path) -> None:
    give_up = time.monotonic() + START
    while time.monotonic() < give_up and daemon.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{listen}/", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    raise AggregatorError(f"the daemon did not start:\n{said}")
