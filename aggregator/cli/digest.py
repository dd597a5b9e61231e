"""``aggregator digest``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from aggregator import post, renames
from aggregator.cli import preview as previewing
from aggregator.cli.adopting import adopt
from aggregator.cli.options import By, ConfigOption, JsonOption, Why, configured, hand_of
from aggregator.cli.output import console, local, print_json, rfc3339, table
from aggregator.cli.standing import edition_as_json, stands
from aggregator.daemon.machine import machine
from aggregator.daemon.opening import clock, open_store
from aggregator.daemon.relaying import hand_over, open_relay
from aggregator.daemon.witnessing import witness
from aggregator.desk import editions
from aggregator.errors import ConfigError, MailError, StoreError
from aggregator.hand import Hand
from aggregator.model import Config, Delivery, Digest, Edition
from aggregator.status import paused
from aggregator.store import Store, Tx, alone
from aggregator.witness import Witness

app = typer.Typer(
    help="See past editions, look at the next one, send one now, settle what is in doubt.", no_args_is_help=True
)
app.command()(adopt)
Id = Annotated[str, typer.Argument(help="The digest's id in the configuration.")]


@app.command("list")
def list_(
    edition: Annotated[
        int | None, typer.Argument(metavar="[EDITION]", help="An edition's number: list its mails, and whose they are.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the latest editions, skipped ones too; or the mails of one of them.

    Only here stands whose a mail is: the log and `status` name mails by their number.
    """
    settings = configured(config)
    if edition is not None:
        _list_mails(edition, settings, json)
        return
    with open_store(settings, create=False) as store:
        found = store.look(lambda tx: tx.mailing.editions(limit=50))
        tallies = store.look(lambda tx: {edition.id: tx.mailing.tally(edition.id) for edition in found})
    if json:
        print_json([_as_json(edition, tallies[edition.id]) for edition in found])
        return
    if not found:
        console.print("no edition yet")
        return
    table(
        ("edition", "digest", "slot", "frozen", "stories", "state", "deliveries"),
        (
            (
                str(e.id),
                e.digest,
                e.slot,
                local(e.frozen, settings),
                str(e.stories),
                stands(e, settings),
                _counts(tallies[e.id]),
            )
            for e in found
        ),
    )


def _list_mails(edition: int, config: Config, json: bool) -> None:
    with open_store(config, create=False) as store:
        mails = store.look(lambda tx: tx.mailing.of_edition(edition))
    if mails is None:
        raise StoreError(f"there is no edition {edition}; `aggregator digest list` has their numbers")
    if json:
        print_json([_mail_as_json(mail) for mail in mails])
    elif not mails:
        console.print("nothing was due, so nobody was mailed")
    else:
        table(
            ("mail", "recipient", "state", "next attempt", "the relay said"),
            ((str(m.id), m.address, m.state, _next(m, config), m.reply or "-") for m in mails),
        )


@app.command()
def preview(
    digest: Id,
    text: Annotated[bool, typer.Option("--text", help="The plain text (the default).")] = False,
    html: Annotated[bool, typer.Option("--html", help="The HTML.")] = False,
    eml: Annotated[bool, typer.Option("--eml", help="The exact bytes, all headers, for the first recipient.")] = False,
    browser: Annotated[bool, typer.Option("--open", help="Show the HTML once at an address of this machine.")] = False,
    last: Annotated[bool, typer.Option("--all", help="When nothing is new, the last stories of its stream.")] = False,
    config: ConfigOption = None,
) -> None:
    """Show the next edition, held or to come, as its first recipient would get it now. Changes nothing."""
    if text + html + eml + browser > 1:
        raise typer.BadParameter("choose one of --text, --html, --eml and --open")
    settings = configured(config)
    found = previewing.find(settings, _digest(settings, digest), clock(), last=last)
    if found:
        previewing.show(settings, found, html=html, eml=eml, browser=browser)


@app.command()
def send(
    digest: Id,
    to: Annotated[str | None, typer.Option("--to", metavar="ADDRESS", help="Where --test sends it.")] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send what preview --all shows to one address, and change nothing.")
    ] = False,
    why: Why = "",
    by: By = None,
    config: ConfigOption = None,
) -> None:
    """Freeze an edition now, whatever the schedule says, and have it sent.

    The running daemon sends it; without one this command does.
    """
    if (to is not None) != test:
        raise typer.BadParameter("--to and --test go together")
    who = hand_of(why, by)
    settings = configured(config)
    wanted = _digest(settings, digest)
    now = clock()
    if to is not None:
        _send_test(settings, wanted, to, now)
        return
    with open_store(settings, create=False) as store:
        store.submit(lambda tx: renames.apply(tx, settings, now)).result()
        store.submit(lambda tx: post.enrol(tx, settings, now)).result()
        store.submit(lambda tx: post.settle_in(tx, machine(settings))).result()
        seen = witness(settings, store)
        post.begin(store, seen, now)
        if stopped := post.pause(store, machine(settings), seen):
            raise StoreError(paused(stopped))
        slot = f"send-{now:%Y-%m-%dT%H:%M:%S.%fZ}"
        edition = store.submit(lambda tx: _freeze(tx, settings, wanted, slot, replace(who, at=now))).result()
        if edition.state == "skipped":
            console.print(f"{digest}: nothing has arrived since the last edition; skipped")
            return
        console.print(f"{digest}: edition {edition.slot} is frozen, {edition.stories} stories")
        if edition.state == "held":
            console.print("it is held for review; `aggregator digest release` sends it", soft_wrap=True)
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(alone(settings.database))
            except StoreError:
                console.print("the running daemon sends it")
                return
            _deliver(store, settings, seen)


