"""``aggregator stories`` in this process, over a database that was filled through the writer's turn."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aggregator import hand
from aggregator.cli.stories import app
from aggregator.hand import Hand, NoSuchStory
from aggregator.store import Store
from tests.arrivals import EAST, MORNING, NORTH, SOUTH, Item, empty, hours, piece, report, seen, take_in, told
from tests.fakes.origin import Origin
from tests.processes import eventually, installation
from tests.sites import Zones

CONFIGURATION = """
language = "nl-BE"
timezone = "Europe/Brussels"
base_url = "https://nieuws.example"
database = "{url}"
zones = [{{ id = "north", name = "Noord" }}, {{ id = "south", name = "Zuid" }}, {{ id = "east", name = "Oost" }}]
[[sources]]
id = "north-news"
zone = "north"
url = "https://north.example/rss.xml"
[[sources]]
id = "south-news"
zone = "south"
url = "https://south.example/rss.xml"
[[streams]]
id = "all"
title = "Alles"
[[streams]]
id = "verkeer"
title = "Verkeer"
include = ["snelheidscontroles"]
"""
Run = Callable[..., Any]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database with a joint story, two issues of a template, a piece of the east, and a story that is hidden."""
    url = empty(tmp_path)
    with Store(url) as store:
        take_in(store, seen(NORTH, 1, piece(0), MORNING))
        take_in(store, seen(SOUTH, 1, told(piece(0), "retitled"), MORNING + hours(1)))
        take_in(store, seen(NORTH, 2, report(1), MORNING + hours(24)))
        take_in(store, seen(SOUTH, 2, report(2), MORNING + hours(48)))
        take_in(store, seen(EAST, 3, piece(2), MORNING + hours(72)))
        take_in(store, seen(NORTH, 4, piece(3), MORNING + hours(73)))
        hidden = store.look(lambda tx: next(s for s in tx.stories.newest(["north"], 9)))
        store.submit(lambda tx: hand.hide(tx, hidden.id, Hand(who="an", at=MORNING))).result()
    return url


@pytest.fixture
def run(url: str, tmp_path: Path) -> Run:
    """Run a command: what it printed, as JSON where that was asked for."""
    path = tmp_path / "aggregator.toml"
    path.write_text(CONFIGURATION.format(url=url))

    def call(*arguments: str, fails: int = 0) -> Any:
        done = CliRunner().invoke(app, [*arguments, "--config", str(path)], catch_exceptions=fails == 0)
        assert done.exit_code == fails, done.output
        if fails:
            return done.exception if isinstance(done.exception, NoSuchStory) else done.output
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    return call


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [story["title"] for story in found]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["bako", "fiets", "week 12", "week 11", "aanhang"]),
        (("--zone", "south"), ["week 12", "aanhang"]),
        (("--source", "east-news"), ["fiets"]),
        (("--state", "hidden"), ["bako"]),
        (("--state", "shown"), ["fiets", "week 12", "week 11", "aanhang"]),
        (("--state", "held"), []),
        (("--state", "joint"), ["aanhang"]),
        (("--joint",), ["aanhang"]),
        (("--stream", "verkeer"), ["week 12", "week 11"]),
        (("--text", "NEGEN jaar"), ["bako"]),
        (("--text", "snelheidscontroles", "--zone", "north"), ["week 11"]),
        (("--since", "2026-11-24", "--until", "2026-11-25"), ["week 12", "week 11"]),
        (("--until", "2026-11-23"), ["aanhang"]),
        (("--since", "2026-11-25 08:00"), ["bako", "fiets"]),
        (("--limit", "2"), ["bako", "fiets"]),
    ],
)
def test_stories_are_listed_by_what_they_are(run: Run, options: tuple[str, ...], expected: list[str]) -> None:
    """Each filter takes what it says, together they take less, and the newest is at the top."""
    found = titles(run("list", *options, "--json"))
    assert len(found) == len(expected)
    assert all(word in title.casefold() for word, title in zip(expected, found, strict=True))


def test_a_list_is_read_in_pages(tmp_path: Path, run: Run, url: str) -> None:
    """More stories than one reading takes, some at the same moment: each once, in order."""
    with Store(url) as store:
        take_in(store, *(seen(EAST, 100 + n, Item(f"Bericht {n}", f"Tekst {n}."), MORNING) for n in range(230)))
    found = run("list", "--source", "east-news", "--limit", "500", "--json")
    assert len({story["id"] for story in found}) == len(found) == 231
    assert [story["published"] for story in found] == sorted((s["published"] for s in found), reverse=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--zone", "west"), 'no zone is called "west"; there are: north, south, east'),
        (("--stream", "x"), 'no stream is called "x"; there are: all, verkeer'),
        (("--since", "gauw"), "neither a day"),
        (("--joint", "--state", "held"), "exclude each other"),
    ],
)
def test_a_wrong_filter_is_said_to_be_wrong(run: Run, options: tuple[str, ...], words: str) -> None:
    """A name or a date that means nothing is a sentence and exit status 2, and no empty list."""
    printed = run("list", *options, fails=2)
    assert words in " ".join(printed.replace("│", " ").split())


def story_called(run: Run, words: str) -> dict[str, Any]:
    found: dict[str, Any] = next(s for s in run("list", "--json") if words in s["title"])
    return found


