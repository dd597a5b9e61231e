"""What reaches a terminal, whatever sources and servers wrote."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import text
from aggregator.cli import output
from tests.fakes.origin import Origin
from tests.processes import command, installation

PLAIN = "Werken :smile: op de [bold]Wolfsmelkstraat[/bold] [/] [link=https://evil.example]hier[/link]"
HOSTILE = f"{PLAIN} \x1b[31mrood \x9b2J \x1b]0;titel\x07 \u202egnal \u2066x \u200bweg\x08\x7f\r\u2028"
FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": HOSTILE,
        "items": [{"id": HOSTILE, "url": "https://t.example/[bold]1", "title": HOSTILE, "content_text": HOSTILE}],
    }
)
ZONE = """
[[zones]]
id = "noord"
name = "Noord"
[[sources]]
id = "noord"
zone = "noord"
url = "{url}"
type = "feed"
[[streams]]
id = "s"
title = "S"
"""


def harmless(printed: str) -> bool:
    """Whether a terminal shows all of it, and does nothing else."""
    return all(char == "\n" or char.isprintable() for char in printed)


def test_read_shows_what_was_written_and_obeys_nothing(tmp_path: Path) -> None:
    """Words that look like a picture or a style stay words; controls and bidi marks of a source are not printed."""
    path = tmp_path / "feed.json"
    path.write_text(FEED)
    person = command("read", path, "--base", "https://t.example/")
    assert person.stdout.count(PLAIN) >= 3
    assert harmless(person.stdout)
    program = command("read", path, "--base", "https://t.example/", "--json")
    assert harmless(program.stdout)
    assert json.loads(program.stdout)["entries"][0]["title"].startswith(PLAIN)


def test_a_file_name_is_no_order_to_the_terminal(tmp_path: Path) -> None:
    """What cannot be read is named, and a name can hold anything."""
    done = command("read", tmp_path / HOSTILE.replace("/", "|"))
    assert "Werken :smile: op de [bold]Wolfsmelkstraat" in done.stdout
    assert harmless(done.stdout)


def test_stories_and_polls_show_what_was_written(tmp_path: Path) -> None:
    """poll, status, stories list and explain print a hostile title as the words that it is made of."""
    with Origin() as origin, installation(tmp_path) as one:
        origin.serve("/[bold]feed.json", FEED, headers={"Content-Type": "application/feed+json"})
        one.configure(ZONE.format(url=origin.url("/[bold]feed.json")))
        polled, listed, status = one.run("poll"), one.run("stories", "list"), one.run("status")
        story = one.json("stories", "list")[0]["id"]
        explained = one.run("stories", "explain", story)
        assert "Werken :smile: op de [bold]Wolfsmelkstraat[/bold]" in " ".join(listed.stdout.split())
        assert PLAIN in explained.stdout
        assert "/[bold]feed.json" in status.stdout
        for done in (polled, listed, status, explained):
            assert harmless(done.stdout + done.stderr)
            assert done.returncode == 0


def test_a_relay_that_paints_is_printed_plain(capsys: pytest.CaptureFixture[str]) -> None:
    """Every string that is printed goes through the same door, in whatever style; so does a cell of a table."""
    output.console.print(HOSTILE, style="red", markup=False, soft_wrap=True)
    output.errors.print(HOSTILE, markup=False)
    output.table((HOSTILE,), [(HOSTILE,)])
    printed = capsys.readouterr()
    assert harmless(printed.out + printed.err)
    assert printed.out.splitlines()[0].startswith(PLAIN)


@given(st.text(st.characters(exclude_categories=())))
def test_json_is_harmless_and_says_the_same(value: str) -> None:
    """Whatever a value holds, a terminal shows it, and a program reads back exactly that."""
    with redirect_stdout(StringIO()) as printed:
        output.print_json({"value": value}, indent=None)
    assert text.visible(printed.getvalue()) == printed.getvalue()
    assert json.loads(printed.getvalue()) == {"value": value}
