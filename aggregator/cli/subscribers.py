"""``aggregator subscribers``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from aggregator import text
from aggregator.cli import mailbag
from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, errors, local, print_json, rfc3339, table
from aggregator.daemon.opening import clock, open_store
from aggregator.errors import AggregatorError, ConfigError, StoreError
from aggregator.model import Choices, Config, Digest, Reader, Subscriber
from aggregator.store import ASKING, EVERY, Tx
from aggregator.subscribing import addresses, desk, forms, lists

app = typer.Typer(
    help="Who subscribed to the digests: list, add, remove, import, and all that is known of one, or none of it.",
    no_args_is_help=True,
)
T = TypeVar("T")
Address = Annotated[str, typer.Argument(help="The mail address.")]
DigestOption = Annotated[str | None, typer.Option("--digest", metavar="ID", help="One digest; else all of them.")]
Source = Annotated[
    str,
    typer.Option(
        "--consent-source",
        metavar="WORDS",
        help="Required: how you know that they agreed; kept as the proof of it.",
        show_default=False,
    ),
]


@app.command("list")
def list_(digest: DigestOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the subscribers, with what they get. Who has not confirmed is not among them."""
    settings = configured(config)
    wanted = _digest(settings, digest).id if digest else None
    found = _look(settings, lambda tx: list(tx.subscribers.all()))
    kept = [
        (who, [reader for reader in readers if wanted in (None, reader.digest)])
        for who, readers in found
        if wanted is None or any(reader.digest == wanted for reader in readers)
    ]
    if json:
        print_json([_as_json(who, readers) for who, readers in kept])
        return
    table(
        ("address", "state", "since", "digests"),
        ((who.address, _state(who, settings), local(who.created, settings), _told(readers)) for who, readers in kept),
    )
    console.print(f"{len(kept)} subscribers")
    _list_unmailed(settings, wanted)


def _list_unmailed(config: Config, digest: str | None) -> None:
    """Recipients in the configuration who are mailed nothing, and why."""

    def lines(tx: Tx) -> list[tuple[str, ...]]:
        return [
            (address, id, reason, local(at, config))
            for id, addresses in mailbag.unmailed(tx, config).items()
            if digest in (None, id)
            for address in addresses
            for other, reason, at in tx.audience.suppressions(address)
            if other in (id, EVERY)
        ]

    found = _look(config, lines)
    if found:
        console.print("\nIn the configuration, and mailed nothing until `aggregator subscribers lift ADDRESS`:")
        table(("address", "digest", "because", "since"), found)


