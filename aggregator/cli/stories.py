"""``aggregator stories``: what was merged and why, and the editor's hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from itertools import islice
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from aggregator import hand, select
from aggregator.cli.options import By, ConfigOption, JsonOption, Why, configured, hand_of
from aggregator.cli.output import console, local, print_json
from aggregator.cli.telling import Act, as_json, deed_as_json, explained_as_json, say, show_table, tell
from aggregator.daemon.opening import clock, open_store
from aggregator.dates import parse
from aggregator.desk import editions
from aggregator.explain import Explanation
from aggregator.explain import explain as explanation
from aggregator.hand import Hand
from aggregator.model import Config, Story, Stream, Zone
from aggregator.store import State, Tx, Wanted

T = TypeVar("T")
app = typer.Typer(help="See what was merged and why; split, join, hide, release.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A story's id, or the beginning of the last part of it.")]


@app.command("list")
def list_(
    stream: Annotated[str | None, typer.Option("--stream", help="Only what this stream shows.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="Only stories that this zone published.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only stories that this source published.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Only stories with these words in title or text.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Published on this day or moment, or later.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Published on this day or before this moment.")] = None,
    state: Annotated[
        State | None,
        typer.Option("--state", help="Only these; differs: a copy was edited and is no longer what it joined."),
    ] = None,
    joint: Annotated[bool, typer.Option("--joint", help="The same as --state joint.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories, newest first, withdrawn and held ones too."""
    settings = configured(config)
    if joint and state not in (None, "joint"):
        raise typer.BadParameter("--joint and --state exclude each other")
    wanted = Wanted(
        zone=_known(zone, settings.zones, "zone"),
        source=source,
        since=_moment(since, settings),
        until=_moment(until, settings, end=True),
        state="joint" if joint else state,
        word=select.longest_word(text or ""),
    )
    streams = [settings.stream(stream)] if stream and _known(stream, settings.streams, "stream") else None
    fits = partial(select.fits, config=settings, typed=text or "", streams=streams)
    with open_store(settings, create=False) as store:
        shown = store.look(lambda tx: list(islice(filter(fits, tx.stories.listed(wanted)), limit)))
    if json:
        print_json([as_json(story) for story in shown])
    else:
        show_table(shown, settings)


