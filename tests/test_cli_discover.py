"""discover, opml, and what check --online says of pages: commands that help to write the configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from aggregator import config
from aggregator.model import Article
from tests.fakes.origin import Origin
from tests.pages import CORPUS
from tests.processes import command, installation

STREAM = '\n[[streams]]\nid = "alles"\ntitle = "Alles"\n'
ZONE = '[[zones]]\nid = "lindedal"\nname = "Lindedal"\nurl = "{}"\n'
RSS = (
    "<rss version='2.0'><channel><title>T</title><item><title>Uit de feed</title><link>/a</link>"
    "<pubDate>Mon, 23 Nov 2026 10:00:00 +0100</pubDate></item></channel></rss>"
)
HTML = "text/html; charset=utf-8"


@pytest.fixture
def origin() -> Iterator[Origin]:
    """The two layouts, their articles, and a page that announces feeds."""
    with Origin() as served:
        for path, name in (
            ("/5998/nieuws", "zone-list.html"),
            ("/5998/nieuws/inbreker-gevat-dankzij-alerte-buur", "zone-detail.html"),
            ("/nl/news", "badge-list.html"),
            ("/announcing", "announcing.html"),
            ("/one", "zone-detail.html"),
        ):
            served.serve(
                path, (CORPUS / name).read_bytes().replace(b"https://www.politie-voorbeek.example/", b"/"), HTML
            )
        served.serve("/nieuws.rss", RSS, "application/rss+xml")
        yield served


def discover(origin: Origin, path: str, *more: str | Path, cwd: Path) -> CompletedProcess[str]:
    return command("discover", origin.url(path), "--allow-private", "127.0.0.0/8", *more, cwd=cwd)


def test_discover_proposes_a_block_that_can_be_pasted(origin: Origin, tmp_path: Path) -> None:
    """The whole output is TOML that loads; what it reads stands in comments, and what its article adds."""
    done = discover(origin, "/5998/nieuws", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (
        "# The page announces no feed that can be read; it has a list of 4 items that reads like news." in done.stdout
    )
    assert "#   2024-05-29  Inbreker gevat dankzij alerte buur\n" in done.stdout
    assert "#   no date     Alcohol- en drugscontroles\n" in done.stdout
    assert "# Verify before you rely on it:" in done.stdout
    path = tmp_path / "aggregator.toml"
    path.write_text(done.stdout + STREAM)
    checked = command("check", "--config", path)
    assert checked.returncode == 0, checked.stderr
    (source,) = config.load(path).sources
    assert source.page is not None
    assert (source.type, source.page.item, source.article) == ("page", "article", Article())
    read = command("read", "--source", source.id, "--config", path, CORPUS / "zone-list.html", "--json")
    assert len(json.loads(read.stdout)["entries"]) == 4


def test_discover_fits_into_the_configuration(origin: Origin, tmp_path: Path) -> None:
    """With a configuration the block has the zone whose site it is, or the one that was named, and an id of its own."""
    path = tmp_path / "aggregator.toml"
    other = '[[zones]]\nid = "ander"\nname = "Ander"\n'
    taken = '[[sources]]\nid = "127-0-0-news"\nzone = "ander"\nurl = "https://a.example/"\n'
    path.write_text(other + ZONE.format(origin.url("/")) + taken + STREAM)
    done = discover(origin, "/nl/news", "--config", path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'zone = "lindedal"' in done.stdout
    assert "[[zones]]" not in done.stdout
    assert "key = '/nl/news/detail/(?P<key>\\d+)'" in done.stdout
    path.write_text(path.read_text() + done.stdout)
    assert [source.id for source in config.load(path).sources] == ["127-0-0-news", "127-0-0-news-2"]
    assert 'zone = "ander"' in discover(origin, "/nl/news", "--config", path, "--zone", "ander", cwd=tmp_path).stdout
    wrong = discover(origin, "/nl/news", "--config", path, "--zone", "nergens", cwd=tmp_path)
    assert (wrong.returncode, "there are: ander, lindedal" in wrong.stderr) == (2, True)


def test_discover_lists_announced_feeds_first(origin: Origin, tmp_path: Path) -> None:
    """Each announced feed is read; the first that can be is the block, the others stand in comments with the reason."""
    done = discover(origin, "/announcing", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    blocks = re.findall(r"^\[\[sources\]\]\n(?:[a-z]+ = .*\n)+", done.stdout, re.M)
    assert len(blocks) == 1
    assert f'url = "{origin.url("/nieuws.rss")}"\ntype = "feed"\n' in blocks[0]
    assert '# The page announces this feed ("Nieuws (RSS)").\n#   2026-11-23  Uit de feed\n' in done.stdout
    assert "# The page announces a feed that cannot be read: " in done.stdout
    document = json.loads(discover(origin, "/announcing", "--json", cwd=tmp_path).stdout)
    assert document["announced"][0] == {
        "url": origin.url("/nieuws.rss"),
        "type": "application/rss+xml",
        "title": "Nieuws (RSS)",
    }
    assert document["candidates"][0]["entries"] == [
        {"title": "Uit de feed", "link": origin.url("/a"), "published": "2026-11-23T09:00:00Z"}
    ]
    assert document["candidates"][1]["entries"] == []


def test_discover_prefers_the_news_to_its_comments(origin: Origin, tmp_path: Path) -> None:
    """A feed of comments, and one that is empty, come after the one with news, whatever the page announces first."""
    announce = '<link rel=alternate type="application/rss+xml" href="/{}">'
    links = "".join(map(announce.format, ("comments/feed", "leeg.rss", "nieuws.rss")))
    origin.serve("/blog", f"<html><head>{links}</head></html>", HTML)
    origin.serve("/comments/feed", RSS, "application/rss+xml")
    origin.serve("/leeg.rss", "<rss version='2.0'><channel><title>T</title></channel></rss>", "application/rss+xml")
    found = json.loads(discover(origin, "/blog", "--json", cwd=tmp_path).stdout)
    assert [each["source"]["url"] for each in found["candidates"]] == [
        origin.url(path) for path in ("/nieuws.rss", "/leeg.rss", "/comments/feed")
    ]


def test_discover_knows_a_feed_when_it_is_given_one(origin: Origin, tmp_path: Path) -> None:
    """An address that is itself a feed is a block at once."""
    done = discover(origin, "/nieuws.rss", cwd=tmp_path)
    assert done.returncode == 0
    assert "# This address is itself a feed.\n#   2026-11-23  Uit de feed\n" in done.stdout


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/one", "# Found neither a feed nor a list that reads like news."),
        ("/nowhere", "# It cannot be read: there is nothing at this address (404)"),
    ],
)
def test_discover_says_when_there_is_nothing(origin: Origin, tmp_path: Path, path: str, words: str) -> None:
    """Exit status 1, the reason, and no block."""
    done = discover(origin, path, cwd=tmp_path)
    assert done.returncode == 1
    assert words in done.stdout
    assert all(line.startswith("#") or not line for line in done.stdout.splitlines())


def test_check_online_looks_for_feeds_and_at_an_article(origin: Origin, tmp_path: Path) -> None:
    """A page that works and a source that fails: both are told of the feed that the page announces."""
    sources = f"""
