"""Where returned mail comes in: a Maildir that the daemon reads, and a pipe."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.daemon.returning import OFTEN, Returning
from aggregator.errors import MailError
from aggregator.mail.maildir import KEPT, Maildir
from aggregator.model import Mail
from tests.stories import CONFIG
from tests.test_bounces import NOW, READER, Desk
from tests.test_returned import sample


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("tmp", "new", "cur"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    return tmp_path / "Maildir"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def listen(desk: Desk, folder: Path, *, ticks: int = 1, apart: timedelta = OFTEN) -> list[str]:
    """The daemon's ticks, and what failed in them."""
    told: list[str] = []
    now = [NOW]
    config = replace(CONFIG, mail=Mail(sender="nieuws@example.be", bounces="bounce@example.be", maildir=str(folder)))

    async def run() -> None:
        one = Returning(config, desk.store, lambda: now[0], lambda failure, what: told.append(str(failure)))
        for _ in range(ticks):
            one.go_on()
            await one.finish(10)
            now[0] += apart

    asyncio.run(run())
    return told


def test_what_is_understood_is_put_away_and_the_rest_is_left_unread(desk: Desk, folder: Path) -> None:
    """A human who opens the folder finds what is for them, and nothing else."""
    (folder / "new" / "1.wish").write_bytes(sample("wish", desk.token()))
    (folder / "new" / "2.question").write_bytes(sample("question", desk.token()))
    (folder / "new" / "3.forged").write_bytes(sample("postfix-unknown", "x"))
    assert listen(desk, folder) == []
    assert desk.state() is None
    assert names(folder / "new") == []
    assert names(folder / ".processed" / "cur") == ["1.wish:2,S"]
    assert names(folder / "cur") == ["2.question:2,", "3.forged:2,"]
    assert Maildir(str(folder)).unread() == 2
    (folder / "cur" / "2.question:2,").rename(folder / "cur" / "2.question:2,RS")
    assert Maildir(str(folder)).unread() == 1


def test_what_lies_in_the_folder_and_is_no_mail(desk: Desk, folder: Path, tmp_path: Path) -> None:
    """A link, a pipe, a folder and an empty file hold nothing up, and no link is followed."""
    secret = tmp_path / "secret"
    secret.write_bytes(sample("wish", desk.token()))
    (folder / "new" / "1.link").symlink_to(secret)
    os.mkfifo(folder / "new" / "2.pipe")
    (folder / "new" / "3.folder").mkdir()
    (folder / "new" / "4.empty").touch()
    (folder / "new" / "5.wish").write_bytes(sample("wish", desk.token()))
    assert listen(desk, folder) == []
    assert names(folder / ".processed" / "cur") == ["5.wish:2,S"]
    assert len(names(folder / "cur")) == 4


def test_it_is_read_every_minute(desk: Desk, folder: Path) -> None:
    """Not at every tick, and a clock that is set back holds nothing up."""
    late = folder / "new" / "1.wish"
    assert listen(desk, folder) == []

    def come_and_tick(apart: timedelta) -> bool:
        late.write_bytes(sample("question", desk.token()))
        listen(desk, folder, ticks=2, apart=apart)
        return late.exists()

    assert not come_and_tick(OFTEN)
    assert not come_and_tick(timedelta(hours=-3))


def test_a_folder_that_is_none_is_told_and_breaks_nothing(desk: Desk, tmp_path: Path) -> None:
    """With what to do; the next minute tries again."""
    [told, again] = listen(desk, tmp_path / "none", ticks=2)
    assert told == again
    assert "[mail].maildir" in told
    with pytest.raises(MailError, match="cannot be used"):
        Maildir(str(tmp_path / "none")).unread()


def test_what_was_put_away_is_deleted_after_a_while(desk: Desk, folder: Path) -> None:
    """It names people; what is left to a human is theirs to delete."""
    for place in (".processed/cur", "cur"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        for name, age in (("old", KEPT + timedelta(days=1)), ("young", KEPT - timedelta(days=1))):
            path = folder / place / f"{name}:2,S"
            path.touch()
            os.utime(path, (0, (NOW - age).timestamp()))
    listen(desk, folder)
    assert names(folder / ".processed" / "cur") == ["young:2,S"]
    assert len(names(folder / "cur")) == 2


TOML = """
base_url = "https://nieuws.example.be"
database = "sqlite:///{database}"
[mail]
from = "nieuws@example.be"
bounces = "bounce@nieuws.example.be"
{more}
[[zones]]
id = "noord"
name = "Noord"
[[sources]]
id = "bron"
zone = "noord"
url = "https://noord.example.be/rss"
[[streams]]
id = "nieuws"
title = "Nieuws"
"""


def pipe(
    path: Path, raw: bytes, *arguments: str, more: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    config = path / "c.toml"
    config.write_text(TOML.format(database=path / "a.db", more=more))
    command = [sys.executable, "-m", "aggregator", "bounce", "--config", str(config), *arguments]
    return subprocess.run(command, input=raw, capture_output=True, timeout=60, env={**os.environ, **environment})


def test_a_mail_from_a_pipe(desk: Desk, tmp_path: Path, folder: Path) -> None:
    """As a mail server runs it: the recipient as it tells it, status 0, and a human's mail in the folder."""
    raw = sample("wish").replace(b"Delivered-To", b"X-Other").replace(b"\nTo:", b"\nX-To:")
    assert pipe(tmp_path, raw).stderr.startswith(b"unknown")
    ended = pipe(tmp_path, raw, ORIGINAL_RECIPIENT=f"bounce+{desk.token()}@nieuws.example.be")
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert READER.lower().encode() not in ended.stderr.lower()
    assert desk.state() is None
    ended = pipe(tmp_path, sample("question"), more=f'maildir = "{folder}"')
    assert ended.returncode == 0
    assert Maildir(str(folder)).unread() == 1


def test_a_pipe_that_cannot_take_it_now_says_so(tmp_path: Path) -> None:
    """EX_TEMPFAIL (sysexits.h): the mail server keeps the mail and tries again."""
    assert pipe(tmp_path, sample("wish")).returncode == 75
