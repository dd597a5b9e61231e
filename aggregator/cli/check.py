"""``aggregator check``."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from email.utils import parseaddr
from itertools import repeat
from pathlib import Path
from typing import Annotated

import typer

from aggregator import html, post
from aggregator.access import verify
from aggregator.cli.options import ConfigOption
from aggregator.cli.output import console, rfc3339
from aggregator.cli.reading import Read, Reader, reader
from aggregator.config import find, secret
from aggregator.daemon.opening import clock
from aggregator.daemon.relaying import hand_over, open_signer
from aggregator.daemon.trying import configured
from aggregator.errors import ConfigError, MailError
from aggregator.i18n import translations
from aggregator.mail.log import RelayLog
from aggregator.model import Config, Envelope, Letter, Source, Stream
from aggregator.model.units import write_duration
from aggregator.publish import places


def check(
    online: Annotated[
        bool, typer.Option("--online", help="Also ask every source, storing nothing, and look for announced feeds.")
    ] = False,
    mail: Annotated[str | None, typer.Option("--mail", metavar="ADDRESS", help="Also send a test to ADDRESS.")] = None,
    config: ConfigOption = None,
) -> None:
    """Check the configuration; every mistake is listed, with its place in the file. Exit status 2 when there is one."""
    settings = configured(find(config))
    verify(settings)
    _describe(settings)
    _check_secrets(settings)
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
        _formerly(source.aliases)
        if source.note:
            console.print(f"    Note: {source.note}", markup=False, soft_wrap=True)
    for stream in config.streams:
        zones = " + ".join(config.zones_of(stream))
        feed = f"{config.base_url.rstrip('/')}/{stream.id}.atom"
        console.print(f"  stream {stream.id} ({zones}): {feed}", markup=False, soft_wrap=True)
        if rules := _rules(stream):
            console.print(f"    only {rules}", markup=False, soft_wrap=True)
        _formerly(stream.was)
    for zone in (zone for zone in config.zones if zone.was):
        console.print(f"  zone {zone.id}: {zone.name}", markup=False, soft_wrap=True)
        _formerly(zone.was)
    for digest in config.digests:
        readers = "1 recipient" if len(digest.recipients) == 1 else f"{len(digest.recipients)} recipients"
        console.print(f"  digest {digest.id}: {_when(config, digest.id)}, {readers}", soft_wrap=True)
    if places.is_open(config):
        _describe_subscribing(config)
    if config.mail and config.mail.relay_log:
        _describe_log(RelayLog(config.mail.relay_log))
    if config.desk.users or config.desk.trusted_header:
        _describe_desk(config)


def _describe_desk(config: Config) -> None:
    """Who may come to the desk and how, as far as that is not what was meant."""
    users, header = config.desk.users, config.desk.trusted_header
    named = ", ".join(f"{user.name} ({'editor' if user.is_editor else 'reader'})" for user in users)
    how = f"whom {', '.join(config.desk.proxies)} names in {header}" if header else "who log in with passwords"
    console.print(f"  desk: {named or 'nobody'}, {how}", markup=False, soft_wrap=True)
    if not any(user.is_editor for user in users):
        told = 'nobody can change anything at the desk: no user of it has role = "editor"'
        console.print(f"[yellow]warning[/]: {told}", soft_wrap=True)
    if users and not header and not config.base_url.startswith("https:"):
        console.print(
            "[yellow]warning[/]: with this base_url passwords for the desk travel in the open", soft_wrap=True
        )


def _describe_subscribing(config: Config) -> None:
    """Where people subscribe, and what the operator owes them."""
    assert config.mail is not None
    ids = ", ".join(digest.id for digest in config.digests if digest.open)
    console.print(f"  people subscribe to {ids} at {places.base(config)}{places.SUBSCRIBE}", soft_wrap=True)
    if config.mail.reply_to is None:
        told = "subscribers answer mails, and without reply_to in the table mail they answer to"
        console.print(f"[yellow]warning[/]: {told} {parseaddr(config.mail.sender)[1]}: read it", soft_wrap=True)
    if not config.base_url.startswith("https:"):
        told = "one click to unsubscribe takes https (RFC 8058); with this base_url mails offer only an address"
        console.print(f"[yellow]warning[/]: {told}", soft_wrap=True)


def _describe_log(relay_log: RelayLog) -> None:
    """Whether doubts can be settled by the relay's log, as whoever runs this command."""
    now = clock()
    try:
        taken = len(relay_log.read(now - timedelta(hours=1), now).taken)
    except MailError as failure:
        console.print("[yellow]warning[/]: ", end="")
        console.print(str(failure), markup=False, soft_wrap=True)
    else:
        console.print(
            f"  the relay's log knows {taken} mails that it took: {relay_log.place}", markup=False, soft_wrap=True
        )


