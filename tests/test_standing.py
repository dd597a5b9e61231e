"""The pages that stand there whatever the news, robots.txt and security.txt."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import html as markup

from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.model import Config, Document
from aggregator.model.workings import About, Fetch
from aggregator.publish import standing
from tests.databases import migrated
from tests.presses import desk
from tests.serving import serving, site
from tests.stories import BHT_NEWS, CONFIG, HZ_NEWS, NOW

PAGES = (standing.ABOUT, standing.PRIVACY, standing.ACCESSIBILITY)
TOLD = About(
    name="Politie <samenwerking>",
    address="Kerkstraat 1, 3580 Beringen",
    email="redactie@example.be",
    phone="011 00 00 00",
    text="Een initiatief.\n\nVan twee <b>zones</b>.",
    privacy="Adressen blijven veertien dagen.",
    accessibility="Opgesteld op 1 december 2026.",
    security_contact="veiligheid@example.be",
    security_expires=date(2027, 11, 1),
)


def page(config: Config, path: str) -> markup.HtmlElement:
    return markup.fromstring(standing.documents(config, NOW)[path].content.decode())


def said(config: Config, path: str) -> str:
    return " ".join(page(config, path).cssselect("main")[0].text_content().split())


@pytest.mark.parametrize("path", PAGES)
def test_each_page_says_how_to_reach_the_operator(path: str) -> None:
    """Address and telephone stand on each of them, in the operator's words, escaped."""
    words = said(replace(CONFIG, about=TOLD), path)
    assert "redactie@example.be" in words
    assert "011 00 00 00" in words


def test_who_and_what() -> None:
    """The contact page names publisher, zones, sources, how often they are asked, and what the robot is called."""
    sources = (replace(BHT_NEWS, interval=timedelta(minutes=90)), replace(HZ_NEWS, publish="full"))
    told = replace(CONFIG, about=TOLD, sources=sources, fetch=Fetch(contact="https://nieuws.example.be/over"))
    words = said(told, standing.ABOUT)
    assert "Politie <samenwerking>, Kerkstraat 1, 3580 Beringen" in words
    assert "Een initiatief. Van twee <b>zones</b>." in words
    assert f"{BHT_NEWS.url}: hoogstens één keer in 90 minuten gelezen" in words
    assert "Nieuws uit Heusden-Zolder: hoogstens één keer in 1 uur gelezen; de volledige teksten" in words
    assert re.search(r"aggregator/[\d.]+ \(\+https://nieuws.example.be/over\)", words)


def test_a_source_that_is_not_read_is_not_told() -> None:
    """A source that is switched off is none."""
    off = replace(CONFIG, sources=(replace(BHT_NEWS, enabled=False), HZ_NEWS))
    assert BHT_NEWS.url not in said(off, standing.ABOUT)
    assert "op dit moment niets" in said(off, standing.ABOUT)


def test_nobody_is_made_up() -> None:
    """Where the operator has said nothing, the page says so."""
    words = said(CONFIG, standing.ABOUT)
    assert "niet geschreven wie hij is" in words
    assert "geen adres opgegeven" in words
    assert standing.email(replace(CONFIG, fetch=Fetch(contact="bot@example.be"))) == "bot@example.be"
    assert standing.email(replace(CONFIG, fetch=Fetch(contact="https://example.be/over"))) is None


def test_privacy_says_what_is_true() -> None:
    """What is said follows what is configured: mails, hub, search, notices, retention."""
    quiet = replace(
        CONFIG,
        digests=(),
        websub=replace(CONFIG.websub, hub=False),
        server=replace(CONFIG.server, search=False),
        notices=replace(CONFIG.notices, publish=True, keep=timedelta(days=14)),
        retention=replace(CONFIG.retention, stories=timedelta(days=400)),
    )
    assert "Als u zich inschrijft" in said(CONFIG, standing.PRIVACY)
    assert "Wat u zoekt" in said(CONFIG, standing.PRIVACY)
    assert "5 jaar na de publicatie" in said(CONFIG, standing.PRIVACY)
    words = said(quiet, standing.PRIVACY)
    assert "Als u zich inschrijft" not in words
    assert "Wat u zoekt" not in words
    assert "14 dagen weggehaald" in words
    assert "400 dagen na de publicatie" in words


