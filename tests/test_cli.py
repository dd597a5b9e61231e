"""The commands, as a person or a script runs them: what they print, and how they exit."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests.fakes.origin import Origin
from tests.fakes.relay import Answer, Relay
from tests.processes import Installation, command, eventually, installation
from tests.sites import Zones, digest

NOW = datetime.now(UTC)
COMMANDS = ("run", "demo", "check", "read", "discover", "poll", "status", "stories", "publish", "digest", "opml")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """``--help`` of each command says what it does and exits 0."""
    done = command(name, "--help")
    assert done.returncode == 0
    assert f"aggregator {name}" in done.stdout
    assert len(done.stdout.split()) > 25


def test_the_help_names_every_command() -> None:
    """A newcomer who types the name and nothing else sees what there is and where to start."""
    done = command("--help")
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert "Start with `aggregator demo`" in done.stdout


@pytest.mark.parametrize("arguments", [("status",), ("fly",), ("read",), ("demo", "--once")])
def test_a_wrong_command_line_exits_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """No configuration to be found, an unknown command, a missing argument: exit status 2 and a sentence."""
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


WRONG = """
language = "klingon"
base_url = "nieuws.example.be"
colour = "blue"
[fetch]
intreval = "1h"
timeout = 30
[[zones]]
id = "Noord"
name = "Noord"
[[sources]]
id = "news"
zone = "zuid"
url = "ftp://x"
[[streams]]
id = "s"
title = "S"
[[digests]]
id = "d"
stream = "t"
at = "25:00"
"""
PATHS = (
    "language:",
    "base_url:",
    "colour:",
    "fetch.intreval:",
    "fetch.timeout:",
    "zones[0].id:",
    "sources[0].zone:",
    "sources[0].url:",
    "digests[0].stream:",
    "digests[0].at",
    "mail:",
)


@pytest.mark.parametrize("name", ["check", "run"])
def test_a_wrong_configuration_lists_every_mistake(name: str, tmp_path: Path) -> None:
    """check and run exit 2 with all mistakes at once, each with its path in the file and what was expected."""
    path = tmp_path / "wrong.toml"
    path.write_text(WRONG)
    done = command(name, "--config", path)
    assert done.returncode == 2
    missing = [start for start in PATHS if not any(line.strip().startswith(start) for line in done.stderr.splitlines())]
    assert missing == [], done.stderr
    assert 'did you mean "interval"?' in done.stderr


def test_a_missing_database_directory_is_a_sentence(tmp_path: Path) -> None:
    """run exits 1 and names the directory to make."""
    with Origin() as origin, installation(tmp_path) as one:
        one.configure(Zones(origin).configuration())
        one.config.write_text(one.config.read_text().replace("aggregator.db", "nowhere/aggregator.db"))
        done = one.run("run")
        assert done.returncode == 1
        assert f"the directory {tmp_path}/nowhere of the database does not exist; create it" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    """run exits 1 and names the address and the setting."""
    with Origin() as origin, installation(tmp_path) as one, socket.socket() as other:
        one.configure(Zones(origin).configuration())
        other.bind(("127.0.0.1", one.port))
        other.listen()
        done = one.run("run")
        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1:{one.port}" in done.stderr
        assert "[server].listen" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_second_daemon_is_refused(tmp_path: Path) -> None:
    """Two daemons on one database would mail twice; the second one says who is there."""
    with Origin() as origin, installation(tmp_path) as one:
        one.configure(Zones(origin).configuration())
        one.start()
        done = one.run("run")
        assert one.process is not None
        assert done.returncode == 1
        assert f"another daemon (process {one.process.pid}) uses this database" in done.stderr


def test_a_daemon_that_stops_leaves_no_temporary_files(tmp_path: Path) -> None:
    """The workers' socket has a directory of its own, and SIGTERM takes it along."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration())
        one.start()
        eventually(lambda: one.json("stories", "list"))
        assert list(one.temporary.iterdir()) != []
        assert one.stop() == 0
        assert list(one.temporary.iterdir()) == []


