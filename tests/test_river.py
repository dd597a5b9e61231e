"""End to end, in real processes: origin servers → daemon → feed → the same stories; and → a real SMTP server."""

from __future__ import annotations

import email
import email.policy
import re
import signal
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import feedparser
from lxml import etree

from tests.fakes.origin import Origin
from tests.fakes.relay import Relay
from tests.processes import Installation, eventually, installation
from tests.sites import Zones, digest

NOW = datetime.now(UTC)
RNG = Path(__file__).parent / "corpus" / "atom.rng"


def read_feed(one: Installation) -> feedparser.FeedParserDict:
    return feedparser.parse(one.get("/samenwerking.atom"))


def titles(one: Installation) -> list[str]:
    return sorted(entry.title for entry in read_feed(one).entries)


def test_what_two_zones_publish_is_one_feed(tmp_path: Path) -> None:
    """Origin → daemon → feed → parsed again: the same stories, a joint one once, with both its sources."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        only_north = zones.publish(1, NOW)
        only_south = zones.publish(2, NOW, feed=False, page=True)
        both = zones.publish(3, NOW, page=True)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: titles(one) == sorted([only_north, only_south, both]))
        feed = read_feed(one)
        (joint,) = [entry for entry in feed.entries if entry.title == both]
        links = {link.href: link.rel for link in joint.links}
        assert set(links) == {origin.url("/north/3"), origin.url("/nl/news/detail/3/x")}
        assert sorted(links.values()) == ["alternate", "related"]
        zone_terms = {tag.term for tag in joint.tags if tag.scheme == f"{one.url}/zones"}
        assert zone_terms == {"north", "south"}
        assert not feed.bozo
        page = one.get("/").decode()
        assert all(title in page for title in (only_north, only_south, both))
        assert "Politiezone Noord" in page
        assert one.stop() == 0


def test_the_feed_is_valid_and_stable(tmp_path: Path) -> None:
    """Atom by RFC 4287's schema; the same bytes and ETag after a restart; 304 for who has them."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        for number in range(5):
            zones.publish(number, NOW, page=number % 2 == 0)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: len(read_feed(one).entries) == 5)
        eventually(lambda: one.get("/samenwerking.atom").count(b'rel="related"') == 3)  # both sources have been read
        first = one.get("/samenwerking.atom")
        schema = etree.RelaxNG(etree.parse(RNG))
        assert schema.validate(etree.fromstring(first)), schema.error_log
        with urllib.request.urlopen(one.url + "/samenwerking.atom") as response:
            etag = response.headers["ETag"]
        assert re.fullmatch(r'"[^"]+"', etag)
        assert one.stop() == 0
        one.start()
        assert one.get("/samenwerking.atom") == first
        request = urllib.request.Request(one.url + "/samenwerking.atom", headers={"If-None-Match": etag})
        try:
            with urllib.request.urlopen(request) as response:
                status = response.status
        except urllib.error.HTTPError as answer:
            status = answer.code
            answer.close()
        assert status == 304


def test_new_stories_are_mailed_once(tmp_path: Path) -> None:
    """Origin → digest at a real SMTP server: what the first fetch brought is no news, what came after it is, once."""
    with Origin() as origin, Relay() as relay, installation(tmp_path) as one:
        zones = Zones(origin)
        old = zones.publish(1, NOW)
        one.configure(zones.configuration(digest(relay.url, "an@example.be", "bo@example.be")))
        one.start()
        eventually(lambda: all(s["condition"] == "ok" for s in one.json("status")["sources"]))
        new = [zones.publish(2, NOW), zones.publish(3, NOW, page=True), zones.publish(4, NOW, feed=False, page=True)]
        eventually(lambda: all(mailed(relay, to, title) for to in ("an@example.be", "bo@example.be") for title in new))
        one.stop()
        one.start()
        last = zones.publish(5, NOW)
        eventually(lambda: mailed(relay, "an@example.be", last))
        for title in (*new, last):
            assert mailed(relay, "an@example.be", title) == 1
        assert mailed(relay, "an@example.be", old) == 0


def mailed(relay: Relay, recipient: str, title: str) -> int:
    """How many messages to *recipient* have *title* as a line of their text."""
    return sum(title in text_of(m.content) for m in list(relay.messages) if m.recipients == (recipient,))


def text_of(content: bytes) -> str:
    message = email.message_from_bytes(content, policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_the_editors_hand_is_seen_within_a_second_or_so(tmp_path: Path) -> None:
    """A story that a command hides in another process leaves the running daemon's feed and page."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        title = zones.publish(1, NOW)
        other = zones.publish(2, NOW)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: len(titles(one)) == 2)
        (story,) = [story for story in one.json("stories", "list") if story["title"] == title]
        done = one.run("stories", "hide", story["id"], "--why", "gevraagd")
        assert done.returncode == 0, done.stderr
        eventually(lambda: titles(one) == [other], patience=5)
        assert title not in one.get("/").decode()
        shown = one.run("stories", "show", story["id"])
        assert shown.returncode == 0, shown.stderr
        eventually(lambda: titles(one) == sorted([title, other]), patience=5)
        explained = one.run("stories", "explain", story["id"]).stdout
        assert "founded the story" in explained
        assert "hide gevraagd" in explained


def test_a_hangup_takes_the_new_configuration_or_keeps_the_old_one(tmp_path: Path) -> None:
    """SIGHUP: a valid configuration takes effect, a wrong one is logged and changes nothing."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: len(titles(one)) == 1)
        assert one.process is not None
        good = one.config.read_text()
        one.config.write_text(good.replace("Samenwerking Noord en Zuid", "Een andere naam"))
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: "Een andere naam" in one.get("/").decode())
        one.config.write_text(good.replace('type = "page"', 'type = "paper"'))
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the old one stays" in one.log)
        assert "sources[1].type" in one.log
        assert "Een andere naam" in one.get("/").decode()


def test_a_corrected_source_is_asked_at_once(tmp_path: Path) -> None:
    """Whoever mends a selector and sends SIGHUP sees the news appear, and does not wait for the back-off to end."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        title = zones.publish(1, NOW, feed=False, page=True)
        right = zones.configuration()
        one.configure(right.replace('item = "article"', 'item = "div.bericht"').replace('list = "main"\n', ""))
        one.config.write_text(one.config.read_text().replace('interval = "1s"', 'interval = "1h"'))
        one.start()
        eventually(lambda: 'the page no longer has "div.bericht"' in one.log)
        one.config.write_text(one.config.read_text().replace('item = "div.bericht"', 'item = "article"'))
        assert one.process is not None
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: titles(one) == [title])
