"""A week of invented news of two zones, made by a generator that knows the truth.

A seed gives a week: what two sites show, hour by hour, and which items are one story, which are held, left out or
mailed.  One site is a news page without a feed, with days for dates and a number in each address; the other an RSS feed
with whole texts.  They bring:

* what only one of them has; what both have: word for word, under a title of its own, edited, cut short, with another
  zone's name, and with the sentence that each of them puts under everything;
* items that are edited, corrected, marked as an update, given another address, and counters that only count;
* series, sagas and look-alikes, which are all different news;
* a history that is there before the week begins, a flood, a site that moves, and notices of missing persons.

``python -m tests.weeks`` writes the weeks of ``tests/corpus/weeks`` again.  Names, streets and events are made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from html import escape
from pathlib import Path
from typing import Any, TypeVar

from aggregator.model import Config, Fetch, Selectors, Source, Stream, Zone

T = TypeVar("T")
FOLDER = Path(__file__).parent / "corpus" / "weeks"
SEEDS = (1, 2)
START = datetime(2026, 11, 16, 5, 0, tzinfo=UTC)  # a Monday
HOURS = 168
SHOWN = 30
"""How many items a site shows at a time, the newest."""
NORTH, SOUTH = "elzenbeek-nieuws", "wijtervoort-nieuws"
NAMES = {NORTH: "Politiezone Elzenbeek", SOUTH: "Politiezone Wijtervoort"}
MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Look:
    """How an item looks from an hour on; before the first one it is not there."""

    hour: int
    title: str
    text: tuple[str, ...]
    address: str
    guid: str = ""
    counter: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a site and the truth about it.

    *story* is the same for all items that are one; *fate*: shown, held, or left out; *news*: it reaches the digest;
    *edited*: its words change after it was first seen.
    """

    source: str
    number: int
    story: str
    kind: str
    published: str
    looks: tuple[Look, ...]
    category: str = "Nieuws"
    fate: str = "shown"
    news: bool = True
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    """A seed and what it made."""

    seed: int
    items: tuple[Item, ...] = field(default=())


# -- chance -------------------------------------------------------------------------


class Dice:
    """Chance that is the same on every machine and in every version of Python."""

    def __init__(self, seed: object) -> None:
        self._seed = repr(seed).encode()
        self._throws = 0

    def below(self, limit: int) -> int:
        self._throws += 1
        thrown = blake2b(self._throws.to_bytes(8, "big"), key=self._seed[:64], digest_size=8).digest()
        return int.from_bytes(thrown, "big") % limit

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def pick(self, many: Sequence[T]) -> T:
        return many[self.below(len(many))]

    def shuffled(self, many: Iterable[T]) -> list[T]:
        left = list(many)
        return [left.pop(self.below(len(left))) for _ in range(len(left))]


# -- words --------------------------------------------------------------------------

STREETS = (
    "Korhoenstraat", "Havikskruidlaan", "Wolfsmelkstraat", "Zandhoningweg", "Bremstruikdreef", "Pijpestroplein",
    "Zilverlindelaan", "Meidoornkapelstraat", "Kwartelhof", "Lisdoddeweg", "Vossenbessendreef", "Gagelbroekstraat",
    "Wielewaalring", "Heikneuterpad", "Sint-Wivinastraat", "Dophaaksteenweg",
)  # fmt: skip
PLACES = ("Elzenbeek", "Wijtervoort", "Heikruis", "Broekhoven", "Sint-Wivina", "Dennenrode")
PEOPLE = ("Ward Peumans", "Liesbet Vandormael", "Joren Aerdewyn", "Mieke Claessens", "Tuur Hendrikx", "Sofie Beliën")

