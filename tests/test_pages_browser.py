"""Stories, zones and months in a real browser: accessible, followed from link to link, printed, enlarged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from aggregator.model import Colours, Content, Publish, Theme, Verdict
from aggregator.publish import months
from tests.browsing import SCHEMES, WIDTHS, ColorScheme, keep, opened, violations
from tests.reading import newsroom
from tests.stories import CONFIG, HZ_NEWS, STREAM, fortnight, sighting, story
from tests.test_page_browser import LONG

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TWO = replace(
    CONFIG,
    sources=(*CONFIG.sources[:1], replace(HZ_NEWS, publish="full")),
    streams=(STREAM, replace(STREAM, id="leeg", title="Nog niets", zones=("hz",), joint_only=True, include=("xyz",))),
)
RICH = story(
    sighting(
        "hz",
        "Volledige tekst met <opmaak>",
        published="2025-03-10 10:00",
        lang="fr",
        content=Content(
            value="<p>Een alinea met een <a href='https://hz.example/x'>link</a>.</p><h4>Tussenkop</h4><ul><li>een</li>"
            f"<li>twee</li></ul><table><tr><th>Week</th><th>Te snel</th></tr><tr><td>{'a' * 90}</td><td>93</td></tr>"
            "</table><blockquote><p>“Citaat”, zegt de korpschef.</p></blockquote>"
        ),
    ),
    number=98,
)
PATHS = {
    "story": "/story/0001/",
    "related": "/story/0003/",
    "text": "/story/0098/",
    "long": "/story/0099/",
    "gone": "/story/0005/",
    "months": "/samenwerking/archive/",
    "month": "/samenwerking/archive/2025-04/",
    "month-2": "/samenwerking/archive/2025-04/2/",
    "month-none": "/leeg/archive/2025-04/",
    "zones": "/zones/",
    "zone": "/zones/hz/",
    "stream": "/",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fortnight of news, some of it linked, one story withdrawn, a long one, one in full, and a busy month."""
    with newsroom(tmp_path_factory.mktemp("pages"), TWO) as room:
        news = list(fortnight())
        first, other = news[0].members
        alike = replace(other, rule="alike", score=0.93, evidence="text 93 % alike", differs="'Ham' ≠ 'Zolder'")
        news[0] = replace(news[0], members=(first, alike))
        busy = [
            story(sighting("hz", f"Bericht {n}", published="2025-04-10 10:00", key=f"b{n}"), number=1000 + n)
            for n in range(months.PAGE + 3)
        ]
        room.keep(*news, *busy, RICH, LONG)
        room.link(
            news[2], news[8], Verdict(verdict="related", rule="slots", score=0.8, evidence="'week 47' ≠ 'week 46'")
        )
        room.link(news[0], news[11], Verdict(verdict="related", rule="subject", score=0.6, evidence="60 % of it"))
        room.desk.withdraw(news[4])
        room.go_on()
        yield room.address


