from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import colour, i18n, text
from aggregator.digest.render import render
from aggregator.mail.message import compose, filled
from aggregator.model import Category, Content, Digest, Entry, Letter, Link, Mail, Sighting, Story
from tests import stories
from tests.goldens import golden
from tests.lint_mail import lint
from tests.stories import BHT, CONFIG, DIGEST, ENVELOPE, HZ, NOW, fortnight, joint, rendered, sighting, story

WORDS = "De wijkagenten controleerden de verlichting van 140 fietsen."


def letter(*shown: Story, digest: Digest = DIGEST) -> Letter:
    return rendered(CONFIG, digest, shown, NOW)


def alone(title: str, number: int, zone: str = "bht", words: str = WORDS) -> Story:
    """A story of one zone; a higher number is older."""
    day = (NOW - timedelta(hours=number)).astimezone(stories.BRUSSELS)
    return story(sighting(zone, title, words, f"{day:%Y-%m-%d %H:%M}", key=str(number)), number=number)


def hundred() -> list[Story]:
    """A hundred stories such as zones write, a quarter of them joint."""
    made = []
    for number in range(100):
        words = f"Resultaten verkeerscontrole op de Wolfsmelkstraat in week {number}: {1000 + number} voertuigen"
        found = alone(words, number, "hz" if number % 2 else "bht", "De hoogste snelheid was 104 km/u. " * 9)
        if number % 4 == 0:
            other = sighting("hz", words, published="2026-11-20 10:00", key=f"9{number}")
            found = story(found.lead, other, number=number)
        made.append(found)
    return made


