"""Our hub, clause by clause of the W3C Recommendation (WebSub, 23 January 2018), over real sockets."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import httpx
import pytest

from tests.fakes.callback import Callback, Heard, Said, agree
from tests.websub import DAY, FEED, HOUR, SECOND, Live, document


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with Live(tmp_path) as running:
        yield running


@pytest.fixture
def callback() -> Iterator[Callback]:
    with Callback() as listening:
        yield listening


def refuse(request: Heard) -> Said:
    return 404, ""


class TestSection51Request:
    """§5.1 Subscriber Sends Subscription Request."""

    def test_subscribe_with_the_required_parameters(self, live: Live, callback: Callback) -> None:
        """hub.callback, hub.mode and hub.topic are all it takes; the answer is 202 (§5.1.2)."""
        assert live.post(callback=callback.url()).status_code == 202
        live.tick()
        (made,) = live.subscriptions
        assert (made.topic, made.callback, made.secret) == (live.topic, callback.url(), None)

    def test_202_does_not_depend_on_the_verification(self, live: Live, callback: Callback) -> None:
        """ "The HTTP response MUST NOT depend on the process or outcome of verification" (§5.1.2)."""
        callback.answers = refuse
        assert live.post(callback=callback.url()).status_code == 202
        assert callback.heard == []

    def test_unknown_parameters_are_ignored(self, live: Live, callback: Callback) -> None:
        """ "Hubs MUST ignore additional request parameters they do not understand"."""
        live.subscribe(callback, verify="sync", foo="bar")
        assert len(live.subscriptions) == 1

    def test_a_subscription_can_be_renewed(self, live: Live, callback: Callback) -> None:
        """ "Hubs MUST allow subscribers to re-request subscriptions that are already activated"; the lease is new."""
        live.subscribe(callback, lease_seconds="86400")
        live.tick(HOUR)
        live.subscribe(callback, lease_seconds="86400", secret="another")
        (made,) = live.subscriptions
        assert (made.expires, made.secret) == (live.clock + DAY, "another")

    def test_a_failed_verification_changes_nothing(self, live: Live, callback: Callback) -> None:
        """ "If verification fails, the subscription state MUST be left unchanged"."""
        live.subscribe(callback, secret="one")
        before = live.subscriptions
        callback.answers = refuse
        live.subscribe(callback, secret="two")
        live.subscribe(callback, mode="unsubscribe")
        assert live.subscriptions == before

    def test_the_query_of_the_callback_is_kept(self, live: Live, callback: Callback) -> None:
        """ "Hubs MUST preserve the query string", ours is appended, and what it has already is not overwritten."""
        live.subscribe(callback, "/callback?id=7&hub.mode=mine")
        assert callback.heard[0].target.startswith("/callback?id=7&hub.mode=mine&hub.mode=subscribe&hub.topic=http")
        live.change("<feed>2</feed>")
        assert callback.of("POST")[0].target == "/callback?id=7&hub.mode=mine"

    def test_unsubscribe(self, live: Live, callback: Callback) -> None:
        """hub.mode=unsubscribe ends it, once it is verified; a lease is "ignored by the hub in that case"."""
        live.subscribe(callback)
        live.subscribe(callback, mode="unsubscribe", lease_seconds="-3")
        assert live.subscriptions == []
        assert callback.heard[-1].query["hub.mode"] == "unsubscribe"
        live.change("<feed>2</feed>")
        assert callback.of("POST") == []

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"mode": None}, 400),
            ({"mode": "publish"}, 400),
            ({"topic": None}, 404),
            ({"topic": "https://elsewhere.example/feed"}, 404),
            ({"topic": "{base}/static/style.css"}, 404),
            ({"topic": "{base}/unknown.atom"}, 404),
            ({"topic": "{base}.evil.example/samen.atom"}, 404),
            ({"callback": None}, 400),
            ({"callback": "ftp://127.0.0.1/x"}, 400),
            ({"callback": "javascript:alert(1)"}, 400),
            ({"callback": "http:///x"}, 400),
            ({"callback": "http://user:secret@127.0.0.1/x"}, 400),
            ({"callback": "http://127.0.0.1/x#part"}, 400),
            ({"callback": "http://127.0.0.1:99999/x"}, 400),
            ({"callback": "http://127.0.0.1/x\r\nHost: y"}, 400),
            ({"callback": "http://[::1/x"}, 400),
            ({"callback": "http://127.0.0.1/" + "x" * 1000}, 400),
            ({"callback": "{base}/hub"}, 400),
            ({"secret": "x" * 200}, 400),
            ({"secret": "é" * 100}, 400),
            ({"lease_seconds": "0"}, 400),
            ({"lease_seconds": "-1"}, 400),
            ({"lease_seconds": "ten"}, 400),
            ({"lease_seconds": "²"}, 400),
            ({"mode": "unsubscribe"}, 404),
            ({"secret": "x" * 199}, 202),
            ({"lease_seconds": "9" * 400}, 202),
        ],
    )
    def test_errors_are_said_in_plain_text(
        self, live: Live, callback: Callback, form: dict[str, str | None], status: int
    ) -> None:
        """Errors are 4xx with "a description of the error in the response body as plain text", and nobody is asked."""
        form = {name: value and value.replace("{base}", live.config.base_url) for name, value in form.items()}
        answer = live.post(**{"callback": callback.url()} | form)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert len(answer.text) > 10
        assert callback.heard == []

    def test_the_form_is_a_form(self, live: Live) -> None:
        """ "MUST have a Content-Type header of application/x-www-form-urlencoded" and UTF-8; no more than 10 kB."""
        hub = f"{live.config.base_url}/hub"
        assert httpx.post(hub, json={"hub.mode": "subscribe"}).status_code == 415
        kind = {"content-type": "application/x-www-form-urlencoded"}
        assert httpx.post(hub, content=b"hub.mode=%ff", headers=kind).status_code == 400
        assert httpx.post(hub, content=b"&a=" * 100, headers=kind).status_code == 400
        assert httpx.post(hub, content=b"hub.mode=" + b"x" * 10_001, headers=kind).status_code == 413

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
    def test_it_is_posted_to(self, live: Live, method: str) -> None:
        """Another method is refused with the one that there is (RFC 9110 §15.5.6)."""
        answer = httpx.request(method, f"{live.config.base_url}/hub")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")

    def test_a_hub_can_be_switched_off(self, tmp_path: Path, callback: Callback) -> None:
        """With hub = false nobody subscribes, and no document announces us."""
        with Live(tmp_path, hub=False) as live:
            assert live.post(callback=callback.url()).status_code == 404
            assert httpx.delete(f"{live.config.base_url}/hub").status_code == 404
            assert live.config.hubs == ()


class TestSection52Validation:
    """§5.2 Subscription Validation."""

    def test_a_topic_that_ends_is_denied(self, live: Live, callback: Callback) -> None:
        """A subscription "MAY be denied by the hub at any point": mode, topic and reason; then it is over."""
        live.subscribe(callback)
        del live.documents[FEED]
        live.documents = {**live.documents, "/other.atom": document("<feed/>")}
        live.tick()
        query = callback.heard[-1].query
        assert (query["hub.mode"], query["hub.topic"]) == ("denied", live.topic)
        assert "published" in query["hub.reason"]
        assert live.subscriptions == []

    @pytest.mark.parametrize("status", [301, 410])
    def test_a_topic_that_is_gone_or_moved_is_denied(
        self, live: Live, callback: Callback, status: Literal[301, 410]
    ) -> None:
        """What stands at an address that is no more is nobody's topic."""
        live.subscribe(callback)
        live.documents = {FEED: replace(live.documents[FEED], status=status)}
        live.tick()
        assert callback.heard[-1].query["hub.mode"] == "denied"
        assert live.post(callback=callback.url()).status_code == 404

    def test_a_topic_that_ended_before_the_verification(self, live: Live, callback: Callback) -> None:
        """What was accepted and cannot be kept is denied: "the hub MUST inform the subscriber"."""
        live.post(callback=callback.url())
        del live.documents[FEED]
        live.tick()
        assert [one.query["hub.mode"] for one in callback.heard] == ["subscribe", "denied"]


