"""Who we are to a server that asks: credentials from files of their own, sent to one origin and shown nowhere."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.access import access, verify
from aggregator.daemon.connecting import means
from aggregator.errors import ConfigError, FetchError
from aggregator.fetch import Access, Fetcher
from aggregator.fetch.request import target
from aggregator.model import Auth, Config, Fetch, Poll, Response, Source, Stream, Zone
from aggregator.poll import poll
from tests.databases import migrated
from tests.fakes import tls
from tests.fakes.origin import Origin
from tests.processes import command

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FEED = "<rss version='2.0'><channel><title>T</title></channel></rss>"
SECRETS = {"password": "open sésame:1", "token": "mF_9.B5f-4.1JqM", "value": "key one"}


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        running.serve("/feed", FEED, "application/rss+xml")
        yield running


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    """Files with the secrets, each with the newline that an editor leaves."""
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
    return {name: str(tmp_path / name) for name in SECRETS}


def source(auth: Auth | None, url: str = "https://news.example/feed") -> Source:
    return Source(id="news", zone="z", url=url, auth=auth)


def fetch(url: str, way: Access) -> Response:
    async def once() -> Response:
        wanted = Fetch(allow_private=("127.0.0.0/8",), per_host_pause=timedelta(0), timeout=timedelta(seconds=10))
        async with Fetcher(wanted, version="1") as fetcher:
            return await fetcher.fetch(url, None, NOW, way)

    return asyncio.run(once())


def ask(wanted: Source, directory: Path) -> Poll:
    """One poll of a source, through everything that a daemon has."""
    config = Config(
        database=migrated(directory / "a.db"),
        fetch=Fetch(allow_private=("127.0.0.0/8",), per_host_pause=timedelta(0)),
        zones=(Zone(id="z", name="Z"),),
        sources=(wanted,),
        streams=(Stream(id="s", title="S"),),
    )

    async def once() -> Poll:
        async with means(config, lambda: NOW) as opened:
            return await poll(wanted, opened)

    return asyncio.run(once())


# Which headers


def test_basic_is_user_and_password(secrets: dict[str, str]) -> None:
    """RFC 7617 §2: UTF-8, base64, the first colon ends the user; spaces and colons belong to the password."""
    (header,) = access(source(Auth(user="jan", password_file=secrets["password"]))).headers
    assert header[0] == "Authorization"
    scheme, value = header[1].split(" ")
    assert (scheme, b64decode(value).decode()) == ("Basic", "jan:open sésame:1")


def test_bearer_is_a_token(secrets: dict[str, str]) -> None:
    """RFC 6750 §2.1."""
    way = access(source(Auth(token_file=secrets["token"])))
    assert way.headers == (("Authorization", "Bearer mF_9.B5f-4.1JqM"),)


def test_a_header_of_the_sites_own_goes_beside_it(secrets: dict[str, str]) -> None:
    """Some want a key for the program and a password for the person."""
    auth = Auth(token_file=secrets["token"], header="X-Api-Key", value_file=secrets["value"])
    assert access(source(auth)).headers[1:] == (("X-Api-Key", "key one"),)


def test_a_credential_of_systemd_does_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd.exec(5), LoadCredential=: a name instead of a path."""
    (tmp_path / "token").write_text("abc\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert access(source(Auth(token_file="token"))).headers == (("Authorization", "Bearer abc"),)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"one\ntwo", 'the token in "{}" cannot be sent: it is not one line of plain characters'),
        (b"a\0b", 'the token in "{}" cannot be sent: it is not one line of plain characters'),
        ("sésame".encode(), 'the token in "{}" cannot be sent: a header holds ASCII only'),
        (b"\n", 'the token in "{}" is empty'),
        (None, 'the token in "{}" cannot be read: no such file or directory'),
    ],
)
def test_what_cannot_be_sent_is_told_without_being_shown(content: bytes | None, words: str, tmp_path: Path) -> None:
    """Two lines would be a header more (CWE-113); the sentence names the source and the file."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        access(source(Auth(token_file=str(file))))
    assert str(caught.value) == f'source "news", auth: {words.format(file)}'


# Where they go


def test_the_server_gets_them(origin: Origin, secrets: dict[str, str], tmp_path: Path) -> None:
    """By way of a whole poll."""
    auth = Auth(user="jan", password_file=secrets["password"], header="X-Api-Key", value_file=secrets["value"])
    assert ask(source(auth, origin.url("/feed")), tmp_path).status == "ok"
    sent = origin.requests[0].headers
    assert b64decode(sent["authorization"].removeprefix("Basic ")).decode() == "jan:open sésame:1"
    assert sent["x-api-key"] == "key one"


def test_they_stay_with_their_origin(origin: Origin, secrets: dict[str, str]) -> None:
    """Item 31: on a redirect within the origin they go along; to another host, port or scheme they do not."""
    way = access(source(Auth(token_file=secrets["token"]), origin.url("/old")))
    origin.redirect("/old", "/new")
    origin.redirect("/new", origin.url("/feed"))
    assert fetch(origin.url("/old"), way).status == 200
    assert all("authorization" in asked.headers for asked in origin.requests)
    with Origin() as port, Origin(host="127.0.0.2") as host:
        for stranger in (port, host):
            stranger.serve("/feed", FEED)
            origin.redirect("/new", stranger.url("/feed"))
            assert fetch(origin.url("/old"), way).status == 200
            assert "authorization" not in stranger.requests[0].headers


def test_they_do_not_come_back_by_a_detour(origin: Origin, secrets: dict[str, str]) -> None:
    """Whoever sends us back to where they belong sends us to a path of his own choice: that is the origin's, still."""
    with Origin() as stranger:
        way = access(source(Auth(token_file=secrets["token"]), origin.url("/feed")))
        stranger.redirect("/x", origin.url("/feed"))
        assert fetch(stranger.url("/x"), way).status == 200
        assert "authorization" not in stranger.requests[0].headers
        assert "authorization" in origin.requests[0].headers


