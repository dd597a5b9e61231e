"""The words that carry more, or less, than others, in Dutch, French, German and English: lower case, without accents.

They are words of the language and of no field: what a slot is (a month, a number, a negation), what carries nothing by
itself, what excludes what.  In another language numbers, dates, times and names still count; negation does not.
"""

from __future__ import annotations

from collections.abc import Iterable


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _numbered(*lists: str, first: int = 1) -> dict[str, int]:
    return {name: number for names in lists for number, name in enumerate(names.split(), start=first)}


MONTHS = _numbered(
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "january february march april may june july august september october november december",
    "januar februar marz april mai juni juli august september oktober november dezember",
)
WEEKDAYS = _numbered(
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "monday tuesday wednesday thursday friday saturday sunday",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
) | {"sonnabend": 6}

_PARTS = {
    "am": "ochtend ochtends voormiddag voormiddags morgens matin matinee vormittag vormittags morning",
    "pm": "middag middags namiddag namiddags avond avonds midi apres-midi soir soiree nachmittag nachmittags abend "
    "abends afternoon evening",
    "night": "nacht nachts nuit night vannacht",
}
PARTS = {name: part for part, names in _PARTS.items() for name in names.split()}
"""Parts of a day; with ``am`` and ``pm`` an hour below twelve is one of 24."""
DAYS_WITH_PARTS = {
    day + part: (number, part)
    for day, number in WEEKDAYS.items()
    for part in ("ochtend", "voormiddag", "middag", "namiddag", "avond", "nacht", "abend", "vormittag", "nachmittag")
} | {day + "morgen": (number, "ochtend") for day, number in WEEKDAYS.items()}

NEGATIONS = _words(
    "niet geen nooit niemand niets evenmin zonder pas jamais aucun aucune sans nicht kein keine keinen keiner "
    "keinem nie niemals ohne not no never nobody none without cannot"
)
STATES = _words(
    "opgelost hersteld opgeheven afgelast geannuleerd uitgesteld verplaatst volzet uitverkocht teruggevonden "
    "terecht heropend ingetrokken vrijgelaten geweigerd vermist toch resolu repare leve annule annulee reporte "
    "reportee complet retrouve retrouvee rouvert rouverte disparu disparue behoben aufgehoben abgesagt verschoben "
    "ausgebucht ausverkauft wiedergefunden vermisst doch resolved repaired lifted cancelled canceled postponed "
    "reopened missing"
)
"""Words by which the news turns into its opposite."""