class TestSection53Intent:
    """§5.3 Hub Verifies Intent of the Subscriber."""

    def test_what_the_verification_asks(self, live: Live, callback: Callback) -> None:
        """A GET with mode, topic, a random challenge "in the set" of §5.3, and the lease that the hub determined."""
        live.subscribe(callback, lease_seconds="3600")
        (asked,) = callback.heard
        assert asked.method == "GET"
        assert asked.query | {"hub.challenge": "?"} == {
            "hub.mode": "subscribe",
            "hub.topic": live.topic,
            "hub.challenge": "?",
            "hub.lease_seconds": "3600",
        }
        assert re.fullmatch(r"[+\-./0-9=A-Z_a-z]{32,}", asked.query["hub.challenge"])

    def test_a_challenge_is_used_once(self, live: Live, callback: Callback) -> None:
        """ "The hub SHOULD use a random, single-use hub.challenge" (§8.2)."""
        live.subscribe(callback, "/a")
        live.subscribe(callback, "/b")
        assert len({one.query["hub.challenge"] for one in callback.heard}) == 2

    @pytest.mark.parametrize(
        "said",
        [(404, ""), (500, ""), (200, ""), (200, "something else"), (302, "", {"Location": "/agree"})],
        ids=["404", "500", "empty", "another body", "redirect"],
    )
    def test_anything_but_the_echo_is_a_refusal(self, live: Live, callback: Callback, said: Said) -> None:
        """3xx, 4xx, 5xx and 2xx with another body "mean that the verification request has failed"; it is asked once."""
        callback.answers = lambda request: agree(request) if request.path == "/agree" else said
        live.subscribe(callback)
        live.tick(HOUR)
        assert live.subscriptions == []
        assert len(callback.heard) == 1

    def test_any_success_with_the_echo_will_do(self, live: Live, callback: Callback) -> None:
        """ "An HTTP success (2xx) code with a response body equal to the hub.challenge"."""
        callback.answers = lambda request: (201, request.query.get("hub.challenge", ""))
        live.subscribe(callback)
        assert len(live.subscriptions) == 1

    def test_a_callback_that_nobody_answers(self, live: Live) -> None:
        """A callback that cannot be reached is not subscribed, and its request is over."""
        assert live.post(callback="http://127.0.0.1:1/x").status_code == 202
        live.tick()
        live.tick(HOUR)
        assert live.subscriptions == []
        assert live.means.store.look(lambda tx: tx.websub.intents(9)) == []

    def test_a_private_address_is_never_asked(self, tmp_path: Path, callback: Callback) -> None:
        """The guard of fetching holds for callbacks too: nobody makes us ask our own network."""
        with Live(tmp_path, fetch={"allow_private": ()}) as live:
            live.subscribe(callback)
            live.post(callback=callback.url().replace("127.0.0.1", "localhost"))
            live.tick()
            assert (callback.heard, live.subscriptions) == ([], [])

    @pytest.mark.parametrize(("wanted", "granted"), [("60", 60), ("999999999", 864000), (None, 864000)])
    def test_leases_are_bounded(self, live: Live, callback: Callback, wanted: str | None, granted: int) -> None:
        """The wish is respected up to [websub].lease; "Hubs MUST NOT issue perpetual lease durations"."""
        live.subscribe(callback, lease_seconds=wanted)
        assert callback.heard[0].query["hub.lease_seconds"] == str(granted)
        assert live.subscriptions[0].expires == live.clock + granted * SECOND

    def test_leases_end(self, live: Live, callback: Callback) -> None:
        """ "Hubs MUST enforce lease expirations": nothing is delivered after it, and nothing is kept."""
        live.subscribe(callback, lease_seconds="60")
        live.tick(60 * SECOND)
        live.change("<feed>2</feed>")
        assert (callback.of("POST"), live.subscriptions) == ([], [])


