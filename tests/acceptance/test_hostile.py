"""A source that fails, hangs, lies, floods or sends garbage harms only itself, and is named in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.origin import Origin
from tests.fakes.relay import Relay
from tests.processes import Installation, eventually, installation
from tests.sites import Zones, digest
from tests.test_river import mailed, titles

NOW = datetime.now(UTC)

# path → words that the operator must find in `aggregator status`
FAULTS = {
    "/500": "the server failed (500)",
    "/hang": "within 3 s",
    "/huge": "max_size",
    "/bomb": "max_size",
    "/html": "not a feed",
    "/broken": "XML",
    "/gone": "gone for good (410)",
    "/empty": "empty",
    "/page": 'the page no longer has "article.item"',
}


def misbehave(origin: Origin) -> None:
    origin.serve("/500", "Internal Server Error", status=500)
    origin.hang("/hang")
    origin.endless("/huge", 100_000_000)
    origin.bomb("/bomb")
    origin.serve("/html", "<html><head><title>Welkom</title></head><body><p>Nieuws</p></body></html>")
    origin.serve("/broken", "<rss version='2.0'><channel><title>x</title><item><title>half", content_type="text/xml")
    origin.serve("/gone", "", status=410)
    origin.serve("/empty", b"", content_type="application/rss+xml")
    origin.serve("/page", "<html><body><div>Helemaal anders</div></body></html>")


def sources(origin: Origin) -> str:
    text = ""
    for path in FAULTS:
        name = path.strip("/")
        text += f'\n[[sources]]\nid = "bad-{name}"\nzone = "north"\nurl = "{origin.url(path)}"\n'
        if name == "page":
            text += 'type = "page"\n[sources.page]\nitem = "article.item"\ntitle = "h2"\n'
    return text


def memory(one: Installation) -> int:
    """Resident bytes of the daemon and its workers."""
    assert one.process is not None
    return sum(_resident(pid) for pid in _family(one.process.pid))


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def test_what_is_wrong_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Every kind of bad source is reported with words to act on; feed, page and digest of the others do not notice."""
    with Origin() as origin, Origin() as bad, Relay() as relay, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        misbehave(bad)
        one.configure(zones.configuration(sources(bad) + digest(relay.url, "an@example.be")))
        one.start()
        eventually(lambda: len(titles(one)) == 1)
        before = memory(one)
        status = eventually(lambda: all_polled(one))
        for path, words in FAULTS.items():
            found = status[f"bad-{path.strip('/')}"]
            assert found["condition"] in {"failing", "gone"}, found
            assert words in found["words"], found
        assert {status["north-news"]["condition"], status["south-news"]["condition"]} == {"ok"}
        title = zones.publish(2, NOW, page=True)
        eventually(lambda: title in titles(one))
        eventually(lambda: mailed(relay, "an@example.be", title))
        assert not any(word in one.get("/samenwerking.atom").decode() for word in ("Error", "410", "Welkom"))
        assert memory(one) - before < 150_000_000
        assert "Traceback" not in one.log, one.log


def all_polled(one: Installation) -> dict[str, dict[str, str]]:
    statuses = {source["source"]: source for source in one.json("status")["sources"]}
    waiting = [name for name, status in statuses.items() if status["condition"] == "waiting"]
    return {} if waiting else statuses
