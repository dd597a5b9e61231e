"""A subscriber's whole life: real daemon, real SMTP, a real browser, and a mail gateway that opens every link."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import SCHEMES, WIDTHS, keep, opened, violations
from tests.fakes.origin import Origin
from tests.fakes.relay import Relay
from tests.processes import Installation, eventually, installation
from tests.sites import Zones

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

BASE = "https://nieuws.example.be"
JAN, MIEKE, EDITOR = "jan@example.be", "mieke@example.be", "redactie@example.be"


class Life:
    """The installation, what the relay was given, and the news."""

    def __init__(self, one: Installation, relay: Relay, zones: Zones) -> None:
        self.one = one
        self.relay = relay
        self.zones = zones
        self._news = 0

    def mails(self, to: str) -> list[EmailMessage]:
        """What was mailed to an address, oldest first."""
        taken = [each.content for each in self.relay.messages if each.recipients == (to,)]
        return [message_from_bytes(each, _class=EmailMessage, policy=policy.default) for each in taken]

    def next_mail(self, to: str, many: int) -> EmailMessage:
        """The *many*-th mail to an address, as soon as it is there."""
        return eventually(lambda: self.mails(to)[many - 1 :])[0]

    def publish(self, *, south: bool = False) -> str:
        """A release of one of the zones; its title."""
        self._news += 1
        return self.zones.publish(self._news, datetime.now(UTC), feed=not south, page=south)

    def reaches(self, to: str, title: str) -> None:
        """Wait until *title* has been mailed to an address."""
        eventually(lambda: any(title in text(mail) for mail in self.mails(to)))

    def local(self, url: str) -> str:
        """An address of ours where it really is."""
        return url.replace(BASE, self.one.url)

    def open_every_link(self, *mails: EmailMessage) -> int:
        """GET and HEAD each of our links in these mails, headers too, as a gateway does; how many there were."""
        found = {each for mail in mails for each in ours(mail)}
        for url in found:
            for method in ("GET", "HEAD"):
                try:
                    urllib.request.urlopen(urllib.request.Request(self.local(url), method=method), timeout=10).close()
                except urllib.error.HTTPError as answer:
                    if answer.code != 404:
                        raise
        return len(found)

    def state(self) -> str:
        """What the store knows of subscribers."""
        return str(self.one.json("subscribers", "list"))


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""


def ours(mail: EmailMessage) -> set[str]:
    """Every address of our site in a mail: text, HTML and headers."""
    parts = [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
    words = " ".join([*parts, *map(str, mail.values())])
    return set(re.findall(rf"{re.escape(BASE)}[^\s\"<>)]*", words))


def link(mail: EmailMessage, kind: str) -> str:
    (found,) = {str(each) for each in re.findall(rf"{re.escape(BASE)}/mail/{kind}/[A-Za-z0-9_-]+", text(mail))}
    return found


def look(browser: Browser, url: str, name: str) -> None:
    """axe-core finds nothing on a telephone and a desktop, in light and in dark; nothing sticks out."""
    for width, (wide, _) in WIDTHS.items():
        for scheme in SCHEMES:
            with opened(browser, url, width, scheme) as page:
                assert violations(page, scheme) == []
                assert page.evaluate("document.documentElement.scrollWidth") == wide
                keep(page, f"{name}-{width}-{scheme}")


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def test_from_the_form_to_the_last_click(tmp_path: Path, browser: Browser) -> None:
    """Subscribe, confirm, read, choose, pause, move, leave by one click; a gateway opens every link on the way and
    changes nothing; nothing of it stands in the log."""
    with Origin() as origin, Relay() as relay, installation(tmp_path) as one:
        life = Life(one, relay, Zones(origin))
        life.publish()
        life.publish(south=True)
        digest = f'recipients = ["{EDITOR}"]\nopen = true\nevery = "1s"\ntitle = "Noord en Zuid"\n'
        mail = f'[mail]\nfrom = "Nieuws <nieuws@example.be>"\nrelay = "{relay.url}"\n'
        one.configure(mail + life.zones.configuration(f'[[digests]]\nid = "snel"\nstream = "samenwerking"\n{digest}'))
        one.config.write_text(one.config.read_text().replace(one.url, BASE, 1))
        one.start()
        eventually(lambda: all(s["condition"] == "ok" for s in one.json("status")["sources"]))
        page = browser.new_context().new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        _subscribe(life, browser, page)
        _read(life, browser, page)
        _pause(life, page)
        _move(life, page)
        _leave(life)
        assert said == []
        assert page.context.cookies() == []
        assert not re.search(r"[a-z]+@example\.be", one.log), one.log
        erased = one.json("subscribers", "erase", MIEKE)
        assert erased["erased"]["delivery"]
        known = one.json("subscribers", "export", MIEKE)
        assert known["mails"] == known["digests"] == known["consent"] == []
        assert {each["reason"] for each in known["suppressed"]} == {"unsubscribed", "erased"}


def _subscribe(life: Life, browser: Browser, page: Page) -> None:
    """The form, the mail, the button."""
    page.goto(life.one.url)
    page.get_by_role("link", name="Krijg het per mail").click()
    look(browser, page.url, "form")
    page.get_by_label("Uw mailadres").fill(JAN)
    page.wait_for_timeout(2200)
    press(page, "Inschrijven")
    assert "Kijk in uw mailbox" in page.content()
    asked = life.next_mail(JAN, 1)
    before = life.state()
    assert life.open_every_link(asked)
    assert life.state() == before == "[]"
    look(browser, life.local(link(asked, "c")), "confirm")
    page.goto(life.local(link(asked, "c")))
    press(page, "Ja, schrijf mij in")
    assert "Welkom" in page.content()
    welcome = life.next_mail(JAN, 2)
    assert "Welkom" in welcome["Subject"]
    before = life.state()
    assert JAN in before
    assert life.open_every_link(asked, welcome) >= 4
    assert life.state() == before


def _read(life: Life, browser: Browser, page: Page) -> None:
    """An edition comes; with other choices another one."""
    life.reaches(JAN, life.publish())
    edition = life.mails(JAN)[-1]
    assert f"<{BASE}/mail/u/" in edition["List-Unsubscribe"]
    before = life.state()
    assert life.open_every_link(edition) >= 3
    assert life.state() == before
    preferences = life.local(link(edition, "p"))
    look(browser, preferences, "preferences")
    look(browser, life.local(link(edition, "u")), "leave")
    page.goto(preferences)
    page.get_by_label("Politiezone Noord").uncheck()
    press(page, "Bewaren")
    assert "Uw keuzes zijn bewaard." in page.content()
    north, south = life.publish(), life.publish(south=True)
    life.reaches(EDITOR, north)
    life.reaches(JAN, south)
    assert not [each for each in life.mails(JAN) if north in text(each)]


def _pause(life: Life, page: Page) -> None:
    """What comes meanwhile is not sent afterwards."""
    press(page, "Pauzeren")
    assert "Niets tot u hervat." in page.content()
    missed = life.publish(south=True)
    life.reaches(EDITOR, missed)
    press(page, "Hervatten")
    title = life.publish(south=True)
    life.reaches(JAN, title)
    assert not [each for each in life.mails(JAN) if missed in text(each)]


def _move(life: Life, page: Page) -> None:
    """The new address confirms, the old one is told."""
    page.get_by_label("Uw nieuwe mailadres").fill(MIEKE)
    press(page, "Adres wijzigen")
    asked = life.next_mail(MIEKE, 1)
    many = len(life.mails(JAN))
    page.goto(life.local(link(asked, "c")))
    press(page, "Ja, gebruik dit adres")
    told = life.next_mail(JAN, many + 1)
    assert MIEKE not in text(told)
    title = life.publish(south=True)
    life.reaches(MIEKE, title)
    assert len(life.mails(JAN)) == many + 1


def _leave(life: Life) -> None:
    """One click in the mail program: a POST with nothing but the address."""
    edition = life.mails(MIEKE)[-1]
    (url,) = re.findall(r"<(https://[^>]*)>", edition["List-Unsubscribe"])
    assert edition["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for _ in range(2):
        with urllib.request.urlopen(life.local(url), data=b"List-Unsubscribe=One-Click", timeout=10) as answer:
            assert answer.status == 200
    many = len(life.mails(MIEKE))
    life.reaches(EDITOR, life.publish(south=True))
    assert len(life.mails(MIEKE)) == many
    assert life.state() == "[]"
