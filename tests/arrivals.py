"""What several sources show, day by day, and the writer's turns that take it in: for tests of the whole decision.

News is invented; an item is one of a template's issues or a piece of its own, so that what was merged can be told right
or wrong by the number in it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from zoneinfo import ZoneInfo

from aggregator.match import sightings
from aggregator.model import Config, Content, Entry, Feed, Guard, Link, Poll, Sighting, Source, Story, Stream, Zone
from aggregator.settle import settle
from aggregator.store import Store

MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")
STREETS = (
    "Korenbloemstraat",
    "Zilverlindelaan",
    "Havikskruidlaan",
    "Wolfsmelkstraat",
    "Zandhoningweg",
    "Heidebloemweg",
)


def source(zone: str) -> Source:
    return Source(id=f"{zone}-news", zone=zone, url=f"https://{zone}.example/rss.xml")


NORTH, SOUTH, EAST = (source(zone) for zone in ("north", "south", "east"))
CONFIG = Config(
    guard=Guard(flood=10_000, moved=10_000),
    zones=tuple(Zone(id=each.zone, name=each.zone) for each in (NORTH, SOUTH, EAST)),
    sources=(NORTH, SOUTH, EAST),
    streams=(Stream(id="all", title="Alles"),),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of news as its author wrote it."""

    title: str
    body: str


def report(number: int) -> Item:
    """An issue of a template: another week, other figures, another street."""
    street = STREETS[number % len(STREETS)]
    return Item(
        f"Resultaten snelheidscontroles week {10 + number}",
        f"In week {10 + number} controleerde de politie {1100 + 37 * number} voertuigen in de {street}. "
        f"Daarvan reden er {40 + 3 * number} te snel. De hoogste snelheid was {71 + number} kilometer per uur. "
        "Alle bestuurders krijgen een proces-verbaal in de bus. De controles gaan de komende weken voort, want te snel "
        "rijden blijft een van de grootste oorzaken van zware ongevallen.",
    )


def piece(number: int) -> Item:
    """News of its own, with hardly a word in common with the other pieces."""
    pieces = (
        (
            "Gestolen aanhangwagen teruggevonden achter loods",
            "Een wandelaar merkte dinsdagochtend een verlaten aanhangwagen op achter een loods in het industriegebied. "
            "Het bleek om een voertuig te gaan dat vorige maand bij een aannemer was ontvreemd. De eigenaar kwam hem "
            "dezelfde middag ophalen en is opgelucht, want er lag nog gereedschap in dat hij dagelijks nodig heeft.",
        ),
        (
            "Brand in leegstaande school snel onder controle",
            "De brandweer rukte zaterdagavond uit voor rook boven een oud schoolgebouw. Twee lokalen op de eerste "
            "verdieping raakten beschadigd, niemand raakte gewond. Volgens de eerste vaststellingen is het vuur "
            "aangestoken; het parket stelde een deskundige aan en de omgeving bleef enkele uren afgesloten.",
        ),
        (
            "Nieuwe fietsenstalling aan het station geopend",
            "Reizigers kunnen voortaan driehonderd fietsen kwijt in een overdekte stalling naast het perron. Camera's "
            "houden toezicht en de poort sluit na de laatste trein. De gemeente hoopt zo dat minder pendelaars met de "
            "wagen komen en dat diefstallen, een oude plaag in deze buurt, eindelijk afnemen.",
        ),
        (
            "Politiehond Bako gaat met welverdiend pensioen",
            "Negen jaar lang zocht de Mechelse herder naar verdovende middelen, vermisten en gevluchte inbrekers. "
            "Maandag kreeg hij van de korpschef een mand en een bot. Zijn begeleidster neemt hem mee naar huis, met "
            "een grote tuin en een kat die nog van niets weet.",
        ),
    )
    return Item(*pieces[number % len(pieces)])


def told(item: Item, manner: str) -> Item:
    """The item as another editor passes it on."""
    match manner:
        case "retitled":
            return replace(item, title=f"Politienieuws: {item.title}")
        case "footer":
            return replace(item, body=f"{item.body} Meer nieuws vindt u op onze website.")
        case "cut":
            return replace(item, body=f"{item.body[: len(item.body) * 2 // 3].rpartition('. ')[0]}.")
        case _:
            return item


def seen(
    source: Source,
    number: int,
    item: Item,
    at: datetime,
    *,
    published: datetime | None = None,
    link: str | None = None,
    guid: str | None = None,
) -> Sighting:
    """*item* as entry *number* of *source*, looked at *at*."""
    entry = Entry(
        id=guid or f"{source.id}-{number}",
        title=item.title,
        content=Content(value=f"<p>{item.body}</p>"),
        links=(Link(href=link or f"https://{source.zone}.example/nieuws/{number}"),),
        published=published or at,
    )
    (one,) = sightings(Feed(id=source.url, title="", entries=(entry,)), source, at, BRUSSELS)
    return one


@cache
def _template() -> Path:
    path = Path(mkdtemp(prefix="aggregator-arrivals-")) / "empty.db"
    with Store(f"sqlite:///{path}") as store:
        store.submit(lambda tx: tx.meta.put("authority", "nieuws.example")).result()
    return path


def empty(directory: Path) -> str:
    """The URL of a new SQLite database that is migrated already."""
    path = Path(mkdtemp(dir=directory)) / "a.db"
    shutil.copy(_template(), path)
    return f"sqlite:///{path}"


def take_in(store: Store, *batch: Sighting, at: datetime | None = None, config: Config = CONFIG) -> Poll:
    """One turn of the writer with what one poll saw; its source is not new."""
    now = at or max(one.seen for one in batch)
    last = Poll(
        source=batch[0].source, url="https://x.example/", at=now, next_poll=now, status="ok", first_success=MORNING
    )
    return store.submit(lambda tx: settle(tx, tuple(batch), last, config)).result()


def stories(store: Store) -> list[Story]:
    """All stories that have copies, by id."""
    found = store.look(lambda tx: tx.stories.newest(["north", "south", "east"], 5000))
    return sorted(found, key=lambda story: story.id)


def membership(store: Store) -> dict[str, frozenset[str]]:
    """Which entries, by source and guid, each story has."""
    return {
        story.id: frozenset(f"{m.sighting.source} {m.sighting.entry.id}" for m in story.members)
        for story in stories(store)
    }


def hours(number: float) -> timedelta:
    return timedelta(hours=number)
