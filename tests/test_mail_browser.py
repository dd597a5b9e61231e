"""The mail in a real browser: what a reader sees, at the widths and in the colours of their mail program."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import replace
from itertools import combinations
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from aggregator.digest.render import render
from aggregator.mail.message import compose, filled
from aggregator.model import Story
from aggregator.subscribing import letters
from tests import stories
from tests.browsing import CHROMIUM, QUIET, SCHEMES, ColorScheme, keep, violations_of_mail
from tests.goldens import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def news(many: int = 0) -> tuple[Story, ...]:
    """A fortnight, and *many* short ones more, so that there are rows."""
    fortnight = stories.fortnight()
    more = [
        stories.story(
            stories.sighting(
                "hz" if number % 3 else "bht",
                f"Resultaten verkeerscontrole week {number}: {1000 + 37 * number} voertuigen",
                published=f"2026-10-{number:02} 09:{number:02}",
                key=str(7000 + number),
            ),
            number=100 + number,
        )
        for number in range(1, many + 1)
    ]
    return (*fortnight, *reversed(more))


def markup_of(many: int = 0) -> str:
    """A mail with everything: who asks for help, joint stories, both zones, an update, rows; its blanks filled."""
    wanted = stories.story(
        stories.sighting(
            title="Getuigenoproep: wie zag zondag een witte bestelwagen in de Havikskruidlaan?",
            text="Zondag om 18 uur reed een bestuurder in Bolderberg een fietser aan en reed door. Bel 0800 30 300.",
            published="2026-11-23 06:30",
            key="9901",
        ),
        number=901,
    )
    again = replace(
        stories.story(
            stories.sighting("hz", "Havikskruidlaan weer open voor verkeer", published="2026-11-22 18:00", key="9902"),
            number=902,
        ),
        updated=stories.NOW,
    )
    made, _ = render(
        stories.CONFIG,
        stories.DIGEST,
        (wanted, *news(many)),
        stories.NOW,
        lambda letter: len(compose(letter, stories.ENVELOPE)),
        updates=[again],
    )
    return filled(made, stories.ENVELOPE).html


def show(browser: Browser, markup: str, width: int, scheme: ColorScheme) -> Page:
    """The mail on a screen; nothing may be loaded from anywhere."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, device_scale_factor=2)
    page.route(re.compile("^(?!about:|data:)"), lambda route: pytest.fail(f"the mail loads {route.request.url}"))
    page.set_content(markup)
    return page


