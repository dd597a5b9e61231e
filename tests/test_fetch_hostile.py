"""All hostile servers at once, beside healthy ones: nobody else is delayed, and memory is bounded (standards, §1e).

The fetching is done in a process of its own, so that what it needs can be measured; the servers stay in this one.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

import pytest

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher
from aggregator.model import Fetch
from tests.fakes import codings
from tests.fakes.origin import Origin, Request

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HEALTHY = [f"/healthy/{number}" for number in range(20)]
SECONDS = 5.0  # the deadline of a request


class Outcome(TypedDict):
    """How one request ended: *seconds* after all began, and with what words when it failed."""

    seconds: float
    error: str | None


class Report(TypedDict):
    """What the fetching process measured; *growth* in bytes, from idle to the most it ever held."""

    growth: int
    outcomes: dict[str, Outcome]


def test_hostile_servers_hurt_nobody_else() -> None:
    """Twenty healthy sources are read before the first hanging one gives up, in under 100 MB above idle."""
    with Origin() as hostile, Origin() as healthy:
        expected = misbehave(hostile)
        for path in HEALTHY:
            healthy.serve(path, b"<feed/>" * 2000, "application/atom+xml", compress=True)
        hostile_urls = [hostile.url(path) for path in expected]
        report = measure(hostile_urls + [healthy.url(path) for path in HEALTHY])
        outcomes = report["outcomes"]
        for path in HEALTHY:
            outcome = outcomes[healthy.url(path)]
            assert outcome["error"] is None
            assert outcome["seconds"] < SECONDS
        for path, words in expected.items():
            assert words in (outcomes[hostile.url(path)]["error"] or "no error"), path
    assert report["growth"] < 100_000_000


def misbehave(origin: Origin) -> dict[str, str]:
    """Every trick of the checklist, and the words that it must come to."""
    origin.hang("/hang")
    origin.drip("/drip", every=0.01)
    origin.drip("/drip-headers", every=0.01, headers=True)
    origin.endless("/endless", 1_000_000_000)
    for coding in ("gzip", "br", "zstd"):
        origin.bomb(f"/bomb-{coding}", coding=coding)
    origin.truncate("/truncated")
    origin.redirect("/circle", "/circle")
    origin.redirect("/metadata", "http://169.254.169.254/latest/meta-data/")
    origin.redirect("/file", "file:///etc/passwd")
    origin.raw("/headers", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 50_000_000)
    origin.raw("/many-headers", b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 5_000_000)
    origin.raw("/interim", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100_000)
    origin.raw("/noise", bytes(range(256)) * 1000)
    return {
        "/hang": "did not answer within 5 s",
        "/drip": "did not finish its answer within 5 s",
        "/drip-headers": "did not answer within 5 s",
        "/endless": "sent more than 10 MB",
        "/bomb-gzip": "sent more than 10 MB",
        "/bomb-br": "sent more than 10 MB",
        "/bomb-zstd": "sent more than 10 MB",
        "/truncated": "broke off before its end",
        "/circle": "redirects in a circle",
        "/metadata": "address 169.254.169.254 is private",
        "/file": "redirects, but only http and https",
        "/headers": "sent a header of more than 8 kB",
        "/many-headers": "did not answer in well-formed HTTP",
        "/interim": "closed the connection without an answer",
        "/noise": "did not answer in well-formed HTTP",
    }


@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd"])
def test_a_body_of_a_gigabyte_takes_no_more_than_the_cap(coding: str) -> None:
    """10 MB of it is held, and br's window of 16 MB (item 39: httpx alone makes one chunk of it, in 2 GB of memory)."""
    with Origin() as origin:
        origin.bomb("/x", coding=coding) if coding else origin.endless("/x")
        report = measure([origin.url("/x")])
        assert "sent more than 10 MB" in (report["outcomes"][origin.url("/x")]["error"] or "")
        assert report["growth"] < 40_000_000


@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd"])
def test_thirty_of_them_at_once_share_what_two_would_take(coding: str) -> None:
    """The cap is each body's own; what all hold together is bounded too."""
    with Origin() as origin:
        for number in range(30):
            origin.bomb(f"/{number}", coding=coding) if coding else origin.endless(f"/{number}")
        report = measure([origin.url(f"/{number}") for number in range(30)])
        assert all("sent more than 10 MB" in (one["error"] or "") for one in report["outcomes"].values())
        print(f"\n30 x {coding or 'endless'}: {report['growth'] / 1e6:.0f} MB")
        assert report["growth"] < 100_000_000


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_thirty_that_are_nearly_too_big_and_never_end(coding: str) -> None:
    """br fills a window of 16 MB before it hands out a byte: whoever waits for room gives that up meanwhile."""

    def nearly(origin: Origin, path: str) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: 1000000\r\n\r\n" % coding.encode()

        async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
            writer.write(head + content)
            await asyncio.sleep(60)
            return False

        origin.answer(path, behave)

    content = codings.bomb(coding, 9_900_000)[:-1]
    with Origin() as origin:
        for number in range(30):
            nearly(origin, f"/{number}")
        report = measure([origin.url(f"/{number}") for number in range(30)])
        assert all("did not finish its answer" in (one["error"] or "") for one in report["outcomes"].values())
        print(f"\n30 x {coding}: {report['growth'] / 1e6:.0f} MB")
        assert report["growth"] < 100_000_000


# The fetching process


def measure(urls: list[str]) -> Report:
    """Fetch all of *urls* at once in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_fetch_hostile"],
        input=json.dumps(urls),
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report: Report = json.loads(done.stdout)
    return report


async def main(urls: list[str]) -> Report:
    wanted = Fetch(
        allow_private=("127.0.0.0/8",),
        per_host_pause=timedelta(0),
        per_host_concurrency=100,
        concurrency=100,
        timeout=timedelta(seconds=SECONDS),
    )
    async with Fetcher(wanted, version="1.2") as fetcher:
        idle = memory("VmRSS")
        outcomes = await asyncio.gather(*(attempt(fetcher, url) for url in urls))
        return {"growth": memory("VmHWM") - idle, "outcomes": dict(zip(urls, outcomes, strict=True))}


async def attempt(fetcher: Fetcher, url: str) -> Outcome:
    start = asyncio.get_running_loop().time()
    error: str | None = None
    try:
        await fetcher.fetch(url, None, NOW)
    except FetchError as failed:
        error = str(failed)
    return {"seconds": asyncio.get_running_loop().time() - start, "error": error}


def memory(name: str) -> int:
    """A line of /proc/self/status, in bytes: VmRSS is what is held now, VmHWM the most that ever was."""
    lines = Path("/proc/self/status").read_text().splitlines()
    values: dict[str, Any] = dict(line.split(":", 1) for line in lines)
    return int(values[name].split()[0]) * 1024


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
