"""The names that dates are written with, in Dutch, English, French and German: lower case, without accents."""

from __future__ import annotations

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january januar janvier janner jaenner jan janv",
            "februari february februar fevrier feb febr fev fevr",
            "maart march marz maerz mars mrt mrz maa mar",
            "april avril apr avr",
            "mei may mai",
            "juni june juin jun",
            "juli july juillet jul juil",
            "augustus august aout aug",
            "september septembre sep sept",
            "oktober october octobre okt oct",
            "november novembre nov",
            "december decembre dezember dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "maandag monday montag lundi ma mo mon lun",
            "dinsdag tuesday dienstag mardi di tue tues mar",
            "woensdag wednesday mittwoch mercredi wo mi wed mer",
            "donderdag thursday donnerstag jeudi do thu thurs jeu",
            "vrijdag friday freitag vendredi vr fr fri ven",
            "zaterdag saturday samstag sonnabend samedi za sa sat sam",
            "zondag sunday sonntag dimanche zo so sun dim",
        )
    )
    for name in names.split()
}
# Hours east of Greenwich (RFC 822 §5 and European usage); upper case only, because "met" and "est" are words.
ZONES = {
    "UT": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "MET": 1,
    "MEZ": 1,
    "CEST": 2,
    "MEST": 2,
}
ZONES |= {"MESZ": 2, "EET": 2, "EEST": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8}
ZONES |= {"PDT": -7}
# A day, counted from the day on which it is read.
DAYS = {
    name: -back
    for back, names in enumerate(
        (
            "vandaag today heute aujourd'hui vanochtend vanmorgen vanmiddag vanavond",
            "gisteren gister yesterday gestern hier gisteravond gisterenavond",
            "eergisteren vorgestern avant-hier",
        )
    )
    for name in names.split()
}
JUST_NOW = "zojuist|zonet|daarnet|net|just now|now|a l'instant|gerade eben|soeben"
# Seconds, or months as a negative number.
UNITS = {
    name: seconds
    for seconds, names in {
        1: "s sec second seconds seconde seconden secondes sekunde sekunden",
        60: "m min mins minute minutes minuut minuten minuutje",
        3600: "h hr hrs hour hours u uur uren uurtje heure heures stunde stunden std",
        86400: "d day days dag dagen jour jours tag tage tagen",
        604800: "w week weeks weken wk semaine semaines woche wochen",
        -1: "month months maand maanden mois monat monate monaten",
        -12: "y yr year years jaar jaren an ans annee annees jahr jahre jahren",
    }.items()
    for name in names.split()
}
ONE = "een a an one un une ein eine einem einen einer"
# The second half of the day, and the first, where a clock of twelve hours is meant.
EVENING = (
    r"(?<!voor)middags?\b|avonds?\b|\bdu soir\b"
    r"|\bde l'apres-midi\b|\b(?:nachmittag|abend)s?\b|\b(?:afternoon|evening)\b"
)
NIGHT = r"\b's nachts\b|\bnachts\b"