class TestSection7Distribution:
    """§7 Content Distribution."""

    def test_the_whole_topic_with_its_type_and_links(self, live: Live, callback: Callback) -> None:
        """ "MUST have a Content-Type Header corresponding to the Content-Type of the topic, and MUST contain the full
        contents", with links to hub and self in one Link header."""
        live.subscribe(callback)
        live.change("<feed>2</feed>")
        (told,) = callback.of("POST")
        assert told.body == b"<feed>2</feed>"
        assert told.headers["content-type"] == "application/atom+xml"
        assert told.headers["link"] == f'<{live.config.base_url}/hub>; rel="hub", <{live.topic}>; rel="self"'
        assert "x-hub-signature" not in told.headers

    def test_one_delivery_for_each_change(self, live: Live, callback: Callback) -> None:
        """What was delivered is not delivered again, and what did not change is not delivered at all."""
        live.subscribe(callback)
        live.tick(HOUR)
        for number in (2, 3):
            live.change(f"<feed>{number}</feed>")
        live.tick(HOUR)
        assert [one.body for one in callback.of("POST")] == [b"<feed>2</feed>", b"<feed>3</feed>"]

    def test_changes_within_seconds_are_one(self, live: Live, callback: Callback) -> None:
        """What several sources bring at once is delivered once, as the newest version."""
        live.subscribe(callback)
        for number in (2, 3):
            live.publish(f"<feed>{number}</feed>")
            live.tick()
        live.tick(3 * SECOND)
        assert [one.body for one in callback.of("POST")] == [b"<feed>3</feed>"]

    def test_a_change_undone_is_none(self, live: Live, callback: Callback) -> None:
        """A callback that has the bytes already is not bothered with them."""
        live.subscribe(callback)
        live.publish("<feed>2</feed>")
        live.tick()
        live.publish("<feed>1</feed>")
        live.tick()
        live.tick(HOUR)
        assert callback.of("POST") == []

    def test_failures_are_tried_again_ever_more_seldom(self, live: Live, callback: Callback) -> None:
        """ "Hubs SHOULD retry content distribution requests up to self-imposed limits": 30 s, doubled up to an hour."""
        live.subscribe(callback)
        callback.answers = lambda request: (503, "")
        live.change("<feed>2</feed>")
        moments = [live.clock]
        while live.clock < moments[0] + 2 * DAY:
            before = len(callback.of("POST"))
            live.tick(min(live.subscriptions[0].due or live.clock + DAY, live.clock + DAY) - live.clock)
            moments += [live.clock] if len(callback.of("POST")) > before else []
        waits = [int((later - sooner).total_seconds()) for sooner, later in pairwise(moments)]
        assert waits[:9] == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
        assert moments[-1] - moments[0] <= DAY + HOUR
        assert live.subscriptions[0].error == f"127.0.0.1:{callback.port}: answered 503"

    def test_a_failing_subscription_stays(self, live: Live, callback: Callback) -> None:
        """ "The hub MUST keep the subscription active until the end of the lease duration, and if a new update is
        published [it] MUST continue to retry delivery to the previously-failing subscriber"."""
        live.subscribe(callback)
        callback.answers = lambda request: (500, "")
        live.change("<feed>2</feed>")
        for _ in range(40):
            live.tick(HOUR)
        assert live.subscriptions[0].due is None
        live.change("<feed>3</feed>")
        assert callback.of("POST")[-1].body == b"<feed>3</feed>"
        assert live.subscriptions[0].due is not None
        callback.answers = agree
        live.tick(2 * HOUR)
        (made,) = live.subscriptions
        assert (made.attempts, made.error, made.due) == (0, None, None)

    def test_410_ends_the_subscription(self, live: Live, callback: Callback) -> None:
        """ "The callback URL MAY return an HTTP 410 code to indicate that the subscription has been deleted"."""
        live.subscribe(callback)
        callback.answers = lambda request: (410, "")
        live.change("<feed>2</feed>")
        assert live.subscriptions == []

    def test_redirects_are_failures(self, live: Live, callback: Callback) -> None:
        """ "Subscribers MUST NOT use HTTP redirects for moving subscriptions": nobody goes where they lead."""
        live.subscribe(callback)
        callback.answers = lambda request: (307, "", {"Location": callback.url("/elsewhere")})
        live.change("<feed>2</feed>")
        assert [one.path for one in callback.of("POST")] == ["/callback"]
        assert live.subscriptions[0].attempts == 1

    def test_the_body_of_the_answer_is_ignored(self, live: Live, callback: Callback) -> None:
        """ "The response body from the subscriber MUST be ignored by the hub", however much there is of it."""
        live.subscribe(callback)
        callback.answers = lambda request: (200, "x" * 2_000_000)
        live.change("<feed>2</feed>")
        assert live.subscriptions[0].due is None

    def test_a_slow_callback_keeps_nobody_waiting(self, live: Live, callback: Callback) -> None:
        """A callback that takes its time is left to it while the others are served."""
        release = threading.Event()

        def slow(request: Heard) -> Said:
            if request.method == "POST":
                release.wait(10)
            return agree(request)

        with Callback() as other:
            other.answers = slow
            live.subscribe(other)
            live.subscribe(callback)
            live.publish("<feed>2</feed>")
            live.tick()
            live.clock += 3 * SECOND

            async def go_on() -> None:
                live.hubbing.go_on()

            live.run(go_on())
            for _ in range(500):
                if callback.of("POST"):
                    break
                release.wait(0.01)
            assert len(callback.of("POST")) == 1
            release.set()
            live.tick()


