"""Publishing as the world sees it: the real daemon, a reader that keeps to the book, and files for a web server."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from lxml import etree

from tests.fakes.origin import Origin
from tests.processes import Installation, eventually, installation
from tests.sites import Zones

NOW = datetime.now(UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass(slots=True, frozen=True)
class Reader:
    """A feed reader: conditional, content with new entries alone (RFC 3229), going back in the archive (RFC 5005)."""

    client: httpx.Client
    titles: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    etags: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)

    def poll(self) -> None:
        headers = {"a-im": "feed", "accept-encoding": "identity"}
        if etag := self.etags.get("feed"):
            headers["if-none-match"] = etag
        answer = self.client.get("/samenwerking.atom", headers=headers)
        self.statuses.append(answer.status_code)
        if answer.status_code == 304:
            return
        self.etags["feed"] = answer.headers["etag"]
        older = self._take(answer.content)
        while older and older not in self.pages:
            self.pages.add(older)
            page = self.client.get(older)
            assert (page.status_code, page.headers["content-type"]) == (200, "application/atom+xml; charset=utf-8")
            older = self._take(page.content)

    def _take(self, content: bytes) -> str | None:
        root = etree.fromstring(content)
        for entry in root.findall(f"{ATOM}entry"):
            if (id := entry.findtext(f"{ATOM}id") or "") not in self.ids:
                self.ids.add(id)
                self.titles.append(entry.findtext(f"{ATOM}title") or "")
        links = (link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "prev-archive")
        return next(links, None)


def configure(one: Installation, zones: Zones, *changes: tuple[str, str]) -> None:
    """Three stories on a page, files in ``site``; *changes* are made to what is written."""
    one.configure(zones.configuration())
    text = one.config.read_text().replace('id = "samenwerking"', 'id = "samenwerking"\nitems = 3')
    text = text.replace("[fetch]", f'[publish]\ndirectory = "{one.directory / "site"}"\n[fetch]', 1)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    one.config.write_text(text)


def are_there(client: httpx.Client, titles: list[str]) -> None:
    """Wait until somebody who comes for the first time finds all of them."""

    def look() -> bool:
        newcomer = Reader(client)
        newcomer.poll()
        return sorted(newcomer.titles) == sorted(titles)

    eventually(look)


def test_a_reader_misses_nothing(tmp_path: Path) -> None:
    """It sleeps through pages of news, across a restart, and in the end has seen each story exactly once."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        sent = [zones.publish(1, NOW)]
        configure(one, zones)
        one.start()
        with httpx.Client(base_url=one.url) as client:
            reader = Reader(client)
            for count in (1, 2, 11):
                for _ in range(count):
                    sent.append(zones.publish(len(sent) + 1, NOW))
                are_there(client, sent)
                reader.poll()
                reader.poll()
                if count == 2:
                    assert one.stop() == 0
                    one.start()
            assert sorted(reader.titles) == sorted(sent)
            assert reader.statuses[1::2] == [304, 304, 304]
            assert len(reader.pages) >= 4


def test_files_and_faults(tmp_path: Path) -> None:
    """Files are what is served; errors stand in no public document, and in the operators' feed for operators."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        title = zones.publish(1, NOW)
        configure(one, zones, ("[server]", '[server]\noperators = ["127.0.0.1"]'))
        one.start()
        site = tmp_path / "site"
        feed = site / "samenwerking.atom"
        eventually(lambda: feed.exists() and title.encode() in feed.read_bytes())
        names = {"/": "index.html", "/zones/north.rss": "zones/north.rss", "/feeds/": "feeds/index.html"}
        eventually(lambda: all(one.get(path) == (site / name).read_bytes() for path, name in names.items()))
        assert {"samenwerking.atom.gz", "samenwerking.atom.br", "samenwerking.atom.zst"} <= {
            p.name for p in site.iterdir()
        }
        origin.serve("/rss.xml", "no feed at all", content_type="text/plain")
        eventually(lambda: b"<entry>" in one.get("/status.atom"))
        found = etree.fromstring(one.get("/status.atom")).findtext(f"{ATOM}entry/{ATOM}title") or ""
        assert re.fullmatch(r"[a-z-]+: failing", found)
        public = [path for path in site.rglob("*") if path.is_file() and path.suffix not in (".gz", ".br", ".zst")]
        assert not [path for path in public if b"failing" in path.read_bytes()]


def test_a_stream_is_renamed_and_removed(tmp_path: Path) -> None:
    """After SIGHUP its old addresses lead to the new ones, or say that it is gone; its old files are removed."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        configure(one, zones)
        one.start()
        eventually((tmp_path / "site" / "samenwerking.atom").exists)
        configure(one, zones, ('id = "samenwerking"', 'id = "nieuws"\nwas = ["samenwerking"]'))
        assert one.process is not None
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: httpx.get(f"{one.url}/samenwerking.atom").status_code == 301)
        moved = httpx.get(f"{one.url}/samenwerking.atom", follow_redirects=True)
        assert moved.url.path == "/nieuws.atom"
        eventually(lambda: not (tmp_path / "site" / "samenwerking.atom").exists())
        configure(one, zones, ('id = "samenwerking"', 'id = "anders"'))
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: httpx.get(f"{one.url}/nieuws.atom").status_code == 410)
        assert httpx.get(f"{one.url}/samenwerking.atom").status_code == 410


def test_a_story_has_an_address_for_ever(tmp_path: Path) -> None:
    """From the page to the story over HTTP and as a file; the same after a restart; gone when an editor hides it."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        title = zones.publish(1, NOW)
        configure(one, zones)
        one.start()
        eventually(lambda: title.encode() in one.get("/"))
        found = re.search(rb'href="(story/([0-9a-f]{16})/)"', one.get("/"))
        assert found
        path, name = f"/{found[1].decode()}", found[2].decode()
        file = tmp_path / "site" / "story" / name / "index.html"
        before = one.get(path)
        assert title.encode() in before
        eventually(lambda: file.exists() and file.read_bytes() == before)
        assert one.stop() == 0
        one.start()
        assert one.get(path) == before
        month = f"{NOW.astimezone(ZoneInfo('Europe/Brussels')):%Y-%m}"
        assert title.encode() in one.get(f"/samenwerking/archive/{month}/")
        assert one.run("stories", "hide", name, "--why", "asked by the zone").returncode == 0
        eventually(lambda: httpx.get(one.url + path).status_code == 410)
        eventually(lambda: not file.exists())
        assert one.run("stories", "show", name).returncode == 0
        eventually(lambda: httpx.get(one.url + path).status_code == 200)
        assert one.run("publish", tmp_path / "copy").returncode == 0
        assert (tmp_path / "copy" / "story" / name / "index.html").exists()
