"""Serving a feed from memory beside nginx serving the same bytes from files, by the CPU time that a request costs.

The CPU time of the serving process is what is measured, so that neither the client nor what else the machine does
counts.  Thirty-two connections that are kept, one request at a time on each.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aggregator.daemon.directory import Directory
from tests.benchmarks.served import documents

ROOT = Path(__file__).parents[2]
CONNECTIONS = 32
ROUNDS = 500

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 128; }}
http {{
  types {{ text/html html; }} default_type application/atom+xml;
  access_log off; keepalive_requests 1000000; sendfile on; open_file_cache max=100; gzip_static on;
  {temporary}
  server {{ listen 127.0.0.1:{port}; root {folder}/site; add_header Cache-Control "max-age=60"; }}
}}
"""


def spent(pid: int) -> float:
    """CPU seconds of a process with one thread so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


@contextmanager
def ours() -> Iterator[tuple[str, int]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.served"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield urlsplit(process.stdout.readline().strip()).netloc, process.pid
    finally:
        process.kill()
        process.communicate()


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Directory(folder / "site").write(documents().items())
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, temporary=temporary, user=user))
    process = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}", _worker(process.pid, port)
    finally:
        process.terminate()
        process.wait()


def _worker(master: int, port: int) -> int:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])
        except (OSError, IndexError):
            time.sleep(0.05)
    raise RuntimeError("nginx does not start")


def answered(host: str, request: bytes, rounds: int) -> tuple[int, bytes]:
    """How many requests were answered, and the last answer."""
    name, _, port = host.partition(":")
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection((name, int(port)))) for _ in range(CONNECTIONS)]
        sockets[0].sendall(request)
        last = _whole(sockets[0])
        for _ in range(rounds):
            for each in sockets:
                each.sendall(request)
            for each in sockets:
                got = 0
                while got < len(last):
                    got += len(each.recv(262_144))
        return rounds * CONNECTIONS + 1, last


def _whole(one: socket.socket) -> bytes:
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += one.recv(262_144)
    head, _, body = answer.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    while len(body) < (lengths[0] if lengths else 0):
        body += one.recv(262_144)
    return head + b"\r\n\r\n" + body


def asked(**headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET /samenwerking.atom HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode()


def rates(host: str, pid: int) -> dict[str, float]:
    """Requests per CPU second: whole, compressed, not modified."""
    plain, gzipped = asked(), asked(Accept_Encoding="gzip")
    head = answered(host, plain, 1)[1].partition(b"\r\n\r\n")[0].decode("latin-1")
    etag = next(line.split(": ", 1)[1] for line in head.split("\r\n") if line.lower().startswith("etag"))
    found = {}
    for name, request, status in (
        ("200", plain, b"200"),
        ("200 gzip", gzipped, b"200"),
        ("304", asked(If_None_Match=etag), b"304"),
    ):
        answered(host, request, 20)
        before = spent(pid)
        number, last = answered(host, request, ROUNDS)
        assert last.split()[1] == status
        found[name] = number / (spent(pid) - before)
    return found


def test_a_third_of_nginx(tmp_path: Path) -> None:
    """A core of ours serves at least a third of what a core of nginx does, of each kind."""
    if shutil.which("nginx") is None:
        pytest.skip("there is no nginx here to compare with")
    with ours() as (host, pid):
        mine = rates(host, pid)
    with nginx(tmp_path) as (host, pid):
        theirs = rates(host, pid)
    feed = documents()["/samenwerking.atom"]
    print(f"\n{len(feed.content) / 1000:.0f} kB, gzip {len(dict(feed.packed)['gzip']) / 1000:.1f} kB;", end=" ")
    print("requests per CPU second, ours / nginx:", end=" ")
    print(
        ", ".join(f"{name} {mine[name]:,.0f} / {theirs[name]:,.0f} = {mine[name] / theirs[name]:.2f}" for name in mine)
    )
    assert all(mine[name] * 3 >= theirs[name] for name in mine)