@app.command()
def add(
    address: Address,
    consent_source: Source = "",
    digest: DigestOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Subscribe an address without asking it: only when its owner has agreed, for instance on paper."""
    settings = configured(config)
    read, problem = addresses.read(address)
    if problem:
        raise AggregatorError(f"{address} is no mail address that every mail server takes")
    choices = Choices(digests=tuple(each.id for each in _digests(settings, digest)))
    now, source = clock(), _source(consent_source)
    done = _write(settings, lambda tx: desk.enter(tx, settings, read, choices, "entered", source, now))
    if json:
        print_json({"address": read, "result": done})
    else:
        console.print(f"{read}: {_DONE[done]}", markup=False, soft_wrap=True)
    if done == "suppressed":
        raise typer.Exit(1)


@app.command()
def remove(
    address: Address, digest: DigestOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Unsubscribe an address, as its owner would with one click; an import does not bring it back."""
    settings = configured(config)
    wanted = _digest(settings, digest).id if digest else EVERY
    now = clock()
    many = _write(settings, lambda tx: tx.subscribers.leave(address, now, digest=wanted, source="the operator"))
    if not many:
        raise StoreError(f"{address} gets no digest of ours")
    if json:
        print_json({"address": address, "digests": many})
    else:
        console.print(f"{address}: unsubscribed from {many} of the digests", markup=False, soft_wrap=True)


@app.command()
def lift(address: Address, digest: DigestOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Let an address be mailed again that was unsubscribed, refused, erased, or from which mails came back."""
    settings = configured(config)
    ids = [_digest(settings, digest).id] if digest else [EVERY, *(each.id for each in settings.digests)]
    refused = addresses.mailbox(address)
    lifted = _write(
        settings, lambda tx: tx.audience.lift(refused, ASKING) + sum(tx.audience.lift(address, id) for id in ids)
    )
    if json:
        print_json({"address": address, "lifted": lifted})
    elif lifted:
        console.print(f"{address} may be mailed again; who was a subscriber has to subscribe anew", markup=False)
    else:
        console.print(f"{address}: nothing to lift", markup=False)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: the addresses, or columns address, zones, topics, format.")],
    consent_source: Source = "",
    digest: DigestOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Subscribe the addresses of a list. Doing it twice is doing it once; who left stays away; every bad line is told.

    Exit status 1 when there were bad lines; the others have been taken.
    """
    settings = configured(config)
    wanted = _digests(settings, digest)
    zones = {zone for each in wanted for zone in forms.zones_of(settings, each)}
    lines, wrong = lists.read(_text(file), zones, {topic for each in wanted for topic in each.topics})
    now, source = clock(), _source(consent_source)
    ids = tuple(each.id for each in wanted)

    def enter(tx: Tx, some: Sequence[lists.Line]) -> Counter[str]:
        return Counter(
            desk.enter(tx, settings, line.address, _choices(ids, line), "imported", source, now) for line in some
        )

    done: Counter[str] = Counter(dict.fromkeys(_DONE, 0))
    with open_store(settings, create=False) as store:
        for start in range(0, len(lines), _BATCH):  # the daemon writes in between
            done.update(store.submit(partial(enter, some=lines[start : start + _BATCH])).result())
    if json:
        print_json({**done, "bad": wrong})
    else:
        for words in wrong:
            errors.print(words, style="yellow", markup=False)
        told = ", ".join(f"{many} {_DONE[result]}" for result, many in done.items())
        console.print(f"{told}, {len(wrong)} bad lines", markup=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


@app.command()
def export(address: Address, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print all that is known of an address, as JSON."""
    settings = configured(config)
    print_json(_write(settings, lambda tx: tx.privacy.known(address)))  # a new database makes its key for hashes


@app.command()
def erase(address: Address, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Forget all that is known of an address. A keyed hash stays, by which it is never mailed or imported again."""
    settings = configured(config)
    now = clock()
    gone = _write(settings, lambda tx: tx.privacy.erase(address, now))
    named = [digest.id for digest in settings.digests if address.lower() in map(str.lower, digest.recipients)]
    if json:
        print_json({"address": address, "erased": gone, "still_in_configuration": named})
        return
    rows = ", ".join(f"{many} of {name}" for name, many in gone.items() if many) or "nothing was known"
    console.print(f"{address}: erased ({rows})", markup=False, soft_wrap=True)
    if named:
        console.print(f"the configuration names it still, in {', '.join(named)}: take it out there", markup=False)
    console.print("backups of the database hold it until they are deleted", markup=False)


_BATCH = 100
_DONE = {"added": "added", "there": "there already", "suppressed": "kept away, because they left or were suppressed"}


def _look(config: Config, work: Callable[[Tx], T]) -> T:
    with open_store(config, create=False) as store:
        return store.look(work)


def _write(config: Config, work: Callable[[Tx], T]) -> T:
    with open_store(config, create=False) as store:
        return store.submit(work).result()


def _digest(config: Config, id: str) -> Digest:
    try:
        return config.digest(id)
    except KeyError:
        known = ", ".join(digest.id for digest in config.digests) or "none"
        raise ConfigError([f'no digest is called "{id}"; there are: {known}']) from None


def _digests(config: Config, id: str | None) -> list[Digest]:
    """The digest that was named; without a name the only one that there is."""
    if id:
        return [_digest(config, id)]
    if len(config.digests) != 1:
        known = ", ".join(digest.id for digest in config.digests) or "none"
        raise ConfigError([f"name the digest with --digest; there are: {known}"])
    return list(config.digests)


def _source(value: str) -> str:
    if not text.clean(value):
        raise ConfigError(
            ['--consent-source is required: say how you know that they agreed, such as "paper form of November 2026"']
        )
    return text.clean(value)


def _choices(digests: tuple[str, ...], line: lists.Line) -> Choices:
    return Choices(digests=digests, zones=line.zones, categories=line.topics, format=line.format)


def _text(file: Path) -> str:
    """What stands in a list; what is not UTF-8 was written by an older spreadsheet."""
    try:
        content = file.read_bytes()
    except OSError as failure:
        raise AggregatorError(f"cannot read {file}: {failure.strerror}") from failure
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _state(who: Subscriber, config: Config) -> str:
    return f"{who.state} until {local(who.until, config)}" if who.until else who.state


def _told(readers: list[Reader]) -> str:
    return ", ".join(reader.digest + (f" ({' '.join(reader.zones)})" if reader.zones else "") for reader in readers)


def _as_json(who: Subscriber, readers: list[Reader]) -> dict[str, object]:
    return {
        "address": who.address,
        "state": who.state,
        "since": rfc3339(who.created),
        "until": rfc3339(who.until),
        "digests": [
            {
                "id": reader.digest,
                "zones": list(reader.zones),
                "topics": list(reader.categories),
                "format": reader.format,
            }
            for reader in readers
        ],
    }