# Two titles and what happened, for news of which there is one in a week.
SUBJECTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Bromfietser zwaargewond na botsing op de {street}",
        "Ongeval met bromfiets in {place}",
        (
            "Op de {street} in {place} botste {day} rond {hour} uur een bromfiets met een bestelwagen.",
            "De bromfietser, een man van {age} jaar, werd zwaargewond naar het ziekenhuis gebracht.",
            "De bestuurder van de bestelwagen bleef ongedeerd en legde een negatieve ademtest af.",
            "De rijbaan was {n} minuten afgesloten en het verkeer werd plaatselijk omgeleid.",
            "Het parket stelde een verkeersdeskundige aan om de omstandigheden te onderzoeken.",
        ),
    ),
    (
        "Speurhond ontdekt {n} gestolen fietsen in een loods",
        "Loods vol gestolen fietsen gevonden in {place}",
        (
            "Bij een huiszoeking in een loods aan de {street} vonden inspecteurs {n} gestolen fietsen.",
            "De eigenaar van de loods, {age} jaar oud, zegt dat hij het gebouw al maanden verhuurt.",
            "De meeste fietsen zijn elektrisch en werden de voorbije zomer aan stations gestolen.",
            "Wie een fiets mist en er aangifte van deed, wordt door de recherche zelf opgebeld.",
        ),
    ),
    (
        "Gratis fietslichtjes voor leerlingen van {place}",
        "Politie deelt lichtjes uit aan de schoolpoort",
        (
            "Leerlingen die {day} met de fiets naar school kwamen, kregen aan de poort een stel lichtjes cadeau.",
            "Het verkeersteam stond vanaf {hour} uur aan de {street} en deelde {n} setjes uit.",
            "Met de actie wil de zone ouders eraan herinneren dat een kind zonder licht pas laat te zien is.",
            "Volgende maand komt er een controle waarbij wie geen licht heeft naar een les wordt gestuurd.",
        ),
    ),
    (
        "Verdachte van winkeldiefstallen loopt tegen de lamp",
        "Winkeldief gevat dankzij oplettende kassierster",
        (
            "Een kassierster van een supermarkt aan de {street} herkende {day} een man die eerder drank had gestolen.",
            "Ze sloot de deur, belde de noodcentrale en hield de verdachte van {age} jaar aan de praat.",
            "In zijn rugzak zaten {n} flessen sterkedrank en twee badges van andere winkels.",
            "De onderzoeksrechter heeft de man onder voorwaarden vrijgelaten.",
        ),
    ),
    (
        "Kettingbotsing met {n} wagens in de ochtendspits",
        "Spits ontregeld na aanrijding aan de {street}",
        (
            "Door mist en een gladde rijbaan reden {day} omstreeks {hour} uur {n} wagens op elkaar in.",
            "Het ongeval gebeurde ter hoogte van de rotonde aan de {street} in {place}.",
            "Niemand raakte ernstig gewond, maar een passagier van {age} jaar werd ter controle meegenomen.",
            "Takeldiensten hadden tot de middag werk om de weg vrij te maken.",
        ),
    ),
    (
        "Drugsplantage ontmanteld boven een leegstaande bakkerij",
        "{n} cannabisplanten in beslag genomen in {place}",
        (
            "De geur verraadde een plantage op de verdieping van een leegstaande bakkerij in de {street}.",
            "Er stonden {n} planten onder lampen die hun stroom rechtstreeks van het net kregen.",
            "De technische dienst van de netbeheerder moest eerst de illegale aansluiting veilig maken.",
            "Een bewoner van {age} jaar is meegenomen voor verhoor en zweeg voorlopig.",
            "Het labo onderzoekt sporen op het gereedschap dat is achtergelaten.",
        ),
    ),
    (
        "{person} is de nieuwe wijkinspecteur van {place}",
        "Nieuw gezicht in de wijk {place}",
        (
            "Vanaf volgende week kunnen inwoners van {place} terecht bij wijkinspecteur {person}.",
            "Het wijkkantoor in de {street} is elke donderdag open tussen {hour} en 17 uur.",
            "Daarvoor werkte de inspecteur {n} maanden bij de interventiedienst van de zone.",
            "“Ik wil vooral te voet en met de fiets de straat op”, klinkt het.",
        ),
    ),
    (
        "Rijbewijs kwijt na dollemansrit door {place}",
        "Achtervolging eindigt in een gracht",
        (
            "Een bestuurder van {age} jaar negeerde {day} een stopteken en ging er met hoge snelheid vandoor.",
            "De achtervolging liep over de {street} en eindigde na {n} kilometer in een gracht.",
            "De man bleek geen verzekering te hebben en testte positief op speeksel.",
            "Zijn wagen is getakeld en hij moet later voor de politierechter verschijnen.",
        ),
    ),
    (
        "Oude granaat gevonden bij graafwerken",
        "Ontmijners halen granaat weg aan de {street}",
        (
            "Arbeiders die een rioolbuis legden in de {street} stootten {day} op een granaat uit de oorlog.",
            "De buurt werd ontruimd: {n} mensen wachtten in de sporthal van {place} tot alles veilig was.",
            "Ontmijners van het leger namen het tuig omstreeks {hour} uur mee om het elders te vernietigen.",
            "Wie zelf zo'n voorwerp vindt, raakt het niet aan en belt meteen het noodnummer.",
        ),
    ),
    (
        "Valse inspecteurs stelen juwelen bij bejaarde vrouw",
        "Opgelet voor oplichters aan de deur",
        (
            "Twee onbekenden gaven zich {day} aan een deur in de {street} uit voor inspecteurs in burger.",
            "Ze wilden de juwelen van een vrouw van {age} jaar “in veiligheid brengen” en verdwenen ermee.",
            "Een echte inspecteur toont altijd zijn legitimatiekaart en vraagt nooit naar geld of juwelen.",
            "Twijfelt u? Laat niemand binnen en vraag bij het onthaal of er iemand is uitgestuurd.",
        ),
    ),
    (
        "Vuurwerk bij buurtfeest ontsnapt aan toezicht",
        "Buurtfeest in {place} stilgelegd",
        (
            "Een buurtfeest op het plein aan de {street} werd {day} om {hour} uur stilgelegd.",
            "Er werd vuurwerk afgestoken zonder vergunning, waarbij een luifel vuur vatte.",
            "De brandweer had het vuur snel onder controle en een man van {age} jaar kreeg zuurstof.",
            "De organisator krijgt een rekening van {n} euro voor de tussenkomst.",
        ),
    ),
    (
        "Zwijn op de weg: {n} meldingen in een nacht",
        "Politie jaagt op een everzwijn in {place}",
        (
            "Een ontsnapt everzwijn hield de nachtploeg bezig tussen de {street} en het kanaal.",
            "Vanaf {hour} uur kwamen {n} meldingen binnen van mensen die het dier in hun tuin zagen.",
            "Een dierenarts kon het zwijn met een verdoving vangen en naar een opvangcentrum brengen.",
            "Aan de omheining van een sportveld is voor enkele duizenden euro schade.",
        ),
    ),
    (
        "Lezing over cyberpesten lokt volle zaal",
        "Ouders leren omgaan met pesten op internet",
        (
            "In de bibliotheek van {place} luisterden {n} ouders naar een lezing over pesten op sociale media.",
            "{person} van de dienst preventie toonde hoe snel een groepsgesprek ontspoort.",
            "De zone raadt aan om samen met kinderen afspraken te maken over de uren op een scherm.",
            "In het voorjaar volgt een tweede avond, in de refter van de school aan de {street}.",
        ),
    ),
    (
        "Motorclub schenkt knuffels voor kinderen in nood",
        "Troostbeertjes in elke combi",
        (
            "Een motorclub bracht {day} {n} knuffelberen naar het commissariaat aan de {street}.",
            "De beren gaan mee in de combi's, voor kinderen die een ongeval of een ruzie meemaken.",
            "{person} bedankte de motorrijders met koffie en een rondleiding door het cellencomplex.",
            "Het is het derde jaar dat de club aan de slachtofferhulp denkt.",
        ),
    ),
    (
        "Dak van loods weggewaaid, {street} afgesloten",
        "Storm rukt dak los in {place}",
        (
            "Een rukwind nam {day} het golfplaten dak van een loods in {place} mee.",
            "De platen belandden op de {street}, die tot {hour} uur voor alle verkeer dicht bleef.",
            "Een aannemer ruimde met een kraan {n} stukken op en zette de gevel vast.",
            "Er vielen geen gewonden, een geparkeerde aanhangwagen is vernield.",
        ),
    ),
    (
        "Bende van autoradio's opgerold na maanden speurwerk",
        "Drie aanhoudingen voor diefstal uit auto's",
        (
            "Na maanden speurwerk hield de recherche {day} drie verdachten aan in {place}.",
            "Ze zouden uit {n} geparkeerde wagens gps-toestellen en airbags hebben gehaald.",
            "De buit lag in een garagebox aan de {street} en is grotendeels teruggegeven.",
            "De jongste verdachte is {age} jaar en werd aan de jeugdrechter voorgeleid.",
        ),
    ),
)

