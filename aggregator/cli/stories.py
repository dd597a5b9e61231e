"""``aggregator stories``: what was merged and why, and the editor's hand."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from aggregator import hand
from aggregator.cli.options import ConfigOption, JsonOption, configured
from aggregator.cli.output import console, local, print_json, rfc3339, table
from aggregator.daemon import clock, open_store
from aggregator.hand import Hand
from aggregator.match import sentence
from aggregator.model import Config, Match, Story
from aggregator.store import Tx

T = TypeVar("T")
app = typer.Typer(help="See what was merged and why; split, join, hide, release.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A story's id, or the beginning of the last part of it.")]
Why = Annotated[str, typer.Option("--why", help="One line of reason, kept with the act.")]


@app.command("list")
def list_(
    zone: Annotated[str | None, typer.Option("--zone", help="Only stories that this zone published.")] = None,
    joint: Annotated[bool, typer.Option("--joint", help="Only stories that more than one zone published.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories, newest first, withdrawn and held ones too."""
    settings = configured(config)
    with open_store(settings, create=False) as store:
        found = store.look(lambda tx: tx.stories.listed(zone=zone, limit=None if joint else limit))
    shown = [story for story in found if story.members and (not joint or len(story.zones) > 1)][:limit]
    if json:
        print_json([as_json(story) for story in shown])
    else:
        _table(shown, settings)


@app.command()
def explain(name: Name, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Say which copies a story has, why each of them belongs to it, and what editors did to it."""
    settings = configured(config)
    with open_store(settings, create=False) as store:
        story = store.look(lambda tx: hand.find(tx, name))
        acts = store.look(lambda tx: tx.hands.on(story.id))
    if json:
        done = [{"at": rfc3339(at), "who": who, "act": act, "detail": detail} for at, who, act, detail in acts]
        print_json(as_json(story) | {"acts": done})
        return
    console.print(_title(story), style="bold", markup=False, soft_wrap=True)
    console.print(f"{story.id}, {_state(story)}, published {local(story.published, settings)}\n", soft_wrap=True)
    for member in story.members:
        seen = member.sighting
        console.print(f"{seen.source} ({seen.zone}), first seen {local(seen.seen, settings)}", markup=False)
        console.print(f"  {seen.entry.title}\n  {seen.entry.link or 'no link'}", markup=False, soft_wrap=True)
        console.print(f"  {sentence(member)}", markup=False, soft_wrap=True)
    for at, who, act, detail in acts:
        console.print(f"{local(at, settings)}  {who}: {act} {detail}", markup=False, soft_wrap=True)


@app.command()
def split(
    name: Name,
    source: Annotated[str, typer.Argument(help="The source whose copy leaves the story.")],
    why: Why = "",
    config: ConfigOption = None,
) -> None:
    """Take one source's copy out of a story; it becomes a story of its own. Undo it with join."""
    story, parted = _act(config, lambda tx, who: hand.split(tx, name, source, who), why)
    console.print(f"{story.id}\n{parted.id}", markup=False)


@app.command()
def join(
    name: Name,
    other: Annotated[str, typer.Argument(help="The story that is taken in; its id is not used again.")],
    why: Why = "",
    config: ConfigOption = None,
) -> None:
    """Put two stories together, under the id of the first. Undo it with split."""
    console.print(_act(config, lambda tx, who: hand.join(tx, name, other, who), why).id, markup=False)


@app.command()
def hide(name: Name, why: Why = "", config: ConfigOption = None) -> None:
    """Withdraw a story from feed, page and coming digests; it cannot come back by itself. Undo it with show."""
    console.print(_act(config, lambda tx, who: hand.hide(tx, name, who), why).id, markup=False)


@app.command()
def show(name: Name, why: Why = "", config: ConfigOption = None) -> None:
    """Undo hide."""
    console.print(_act(config, lambda tx, who: hand.show(tx, name, who), why).id, markup=False)


@app.command()
def held(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List what is held back because a source brought a flood of unknown entries at once."""
    settings = configured(config)
    with open_store(settings, create=False) as store:
        found = store.look(lambda tx: tx.stories.held())
    if json:
        print_json([as_json(story) for story in found])
    else:
        _table(found, settings)


@app.command()
def release(
    names: Annotated[list[str] | None, typer.Argument(help="Held stories; all of them with --all.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that is held.")] = False,
    why: Why = "",
    config: ConfigOption = None,
) -> None:
    """Let held stories into the feed and the digest, as news."""
    _let_go(hand.release, names or [], all_, why, config)


@app.command()
def absorb(
    names: Annotated[list[str] | None, typer.Argument(help="Held stories; all of them with --all.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Everything that is held.")] = False,
    why: Why = "",
    config: ConfigOption = None,
) -> None:
    """Let held stories into the feed and not into the digest: history that was published again."""
    _let_go(hand.absorb, names or [], all_, why, config)


def as_json(story: Story) -> dict[str, Any]:
    """The stable form of a story, for programs."""
    return {
        "id": story.id,
        "title": _title(story),
        "state": _state(story),
        "published": rfc3339(story.published),
        "updated": rfc3339(story.updated),
        "zones": list(story.zones),
        "sources": [_member(member) for member in story.members],
    }


def _member(member: Match) -> dict[str, Any]:
    seen = member.sighting
    return {
        "source": seen.source,
        "zone": seen.zone,
        "title": seen.entry.title,
        "link": seen.entry.link,
        "published": rfc3339(seen.entry.published),
        "first_seen": rfc3339(seen.seen),
        "rule": member.rule,
        "score": member.score,
        "reason": sentence(member),
    }


def _hand(why: str) -> Hand:
    """Whoever called sudo acts, not the user that the command runs as."""
    return Hand(who=os.environ.get("SUDO_USER") or getpass.getuser(), at=clock(), why=why)


def _act(config: Any, act: Callable[[Tx, Hand], T], why: str) -> T:
    who = _hand(why)
    with open_store(configured(config), create=False) as store:
        return store.submit(lambda tx: act(tx, who)).result()


def _let_go(act: Callable[[Tx, str, Hand], Story], names: list[str], everything: bool, why: str, config: Any) -> None:
    if everything == bool(names):
        raise typer.BadParameter("name the stories, or say --all")
    who = _hand(why)

    def let_go(tx: Tx) -> list[Story]:
        return [act(tx, name, who) for name in names or [story.id for story in tx.stories.held()]]

    with open_store(configured(config), create=False) as store:
        done = store.submit(let_go).result()
    console.print(f"{len(done)} {'story' if len(done) == 1 else 'stories'} let go")


def _table(stories: list[Story], config: Config) -> None:
    if not stories:
        console.print("none")
        return
    table(
        ("story", "published", "zones", "title"),
        ((s.id.rpartition("/")[2], local(s.published, config)[:16], "+".join(s.zones), _marked(s)) for s in stories),
    )


def _marked(story: Story) -> str:
    state = _state(story)
    return _title(story) if state == "shown" else f"[{state}] {_title(story)}"


def _title(story: Story) -> str:
    whole = story.within(story.zones)
    return whole.lead.entry.title if whole else "(joined into another story)"


def _state(story: Story) -> str:
    if story.withdrawn:
        return "withdrawn"
    return "held" if story.held else "shown"