def test_an_unreachable_relay_is_a_sentence(tmp_path: Path) -> None:
    """The daemon goes on, the log and `check --mail` say which relay and why, and the mail goes out once it is back."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        with Relay() as relay:
            address = relay.url
        one.configure(zones.configuration(digest(address, "an@example.be")))
        one.start()
        eventually(lambda: one.json("status")["sources"][0]["condition"] == "ok")
        zones.publish(2, NOW)
        eventually(lambda: "deferred" in one.json("status")["deliveries"])
        assert "mail 1 of digest snel: deferred" in one.log
        assert "whose it is: aggregator digest list " in one.log
        assert "refused" in one.log
        done = one.run("check", "--mail", "an@example.be")
        assert done.returncode == 1
        assert f"the relay {address} did not take the test" in done.stderr


def test_no_log_names_a_subscriber(tmp_path: Path) -> None:
    """A relay that repeats the address in every shape: log and status have a number, `digest list` says whose it is."""
    said = "450 4.2.1 <An.Peeters@example.be> mailbox AN.PEETERS is full"
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        with Relay(script=lambda step: Answer(phase="rcpt", say=said)) as relay:
            one.configure(zones.configuration(digest(relay.url, "an.peeters@example.be")))
            one.start()
            eventually(lambda: one.json("status")["sources"][0]["condition"] == "ok")
            zones.publish(2, NOW)
            (troubled,) = eventually(lambda: one.json("status")["troubled_deliveries"])
        edition = str(troubled["edition"])
        (mail,) = one.json("digest", "list", edition)
        assert (mail["address"], mail["state"], mail["id"]) == ("an.peeters@example.be", "deferred", troubled["id"])
        assert mail["reply"] == "450 4.2.1 <***> mailbox *** is full"
        assert "an.peeters@example.be" in one.run("digest", "list", edition).stdout
        told = one.log + one.run("status").stdout + json.dumps(one.json("status")) + one.run("digest", "list").stdout
        assert f"mail {troubled['id']} of digest snel: deferred, 450 4.2.1 <***> mailbox *** is full" in told
        assert f"aggregator digest list {edition}" in told
        assert "peeters" not in told.lower()
        nothing = one.run("digest", "list", "999")
        assert (nothing.returncode, "there is no edition 999" in nothing.stderr) == (1, True)


def test_a_mistake_among_the_recipients_is_not_quoted_in_the_log(tmp_path: Path) -> None:
    """Who runs check sees what is wrong; the journal has the place, and nobody's address."""
    with Origin() as origin, installation(tmp_path) as one:
        right = Zones(origin).configuration(digest("smtp://127.0.0.1:25", "an@example.be"))
        one.configure(right.replace('"an@example.be"', '"an@example.be", "An Peeters <peeters@example.be>"'))
        assert "peeters@example.be" in one.run("check").stderr
        done = command("run", "--config", one.config, JOURNAL_STREAM="8:1")
        assert "digests[0].recipients[1]: expected a mail address" in done.stderr
        assert "peeters@" not in done.stderr
        wrong = one.config.read_text()
        one.configure(right)
        one.start()
        one.config.write_text(wrong)
        assert one.process is not None
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the new configuration is not used" in one.log)
        assert "digests[0].recipients[1]: expected a mail address" in one.log
        assert "peeters@" not in one.log


def test_check_says_who_may_come_to_the_desk(tmp_path: Path) -> None:
    """And how; a desk that nobody can use is no mistake, and not what anybody meant."""
    kept = "password_hash = '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo'\n"
    reader, editor = f'[[desk.users]]\nname = "bo"\n{kept}', f'[[desk.users]]\nname = "an"\n{kept}role = "editor"\n'
    zone = '[[zones]]\nid = "z"\nname = "Z"\n'
    source = '[[sources]]\nid = "s"\nzone = "z"\nurl = "https://z.example/"\n[[streams]]\nid = "t"\ntitle = "T"\n'
    with installation(tmp_path) as one:
        one.configure(zone + source + reader + editor)
        both = one.run("check").stdout
        assert "desk: bo (reader), an (editor), who log in with passwords" in both
        assert "passwords for the desk travel in the open" in both
        assert "nobody can change" not in both
        one.configure(f'{zone}{source}[desk]\ntrusted_header = "X-User"\n{reader}')
        vouched = one.run("check").stdout
        assert "desk: bo (reader), whom 127.0.0.1 names in X-User" in vouched
        assert "nobody can change anything at the desk" in vouched
        assert "in the open" not in vouched


