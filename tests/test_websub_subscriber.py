"""Our subscriptions at the hubs of sources, clause by clause of the W3C Recommendation, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from aggregator.model import Lease, Poll
from aggregator.websub.signatures import sign
from tests.asking import rss
from tests.fakes.callback import Callback, Heard, Said
from tests.fakes.origin import Origin
from tests.websub import DAY, HOUR, SECOND, Live

MINUTE = timedelta(minutes=1)
TYPE = {"content-type": "application/rss+xml"}


def accept(request: Heard) -> Said:
    return 202, ""


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


@pytest.fixture
def hub() -> Iterator[Callback]:
    with Callback() as listening:
        listening.answers = accept
        yield listening


@pytest.fixture
def live(tmp_path: Path, origin: Origin, hub: Callback) -> Iterator[Live]:
    """A source that announces *hub* in its headers, polled once; we want to subscribe."""
    serve(origin, hub, 1)
    with Live(tmp_path, origin.url("/feed"), subscribe=True) as running:
        running.poll()
        yield running


def serve(origin: Origin, hub: Callback, *items: int) -> None:
    links = f'<{hub.url("/")}>; rel="hub", <{origin.url("/feed")}>; rel="self"'
    origin.serve("/feed", rss(*items), "application/rss+xml", headers={"Link": links})


def only(live: Live) -> Lease:
    (lease,) = live.leases
    return lease


def ask_back(live: Live, **query: str) -> httpx.Response:
    """The hub's verification of what we asked; *query* replaces what it should be."""
    lease = only(live)
    asked = {"mode": lease.wish, "topic": lease.topic, "challenge": "c-1", "lease_seconds": "864000"} | query
    return httpx.get(address(live), params={f"hub.{name}": value for name, value in asked.items() if value})


def address(live: Live) -> str:
    return f"{live.config.base_url}/websub/{only(live).token}"


def push(live: Live, body: str, signature: str | None = "") -> httpx.Response:
    """What the hub delivers, well signed unless a *signature* is given; None leaves it out."""
    content = body.encode()
    signature = sign(only(live).secret, content) if signature == "" else signature
    headers = TYPE | ({"X-Hub-Signature": signature} if signature is not None else {})
    return httpx.post(address(live), content=content, headers=headers)


def subscribed(live: Live) -> None:
    live.tick()
    assert ask_back(live).status_code == 200
    live.clock += SECOND


def titles(live: Live) -> list[str]:
    stories = live.means.store.look(lambda tx: tx.stories.newest(["z"], 50))
    return sorted(story.lead.entry.title for story in stories)


def news(*numbers: int) -> list[str]:
    return [f"Bericht {number} van de politie" for number in numbers]


