"""The samples for other web servers: each is taken by its server, and serves the files as the daemon would.

Where a server is not installed its tests are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from aggregator.daemon.directory import Directory
from aggregator.model import Document
from aggregator.publish import former
from aggregator.publish.packing import packed
from tests.desks import PASSWORD, opened
from tests.serving import published, serving, site
from tests.stories import CONFIG, NOW, fortnight

SAMPLES = Path(__file__).parents[1] / "config"
DOCUMENTS: dict[str, Document] = {
    path: packed(made)
    for path, made in (former.documents(CONFIG, ["weg"], {}) | published(CONFIG, fortnight(), NOW)).items()
}
# Debian keeps servers where only root looks.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
MODULES = ("mpm_event", "authz_core", "dir", "mime", "headers", "rewrite", "proxy", "proxy_http")


def needs(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"there is no {name} here that could say whether its sample is right")
    return found


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def sample(name: str, folder: Path, port: int, daemon: str) -> str:
    """The sample with its folder and its ports changed, as its first lines tell the operator to."""
    return (
        (SAMPLES / name)
        .read_text()
        .replace("/var/lib/aggregator/public", str(folder / "public"))
        .replace("listen 80;", f"listen 127.0.0.1:{port};")
        .replace("<VirtualHost *:80>", f"Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>")
        .replace("nieuws.example.be {", f"http://127.0.0.1:{port} {{")
        .replace("127.0.0.1:8080", daemon)
    )


def nginx(folder: Path, port: int, daemon: str) -> list[str]:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; {user} events {{}}\n"
        f"http {{ access_log off; {temporary}\n{sample('nginx.conf', folder, port, daemon)} }}\n"
    )
    return [needs("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def apache(folder: Path, port: int, daemon: str) -> list[str]:
    program = needs("apache2")
    modules = "\n".join(f"LoadModule {each}_module /usr/lib/apache2/modules/mod_{each}.so" for each in MODULES)
    (folder / "apache.conf").write_text(
        f"ServerRoot {folder}\nPidFile {folder}/apache.pid\nErrorLog {folder}/error.log\nServerName 127.0.0.1\n"
        f"DefaultRuntimeDir {folder}\n{modules}\n{sample('apache.conf', folder, port, daemon)}"
    )
    (folder / "types").touch()
    with (folder / "apache.conf").open("a") as file:
        file.write(f"TypesConfig {folder}/types\n")
    return [program, "-d", str(folder), "-f", str(folder / "apache.conf"), "-DFOREGROUND"]


def caddy(folder: Path, port: int, daemon: str) -> list[str]:
    made = sample("Caddyfile", folder, port, daemon)
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + made)
    return [needs("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


SERVERS = {"nginx": nginx, "apache": apache, "caddy": caddy}


@contextmanager
def running(name: str, folder: Path) -> Iterator[str]:
    """The address of the server, before a daemon of ours."""
    with serving(site(CONFIG, DOCUMENTS)) as daemon, before(name, folder, daemon) as address:
        yield address


@contextmanager
def before(name: str, folder: Path, daemon: str) -> Iterator[str]:
    """The address of the server, which has our files and passes the rest on to *daemon*."""
    Directory(folder / "public").write(DOCUMENTS.items())
    port = free()
    command = SERVERS[name](folder, port, daemon.removeprefix("http://"))
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    log = (folder / "log").open("w+")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        for _ in range(100):
            assert process.poll() is None, (folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        log.close()


@pytest.mark.parametrize("name", SERVERS)
def test_files_are_served_as_the_daemon_serves_them(name: str, tmp_path: Path) -> None:
    """Media types, validators, compressed siblings, cross-origin reading, the hub; the daemon answers for the rest."""
    with (
        running(name, tmp_path) as address,
        httpx.Client(base_url=address, headers={"accept-encoding": "identity"}) as one,
    ):
        for path, document in DOCUMENTS.items():
            if document.status == 200:
                answer = one.get(path)
                assert (answer.status_code, answer.content) == (200, document.content), path
                kind, _, charset = document.media_type.partition(";")
                assert answer.headers["content-type"].partition(";")[0] == kind
                assert not charset or "utf-8" in answer.headers["content-type"].lower()
        plain, small = one.get("/samenwerking.atom"), one.get("/samenwerking.atom", headers={"accept-encoding": "gzip"})
        assert (small.headers["content-encoding"], small.content) == ("gzip", plain.content)
        assert "accept-encoding" in small.headers["vary"].lower()
        assert small.headers["content-type"] == plain.headers["content-type"]
        assert plain.headers["access-control-allow-origin"] == "*"
        assert 'rel="hub"' in plain.headers["link"]
        known = {"if-none-match": plain.headers["etag"]}
        assert one.get("/samenwerking.atom", headers=known).status_code == 304
        assert one.get("/feed").headers["location"].endswith("samenwerking.atom")
        assert (one.get("/weg.atom").status_code, one.get("/nowhere").status_code) == (410, 404)
        assert one.get("/health").text == "all is well\n"
        assert one.get("/.aggregator.json").status_code in (403, 404)
        assert "default-src 'none'" in one.get("/").headers["content-security-policy"]


@pytest.mark.parametrize("name", SERVERS)
def test_subscribing_is_the_daemons(name: str, tmp_path: Path) -> None:
    """The form and what is sent with it reach the daemon, although editions lie in a folder of that name."""
    (tmp_path / "public" / "mail" / "dagelijks").mkdir(parents=True)
    with running(name, tmp_path) as address, httpx.Client(base_url=address) as one:
        for answer, status in (
            (one.get("/mail/"), 404),  # this daemon has no open digest
            (one.post("/mail/", data={"address": "jan@example.be"}), 405),
            (one.post("/mail/u/AAAAAAAAAAAAAAAAAAAAAA"), 405),
            (one.get("/mail/p/AAAAAAAAAAAAAAAAAAAAAA"), 404),
        ):
            assert (answer.status_code, "<h1>" in answer.text) == (status, True)


@pytest.mark.parametrize("name", SERVERS)
def test_the_desk_is_the_daemons(name: str, tmp_path: Path) -> None:
    """No file ever stands for it, nobody keeps a page of it, and a mail that it shows stays in its sandbox."""
    (tmp_path / "public" / "desk").mkdir(parents=True)
    (tmp_path / "public" / "desk" / "index.html").write_text("left here by somebody")
    (tmp_path / "public" / "desk" / "x.json").write_text("left here by somebody")
    with opened(tmp_path) as desk, before(name, tmp_path, desk.url) as address, httpx.Client(base_url=address) as one:
        for path in ("/desk/", "/desk/x.json", "/desk/digest/dagelijks/mail"):
            assert one.get(path).status_code == 403
        entered = one.post("/desk/login", data={"name": "an", "password": PASSWORD, "to": ""})
        assert (entered.status_code, entered.headers["location"]) == (303, "/desk/")
        for path, policy in (
            ("/desk/", "default-src 'none'; style-src 'self'"),
            ("/desk/digest/dagelijks/mail", "sandbox"),
        ):
            answer = one.get(path)
            assert answer.status_code == 200
            assert answer.headers.get_list("cache-control") == ["no-store"]
            assert answer.headers.get_list("referrer-policy") == ["same-origin"]
            assert [each.startswith(policy) for each in answer.headers.get_list("content-security-policy")] == [True]
        assert one.get("/desk").headers["location"].endswith("desk/")