def test_check_describes_and_sends_a_test(tmp_path: Path) -> None:
    """check says what was understood; --online asks the sources and stores nothing; --mail arrives."""
    with Origin() as origin, Relay() as relay, installation(tmp_path) as one:
        zones = Zones(origin)
        title = zones.publish(1, NOW)
        one.configure(zones.configuration(digest(relay.url, "an@example.be")))
        done = one.run("check", "--online", "--mail", "jij@example.be")
        assert done.returncode == 0, done.stderr
        for words in ("The configuration is right", "north-news: 1 entries", title, "every 1s", "a test to jij@"):
            assert words in done.stdout, done.stdout
        (message,) = relay.messages
        assert message.recipients == ("jij@example.be",)
        assert not (tmp_path / "aggregator.db").exists()
        origin.serve("/rss.xml", "kapot", status=500)
        failed = one.run("check", "--online")
        assert failed.returncode == 1
        assert "the server failed (500)" in failed.stdout


def test_poll_prints_an_object_a_source(tmp_path: Path) -> None:
    """poll --json: a line each, in the order asked for, also for one that fails; exit 0, for all were carried out."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration())
        origin.serve("/nl/news", "weg", status=404)
        done = one.run("poll", "south-news", "north-news", "--json")
        assert done.returncode == 0, done.stderr
        south, north = (json.loads(line) for line in done.stdout.splitlines())
        assert set(north) == {
            "source", "url", "status", "http_status", "not_modified", "entries", "new", "next_poll", "error",
        }  # fmt: skip
        assert (north["source"], north["status"], north["entries"], north["new"]) == ("north-news", "ok", 1, 1)
        assert (south["source"], south["status"], south["http_status"]) == ("south-news", "failed", 404)
        assert "404" in south["error"]
        again = json.loads(one.run("poll", "north-news", "--json").stdout)
        assert (again["not_modified"], again["http_status"], again["new"]) == (True, 304, 0)
        unknown = one.run("poll", "east-news")
        assert unknown.returncode == 2
        assert "there are: north-news, south-news" in unknown.stderr


def test_poll_tells_each_source_once_and_in_order(tmp_path: Path) -> None:
    """--json keeps the order of the targets, however slow the first; who is named twice is asked once."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration())
        origin.hang("/nl/news")
        done = one.run("poll", "south-news", "north-news", "south-news", "--json")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["source"] for line in lines] == ["south-news", "north-news"]
        assert "within 3 s" in lines[0]["error"]
        assert len(origin.asked("/nl/news")) == 1


def test_poll_shows_how_far_it_is_on_a_terminal(tmp_path: Path) -> None:
    """A line a source as it comes, and below them, while there is more to come, how many there are."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration())
        origin.hang("/nl/news")
        seen = on_a_terminal("poll", "--config", str(one.config))
        assert "0/2" in seen
        assert "1/2" in seen
        assert seen.count("north-news") == seen.count("south-news") == 1


def on_a_terminal(*arguments: str) -> str:
    """What somebody sees who runs ``aggregator`` in a terminal, control characters included."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "aggregator", *arguments], stdout=theirs, stderr=theirs, stdin=theirs, env=environment
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # EIO: the other side has gone
        while block := os.read(ours, 4096):
            seen += block
    os.close(ours)
    assert process.wait(timeout=30) == 0
    return seen.decode()


def test_poll_respects_not_now_and_never_again(tmp_path: Path) -> None:
    """A Retry-After and a 410 are not asked again without --force; --dry-run stores nothing."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        one.configure(zones.configuration())
        zones.publish(1, NOW)
        dry = json.loads(one.run("poll", "north-news", "--dry-run", "--json").stdout)
        assert dry["new"] == 1
        assert one.json("stories", "list") == []
        origin.serve("/rss.xml", "", status=503, headers={"Retry-After": "3600"})
        origin.serve("/nl/news", "", status=410)
        one.run("poll")
        lines = [json.loads(line) for line in one.run("poll", "--json").stdout.splitlines()]
        assert [line["status"] for line in lines] == ["skipped", "skipped"]
        assert "--force" in lines[0]["error"]
        forced = [json.loads(line) for line in one.run("poll", "--force", "--json").stdout.splitlines()]
        assert [line["http_status"] for line in forced] == [503, 410]


def test_read_needs_nothing_and_stores_nothing(tmp_path: Path) -> None:
    """read prints an object a target, in their order, also for what cannot be read, without any configuration."""
    good, bad = tmp_path / "good.xml", tmp_path / "bad.html"
    good.write_text(
        "<rss version='2.0'><channel><title>T</title><item><title>A &amp;amp; B</title><link>/a</link>"
        "<description>&lt;script&gt;x&lt;/script&gt;&lt;p&gt;Tekst&lt;/p&gt;</description></item></channel></rss>"
    )
    bad.write_text("<html><title>Nee</title></html>")
    done = command("read", good, bad, tmp_path / "none", "--base", "https://t.example/x", "--json", cwd=tmp_path)
    assert done.returncode == 1
    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert first["feed"]["title"] == "T"
    (entry,) = first["entries"]
    assert entry["title"] == "A & B"
    assert entry["links"][0]["href"] == "https://t.example/a"
    assert entry["published"] is None
    assert "script" not in json.dumps(entry)
    assert (second["feed"], second["entries"]) == (None, [])
    assert "not a feed" in second["problems"][0]
    assert "No such file" in third["problems"][0]
    person = command("read", good, cwd=tmp_path)
    assert person.returncode == 0
    assert "A & B" in person.stdout


def test_read_can_use_a_configured_source(tmp_path: Path) -> None:
    """--source reads a page by its selectors, from its own address or from a file."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin)
        title = zones.publish(1, NOW, feed=False, page=True)
        one.configure(zones.configuration())
        (line,) = one.run("read", "--source", "south-news", "--json").stdout.splitlines()
        assert [entry["title"] for entry in json.loads(line)["entries"]] == [title]
        assert json.loads(line)["source"] == "south-news"


