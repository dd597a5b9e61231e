"""The demo in one go: poll, let new releases appear, poll again, mail those, and write down what came of it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from aggregator import post
from aggregator.cli.demo import configuration
from aggregator.cli.demo.sink import Sink
from aggregator.cli.demo.sites import Sites
from aggregator.cli.output import console
from aggregator.cli.publish import note
from aggregator.config import load
from aggregator.daemon.connecting import means
from aggregator.daemon.directory import Directory
from aggregator.daemon.opening import clock
from aggregator.daemon.relaying import open_relay
from aggregator.daemon.rendering import render_all
from aggregator.errors import AggregatorError
from aggregator.model import Document
from aggregator.poll import Means, poll
from aggregator.store import Tx

LISTEN = "127.0.0.1:8080"
"""What the documents say that their address is; nothing listens there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ``summary.json`` says."""

    sources: int
    entries: int
    stories: int
    joint_stories: int
    mails: int


def run(output: Path) -> None:
    """Write samenwerking.atom, index.html, digest.eml and summary.json to *output*."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aggregator-demo-")))
        sites = Sites(clock())
        stack.callback(sites.close)
        sink = Sink(work / "mail")
        stack.callback(sink.close)
        settings = work / "aggregator.toml"
        settings.write_text(configuration(sites, sink, work, listen=LISTEN), encoding="utf-8")
        documents, outcome = asyncio.run(_travel(settings, sites, sink))
        _write(output, documents, sink, outcome)


async def _travel(settings: Path, sites: Sites, sink: Sink) -> tuple[dict[str, Document], Outcome]:
    config = load(settings)
    async with means(config) as opened:
        await opened.store.write(lambda tx: post.enrol(tx, config, clock()))
        await _poll_all(opened)
        while sites.release_next(clock()):
            pass
        await _poll_all(opened)
        digest = config.digests[0]
        await opened.store.write(lambda tx: post.freeze(tx, config, digest, "demo", clock()))
        await asyncio.to_thread(_mail, opened)
        await asyncio.to_thread(note, opened.store, config)
        documents = await opened.store.read(lambda tx: render_all(tx, config))
        return documents, await opened.store.read(lambda tx: _outcome(tx, opened, sink))


async def _poll_all(opened: Means) -> None:
    for noted in await asyncio.gather(*(poll(source, opened) for source in opened.config.sources)):
        if noted.error:
            raise AggregatorError(f"the sample source {noted.source} could not be read: {noted.error}")


def _mail(opened: Means) -> None:
    relay = open_relay(opened.config)
    assert relay is not None
    try:
        post.deliver_due(opened.store, relay, opened.config, clock)
    finally:
        relay.close()


def _outcome(tx: Tx, opened: Means, sink: Sink) -> Outcome:
    stories, joint = tx.stories.counts()
    entries = sum(poll.entries for poll in tx.polls.all().values())
    return Outcome(len(opened.config.sources), entries, stories, joint, sink.count)


def _write(output: Path, documents: dict[str, Document], sink: Sink, outcome: Outcome) -> None:
    Directory(output).write(documents.items())
    (output / "digest.eml").write_bytes(sink.mails[0].read_bytes())
    names = ("sources", "entries", "stories", "joint_stories", "mails")
    summary = {name: getattr(outcome, name) for name in names}
    (output / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    for name, value in summary.items():
        console.print(f"{value:4} {name.replace('_', ' ')}")
    for name in ("samenwerking.atom", "index.html", "digest.eml", "summary.json"):
        console.print(str(output / name), markup=False, soft_wrap=True)
