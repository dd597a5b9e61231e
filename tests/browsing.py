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

BRIEF: dict[str, Any] = {"resultTypes": ["violations"]}
RULES = BRIEF | {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = BRIEF | {"runOnly": ["color-contrast", "link-in-text-block"]}
"""The rules that look at colours: all that a page can break in dark and not in light, where only colours differ."""
PAGE_ONLY = {"landmark-one-main", "region"}
"""What is no fault of a mail: it is shown inside a page that has landmarks of its own."""

Violations = list[tuple[str, list[str]]]
"""The rules that are broken, each with the elements that break it."""


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


def violations(page: Page, scheme: ColorScheme = "light") -> Violations:
    """What axe-core finds.

    A frame is looked at by itself, as a page of its own: in one that runs no script axe-core would wait for ever.
    """
    return _found(page, (RULES if scheme == "light" else COLOURS) | {"iframes": False})


def violations_of_mail(page: Page) -> Violations:
    """What axe-core finds in a mail, by every rule that it has."""
    return [each for each in _found(page, BRIEF) if each[0] not in PAGE_ONLY]


def _found(page: Page, options: dict[str, Any]) -> Violations:
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