class TestSection4Discovery:
    """§4 Discovery."""

    def test_link_headers(self, live: Live, origin: Origin, hub: Callback) -> None:
        """The hub and the canonical topic come from the Link header (websub.rocks 100)."""
        live.tick()
        assert (only(live).hub, only(live).topic) == (hub.url("/"), origin.url("/feed"))

    @pytest.mark.parametrize("kind", ["atom", "rss"])
    def test_embedded_links(self, live: Live, origin: Origin, hub: Callback, kind: str) -> None:
        """ "In the absence of HTTP Link headers" atom:link elements count, in Atom and in RSS (102, 103)."""
        links = f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="hub" href="{hub.url("/other")}"/>'
        links += '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="self" href="https://t.example/canonical"/>'
        atom = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><id>tag:t</id>{links}</feed>"
        origin.serve("/feed", rss(1, extra=links) if kind == "rss" else atom, "application/xml")
        live.poll()
        live.tick()
        assert (only(live).hub, only(live).topic) == (hub.url("/other"), "https://t.example/canonical")

    def test_headers_come_first(self, live: Live, origin: Origin, hub: Callback) -> None:
        """ "Subscribers MUST check for HTTP Link headers first" (104)."""
        links = '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="hub" href="https://other.example/"/>'
        header = {"Link": f'<{hub.url("/first")}>; rel=hub, </feed?canonical>; rel="self"'}
        origin.serve("/feed", rss(1, extra=links), "application/rss+xml", headers=header)
        live.poll()
        live.tick()
        assert (only(live).hub, only(live).topic) == (hub.url("/first"), origin.url("/feed?canonical"))

    def test_a_redirected_topic(self, live: Live, origin: Origin, hub: Callback) -> None:
        """A topic that redirects is what it says it is where it leads (201, 202)."""
        origin.redirect("/feed", "/moved", 302)
        origin.serve(
            "/moved", rss(1), "application/rss+xml", headers={"Link": f'<{hub.url()}>; rel="hub", </moved>; rel="self"'}
        )
        live.poll()
        live.tick()
        assert only(live).topic == origin.url("/moved")

    def test_a_feed_without_a_hub(self, tmp_path: Path, origin: Origin) -> None:
        """Where nothing is announced nothing is asked."""
        origin.serve("/feed", rss(1), "application/rss+xml")
        with Live(tmp_path, origin.url("/feed"), subscribe=True) as live:
            live.poll()
            live.tick()
            assert live.leases == []

    def test_nothing_is_asked_by_default(self, tmp_path: Path, origin: Origin, hub: Callback) -> None:
        """Subscribing is off until the operator says that hubs can reach us."""
        serve(origin, hub, 1)
        with Live(tmp_path, origin.url("/feed")) as live:
            live.poll()
            live.tick()
            assert (live.leases, hub.heard) == ([], [])


class TestSection51Request:
    """§5.1 Subscriber Sends Subscription Request."""

    def test_what_is_asked(self, live: Live, hub: Callback) -> None:
        """A form with mode, topic, an unguessable callback, a lease and a secret below 200 bytes."""
        live.tick()
        (asked,) = hub.heard
        form = asked.form
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert (form["hub.mode"], form["hub.topic"]) == ("subscribe", only(live).topic)
        assert form["hub.callback"] == address(live)
        assert len(only(live).token) >= 32
        assert 32 <= len(form["hub.secret"]) < 200
        assert form["hub.lease_seconds"] == "864000"

    def test_a_callback_is_unique(self, tmp_path: Path, origin: Origin, hub: Callback) -> None:
        """ "An unguessable URL that is unique per subscription": no two sources share callback or secret."""
        serve(origin, hub, 1)
        with Live(tmp_path, origin.url("/feed"), origin.url("/feed?2"), subscribe=True) as live:
            live.poll(0)
            live.poll(1)
            live.tick()
            live.tick(MINUTE)
            one, other = (request.form for request in hub.heard)
            assert one["hub.callback"] != other["hub.callback"]
            assert one["hub.secret"] != other["hub.secret"]

    @pytest.mark.parametrize("status", [302, 301, 307, 308])
    def test_a_hub_that_redirects(self, live: Live, hub: Callback, status: int) -> None:
        """ "The subscriber is expected to retry the subscription at the new hub URL", with POST (203, 204; §5.1.2)."""
        hub.answers = lambda r: (202, "") if r.path == "/new" else (status, "", {"Location": "/new"})
        live.tick()
        assert [one.path for one in hub.of("POST")] == ["/", "/new"]
        assert (hub.heard[1].body, only(live).error) == (hub.heard[0].body, None)

    def test_a_hub_that_redirects_for_ever(self, live: Live, hub: Callback) -> None:
        """A hub that leads in a circle is left after a few steps."""
        hub.answers = lambda request: (307, "", {"Location": "/"})
        live.tick()
        assert len(hub.heard) == 4
        assert "redirects" in (only(live).error or "")

    def test_a_hub_that_fails_is_asked_later(self, live: Live, hub: Callback) -> None:
        """Back-off from ten minutes; what is wrong is noted, and polling goes on as ever."""
        hub.answers = lambda request: (500, "")
        live.tick()
        assert only(live).error == f"127.0.0.1:{hub.port}: answered 500"
        asked = []
        for _ in range(240):
            live.tick(MINUTE)
            asked.append(len(hub.heard))
        assert asked[8:11] == [1, 2, 2]
        assert asked[-1] == 5  # after 10, 30, 70 and 150 minutes
        assert live.poll().relied is None

    def test_a_private_hub_is_never_asked(self, tmp_path: Path, origin: Origin, hub: Callback) -> None:
        """The guard of fetching holds for the hubs that strangers' feeds announce."""
        serve(origin, hub, 1)
        with Live(tmp_path, origin.url("/feed"), subscribe=True) as live:
            live.poll()
            live.config = replace(live.config, fetch=replace(live.config.fetch, allow_private=()))
            live.restart()
            live.tick()
            assert hub.heard == []
            assert "allow_private" in (only(live).error or "")