def _freeze(tx: Tx, config: Config, digest: Digest, slot: str, who: Hand) -> Edition:
    edition = post.freeze(tx, config, digest, slot, who.at)
    if edition.state != "skipped":
        editions.note(tx, digest, "send", who, f"edition {slot}")
    return edition


def _send_test(config: Config, digest: Digest, address: str, now: datetime) -> None:
    found = previewing.find(config, digest, now, last=True)
    if found:
        said = hand_over(config, *post.trial(config, digest, found.letter, address, now))
        console.print(f"a test to {address}: {said}", markup=False, soft_wrap=True)


@app.command()
def hold(digest: Id, why: Why = "", by: By = None, config: ConfigOption = None) -> None:
    """Hold the edition that is being sent, or waits for its review, until it is released or cancelled."""
    if not _become(digest, config, "hold", hand_of(why, by), "held until it is released"):
        console.print(f"{digest}: no edition is on its way")


@app.command()
def release(digest: Id, why: Why = "", by: By = None, config: ConfigOption = None) -> None:
    """Send the edition that is held; where none is, the mails that are held in doubt, once more, the same bytes.

    Held in doubt: in_doubt = "hold", and the relay went silent.
    """
    who = hand_of(why, by)
    if not _become(digest, config, "release", who, "goes out now"):
        _settle_held(digest, config, "release", who, "queued to be sent once more")


@app.command()
def cancel(digest: Id, why: Why = "", by: By = None, config: ConfigOption = None) -> None:
    """Give up the edition that is held: what was not sent of it goes into the next one.

    Where none is held, drop the mails that are held in doubt, because the relay's log says that they were delivered.
    """
    told = "cancelled; what was not sent of it goes into the next edition"
    who = hand_of(why, by)
    if not _become(digest, config, "cancel", who, told):
        _settle_held(digest, config, "cancel", who, "dropped")


def _become(id: str, config: Path | None, act: str, who: Hand, done: str) -> bool:
    settings = configured(config)
    wanted = _digest(settings, id)
    with open_store(settings, create=False) as store:
        found = store.submit(lambda tx: editions.do(tx, wanted, act, who)).result()
    for edition in found:
        console.print(f"{id}: edition {edition.slot} {done}", markup=False, soft_wrap=True)
    return bool(found)


def _settle_held(id: str, config: Path | None, act: str, who: Hand, done: str) -> None:
    settings = configured(config)
    wanted = _digest(settings, id)
    with open_store(settings, create=False) as store:
        settled = store.submit(lambda tx: editions.settle_doubts(tx, wanted, act, who)).result()
    for delivery in settled:
        console.print(f"{delivery.address}: {done}", markup=False, soft_wrap=True)
    if not settled:
        console.print(f"{id}: nothing is held")


def _deliver(store: Store, config: Config, witness: Witness | None) -> None:
    relay = open_relay(config)
    assert relay is not None
    waiting = 0
    try:
        while done := post.deliver_due(store, relay, config, clock, witness=witness):
            for delivery in done:
                console.print(f"{delivery.address}: {delivery.state}, {delivery.reply}", markup=False, soft_wrap=True)
            waiting += sum(delivery.state != "sent" for delivery in done)
    finally:
        relay.close()
    if waiting:
        raise MailError(f"{waiting} mails were not sent; those that are deferred wait for the daemon (aggregator run)")


def _digest(config: Config, id: str) -> Digest:
    try:
        return config.digest(id)
    except KeyError:
        known = ", ".join(digest.id for digest in config.digests) or "none"
        raise ConfigError([f'no digest is called "{id}"; there are: {known}']) from None


def _as_json(edition: Edition, tally: dict[str, int]) -> dict[str, object]:
    return {"id": edition.id, **edition_as_json(edition), "deliveries": tally}


def _mail_as_json(mail: Delivery) -> dict[str, object]:
    return {
        "id": mail.id,
        "digest": mail.digest,
        "address": mail.address,
        "state": mail.state,
        "next_attempt": rfc3339(mail.next_attempt) if mail.state == "deferred" else None,
        "attempts": mail.attempts,
        "doubts": mail.doubts,
        "reply": mail.reply,
    }


def _next(mail: Delivery, config: Config) -> str:
    return local(mail.next_attempt, config) if mail.state in {"queued", "deferred"} else "-"


def _counts(tally: dict[str, int]) -> str:
    return ", ".join(f"{many} {state}" for state, many in sorted(tally.items())) or "-"
