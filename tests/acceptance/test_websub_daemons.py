"""WebSub between real daemons: news crosses in seconds, and what was promised is kept when one of them is killed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx

from tests.fakes.callback import Callback
from tests.fakes.origin import Origin
from tests.processes import Installation, eventually, installation
from tests.sites import Zones

FEED = "/samenwerking.atom"


def configured(made: Installation, zones: Zones, websub: str = "") -> None:
    made.configure(f"[websub]\n{websub}\n{zones.configuration()}")


def delivered(callback: Callback, title: str) -> bool:
    return any(title.encode() in told.body for told in callback.of("POST"))


def shows(made: Installation, title: str) -> bool:
    return title.encode() in made.get(FEED)


def test_news_crosses_two_daemons_in_seconds(tmp_path: Path) -> None:
    """The second reads the first one's feed once an hour, and has the news that came after its poll all the same."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with Origin() as origin, installation(tmp_path / "one") as one, installation(tmp_path / "two") as two:
        zones = Zones(origin)
        zones.publish(1, datetime.now(UTC))
        configured(one, zones)
        one.start()
        title = zones.publish(2, datetime.now(UTC))
        eventually(lambda: shows(one, title))
        two.configure(
            "[websub]\nsubscribe = true\n"
            '[[zones]]\nid = "z"\nname = "Zone"\n[[streams]]\nid = "samenwerking"\ntitle = "Samen"\n'
            f'[[sources]]\nid = "one"\nzone = "z"\nurl = "{one.url}{FEED}"\ninterval = "1h"\n'
        )
        two.start()
        eventually(lambda: any(one["expires"] for one in two.json("status")["websub"]["leases"]))
        assert one.json("status")["websub"]["subscriptions"] == 1
        title = zones.publish(3, datetime.now(UTC))
        eventually(lambda: shows(two, title), patience=20)
        assert two.json("status")["websub"]["leases"][0]["last_push"]
        assert "brought by its hub" in two.log


def test_killed_before_it_delivered(tmp_path: Path) -> None:
    """SIGKILL between the news and its delivery, over and over: every release is delivered, signed, at least once."""
    with Origin() as origin, Callback() as callback, installation(tmp_path) as made:
        zones = Zones(origin)
        zones.publish(1, datetime.now(UTC))
        configured(made, zones)
        made.start()
        form = {"mode": "subscribe", "topic": made.url + FEED, "callback": callback.url(), "secret": "geheim"}
        eventually(lambda: made.get(FEED))
        asked = httpx.post(f"{made.url}/hub", data={f"hub.{name}": value for name, value in form.items()})
        assert asked.status_code == 202
        made.kill()  # before or after the verification: it was accepted, so it is verified
        made.start()
        eventually(lambda: made.json("status")["websub"]["subscriptions"] == 1)
        for number in (2, 3, 4):
            title = zones.publish(number, datetime.now(UTC))
            eventually(partial(shows, made, title))
            made.kill()
            made.start()
            eventually(partial(delivered, callback, title))
        assert all("x-hub-signature" in told.headers for told in callback.of("POST"))
        assert "fault" not in made.log
        assert made.stop() == 0