@pytest.mark.parametrize("width", [600, 360])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_mail_is_accessible(browser: Browser, width: int, scheme: ColorScheme) -> None:
    """axe-core finds nothing, nothing has to be scrolled sideways, and no text is smaller than 15 pixels."""
    page = show(browser, markup_of(8), width, scheme)
    keep(page, f"mail-{width}-{scheme}")
    assert violations_of_mail(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SMALLEST) >= 15
    page.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_crowded_mail_is_accessible(browser: Browser, scheme: ColorScheme) -> None:
    """Where most stories are no more than a headline and some are left out, the mail is as good to read."""
    crowd = [
        stories.story(
            stories.sighting("hz" if number % 3 else "bht", f"Verkeerscontrole nummer {number}", key=str(number)),
            *([stories.sighting("hz", f"Verkeerscontrole nummer {number}", key=f"9{number}")] * (number % 9 == 0)),
            number=number,
        )
        for number in range(1, 400)
    ]
    markup = stories.rendered(stories.CONFIG, stories.DIGEST, crowd, stories.NOW).html
    assert 'class="brief"' in markup
    assert 'class="more"' in markup
    page = show(browser, markup, 360, scheme)
    keep(page, f"mail-360-crowd-{scheme}")
    assert violations_of_mail(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(SMALLEST) >= 15
    page.close()


NOTICES = {
    "confirm": letters.confirm(stories.CONFIG, [stories.DIGEST], "https://nieuws.example.be/mail/c/x", stories.NOW),
    "known": letters.known(stories.CONFIG, [stories.DIGEST], "https://nieuws.example.be/mail/p/x"),
    "moved": letters.moved(stories.CONFIG, [stories.DIGEST]),
    "welcome": letters.welcome(
        stories.CONFIG,
        [stories.DIGEST],
        *(f"https://nieuws.example.be/mail/{each}" for each in ("d/2026-11-23/", "p/x", "u/x")),
    ),
}
"""What is mailed to one reader, of themselves."""


@pytest.mark.parametrize("width", [600, 360])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", NOTICES)
def test_a_mail_to_one_reader_is_accessible(browser: Browser, name: str, scheme: ColorScheme, width: int) -> None:
    """A confirmation or a welcome is as good to read as the digest, on a telephone and in the dark; no word is torn."""
    page = show(browser, NOTICES[name].html, width, scheme)
    keep(page, f"mail-{name}-{width}-{scheme}")
    assert violations_of_mail(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SMALLEST) >= 15
    assert min(page.evaluate(CONTRASTS))[0] >= 4.5
    ground = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert ground == {"light": "rgb(243, 246, 249)", "dark": "rgb(12, 21, 30)"}[scheme]
    page.close()


@pytest.mark.parametrize("language", ["fr-BE", "de-BE", "en"])
def test_the_mail_is_accessible_in_other_languages(browser: Browser, language: str) -> None:
    """Sentences of other lengths, and their tags: the digest and a notice."""
    config = replace(stories.CONFIG, language=language)
    notice = letters.confirm(config, [stories.DIGEST], "https://nieuws.example.be/mail/c/x", stories.NOW)
    digest = stories.rendered(config, stories.DIGEST, news(8), stories.NOW)
    for name, letter in (("digest", filled(digest, stories.ENVELOPE)), ("confirm", notice)):
        page = show(browser, letter.html, 360, "light")
        keep(page, f"mail-{name}-{language}")
        assert violations_of_mail(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.close()


def test_the_picture_of_the_mail(browser: Browser) -> None:
    """README's picture is of the mail as it is made now; ``GOLDEN=write`` makes the picture anew."""
    made = stories.rendered(stories.CONFIG, stories.DIGEST, stories.fortnight()[:3], stories.NOW)
    page = show(browser, filled(made, stories.ENVELOPE).html, 640, "light")
    picture = FOLDER / "mail.png"
    if os.environ.get("GOLDEN") == "write":
        page.screenshot(path=picture, full_page=True, scale="css")
    head = picture.read_bytes()[16:24]  # width and height stand there (PNG §11.2.2)
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
    told = page.evaluate("document.documentElement.scrollHeight")
    assert width == 640
    assert abs(height - told) <= told / 20, "the mail is of another length than its picture: GOLDEN=write, and look"
    page.close()


SMALLEST = """() => {
  const sizes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.textContent.trim() && element.checkVisibility()) {
      sizes.push(parseFloat(getComputedStyle(element).fontSize));
    }
  }
  return Math.min(...sizes);
}"""


@pytest.mark.parametrize("width", [600, 360])
def test_it_survives_the_loss_of_its_style_sheet(browser: Browser, width: int) -> None:
    """Programs that drop ``<style>`` show the same mail in light colours."""
    markup = markup_of(8)
    page = show(browser, re.sub(r"<style.*?</style>", "", markup, flags=re.DOTALL), width, "dark")
    keep(page, f"mail-{width}-no-style")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    top = page.locator("h1").evaluate("h1 => getComputedStyle(h1.closest('td')).backgroundColor")
    assert top == "rgb(15, 45, 82)"
    page.close()


CONTRASTS = """() => {
  const parse = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = parse(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const colours = [parse(getComputedStyle(element).color), ground(element)].map(luminance);
    const [dark, light] = colours.sort((a, b) => a - b);
    found.push([(light + 0.05) / (dark + 0.05), walker.currentNode.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""
"""Of every text, its contrast (WCAG 2.2) with the ground that it stands on, and how it begins."""


@pytest.mark.parametrize("scheme", ["light", "dark", "outlook"])
def test_every_text_has_contrast(browser: Browser, scheme: Literal["light", "dark", "outlook"]) -> None:
    """4.5 at least, computed for every single text: in light, in dark, and where Outlook.com marks what it darkens."""
    markup = markup_of(8)
    if scheme == "outlook":
        markup = markup.replace("<body ", "<body data-ogsc data-ogsb><div ").replace("</body>", "</div></body>")
    page = show(browser, markup, 600, "dark" if scheme == "dark" else "light")
    keep(page, f"mail-600-{scheme}-contrast")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 60
    assert [each for each in found if each[0] < 4.5] == []
    ground = page.locator(".paper").last.evaluate("element => getComputedStyle(element).backgroundColor")
    assert ground == ("rgb(243, 246, 249)" if scheme == "light" else "rgb(12, 21, 30)")
    page.close()


DARKNESS = """async shot => {
  const image = new Image();
  image.src = "data:image/png;base64," + shot;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0, light = 0;
  for (let at = 0; at < data.length; at += 4) {
    const grey = (data[at] + data[at + 1] + data[at + 2]) / 3;
    dark += grey < 90;
    light += grey > 180;
  }
  return [dark * 4 / data.length, light * 4 / data.length];
}"""
"""The shares of dark and of light pixels of a screenshot."""


@pytest.mark.parametrize("width", [600, 360])
def test_forced_dark(browser: Browser, width: int) -> None:
    """A program that inverts by itself (here Chromium, as Gmail does) shows light words on dark grounds."""
    forced = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*QUIET, "--enable-features=WebContentsForceDark"]
    )
    page = show(forced, markup_of(8), width, "light")
    keep(page, f"mail-{width}-forced-dark")
    shot = base64.b64encode(page.screenshot(full_page=True)).decode()
    forced.close()
    looking = browser.new_page()
    dark, light = looking.evaluate(DARKNESS, shot)
    looking.close()
    assert dark > 0.8
    assert 0.01 < light < 0.2


@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_zone_colour_is_readable(browser: Browser, scheme: ColorScheme) -> None:
    """Whatever colours the operator picks, axe-core finds the contrast good in light and in dark."""
    for first, second in combinations(["#ffff00", "#000000", "#ffffff", "#ff0000"], 2):
        zones = (replace(stories.BHT, color=first), replace(stories.HZ, color=second))
        markup = stories.rendered(replace(stories.CONFIG, zones=zones), stories.DIGEST, news(), stories.NOW).html
        page = show(browser, markup, 600, scheme)
        found = Axe().run(page, options={"runOnly": ["color-contrast"]}).response["violations"]
        assert found == [], (first, second)
        page.close()


def test_a_hostile_title_stays_within_its_column(browser: Browser) -> None:
    """A title or an address without a single space does not make the mail wider than the screen."""
    long = stories.story(stories.sighting(title="Verkeersveiligheid" * 12, url=f"https://bht.example/{'a' * 400}"))
    page = show(browser, stories.rendered(stories.CONFIG, stories.DIGEST, [long], stories.NOW).html, 360, "light")
    keep(page, "mail-360-long")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()