class TestSection71Signature:
    """§7.1 Authenticated Content Distribution."""

    def test_with_a_secret_there_is_a_signature(self, live: Live, callback: Callback) -> None:
        """ "method=signature", an HMAC "with the request body as the data and the hub.secret as the key"."""
        live.subscribe(callback, secret="sleutel é")
        live.change("<feed>2</feed>")
        expected = hmac.new("sleutel é".encode(), b"<feed>2</feed>", hashlib.sha256).hexdigest()
        assert callback.of("POST")[0].headers["x-hub-signature"] == f"sha256={expected}"


class TestBounds:
    """What a stranger can make us do (§8, and what it does not say)."""

    def test_one_request_is_one_question(self, live: Live, callback: Callback) -> None:
        """A verification that waits is replaced by the next one, not added to: a flood of requests asks once."""
        for _ in range(5):
            assert live.post(callback=callback.url()).status_code == 202
        live.tick()
        assert len(callback.heard) == 1

    def test_questions_a_minute(self, live: Live, callback: Callback) -> None:
        """No more than twenty a minute to one host; the next minute is another one."""
        answers = [live.post(callback=callback.url(f"/{number}")) for number in range(21)]
        assert [one.status_code for one in answers] == [202] * 20 + [429]
        assert answers[-1].headers["retry-after"] == "60"
        live.tick(60 * SECOND)
        assert live.post(callback=callback.url("/x")).status_code == 202

    def test_subscriptions_at_one_host(self, tmp_path: Path, callback: Callback) -> None:
        """One host has no more than its share; what it has already it may renew and end."""
        with Live(tmp_path, subscriptions_per_host=2) as live:
            live.subscribe(callback, "/1")
            live.subscribe(callback, "/2")
            assert live.post(callback=callback.url("/3")).status_code == 429
            live.subscribe(callback, "/1")
            live.subscribe(callback, "/2", mode="unsubscribe")
            live.subscribe(callback, "/3")
            assert [one.callback for one in live.subscriptions] == [callback.url("/1"), callback.url("/3")]

    def test_subscriptions_of_one_host_to_one_topic(self, live: Live, callback: Callback) -> None:
        """A host has no use for more than a handful of subscriptions to one topic."""
        for number in range(10):
            live.subscribe(callback, f"/{number}")
        assert live.post(callback=callback.url("/10")).status_code == 429

    def test_subscriptions_in_all(self, tmp_path: Path, callback: Callback) -> None:
        """There are no more than [websub].subscriptions, those included that are verified at the same moment."""
        with Live(tmp_path, subscriptions=2) as live:
            for number in range(3):
                assert live.post(callback=callback.url(f"/{number}")).status_code == 202
            live.tick()
            assert len(live.subscriptions) == 2
            assert [one.query["hub.mode"] for one in callback.heard].count("denied") == 1
            assert live.post(callback=callback.url("/x")).status_code == 503


