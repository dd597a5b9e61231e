"""``aggregator read`` as people and programs use it: anything goes in, one result a target comes out, in order."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.origin import Origin
from tests.processes import command

FEEDS = Path(__file__).parent / "corpus" / "parse" / "feeds"
pytestmark = pytest.mark.xdist_group("workers")  # they measure time

CONFIG = """
[parse]
timeout = "3s"
[[zones]]
id = "z"
name = "Z"
[[sources]]
id = "s"
zone = "z"
url = "https://z.example/rss.xml"
[[streams]]
id = "n"
title = "N"
"""


def rss(description: str, attributes: str = "", channel: str = "") -> str:
    text = f"<item><title>Bericht</title><guid>1</guid><description><![CDATA[{description}]]></description></item>"
    return (
        f'<?xml version="1.0"?><rss version="2.0" {attributes}><channel><title>T</title>{channel}{text}</channel></rss>'
    )


BOMBS = {
    "attributes": rss("x", " ".join(f'a{n}="{n}"' for n in range(50_000))),
    "namespaces": rss("x", " ".join(f'xmlns:a{n}="urn:{n}"' for n in range(30_000))),
    "depth": rss("x", "", "<a>" * 100_000 + "</a>" * 100_000),
    "depth-of-html": rss("<div>" * 150_000),
    "comments": rss("<!--" * 250_000),
    "ampersands": rss("&" * 1_000_000),
    "open-tags": rss('<a "' * 200_000),
    "tables": rss("<table><tr><td>" * 60_000),
    "laughs": '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
    + rss("x", "", "<description>&a11;</description>"),
    "entities-in-tags": rss("x", "", "<title>" + "&lt;b&gt;" * 100_000 + "</title>"),
    "items": rss("x", "", "<item><title>x</title></item>" * 30_000),
    "images": rss('<img src="a.jpg" ' * 50_000),
}


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert "Traceback" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.timeout(170)
def test_bombs_harm_nobody_else(tmp_path: Path) -> None:
    """Documents made to hang or to fill the memory fail within the limit or are read; every healthy one is read."""
    config = tmp_path / "aggregator.toml"
    config.write_text(CONFIG)
    targets: list[Path] = []
    for name, bomb in BOMBS.items():
        for kind, content in (("bomb", bomb), ("healthy", rss(f"<p>Na {name}.</p>"))):
            targets.append(tmp_path / f"{name}-{kind}.xml")
            targets[-1].write_text(content)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "read", "--json", "--source", "s", "--config", config, *targets],
        capture_output=True,
        text=True,
        timeout=160,
    )
    took = time.monotonic() - started
    found = lines(done)
    assert len(found) == len(targets)
    for target, result in zip(targets, found, strict=True):
        name, _, kind = target.stem.rpartition("-")
        if kind == "healthy":
            assert [entry["summary"]["value"] for entry in result["entries"]] == [f"<p>Na {name}.</p>"]
        else:
            assert result["entries"] or re.search(r"could not be read|needs more than|killed", result["problems"][0])
    assert took < 3 * len(BOMBS) + 30, f"a bomb costs at most its limit, and they were read two at a time: {took:.0f} s"


JUNK = (b"", b"<", b">", b"&", b'"', b"\0", b"\xff", b"]]>", b"<!--", b"<item>", b"</item>", b"<script>", b"&#0;")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A document hurt as transports, editors and enemies do it."""
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(content) + 1)
        junk = chance.choice((*JUNK, chance.randbytes(4), content[at : at + 300] * 2, content[::-1][:50]))
        content = content[:at] + junk + content[at + chance.choice([0, 0, 1, 20, 400]) :]
    return content


LEAK = re.compile(r"<(?:script|style|svg|math|iframe|img|form|object)\b|<[^>]*\son\w+=|<[^>]*href=.?javascript:", re.I)


@pytest.mark.timeout(170)
def test_any_document_whatever(tmp_path: Path) -> None:
    """A thousand hurt documents in one process: a line each, in order, nothing raised, hung or leaked."""
    chance = random.Random(20261123)
    seeds = [path.read_bytes() for path in sorted(FEEDS.parent.rglob("*.*ml"))]
    seeds += [b"", b"\0" * 1000, b"{}", b"[" * 5000, b'{"version": "https://jsonfeed.org/version/1.1", "items": [{}]}']
    targets = []
    for number in range(1000):
        targets.append(tmp_path / f"{number:04}")
        targets[-1].write_bytes(mutated(chance.choice(seeds), chance))
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "read", "--json", "--base", "https://z.example/f", *targets],
        capture_output=True,
        text=True,
        timeout=160,
    )
    found = lines(done)
    assert [result["source"] for result in found] == [str(target) for target in targets]
    assert sum(bool(result["entries"]) for result in found) > 300
    for result in found:
        assert result["feed"] is not None or len(result["problems"]) == 1
        for entry in result["entries"]:
            parts = [entry["summary"], entry["content"]]
            assert not any(LEAK.search(part["value"]) for part in parts if part and part["type"] == "html")
            assert all(link["href"].startswith(("http://", "https://")) for link in entry["links"])