# Items of which there is one a week or a day, and which differ in a number, a street, a day.
WEEKLY = (
    "Resultaten verkeerscontrole week {week}",
    "In week {week} controleerde {zone} {cars} voertuigen op de {street} in {place}. "
    "{fast} bestuurders reden te snel en {drunk} bliezen positief. De hoogste snelheid was {top} kilometer per uur.",
)
BURGLARY = (
    "Inbraak in een woning in de {street}",
    "In de nacht van {day} op de dag erna braken onbekenden in bij een woning in de {street} in {place}. "
    "Ze forceerden een raam aan de achterkant en namen juwelen mee. Zag u iets? Bel het onthaal van {zone}.",
)
OFFICE = (
    "Wijkkantoor {place} gesloten op {date}",
    "Het wijkkantoor van {place} is op {date} de hele dag gesloten door een opleiding van het personeel. "
    "Voor dringende hulp belt u 101, voor een afspraak kunt u online terecht.",
)
SAGAS = (
    (
        (
            "Zware brand in meubelzaak aan de {street}",
            "In een meubelzaak aan de {street} in {place} brak {day} omstreeks {hour} uur brand uit. "
            "Het personeel kon tijdig naar buiten. De rookpluim was kilometers ver te zien.",
        ),
        (
            "Brand in meubelzaak: parket gaat uit van opzet",
            "De brand die de meubelzaak in {place} verwoestte is volgens de deskundige aangestoken. "
            "Aan de achterdeur werden sporen van een ontvlambare vloeistof gevonden.",
        ),
        (
            "Man aangehouden voor brandstichting in meubelzaak",
            "Een man van {age} jaar is opgepakt voor de brand in de meubelzaak van {place}. "
            "Hij zou op camerabeelden te zien zijn met een jerrycan. De raadkamer beslist later deze week.",
        ),
    ),
    (
        (
            "Wandelaar raakt zoek in het bos van {place}",
            "Een wandelaar van {age} jaar keerde {day} niet terug van een tocht door het bos van {place}. "
            "Een helikopter en twee speurhonden hielpen bij de zoektocht.",
        ),
        (
            "Verdwaalde wandelaar na nacht in bos ongedeerd terug",
            "De man die in het bos van {place} verdwaalde is door een boswachter aangetroffen bij een schuilhut. "
            "Hij was onderkoeld maar bij kennis en bracht de nacht in het ziekenhuis door.",
        ),
        (
            "Zo kunt u zich in het bos laten vinden",
            "Na de zoekactie van deze week geeft de zone raad aan wandelaars: laad uw telefoon op, "
            "zeg thuis langs welke paden u gaat, en blijf bij een kruispunt wachten wanneer u de weg kwijt bent.",
        ),
    ),
)
NOTICES = (
    ("Vermist: jongen van {age} jaar uit {place}", "De jongen verliet {day} de ouderlijke woning in de {street}."),
    ("Opsporingsbericht: wie kent deze vrouw?", "De vrouw van ongeveer {age} jaar stal een tas in {place}."),
)
FOOTERS = {
    NORTH: "Volg het nieuws van de zone ook via het maandblad van de gemeente.",
    SOUTH: "Meer weten? De dienst communicatie van het hoofdcommissariaat helpt u graag verder.",
}
# Words that an editor exchanges without saying anything else; none is a name, a number or a denial.
SYNONYMS = {
    "omstreeks": "rond",
    "wagen": "auto",
    "meteen": "onmiddellijk",
    "plaatselijk": "lokaal",
    "vooral": "in de eerste plaats",
    "mensen": "personen",
    "snel": "vlug",
    "mee": "met zich mee",
    "bleek": "bleek achteraf",
    "altijd": "steeds",
    "voorlopig": "voorlopig nog",
    "grotendeels": "voor het grootste deel",
    "zegt": "verklaart",
    "bewoner": "inwoner",
    "onderzoekt": "bekijkt",
    "gereedschap": "materiaal",
    "moest": "diende",
    "kreeg": "ontving",
    "kwamen": "liepen",
    "aangetroffen": "ontdekt",
    "vernield": "beschadigd",
    "herkende": "zag",
    "netbeheerder": "beheerder",
    "noodnummer": "alarmnummer",
    "kregen": "ontvingen",
}


