"""Every hostile server at once, beside twenty healthy ones, and one daemon that has to do with them all.

What a server can do to whoever fetches from it (standards, §1e): nothing but fail, in words.  The healthy sources are
polled on time, and the memory of the whole daemon, its workers included, stays within 100 MB of what it was before.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from gzip import compress
from pathlib import Path

import brotli

from tests.acceptance.test_hostile import memory
from tests.fakes import tls
from tests.fakes.origin import Behaviour, Origin, Request
from tests.processes import Installation, eventually, installation

HEALTHY = 20
DEADLINE = 3.0  # seconds, as the installation has it: whoever had to wait for a hostile server would wait so long
ZONE = '[[zones]]\nid = "z"\nname = "Z"\n[[streams]]\nid = "s"\ntitle = "S"\n'

Trick = tuple[Callable[[Origin, str], object], str]


def redirect(to: str) -> Callable[[Origin, str], object]:
    return lambda origin, path: origin.redirect(path, to)


def raw(*parts: bytes) -> Callable[[Origin, str], object]:
    return lambda origin, path: origin.raw(path, b"".join(parts))


def served(content: bytes | str, status: int = 200, **headers: str) -> Callable[[Origin, str], object]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda origin, path: origin.serve(path, content, "text/xml", status=status, headers=named)


def again_and_again(origin: Origin, path: str) -> None:
    """A chain of redirects, each a new URL."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        number = int(request.path.partition("?")[2] or 0) + 1
        writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %b?%d\r\n\r\n" % (path.encode(), number))
        return True

    origin.answer(path, behave)


TRICKS: dict[str, Trick] = {
    "hang": (Origin.hang, "did not answer within 3 s"),
    "drip": (Origin.drip, "did not finish its answer within 3 s"),
    "drip-headers": (lambda origin, path: origin.drip(path, every=0.01, headers=True), "did not answer within 3 s"),
    "endless": (Origin.endless, "sent more than 10 MB"),
    "endless-too": (Origin.endless, "sent more than 10 MB"),
    "promise": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx"), "sent more than 10 MB"),
    "bomb-gzip": (lambda origin, path: origin.bomb(path, coding="gzip"), "sent more than 10 MB"),
    "bomb-br": (lambda origin, path: origin.bomb(path, coding="br"), "sent more than 10 MB"),
    "bomb-zstd": (lambda origin, path: origin.bomb(path, coding="zstd"), "sent more than 10 MB"),
    "bomb-br-too": (lambda origin, path: origin.bomb(path, coding="br"), "sent more than 10 MB"),
    "twice": (served(compress(compress(bytes(10**7))), Content_Encoding="gzip, gzip"), "encoded more than once"),
    "members": (served(compress(b"") * 100_000, Content_Encoding="gzip"), "in more than 1000 parts"),
    "odd-coding": (served(b"x", Content_Encoding="compress"), "an encoding that was not asked for"),
    "damaged": (served(brotli.compress(b"x" * 1000)[:-2], Content_Encoding="br"), "broke off before its end"),
    "truncated": (Origin.truncate, "broke off before its end"),
    "part": (served("<rss/>", 206, Content_Range="bytes 0-5/6"), "sent a part (206)"),
    "circle": (lambda origin, path: origin.redirect(path, path), "redirects in a circle"),
    "chain": (again_and_again, "redirects more than 5 times"),
    "metadata": (redirect("http://169.254.169.254/latest/meta-data/"), "address 169.254.169.254 is private"),
    "mapped": (redirect("http://[::ffff:10.0.0.1]/"), "address ::ffff:10.0.0.1 is private"),
    "file": (redirect("file:///etc/passwd"), "only http and https"),
    "header": (raw(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 50_000_000), "sent a header of more than 8 kB"),
    "headers": (raw(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n" * 5_000_000), "did not answer in well-formed HTTP"),
    "interim": (raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10_000), "closed the connection without an answer"),
    "noise": (raw(bytes(range(256)) * 1000), "did not answer in well-formed HTTP"),
    "lengths": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nfeed"), "well-formed HTTP"),
    "nothing": (raw(b""), "closed the connection without an answer"),
    "unasked-304": (served("", 304), "304"),
    "challenge": (served("<title>Just a moment...</title>", 403), "blocked by Cloudflare"),
    "challenge-200": (served("<title>Making sure you&#39;re not a bot!</title>"), "blocked by Anubis"),
}
"""What each server does, and the words that its source must come to."""


@contextmanager
def hostile() -> Iterator[dict[str, tuple[str, str]]]:
    """The servers, each at an address of its own: id of the source → URL, words."""
    with ExitStack() as stack:
        origin = stack.enter_context(Origin(host="0.0.0.0"))
        found = {}
        for number, (name, (trick, words)) in enumerate(TRICKS.items(), 1):
            trick(origin, f"/{name}")
            found[name] = (origin.url(f"/{name}", host=f"127.0.1.{number}"), words)
        expired = stack.enter_context(Origin(tls=tls.server("expired")))
        unknown = stack.enter_context(Origin(tls=tls.server("selfsigned")))
        found["expired"] = (expired.url("/"), "TLS certificate expired")
        found["selfsigned"] = (unknown.url("/"), "TLS certificate is signed by itself")
        found["no-tls"] = (origin.url("/hang", host="127.0.2.1").replace("http:", "https:"), "does not speak TLS")
        found["refused"] = ("http://127.0.2.2:1/", "connection refused")
        yield found


class Healthy:
    """Twenty feeds, each at an address of its own, and when each was asked for."""

    def __init__(self, origin: Origin) -> None:
        self.asked: defaultdict[str, list[float]] = defaultdict(list)
        self.urls = {
            f"healthy-{number}": origin.url(f"/{number}", host=f"127.0.3.{number}") for number in range(1, HEALTHY + 1)
        }
        items = "".join(f"<item><title>Bericht {n}</title><guid>{n}</guid></item>" for n in range(20))
        feed = f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()
        for number in range(1, HEALTHY + 1):
            origin.answer(f"/{number}", self._behave(b'"%d"' % number, feed))

    def _behave(self, etag: bytes, feed: bytes) -> Behaviour:
        async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
            self.asked[request.path].append(time.monotonic())
            if request.headers.get("if-none-match", "").encode() == etag:
                writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: %b\r\n\r\n" % etag)
            else:
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nETag: %b\r\nContent-Length: %d\r\n\r\n"
                writer.write(head % (etag, len(feed)) + feed)
            return True

        return behave

    def rounds(self) -> int:
        """How often each of them has been asked at least."""
        return min(len(self.asked[f"/{number}"]) for number in range(1, HEALTHY + 1))

    def longest_wait(self, start: float, end: float) -> float:
        """The longest that any of them was left alone between these two moments, in seconds."""
        return max(
            later - sooner
            for moments in self.asked.values()
            for sooner, later in itertools.pairwise([start, *(m for m in moments if start < m < end), end])
        )


class Peak:
    """The most memory that the daemon and its workers have held together while this was watching."""

    def __init__(self, one: Installation) -> None:
        self.most = 0
        self._one = one
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, memory(self._one))


