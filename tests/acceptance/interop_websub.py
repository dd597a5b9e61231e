"""WebSub with an implementation that is not ours: Flask-WebSub, which stands in the W3C's implementation report.

It brings Flask and Celery, which this project needs for nothing else, so it is not among the test requirements:
``AGGREGATOR_WEBSUB_PEER`` names a Python that has it (``pip install flask-websub``), else this one is tried.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.asking import rss
from tests.test_websub_subscriber import news, titles
from tests.websub import DAY, SECOND, Live

PYTHON = os.environ.get("AGGREGATOR_WEBSUB_PEER", sys.executable)
SCRIPT = Path(__file__).parents[1] / "fakes" / "flask_peer.py"


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[str]:
    """The address of the other implementation."""
    if subprocess.run([PYTHON, "-c", "import flask_websub, celery"], capture_output=True).returncode:
        pytest.skip("flask-websub is not installed; see AGGREGATOR_WEBSUB_PEER")
    directory = tmp_path / "peer"
    directory.mkdir()
    process = subprocess.Popen([PYTHON, str(SCRIPT), str(directory)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def received(peer: str) -> list[dict[str, Any]]:
    return httpx.get(f"{peer}/received").json()  # type: ignore[no-any-return]


def test_their_subscriber_at_our_hub(peer: str, tmp_path: Path) -> None:
    """It discovers our hub, subscribes with a secret, accepts our signed delivery, renews, and leaves."""
    with Live(tmp_path) as live:
        name = httpx.post(f"{peer}/subscribe", data={"topic": live.topic}).raise_for_status().text
        live.tick()
        (made,) = live.subscriptions
        assert made.secret is not None
        live.change("<feed>2</feed>")
        assert live.subscriptions[0].error is None
        assert [one["mode"] for one in received(peer)] == ["subscribe", "delivered"]
        assert received(peer)[1] == {"mode": "delivered", "topic": live.topic, "body": "<feed>2</feed>"}
        httpx.post(f"{peer}/unsubscribe", data={"id": name}).raise_for_status()
        live.tick()
        live.change("<feed>3</feed>")
        assert live.subscriptions == []
        assert [one["mode"] for one in received(peer)] == ["subscribe", "delivered", "unsubscribe"]


def test_their_subscriber_hears_of_the_end(peer: str, tmp_path: Path) -> None:
    """It understands our denial."""
    with Live(tmp_path) as live:
        httpx.post(f"{peer}/subscribe", data={"topic": live.topic}).raise_for_status()
        live.tick()
        live.documents = {path: one for path, one in live.documents.items() if path.startswith("/static")}
        live.tick()
        assert [one["mode"] for one in received(peer)] == ["subscribe", "denied"]


def test_our_subscriber_at_their_hub(peer: str, tmp_path: Path) -> None:
    """We discover their hub, subscribe, confirm, take what it signs, renew the lease, and leave."""
    httpx.post(f"{peer}/feed", content=rss(1)).raise_for_status()
    with Live(tmp_path, f"{peer}/feed", subscribe=True) as live:
        live.poll()
        live.tick()
        (lease,) = live.leases
        assert (lease.hub, lease.topic, lease.error) == (f"{peer}/hub", f"{peer}/feed", None)
        assert lease.expires == live.clock + 10 * DAY
        live.clock += SECOND
        httpx.post(f"{peer}/feed", content=rss(1, 2)).raise_for_status()
        assert titles(live) == news(1, 2)
        live.tick(9 * DAY)
        assert live.leases[0].expires == live.clock + 10 * DAY
        live.configure(sources=())
        live.tick(10 * SECOND)
        assert live.leases == []
        httpx.post(f"{peer}/feed", content=rss(1, 2, 3)).raise_for_status()
        assert titles(live) == news(1, 2)