def filled(template: str, slots: dict[str, object]) -> str:
    return template.format(**slots)


def edited(sentence: str) -> str:
    """The sentence as another editor would have it, with as many words exchanged as the list knows."""
    return " ".join(SYNONYMS.get(word, word) for word in sentence.split(" "))


def _asks(source: str) -> str:
    """The one sentence of a joint release in which each zone names itself."""
    return f"Wie iets gezien heeft, kan dag en nacht terecht bij {NAMES[source]}."


# -- a week -------------------------------------------------------------------------


class Maker:
    """Makes the items of one week, one kind after the other."""

    def __init__(self, seed: int) -> None:
        self.dice = Dice(("week", seed))
        self.items: list[Item] = []
        self._numbers = {NORTH: 400, SOUTH: 9000}
        self._subjects = self.dice.shuffled(SUBJECTS)
        self._streets = self.dice.shuffled(STREETS)
        self._stories = 0

    def slots(self, **more: object) -> dict[str, object]:
        self._streets.append(self._streets.pop(0))
        days = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
        return {
            "street": self._streets[0],
            "place": self.dice.pick(PLACES),
            "person": self.dice.pick(PEOPLE),
            "day": self.dice.pick(days),
            "hour": self.dice.between(6, 16),
            "age": self.dice.between(19, 84),
            "n": self.dice.between(12, 96),
        } | more

    def story(self, kind: str) -> str:
        self._stories += 1
        return f"{self._stories:02}-{kind}"

    def put(
        self,
        source: str,
        hour: int,
        story: str,
        title: str,
        text: Sequence[str],
        *,
        before: int = 0,
        looks: Sequence[Look] = (),
        **truth: Any,
    ) -> Item:
        """Add an item that appears at *hour*, published *before* so many hours earlier than that."""
        self._numbers[source] += 1
        number = self._numbers[source]
        published = START + timedelta(hours=hour - before, minutes=-self.dice.between(2, 50))
        first = Look(hour, title, (*text, FOOTERS[source]), f"bericht-{number}")
        kind = story.split("-", 1)[1]
        item = Item(source, number, story, kind, published.isoformat(), (first, *looks), **truth)
        self.items.append(item)
        return item

    def change(self, item: Item, hour: int, **changes: Any) -> None:
        """From *hour* on the item looks otherwise."""
        look = replace(item.looks[-1], hour=hour, **changes)
        words = (look.title, look.text) != (item.looks[-1].title, item.looks[-1].text)
        at = self.items.index(item)
        self.items[at] = replace(item, looks=(*item.looks, look), edited=item.edited or words)

    def subject(self) -> tuple[str, str, tuple[str, ...]]:
        title, other, sentences = self._subjects.pop()
        slots = self.slots()
        return filled(title, slots), filled(other, slots), tuple(filled(each, slots) for each in sentences)

    # the kinds of news

    def history(self) -> None:
        """What was there before the week: a series on each site, quiet."""
        for source in (NORTH, SOUTH):
            for week in range(41, 47):
                self.weekly(source, week, 0, before=(47 - week) * 168, news=False)
            for days in (3, 5, 9):
                self.burglary(source, 0, before=days * 24, news=False)

    def weekly(self, source: str, week: int, hour: int, **more: Any) -> None:
        slots = self.slots(
            week=week,
            zone=NAMES[source],
            cars=self.dice.between(400, 1900),
            fast=self.dice.between(20, 99),
            drunk=self.dice.between(2, 12),
            top=self.dice.between(81, 139),
        )
        text = (filled(WEEKLY[1], slots),)
        self.put(source, hour, self.story("series"), filled(WEEKLY[0], slots), text, category="Verkeer", **more)

    def burglary(self, source: str, hour: int, **more: Any) -> None:
        slots = self.slots(zone=NAMES[source])
        text = (filled(BURGLARY[1], slots),)
        self.put(source, hour, self.story("look-alike"), filled(BURGLARY[0], slots), text, category="Inbraak", **more)

    def office(self, source: str, hour: int, date: str) -> None:
        slots = self.slots(date=date, place="Heikruis")
        self.put(source, hour, self.story("look-alike"), filled(OFFICE[0], slots), (filled(OFFICE[1], slots),))

    def single(self, hour: int) -> Item:
        title, _, text = self.subject()
        return self.put(self.dice.pick((NORTH, SOUTH)), hour, self.story("single"), title, text)

    def both(self, hour: int, kind: str) -> tuple[Item, Item]:
        """One release on both sites, the second some hours later, as *kind* says."""
        title, other, text = self.subject()
        first, second = self.dice.shuffled((NORTH, SOUTH))
        story = self.story(kind)
        copies = {
            "verbatim": ((title, text), (title, text)),
            "retitled": ((title, text), (other, text)),
            "edited": ((title, text), (other, tuple(map(edited, text)))),
            "cut": ((title, text), (title, text[:2])),
            "named": ((title, (*text, _asks(first))), (title, (*text, _asks(second)))),
            "shortened": ((title, text), (title, text[:-1])),
        }[kind]
        one = self.put(first, hour, story, *copies[0])
        return one, self.put(second, hour + self.dice.between(1, 20), story, *copies[1])

    def saga(self, chapters: Sequence[tuple[str, str]], hour: int) -> None:
        slots, source = self.slots(), self.dice.pick((NORTH, SOUTH))
        for number, (title, text) in enumerate(chapters):
            self.put(source, hour + 30 * number, self.story("saga"), filled(title, slots), (filled(text, slots),))

    def update(self, item: Item, hour: int, marker: str) -> None:
        """A new item of the same site that carries the old one, and says so."""
        look = item.looks[-1]
        text = (*look.text[:-1], "Dit bericht is aangevuld na vragen van de pers.")
        self.put(item.source, hour, item.story, f"{marker}: {look.title}", text)

    def notice(self, hour: int) -> None:
        title, text = self.dice.pick(NOTICES)
        slots = self.slots()
        story = self.story("notice")
        self.put(
            self.dice.pick((NORTH, SOUTH)), hour, story, filled(title, slots), (filled(text, slots),), fate="left out"
        )

    def flood(self, hour: int) -> None:
        """The feed shows a year of its series again, which nobody here has seen."""
        for week in range(1, 26):
            self.weekly(SOUTH, week, hour, before=(47 - week) * 168, fate="held", news=False)

    def move(self, hour: int) -> None:
        """The page gets new addresses and numbers for all that it shows, and no other words."""
        for item in [one for one in self.items if one.source == NORTH and one.looks[0].hour < hour]:
            at = self.items.index(item)
            look = item.looks[-1]
            moved = replace(look, hour=hour, address=f"artikel-{70_000 + item.number}", guid="moved")
            self.items[at] = replace(item, looks=(*item.looks, moved))


