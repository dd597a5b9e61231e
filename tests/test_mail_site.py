"""``/mail/`` over real HTTP: what strangers, programs and mail gateways send, and what comes of it."""

from __future__ import annotations

import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from aggregator.model import Config
from aggregator.post import envelope
from aggregator.store import Store
from aggregator.subscribing import desk
from aggregator.web import app, mail
from tests.databases import migrated
from tests.serving import serving
from tests.stories import NOW
from tests.test_subscribing import EDITOR, JAN, ONE, OPEN, link, mails, readers, rows, subscribe

FORM = "application/x-www-form-urlencoded"


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


@dataclass(frozen=True)
class Site:
    """A site on loopback, its store, and a reader with no cookie jar who follows no redirect."""

    url: str
    store: Store
    clock: Clock

    def ask(
        self, path: str, form: Mapping[str, object] | bytes | None = None, method: str = "", **headers: str
    ) -> Said:
        body = form if isinstance(form, bytes) or form is None else urlencode(form, doseq=True).encode()
        fields = {"Content-Type": FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
        method = method or ("GET" if body is None else "POST")
        request = urllib.request.Request(self.url + path, data=body, headers=fields, method=method)
        try:
            with urllib.request.build_opener(_Still).open(request, timeout=10) as answer:
                return Said(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode())
        except urllib.error.HTTPError as answer:
            return Said(answer.code, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode())

    def form(self, **changes: object) -> dict[str, object]:
        """A form as the page has it now, filled in."""
        stamp = re.search(r'name="t" value="([^"]+)"', self.ask("/mail/").content)
        assert stamp
        fields = {"address": JAN, "digest": ["dagelijks"], "zone": ["bht", "hz"], "format": "both", "homepage": ""}
        return {**fields, "t": stamp[1], **changes}


class _Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@contextmanager
def opened(directory: Path, config: Config = OPEN) -> Iterator[Site]:
    clock = Clock()
    with Store(migrated(directory / "a.db")) as store:
        routes = mail.routes(lambda: config, store, clock, floor=0.0)
        with serving(app(dict, lambda: (True, ""), config, routes)) as url:
            yield Site(url, store, clock)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path) as found:
        yield found


def send(site: Site, **changes: object) -> Said:
    """Fill the form in at the pace of a person, and send it."""
    form = site.form(**changes)
    site.clock.now += timedelta(seconds=5)
    return site.ask("/mail/", form)