def test_a_private_address_is_not_read_by_accident(tmp_path: Path) -> None:
    """A URL on this machine is refused, with the setting that would allow it."""
    with Origin() as origin:
        done = command("read", origin.url("/rss.xml"), cwd=tmp_path)
        assert done.returncode == 1
        assert "allow_private" in done.stdout
        assert origin.requests == []


def prepared(one: Installation, origin: Origin) -> list[str]:
    zones = Zones(origin)
    titles = [zones.publish(1, NOW, page=True), zones.publish(2, NOW)]
    one.configure(zones.configuration())
    assert one.run("poll").returncode == 0
    return titles


def test_stories_are_listed_explained_and_taken_apart(tmp_path: Path) -> None:
    """list, explain, split, join, held, release: each does it, says it, and is kept with who and why."""
    with Origin() as origin, installation(tmp_path) as one:
        both, _ = prepared(one, origin)
        stories = one.json("stories", "list")
        assert isinstance(stories, list)
        (joint,) = [story for story in stories if story["title"] == both]
        assert {source["reason"] for source in joint["sources"]} == {
            "founded the story",
            "has the same title and the same text",
        }
        short = joint["id"].rpartition("/")[2][:6]
        done = one.run("stories", "split", short, "south-news", "--why", "ander feit")
        assert done.returncode == 0, done.stderr
        kept, parted = done.stdout.split()
        assert kept == joint["id"]
        assert one.run("poll").returncode == 0
        assert len(one.json("stories", "list")) == 3
        assert one.json("stories", "list", "--joint") == []
        assert one.run("stories", "join", kept, parted).returncode == 0
        assert [story["id"] for story in one.json("stories", "list", "--joint")] == [kept]
        acts = one.json("stories", "explain", kept)["acts"]
        assert [act["act"] for act in acts] == ["split", "join"]
        assert acts[0]["detail"].endswith("ander feit")
        assert one.json("stories", "held") == []
        wrong = one.run("stories", "explain", "zzz")
        assert wrong.returncode == 1
        assert 'no story is called "zzz"' in wrong.stderr
        both_ways = one.run("stories", "release", "--all", "x")
        assert both_ways.returncode == 2


def test_a_flood_is_released_or_absorbed(tmp_path: Path) -> None:
    """What is held is listed; release and absorb let it into the feed."""
    with Origin() as origin, installation(tmp_path) as one:
        zones = Zones(origin, shown=100)
        zones.publish(1, NOW)
        one.configure("[guard]\nflood = 5\n" + zones.configuration())
        one.run("poll")
        for number in range(10, 16):
            zones.publish(number, NOW)
        assert "held back as a flood" in one.run("poll", "north-news").stdout + one.run("status").stdout
        held = one.json("stories", "held")
        assert len(held) == 6
        assert one.run("stories", "absorb", held[0]["id"]).returncode == 0
        done = one.run("stories", "release", "--all")
        assert "5 stories let go" in done.stdout
        assert {story["state"] for story in one.json("stories", "list")} == {"shown"}


def test_publish_writes_what_the_daemon_serves(tmp_path: Path) -> None:
    """publish DIR writes each document whole, byte for byte what the daemon would serve."""
    with Origin() as origin, installation(tmp_path) as one:
        prepared(one, origin)
        done = one.run("publish", tmp_path / "public" / "html")
        assert done.returncode == 0, done.stderr
        written = {str(path.relative_to(tmp_path / "public/html")) for path in (tmp_path / "public").rglob("*.*")}
        assert {"samenwerking.atom", "index.html", "samenwerking/index.html", "static/style.css"} <= written
        one.start()
        for name, path in (("samenwerking.atom", "/samenwerking.atom"), ("index.html", "/")):
            assert (tmp_path / "public/html" / name).read_bytes() == one.get(path)