def make(seed: int) -> Week:
    """The week of a seed."""
    maker = Maker(seed)
    maker.history()
    maker.weekly(NORTH, 47, 4)
    maker.weekly(SOUTH, 47, 6)
    singles = [maker.single(hour) for hour in (8, 31, 80)]
    maker.both(10, "verbatim")
    maker.both(34, "retitled")
    maker.both(52, "edited")
    maker.both(58, "cut")
    maker.both(76, "named")
    one, _ = maker.both(100, "shortened")
    maker.office(NORTH, 28, "24 november 2026")
    maker.office(NORTH, 90, "1 december 2026")
    for hour in (26, 50, 55):
        maker.burglary(maker.dice.pick((NORTH, SOUTH)), hour)
    maker.saga(maker.dice.pick(SAGAS), 14)
    maker.notice(40)
    maker.notice(86)
    maker.update(singles[1], 49, maker.dice.pick(("UPDATE", "Rechtzetting")))
    look = singles[0].looks[-1]
    maker.change(singles[0], 33, text=(*look.text[:-1], "De getuigen zijn intussen gehoord.", look.text[-1]))
    maker.change(singles[2], 104, address=f"{singles[2].looks[-1].address}-aangepast")
    maker.change(one, 130, counter=17)
    if seed % 2:
        maker.flood(110)
    else:
        maker.move(120)
    maker.weekly(SOUTH, 48, 160)
    maker.single(150)
    return Week(seed, tuple(maker.items))


