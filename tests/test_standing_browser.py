"""The standing pages in a real browser: accessible, on a telephone and a desktop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from aggregator.publish import standing
from tests.browsing import SCHEMES, WIDTHS, ColorScheme, keep, opened, violations
from tests.serving import published, serving, site
from tests.stories import CONFIG, NOW, fortnight
from tests.test_standing import PAGES, TOLD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    told = replace(CONFIG, about=TOLD)
    with serving(site(told, published(told, fortnight(), NOW) | standing.documents(told, NOW))) as found:
        yield found


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_they_are_accessible(
    browser: Browser, address: str, tmp_path: Path, path: str, width: str, scheme: ColorScheme
) -> None:
    """axe-core finds no violation of WCAG 2.2 AA, in light and dark, and nothing sticks out."""
    with opened(browser, address + path, width, scheme) as page:
        keep(page, f"{path.strip('/')}-{width}-{scheme}")
        assert violations(page, scheme) == []
        assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


def test_a_reader_follows_the_footer(browser: Browser, address: str) -> None:
    """From any page to who publishes it, what becomes of data, how accessible it is, and back to the news."""
    with opened(browser, f"{address}/nowhere", "phone") as page:
        for words, path in (
            ("Over dit nieuws", "/over/"),
            ("Privacy", "/privacy/"),
            ("Toegankelijkheid", "/accessibility/"),
        ):
            page.click(f"footer a >> text={words}")
            assert page.url == f"{address}{path}"
            assert page.locator("h1").count() == 1
        page.click("footer a >> text=Het nieuws")
        assert page.url == f"{address}/"