class TestDurability:
    """What was promised is kept, whatever becomes of the process."""

    def test_a_verification_survives_a_restart(self, live: Live, callback: Callback) -> None:
        """After 202 the callback is asked, if not by this process then by the next one."""
        live.post(callback=callback.url())
        live.restart()
        live.tick()
        assert len(live.subscriptions) == 1

    def test_a_delivery_survives_a_restart(self, live: Live, callback: Callback) -> None:
        """A change that was not delivered when we went down, or came while we were, is delivered afterwards."""
        live.subscribe(callback)
        live.publish("<feed>2</feed>")
        live.restart()
        live.tick()
        live.tick(3 * SECOND)
        live.restart()
        live.tick(HOUR)
        assert [one.body for one in callback.of("POST")] == [b"<feed>2</feed>"]


class TestSection6Publishing:
    """§6 Publishing, to public hubs."""

    def test_a_public_hub_is_told_of_each_change(self, tmp_path: Path, callback: Callback) -> None:
        """ "The publisher MUST inform the hubs it previously designated when a topic has been updated", seconds later
        and once for what changed within them."""
        with Live(tmp_path, hubs=(callback.url("/"),)) as live:
            assert live.config.hubs == (f"{live.config.base_url}/hub", callback.url("/"))
            live.tick(HOUR)
            live.publish("<feed>2</feed>")
            live.tick()
            live.publish("<feed>3</feed>")
            live.tick(5 * SECOND)
            assert callback.heard == []
            live.tick(5 * SECOND)
            (told,) = callback.heard
            assert (told.form["hub.mode"], told.form["hub.url"]) == ("publish", live.topic)
            live.tick(HOUR)
            assert len(callback.heard) == 1

    def test_a_hub_that_fails_is_told_later(self, tmp_path: Path, callback: Callback) -> None:
        """A ping that is not taken is sent again with back-off, across restarts, and what went wrong is noted."""
        callback.answers = lambda request: (500, "")
        with Live(tmp_path, hubs=(callback.url("/"),)) as live:
            live.tick()
            live.change("<feed>2</feed>")
            assert live.pings[0].error == f"127.0.0.1:{callback.port}: answered 500"
            live.restart()
            callback.answers = lambda request: (204, "")
            live.tick(30 * SECOND)
            assert len(callback.heard) == 2
            (ping,) = live.pings
            assert ping == replace(ping, error=None, due=None, attempts=0)

    def test_a_hub_that_is_taken_out_is_forgotten(self, tmp_path: Path, callback: Callback) -> None:
        """Who is not configured any more is not told, and not complained about."""
        callback.answers = lambda request: (500, "")
        with Live(tmp_path, hubs=(callback.url("/"),)) as live:
            live.tick()
            live.change("<feed>2</feed>")
            live.configure(websub=type(live.config.websub)())
            live.tick(HOUR)
            assert live.pings == []