_OPPOSITES = (
    "open geopend gesloten dicht ouvert ouverte ferme fermee offen geoffnet geschlossen closed opened",
    "begin start einde begonnen beeindigd afgelopen debut fin beginn ende anfang end ends begins starts",
    "meer minder plus moins mehr weniger more less fewer",
    "stijging stijgt stegen gestegen daling daalt daalden gedaald hausse baisse anstieg ruckgang rise fall rises falls",
    "voor na",
    "tot vanaf",
    "boven onder",
    "mee tegen",
    "deze volgende komende",
    "cette prochaine",
    "diese nachste",
    "this next",
    "kwart helft driekwart quart moitie tiers viertel halfte drittel",
    "groot klein grote kleine grand petit grande petite gross klein large small",
    "veel weinig beaucoup peu viel wenig many few much little",
    "binnen buiten",
    "avant apres",
    "vor nach",
    "bis ab",
    "before after",
    "hoger lager",
    "vroeger later",
    "higher lower",
    "earlier later",
    "aangehouden opgepakt gearresteerd vrijgelaten arrete arretes interpelle libere relache festgenommen verhaftet "
    "freigelassen arrested detained released freed",
    "overleden overlijdt overleed dood dode doden dodelijk gestorven stierf gewond gewonde gewonden zwaargewond "
    "lichtgewond ongedeerd decede mort mortel blesse indemne verstorben gestorben tote toter todlich "
    "verletzt schwerverletzt leichtverletzt unverletzt dead died killed injured hurt unhurt unharmed",
    "gevonden teruggevonden verloren gestolen vermist trouve retrouve perdu vole disparu gefunden verloren gestohlen "
    "vermisst found lost stolen missing",
    "links rechts gauche droite left right",
    "noord zuid oost west noorden zuiden oosten westen noordelijke zuidelijke oostelijke westelijke nord sud est ouest "
    "norden suden osten westen north south east west",
    "man vrouw jongen meisje mannen vrouwen jongens meisjes homme femme garcon fille mann frau junge madchen woman boy "
    "girl men women boys girls",
    "zwart zwarte wit witte rood rode blauw blauwe groen groene geel gele grijs grijze bruin bruine oranje paars "
    "zilver noir noire blanc blanche rouge bleu bleue vert verte jaune gris grise brun orange schwarz schwarze "
    "schwarzer weiss weisse weisser rot rote roter blau blaue blauer grun grune gruner gelb gelbe gelber grau "
    "graue grauer black white red blue green yellow grey gray brown purple silver",
    "lente zomer herfst winter printemps ete automne hiver fruhling sommer herbst spring summer autumn",
    "verboden toegelaten verplicht vrijwillig interdit autorise obligatoire facultatif verboten erlaubt pflicht "
    "freiwillig forbidden allowed mandatory optional compulsory",
    "schuldig onschuldig coupable innocent schuldig unschuldig guilty innocent vrijgesproken veroordeeld acquitte "
    "condamne freigesprochen verurteilt acquitted convicted",
    "gewonnen gelijk won verloor gagne perdu gewann verlor lost drew wint verliest",
    "goedgekeurd afgekeurd verworpen approuve rejete genehmigt abgelehnt approved rejected",
    "auto wagen personenwagen voet fiets bromfiets motorfiets vrachtwagen bestelwagen bus tram trein voiture velo moto "
    "camion camionnette tramway train fahrrad motorrad lastwagen zug car bicycle bike motorcycle lorry truck van",
    "hond kat poes paard koe schaap konijn vogel chien chat cheval vache mouton lapin hund katze pferd kuh schaf "
    "dog cat horse cow sheep rabbit",
)
FIELDS = {name: number for number, names in enumerate(_OPPOSITES) for name in names.split()}
"""Words of one field exclude one another; see ``TWINS`` for those that do not."""


def field(word: str) -> tuple[str, int] | None:
    """The word of a field that *word* is, in whichever number and gender, and its field."""
    return _INFLECTED.get(word)


_INFLECTED = {stem + end: (stem, number) for end in ("er", "en", "es", "e", "s", "") for stem, number in FIELDS.items()}
"""Every form of the words of a field; what can be two, is the one with the shorter ending."""


_TWINS = (
    "aangehouden opgepakt gearresteerd", "arrete arretes interpelle", "festgenommen verhaftet", "arrested detained",
    "released freed", "libere relache",
    "overleden overlijdt overleed dood dode doden dodelijk gestorven stierf", "gewond gewonde gewonden",
    "decede mort mortel",
    "verstorben gestorben tote toter todlich", "dead died killed", "injured hurt",
    "unhurt unharmed", "gevonden teruggevonden", "trouve retrouve",
    "auto wagen personenwagen voiture car", "fiets fahrrad velo bicycle bike", "open geopend", "gesloten dicht",
    "begin start begonnen begins starts", "einde beeindigd afgelopen end ends", "poes kat", "lorry truck",
    "closed", "ouvert ouverte", "ferme fermee", "offen geoffnet", "stijging stijgt stegen gestegen",
    "daling daalt daalden gedaald", "gewonnen won wint", "verloor verliest", "motorfiets moto",
    "beginn anfang", "less fewer", "volgende komende", "groot grote", "klein kleine",
    "grand grande gross large", "petit petite small", "afgekeurd verworpen", "grey gray",
)  # fmt: skip
TWINS = {name: number for number, names in enumerate(_TWINS) for name in names.split()}