class TestAsking:
    def test_the_answer_never_tells_who_is_subscribed(self, site: Site) -> None:
        """New, subscribed, in the configuration, asked a minute ago, never to be asked: the same bytes."""
        site.store.submit(lambda tx: tx.audience.enrol("dagelijks", [EDITOR], NOW)).result()
        site.store.submit(lambda tx: tx.audience.suppress("weg@example.be", "", "refused", NOW)).result()
        subscribe(site.store, "mieke@example.be")
        asked = ["nieuw@example.be", "nieuw@example.be", "mieke@example.be", EDITOR, "weg@example.be"]
        said = [send(site, address=address) for address in asked]
        assert {(each.status, each.content) for each in said} == {(200, said[0].content)}
        assert len({tuple(sorted(name for name in each.headers if name != "date")) for each in said}) == 1

    def test_the_answer_takes_as_long_for_everybody(self, tmp_path: Path) -> None:
        """What has to be done takes less than the floor that every answer has."""
        with Store(migrated(tmp_path / "b.db")) as store:
            clock = Clock()
            with serving(app(dict, lambda: (True, ""), OPEN, mail.routes(lambda: OPEN, store, clock))) as url:
                site = Site(url, store, clock)
                subscribe(store)

                def took(**form: object) -> float:
                    filled = site.form(**form)
                    clock.now += timedelta(seconds=5)
                    begun = time.monotonic()
                    site.ask("/mail/", filled)
                    return time.monotonic() - begun

                times = [took(address=JAN), took(address="x@example.be"), took(homepage="http://spam.example")]
                assert min(times) >= mail.FLOOR

    def test_the_trap_is_answered_and_nothing_is_done(self, site: Site) -> None:
        """A program that fills in every field does not learn that it was known for one."""
        trapped = send(site, homepage="https://spam.example/")
        assert mails(site.store) == []
        assert trapped.content == send(site).content
        assert len(mails(site.store)) == 1

    def test_haste_is_told_and_not_punished(self, site: Site) -> None:
        """What was filled in is still there, and sending it again does it."""
        form = site.form(address="jan.peeters@example.be")
        said = site.ask("/mail/", form)
        assert said.status == 422
        assert 'value="jan.peeters@example.be"' in said.content
        assert mails(site.store) == []

    def test_mistakes_stand_at_their_fields(self, site: Site) -> None:
        """Each is said in words, tied to its field, and what was typed is escaped."""
        said = send(site, address='"><script>x</script>', zone=[])
        assert said.status == 422
        assert 'aria-describedby="address-error"' in said.content
        assert 'id="zone-error"' in said.content
        assert "<script>" not in said.content
        assert "<title>Fout:" in said.content

    @pytest.mark.parametrize(
        "address",
        [
            "jan@example.be\r\nBcc: all@example.be",
            "jan@example.be\x00",
            "a@example.be,b@example.be",
            "jan@example.be%0d%0aX: y",
        ],
    )
    def test_no_header_is_smuggled_in(self, site: Site, address: str) -> None:
        """An address is one address, or a mistake."""
        assert send(site, address=address).status == 422
        assert mails(site.store) == []

    def test_a_flood_from_one_network_ends(self, site: Site) -> None:
        """Twenty an hour; neighbours in a /24 are one, others are still served, and the answer says when again."""
        form = site.form()
        site.clock.now += timedelta(seconds=5)
        said = [site.ask("/mail/", {**form, "address": f"a{n}@example.be"}) for n in range(25)]
        assert [each.status for each in said] == [200] * 20 + [429] * 5
        assert said[-1].headers["retry-after"] == "3600"
        assert len(mails(site.store)) == 20
        site.clock.now += timedelta(hours=1)
        assert send(site).status == 200

    def test_a_victim_gets_one_mail_a_day(self, site: Site) -> None:
        """However often and in however many spellings somebody types their address."""
        for address in (JAN, "JAN@example.be", "Jan+1@example.be", "jan+2@EXAMPLE.be"):
            assert send(site, address=address).status == 200
        assert len(mails(site.store)) == 1

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b"x" * 10_000_000, FORM, 413),
            (b'{"address": "jan@example.be"}', "application/json", 415),
            (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b", 415),
            (b"address=\xff\xfe", FORM, 400),
            (b"&".join(b"a=1" for _ in range(500)), FORM, 400),
            (b"", FORM, 422),
        ],
    )
    def test_strange_bodies_are_refused(self, site: Site, body: bytes, kind: str, status: int) -> None:
        """Too much, of another kind, or no form at all."""
        try:
            assert site.ask("/mail/", body, Content_Type=kind).status == status
        except urllib.error.URLError:
            assert status == 413, "the connection may be cut while it is still sending"
        assert mails(site.store) == []

    def test_without_an_open_digest_there_is_no_form(self, tmp_path: Path) -> None:
        """Nothing to see and nothing to send; without [mail] there is none either."""
        shut = replace(OPEN, digests=tuple(replace(digest, open=False) for digest in OPEN.digests))
        for config in (shut, replace(OPEN, mail=None)):
            with opened(tmp_path, config) as site:
                assert site.ask("/mail/").status == 404
                assert site.ask("/mail/", {"address": JAN}).status == 404