def sources(urls: dict[str, str]) -> str:
    return "".join(
        f'[[sources]]\nid = "{id}"\nzone = "z"\ninterval = "1s"\nurl = "{url}"\n' for id, url in urls.items()
    )


def configure(one: Installation, urls: dict[str, str]) -> None:
    one.configure(ZONE + sources(urls))
    text = one.config.read_text(encoding="utf-8")
    one.config.write_text(text.replace("[fetch]\n", "[fetch]\nconcurrency = 100\n"), encoding="utf-8")


def conditions(one: Installation, bad: dict[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    states = {state["source"]: state for state in one.json("status")["sources"]}
    return {id: states[id] for id in bad if id in states}


def held(one: Installation, name: str) -> int:
    """What the daemon's own process holds now (VmRSS), or the most that it ever held (VmHWM), in bytes."""
    assert one.process is not None
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{one.process.pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def test_hostile_servers_hurt_nobody_else(tmp_path: Path) -> None:
    """All of them fail, each with its own words; the healthy ones are polled on time; memory is bounded."""
    with Origin(host="0.0.0.0") as origin, hostile() as bad, installation(tmp_path) as one:
        healthy = Healthy(origin)
        configure(one, healthy.urls)
        one.start(SSL_CERT_FILE=str(tls.AUTHORITY))
        assert one.process is not None
        eventually(lambda: healthy.rounds() > 1)
        start = time.monotonic()
        eventually(lambda: healthy.rounds() > 4)
        before, itself, began = memory(one), held(one, "VmRSS"), time.monotonic()
        with Peak(one) as peak:
            configure(one, healthy.urls | {id: url for id, (url, _) in bad.items()})
            one.process.send_signal(signal.SIGHUP)
            found = eventually(lambda: all_failing(one, bad), patience=60)
        usual, waited = healthy.longest_wait(start, began), healthy.longest_wait(began, time.monotonic())
        grown, grown_itself = peak.most - before, held(one, "VmHWM") - itself
    print(f"\n{len(bad)} hostile servers: {grown / 1e6:.0f} MB more than the {before / 1e6:.0f} MB before,", end=" ")
    print(f"{grown_itself / 1e6:.0f} MB of them in the daemon itself; ", end="")
    print(f"a healthy source waited {waited:.1f} s at most, {usual:.1f} s before they came")
    for id, (_, words) in bad.items():
        assert words in found[id]["words"], found[id]
    assert max(grown, grown_itself) < 100_000_000
    assert waited < usual + DEADLINE
    assert "Traceback" not in one.log, one.log


def all_failing(one: Installation, bad: dict[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    found = conditions(one, bad)
    failing = sum(state["condition"] in {"failing", "blocked"} for state in found.values())
    return found if failing == len(bad) else {}
