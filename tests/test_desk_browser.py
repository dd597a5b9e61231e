"""The desk in a real browser, before a real daemon: what an editor does there, and what readers then see."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, StorageState

from aggregator.cli.demo.sink import Sink
from tests.browsing import SCHEMES, WIDTHS, ColorScheme, keep, violations, violations_of_mail
from tests.desks import HASH, OPEN, PASSWORD, WEEK, seeded
from tests.fakes.origin import Origin
from tests.processes import Installation, eventually, installation

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PATHS = ("", "?state=hidden", "story/0090/", "story/0001/", "held/", "digest/", "digest/dagelijks/", "log/", "nowhere")
FIETS = "Fietsgraveeractie op zaterdag"


@dataclass
class Desk:
    """A daemon with a desk, its sink, and the cookie of an editor who is there."""

    daemon: Installation
    sink: Sink
    state: StorageState | None = None

    def url(self, path: str = "") -> str:
        return f"{self.daemon.url}/desk/{path}"

    def public(self, path: str = "/") -> str:
        return self.daemon.get(path).decode()

    def entries(self) -> int:
        return self.public("/samenwerking.atom").count("<entry>")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A daemon that has known the sample stories for a while, with one source that fails and one that has moved."""
    directory = tmp_path_factory.mktemp("desk")
    (directory / "aggregator.db").write_bytes(seeded())
    sink = Sink(directory / "mail")
    with Origin() as origin, installation(directory) as daemon:
        empty = "<rss version='2.0'><channel><title>t</title><link>http://x.example/</link></channel></rss>"
        origin.serve("/new.xml", empty, content_type="application/rss+xml")
        origin.redirect("/old.xml", origin.url("/new.xml"), 301)
        origin.serve("/broken.xml", "no", status=500)
        daemon.configure(configuration(origin, sink))
        daemon.config.write_text(f'authority = "{OPEN.authority}"\n{daemon.config.read_text()}')
        daemon.start()
        yield Desk(daemon, sink)
        daemon.stop()
    sink.close()


@pytest.fixture(scope="module")
def browser(desk: Desk, browser: Browser) -> Browser:
    """After the mail sink, which starts on a loop of its own in this thread."""
    return browser


def configuration(origin: Origin, sink: Sink) -> str:
    # The digest's hour is not now, whenever now is: an edition is frozen when a test says so.
    hour = datetime.now(ZoneInfo("Europe/Brussels")) + timedelta(hours=12)
    return f"""
[desk]
[[desk.users]]
name = "an"
password_hash = '{HASH}'
role = "editor"
email = "an@example.be"
[[zones]]
id = "bht"
name = "Politiezone Beringen/Ham/Tessenderlo"
color = "#1f4e79"
[[zones]]
id = "hz"
name = "Politiezone Heusden-Zolder"
color = "#0f766e"
[[sources]]
id = "bht-nieuws"
zone = "bht"
url = "{origin.url("/broken.xml")}"
[[sources]]
id = "hz-nieuws"
zone = "hz"
url = "{origin.url("/old.xml")}"
title = "Nieuws uit Heusden-Zolder"
[[streams]]
id = "samenwerking"
title = "Samenwerking Beringen/Ham/Tessenderlo en Heusden-Zolder"
[mail]
from = "Politie samenwerking <nieuws@example.be>"
relay = "{sink.relay}"
[[digests]]
id = "dagelijks"
stream = "samenwerking"
at = "{hour:%H:%M}"
review = "until released"
review_by = ["redactie@example.be"]
recipients = ["redactie@example.be", "lezer@example.be"]
[[digests]]
id = "avond"
stream = "samenwerking"
at = "{hour:%H:%M}"
review = "until released"
review_by = ["redactie@example.be"]
recipients = ["redactie@example.be", "lezer@example.be"]
"""


@contextmanager
def opened(
    browser: Browser, desk: Desk, path: str = "", width: str = "desktop", scheme: ColorScheme = "light"
) -> Iterator[Page]:
    """A page of the desk, to the editor, who logs in at the first."""
    wide, high = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": wide, "height": high}, color_scheme=scheme, storage_state=desk.state
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(desk.url(path))
    if desk.state is None:
        log_in(page)
        desk.state = context.storage_state()
        page.goto(desk.url(path))
    yield page
    context.close()


def log_in(page: Page) -> None:
    page.get_by_label("Naam").fill("an")
    page.get_by_label("Wachtwoord").fill(PASSWORD)
    page.get_by_role("button", name="Aanmelden").click()