class TestLinks:
    def links(self, site: Site) -> list[str]:
        """Every address in the mails that wait: those of the letters, of the headers, of an edition."""
        found = set()
        for letter, about in mails(site.store):
            texts = (letter.text, letter.html, about.unsubscribe or "", about.preferences or "")
            found |= set(re.findall(r"https://nieuws\.example\.be(/mail/\S*?)[\"\s<]", " ".join(texts) + " "))
        return sorted(found)

    def test_a_gateway_that_opens_every_link_changes_nothing(self, site: Site) -> None:
        """GET and HEAD, of each link in each kind of mail: the database is the same afterwards, byte for byte."""
        token = subscribe(site.store)
        used = link(site.store, before=1)
        reader = site.store.look(lambda tx: tx.audience.by_token(token))
        assert reader
        move = "mieke@example.be"
        site.store.submit(lambda tx: desk.move(tx, OPEN, reader, move, NOW)).result()
        site.store.submit(lambda tx: desk.ask(tx, OPEN, "x@example.be", ONE, NOW)).result()
        site.store.submit(lambda tx: desk.ask(tx, OPEN, JAN, ONE, NOW + timedelta(days=2))).result()
        links = [*self.links(site), f"/mail/u/{token}", f"/mail/p/{token}"]
        assert len({re.sub(r"/[^/]*$", "", each) for each in links}) == 3
        site.ask("/mail/")
        before = rows(site.store)
        for path in links:
            for method in ("GET", "HEAD"):
                said = site.ask(path, method=method)
                assert said.status == 200 or (said.status, path) == (404, f"/mail/c/{used}")
                assert said.headers["cache-control"] == "no-store"
                assert said.headers["referrer-policy"] == "no-referrer"
                assert said.headers["x-robots-tag"] == "noindex"
                assert "set-cookie" not in said.headers
                assert (said.content == "") == (method == "HEAD")
        assert rows(site.store) == before
        assert readers(site.store) == [JAN]

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"List-Unsubscribe=One-Click", FORM),
            (
                b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--',
                "multipart/form-data; boundary=b",
            ),
            (b"", FORM),
        ],
    )
    def test_one_click(self, site: Site, body: bytes, kind: str) -> None:
        """RFC 8058: a POST without cookie or session, in either encoding, answered 200 without a redirect; twice is
        once, and no other reader is touched."""
        token = subscribe(site.store)
        subscribe(site.store, "mieke@example.be")
        for _ in range(2):
            said = site.ask(f"/mail/u/{token}", body, Content_Type=kind)
            assert said.status == 200
        assert readers(site.store) == ["mieke@example.be"]
        site.clock.now += timedelta(days=4000)
        assert site.ask(f"/mail/u/{token}", body, Content_Type=kind).content == said.content

    def test_it_never_expires(self, site: Site) -> None:
        """A mail of years ago unsubscribes; a gateway that asks again gets the same answer."""
        token = subscribe(site.store)
        site.clock.now += timedelta(days=4000)
        assert site.ask(f"/mail/u/{token}", b"List-Unsubscribe=One-Click").status == 200
        assert readers(site.store) == []

    @pytest.mark.parametrize("kind", ["c", "u", "p"])
    @pytest.mark.parametrize("token", ["A" * 22, "x", "%00", "..%2f..%2fetc", "A" * 3000, "%F0%9F%98%80"])
    def test_forged_tokens_open_nothing(self, site: Site, kind: str, token: str) -> None:
        """An answer that says nothing, and not that it is an error of ours."""
        subscribe(site.store)
        before = rows(site.store)
        for body in (None, b"act=leave", b"act=export", b"act=confirm"):
            said = site.ask(f"/mail/{kind}/{token}", body)
            assert said.status in ((200, 404, 405) if kind == "u" else (404, 405))
            assert JAN not in said.content
        assert rows(site.store) == before

    def test_a_token_of_one_kind_is_none_of_another(self, site: Site) -> None:
        """A link to unsubscribe shows no preferences to be changed by the link to confirm, nor the other way round."""
        token = subscribe(site.store)
        assert site.ask(f"/mail/c/{token}").status == 404

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_other_methods_do_nothing(self, site: Site, method: str) -> None:
        """405, and the reader is one still."""
        token = subscribe(site.store)
        assert site.ask(f"/mail/u/{token}", b"x", method).status == 405
        assert readers(site.store) == [JAN]

    def test_a_body_of_ten_megabytes_unsubscribes_nobody(self, site: Site) -> None:
        """What is no click of a mail program is cut off."""
        token = subscribe(site.store)
        with suppress(urllib.error.URLError):
            assert site.ask(f"/mail/u/{token}", b"x" * 10_000_000).status == 413
        assert readers(site.store) == [JAN]