[[sources]]
id = "pagina"
zone = "lindedal"
url = "{origin.url("/5998/nieuws")}"
type = "page"
[sources.page]
item = "article"
title = "h2"
link = "h2 a"
[sources.article]
[[sources]]
id = "mislukt"
zone = "lindedal"
url = "{origin.url("/announcing")}"
"""
    with installation(tmp_path) as one:
        one.configure(ZONE.format(origin.url("/")) + sources + STREAM)
        done = one.run("check", "--online")
        assert done.returncode == 1
        assert "pagina: 4 entries" in done.stdout
        assert "The article behind the first item has 72 words, and is of 2024-05-29T06:12:00Z" in done.stdout
        failed = done.stdout[done.stdout.index("mislukt: answered") :]
        assert f"The page announces a feed: {origin.url('/nieuws.rss')}" in failed
        assert "set url to it" in failed
        assert "announces" not in done.stdout[: done.stdout.index("mislukt: answered")]


OPML = """<opml version="2.0"><head/><body>
<outline text="LINDEDAL"><outline text="Nieuws" xmlUrl="https://a.example/rss"/></outline>
<outline text="Kranten &amp; co"><outline text="Krant" xmlUrl="https://b.example/rss"/>
<outline text="Krant" xmlUrl="https://c.example/rss"/><outline text="P" type="link" url="https://d.example/"/></outline>
<outline text="Weg" xmlUrl="ftp://e.example/"/>
</body></opml>"""


def test_opml_import_prints_blocks(tmp_path: Path) -> None:
    """Feeds become blocks, folders zones; what is there already, or is no feed, is a comment; the output is TOML."""
    file = tmp_path / "feeds.opml"
    file.write_text(OPML)
    path = tmp_path / "aggregator.toml"
    known = '[[sources]]\nid = "krant"\nzone = "lindedal"\nurl = "https://b.example/rss"\n'
    path.write_text(ZONE.format("https://a.example/") + known + STREAM)
    done = command("opml", "import", file, "--config", path)
    assert done.returncode == 0, done.stderr
    assert "ftp://e.example/: not an http or https address" in done.stderr
    assert "# already there: https://b.example/rss" in done.stdout
    assert "# a page, not a feed; try: aggregator discover https://d.example/" in done.stdout
    path.write_text(path.read_text() + done.stdout)
    loaded = config.load(path)
    assert [(zone.id, zone.name) for zone in loaded.zones] == [("lindedal", "Lindedal"), ("kranten-co", "Kranten & co")]
    assert [(source.id, source.zone, source.url) for source in loaded.sources] == [
        ("krant", "lindedal", "https://b.example/rss"),
        ("nieuws", "lindedal", "https://a.example/rss"),
        ("krant-2", "kranten-co", "https://c.example/rss"),
    ]
    alone = command("opml", "import", file, "--zone", "pers", cwd=tmp_path)
    assert alone.returncode == 0
    assert alone.stdout.count('zone = "pers"') == 3


def test_opml_export_gives_the_sources(tmp_path: Path) -> None:
    """What export prints, import reads back."""
    path = tmp_path / "aggregator.toml"
    source = '[[sources]]\nid = "nieuws"\nzone = "lindedal"\nurl = "https://a.example/rss"\ntitle = "Nieuws & meer"\n'
    path.write_text(ZONE.format("https://a.example/") + source + STREAM)
    done = command("opml", "export", "--config", path)
    assert done.returncode == 0
    assert '<outline type="rss" text="Nieuws &amp; meer"' in done.stdout
    file = tmp_path / "sources.opml"
    file.write_text(done.stdout)
    assert 'title = "Nieuws & meer"' in command("opml", "import", file, cwd=tmp_path).stdout


def test_opml_import_says_what_is_wrong(tmp_path: Path) -> None:
    """A file that is not there or is no OPML, and a zone that is not there, are sentences."""
    missing = command("opml", "import", tmp_path / "none", cwd=tmp_path)
    assert (missing.returncode, "No such file" in missing.stderr) == (1, True)
    file = tmp_path / "x"
    file.write_text("<rss/>")
    wrong = command("opml", "import", file, cwd=tmp_path)
    assert (wrong.returncode, "is not OPML" in wrong.stderr, "Traceback" in wrong.stderr) == (1, True, False)