class TestSection52Validation:
    """§5.2 Subscription Validation."""

    def test_denied(self, live: Live, hub: Callback) -> None:
        """ "The Subscriber SHOULD then consider that the subscription is not possible anymore": for a day."""
        subscribed(live)
        assert ask_back(live, mode="denied", reason="te druk").status_code == 200
        assert (only(live).expires, only(live).error) == (None, "the hub refuses the subscription: te druk")
        live.tick(23 * HOUR)
        assert len(hub.heard) == 1
        live.tick(HOUR)
        assert len(hub.heard) == 2


class TestSection53Intent:
    """§5.3 Hub Verifies Intent of the Subscriber."""

    def test_what_we_asked_is_confirmed(self, live: Live) -> None:
        """2xx with the challenge, as a type that no browser runs and none guesses at (§5.3.1, §8.2)."""
        live.tick()
        answer = ask_back(live, challenge="<script>alert(1)</script>", lease_seconds="3600")
        assert (answer.status_code, answer.text) == (200, "<script>alert(1)</script>")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert only(live).expires == live.clock + HOUR

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ({"topic": "https://other.example/feed"}, 404),
            ({"mode": "unsubscribe"}, 404),
            ({"mode": "denied", "topic": "https://other.example/feed"}, 404),
            ({"mode": ""}, 404),
            ({"challenge": ""}, 400),
            ({"challenge": "x" * 2001}, 400),
        ],
    )
    def test_what_we_did_not_ask_is_refused(self, live: Live, query: dict[str, str], status: int) -> None:
        """ "If the subscriber does not agree with the action, [it] MUST respond with a 404" (205); nothing changes."""
        live.tick()
        before = live.leases
        assert ask_back(live, **query).status_code == status
        assert live.leases == before

    def test_a_question_hours_later_is_refused(self, live: Live) -> None:
        """Only a pending request is confirmed."""
        live.tick()
        live.clock += 2 * HOUR
        assert ask_back(live).status_code == 404

    def test_an_unknown_callback(self, live: Live) -> None:
        """Whoever guesses finds nothing; a hub that delivers to what is over is told so (410, §7)."""
        live.tick()
        unknown = f"{live.config.base_url}/websub/guess"
        assert httpx.get(unknown, params={"hub.mode": "subscribe", "hub.challenge": "x"}).status_code == 404
        assert httpx.post(unknown, content=b"x").status_code == 410

    @pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
    def test_another_method_changes_nothing(self, live: Live, method: str) -> None:
        """Only what the protocol names is an answer to a question; what it names is said (RFC 9110 §15.5.6)."""
        live.tick()
        lease = only(live)
        query = {"hub.mode": "subscribe", "hub.topic": lease.topic, "hub.challenge": "x"}
        answer = httpx.request(method, address(live), params=query)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
        assert only(live) == lease

    @pytest.mark.parametrize(
        ("granted", "believed"), [("3600", HOUR), ("", 10 * DAY), ("x", 10 * DAY), ("99999999", 30 * DAY)]
    )
    def test_the_lease_is_the_hubs(self, live: Live, granted: str, believed: timedelta) -> None:
        """The hub determines the lease; what it leaves out is what we asked for, and what is absurd is not believed."""
        live.tick()
        ask_back(live, lease_seconds=granted)
        assert only(live).expires == live.clock + believed

    def test_a_lease_is_renewed_in_time(self, live: Live, hub: Callback) -> None:
        """ "To sustain a subscription, the subscriber MUST re-request [it] before hub.lease_seconds seconds"."""
        subscribed(live)
        live.tick(8 * DAY - 2 * SECOND)
        assert len(hub.heard) == 1
        live.tick(11 * SECOND)
        assert len(hub.heard) == 2
        assert ask_back(live).status_code == 200
        assert only(live).expires == live.clock + 10 * DAY

    def test_a_lease_survives_a_restart(self, live: Live, hub: Callback) -> None:
        """What hubs know of us is in the database: nothing is asked anew, and pushes still arrive."""
        subscribed(live)
        live.restart()
        live.tick(MINUTE)
        assert push(live, rss(1, 2)).status_code == 202
        assert (len(hub.heard), titles(live)) == (1, news(1, 2))

    def test_a_source_that_goes_is_unsubscribed(self, live: Live, hub: Callback) -> None:
        """mode=unsubscribe is asked, confirmed, and all is forgotten."""
        subscribed(live)
        live.configure(sources=(replace(live.config.sources[0], enabled=False),))
        live.tick(10 * SECOND)
        assert hub.heard[-1].form["hub.mode"] == "unsubscribe"
        assert (hub.heard[-1].form["hub.callback"], "hub.secret" in hub.heard[-1].form) == (address(live), False)
        assert ask_back(live, mode="subscribe").status_code == 404
        assert ask_back(live).status_code == 200
        assert live.leases == []

    def test_a_hub_that_does_not_let_go(self, live: Live, hub: Callback) -> None:
        """After three requests without an answer the hub's pushes get 410, which says it all."""
        subscribed(live)
        where = address(live)
        live.configure(sources=())
        for _ in range(6):
            live.tick(DAY / 8)
        assert [one.form["hub.mode"] for one in hub.heard] == ["subscribe"] + ["unsubscribe"] * 3
        assert live.leases == []
        assert httpx.post(where, content=b"x").status_code == 410

    def test_another_hub(self, live: Live, origin: Origin, hub: Callback) -> None:
        """A feed that moves to another hub is subscribed to there, with another callback and secret."""
        subscribed(live)
        before = only(live)
        with Callback() as other:
            other.answers = accept
            serve(origin, other, 1, 2)
            live.poll()
            live.tick(10 * SECOND)
            assert len(other.heard) == 1
            assert only(live).token != before.token
            assert only(live).secret != before.secret


