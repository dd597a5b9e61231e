"""The page in a real browser: accessible, at home on a telephone, and quiet on the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from playwright.sync_api import Browser

from aggregator.model import Document, Edition
from aggregator.publish import document, editions, feeds, former, static
from tests.browsing import SCHEMES, WIDTHS, ColorScheme, keep, opened, violations
from tests.serving import published, serving, site
from tests.stories import BHT, CONFIG, DIGEST, HZ, NOW, STREAM, fortnight, sighting, story

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HEUSDEN = replace(STREAM, id="heusden-zolder", title="Heusden-Zolder", subtitle=None, zones=("hz",))
EMPTY = replace(STREAM, id="leeg", title="Nog niets", zones=("nobody",))
# Colours that no badge could show as they are.
NOBODY = replace(HZ, id="nobody", name="Politiezone Nergens", color="#ffff00")
LOUD = replace(CONFIG, zones=(replace(BHT, color="#000000"), HZ, NOBODY), streams=(STREAM, HEUSDEN, EMPTY))
LONG = story(
    sighting(title="Bestelwagenbestuurdersrijbewijsinhoudingsprocedure" * 2, text="A" * 200 + " en " + "B/" * 90),
    number=99,
)
PATHS = (
    "/",
    "/heusden-zolder/",
    "/leeg/",
    "/nowhere/at/all",
    "/feeds/",
    "/weg/",
    "/mail/dagelijks/",
    "/mail/dagelijks/x/",
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with three streams: the sample fortnight and a monster, one zone's, and an empty one."""
    explained = {feeds.PATH: document("text/html; charset=utf-8", feeds.render(LOUD), NOW)}
    documents = published(LOUD, (*fortnight(), LONG), NOW) | explained | former.documents(LOUD, ["weg"], {})
    with serving(site(LOUD, documents | printed())) as found:
        yield found


def printed() -> dict[str, Document]:
    """The list of a digest's editions, and one that shows everything."""
    one = Edition(id=1, digest="dagelijks", slot="x", frozen=NOW, state="done", stories=13)
    parts = [editions.Part("Uw hulp gevraagd", [LONG]), editions.Part("Samen gepubliceerd", fortnight())]
    issue = editions.Issue(edition=one, headline="Veel nieuws", parts=parts, newer=one, older=one)
    return {
        "/mail/dagelijks/": editions.render_list(LOUD, DIGEST, [one], NOW),
        "/mail/dagelijks/x/": editions.render(LOUD, DIGEST, issue, NOW),
    }


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_accessible(browser: Browser, address: str, path: str, width: str, scheme: ColorScheme) -> None:
    """axe-core finds no violation of WCAG 2.2 AA on any page, in light and dark, on a telephone and a desktop."""
    with opened(browser, address + path, width, scheme) as page:
        keep(page, f"page-{path.strip('/').replace('/', '-')}-{width}-{scheme}")
        assert violations(page, scheme) == []
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(243, 246, 249)", "dark": "rgb(12, 21, 30)"}[scheme]


def test_in_dark_only_colours_differ() -> None:
    """So that axe-core, which looks at everything in light, need look at nothing but colours in dark."""
    sheet = static.assets(LOUD, NOW)[static.STYLE].content.decode()
    blocks = re.findall(r"prefers-color-scheme: dark\) \{((?:[^{}]*\{[^{}]*\})*)\s*\}", sheet)
    said = set(re.findall(r"([\w-]+): *([^;}]+)", " ".join(re.findall(r"\{([^}]*)\}", "".join(blocks)))))
    assert len(blocks) == sheet.count("color-scheme: dark") == 2
    assert len(said) > 12
    assert [name for name, value in said if not re.fullmatch(r"#[0-9a-f]{6}", value)] == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("zoom", [360, 320])
def test_nothing_sticks_out(browser: Browser, address: str, path: str, zoom: int) -> None:
    """No sideways scrolling on a small telephone (WCAG 2.2 SC 1.4.10), not even for a word without an end."""
    with opened(browser, address + path, "phone") as page:
        page.set_viewport_size({"width": zoom, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == zoom


def test_it_asks_for_the_style_and_nothing_else(browser: Browser, address: str) -> None:
    """Opening the page costs two requests and an icon, all to us; the policy blocks nothing that we use."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(address).partition("?")[0]))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address, wait_until="networkidle")
    assert set(asked) - {"/static/favicon.svg"} == {"/", "/static/style.css"}
    assert said == []
    assert context.cookies() == []
    context.close()


def test_the_keyboard_is_enough(browser: Browser, address: str) -> None:
    """The first Tab shows the way past the header, and what has the focus can be seen (SC 2.4.1, 2.4.7)."""
    with opened(browser, address, "desktop") as page:
        page.keyboard.press("Tab")
        skip = page.locator(".skip")
        assert skip.evaluate("each => each === document.activeElement")
        box = skip.bounding_box()
        assert box
        assert box["x"] >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_headings_form_a_tree(browser: Browser, address: str) -> None:
    """One h1, days below it, stories below days: no level is skipped."""
    with opened(browser, address, "desktop") as page:
        levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(each => Number(each.tagName[1]))")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(below <= above + 1 for above, below in pairwise(levels))


def test_a_reader_finds_the_way(browser: Browser, address: str) -> None:
    """The navigation leads to each stream, and a lost reader gets back to the news."""
    with opened(browser, f"{address}/nowhere/at/all", "phone") as page:
        page.click("main a")
        assert page.url == f"{address}/"
        page.click("nav >> text=Heusden-Zolder >> nth=-1")
        assert page.url == f"{address}/heusden-zolder/"
        assert page.locator("article").count() == 8
        page.click("nav >> text=Nog niets")
        assert page.locator("main").inner_text().startswith("Nog geen nieuws")