BODIES = _words(
    "politiezone zone pz politie gemeente gemeentebestuur stad stadsbestuur brandweer brandweerzone ziekenhuis az uz "
    "commune ville police hopital stadt gemeinde polizei feuerwehr krankenhaus council hospital trust brigade"
)
"""Bodies that publish, and whose name stands behind these words."""
FREE = _words("gratis kosteloos gratuit gratuite gratuitement kostenlos kostenfrei umsonst free")
LABELS = {
    name: label
    for label, names in {
        "week": "week weeknummer semaine woche kalenderwoche kw wk",
        "number": "nr nummer numero no n number ausgabe editie edition nieuwsbrief uitgave issue aflevering folge "
        "episode jaargang jahrgang volume vol",
        "part": "deel partie teil part hoofdstuk chapitre kapitel chapter lecon lektion lesson",
        "round": "ronde speeldag etappe fase rit manche journee etape phase runde spieltag round stage matchday",
    }.items()
    for name in names.split()
}
"""Words before a number that say which one of a series this is."""

REMINDING = _words("vergeet oubliez vergessen forget")
"""Verbs whose negation asks for the thing: "vergeet je kaart niet" and "breng je kaart mee"."""

MARKERS = _words(
    "update updated bijgewerkt aanvulling aangevuld actualisatie mise-a-jour actualise aktualisiert aktualisierung "
    "nachtrag"
)
CORRECTIONS = _words(
    "rechtzetting correctie gecorrigeerd verbetering erratum rectificatie rectificatif rectification correction "
    "corrige berichtigung korrektur richtigstellung korrigiert corrected corrigendum"
)
HEDGES = {
    name: way
    for way, names in {
        "about": "ongeveer circa zowat rond een-en-al omstreeks zo'n zon ca environ quelque autour rund etwa "
        "zirka ungefahr about around roughly approximately some",
        "below": "bijna nagenoeg haast presque pres fast knapp beinahe nearly almost",
        "above": "ruim meer boven plus uber mehr gut over more dik",
    }.items()
    for name in names.split()
}
"""Words before a rounded number, and on which side of it the exact one lies."""

LARGER = dict.fromkeys(("ton", "tonne", "tonnes", "tonnen"), (1000, "kg")) | {"km": (1000, "m"), "&m3": (1000, "l")}
"""Units that are a number of others, behind a number."""
DETERMINING = _words("geen aucun aucune kein keine keinen keiner keinem no zonder sans ohne without")
"""Negations that bring along what there is none of."""
UNITS = {
    name: unit
    for unit, names in {
        "km": "km kilometer kilometers kilometre kilometres",
        "m": "meter metre metres meters",
        "cm": "cm centimeter centimetre centimetres",
        "mm": "mm millimeter millimeters millimetre millimetres",
        "kg": "kg kilo kilogram kilogramme kilogrammes kilogramm kilos",
        "g": "gram gramme grammes gramm",
        "l": "liter litre litres liters",
        "%": "procent pct percent prozent",
        "euro": "euro euros eur",
        "min": "minuut minuten minute minutes min",
        "graden": "graden degres grad degrees",
        "ha": "ha hectare hectares hektar",
        "s": "seconden secondes sekunde sekunden seconds",
        "&m2": "quadratmeter",
        "&m3": "kubikmeter kuub",
    }.items()
    for name in names.split()
}
SQUARE_AND_CUBIC = dict.fromkeys(("vierkante", "square"), "&m2") | dict.fromkeys(("kubieke", "cubic"), "&m3")
"""Words before metres."""
PER = _words("per par pro")
SPANS = {
    name: minutes
    for minutes, names in ((15, "kwartier kwartiertje viertelstunde"), (30, "halfuur halfuurtje"), (45, "driekwartier"))
    for name in names.split()
}
"""Minutes that have a name."""
HOUR = _words("uur uurtje heure stunde hour")
PARTS_OF_AN_HOUR = dict.fromkeys(("half", "half an", "demi", "halbe", "halben"), "halfuur") | dict.fromkeys(
    ("quart d", "quarts d", "quarter of an", "quarters of an"), "kwartier"
)
"""What stands before the hour, and which of ``SPANS`` it makes with it."""