class TestSection7Distribution:
    """§7 Content Distribution."""

    def test_what_is_pushed_is_read_as_a_poll_would(self, live: Live, origin: Origin) -> None:
        """2xx (300), and the story is there, loud and under the identity that the next poll gives it."""
        subscribed(live)
        assert push(live, rss(1, 2)).status_code == 202
        assert titles(live) == news(1, 2)
        (made,) = live.means.store.look(
            lambda tx: [s for s in tx.stories.newest(["z"], 9) if "2" in s.lead.entry.title]
        )
        assert live.means.store.look(lambda tx: tx.stories.is_loud(made.id))
        origin.serve("/feed", rss(1, 2), "application/rss+xml")
        assert live.poll().new == 0
        assert titles(live) == news(1, 2)

    def test_a_push_twice_is_once(self, live: Live) -> None:
        """At least once is often twice."""
        subscribed(live)
        push(live, rss(1, 2))
        push(live, rss(1, 2))
        assert titles(live) == news(1, 2)

    def test_only_what_is_new_may_be_pushed(self, live: Live) -> None:
        """ "The hub MAY remove already-delivered entries": what a push lacks is forgotten by nobody."""
        subscribed(live)
        push(live, rss(2))
        assert titles(live) == news(1, 2)

    def test_rubbish_is_dropped(self, live: Live) -> None:
        """What cannot be read is acknowledged, said, and harms nothing; the next poll goes on as before."""
        subscribed(live)
        before = live.polls
        assert push(live, "no feed").status_code == 202
        assert (titles(live), live.polls) == (news(1), before)

    def test_too_much_is_refused(self, live: Live) -> None:
        """A push is bounded as an answer is ([fetch].max_size), while it arrives."""
        subscribed(live)
        assert push(live, "x" * 10_000_001).status_code == 413
        assert push(live, rss(1, 2) + " " * 1_000_000).status_code == 202
        assert titles(live) == news(1, 2)

    def test_a_push_before_its_confirmation(self, live: Live) -> None:
        """A hub that delivers before it has verified knows the secret: it is our hub."""
        live.tick()
        live.clock += SECOND
        assert push(live, rss(1, 2)).status_code == 202
        assert titles(live) == news(1, 2)

    def test_a_flood_is_held(self, live: Live) -> None:
        """What holds for a poll holds for a push: a flood waits for the operator."""
        subscribed(live)
        push(live, rss(*range(1, 40)))
        assert titles(live) == news(1)
        assert live.polls["s0"].held == 38


