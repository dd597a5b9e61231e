"""Pages in a real browser, Debian's Chromium, and what axe-core has against them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

ColorScheme = Literal["light", "dark"]

WIDTHS = {"phone": (360, 780), "desktop": (1280, 900)}
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SHOTS = os.environ.get("SHOTS")
"""A folder in which the pictures are kept for looking at."""

BRIEF = {"resultTypes": ["violations"]}
RULES = BRIEF | {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = BRIEF | {"runOnly": ["color-contrast", "link-in-text-block"]}
"""The rules that look at colours: all that a page can break in dark and not in light, where only colours differ."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser; without one the tests are skipped, and in CI they fail."""
    if CHROMIUM is None and os.environ.get("CI"):
        pytest.fail("there is no chromium on this machine: nobody looked at the pages (apt install chromium)")
    if CHROMIUM is None:
        pytest.skip("NO BROWSER TESTS: there is no chromium on this machine (apt install chromium)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        found.close()


@contextmanager
def opened(browser: Browser, url: str, width: str, scheme: ColorScheme = "light") -> Iterator[Page]:
    """The page at *url*, on a telephone or a desktop."""
    wide, high = WIDTHS[width]
    context = browser.new_context(viewport={"width": wide, "height": high}, color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def keep(page: Page, name: str) -> None:
    """A picture of the whole page, where somebody wants to look at them."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def violations(page: Page, scheme: ColorScheme = "light") -> list[tuple[str, list[str]]]:
    """What axe-core finds: the rule, and the elements that break it."""
    options = RULES if scheme == "light" else COLOURS
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
