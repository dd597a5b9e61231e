"""Searching in a real browser: typed, sent, found, followed; accessible, on a telephone and a desktop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from aggregator.seek import Asked, Found, seek
from aggregator.store import Store, Tx
from aggregator.web import app, search
from tests.browsing import SCHEMES, WIDTHS, ColorScheme, keep, opened, violations
from tests.serving import published, serving
from tests.stories import BHT, CONFIG, HZ, NOW, STREAM, fortnight
from tests.test_page_browser import LONG

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HEUSDEN = replace(STREAM, id="heusden-zolder", title="Heusden-Zolder", subtitle=None, zones=("hz",))
TWO = replace(CONFIG, zones=(BHT, HZ), streams=(STREAM, HEUSDEN))
PATHS = {
    "form": "/search",
    "found": "/search?q=politie",
    "long": "/search?q=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "nothing": "/search?q=xyzzyx&zone=hz",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our server over a database with a fortnight of news and a monster."""
    stories = (*fortnight(), LONG)
    with Store(f"sqlite:///{tmp_path_factory.mktemp('search') / 'search.db'}") as store:

        def save(tx: Tx) -> None:
            for one in stories:
                tx.stories.save(one, at=NOW, loud=True)

        async def find(asked: Asked) -> Found:
            return await store.read(lambda tx: seek(tx, TWO, asked))

        store.submit(save).result()
        documents = published(TWO, stories, NOW)
        routes = search.routes(lambda: TWO, find, lambda: NOW)
        with serving(app(lambda: documents, lambda: (True, ""), TWO, routes)) as found:
            yield found


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_accessible(
    browser: Browser, address: str, tmp_path: Path, name: str, width: str, scheme: ColorScheme
) -> None:
    """axe-core finds no violation of WCAG 2.2 AA, in light and dark, and nothing sticks out."""
    with opened(browser, address + PATHS[name], width, scheme) as page:
        keep(page, f"search-{name}-{width}-{scheme}")
        assert violations(page, scheme) == []
        assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


def test_a_reader_searches(browser: Browser, address: str) -> None:
    """Words are typed on the front page, the return key sends them, and what is found is followed."""
    with opened(browser, address, "phone") as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.fill("header input[type=search]", "inbraak")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=inbraak")
        assert page.input_value("#q") == "inbraak"
        assert page.locator("article mark").first.inner_text().lower().startswith("inbraak")
        before = page.locator("article").count()
        page.select_option("#zone", "hz")
        page.click("main button")
        page.wait_for_url("**zone=hz**")
        assert 0 < page.locator("article").count() < before
        assert page.locator("article a").first.get_attribute("href", timeout=1000).startswith("https://hz.example/")  # type: ignore[union-attr]
        page.click("footer a >> text=Naar het nieuws")
        assert page.url == f"{address}/"
        assert said == []


def test_the_keyboard_searches(browser: Browser, address: str) -> None:
    """The form of the front page is reached by Tab, and what has the focus can be seen (SC 2.1.1, 2.4.7)."""
    with opened(browser, address, "desktop") as page:
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "q":
                break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.type("fietsers")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=fietsers")
