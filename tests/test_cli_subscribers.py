"""``aggregator subscribers`` as the operator runs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.store import ASKING, Store
from tests.processes import Installation, installation

CONFIGURATION = """
[mail]
from = "Nieuws <nieuws@example.be>"
[[zones]]
id = "bht"
name = "Beringen/Ham/Tessenderlo"
[[zones]]
id = "hz"
name = "Heusden-Zolder"
[[sources]]
id = "bht-nieuws"
zone = "bht"
url = "https://bht.example/feed"
[[sources]]
id = "hz-nieuws"
zone = "hz"
url = "https://hz.example/feed"
[[streams]]
id = "samenwerking"
title = "Samenwerking"
[[digests]]
id = "dagelijks"
stream = "samenwerking"
recipients = ["redactie@example.be"]
open = true
topics = ["Verkeer"]
"""
SOURCE = ("--consent-source", "formulier op papier, november 2026")


@pytest.fixture
def one(tmp_path: Path) -> Installation:
    with installation(tmp_path) as made:
        made.configure(CONFIGURATION)
        Store(f"sqlite:///{tmp_path / 'aggregator.db'}").close()
        return made


def test_add_list_remove_and_lift(one: Installation) -> None:
    """Who was removed is not added again before the operator has lifted it; the proof is kept."""
    assert one.run("subscribers", "add", "Jan@EXAMPLE.be", *SOURCE).returncode == 0
    (jan,) = one.json("subscribers", "list")
    assert (jan["address"], jan["state"]) == ("Jan@example.be", "active")
    assert jan["digests"] == [{"id": "dagelijks", "zones": [], "topics": [], "format": "both"}]
    assert "Jan@example.be" in one.run("subscribers", "list").stdout
    known = one.json("subscribers", "export", "jan@example.be")
    assert [each["source"] for each in known["consent"]] == [SOURCE[1]]
    assert one.run("subscribers", "remove", "jan@example.be").returncode == 0
    assert one.json("subscribers", "list") == []
    again = one.run("subscribers", "add", "jan@example.be", *SOURCE)
    assert again.returncode == 1
    assert "kept away" in again.stdout
    assert one.json("subscribers", "lift", "jan@example.be") == {"address": "jan@example.be", "lifted": 1}
    assert one.run("subscribers", "add", "jan@example.be", *SOURCE).returncode == 0


def test_lift_lets_a_mailbox_be_asked_again(one: Installation, tmp_path: Path) -> None:
    """Who said "never again" in one spelling of their address, and wants to be asked after all."""
    with Store(f"sqlite:///{tmp_path / 'aggregator.db'}") as store:
        now = datetime(2026, 11, 1, tzinfo=UTC)
        store.submit(lambda tx: tx.audience.suppress("jan@example.be", ASKING, "refused", now)).result()
    assert one.run("subscribers", "add", "jan+krant@example.be", *SOURCE).returncode == 1
    assert one.json("subscribers", "export", "jan@example.be")["suppressed"][0]["digest"] == "asking"
    assert one.json("subscribers", "lift", "jan+krant@example.be")["lifted"] == 1
    assert one.run("subscribers", "add", "jan+krant@example.be", *SOURCE).returncode == 0


def test_import(one: Installation, tmp_path: Path) -> None:
    """A source of consent is demanded, every bad line told, twice is once, and who left stays away."""
    file = tmp_path / "lijst.csv"
    file.write_bytes("adres;zones\njan@example.be;bht\nniemand;\nzoë@example.be;\nmieke@example.be;\n".encode("cp1252"))
    assert one.run("subscribers", "import", file).returncode == 2
    first = one.run("subscribers", "import", file, *SOURCE)
    assert first.returncode == 1
    assert "line 3: expected a mail address" in first.stderr
    assert "line 4: the part before the @ is not ASCII" in first.stderr
    assert first.stdout.startswith("2 added")
    one.run("subscribers", "remove", "mieke@example.be")
    again = json.loads(one.run("subscribers", "import", file, *SOURCE, "--json").stdout)
    assert {name: again[name] for name in ("added", "there", "suppressed")} == {"added": 0, "there": 1, "suppressed": 1}
    assert len(again["bad"]) == 2
    assert one.json("subscribers", "list")[0]["digests"][0]["zones"] == ["bht"]


def test_erasing_leaves_nothing_in_the_file(one: Installation, tmp_path: Path) -> None:
    """Not even in pages that SQLite does not use any more; what the configuration says is said to be there still."""
    one.run("subscribers", "add", "jan.peeters@example.be", *SOURCE)
    erased = one.json("subscribers", "erase", "Jan.Peeters@example.be")
    assert erased["erased"]["subscriber"] == erased["erased"]["recipient"] == 1
    files = b"".join(path.read_bytes() for path in tmp_path.glob("aggregator.db*"))
    assert b"jan.peeters" not in files.lower()
    assert one.json("subscribers", "erase", "redactie@example.be")["still_in_configuration"] == ["dagelijks"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("add", "jän@example.be", *SOURCE), 1),
        (("add", "jan@example.be", "--consent-source", " "), 2),
        (("add", "jan@example.be"), 2),
        (("add", "jan@example.be", "--digest", "wekelijks", *SOURCE), 2),
        (("remove", "niemand@example.be"), 1),
        (("import", "/nowhere.csv", *SOURCE), 1),
    ],
)
def test_mistakes_are_sentences(one: Installation, arguments: tuple[str, ...], status: int) -> None:
    """Never a traceback."""
    done = one.run("subscribers", *arguments)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_check_says_where_people_subscribe(one: Installation) -> None:
    """And what the operator owes them: somebody who reads answers, and https for one click."""
    said = one.run("check").stdout
    assert f"people subscribe to dagelijks at {one.url}/mail/" in said
    assert "without reply_to" in said
    assert "takes https" in said