def _formerly(ids: tuple[str, ...]) -> None:
    if ids:
        console.print(f"    was {', '.join(ids)} before, whose stories it keeps", markup=False, soft_wrap=True)


def _rules(stream: Stream) -> str:
    """What a stream asks for beyond its zones, in words."""
    asked = {
        "items of": stream.sources,
        "in category": stream.categories,
        "with": stream.include,
        "without": stream.exclude,
        "what more than one zone published": ("",) if stream.joint_only else (),
    }
    return ", ".join(f"{words} {' or '.join(values)}".strip() for words, values in asked.items() if values)


def _check_secrets(config: Config) -> None:
    """A credential exists only inside the service: that it cannot be seen from here is no mistake."""
    mail = config.mail
    named = [("relay's password", mail and mail.password_file), ("DKIM key", mail and mail.dkim and mail.dkim.key_file)]
    for what, name in named:
        if name and not Path(name).is_absolute() and "CREDENTIALS_DIRECTORY" not in os.environ:
            console.print(f"  the {what} is the systemd credential {name}, which only the service can read")
        elif name:
            secret(name, what=what)


def _when(config: Config, id: str) -> str:
    digest = config.digest(id)
    if digest.every:
        return f"every {write_duration(digest.every)}"
    if digest.cadence == "at once":
        return "at once, each story by itself"
    times = ", ".join(f"{moment:%H:%M}" for moment in digest.at)
    often = "" if digest.cadence == "daily" else f"{digest.cadence}, on "
    return f"at {times} ({config.timezone}), {often}{' '.join(digest.days)}"


async def _ask_all(config: Config) -> bool:
    wanted = [source for source in config.sources if source.enabled]
    async with reader(config.fetch, config.parse, config.timezone) as reading:
        results = await asyncio.gather(*(reading.source(source) for source in wanted))
        articles = await asyncio.gather(*map(_first_article, repeat(reading), wanted, results))
    for source, result, article in zip(wanted, results, articles, strict=True):
        _tell(source, result)
        if article:
            console.print(f"       {article}", markup=False, soft_wrap=True)
        for url in result.announced:
            console.print(f"       The page announces a feed: {url}", markup=False, soft_wrap=True)
            console.print('       Feeds last longer than pages: set url to it, and type = "feed".', soft_wrap=True)
    return all(result.feed for result in results)


async def _first_article(reading: Reader, source: Source, result: Read) -> str | None:
    """What the page behind a source's first item gives, in words; None where none is to be read."""
    if source.article is None or result.feed is None:
        return None
    entry = next((entry for entry in result.feed.entries if entry.link), None)
    if entry is None:
        return None
    article = await reading.article(source, entry)
    if isinstance(article, str):
        return f"The article behind the first item could not be read ({entry.link}): {article}"
    words = len(html.to_text(article.content.value).split()) if article.content else 0
    return f"The article behind the first item has {words} words, and is of {rfc3339(article.published) or 'no date'}"


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


def _tell_signing(name: str, problem: str | None) -> None:
    style, words = ("red", problem) if problem else ("green", f"mails are signed, and {name} has the key")
    console.print(f"[{style}]DKIM[/]   ", end="")
    console.print(words, markup=False, soft_wrap=True)


def _send_test(config: Config, address: str) -> None:
    if config.mail is None:
        raise ConfigError(["mail: there is no [mail] table, so there is nothing to test"])
    if signer := open_signer(config):
        _tell_signing(signer.name, signer.problem())
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
    said = hand_over(config, letter, envelope)
    console.print("[green]sent[/]   ", end="")
    console.print(f"a test to {address}: {said}", markup=False, soft_wrap=True)
