"""The mail in a real browser: what a reader sees, at the widths and in the colours of their mail program."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from aggregator.model import Story
from tests import stories

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CHROMIUM = shutil.which("chromium")
# A mail is shown inside a page that has landmarks of its own.
PAGE_ONLY = {"landmark-one-main", "region"}
Scheme = Literal["light", "dark"]
SHOTS = os.environ.get("SHOTS")
"""A folder in which the pictures are kept for looking at."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("there is no chromium, and in CI the mail must be looked at")
        pytest.skip("THERE IS NO CHROMIUM: nobody looked at the mail (apt-get install chromium)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        found.close()


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


def show(browser: Browser, markup: str, width: int, scheme: Scheme) -> Page:
    """The mail on a screen; nothing may be loaded from anywhere."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, device_scale_factor=2)
    page.route(re.compile("^(?!about:|data:)"), lambda route: pytest.fail(f"the mail loads {route.request.url}"))
    page.set_content(markup)
    return page


def keep(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"mail-{name}.png", full_page=True)


@pytest.mark.parametrize("width", [600, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_mail_is_accessible(browser: Browser, width: int, scheme: Scheme) -> None:
    """axe-core finds nothing, nothing has to be scrolled sideways, and no text is smaller than 15 pixels."""
    page = show(browser, stories.rendered(stories.CONFIG, stories.DIGEST, news(8), stories.NOW).html, width, scheme)
    keep(page, f"{width}-{scheme}")
    found = Axe().run(page).response["violations"]
    assert [fault for fault in found if fault["id"] not in PAGE_ONLY] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SMALLEST) >= 15
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_crowded_mail_is_accessible(browser: Browser, scheme: Scheme) -> None:
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
    keep(page, f"360-crowd-{scheme}")
    found = Axe().run(page).response["violations"]
    assert [fault for fault in found if fault["id"] not in PAGE_ONLY] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(SMALLEST) >= 15
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
    markup = stories.rendered(stories.CONFIG, stories.DIGEST, news(8), stories.NOW).html
    page = show(browser, re.sub(r"<style.*?</style>", "", markup, flags=re.DOTALL), width, "dark")
    keep(page, f"{width}-no-style")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    top = page.locator("h1").evaluate("h1 => getComputedStyle(h1.closest('td')).backgroundColor")
    assert top == "rgb(15, 45, 82)"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_any_zone_colour_is_readable(browser: Browser, scheme: Scheme) -> None:
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
    keep(page, "360-long")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()