# -- what the sites show ----------------------------------------------------------------


def changes(week: Week) -> list[int]:
    """The hours at which a site shows something new."""
    return sorted({look.hour for item in week.items for look in item.looks})


def shown(week: Week, source: str, hour: int) -> list[tuple[Item, Look]]:
    """The items of a site at *hour* as they look then, the latest to appear first."""
    there = [item for item in week.items if item.source == source and item.looks[0].hour <= hour]
    latest = sorted(there, key=lambda item: (item.looks[0].hour, item.published, item.number), reverse=True)
    return [(item, [look for look in item.looks if look.hour <= hour][-1]) for item in latest[:SHOWN]]


def address(item: Item, look: Look) -> str:
    """The path of an item: with its number on the page, with words in the feed."""
    if item.source == SOUTH:
        return f"/zuid/{look.address}"
    number = look.address.removeprefix("artikel-") if look.guid else item.number
    return f"/noord/detail/{number}/{look.address}"


def page(week: Week, hour: int) -> str:
    """The news page of the north."""
    articles = []
    for item, look in shown(week, NORTH, hour):
        day = datetime.fromisoformat(item.published)
        text = "".join(f"<p>{escape(each)}</p>" for each in look.text)
        counter = f"<small>{look.counter} keer gelezen</small>" if look.counter else ""
        articles.append(
            f'<article><h2><a href="{address(item, look)}">{escape(look.title)}</a></h2>'
            f'<span class="date">{day.day} {MONTHS[day.month - 1]}</span>'
            f'<div class="intro">{text}{counter}</div></article>'
        )
    return f"<html><head><title>{NAMES[NORTH]}</title></head><body><main>{''.join(articles)}</main></body></html>"