@app.command()
def explain(name: Name, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Say why each copy belongs to a story, and why the nearest other stories do not; and what editors did to it."""
    settings = configured(config)
    with open_store(settings, create=False) as store:
        told, acts = store.look(lambda tx: _explained(tx, name, settings))
    if json:
        print_json(explained_as_json(told, acts))
    else:
        tell(told, acts, settings)


@app.command()
def split(
    name: Name,
    what: Annotated[
        str, typer.Argument(help="What leaves it: a source, the link of one copy, or a story that was joined into it.")
    ],
    why: Why = "",
    by: By = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Take a copy out of a story; it becomes a story of its own. Undo it with join."""
    _done(_act(config, lambda tx, who: hand.split(tx, name, what, who), why, by), json)


@app.command()
def join(
    name: Name,
    other: Annotated[str, typer.Argument(help="The story that is taken in; its id is not used again.")],
    why: Why = "",
    by: By = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Put two stories together, under the id of the first. Undo it with split STORY OTHER."""
    _done((_act(config, lambda tx, who: hand.join(tx, name, other, who), why, by),), json)


@app.command()
def hide(name: Name, why: Why = "", by: By = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Withdraw a story from feed, page and coming digests; it cannot come back by itself. Undo it with show."""
    _done((_act(config, lambda tx, who: hand.hide(tx, name, who), why, by),), json)


@app.command()
def show(name: Name, why: Why = "", by: By = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Undo hide."""
    _done((_act(config, lambda tx, who: hand.show(tx, name, who), why, by),), json)


@app.command()
def lead(
    name: Name,
    copy: Annotated[str, typer.Argument(help="A source, or the link of one copy; without it the fullest.")] = "",
    why: Why = "",
    by: By = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let a copy lead: readers see its title and text. Undo it with another one, or without COPY."""
    _done((_act(config, lambda tx, who: hand.lead(tx, name, _key(tx, name, copy), who), why, by),), json)


@app.command()
def pin(name: Name, why: Why = "", by: By = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Put a story first on pages and in digests; feeds keep their order. Undo it with unpin."""
    _done((_act(config, lambda tx, who: hand.pin(tx, name, who), why, by),), json)


@app.command()
def unpin(name: Name, why: Why = "", by: By = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Undo pin."""
    _done((_act(config, lambda tx, who: hand.unpin(tx, name, who), why, by),), json)


@app.command()
def log(
    name: Annotated[str | None, typer.Argument(metavar="[STORY]", help="Only what was done to this story.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List what editors did to stories and digests, by a command or at the desk, the latest first."""
    with open_store(configured(config), create=False) as store:
        deeds = store.look(lambda tx: tx.hands.log(story=hand.find(tx, name).id if name else None, limit=limit))
    if json:
        print_json([deed_as_json(deed) for deed in deeds])
    for deed in () if json else deeds:
        say(f"{local(deed.at, configured(config))}  {deed.who}: {deed.act} {deed.story} {deed.detail}")


@app.command()
def held(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List what is held back because a source brought a flood of unknown entries at once."""
    settings = configured(config)
    with open_store(settings, create=False) as store:
        found = store.look(lambda tx: tx.stories.held())
    if json:
        print_json([as_json(story) for story in found])
    else:
        show_table(found, settings)


@app.command()
def release(
    names: Annotated[list[str] | None, typer.Argument(help="Held stories; all of them with --all.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that is held.")] = False,
    why: Why = "",
    by: By = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let held stories into the feed and the digest, as news."""
    _let_go(hand.release, names or [], all_, hand_of(why, by), config, json=json)


@app.command()
def absorb(
    names: Annotated[list[str] | None, typer.Argument(help="Held stories; all of them with --all.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that is held.")] = False,
    why: Why = "",
    by: By = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let held stories into the feed and not into the digest: history that was published again."""
    _let_go(hand.absorb, names or [], all_, hand_of(why, by), config, json=json)


def _explained(tx: Tx, name: str, config: Config) -> tuple[Explanation, list[Act]]:
    story = hand.find(tx, name)
    return explanation(tx, story, config.match), tx.hands.on(story.id)


def _key(tx: Tx, name: str, copy: str) -> str | None:
    """The key of the copy that is called *copy*; None when none is."""
    if not copy:
        return None
    story = hand.find(tx, name)
    found = (each.sighting for each in story.members if copy in (each.sighting.source, each.sighting.entry.link))
    seen = next(found, None)
    if seen is None:
        raise hand.NoSuchStory(f'{story.id} has no copy "{copy}"')
    return seen.keys[0]


def _known(name: str | None, some: Sequence[Zone | Stream], kind: str) -> str | None:
    if name is not None and all(each.id != name for each in some):
        raise typer.BadParameter(f'no {kind} is called "{name}"; there are: {", ".join(each.id for each in some)}')
    return name


def _moment(value: str | None, config: Config, *, end: bool = False) -> datetime | None:
    """A day or a moment as people write it, on the operator's clock; the *end* of a day is the next one's beginning."""
    if value is None:
        return None
    timezone = ZoneInfo(config.timezone)
    found = parse(value, tz=timezone, now=clock())
    if found is None:
        raise typer.BadParameter(f'"{value}" is neither a day (2026-11-23) nor a moment (2026-11-23 07:30)')
    here = found.astimezone(timezone)
    return here + timedelta(days=1) if end and here.time() == time(0) and ":" not in value else here


def _act(config: Any, act: Callable[[Tx, Hand], T], why: str, by: str | None) -> T:
    who, settings = hand_of(why, by), configured(config)

    def do(tx: Tx) -> T:
        with editions.following(tx, settings, who.at):
            return act(tx, who)

    with open_store(settings, create=False) as store:
        return store.submit(do).result()


def _done(stories: Sequence[Story], json: bool) -> None:
    if json:
        print_json([as_json(story) for story in stories])
        return
    for story in stories:
        say(story.id)


def _let_go(
    act: Callable[[Tx, str, Hand], Story], names: list[str], everything: bool, who: Hand, config: Any, *, json: bool
) -> None:
    if everything == bool(names):
        raise typer.BadParameter("name the stories, or say --all")

    settings = configured(config)

    def let_go(tx: Tx) -> list[Story]:
        with editions.following(tx, settings, who.at):
            return [act(tx, name, who) for name in names or [story.id for story in tx.stories.held()]]

    with open_store(settings, create=False) as store:
        done = store.submit(let_go).result()
    if json:
        print_json([as_json(story) for story in done])
    else:
        console.print(f"{len(done)} {'story' if len(done) == 1 else 'stories'} let go")