_SAME = (
    "pand gebouw", "nadien daarna vervolgens achteraf erna", "meteen onmiddellijk direct dadelijk", "tijdens gedurende",
    "ook eveneens tevens", "nu momenteel thans", "enkel alleen slechts", "via langs", "mag kan", "krijgt ontvangt",
    "gebeurde vond plaats", "zegt aldus", "inwoners bewoners", "inwoner bewoner", "mensen personen", "mens persoon",
    "habitants riverains", "bestemd bedoeld", "ensuite puis apres", "moest diende", "moeten dienen", "moet dient",
    "immediatement aussitot", "uniquement seulement", "danach anschliessend", "sofort umgehend unverzuglich",
    "auch ebenfalls", "nur lediglich", "afterwards then later", "immediately straightaway", "also too", "only just",
    "weer opnieuw", "verschillende meerdere diverse", "plaats plek", "jaar jarige", "jahre jahrige",
    "weekend weekeinde", "st sint saint sankt", "dr dokter docteur doctor doktor",
    "prof professor professeur", "pz politiezone polizeizone", "pv pvs pv's proces-verbaal processen-verbaal",
    "achterkant achterzijde", "voorkant voorzijde", "onderkant onderzijde", "bovenkant bovenzijde",
    "gsm smartphone", "plaatselijk lokaal", "snel vlug", "zegt verklaart", "kreeg ontving", "kregen ontvingen",
    "says said", "sagt sagte", "zegt zei", "max maximaal maximum hoogstens", "minstens minimaal minimum",
    "mevr mevrouw madame mme frau", "dhr meneer monsieur herr",
)  # fmt: skip
SYNONYMS = {name: names.split()[0] for names in _SAME for name in names.split()}
"""Words that an editor exchanges without another meaning, as one."""