def test_an_upgrade_to_https_is_another_origin(
    origin: Origin, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 6454 §4; the operator writes https, and is told by the server that it wants a password."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.AUTHORITY))
    with Origin(tls=tls.server("good")) as secure:
        secure.serve("/feed", FEED)
        origin.redirect("/feed", secure.url("/feed"), 301)
        assert fetch(origin.url("/feed"), access(source(Auth(token_file=secrets["token"]), origin.url("/feed")))).status
        assert "authorization" not in secure.requests[0].headers


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://x.example/a", "https://X.example:443/b?c", True),
        ("http://x.example/", "http://x.example:80", True),
        ("https://x.example/", "https://x.example:8443/", False),
        ("https://x.example/", "http://x.example/", False),
        ("https://x.example/", "https://www.x.example/", False),
        ("http://[::1]:80/", "http://[0:0:0:0:0:0:0:1]/", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    """RFC 6454 §5; an address that is written otherwise is taken for another one, which only ever sends less."""
    assert (target(one).origin == target(other).origin) is same


# What is told


def test_they_are_shown_nowhere(origin: Origin, secrets: dict[str, str], tmp_path: Path) -> None:
    """Neither in a repr, nor in an error, nor in the database."""
    way = access(source(Auth(user="jan", password_file=secrets["password"]), origin.url("/feed")))
    assert "Basic" not in repr(way)
    origin.raw("/feed", b"junk")
    with pytest.raises(FetchError) as failed:
        fetch(origin.url("/feed"), way)
    assert "Basic" not in repr(failed.value)
    ask(source(Auth(user="jan", password_file=secrets["password"]), origin.url("/feed")), tmp_path)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("a.db*"))
    assert origin.url("/feed").encode() in stored
    assert not any(secret.encode() in stored for secret in (*SECRETS.values(), way.headers[0][1]))


def test_a_missing_secret_is_a_failed_poll_of_that_source(origin: Origin, tmp_path: Path) -> None:
    """The others go on, and so does this one as soon as the file is there; without it nothing is asked."""
    wanted = source(Auth(token_file=str(tmp_path / "later")), origin.url("/feed"))
    failed = ask(wanted, tmp_path)
    assert failed.status == "failed"
    assert failed.error == (
        f'source "news", auth: the token in "{tmp_path}/later" cannot be read: no such file or directory'
    )
    assert origin.requests == []
    (tmp_path / "later").write_text("abc")
    assert ask(wanted, tmp_path).status == "ok"


def test_check_reads_every_secret(secrets: dict[str, str], tmp_path: Path) -> None:
    """`aggregator check` names each that is not there, with its source, and exits with 2."""
    good, bad = Auth(token_file=secrets["token"]), Auth(user="jan", password_file="/none")
    verify(Config(sources=(source(good), source(None))))
    with pytest.raises(ConfigError) as caught:
        verify(Config(sources=(source(bad), source(good), source(Auth(token_file="/nor/this")))))
    assert len(caught.value.problems) == 2
    file = tmp_path / "aggregator.toml"
    file.write_text(
        f'database = "sqlite:///{tmp_path}/a.db"\n[[zones]]\nid = "z"\nname = "Z"\n[[streams]]\nid = "s"\ntitle = "S"\n'
        '[[sources]]\nid = "news"\nzone = "z"\nurl = "https://news.example/feed"\n'
        '[sources.auth]\ntoken_file = "/none"\n'
    )
    done = command("check", "--config", file)
    assert done.returncode == 2
    assert 'source "news", auth: the token in "/none" cannot be read: no such file or directory' in done.stderr
