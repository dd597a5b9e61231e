"""Invented stories for tests: two zones, their sources, and a fortnight of news, some of it joint.

People, streets and events are made up.  Times are local (Europe/Brussels) where they are written and UTC where they
are kept.  ``fortnight()`` is what a stream gets; ``sighting`` and ``story`` make anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aggregator.digest.render import render
from aggregator.mail.message import compose
from aggregator.model import (
    Category,
    Config,
    Content,
    Digest,
    Entry,
    Envelope,
    Letter,
    Link,
    Mail,
    Match,
    Person,
    Sighting,
    Source,
    Story,
    Stream,
    Text,
    Zone,
)

BRUSSELS = ZoneInfo("Europe/Brussels")

BHT = Zone(id="bht", name="Politiezone Beringen/Ham/Tessenderlo", url="https://bht.example/", color="#1f4e79")
HZ = Zone(id="hz", name="Politiezone Heusden-Zolder", url="https://hz.example/5375", color="#0f766e")
BHT_NEWS = Source(id="bht-nieuws", zone="bht", url="https://bht.example/nl/news", type="page")
HZ_NEWS = Source(id="hz-nieuws", zone="hz", url="https://hz.example/5375/rss.xml", title="Nieuws uit Heusden-Zolder")
STREAM = Stream(
    id="samenwerking",
    title="Samenwerking Beringen/Ham/Tessenderlo en Heusden-Zolder",
    subtitle=(
        "Twee buurzones werken sinds 2023 samen. Hier staat hun nieuws bij elkaar; wat beide zones "
        "melden, leest u één keer."
    ),
)
DIGEST = Digest(id="dagelijks", stream="samenwerking", recipients=("redactie@example.be",))
CONFIG = Config(
    base_url="https://nieuws.example.be",
    mail=Mail(sender="Politie samenwerking <nieuws@example.be>"),
    zones=(BHT, HZ),
    sources=(BHT_NEWS, HZ_NEWS),
    streams=(STREAM,),
    digests=(DIGEST,),
)


ENVELOPE = Envelope(
    sender="Politie samenwerking <nieuws@example.be>",
    reply_to=None,
    recipient="lezer@example.be",
    list_id="dagelijks.nieuws.example.be",
    message_id="<dagelijks.0123456789abcdef0123456789abcdef@example.be>",
    date=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
    archive="https://nieuws.example.be/samenwerking/",
    unsubscribe="https://nieuws.example.be/mail/u/Zm9vYmFyYmF6cXV4MTIzNA",
    preferences="https://nieuws.example.be/mail/p/Zm9vYmFyYmF6cXV4MTIzNA",
    view="https://nieuws.example.be/mail/dagelijks/2026-11-23/",
)


def rendered(config: Config, digest: Digest, shown: Sequence[Story], now: datetime) -> Letter:
    """The letter of as many of these stories as a message holds."""
    return render(config, digest, shown, now, lambda letter: len(compose(letter, ENVELOPE)))[0]


def at(local: str) -> datetime:
    """``"2026-11-23 07:30"`` in Brussels, as UTC."""
    return datetime.fromisoformat(local).replace(tzinfo=BRUSSELS).astimezone(UTC)


NOW = at("2026-11-23 09:00")


def sighting(
    zone: str = "bht",
    title: str = "Controle op fietsverlichting",
    text: str = "De wijkagenten controleerden de verlichting van 140 fietsen.",
    published: str = "2026-11-20 10:00",
    *,
    key: str = "1",
    url: str | None = None,
    source: str | None = None,
    seen: datetime | None = None,
    **entry: Any,
) -> Sighting:
    """A copy of a release, as *zone* published it: each line of *text* is a paragraph.

    *entry* replaces fields of the Entry (``links=()``, ``authors=…``).
    """
    href = url or {
        "bht": f"https://bht.example/nl/news/detail/{key}/bericht",
        "hz": f"https://hz.example/5375/nieuws/{key}",
    }.get(zone, f"https://{zone}.example/{key}")
    moment = at(published)
    made = Entry(
        id=href,
        title=title,
        published=moment,
        updated=moment,
        links=(Link(href=href, type="text/html"),),
        content=Content(value="".join(f"<p>{line}</p>" for line in text.splitlines())),
        summary=Text(value=text.splitlines()[0] if text else ""),
    )
    return Sighting(
        source=source or f"{zone}-nieuws",
        zone=zone,
        entry=replace(made, **entry),
        keys=(f"{zone}-nieuws {key}",),
        words=f"{title}|{text}",
        length=len(text),
        seen=seen or moment + timedelta(minutes=20),
    )


def story(*copies: Sighting, number: int = 1, updated: datetime | None = None) -> Story:
    """A story of these copies (default: one), the first of them its founder and lead."""
    founder, *others = copies or (sighting(),)
    id = f"tag:nieuws.example.be,2026:story/{number:04}"
    return Story(
        id=id,
        published=founder.published,
        updated=updated or founder.published,
        changed=max(copy.seen for copy in (founder, *others)),
        members=(
            Match(sighting=founder, story=id, rule="first"),
            *(Match(sighting=copy, story=id, rule="text", evidence="same title and same text") for copy in others),
        ),
    )


def joint(number: int = 1) -> Story:
    """One release that both zones published, the second an hour later under a title of its own."""
    return story(
        sighting("bht", "Politiezones starten gezamenlijk verkeersteam", _TEAM, "2026-11-23 07:30", key=f"41{number}"),
        sighting("hz", "Gezamenlijk verkeersteam van start", _TEAM, "2026-11-23 08:30", key=f"88{number}"),
        number=number,
    )


_TEAM = (
    "De politiezones Beringen/Ham/Tessenderlo en Heusden-Zolder zetten vanaf 1 december samen één verkeersteam in. "
    "Twaalf inspecteurs controleren voortaan in de vijf gemeenten op snelheid, alcohol en gsm-gebruik "
    "achter het stuur.\n"
    "“Wie te snel rijdt, stopt niet aan de grens van een zone”, zegt commissaris Liesbet Vandormael. "
    "Het team kiest zijn plaatsen op basis van ongevallen en van meldingen van bewoners."
)

# title, text, published by the first zone, zone and delay in minutes of every copy
_NEWS: tuple[tuple[str, str, str, dict[str, int]], ...] = (
    ("Politiezones starten gezamenlijk verkeersteam", _TEAM, "2026-11-23 07:30", {"bht": 0, "hz": 60}),
    (
        "Twee verdachten aangehouden na inbraak in Zilverlindelaan",
        "In de nacht van zaterdag op zondag merkte een bewoner van de Zilverlindelaan in Beringen twee "
        "mannen op in de tuin van een buur. "
        "Een patrouille kon hen enkele straten verder onderscheppen. De gestolen juwelen zijn terug bij de eigenaar.",
        "2026-11-22 11:15",
        {"bht": 0},
    ),
    (
        "Resultaten verkeerscontrole week 47: 1.182 voertuigen, 93 te snel",
        "Op de Wolfsmelkstraat en de Havikskruidlaan reden vorige week 93 van de 1.182 gecontroleerde "
        "bestuurders te snel. "
        "De hoogste snelheid was 104 km/u waar 70 is toegelaten. Vier bestuurders leverden hun rijbewijs in.",
        "2026-11-22 09:00",
        {"hz": 0},
    ),
    (
        "Opgelet voor valse politieagenten aan de telefoon",
        "De voorbije dagen kregen verschillende ouderen telefoon van iemand die zich voordoet als "
        "inspecteur van onze zone. "
        "De beller vraagt om geld en juwelen klaar te leggen “voor onderzoek”. De politie vraagt dat "
        "nooit. Leg neer en bel 101.",
        "2026-11-20 16:45",
        {"hz": 0, "bht": 35},
    ),
    (
        "Dinsdag hinder op de Heidebloemsteenweg door werken aan het kruispunt met de Korhoenstraat",
        "Tussen 9 en 15.30 uur is er beurtelings verkeer. Volg de omleiding of vertrek wat vroeger.",
        "2026-11-20 10:00",
        {"bht": 0},
    ),
    (
        "Inbraakpreventie: gratis advies bij u thuis",
        "De dagen worden korter en inbrekers weten dat. Onze preventieadviseur komt gratis bij u langs "
        "en kijkt naar sloten, "
        "ramen en verlichting. Maak een afspraak via het onthaal.",
        "2026-11-19 14:00",
        {"hz": 0},
    ),
    (
        "Verloren gelopen wandelaar teruggevonden in Gerhagen",
        "Met hulp van een drone en de hond Bako vond de politie woensdagavond een 79-jarige wandelaar "
        "terug in het bos van Gerhagen. "
        "De man was onderkoeld en is naar het ziekenhuis gebracht.",
        "2026-11-19 08:10",
        {"bht": 0, "hz": 190},
    ),
    (
        "Nieuwe wijkinspecteur voor Bolderberg",
        "Joren Aerdewyn volgt Mieke Claessens-Vos op als wijkinspecteur. U vindt hem elke donderdag van "
        "14 tot 16 uur in het wijkkantoor.",
        "2026-11-18 13:30",
        {"hz": 0},
    ),
    (
        "Resultaten verkeerscontrole week 46: 2.014 voertuigen, 158 te snel",
        "In Ham en Tessenderlo reden vorige week 158 van de 2.014 bestuurders te snel. Eén bestuurder "
        "reed 121 km/u op de Zandhoningweg.",
        "2026-11-16 09:00",
        {"bht": 0},
    ),
    (
        "Fietsgraveeractie op zaterdag",
        "Zaterdag graveren we tussen 9 en 12 uur gratis fietsen op het Marktplein. Breng uw identiteitskaart mee.",
        "2026-11-13 15:20",
        {"bht": 0},
    ),
    (
        "Samen tegen hondenpoep & sluikstort <in de wijk>",
        "Gemeente en politie controleren drie weken lang extra. Een bekeuring kost tot 350 euro.",
        "2026-11-13 11:00",
        {"hz": 0},
    ),
    (
        "Gezamenlijke oefening met brandweer en ziekenwagens in het station",
        "Op 11 november oefenden beide zones met de hulpdiensten een treinongeval met 40 figuranten. "
        "“De samenwerking liep vlot, de radio kan beter”, vat oefenleider Ward Peumans samen.",
        "2026-11-11 17:00",
        {"hz": 0, "bht": 900},
    ),
)


def fortnight() -> tuple[Story, ...]:
    """Twelve stories, newest first: single and joint ones, one edited, one with an enclosure and categories."""
    made = [_made(number, *news) for number, news in enumerate(_NEWS, start=1)]
    made[5] = replace(made[5], updated=made[5].published + timedelta(hours=20))
    made[7] = _lead(
        made[7],
        authors=(Person(name="Dienst communicatie", email="communicatie@hz.example"),),
        categories=(Category(term="wijkwerking", label="Wijkwerking"),),
        links=(
            *made[7].lead.entry.links,
            Link(href="https://hz.example/files/bolderberg.jpg", rel="enclosure", type="image/jpeg", length=48213),
        ),
    )
    return tuple(made)


def _made(number: int, title: str, text: str, published: str, zones: dict[str, int]) -> Story:
    copies = []
    for order, (zone, delay) in enumerate(zones.items()):
        moment = datetime.fromisoformat(published) + timedelta(minutes=delay)
        key = f"{400 - number}" if zone == "bht" else f"{9000 - number}"
        own = text if order == 0 else text.split(". ")[0] + "."
        copies.append(sighting(zone, title, own, f"{moment:%Y-%m-%d %H:%M}", key=key))
    return story(*copies, number=number)


def _lead(story: Story, **entry: Any) -> Story:
    first, *others = story.members
    changed = replace(first.sighting, entry=replace(first.sighting.entry, **entry))
    return replace(story, members=(replace(first, sighting=changed), *others))