class TestPreferences:
    def test_what_is_known_is_a_file(self, site: Site) -> None:
        """Only behind a button, and only of this reader."""
        token = subscribe(site.store)
        subscribe(site.store, "mieke@example.be")
        said = site.ask(f"/mail/p/{token}", {"act": "export"})
        assert said.headers["content-type"] == "application/json"
        assert said.headers["content-disposition"].startswith("attachment")
        assert JAN in said.content
        assert "mieke" not in said.content

    def test_saving(self, site: Site) -> None:
        """Other zones, another digest; what is not ticked ends."""
        token = subscribe(site.store)
        form = {"act": "save", "digest": ["dagelijks", "wekelijks"], "zone": ["hz"], "topic": [], "format": "both"}
        assert "bewaard" in site.ask(f"/mail/p/{token}", form).content
        assert readers(site.store, "wekelijks") == [JAN]
        assert site.store.look(lambda tx: tx.audience.by_address(JAN))[0].zones == ("hz",)
        assert site.ask(f"/mail/p/{token}", {**form, "digest": []}).status == 422
        assert "uitgeschreven" in site.ask(f"/mail/p/{token}", {**form, "digest": ["wekelijks"]}).content
        assert (readers(site.store), readers(site.store, "wekelijks")) == ([], [JAN])

    @pytest.mark.parametrize("act", ["", "erase", "pause\r\n", "__class__"])
    def test_strange_buttons_do_nothing(self, site: Site, act: str) -> None:
        """The page is shown as it is."""
        token = subscribe(site.store)
        site.ask(f"/mail/p/{token}")
        before = rows(site.store)
        assert site.ask(f"/mail/p/{token}", {"act": act}).status == 200
        assert (rows(site.store) == before) == (act != "pause\r\n")

    def test_a_recipient_of_the_configuration_chooses_too(self, site: Site) -> None:
        """Zones and form, and to leave; the address and pauses are the operator's."""
        site.store.submit(lambda tx: tx.audience.enrol("dagelijks", [EDITOR], NOW)).result()
        token = site.store.look(lambda tx: tx.audience.token("dagelijks", EDITOR))
        assert "Pauzeren" not in site.ask(f"/mail/p/{token}").content
        assert site.ask(f"/mail/p/{token}", {"act": "move", "address": "x@example.be"}).status == 200
        assert mails(site.store) == []
        site.ask(f"/mail/p/{token}", {"act": "save", "zone": ["hz"], "format": "text"})
        (reader,) = site.store.look(lambda tx: tx.audience.by_address(EDITOR))
        assert (reader.zones, reader.format) == (("hz",), "text")
        site.ask(f"/mail/p/{token}", {"act": "leave"})
        assert readers(site.store) == []

    def test_moving_tells_nobody_whether_the_address_is_known(self, site: Site) -> None:
        """The same page, whether it is free, a subscriber's, or was asked today."""
        token = subscribe(site.store)
        subscribe(site.store, "mieke@example.be")
        said = {
            site.ask(f"/mail/p/{token}", {"act": "move", "address": address}).content
            for address in ("nieuw@example.be", "mieke@example.be", "nieuw@example.be")
        }
        assert len(said) == 1


def test_a_path_prefix_holds_everywhere(tmp_path: Path) -> None:
    """Behind a proxy that passes the prefix on and behind one that takes it off, forms and links lead back here."""
    below = replace(OPEN, base_url="https://www.example.be/nieuws")
    with opened(tmp_path, below) as site:
        for prefix in ("", "/nieuws"):
            page = site.ask(f"{prefix}/mail/")
            assert page.status == 200
            assert 'action="/nieuws/mail/"' in page.content
            moved = site.ask(f"{prefix}/mail")
            assert (moved.status, moved.headers["location"]) == (308, "mail/")
        site.store.submit(lambda tx: desk.ask(tx, below, JAN, ONE, NOW)).result()
        letter = mails(site.store)[0][0]
        (link,) = set(re.findall(r"https://www\.example\.be(/nieuws/mail/c/\S+)", letter.text))
        said = site.ask(link, {"act": "confirm"})
        (there,) = set(re.findall(r'href="(/nieuws/mail/p/[^"]+)"', said.content))
        assert site.ask(there).status == 200
        assert site.ask(there.removeprefix("/nieuws")).status == 200


def test_the_policy_lets_a_form_be_sent_here_and_nowhere_else(site: Site) -> None:
    """form-action 'self', and no script, frame or remote resource."""
    policy = site.ask("/mail/").headers["content-security-policy"]
    assert "form-action 'self'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_body_that_never_ends_is_not_waited_for(site: Site) -> None:
    """Who promises more than is taken hears it as soon as it is too much."""
    host, port = urlsplit(site.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            f"POST /mail/ HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 99999999\r\n\r\n".encode()
        )
        line.sendall(b"x" * 20_000)
        assert b" 413 " in line.recv(1000)


def test_every_link_of_an_edition_is_the_readers_own(tmp_path: Path) -> None:
    """What ``post`` puts into an envelope leads to these pages."""
    with opened(tmp_path) as site:
        token = subscribe(site.store)
        reader = site.store.look(lambda tx: tx.audience.by_token(token))
        assert reader
        about = envelope(OPEN, OPEN.digests[0], "2026-11-24", reader, NOW)
        for address in (about.unsubscribe, about.preferences):
            assert address
            assert site.ask(urlsplit(address).path).status == 200