def feed(week: Week, hour: int, base: str) -> str:
    """The RSS feed of the south, on a site at *base*."""
    items = []
    for item, look in shown(week, SOUTH, hour):
        link = base + address(item, look)
        text = "".join(f"<p>{escape(each)}</p>" for each in look.text)
        counter = f"<p>{look.counter} keer gelezen</p>" if look.counter else ""
        items.append(
            f"<item><title>{escape(look.title)}</title><link>{link}</link>"
            f'<guid isPermaLink="false">{item.number}</guid><category>{item.category}</category>'
            f"<pubDate>{format_datetime(datetime.fromisoformat(item.published))}</pubDate>"
            f"<description>{escape(text + counter)}</description></item>"
        )
    head = f"<title>{NAMES[SOUTH]}</title><link>{base}/</link><description>Nieuws</description>"
    return f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>"


def configuration(base: str, database: str) -> Config:
    """How the two sites at *base* are read."""
    selectors = Selectors(item="article", title="h2", link="h2 a", date=".date", summary=".intro")
    return Config(
        database=database,
        base_url="https://nieuws.example",
        fetch=Fetch(allow_private=("127.0.0.0/8",), per_host_pause=timedelta(0), robots=False),
        zones=(Zone(id="elzenbeek", name=NAMES[NORTH]), Zone(id="wijtervoort", name=NAMES[SOUTH])),
        sources=(
            Source(
                id=NORTH,
                zone="elzenbeek",
                url=f"{base}/noord",
                type="page",
                key=r"/detail/(?P<key>\d+)",
                page=selectors,
            ),
            Source(id=SOUTH, zone="wijtervoort", url=f"{base}/zuid.xml"),
        ),
        streams=(Stream(id="samen", title="Samen"),),
    )


# -- on disk ----------------------------------------------------------------------------


def written(week: Week) -> bytes:
    """A week as it is kept: one item a line, without what is left at its default."""
    lines = [json.dumps({"seed": week.seed, "items": len(week.items)})]
    lines += [json.dumps(asdict(item), ensure_ascii=False) for item in week.items]
    return ("\n".join(lines) + "\n").encode()


def load(path: Path) -> Week:
    """A week that was written."""
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    return Week(json.loads(head)["seed"], tuple(_item(json.loads(line)) for line in lines))


def _item(line: dict[str, Any]) -> Item:
    looks = tuple(Look(**{**look, "text": tuple(look["text"])}) for look in line.pop("looks"))
    return Item(**line, looks=looks)


def path(seed: int) -> Path:
    return FOLDER / f"week-{seed}.jsonl"


if __name__ == "__main__":
    for seed in SEEDS:
        path(seed).write_bytes(written(make(seed)))
