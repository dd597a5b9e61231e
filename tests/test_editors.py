"""README's page for editors: its pictures are of the desk as it is, and whoever does what it says gets there.

``GOLDEN=write pytest tests/test_editors.py`` takes the pictures anew.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from aggregator import hand
from aggregator.hand import Hand
from tests.browsing import violations
from tests.desks import PASSWORD, Site, id_of, opened
from tests.goldens import FOLDER
from tests.stories import NOW

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WEEK_12 = "Resultaten snelheidscontroles week 12"
COPIES = ".level > li"
SEEN = "solid"
"""How what has the focus is outlined."""
PICTURES = ("desk.png", "desk-story.png", "desk-done.png", "desk-mail.png", "desk-phone.png")
SMALL = 120_000
"""Bytes of a picture."""
README = Path(__file__).parents[1] / "README.md"
Size = tuple[int, int]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A desk with invented news, two weeks of it, without the title that is there to attack pages."""
    with opened(tmp_path_factory.mktemp("desk")) as found:
        found.clock.now = NOW + timedelta(minutes=5)
        before = Hand("bo", NOW, "Geen nieuws")
        found.store.submit(lambda tx: hand.hide(tx, id_of(66), before)).result()
        yield found


def entered(browser: Browser, site: Site, width: int = 1280, height: int = 900, **options: Any) -> Page:
    """The desk's first page, to an editor who has just logged in."""
    page = browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
    page.goto(f"{site.url}/desk/")
    page.get_by_label("Naam").fill("an")
    page.get_by_label("Wachtwoord").fill(PASSWORD)
    page.get_by_role("button", name="Aanmelden").click()
    return page


def taken(page: Page | Locator, directory: Path, name: str) -> Size:
    """The size of a picture of it as it is now, which becomes README's picture *name* where that is wanted."""
    path = (FOLDER if os.environ.get("GOLDEN") == "write" else directory) / name
    page.screenshot(path=path)
    return size(path)


def kept(name: str) -> Size:
    """The size of README's picture."""
    return size(FOLDER / name)


def size(path: Path) -> Size:
    """Width and height, which stand at the head of a PNG (PNG §11.2.2)."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return width, height


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_small(name: str) -> None:
    """README shows each of them, and loads soon all the same."""
    assert f"tests/golden/{name}" in README.read_text(encoding="utf-8")
    assert (FOLDER / name).stat().st_size < SMALL


def test_the_pictures_of_one_false_merge(browser: Browser, site: Site, tmp_path: Path) -> None:
    """The list, the two copies with what differs between them, and how it is taken apart and undone."""
    page = entered(browser, site, height=820)
    assert taken(page, tmp_path, "desk.png") == kept("desk.png")
    page.get_by_role("link", name=WEEK_12).click()
    copy = page.locator(COPIES).nth(1)
    assert "95%" in copy.inner_text()
    assert "“104” of “105”" in copy.inner_text()
    assert taken(page.locator("section").first, tmp_path, "desk-story.png") == kept("desk-story.png")
    copy.get_by_text("Dit exemplaar eruit halen").first.click()
    copy.get_by_label("Waarom? In één regel").first.fill("Andere cijfers: twee controles")
    copy.get_by_role("button", name="Dit exemplaar eruit halen").click()
    said = page.locator(".done")
    assert said.get_by_role("link", name=WEEK_12).is_visible()
    page.set_viewport_size({"width": 1280, "height": 420})
    assert taken(page, tmp_path, "desk-done.png") == kept("desk-done.png")
    said.get_by_text("Ongedaan maken").first.click()
    said.get_by_label("Waarom? In één regel").fill("Toch dezelfde")
    said.get_by_role("button").click()
    assert page.locator(COPIES).count() == 2
    page.context.close()


def test_the_picture_of_the_next_mail(browser: Browser, site: Site, tmp_path: Path) -> None:
    """It stands there as it will be mailed, and says when."""
    page = entered(browser, site, height=800)
    page.goto(f"{site.url}/desk/digest/dagelijks/")
    page.frame_locator("iframe.wide-600").get_by_role("heading", name="Samen gepubliceerd").wait_for()
    assert "Ze vertrekt op" in page.inner_text("main")
    assert taken(page, tmp_path, "desk-mail.png") == kept("desk-mail.png")
    page.context.close()


def test_the_picture_on_a_telephone(browser: Browser, site: Site, tmp_path: Path) -> None:
    """What is held, on 360 pixels, with the two ways out."""
    page = entered(browser, site, 360, 900)
    page.goto(f"{site.url}/desk/held/")
    assert page.get_by_role("button", name="Stil opnemen").is_visible()
    assert taken(page, tmp_path, "desk-phone.png") == kept("desk-phone.png")
    page.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_the_keyboard_takes_a_story_apart(browser: Browser, site: Site, script: bool) -> None:
    """From the login to the split and its undoing without a pointer, and with the focus to be seen at every step."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=script).new_page()
    page.goto(f"{site.url}/desk/?q=week+12")
    assert outline_at(page, "#name") == SEEN
    page.keyboard.type("an")
    assert outline_at(page, "#password") == SEEN
    page.keyboard.type(PASSWORD)
    enter(page, "**/desk/")
    assert outline_at(page, "#q") == SEEN
    page.keyboard.type("controles week 12")
    enter(page, "**q=controles*")
    assert outline_at(page, f"main a:text('{WEEK_12}')") == SEEN
    enter(page, "**/story/*/")
    assert page.locator(COPIES).count() == 2
    assert outline_at(page, f"{COPIES}:nth-child(2) summary >> nth=0") == SEEN
    page.keyboard.press("Enter")
    assert outline_at(page, f"{COPIES}:nth-child(2) details[open] input[name=why]") == SEEN
    page.keyboard.type("Twee controles")
    enter(page, "**said=done")
    assert page.locator(COPIES).count() == 1
    assert outline_at(page, ".done summary") == SEEN
    page.keyboard.press("Enter")
    assert outline_at(page, ".done input[name=why]") == SEEN
    page.keyboard.type("Toch niet")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(COPIES).count() == 2
    page.context.close()


def outline_at(page: Page, selector: str) -> str | None:
    """How *selector* is outlined when Tab has led to it; None when sixty of them do not."""
    wanted = page.locator(selector)
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            return str(wanted.evaluate("each => getComputedStyle(each).outlineStyle"))
    return None


def enter(page: Page, address: str) -> None:
    """Press Enter, which leads to *address*."""
    page.keyboard.press("Enter")
    page.wait_for_url(address)


@pytest.mark.parametrize("zoom", [640, 320])
def test_it_can_be_zoomed(browser: Browser, site: Site, zoom: int) -> None:
    """At 200 and 400 percent of 1280 pixels nothing sticks out, and axe-core finds nothing (SC 1.4.4, 1.4.10)."""
    page = entered(browser, site, zoom, 450)
    for path in ("", "story/0090/?said=done", "held/", "digest/dagelijks/", "log/"):
        page.goto(f"{site.url}/desk/{path}")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == zoom, path
        assert violations(page) == [], path
    page.context.close()