def test_the_form_for_programs() -> None:
    """Every name of the stable form is there, in RFC 4287's names, also where nothing was said."""
    (found,) = lines(command("read", "--json", FEEDS / "atom-0.3.xml"))
    assert list(found) == ["source", "feed", "entries", "problems"]
    assert {"id", "title", "updated", "links"} <= set(found["feed"])
    names = "id title updated published authors contributors categories links summary content rights"
    assert [" ".join(entry) for entry in found["entries"]] == [names, names]
    assert found["entries"][0]["updated"] == "2004-11-02T09:00:00Z"
    assert found["entries"][1]["summary"] is None


def test_what_a_person_sees() -> None:
    """Field by field, with problems in words."""
    shown = command("read", FEEDS / "rss-2.0-wordpress.xml", FEEDS / "broken-cut.xml", "--base", "https://a.example/f")
    assert shown.returncode == 0
    for words in (
        "Straatfeest \N{EN DASH} wie helpt mee?",
        "published  2024-03-05T09:30:00Z",
        "authors    Els & Tom",
        "categories Feest & spel",
        'https://a.example/foto/feest.jpg  (enclosure, image/jpeg, "De straat vol tafels & stoelen")',
        "! the XML is broken",
    ):
        assert words.replace("https://a.example/foto", "https://buurt.linde.example/foto") in shown.stdout


def test_standard_input() -> None:
    """A dash is what comes in; there too, anything goes."""
    content = (FEEDS / "rss-0.91.xml").read_bytes()
    for given, status in ((content, 0), (b"", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "aggregator", "read", "-", "--json"], input=given, capture_output=True, timeout=60
        )
        assert done.returncode == status
        assert json.loads(done.stdout)["source"] == "-"


def test_a_page_needs_its_source() -> None:
    """Without selectors nobody can read a page, and the command says where they come from."""
    done = command("read", "--type", "page", "x.html")
    assert done.returncode == 2
    assert "--source" in done.stderr


def test_targets_that_are_no_documents(tmp_path: Path) -> None:
    """A folder, a name that is no text, nothing at all, too much: a sentence each, and the others are read."""
    odd = os.fsencode(tmp_path) + b"/\xff\n.xml"
    Path(os.fsdecode(odd)).write_bytes((FEEDS / "rss-0.91.xml").read_bytes())
    good = FEEDS / "rss-0.92.xml"
    found = lines(command("read", "--json", tmp_path, os.fsdecode(odd), tmp_path / "none", "/dev/zero", "a", good))
    assert [bool(result["entries"]) for result in found] == [False, True, False, False, False, True]
    assert "larger than" in found[3]["problems"][0]


def test_a_source_is_read_as_a_first_poll_reads_it(tmp_path: Path) -> None:
    """With the pages that continue its list and the articles behind its items, as far as robots.txt lets us."""
    with Origin() as origin:
        html = "text/html; charset=utf-8"
        for path, number in (("/nieuws", 1), ("/nieuws?page=1", 2)):
            item = f"<li><h2><a href='/n/{number}'>Bericht {number}</a></h2></li>"
            origin.serve(path, f"<html><body><ul id='news'>{item}</ul></body></html>", html)
            text = f"<p>De hele tekst van bericht {number}.</p>"
            moment = f"<time class='d' datetime='2026-03-0{number}T10:00:00+01:00'></time>"
            origin.serve(
                f"/n/{number}",
                f"<html><body><h1>Bericht {number}</h1>{moment}<div class='body'>{text}</div></body></html>",
                html,
            )
        origin.serve("/nieuws?page=2", "", html, status=404)
        origin.serve("/robots.txt", "User-agent: *\nDisallow: /n/2\n", "text/plain")
        config = tmp_path / "aggregator.toml"
        config.write_text(
            CONFIG.replace(
                'url = "https://z.example/rss.xml"',
                f"""url = "{origin.url("/nieuws")}"
type = "page"
[sources.page]
list = "#news"
item = "li"
title = "h2"
link = "a"
pages = "?page={{1..2}}"
[sources.article]
text = ".body"
date = ".d"
""",
            )
            + '[fetch]\nallow_private = ["127.0.0.0/8"]\nper_host_pause = "0s"\n'
        )
        (found,) = lines(command("read", "--json", "--source", "s", "--config", config))
        assert [(each["title"], each["published"]) for each in found["entries"]] == [
            ("Bericht 1", "2026-03-01T09:00:00Z"),
            ("Bericht 2", None),
        ]
        assert found["entries"][0]["content"]["value"] == "<p>De hele tekst van bericht 1.</p>"
        assert found["entries"][1]["content"] is None
        missing, refused = found["problems"]
        assert missing.endswith("/nieuws?page=2: the server answered 404; from there on no page was read")
        assert refused.startswith("1 article could not be read")
        assert "robots.txt" in refused
        origin.serve("/robots.txt", "User-agent: *\nDisallow: /\n", "text/plain")
        (found,) = lines(command("read", "--json", "--source", "s", "--config", config))
        assert "robots.txt" in found["problems"][0]