class TestSection71Signature:
    """§7.1.2 Signature validation."""

    @pytest.mark.parametrize(
        "signature",
        [None, "sha256=00", "sha256=", "sha256", "md5=00", "=", "none=", "sha1=" + "0" * 40],
    )
    def test_without_its_signature_a_push_is_ignored(self, live: Live, signature: str | None) -> None:
        """ "If the signature does not match, subscribers MUST locally ignore the message as invalid" (301, 302), and
        "MAY still acknowledge this request with a 2xx" so that guessing teaches nothing."""
        subscribed(live)
        before = live.polls
        assert push(live, rss(1, 2), signature).status_code == 202
        assert (titles(live), live.polls) == (news(1), before)

    @pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
    def test_every_recognized_method(self, live: Live, method: str) -> None:
        """The four algorithms of §7.1.1: "they MUST use the server's stated signature mechanism"."""
        subscribed(live)
        push(live, rss(1, 2), sign(only(live).secret, rss(1, 2).encode(), method))
        assert titles(live) == news(1, 2)


class TestFallingBack:
    """Polling goes on beside it: a hub that falls silent costs time and no news."""

    def wait(self, live: Live) -> timedelta:
        return live.polls["s0"].next_poll - live.clock

    def test_a_hub_that_delivers_is_relied_upon(self, live: Live) -> None:
        """After a push the source is polled each [websub].interval, and as ever when nothing was pushed."""
        subscribed(live)
        assert self.wait(live) < 2 * HOUR
        push(live, rss(1, 2))
        assert self.wait(live) == 6 * HOUR

    def test_and_a_quiet_poll_changes_nothing(self, live: Live, origin: Origin, hub: Callback) -> None:
        """A poll that finds what the hub has brought goes on relying on it."""
        subscribed(live)
        push(live, rss(1, 2))
        serve(origin, hub, 1, 2)
        live.clock += 6 * HOUR
        noted: Poll = live.poll()
        assert noted.next_poll - noted.at == 6 * HOUR

    def test_news_that_the_hub_did_not_bring_ends_that(self, live: Live, origin: Origin, hub: Callback) -> None:
        """A poll that finds news of its own has caught the hub; the source is polled as any other until it delivers."""
        subscribed(live)
        push(live, rss(1, 2))
        serve(origin, hub, 1, 2, 3)
        live.clock += 6 * HOUR
        noted = live.poll()
        assert (noted.new, noted.relied) == (1, None)
        assert noted.next_poll - noted.at < 2 * HOUR

    def test_never_beyond_the_lease(self, live: Live) -> None:
        """A hub is relied upon for as long as it has promised."""
        live.tick()
        ask_back(live, lease_seconds="7200")
        push(live, rss(1, 2))
        assert self.wait(live) == 2 * HOUR