def test_robots() -> None:
    """Search engines are kept from the search, or from everything; with and without the prefix."""
    assert standing.robots(CONFIG) == b"User-agent: *\nDisallow: /search\nAllow: /\n"
    below = replace(CONFIG, base_url="https://example.be/nieuws")
    assert b"Disallow: /search\nDisallow: /nieuws/search\n" in standing.robots(below)
    closed = replace(CONFIG, publish=replace(CONFIG.publish, robots=False))
    assert standing.robots(closed) == b"User-agent: *\nDisallow: /\n"


def test_security() -> None:
    """RFC 9116: Contact and Expires, the languages, and where it stands; none without both."""
    assert standing.security(replace(CONFIG, about=TOLD)) == (
        b"Contact: mailto:veiligheid@example.be\n"
        b"Expires: 2027-11-01T00:00:00Z\n"
        b"Preferred-Languages: nl, en\n"
        b"Canonical: https://nieuws.example.be/.well-known/security.txt\n"
    )
    by_page = replace(TOLD, security_contact="https://example.be/melden")
    assert b"Contact: https://example.be/melden\n" in (standing.security(replace(CONFIG, about=by_page)) or b"")
    assert standing.security(CONFIG) is None
    assert standing.SECURITY not in standing.documents(CONFIG, NOW)


def test_guessed_addresses() -> None:
    """What people try in other languages leads there, below any prefix."""
    with serving(site(CONFIG, {})) as address, httpx.Client(base_url=address, follow_redirects=True) as client:
        for guess, path in (("/contact", "/over/"), ("/toegankelijkheid/", "/accessibility/"), ("/over", "/over/")):
            answer = client.get(guess)
            assert (answer.status_code, answer.url.path) == (200, path)
        assert client.get("/zoeken?q=x").url.path == "/search"
        assert client.get("/robots.txt").headers["content-type"] == "text/plain; charset=utf-8"


def test_the_footer_leads_to_them(tmp_path: Path) -> None:
    """Each page has links to all three, and they lead there from wherever it stands."""
    with desk(tmp_path, replace(CONFIG, about=TOLD)) as one:
        made = one.documents()
    for path in ("/", "/samenwerking/", "/zones/bht/", "/feeds/", *PAGES):
        found: Any = markup.fromstring(made[path].content.decode())
        found.make_links_absolute(f"https://nieuws.example.be{path}")
        links = {link.get("href").removeprefix("https://nieuws.example.be") for link in found.cssselect("footer a")}
        assert {*PAGES, "/feeds/"} <= links


def test_a_change_of_words_is_a_change(tmp_path: Path) -> None:
    """Other words, other bytes and another date; the same configuration, the same document."""
    with desk(tmp_path) as one:
        before = one.documents()[standing.ABOUT]
    later = NOW + timedelta(days=1)
    from aggregator.daemon.rendering import Press, note_presentation
    from aggregator.store import Store

    changed = replace(CONFIG, about=TOLD)
    with Store(migrated(tmp_path / "desk.db")) as store:
        store.submit(lambda tx: note_presentation(tx, changed, later)).result()
        after: list[Document] = [store.look(Press(changed).render)[standing.ABOUT] for _ in range(2)]
    assert before.last_modified < after[0].last_modified == later
    assert before.etag != after[0].etag
    assert after[0] == after[1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('email = "redactie"', "about.email"),
        ('security_contact = "mij"\nsecurity_expires = 2027-01-01', "about.security_contact"),
        ('security_contact = "mij@example.be"', "about.security_expires"),
        ("security_expires = 2027-01-01", "about.security_contact"),
        ('security_contact = "mij@example.be"\nsecurity_expires = "ooit"', "about.security_expires"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, line: str, words: str) -> None:
    """What cannot be shown is refused, by its place."""
    shipped = Path(__file__).parents[1] / "config" / "aggregator.toml"
    file = tmp_path / "aggregator.toml"
    file.write_text(shipped.read_text(encoding="utf-8").replace("[about]\n", f"[about]\n{line}\n"), encoding="utf-8")
    with pytest.raises(ConfigError) as failure:
        load(file)
    assert any(problem.startswith(words) for problem in failure.value.problems), failure.value.problems
