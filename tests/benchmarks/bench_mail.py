"""Composing and handing over to a local relay, which is in a process of its own; over one connection and over more.

The store is not in it, and the three durable steps of a delivery are not.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

import pytest

from aggregator.mail.dkim import Signer
from aggregator.mail.message import compose
from aggregator.mail.relay import Relay
from aggregator.model import Dkim, Letter, Mail
from tests.test_message import ENVELOPE

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
LETTER = Letter(
    subject="Vermist meisje terecht en nog 19 berichten",
    text=(GOLDEN / "digest.txt").read_text() * 2,
    html=(GOLDEN / "digest.html").read_text() * 2,
)
MANY = 600


@contextmanager
def sink() -> Iterator[str]:
    program = [sys.executable, "-m", "tests.benchmarks.sinking"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout
        try:
            yield f"smtp://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def rate(relay: Relay, threads: int) -> tuple[float, float]:
    """Mails a second, and milliseconds of our processor each."""

    def one(number: int) -> int | None:
        about = replace(ENVELOPE, recipient=f"lezer{number}@example.be", message_id=f"<dagelijks.{number}@example.be>")
        return relay.hand_over("nieuws@example.be", about.recipient, compose(LETTER, about), lambda: None).code

    started, used = perf_counter(), process_time()
    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(one, range(MANY))) == [250] * MANY
    relay.close()
    return MANY / (perf_counter() - started), 1000 * (process_time() - used) / MANY


@pytest.mark.parametrize("connections", [1, 2, 4])
def test_composing_and_handing_over(connections: int) -> None:
    """At least a hundred mails a second."""
    with sink() as url:
        found, each = rate(Relay(Mail(sender=ENVELOPE.sender, relay=url, connections=connections)), connections)
    size = len(compose(LETTER, ENVELOPE)) / 1000
    print(f"{connections} connections: {found:.0f} mails/s of {size:.0f} kB, {each:.1f} ms of processor each")
    assert each < 10  # a hundred mails a second on one core; the wall clock has other guests too


def test_signing_too() -> None:
    """What signing here costs, over two connections."""
    key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout
    signer = Signer(Dkim(selector="agg", key_file="k"), key, ENVELOPE.sender)
    content = compose(LETTER, ENVELOPE)
    used = process_time()
    for _ in range(50):
        signer.sign(content)
    each = 1000 * (process_time() - used) / 50
    with sink() as url:
        found, with_it = rate(Relay(Mail(sender=ENVELOPE.sender, relay=url), sign=signer.sign), 2)
    print(f"signing: {each:.1f} ms of processor a mail; {found:.0f} mails/s with it, {with_it:.1f} ms each")