_FUNCTION = {
    "nl": "de het een en of in op te aan met voor door bij is zijn was werd worden wordt om naar uit over tot als "
    "dat die dit er ook je jij jouw u we wij ze zij hij onze uw zo zodra toen dan daar daarbij daarom hier na naast "
    "nadat omdat onder ondanks ons sinds tijdens tegen toch tussen van vanaf vandaag gisteren verder "
    "volgens vorige waar wanneer want wat wie welke werden wil zal zou kan kun kon moet mag mocht maar nog nu "
    "al alle allen alles ander andere beide binnen bovendien buiten deze dus eerder elk elke gelieve haar "
    "hun hoe indien intussen inmiddels iedereen iets iemand later mijn steeds terwijl uiteindelijk vooral "
    "zelfs heb hebt heeft hebben had hadden bent ben waren wel men zich hen hem kunnen kunt jullie moeten mogen "
    "zullen zouden komt kwam gaat ging staat stond ligt lag blijft bleef krijgen gaf geeft s t per tegen "
    "circa ongeveer rond omstreeks ervan daarvan hiervan waarvan ermee daarmee hiermee waarmee erbij eraan "
    "daaraan hieraan erop daarop hierop waarop ervoor daarvoor hiervoor eruit daaruit hieruit waaruit "
    "erdoor daardoor hierdoor waardoor erover daarover hierover waarover erin daarin hierin waarin waarbij "
    "eens ben wordt onderweg "
    "wegens vanwege doordat "
    "kwamen gingen liepen stonden lagen bleven gaven deden maakten namen kregen doet deed maakt maakte neemt nam loopt "
    "liep zit zat zaten brengt bracht brachten vinden vindt vond vonden",
    "fr": "le la les l d s n c j m qu un une des du de au aux et ou en dans sur pour par avec ce cette ces cet il "
    "elle ils elles on nous vous son sa ses leur leurs notre nos votre vos qui que quoi dont apres avant "
    "lors depuis selon mais est sont etait etaient sera seront a ont avait ete etre avoir y ne se si tout "
    "tous toute toutes entre chez vers plus comme fait peut doit age agee ages agees parce cause raison "
    "ainsi donc alors cependant toutefois",
    "de": "der die das den dem des ein eine einen einem einer eines und oder im am an auf zu zur zum fur von vom "
    "mit bei beim ist war sind waren wird werden wurde wurden er sie es wir ihr ihre ihren sein seine nach "
    "vor seit aber wenn wie was hat haben hatte hatten auch aus in um als ab bis dass sich uber unter durch "
    "wegen weil aufgrund infolge daher darum deshalb gegen man noch nur so kann muss soll sollen mussen konnen "
    "konnte zwischen",
    "en": "the a an and or in on at to for of is it by with from as be was were are this that these those he she "
    "they we you i his her their our your its after before during since but if when where who what which "
    "has have had been will would can could should may might must do does did there here than then so about "
    "into over under between because due owing aged old s t",
}
_FORMS = {
    "nl": ("je jij jouw u uw jullie", "we wij", "ze zij", "kan kun kunt", "heeft hebt heb"),
    "fr": ("notre nos", "votre vos", "ainsi donc alors"),
    "de": ("daher darum deshalb",),
    "en": (),
}
FORMS = {
    tongue: {form: names.split()[0] for names in many for form in names.split()} for tongue, many in _FORMS.items()
}
"""Which of them are one word: how a reader is spoken to, by "u" or by "je", is each publisher's own."""
FUNCTION = {tongue: frozenset(names.split()) for tongue, names in _FUNCTION.items()}
"""Words that carry nothing by themselves, by language: "been" is one in English and a leg in Dutch."""
_TONGUES = {
    word: tuple(name for name, telling in FUNCTION.items() if word in telling)
    for word in frozenset().union(*FUNCTION.values())
}
DETERMINERS = _words(
    "de het een deze dit die elke elk alle geen onze uw hun haar zijn van met voor door in op aan bij naar uit tot "
    "tegen over onder le la les l un une des du de d au aux ce cette ces cet son sa ses leur leurs notre nos votre "
    "vos pour par avec sans dans sur der die das den dem des ein eine einen einem einer eines im am zum zur vom "
    "beim mit fur von auf the a an this that these those his her their our your its of with for by from"
)
"""What stands before a noun: a word exchanged after one of these is what the news is about."""
ABBREVIATIONS = _words(
    "dr prof nr no st mr mevr dhr mme mlle m bv ca tel str inkl bzw ing ir art blz p resp evt o.a vs jr sr"
)
STREETS = (
    "straat", "strasse", "laan", "steenweg", "weg", "baan", "plein", "dreef", "kaai", "singel", "lei", "markt", "platz",
    "gasse", "allee", "pad", "steeg", "berg", "veld", "park", "hof",
)  # fmt: skip
"""How streets end; as a name of its own a word must have four more letters."""
ENDINGS = (
    "ingen", "ering", "heden", "heid", "lijke", "lijk", "atie", "aties", "tion", "tions", "ment", "ments", "ungen",
    "keit", "heit", "lichen", "liche", "ement", "isch", "ische", "baar", "bare", "loos", "loze", "able", "ables",
    "eerd", "eerde", "eerden", "ieren", "aient", "eront", "ssent", "ings", "nden", "enden", "ende",
)  # fmt: skip
"""Endings by which words are derived: they make no compounds of one head."""


def tongue(words: Iterable[str]) -> str:
    """The language that most of the words that carry nothing are of: nl, fr, de or en; nl when nothing tells."""
    counts = dict.fromkeys(FUNCTION, 0)
    for word in words:
        for name in _TONGUES.get(word, ()):
            counts[name] += 1
    return max(counts, key=lambda name: counts[name])