def visible(markup: str) -> str:
    """The HTML as text, roughly; for finding sentences in it."""
    body = re.sub(r"<(style|title)[^>]*>.*?</\1>|<!--.*?-->", "", markup, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ")


def hrefs(markup: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', markup)]


def test_the_text_is_as_it_was_looked_at() -> None:
    """The text part of a fortnight's digest."""
    made = filled(letter(*fortnight()), ENVELOPE)
    assert made.text == golden("digest.txt", made.text)


def test_the_html_is_as_it_was_looked_at() -> None:
    """The HTML part of the same digest, an element a line so that a change can be read."""
    lines = filled(letter(*fortnight()), ENVELOPE).html.replace("><", ">\n<") + "\n"
    assert lines == golden("digest.html", lines)


def test_the_message_is_as_it_was_looked_at() -> None:
    """The bytes on the wire of a small digest."""
    raw = compose(letter(joint(), alone("Fietsgraveeractie op zaterdag", 1, "hz")), ENVELOPE)
    assert raw.decode("ascii") == golden("digest.eml", raw.decode("ascii"))


def test_the_message_passes_the_lint() -> None:
    """Headers, folding, sizes, links, headings and characters are good."""
    assert lint(compose(letter(*fortnight()), ENVELOPE)) == []


def test_same_stories_same_letter() -> None:
    """Nothing in a letter depends on when or in what order it is made."""
    assert letter(*fortnight()) == letter(*reversed(fortnight()))


def test_both_parts_are_complete() -> None:
    """Every headline, link, other source and its address stands in the HTML and in the text."""
    made = letter(*fortnight())
    seen = visible(made.html)
    for each in fortnight():
        assert each.lead.entry.title in seen
        assert each.lead.entry.title in made.text.splitlines()
        for member in each.members:
            address = member.sighting.entry.link
            assert address in hrefs(made.html)
            assert address in made.text.splitlines()
    for sentence in ("Deze mail is nieuws, geen noodkanaal.", "U krijgt deze mail omdat", "be-alert.be"):
        assert sentence in seen
        assert sentence in made.text
    assert {"tel:101", "tel:112", "https://nieuws.example.be/", "https://nieuws.example.be/samenwerking.atom"} <= set(
        hrefs(made.html)
    )


def test_no_link_is_rewritten() -> None:
    """Every link is a publisher's as they wrote it, our own, the reader's own, or a number to call."""
    made = letter(*fortnight())
    theirs = {member.sighting.entry.link for each in fortnight() for member in each.members}
    ours = {"https://nieuws.example.be/", "https://nieuws.example.be/samenwerking.atom", "https://www.be-alert.be/"}
    own = {"tel:101", "tel:112", *(f"\x02{name}\x03" for name in ("unsubscribe", "preferences", "view"))}
    assert set(hrefs(made.html)) == theirs | ours | own
    assert set(re.findall(r"^(?:https?:|\x02).*$", made.text, re.MULTILINE)) == (theirs | ours | own) - {
        "tel:101",
        "tel:112",
    }


def test_joint_stories_first_then_zones_in_the_order_of_the_file() -> None:
    """What several zones published leads; each zone's own news follows under its name, the newest at the top."""
    made = letter(alone("Oud", 5, "bht"), alone("Nieuw", 1, "hz"), alone("Nieuwer", 2, "bht"), joint())
    found = re.findall(r"<h([123])[^>]*>(?:<a[^>]*>)?([^<]*)", made.html)
    assert found == [
        ("1", "Samenwerking Beringen/Ham/Tessenderlo en Heusden-Zolder"),
        ("2", "Samen gepubliceerd"),
        ("3", "Politiezones starten gezamenlijk verkeersteam"),
        ("2", "Politiezone Beringen/Ham/Tessenderlo"),
        ("3", "Nieuwer"),
        ("3", "Oud"),
        ("2", "Politiezone Heusden-Zolder"),
        ("3", "Nieuw"),
        ("2", "Dringende hulp nodig?"),
        ("2", "Waarom krijgt u deze mail?"),
    ]


def test_a_joint_story_is_marked_with_its_zones() -> None:
    """Both zones stand beside it, the other source with its own link and time."""
    made = letter(joint())
    assert re.findall(r'class="badge z\d"[^>]*>([^<]*)', made.html) == ["Beringen/Ham/Tessenderlo", "Heusden-Zolder"]
    assert "Ook bij Politiezone Heusden-Zolder (23 november 2026 om 08.30 uur)" in text.clean(visible(made.html))
    assert (
        "Ook bij Politiezone Heusden-Zolder, 23 november 2026 om 08.30 uur:\nhttps://hz.example/5375/nieuws/881\n"
        in made.text
    )


def test_who_asks_for_help_comes_first() -> None:
    """What seeks somebody, by title or by category, leads and stands in no other section; the head counts it."""
    wanted = story(sighting(title="Brand", categories=(Category(term="1", label="Getuigenoproep"),)), number=2)
    made = letter(joint(), wanted, alone("Vermist: Bako", 9))
    found = re.findall(r"<h([23])[^>]*>(?:<a[^>]*>)?([^<]*)", made.html)[:5]
    assert [words for _, words in found] == [
        "Uw hulp gevraagd",
        "Vermist: Bako",
        "Brand",
        "Samen gepubliceerd",
        "Politiezones starten gezamenlijk verkeersteam",
    ]
    assert made.html.count(">Brand<") == made.text.count("\nBrand\n") == 1
    assert 'class="card help" bgcolor="#fdf1ee"' in made.html
    for part in (visible(made.html), made.text):
        assert "3 berichten, waarvan 2 uw hulp vragen en 1 samen gepubliceerd is" in part
    calm = replace(CONFIG, mail=Mail(sender="a@example.be", urgent=()))
    assert "Uw hulp gevraagd" not in rendered(calm, DIGEST, [wanted], NOW).text


COUNTED = {
    "en": (
        "1 story",
        "1 story, published together",
        "3 stories, all of them published together",
        "3 stories, 1 of them published together",
        "1 story, which asks for your help, published together",
        "3 stories, which all ask for your help, 1 of them published together",
        "4 stories, 2 of them ask for your help and 1 was published together",
        "1 story, published together, 2 updated stories",
        "2 updated stories",
        "There is no news.",
    ),
    "nl-BE": (
        "1 bericht",
        "1 bericht, samen gepubliceerd",
        "3 berichten, allemaal samen gepubliceerd",
        "3 berichten, waarvan 1 samen gepubliceerd",
        "1 bericht, dat uw hulp vraagt, samen gepubliceerd",
        "3 berichten, die allemaal uw hulp vragen, waarvan 1 samen gepubliceerd",
        "4 berichten, waarvan 2 uw hulp vragen en 1 samen gepubliceerd is",
        "1 bericht, samen gepubliceerd, 2 bijgewerkte berichten",
        "2 bijgewerkte berichten",
        "Er is geen nieuws.",
    ),
    "fr-BE": (
        "1 message",
        "1 message, publié en commun",
        "3 messages, tous publiés en commun",
        "3 messages, dont 1 publié en commun",
        "1 message, qui demande votre aide, publié en commun",
        "3 messages, qui demandent tous votre aide, dont 1 publié en commun",
        "4 messages, dont 2 demandent votre aide et 1 est publié en commun",
        "1 message, publié en commun, 2 messages mis à jour",
        "2 messages mis à jour",
        "Il n\N{RIGHT SINGLE QUOTATION MARK}y a rien de nouveau.",
    ),
    "de-BE": (
        "1 Meldung",
        "1 Meldung, gemeinsam veröffentlicht",
        "3 Meldungen, alle gemeinsam veröffentlicht",
        "3 Meldungen, davon 1 gemeinsam veröffentlicht",
        "1 Meldung, die um Ihre Hilfe bittet, gemeinsam veröffentlicht",
        "3 Meldungen, die alle um Ihre Hilfe bitten, davon 1 gemeinsam veröffentlicht",
        "4 Meldungen, davon bitten 2 um Ihre Hilfe und 1 ist gemeinsam veröffentlicht",
        "1 Meldung, gemeinsam veröffentlicht, 2 aktualisierte Meldungen",
        "2 aktualisierte Meldungen",
        "Es gibt keine Neuigkeiten.",
    ),
}


@pytest.mark.parametrize("language", COUNTED)
def test_the_head_counts_as_people_do(language: str) -> None:
    """What one story or all of them are is said without counting them again; on one line, in each language."""
    counts = i18n.environment(language, "UTC").get_template("mail/counts.txt")
    cases = [
        (1, 0, 0, 0),
        (1, 0, 1, 0),
        (3, 0, 3, 0),
        (3, 0, 1, 0),
        (1, 1, 1, 0),
        (3, 3, 1, 0),
        (4, 2, 1, 0),
        (1, 0, 1, 2),
        (0, 0, 0, 2),
        (0, 0, 0, 0),
    ]
    names = ("count", "urgent", "joint", "updates")
    assert tuple(counts.render(zip(names, each, strict=True)) for each in cases) == COUNTED[language]


def test_updates_have_a_section_of_their_own() -> None:
    """What was mailed before and was edited since comes last, with the moment of its edit, and counts apart."""
    again = replace(alone("Rijbaan weer vrij", 30), updated=NOW - timedelta(hours=1))
    made, many = render(CONFIG, DIGEST, [joint()], NOW, weight, updates=[again])
    assert many == 1
    assert made.text.index("Politiezones starten") < made.text.index("Bijgewerkt sinds de vorige mail\n-----")
    assert "Beringen/Ham/Tessenderlo - Bijgewerkt: 23 november 2026 om 08.00 uur" in made.text
    assert "Bijgewerkt: 23 november 2026 om 08.00 uur" in visible(made.html)
    for part in (visible(made.html), made.text):
        assert "1 bericht, samen gepubliceerd, 1 bijgewerkt bericht" in part
    alone_again = render(CONFIG, DIGEST, [], NOW, weight, updates=[again])[0]
    assert alone_again.subject == "Rijbaan weer vrij (23 nov)"
    assert "Er is geen nieuws" not in alone_again.text
    crowd = [replace(again, id=str(number), updated=NOW - timedelta(hours=number)) for number in range(700)]
    told = render(CONFIG, DIGEST, [joint()], NOW, weight, updates=crowd)[0]
    assert weight(told) < 90_000
    assert told.text.count("Rijbaan weer vrij") == 40


def test_a_digest_of_several_a_day_says_the_hour() -> None:
    """Subjects are unique: of two editions of a day each names its hour."""
    for often in (replace(DIGEST, at=(time(7), time(16))), replace(DIGEST, cadence="at once")):
        assert letter(joint(), digest=often).subject == "Politiezones starten gezamenlijk verkeersteam (23 nov, 09:00)"


def test_four_in_full_and_the_rest_as_rows() -> None:
    """A section shows four stories with a teaser, and all others with zone, time and link."""
    made = letter(*(alone(f"Bericht {number}", number) for number in range(7)))
    assert len(re.findall(r'class="teaser"', made.html)) == 4
    assert len(re.findall(r'class="row"', made.html)) == 3
    assert made.html.index("Bericht 3<") < made.html.index('class="row"') < made.html.index("Bericht 4<")
    assert made.text.count("De wijkagenten controleerden") == 4
    assert all(f"Bericht {number}\nBeringen/Ham/Tessenderlo - 23 november" in made.text for number in range(7))


@pytest.mark.parametrize(
    ("shown", "subject"),
    [
        ([], "Samenwerking Beringen/Ham/Tessenderlo en Heusden-Zolder (23 nov)"),
        ([alone("VERMIST: JAN JANSSENS", 9), joint()], "Vermist: jan janssens en nog 1 bericht (23 nov)"),
        ([alone("PZ BHT", 9)], "PZ BHT (23 nov)"),
        ([alone("Fietsgraveeractie", 1)], "Fietsgraveeractie (23 nov)"),
        ([alone("Eerste", 2), alone("Tweede", 1)], "Tweede en nog 1 bericht (23 nov)"),
        (
            [alone("Nieuwste", -9), joint(), alone("Ander", 3)],
            "Politiezones starten gezamenlijk verkeersteam en nog 2 (23 nov)",
        ),
        (
            [alone("Dinsdag hinder op de Heidebloemsteenweg door werken aan het kruispunt met de Korhoenstraat", 1)],
            "Dinsdag hinder op de Heidebloemsteenweg door werken… (23 nov)",
        ),
        ([alone("Inbraak\r\nBcc: x@y\u202e \x9d week\u200b 12", 1)], "Inbraak Bcc: x@y week 12 (23 nov)"),
        ([alone("", 1)], "De wijkagenten controleerden de verlichting van 140… (23 nov)"),
    ],
)
def test_the_subject(shown: list[Story], subject: str) -> None:
    """Who asks for help, else the newest joint headline, else the newest; how many more; the day; in 64 characters."""
    assert len(subject) <= 64
    assert letter(*shown).subject == subject


def test_subjects_differ_from_day_to_day() -> None:
    """The same headline on another day is another subject, so that mail programs do not make it one conversation."""
    same = [alone("Resultaten verkeerscontrole", 1)]
    assert (
        rendered(CONFIG, DIGEST, same, NOW).subject != rendered(CONFIG, DIGEST, same, NOW + timedelta(days=1)).subject
    )


def test_the_day_is_that_of_the_readers_clock() -> None:
    """Just after midnight in Brussels it is the new day, whatever UTC says."""
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    made = rendered(CONFIG, DIGEST, [joint()], late)
    assert made.subject.endswith("(23 nov)")
    assert "maandag 23 november 2026" in made.text


def test_a_hundred_stories_stay_below_the_limit() -> None:
    """With a hundred stories the message is below 90 kB, the newest have their teasers, and no story is left out."""
    made = letter(*hundred())
    raw = compose(made, ENVELOPE)
    assert lint(raw) == []
    assert 'class="teaser"' in made.html
    seen = visible(made.html)
    for each in hundred():
        assert each.lead.entry.title in seen
        assert each.lead.entry.title in made.text


def weight(made: Letter) -> int:
    return len(compose(made, ENVELOPE))


def test_more_than_fits_gives_up_teasers_but_no_story() -> None:
    """When it would be too large, stories become headlines with their links before any is left out."""
    many = [alone(f"Bericht {number} over {' en '.join(['fietsen'] * 5)}", number) for number in range(160)]
    made, shown = render(CONFIG, DIGEST, many, NOW, weight)
    assert shown == 160
    assert made.html.count('class="teaser"') < 4 < 100 < made.html.count('class="brief"')
    for each in many:
        assert each.lead.entry.title in made.html
        assert each.lead.entry.link in hrefs(made.html)
        assert {each.lead.entry.title, each.lead.entry.link} <= set(made.text.splitlines())


@pytest.mark.parametrize("number", [160, 250, 700])
def test_what_even_so_does_not_fit_is_counted(number: int) -> None:
    """The letter holds as many as fit, from the first on; HTML and text say how many more, and where they are."""
    many = [alone(f"Bericht {n:03} over {'verkeersveiligheid ' * 9}", n) for n in range(number)]
    made, shown = render(CONFIG, DIGEST, many, NOW, weight)
    assert lint(compose(made, ENVELOPE)) == []
    assert 85_000 < weight(made) < 90_000
    assert 0 < shown < number
    sentence = f"Nog {number - shown} berichten pasten niet in deze mail. Ze staan op de website en komen mee met"
    for part in (visible(made.html), made.text):
        assert {int(found) for found in re.findall(r"Bericht (\d{3}) over", part)} == set(range(shown))
        assert sentence in part
        assert f"{shown} berichten" in part
    assert "editie.\nhttps://nieuws.example.be/\n" in made.text
    assert render(CONFIG, DIGEST, many[:shown], NOW, weight)[1] == shown


def test_a_letter_holds_one_story_at_least() -> None:
    """A digest goes on whatever its stories weigh; a single one left over is one in words too."""
    made, shown = render(CONFIG, DIGEST, [alone("Eerst", 1), alone("Later", 2)], NOW, lambda letter: 10**6)
    assert shown == 1
    assert "Nog 1 bericht paste niet in deze mail. Het staat op de website" in made.text
    assert render(CONFIG, DIGEST, [alone("Eerst", 1)], NOW, lambda letter: 10**6)[1] == 1
    assert render(CONFIG, DIGEST, [], NOW, weight)[1] == 0


def test_hostile_words_are_only_words() -> None:
    """Markup, control characters and other schemes of a source do nothing in a letter."""
    evil = '<script>alert(1)</script><img src="https://x.example/p.gif">"\'&amp; \u202etxet\u202c \x1b[2J'
    made = letter(
        alone(evil, 1, words=evil),
        story(sighting(title="Link", url="javascript:alert(1)"), number=2),
        story(sighting(title="Adres", url='https://x.example/"><script>'), number=3),
    )
    assert set(lint(compose(made, ENVELOPE))) <= {"the text part holds markup"}  # as words, from the title
    assert "<script" not in made.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made.html
    assert not re.search(r"javascript:", " ".join(hrefs(made.html)))
    assert "\u202e" not in made.html + made.text + made.subject


def test_a_story_without_a_link_is_told_all_the_same() -> None:
    """A headline without an address is plain text; the address of another copy is taken where there is one."""
    bare = sighting("bht", "Zonder adres", links=())
    made = letter(story(bare))
    assert re.search(r"<h3[^>]*>Zonder adres</h3>", made.html)
    borrowed = letter(story(bare, sighting("hz", "Met adres", key="77")))
    assert re.search(r'<h3[^>]*><a [^>]*href="https://hz.example/5375/nieuws/77"[^>]*>Zonder adres</a>', borrowed.html)


def test_a_day_without_a_time_is_shown_as_a_day() -> None:
    """Midnight is what a source without times gives: nobody publishes at 00.00."""
    made = letter(story(sighting(published="2026-11-20 00:00")))
    assert "vrijdag 20 november 2026" in made.text
    assert "00.00" not in made.text + visible(made.html)


def test_a_zone_that_left_the_configuration() -> None:
    """A story of a zone that nobody knows any more goes out under its id, rather than not at all."""
    made = letter(alone("Van vroeger", 1, "oud"), joint())
    assert "\noud\n---\n" in made.text
    assert "Van vroeger" in visible(made.html)


def test_the_language_of_an_entry_is_marked() -> None:
    """A headline in another language is read aloud in it."""
    foreign = story(sighting(title="Police Day", lang="en"), number=1)
    own = story(sighting(title="Dag van de politie", lang="nl-BE"), number=2)
    made = letter(foreign, own)
    assert re.search(r'<h3 lang="en"[^>]*>.*?Police Day', made.html)
    assert re.search(r"<h3 style[^>]*>.*?Dag van de politie", made.html)


def test_the_digest_may_have_a_title_of_its_own() -> None:
    """``title`` of the digest stands on its head and in the reason for getting it."""
    made = letter(joint(), digest=replace(DIGEST, title="Ochtendpost"))
    assert made.text.startswith("Ochtendpost\n-----------\n")
    assert "op de lijst staat van “Ochtendpost”" in made.text


def test_the_mailbox_that_unsubscribes() -> None:
    """The mail says where to write to get it no longer: Reply-To when there is one."""
    mail = Mail(sender="Nieuws <nieuws@example.be>", reply_to="Redactie <redactie@example.be>")
    made = rendered(replace(CONFIG, mail=mail), DIGEST, [joint()], NOW)
    assert "of mail naar redactie@example.be met als onderwerp “unsubscribe”." in made.text
    assert "of mail naar redactie@example.be met als onderwerp “unsubscribe”." in visible(made.html)
    silent = rendered(replace(CONFIG, mail=None), DIGEST, [joint()], NOW)
    assert "met als onderwerp" not in silent.text + visible(silent.html)


def blanks_of(made: Letter) -> list[str]:
    """The names of the blanks, wherever they stand."""
    return re.findall("\x02(.*?)\x03", made.subject + made.text + made.html)


def test_what_is_the_readers_own_is_left_blank() -> None:
    """Unsubscribing, preferences and the view in a browser are blanks in both parts; no page, no view."""
    assert blanks_of(letter(joint())) == ["view", "unsubscribe", "preferences"] * 2
    assert blanks_of(letter(joint(), digest=replace(DIGEST, public=False))) == ["unsubscribe", "preferences"] * 2


def test_an_empty_letter_says_so() -> None:
    """A preview of a digest without news is a letter too."""
    made = letter()
    assert "Er is geen nieuws." in made.text
    assert "Er is geen nieuws." in visible(made.html)


def test_without_style_sheet_and_in_the_dark() -> None:
    """Colours and sizes stand in the elements; what a program may drop is only the dark colours."""
    made = letter(*fortnight())
    [kept] = re.findall(r"<style[^>]*>(.*?)</style>", made.html, flags=re.DOTALL)
    assert "prefers-color-scheme: dark" in kept
    assert all(" style=" in tag for tag in re.findall(r"<(?:h[123]|p|td|a) [^>]*>", made.html))


def test_outlook_gets_a_table_of_600_pixels() -> None:
    """Word knows no max-width: a table in a conditional comment stands around ours."""
    made = letter(joint())
    assert made.html.count('<!--[if mso]><table role="presentation" width="600"') == 1
    assert made.html.count("<!--[if mso]></td></tr></table><![endif]-->") == 1


def _contrasts(markup: str) -> list[float]:
    """Of every badge, in light and in dark, that of its ink on its ground."""
    light = re.findall(r'class="badge z\d" style="[^"]*?background-color: (#\w{6});color: (#\w{6})', markup)
    dark = re.findall(r"\.z\d \{ background-color: (#\w{6}) !important; color: (#\w{6}) !important; \}", markup)
    return [colour.contrast(colour.read(ground), colour.read(ink)) for ground, ink in light + dark]


@settings(max_examples=20, deadline=None)
@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True), st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_any_colour_of_a_zone_is_readable(first: str, second: str) -> None:
    """Badges have a contrast of at least 4.5 (WCAG 2.2 SC 1.4.3), in light, in dark, and in Outlook.com's dark."""
    config = replace(CONFIG, zones=(replace(BHT, color=first), replace(HZ, color=second)))
    found = _contrasts(rendered(config, DIGEST, [joint()], NOW).html)
    assert len(found) == 2 * 3
    assert min(found) >= 4.5


WILD = st.text(st.characters(exclude_categories=()), max_size=200)


@settings(max_examples=40, deadline=None)
@given(WILD, WILD, WILD)
def test_whatever_a_source_wrote(title: str, words: str, address: str) -> None:
    """No title, text or address makes rendering fail or the message break."""
    entry = Entry(id="1", title=title, content=Content(value=words), links=(Link(href=address),))
    wild = Sighting(source="bht-nieuws", zone="bht", entry=entry, keys=("1",), words=words, length=9, seen=NOW)
    made = letter(story(wild), joint(2))
    assert len(blanks_of(made)) == 6
    raw = compose(made, ENVELOPE)
    assert set(lint(raw)) <= {"the text part holds markup"}


def test_no_source_forges_a_blank() -> None:
    """A blank that a source wrote, in title, text, link or language, is none: only the letter's own are filled."""
    evil = "\x02unsubscribe\x03"
    wild = sighting(
        "bht", f"Klik {evil}", f"Zie {evil} of &#2;unsubscribe&#3;", url=f"https://x.example/{evil}", lang=evil
    )
    made = letter(story(wild, sighting("hz", evil, evil, url=f"https://y.example/?{evil}", key="2")), joint(2))
    assert len(blanks_of(made)) == 6
    assert "https://x.example/%02unsubscribe" in hrefs(made.html)


@pytest.mark.parametrize("template", ["digest.html", "digest.txt"])
def test_every_sentence_is_translated(template: str) -> None:
    """No English word reaches a Dutch reader: every msgid of the templates is in a catalogue."""
    environment = i18n.environment("nl-BE", "Europe/Brussels")
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, f"mail/{template}")
    found = [message for _, _, message in environment.extract_translations(source)]  # type: ignore[attr-defined]
    assert found
    catalogue = i18n.translations("nl-BE")
    for message in found:
        forms = [message] if isinstance(message, str) else [form for form in message if form]
        translated = catalogue.ungettext(forms[0], forms[1], 2) if forms[1:] else catalogue.ugettext(forms[0])
        assert translated != forms[-1] or forms == ["Website"]


@pytest.mark.parametrize("language", ["fr", "de"])
def test_other_languages_say_as_much(language: str) -> None:
    """French and German have every sentence of the Dutch mails, with the same placeholders."""
    folder = Path(i18n.__file__).parent / "locale"

    def sentences(language: str) -> dict[object, set[str]]:
        with (folder / language / "LC_MESSAGES" / "mail.po").open("rb") as file:
            said = {message.id: str(message.string) for message in read_po(file) if message.id and message.string}
        return {id: set(re.findall(r"%\(\w+\)[sd]", words)) for id, words in said.items()}

    assert sentences(language) == sentences("nl")


def test_a_mail_in_french() -> None:
    """The language of the configuration is the mail's: its words, its plurals, its tag."""
    made = rendered(replace(CONFIG, language="fr-BE"), DIGEST, [joint(), alone("Un", 1), alone("Deux", 2)], NOW)
    assert made.subject == "Politiezones starten gezamenlijk… et 2 autres (23 nov.)"
    assert '<html lang="fr-BE"' in made.html
    for part in (visible(made.html), made.text):
        assert "3 messages, dont 1 publié en commun" in part
        assert "Pourquoi recevez-vous cet e-mail" in part
        assert "Afficher dans le navigateur" in part
