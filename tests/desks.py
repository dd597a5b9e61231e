"""A desk to try out: a site on loopback with stories, two users, and a client with a jar for one cookie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from sqlite3 import connect
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from argon2 import PasswordHasher

from aggregator.daemon.rendering import Press
from aggregator.errors import AggregatorError
from aggregator.model import Config, Desk, Document, Envelope, Letter, Match, Poll, Story, User, Verdict
from aggregator.store import Store, Tx
from aggregator.web import app, desk
from tests.serving import serving
from tests.stories import CONFIG, NOW, fortnight, sighting, story

FORM = "application/x-www-form-urlencoded"
PASSWORD = "een lang wachtwoord"
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)  # a cheap one: it is made often
AN = User(name="an", password_hash=HASH, role="editor", email="an@example.be")
BO = User(name="bo", password_hash=HASH)
OPEN = replace(CONFIG, authority="nieuws.example.be,2026", base_url="http://127.0.0.1", desk=Desk(users=(AN, BO)))
WEEK = "Resultaten snelheidscontroles week {}"
LINES = (
    "In week {} controleerde de politie 1.182 voertuigen in de Korenbloemstraat. Daarvan reden er {} te snel. De "
    "hoogste snelheid was {} kilometer per uur. Alle bestuurders krijgen een proces-verbaal in de bus. De controles "
    "gaan de komende weken voort, want te snel rijden blijft een van de grootste oorzaken van zware ongevallen."
)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Said:
    status: int
    headers: Mapping[str, str]
    content: str

    def field(self, name: str) -> str:
        """A hidden field of the page's first form."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.content)
        assert found, f"no field {name} in {self.content[:2000]}"
        return found[1]


class _Still(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@dataclass
class Site:
    """A site and somebody at it; *sent* are the tests that were handed over, *config* may be changed, the next tests
    fail for what is in *failing*.
    """

    url: str
    store: Store
    clock: Clock
    config: list[Config]
    sent: list[tuple[Letter, Envelope]]
    polls: dict[str, Poll]
    failing: list[AggregatorError]
    path: Path
    cookie: str = ""

    def break_down(self) -> None:
        """Let the database take nothing any more: it is another program's."""
        with connect(self.path) as connection:
            connection.execute("DROP TABLE hand")

    def ask(self, path: str, form: Mapping[str, object] | None = None, method: str = "", **headers: str) -> Said:
        body = None if form is None else urlencode(form, doseq=True).encode()
        fields = {"Content-Type": FORM, **({"Cookie": self.cookie} if self.cookie else {})}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(self.url + path, data=body, headers=fields, method=method or ("POST" if form else "GET"))
        try:
            with build_opener(_Still).open(request, timeout=20) as answer:
                return Said(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode())
        except HTTPError as answer:
            return Said(answer.code, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode())

    def enter(self, name: str = "an", password: str = PASSWORD, **headers: str) -> Said:
        """Log in, and keep the cookie."""
        said = self.ask("/desk/login", {"name": name, "password": password, "to": ""}, **headers)
        self.cookie = said.headers.get("set-cookie", "").partition(";")[0]
        return said

    def act(self, number: int, act: str, what: str = "", why: str = "omdat", **changes: object) -> Said:
        """Send a form of a story's page as it stands there now."""
        path = f"/desk/story/{number:04}/"
        page = self.ask(path)
        form = {"token": page.field("token"), "seen": page.field("seen"), "act": act, "what": what, "why": why}
        return self.ask(path, {**form, **changes})

    def story(self, number: int) -> Story:
        found = self.store.look(lambda tx: tx.stories.get(id_of(number)))
        assert found
        return found

    def documents(self) -> dict[str, Document]:
        """What the daemon publishes of it now."""
        return self.store.look(Press(self.config[0]).render)


def id_of(number: int) -> str:
    return f"tag:nieuws.example.be,2026:story/{number:04}"


def weeks() -> tuple[Story, ...]:
    """Two issues of one template that are two stories, and one that was merged by mistake."""
    twelve = sighting("bht", WEEK.format(12), LINES.format(12, 93, 104), "2026-11-20 12:00", key="712")
    thirteen = sighting("hz", WEEK.format(13), LINES.format(13, 71, 98), "2026-11-21 12:00", key="713")
    alike = sighting("hz", WEEK.format(12), LINES.format(12, 93, 105), "2026-11-20 13:00", key="714")
    first = story(twelve, alike, number=90)
    evidence = "95% of both texts is the same"
    joint = replace(first.members[1], rule="alike", score=0.95, evidence=evidence)
    return replace(first, members=(first.members[0], joint)), story(thirteen, number=91)


def hostile() -> Story:
    """A title and a text that would do something in a page that took them for markup."""
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{ 7*7 }}"
    return story(sighting("bht", bad, f"{bad} en nog meer tekst", "2026-11-19 10:00", key="666"), number=66)


def flood(many: int = 3) -> list[Story]:
    made = [
        story(sighting("hz", f"Oud nieuws nummer {n}", f"Tekst {n}", "2026-11-10 10:00", key=f"8{n}"), number=800 + n)
        for n in range(many)
    ]
    return [replace(each, held=True) for each in made]


def seed(tx: Tx) -> None:
    tx.meta.put("authority", OPEN.authority or "")
    for each in (*fortnight(), *weeks(), hostile(), *flood()):
        members: tuple[Match, ...] = tuple(replace(member, story=each.id) for member in each.members)
        tx.stories.save(replace(each, members=members), at=NOW, loud=True)
    verdict = Verdict(verdict="related", rule="slots", score=0.9, evidence="'week 12' ≠ 'week 13'")
    tx.related.note(id_of(91), [(id_of(90), verdict)], NOW)


def enrol(digest: str, tx: Tx) -> None:
    tx.audience.enrol(digest, ["redactie@example.be", "lezer@example.be"], NOW)


@cache
def seeded() -> bytes:
    """The database that every test begins with."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "desk.db")
        with Store(f"sqlite:///{path}") as store:
            for digest in ("dagelijks", "avond"):
                store.submit(partial(enrol, digest)).result()
            store.submit(seed).result()
        return path.read_bytes()


@contextmanager
def opened(directory: Path, config: Config = OPEN) -> Iterator[Site]:
    clock, configs, sent, polls = Clock(), [config], list[tuple[Letter, Envelope]](), dict[str, Poll]()
    failing: list[AggregatorError] = []

    def send(letter: Letter, envelope: Envelope) -> str:
        if failing:
            raise failing.pop()
        sent.append((letter, envelope))
        return "250 taken"

    async def acted() -> None:
        return None

    (directory / "desk.db").write_bytes(seeded())
    with Store(f"sqlite:///{directory / 'desk.db'}") as store:
        routes = desk.routes(lambda: configs[0], store, clock, lambda: polls, send, acted)
        press = Press(config)
        site = app(lambda: store.look(press.render), lambda: (True, ""), config, routes)
        with serving(site, proxies=config.server.trusted_proxies) as url:
            yield Site(url, store, clock, configs, sent, polls, failing, directory / "desk.db")
