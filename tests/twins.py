"""Template twins: two invented items that are one text, but for one or more of the facts that it is filled with.

The texts are ours, in four languages and from 45 to 220 words; the facts come from pools of their kind.  The same seed
gives the same twins.  Whoever merges one with its twin hides news.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

POOLS: dict[str, tuple[str, ...]] = {
    "street": (
        "Bremstraat", "Korhoenlaan", "Zilvermeeuwdreef", "Havikskruidlaan", "Wolfsmelkstraat", "Kapelstraat",
        "Oude Baan", "Vaartkant", "Sint-Rochusplein", "Heidebloemsteenweg", "Molenweg", "Kasteeldreef",
    ),
    "rue": (
        "rue des Tilleuls", "avenue Delcampe", "rue du Moulin", "place Saint-Roch", "chaussée de Rivemarche",
        "rue de la Gare", "boulevard des Cerisiers", "quai aux Foins", "rue Haute",
    ),
    "weg": ("Amselweg", "Drosselgasse", "Lindenallee", "Bahnhofstraße", "Mühlenweg", "Kirchplatz", "Am Anger"),
    "lane": ("Mill Lane", "Quarry Road", "Station Street", "Harrow Hill", "Church Walk", "Denby Crescent"),
    "town": (
        "Vlierbeek", "Astgoor", "Kranenveld", "Bosuilen", "Wolmeers", "Tieldonk", "Oosterkouter", "Zandrode",
        "Hollerstedt", "Rivemarche", "Thornby", "Eastmere",
    ),
    "person": (
        "Joren Aerdewyn", "Soetkin Dewandel", "Femke Ostaeyen", "Bram Loyens", "Inès Marchandise", "Tom Ashdown",
        "Priya Westlake", "Dirk Hellemans", "Anke Verstuyf", "Jolien Marcoen", "Pim Leliaerts", "Aurélie Gossiaux",
    ),
    "weekday": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "jour": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "tag": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "date": ("3 maart", "14 april", "9 mei", "22 juni", "30 augustus", "5 oktober", "17 november"),
    "jour_du_mois": ("3 mars", "14 avril", "9 mai", "22 juin", "30 août", "5 octobre"),
    "datum": ("3. März", "14. April", "9. Mai", "22. Juni", "30. August", "5. Oktober"),
    "time": ("7.15 uur", "9 uur", "11.40 uur", "13.30 uur", "16.45 uur", "19 uur", "21.20 uur", "23.05 uur"),
    "heure": ("7 h 15", "9 h", "11 h 40", "13 h 30", "16 h 45", "19 h", "21 h 20"),
    "uhr": ("7.15 Uhr", "9 Uhr", "11.40 Uhr", "13.30 Uhr", "16.45 Uhr", "19 Uhr"),
    "clock": ("7.15am", "9am", "11.40am", "1.30pm", "4.45pm", "7pm"),
    "count": ("12", "17", "23", "38", "46", "59", "64", "81", "118", "140", "212", "356", "903", "1.182", "2.014"),
    "words": ("twee", "drie", "vijf", "zeven", "elf", "veertien", "twintig", "vierentwintig"),
    "age": ("19", "24", "31", "37", "45", "52", "68", "77"),
    "week": ("11", "12", "13", "27", "34", "46", "47"),
    "plate": ("1-KLV-481", "2-TRD-905", "1-BQZ-117", "2-HMN-660"),
}  # fmt: skip

TEXTS: tuple[tuple[str, str], ...] = (
    (
        "Resultaten snelheidscontroles week {week}",
        "Onze zone controleerde in week {week} de snelheid op de {street} in {town}. Er reden {count} bestuurders "
        "te snel. De hoogste snelheid werd gemeten op {weekday} om {time}. In totaal werden {words} rijbewijzen "
        "meteen ingetrokken. De komende weken staan er opnieuw controles op het programma, ook 's avonds en in het "
        "weekend. Hou u aan de snelheid: een botsing aan hoge snelheid loopt zelden goed af.",
    ),
    (
        "Fietser gewond bij ongeval",
        "Op {weekday} {date} werd een fietser van {age} jaar aangereden in de {street} in {town}. De bestuurder van "
        "een bestelwagen had haar bij het afslaan niet opgemerkt. Het slachtoffer werd met een gebroken arm naar "
        "het ziekenhuis gebracht. De bestuurder legde een ademtest af die negatief was. Getuigen van het ongeval, "
        "dat om {time} gebeurde, melden zich bij inspecteur {person}.",
    ),
    (
        "Bestelwagen gestolen",
        "In de nacht van {weekday} op de dag erna verdween een bestelwagen met nummerplaat {plate} van een oprit in "
        "de {street}. In de laadruimte lagen {count} toestellen van een installateur uit {town}. Een bewoner hoorde "
        "om {time} een motor starten. Wie iets zag of beelden heeft, belt de recherche en vraagt naar {person}. "
        "Onderneem zelf niets wanneer u het voertuig ziet staan.",
    ),
    (
        "Infoavond over de heraanleg",
        "De gemeente nodigt alle bewoners van de {street} uit op een infoavond over de heraanleg van hun straat. "
        "Die vindt plaats op {date} om {time} in het ontmoetingscentrum van {town}. Projectleider {person} toont de "
        "plannen en beantwoordt vragen. De werken duren {words} weken en kosten {count} euro per strekkende meter. "
        "Er verdwijnen enkele parkeerplaatsen, maar er komen bomen, bredere voetpaden en een veilige oversteek in "
        "de plaats. Wie niet aanwezig kan zijn, bekijkt de plannen nadien op het gemeentehuis.",
    ),
    (
        "Verslag van de gemeenteraad",
        "De gemeenteraad van {town} keurde op {date} het plan goed voor een nieuw zwembad aan de {street}. Het bad "
        "krijgt {words} banen, een instructiebad en een ligweide. De oppositie vindt het ontwerp te duur en vraagt "
        "een nieuwe raming voor de aanbesteding begint. Schepen {person} noemt het bad een investering voor veertig "
        "jaar en wijst erop dat scholen nu naar een buurgemeente moeten rijden. De bouwheer rekent op {count} "
        "bezoekers per dag. Het oude bad blijft open tot de nieuwbouw klaar is, en de concessie van de cafetaria "
        "loopt gewoon door. Voor het einde van het jaar moeten de vergunningen rond zijn; daarna volgt een openbaar "
        "onderzoek waarin iedereen bezwaren kan indienen. De raad besprak ook de toestand van de voetwegen, de "
        "verlichting in het park en de subsidies voor verenigingen. De volgende zitting begint om {time} en is te "
        "volgen via de website van de gemeente, waar ook alle stukken staan. Vragen van burgers worden voortaan op "
        "het einde van de zitting behandeld, als ze een week vooraf zijn ingediend.",
    ),
    (
        "Travaux : circulation interrompue",
        "La {rue} à {town} sera fermée à la circulation à partir du {jour} {jour_du_mois}, dès {heure}. Une "
        "conduite d'eau doit être remplacée sur toute la longueur. Le chantier durera {count} jours. Une déviation "
        "est prévue et les riverains gardent l'accès à leur garage en dehors des heures de travail. Le bus "
        "s'arrêtera provisoirement devant l'école. Pour toute question, contactez {person} au service technique.",
    ),
    (
        "Un cambrioleur interpellé",
        "Un homme de {age} ans a été interpellé {jour} vers {heure} dans la {rue}, à {town}. Un voisin l'avait vu "
        "entrer par une fenêtre à l'arrière d'une maison. La police a retrouvé sur lui {count} bijoux provenant de "
        "plusieurs vols. L'inspectrice {person} demande aux victimes de se présenter au commissariat avec une photo "
        "des objets disparus. Le suspect a été déféré devant le juge d'instruction.",
    ),
    (
        "Feuerwehr löscht Brand in Schuppen",
        "Am {tag}, dem {datum}, brannte gegen {uhr} ein Schuppen im {weg} in {town}. Die Feuerwehr war mit {count} "
        "Kräften im Einsatz und konnte ein Übergreifen auf das Wohnhaus verhindern. Ein Bewohner im Alter von {age} "
        "Jahren erlitt eine leichte Rauchvergiftung. Die Ursache ist noch unklar, die Polizei ermittelt. Hinweise "
        "nimmt {person} auf jeder Wache entgegen.",
    ),
    (
        "Road closed for repairs",
        "{lane} in {town} will be closed from {day} at {clock} while workers repair a burst pipe. About {count} "
        "homes were without water. Diversions are in place and buses will stop outside the library instead. "
        "Engineer {person} said that the work was urgent and that a lorry would bring bottled water to anyone who "
        "needs it. Residents should run their taps for a few minutes once the supply is back.",
    ),
    (
        "Concert in de kerk",
        "Het koor van {town} zingt op {weekday} {date} om {time} in de kerk aan de {street}. Dirigent {person} koos "
        "voor werk van Vlaamse componisten. Een kaart kost {words} euro en de zaal telt {count} plaatsen, dus wees "
        "er snel bij. De opbrengst gaat naar de herstelling van het orgel.",
    ),
)
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Item:
    """A title and a text."""

    title: str
    text: str


def twins(seed: int, changed: int, count: int) -> Iterator[tuple[Item, Item, tuple[str, ...]]]:
    """*count* pairs that differ in *changed* facts, and which kinds of fact these are."""
    chance = random.Random(f"{seed} {changed}")
    for number in range(count):
        title, text = TEXTS[number % len(TEXTS)]
        slots = list(dict.fromkeys(_SLOT.findall(title + text)))
        facts = {slot: chance.choice(POOLS[slot]) for slot in slots}
        other = tuple(chance.sample(slots, changed))
        altered = facts | {
            slot: chance.choice([value for value in POOLS[slot] if value != facts[slot]]) for slot in other
        }
        yield _filled(title, text, facts), _filled(title, text, altered), other


def _filled(title: str, text: str, facts: dict[str, str]) -> Item:
    return Item(title.format(**facts), text.format(**facts))