def unfold(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_accessible(
    browser: Browser, address: str, tmp_path: Path, name: str, width: str, scheme: ColorScheme
) -> None:
    """axe-core finds no violation of WCAG 2.2 AA, in light and dark, unfolded too, and nothing sticks out."""
    with opened(browser, address + PATHS[name], width, scheme) as page:
        unfold(page)
        keep(page, f"{name}-{width}-{scheme}")
        assert violations(page, scheme) == []
        assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("wide", [640, 320])
def test_enlarged(browser: Browser, address: str, name: str, wide: int) -> None:
    """At 200 % and 400 % on a screen of 1,280 pixels nothing is lost sideways (SC 1.4.4, 1.4.10)."""
    with opened(browser, address + PATHS[name], "desktop") as page:
        page.set_viewport_size({"width": wide, "height": 512})
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") == wide


@pytest.mark.parametrize("name", PATHS)
def test_two_requests(browser: Browser, address: str, name: str) -> None:
    """A page, its style and an icon, all from us; the policy blocks nothing that is used, and no cookie is set."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("?")[0]))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address + PATHS[name], wait_until="networkidle")
    wanted = {address + PATHS[name], f"{address}/static/style.css", f"{address}/static/favicon.svg"}
    assert set(asked) <= wanted
    assert [each for each in said if "410" not in each] == []
    assert context.cookies() == []
    context.close()


def test_a_reader_follows_the_links(browser: Browser, address: str) -> None:
    """From the stream to a story, to what it is linked with, back, and to its source."""
    with opened(browser, f"{address}/", "phone") as page:
        page.click("article >> nth=0 >> .by a >> nth=0")
        assert page.url == f"{address}/story/0001/"
        page.click("text=Waarom dit één bericht is")
        assert "93%" in page.locator("details dd").nth(1).inner_text()
        page.click("section[aria-labelledby=related] h3 a")
        assert page.url == f"{address}/story/0012/"
        page.go_back()
        sources = page.locator(".sides").first.locator("h3 a")
        assert [each.get_attribute("href") for each in sources.all()] == [
            "https://bht.example/nl/news/detail/399/bericht",
            "https://hz.example/5375/nieuws/8999",
        ]
        page.click(".sides >> nth=0 >> .zone >> text=Heusden-Zolder")
        assert page.url == f"{address}/zones/hz/"
        page.click(".crumb a")
        assert page.url == f"{address}/"


def test_a_reader_goes_back_in_time(browser: Browser, address: str) -> None:
    """From the stream to its months, into one, through its pages, and on to the month before."""
    with opened(browser, f"{address}/", "desktop") as page:
        page.click("text=Ouder nieuws, per maand")
        assert page.locator(".months li").first.inner_text().split("\n")[0].startswith("november 2026")
        page.click("text=april 2025")
        assert page.locator("h1").inner_text() == "April 2025"
        page.click("text=Pagina 2")
        assert page.locator("article").count() == 3
        page.click("nav >> text=Ouder: maart 2025 >> nth=0")
        assert page.locator("h1").inner_text() == "Maart 2025"
        assert page.locator("nav >> text=Ouder:").count() == 0


def test_the_keyboard_unfolds(browser: Browser, address: str) -> None:
    """What is folded is reached and opened without a mouse, and what has the focus can be seen."""
    with opened(browser, f"{address}/story/0001/", "desktop") as page:
        page.locator("summary").first.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        assert page.locator("details").first.get_attribute("open") is not None


def test_quiet(browser: Browser, address: str) -> None:
    """Nothing moves for who wants it so (prefers-reduced-motion)."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/story/0001/")
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    assert page.evaluate(moving) == 0
    context.close()


def test_printed(browser: Browser, address: str) -> None:
    """On paper: black on white, no navigation, no forms, and each source's address in letters."""
    with opened(browser, f"{address}/story/0001/", "desktop", "dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert [each for each in page.locator("nav, form, .skip").all() if each.is_visible()] == []
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
        assert page.evaluate("getComputedStyle(document.querySelector('.excerpt')).color") == "rgb(0, 0, 0)"
        after = "getComputedStyle(document.querySelector('.go a'), '::after').content"
        assert "https://bht.example/nl/news/detail/399/bericht" in page.evaluate(after)


@pytest.mark.parametrize("colours", [Colours(top="#ffd500", link="#ffb000", stripe="#ff0000"), Colours(top="#777777")])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_colours_are_accessible(browser: Browser, tmp_path: Path, colours: Colours, scheme: ColorScheme) -> None:
    """Whatever an operator picks, axe-core finds enough contrast, and the operator's picture has no words to miss."""
    icon = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><circle cx='4' cy='4' r='4' fill='#c00'/></svg>"
    looks = Publish(name="Politie samen", colours=colours)
    config = replace(TWO, publish=looks, theme=Theme(icon=icon, style="h1 { font-style: italic }"))
    with newsroom(tmp_path, config) as room:
        room.keep(*fortnight())
        for name, path in (("stream", "/"), ("story", "/story/0001/"), ("month", "/samenwerking/archive/2026-11/")):
            with opened(browser, room.address + path, "desktop", scheme) as page:
                keep(page, f"{name}-{scheme}")
                assert violations(page, scheme) == []
                assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontStyle") == "italic"
                assert page.evaluate("document.querySelector('.emblem').naturalWidth") > 0