def test_digest_preview_and_send(tmp_path: Path) -> None:
    """preview shows the next edition and changes nothing; send freezes it, and delivers where no daemon does."""
    with Origin() as origin, Relay() as relay, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration(digest(relay.url, "an@example.be", every="1d")))
        assert one.run("poll").returncode == 0
        nothing = one.run("digest", "preview", "snel")
        assert "nothing has arrived" in nothing.stdout
        one.run("digest", "send", "snel")
        title = zones.publish(2, NOW)
        assert one.run("poll").returncode == 0
        for option, words in (("--text", title), ("--html", "<html"), ("--eml", "Message-ID: <")):
            for _ in range(2):
                assert words in one.run("digest", "preview", "snel", option).stdout
        sent = one.run("digest", "send", "snel", "--by", "an", "--why", "het kan\nniet wachten")
        assert sent.returncode == 0, sent.stderr
        assert "an@example.be: sent" in sent.stdout
        ((who, act, why),) = [(deed["who"], deed["act"], deed["why"]) for deed in one.json("stories", "log")]
        assert (who, act, why) == ("an", "send", "het kan niet wachten")
        assert len(relay.messages) == 1
        again = one.run("digest", "send", "snel")
        assert "skipped" in again.stdout
        states = [edition["state"] for edition in one.json("digest", "list")]
        assert states == ["skipped", "done", "skipped"]
        assert one.run("digest", "preview", "nee").returncode == 2


def test_digest_preview_when_nothing_is_new(tmp_path: Path) -> None:
    """--all shows the last stories and says so beside it; --open shows the page once to a browser; nothing changes."""
    with Origin() as origin, Relay() as relay, installation(tmp_path) as one:
        zones = Zones(origin)
        title = zones.publish(1, NOW)
        one.configure(zones.configuration(digest(relay.url, "an@example.be", every="1d")))
        assert one.run("poll").returncode == 0
        assert "--all shows the last stories" in one.run("digest", "preview", "snel").stdout
        last = one.run("digest", "preview", "snel", "--all", "--text")
        assert title in last.stdout
        assert "these are the last stories" in last.stderr
        arguments = ("digest", "preview", "snel", "--all", "--open", "--config", str(one.config))
        opening = [sys.executable, "-m", "aggregator", *arguments]
        with subprocess.Popen(opening, stdout=subprocess.PIPE, text=True, env={**os.environ, "BROWSER": "true"}) as run:
            assert run.stdout
            url = re.search(r"http://127\.0\.0\.1:\d+/", run.stdout.readline())
            assert url
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"{url[0]}favicon.ico")
            assert title in urllib.request.urlopen(url[0]).read().decode()
            assert run.wait(20) == 0
        assert one.json("digest", "list") == []


def test_digest_send_test(tmp_path: Path) -> None:
    """--test mails what comes next to one address: marked, a message of its own, without a reader's links; no state."""
    with Origin() as origin, Relay() as relay, installation(tmp_path) as one:
        zones = Zones(origin)
        zones.publish(1, NOW)
        one.configure(zones.configuration(digest(relay.url, "an@example.be", every="1d")))
        assert one.run("poll").returncode == 0
        one.run("digest", "send", "snel")
        title = zones.publish(2, NOW)
        assert one.run("poll").returncode == 0
        for _ in range(2):
            sent = one.run("digest", "send", "snel", "--to", "redactie@example.be", "--test")
            assert sent.returncode == 0, sent.stderr
            assert "a test to redactie@example.be" in sent.stdout
        first, second = (message_from_bytes(each.content, policy=default) for each in relay.messages)
        assert first["Subject"].startswith("[TEST] ")
        assert first["To"] == "redactie@example.be"
        assert first["Message-ID"] != second["Message-ID"]
        body = first.get_body(("plain",))
        assert body
        assert title in body.get_content()
        assert "/mail/u/" not in body.get_content()
        assert len(one.json("digest", "list")) == 1
        assert title in one.run("digest", "preview", "snel").stdout
        assert one.run("digest", "send", "snel", "--test").returncode == 2
        assert one.run("digest", "send", "snel", "--to", "redactie@example.be").returncode == 2