def test_explain_says_why_merged_and_why_not(run: Run) -> None:
    """Why each copy is there, what it is like today, and the nearest story with the evidence that keeps it apart."""
    joint = run("explain", story_called(run, "aanhangwagen")["id"], "--json")
    assert joint["sources"][0]["rule"] == "first"
    assert joint["sources"][1]["now"]["verdict"] == "same"
    assert joint["sources"][1]["reason"]
    issue = run("explain", story_called(run, "week 11")["id"].rpartition("/")[2][:8], "--json")
    (other,) = [each for each in issue["neighbours"] if "week 12" in each["title"]]
    assert other["verdict"] in ("different", "related")
    assert "11" in other["reason"]
    printed = run("explain", issue["id"])
    assert "other stories, and why they are others" in printed
    assert other["reason"] in " ".join(printed.split())


def test_explain_says_what_an_edit_made_of_a_copy(run: Run, url: str) -> None:
    """A copy that was edited into another text: the rule that joined it, and what it is like now."""
    changed = Item("Gratis fietsen bij ons", "Bel 0900 voor een prijs die u nergens anders krijgt. " * 9)
    with Store(url) as store:
        noted = take_in(store, seen(SOUTH, 1, changed, MORNING + hours(99), published=MORNING + hours(1)))
    story = story_called(run, "aanhangwagen")
    assert any("no longer says the same" in problem and story["id"][-16:] in problem for problem in noted.problems)
    (copy,) = [source for source in story["sources"] if source["source"] == "south-news"]
    assert copy["rule"] != "first"
    assert copy["differs"]
    assert titles(run("list", "--state", "differs", "--json")) == [story["title"]]
    with Store(url) as store:
        assert store.look(lambda tx: tx.stories.differing(MORNING + hours(98))) == 1
        assert store.look(lambda tx: tx.stories.differing(MORNING + hours(100))) == 0
    run("hide", story["id"])
    assert titles(run("list", "--state", "differs", "--json")) == []
    with Store(url) as store:
        assert store.look(lambda tx: tx.stories.differing(MORNING)) == 0
    run("show", story["id"])
    printed = " ".join(run("explain", story["id"]).split())
    assert "was edited since, and does not lead" in printed


def test_who_decided_is_kept(run: Run) -> None:
    """--by names the person, else the login name stands; every act prints the stories it left, as JSON too."""
    name = story_called(run, "aanhangwagen")["id"]
    stayed, parted = run("split", name, "south-news", "--by", "Griet", "--why", "ander feit", "--json")
    assert (stayed["id"], parted["zones"]) == (name, ["south"])
    assert run("join", name, parted["id"]) == f"{name}\n"
    acts = run("explain", name, "--json")["acts"]
    assert [(act["who"], act["act"]) for act in acts] == [("Griet", "split"), (getpass.getuser(), "join")]
    assert "ander feit" in acts[0]["detail"]
    (hidden,) = run("hide", name, "--json")
    assert hidden["state"] == "withdrawn"
    (shown,) = run("show", name, "--json")
    assert shown["state"] == "shown"


def test_no_name_names_no_story(tmp_path: Path) -> None:
    """An empty name is no name, be there one story only: a script whose variable is empty hides nothing."""
    with Store(empty(tmp_path)) as store:
        take_in(store, seen(NORTH, 1, piece(0), MORNING))
        with pytest.raises(NoSuchStory, match="give the name of a story"):
            store.look(lambda tx: hand.find(tx, ""))


def test_a_name_that_is_too_short_is_refused(run: Run) -> None:
    """Any unambiguous beginning of the last part names a story; what fits several lists some of them."""
    for name, words in (("", "give the name"), ("zzz", "no story is called")):
        with pytest.raises(NoSuchStory, match=words):
            raise run("explain", name, fails=1)


def test_an_edit_that_keeps_the_news_is_not_reported(url: str) -> None:
    """A copy with a sentence more is the same news, and does not lead for that."""
    longer = replace(piece(0), body=f"{piece(0).body} De politie dankt de oplettende wandelaar voor zijn melding.")
    with Store(url) as store:
        noted = take_in(store, seen(SOUTH, 1, longer, MORNING + hours(99), published=MORNING + hours(1)))
        (story,) = store.look(lambda tx: [s for s in tx.stories.newest(["south"], 9) if len(s.members) == 2])
    assert noted.problems == ()
    whole = story.within(("north", "south"))
    assert whole is not None
    assert whole.lead.zone == "north"


def test_the_daemon_logs_an_edit_that_makes_a_copy_differ(tmp_path: Path) -> None:
    """Whoever reads the log or asks for the status learns which copy changed, and where to look; the copy stays."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        title = zones.publish(1, datetime.now(UTC), page=True)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: [len(each["sources"]) for each in one.json("stories", "list")] == [2])
        zones.page[0] = zones.page[0].replace("Dit is de volledige tekst", "Koop nu een fiets en win een reis")
        zones.page[0] = zones.page[0].replace("zaak 7", "geld, prijzen en nog veel meer moois bij u in de buurt")
        zones._serve()
        eventually(lambda: "no longer says the same as its story" in one.log)
        (story,) = one.json("stories", "list")
        assert (story["title"], len(story["sources"])) == (title, 2)
        assert any("no longer says the same" in source["words"] for source in one.json("status")["sources"])
