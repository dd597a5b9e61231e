"""Mail gateways open every link of a mail before its reader sees it: nothing may come of it."""

from __future__ import annotations

import re
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from html import unescape
from pathlib import Path

from aggregator.config import load
from aggregator.model import Choices
from aggregator.store import Store
from aggregator.subscribing import desk
from tests.fakes.origin import Origin
from tests.fakes.relay import Relay
from tests.lint_mail import lint
from tests.processes import Installation, eventually, installation
from tests.sites import Zones, digest

NOW = datetime.now(UTC)
# Polls go on meanwhile, and so do the moments that they leave.
BUSY = {"poll", "meta", "sqlite_sequence"}


def links(mail: bytes) -> list[str]:
    """Every address of the web in a message: of its headers, its text and its HTML, each once."""
    message = message_from_bytes(mail, policy=default)
    words = [str(value) for name, value in message.items() if name.lower().startswith("list-")]
    words += [unescape(part.get_content()) for part in message.walk() if not part.is_multipart()]
    return list(dict.fromkeys(re.findall(r"https?://[^\s<>\"]+", "\n".join(words))))


def scan(url: str, method: str = "GET") -> tuple[int, str]:
    """What a scanner gets, as a browser of a gateway asks for it."""
    request = urllib.request.Request(url, method=method, headers={"User-Agent": "Mozilla/5.0 (scanner)"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode("utf-8", "replace")


def kept(one: Installation) -> dict[str, list[tuple[object, ...]]]:
    """Everything that the database holds of readers, mails and stories."""
    with closing(sqlite3.connect(one.directory / "aggregator.db")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        wanted = [name for name in names if name not in BUSY and not name.startswith("search")]
        return {name: sorted(database.execute(f'SELECT * FROM "{name}"'), key=repr) for name in wanted}


def ask_for_a_mail(one: Installation, address: str) -> None:
    """What the form does with an address: a mail with a link to confirm goes to it."""
    config = load(one.config)
    with Store(config.database) as store:
        store.submit(lambda tx: desk.ask(tx, config, address, Choices(digests=("snel",)), datetime.now(UTC))).result()


def test_a_link_scanner_changes_nothing(tmp_path: Path) -> None:
    """GET and HEAD of every link of an edition and of a request to confirm change nothing kept; one POST does."""
    with Origin() as origin, Relay() as relay, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration(digest(relay.url, "an@example.be", every="1d") + "open = true\n"))
        assert one.run("poll").returncode == 0
        one.run("digest", "send", "snel")
        zones.publish(2, NOW)
        assert one.run("poll").returncode == 0
        one.start()
        assert "the running daemon sends it" in one.run("digest", "send", "snel").stdout
        ask_for_a_mail(one, "nieuw@example.be")
        mails = {mail.recipients[0]: mail.content for mail in relay.wait_for(2, 60)}
        eventually(lambda: one.json("digest", "list")[0]["state"] == "done")

        assert lint(mails["an@example.be"]) == []
        found = links(mails["an@example.be"]) + links(mails["nieuw@example.be"])
        ours = [url for url in found if url.startswith(one.url)]
        assert len([url for url in ours if re.search("/mail/[upc]/", url)]) == 3
        assert any("/mail/snel/send-" in url for url in ours)
        before = kept(one)
        for url in [*ours, *ours]:
            status, markup = scan(url)
            assert status == 200, url
            assert not re.search(r"<script|http-equiv=.?refresh|onload=", markup), "a scanner runs scripts too"
            assert scan(url, "HEAD")[0] == 200, url
        assert kept(one) == before

        (leave,) = [url for url in ours if "/mail/u/" in url]
        click = urllib.request.Request(leave, data=b"List-Unsubscribe=One-Click", method="POST")
        with urllib.request.urlopen(click) as answer:
            assert answer.status == 200
        after = kept(one)
        assert len(after["suppression"]) == len(before["suppression"]) + 1
