"""A configuration that changes under a running daemon: renames, rules and guards, in real processes."""

from __future__ import annotations

import signal
import urllib.error
from datetime import UTC, datetime
from pathlib import Path

import feedparser

from tests.fakes.origin import Origin
from tests.processes import Installation, eventually, installation
from tests.sites import Zones

NOW = datetime.now(UTC)


def feed(one: Installation, path: str = "/samenwerking.atom") -> dict[str, str]:
    """The titles of a feed by the ids of their stories; none while there is no such feed."""
    try:
        return {entry.id: entry.title for entry in feedparser.parse(one.get(path)).entries}
    except urllib.error.HTTPError:
        return {}


def reload(one: Installation) -> None:
    """SIGHUP, until the new configuration is in use."""
    assert one.process is not None
    before = one.log.count("the new configuration is in use")
    one.process.send_signal(signal.SIGHUP)
    eventually(lambda: one.log.count("the new configuration is in use") > before)


def renamed(configuration: str) -> str:
    """Every id of the configuration is another one, and says which it was."""
    for old, new in (("north-news", "noord"), ("south-news", "zuid")):
        configuration = configuration.replace(f'id = "{old}"', f'id = "{new}"\naliases = ["{old}"]')
    for old, new in (("north", "5373"), ("south", "5375")):
        configuration = configuration.replace(f'zone = "{old}"', f'zone = "{new}"')
        configuration = configuration.replace(f'id = "{old}"', f'id = "{new}"\nwas = "{old}"')
    return configuration.replace('id = "samenwerking"', 'id = "samen"\nwas = "samenwerking"')


def test_everything_is_renamed_under_way(tmp_path: Path) -> None:
    """Sources, zones and the stream get other ids by SIGHUP: the same stories under the same ids, and none twice."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        for number in range(3):
            zones.publish(number, NOW, page=number == 1)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: len(feed(one)) == 3)
        before = feed(one)
        one.configure(renamed(zones.configuration()))
        assert "was north-news before, whose stories it keeps" in one.run("check").stdout
        assert "source north-news becomes noord when the daemon is started or reloaded" in one.run("status").stdout
        reload(one)
        title = zones.publish(9, NOW, page=True)
        eventually(lambda: title in feed(one, "/samen.atom").values())
        after = feed(one, "/samen.atom")
        assert len(after) == 4
        assert before.items() <= after.items()
        assert one.get("/samenwerking.atom") == one.get("/samen.atom")
        said = one.run("status").stdout
        assert "source north-news is noord since" in said
        assert "becomes" not in said
        assert {each["new"] for each in one.json("status")["renamed"]} == {"noord", "zuid", "5373", "5375", "samen"}
        assert [story["zones"] for story in one.json("stories", "list", "--zone", "5375")]
        assert "source south-news is zuid now" in one.log


def test_an_ambiguous_rename_changes_nothing(tmp_path: Path) -> None:
    """An alias that another source bears is refused with its place, and the daemon goes on as it was."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: len(feed(one)) == 1)
        wrong = zones.configuration().replace('id = "north-news"', 'id = "north-news"\naliases = ["south-news"]')
        one.configure(wrong)
        done = one.run("check")
        assert (done.returncode, "sources[0].aliases[0]: expected an id that nothing bears" in done.stderr) == (2, True)
        assert one.process is not None
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the new configuration is not used, the old one stays" in one.log)
        assert len(feed(one)) == 1


def test_a_hostile_text_and_an_unlucky_pattern_stall_nothing(tmp_path: Path) -> None:
    """A pattern that would take for ever is given up, told once, and the feed goes on with what is decided."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        fine = zones.publish(1, NOW)
        hostile = "x" * 15_000
        zones.feed.insert(0, f"<item><title>Kijk</title><guid>h</guid><description>{hostile}!</description></item>")
        hidden = zones.publish(2, NOW)
        one.configure(zones.configuration("exclude = ['/(x+)+$/', 'nummer 2']"))
        one.start()
        eventually(lambda: fine in feed(one).values())
        assert hidden not in feed(one).values()
        assert len(feed(one)) == 2
        assert one.log.count("the pattern /(x+)+$/ takes too long on some texts") == 1


def test_what_is_kept_no_longer_goes_at_the_next_reload(tmp_path: Path) -> None:
    """Words that now mean a notice take what has them out of feed and database, and no poll brings it back."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        kept, gone = zones.publish(1, NOW), zones.publish(2, NOW)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: len(feed(one)) == 2)
        one.configure(f'[notices]\nwords = ["nummer 2"]\n{zones.configuration()}')
        reload(one)
        eventually(lambda: list(feed(one).values()) == [kept])
        later = zones.publish(3, NOW)
        eventually(lambda: sorted(feed(one).values()) == sorted([kept, later]))
        assert gone not in one.run("stories", "list").stdout
        assert any(
            "1 notice of wanted or missing persons left out" in each["words"] for each in one.json("status")["sources"]
        )
