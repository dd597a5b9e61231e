"""``aggregator check``."""

from __future__ import annotations

import asyncio
from email.utils import parseaddr
from typing import Annotated

import typer

from aggregator import post
from aggregator.access import verify
from aggregator.cli.options import ConfigOption, configured
from aggregator.cli.output import console
from aggregator.cli.reading import Read, reader
from aggregator.daemon import clock, open_relay
from aggregator.errors import ConfigError, MailError
from aggregator.i18n import translations
from aggregator.mail import compose
from aggregator.model import Config, Envelope, Letter, Source
from aggregator.model.units import write_duration


def check(
    online: Annotated[bool, typer.Option("--online", help="Also ask every source, storing nothing.")] = False,
    mail: Annotated[str | None, typer.Option("--mail", metavar="ADDRESS", help="Also send a test to ADDRESS.")] = None,
    config: ConfigOption = None,
) -> None:
    """Check the configuration; every mistake is listed, with its place in the file. Exit status 2 when there is one."""
    settings = configured(config)
    open_relay(settings)
    verify(settings)
    _describe(settings)
    well = True
    if online:
        well = asyncio.run(_ask_all(settings))
    if mail:
        _send_test(settings, mail)
    if not well:
        raise typer.Exit(1)


def _describe(config: Config) -> None:
    console.print("[green]The configuration is right.[/]")
    for source in config.sources:
        often = write_duration(source.interval or config.fetch.interval)
        state = f"every {often}" if source.enabled else "switched off"
        console.print(f"  source {source.id} ({source.zone}), {state}: {source.url}", markup=False, soft_wrap=True)
        if source.note:
            console.print(f"    Note: {source.note}", markup=False, soft_wrap=True)
    for stream in config.streams:
        zones = " + ".join(config.zones_of(stream))
        console.print(f"  stream {stream.id} ({zones}): {config.base_url.rstrip('/')}/{stream.id}.atom", soft_wrap=True)
    for digest in config.digests:
        console.print(f"  digest {digest.id}: {_when(config, digest.id)}, {len(digest.recipients)} recipients")


def _when(config: Config, id: str) -> str:
    digest = config.digest(id)
    if digest.every:
        return f"every {write_duration(digest.every)}"
    times = ", ".join(f"{moment:%H:%M}" for moment in digest.at)
    return f"at {times} ({config.timezone}), {' '.join(digest.days)}"


async def _ask_all(config: Config) -> bool:
    wanted = [source for source in config.sources if source.enabled]
    async with reader(config.fetch, config.parse, config.timezone) as reading:
        results = await asyncio.gather(*(reading.source(source) for source in wanted))
    for source, result in zip(wanted, results, strict=True):
        _tell(source, result)
    return all(result.feed for result in results)


def _tell(source: Source, result: Read) -> None:
    if result.feed is None:
        console.print(f"[red]failed[/] {source.id}: ", end="")
        console.print(result.error or "", markup=False, soft_wrap=True)
        if source.note:
            console.print(f"       Note: {source.note}", markup=False, soft_wrap=True)
        return
    console.print(f"[green]ok[/]     {source.id}: {len(result.feed.entries)} entries", soft_wrap=True)
    for problem in result.feed.problems:
        console.print(f"       {problem}", markup=False, soft_wrap=True)
    for entry in result.feed.entries[:3]:
        console.print(f"       {entry.title}", markup=False, soft_wrap=True)


def _send_test(config: Config, address: str) -> None:
    relay = open_relay(config)
    if relay is None or config.mail is None:
        raise ConfigError(["mail: there is no [mail] table, so there is nothing to test"])
    now = clock()
    envelope = Envelope(
        sender=config.mail.sender,
        reply_to=config.mail.reply_to,
        recipient=address,
        list_id=f"test.{post.list_domain(config)}",
        message_id=f"<test.{now:%Y%m%d%H%M%S%f}@{parseaddr(config.mail.sender)[1].rpartition('@')[2]}>",
        date=now,
        archive=config.base_url,
    )
    _ = translations(config.language).ugettext
    subject = f"[TEST] {config.streams[0].title}"
    words = _("This is a test of the aggregator. Mail from it arrives here.")
    letter = Letter(subject=subject, text=words, html=f'<html lang="{config.language}"><p>{words}</p></html>')
    try:
        reply = relay.hand_over(
            parseaddr(config.mail.sender)[1], address, compose(letter, envelope), before_dot=lambda: None
        )
    finally:
        relay.close()
    if reply.phase != "dot" or reply.code != 250:
        said = reply.text if reply.code is None else f"{reply.code} {reply.text}"
        raise MailError(f"the relay {config.mail.relay} did not take the test ({reply.phase}): {said}")
    console.print(f"[green]sent[/]   a test to {address}: {reply.text}")