def act(page: Page, name: str, why: str = "omdat het zo hoort", at: int = 0, said: str = "gedaan") -> None:
    """Open what is behind *name*, give a reason, and do it; the page says that it was done."""
    folded = page.locator("details.act").filter(has=page.locator("summary", has_text=re.compile(f"^{name}$"))).nth(at)
    folded.locator("summary").click()
    folded.get_by_label("Waarom? In één regel").fill(why)
    folded.get_by_role("button").click()
    assert said in page.get_by_role("status").inner_text().lower()
    assert why in page.locator(".log").inner_text()


def test_logging_in_leads_where_one_wanted_to_go(browser: Browser, desk: Desk) -> None:
    """Who is not logged in sees the form alone; after it the page that was asked for; after logging out, nothing."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(desk.url("story/0090/"))
    assert "Korenbloemstraat" not in page.content()
    page.get_by_label("Wachtwoord").fill("niet het goede")
    page.get_by_label("Naam").fill("an")
    page.get_by_role("button", name="Aanmelden").click()
    assert page.get_by_role("alert").is_visible()
    log_in(page)
    assert page.url == desk.url("story/0090/")
    assert [(each["name"], each["httpOnly"], each["path"]) for each in context.cookies()] == [("desk", True, "/desk/")]
    page.get_by_role("button", name="Afmelden").click()
    page.goto(desk.url("story/0090/"))
    assert page.get_by_label("Wachtwoord").is_visible()
    context.close()


def test_a_false_merge_is_seen_and_taken_apart(browser: Browser, desk: Desk) -> None:
    """From the list to the words that differ, the rule, its score and its reason; split, and the feed has both."""
    with opened(browser, desk) as page:
        page.get_by_role("searchbox").fill("week 12")
        page.get_by_role("button", name="Tonen").click()
        page.get_by_role("link", name=WEEK.format(12)).click()
        assert {mark.inner_text() for mark in page.locator("mark").all()} == {"104", "105"}
        sides = page.locator(".sides").first.inner_text()
        assert all(each in sides for each in ("alike", "0.95", "95% of both texts is the same"))
        before = desk.entries()
        act(page, "Dit exemplaar eruit halen", "Dat zijn andere cijfers", at=1)
        assert desk.entries() == before + 1
        act(page, "Ongedaan maken", "Toch hetzelfde")
        assert desk.entries() == before


def test_what_was_not_merged_says_why_and_is_joined(browser: Browser, desk: Desk) -> None:
    """The nearest other story stands there with what kept it apart; joined, the feed has one fewer, until undone."""
    with opened(browser, desk, "story/0091/") as page:
        assert "'week 12' ≠ 'week 13'" in page.inner_text("main")
        before = desk.entries()
        act(page, "Bij dit bericht voegen")
        assert desk.entries() == before - 1
        act(page, "Ongedaan maken")
        assert desk.entries() == before


def test_the_lead_is_chosen(browser: Browser, desk: Desk) -> None:
    """Readers see the title of the copy that an editor chose, in the feed and on the page."""
    with opened(browser, desk, "story/0001/") as page:
        other = (
            page.locator(".sides").first.locator("li").filter(has_not=page.locator("strong.state", has_text="Voorop"))
        )
        title = other.first.locator("h3").inner_text()
        act(page, "Dit exemplaar voorop zetten")
        assert page.locator("h1").inner_text() == title
        assert title in desk.public()
        act(page, "Ongedaan maken")


def test_what_is_hidden_is_gone_at_once_and_comes_back(browser: Browser, desk: Desk) -> None:
    """From feed, page and the mail to come."""
    with opened(browser, desk, "story/0010/") as page:
        mail = desk.url("digest/dagelijks/")
        act(page, "Verbergen")
        assert FIETS not in desk.public() + desk.public("/samenwerking.atom")
        page.goto(mail)
        assert FIETS not in (page.locator("pre").text_content() or "")
        page.goto(desk.url("story/0010/"))
        act(page, "Ongedaan maken")
        assert FIETS in desk.public()
        assert FIETS in desk.public("/samenwerking.atom")
        page.goto(mail)
        assert FIETS in (page.locator("pre").text_content() or "")


def test_readers_follow_within_a_second(browser: Browser, desk: Desk) -> None:
    """From the press of the button to the feed without the story; the best of three, for the machine may be busy."""
    taken: list[float] = []
    with opened(browser, desk, "story/0011/") as page:
        before = desk.entries()
        for _ in range(3):
            page.locator("summary", has_text=re.compile("^Verbergen$")).click()
            page.locator("details[open]").get_by_label("Waarom? In één regel").fill("gevraagd")
            began = time.perf_counter()
            page.locator("details[open]").get_by_role("button").click()
            assert desk.entries() == before - 1
            taken.append(time.perf_counter() - began)
            act(page, "Ongedaan maken")
            assert desk.entries() == before
    assert min(taken) < 1, taken


def test_what_is_pinned_stands_first(browser: Browser, desk: Desk) -> None:
    """On the page and in the mail to come; the feed keeps its order."""
    with opened(browser, desk, "story/0010/") as page:
        feed = re.findall("<title>(.*?)</title>", desk.public("/samenwerking.atom"))
        act(page, "Vastzetten")
        assert desk.public().index(FIETS) < desk.public().index('class="day"', desk.public().index("pinned") + 20)
        assert re.findall("<title>(.*?)</title>", desk.public("/samenwerking.atom")) == feed
        page.goto(desk.url("digest/dagelijks/"))
        assert (page.locator(".mail iframe").first.get_attribute("title") or "").startswith(FIETS)
        page.goto(desk.url("story/0010/"))
        act(page, "Ongedaan maken")


def test_a_flood_is_let_in(browser: Browser, desk: Desk) -> None:
    """What is held is listed by its source; released, it is in the feed; what ails sources is said in words."""
    with opened(browser, desk, "held/") as page:
        eventually(lambda: page.reload() and "kon nog nooit gelezen worden" in page.inner_text("main"))
        eventually(lambda: page.reload() and "verwijst sinds" in page.inner_text("main"))
        before = desk.entries()
        page.get_by_role("checkbox", name="Oud nieuws nummer 1").uncheck()
        page.get_by_label("Waarom? In één regel").fill("Dit is nieuws")
        page.get_by_role("button", name="Vrijgeven als nieuws").click()
        assert desk.entries() == before + 2
        assert page.get_by_role("checkbox").count() == 1


def test_an_edition_is_seen_changed_and_let_go(browser: Browser, desk: Desk) -> None:
    """The mail that goes out is the one that the desk showed: without what was hidden, with the introduction."""
    assert desk.daemon.run("digest", "send", "avond").returncode == 0
    with opened(browser, desk, "digest/avond/") as page:
        assert page.locator(".state").first.inner_text() == "Vastgehouden"
        page.goto(desk.url("story/0010/"))
        act(page, "Verbergen", "Niet voor de mail")
        page.goto(desk.url("digest/avond/"))
        page.locator("summary", has_text="Inleiding en volgorde").click()
        page.get_by_label("Inleiding, één regel").fill("Vandaag <b>kort</b> nieuws.")
        page.locator("#why-arrange").fill("Het is zaterdag")
        page.get_by_role("button", name="Zo doen").click()
        shown = page.locator("pre").text_content() or ""
        assert "Vandaag <b>kort</b> nieuws." in shown
        assert FIETS not in shown
        frame = page.frame_locator("iframe.wide-600")
        assert frame.get_by_text("Vandaag <b>kort</b> nieuws.").is_visible()
        act(page, "Stuur mij een test", said="test verstuurd")
        eventually(lambda: any("an@example.be" in mail["to"] for mail in mails(desk)))
        act(page, "Nu versturen")
        arrived = eventually(lambda: [mail for mail in mails(desk) if "lezer@example.be" in mail["to"]])
        text = arrived[0].get_body(("plain",)).get_content()
        assert "Vandaag <b>kort</b> nieuws." in text
        assert FIETS not in text
        assert "desk/digest/avond/" in next(
            mail.get_body(("plain",)).get_content() for mail in mails(desk) if mail["subject"].startswith("[review]")
        )
        page.reload()
        assert "lezer@example.be" not in page.content()
        page.goto(desk.url("story/0010/"))
        act(page, "Ongedaan maken")


def mails(desk: Desk) -> list[Any]:
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in desk.sink.mails]


@pytest.mark.parametrize("path", [*PATHS, "login"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_accessible(browser: Browser, desk: Desk, path: str, width: str, scheme: ColorScheme) -> None:
    """axe-core finds no violation of WCAG 2.2 AA with every form unfolded, and nothing sticks out of a telephone."""
    with opened(browser, desk, path, width, scheme) as page:
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        name = re.sub(r"\W+", "-", path) or "stories"
        keep(page, f"desk-{name}-{width}-{scheme}")
        assert violations(page, scheme) == []
        assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


@pytest.mark.parametrize("width", [360, 600])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_mail_that_is_shown_is_accessible(browser: Browser, desk: Desk, width: int, scheme: ColorScheme) -> None:
    """The document in the frame, as a page of its own."""
    with opened(browser, desk) as page:
        answer = page.request.get(desk.url(f"digest/dagelijks/mail?width={width}"))
        assert answer.ok
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        shown.set_content(answer.text())
        keep(shown, f"desk-mail-{width}-{scheme}")
        assert violations_of_mail(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        shown.close()
