"""What WebSub decides without any wire: laws that must hold whatever strangers send."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Announced, Intent, Lease, Link, Ping, Subscription, WebSub
from aggregator.parse import announced
from aggregator.parse.announcements import link_header
from aggregator.rates import MINUTE, Rates
from aggregator.status import pushing
from aggregator.websub import delivery, leases, requests, signatures
from aggregator.websub.crowd import Crowd, Piece
from aggregator.websub.requests import Answer

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOPIC = "https://nieuws.example/samen.atom"
BASE = "https://nieuws.example/nieuws"
INTENT = Intent(mode="subscribe", topic=TOPIC, callback="https://a.example/x", secret=None, lease=60, asked=NOW)
SUBSCRIPTION = delivery.begun(INTENT, None, '"1"', NOW)
LEASE = Lease(source="s", hub="https://h.example/", topic=TOPIC, token="t", secret="s", due=NOW, asked=NOW)


def read(body: bytes) -> Intent | Answer:
    return requests.read(body, WebSub(), TOPIC.__eq__, BASE, NOW)


class TestRequests:
    @given(st.binary(max_size=400))
    def test_no_bytes_break_it(self, body: bytes) -> None:
        """Whatever is sent, there is an answer in words or an intent."""
        assert isinstance(read(body), Answer)

    @given(
        st.dictionaries(
            st.sampled_from(["hub.mode", "hub.topic", "hub.callback", "hub.secret", "hub.lease_seconds", "x"]),
            st.one_of(st.text(max_size=50), st.sampled_from(["subscribe", TOPIC, "https://a.example/x", "60"])),
        )
    )
    def test_what_is_taken_is_within_bounds(self, form: dict[str, str]) -> None:
        """An intent has one of two modes, a callback of a web address, a secret below 200 bytes, a bounded lease."""
        found = read(urlencode(form).encode())
        if isinstance(found, Intent):
            assert found.mode == "unsubscribe" or found.topic == TOPIC
            assert found.callback.startswith(("http://", "https://"))
            assert len((found.secret or "").encode()) < 200
            assert 0 < found.lease <= 864000

    @pytest.mark.parametrize(
        ("callback", "taken"),
        [
            ("https://nieuws.example/nieuws/hub", False),
            ("https://NIEUWS.example/nieuws", False),
            ("https://nieuws.example/lezer", True),
            ("https://nieuws.example/nieuwsgierig", True),
        ],
    )
    def test_nobody_makes_us_talk_to_ourselves(self, callback: str, taken: bool) -> None:
        """A callback below base_url is refused, one beside it is somebody else's."""
        form = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": callback}
        assert isinstance(read(urlencode(form).encode()), Intent) == taken

    def test_too_many_that_wait(self) -> None:
        """What waits for its verification is bounded too; what is known finds room otherwise."""
        assert requests.room(INTENT, WebSub(), (requests.PENDING, 0, 0, 0), known=True) == requests.TOO_OFTEN
        assert requests.room(INTENT, WebSub(), (0, 10**6, 10**6, 10**6), known=True) is None


class TestRates:
    @given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.sampled_from("xyz")), max_size=200))
    def test_no_minute_has_more(self, steps: list[tuple[int, str, str]]) -> None:
        """In any minute no name passes more often than its kind may, nor all of them together."""
        rates, now, passed = Rates({"all": 6, "host": 3, "client": 4}), NOW, []
        for seconds, host, client in steps:
            now += timedelta(seconds=seconds)
            if rates.take(now, host=host, client=client):
                passed.append((now, host, client))
        for since, _, _ in passed:
            within = [one for one in passed if since <= one[0] < since + MINUTE]
            assert len(within) <= 6
            assert all(sum(one[1] == host for one in within) <= 3 for host in "abc")
            assert all(sum(one[2] == client for one in within) <= 4 for client in "xyz")

    def test_who_is_refused_does_not_count(self) -> None:
        """A flood at one host leaves the others their share."""
        rates = Rates({"all": 3, "host": 1, "client": 9})
        assert [rates.take(NOW, host=host, client="c") for host in "aaaab"] == [True, False, False, False, True]


class TestSignatures:
    @given(st.text(max_size=20), st.binary(max_size=50), st.sampled_from(sorted(signatures.METHODS)))
    def test_what_is_signed_is_valid(self, secret: str, content: bytes, method: str) -> None:
        """By every method; and not for other bytes, nor for another secret."""
        value = signatures.sign(secret, content, method)
        assert signatures.valid(value, secret, content)
        assert not signatures.valid(value, secret, content + b"x")
        assert not signatures.valid(value, f"{secret}x", content)

    @given(st.one_of(st.none(), st.text(max_size=80)))
    def test_anything_else_is_not(self, value: str | None) -> None:
        """A header that is missing or garbled raises nothing and proves nothing."""
        assert not signatures.valid(value, "secret", b"content")


class TestDelivery:
    @given(st.lists(st.sampled_from(["1", "2", "3", "sent", "failed"]), max_size=30))
    def test_what_is_owed_is_due_or_given_up(self, steps: list[str]) -> None:
        """Nothing is due to a callback that has the latest version, and whoever lacks it is due or was given up."""
        one, now = SUBSCRIPTION, NOW
        for step in steps:
            now += timedelta(minutes=1)
            if step == "sent":
                one = delivery.sent(one, one.wanted)
            elif step == "failed":
                one = delivery.failed(one, "x", now) if one.due else one
            else:
                one = delivery.changed(one, f'"{step}"', now, delivery.SETTLE)
            assert (one.due is None) == (one.wanted == one.delivered)

    def test_a_change_while_it_is_delivered(self) -> None:
        """What was delivered was the version before: the callback is still owed the new one."""
        before = delivery.changed(SUBSCRIPTION, '"2"', NOW, delivery.SETTLE)
        meanwhile = delivery.changed(before, '"3"', NOW, delivery.SETTLE)
        after = delivery.sent(meanwhile, '"2"')
        assert (after.delivered, after.wanted, after.due) == ('"2"', '"3"', before.due)

    def test_a_renewal_keeps_what_is_owed(self) -> None:
        """Renewing is no way to miss a change."""
        owed = delivery.changed(SUBSCRIPTION, '"2"', NOW, delivery.SETTLE)
        assert delivery.begun(INTENT, owed, '"2"', NOW + MINUTE).due == owed.due


class TestAnnouncements:
    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ('<https://h.example/>; rel="hub"', [("hub", "https://h.example/")]),
            ("<https://h.example/>;rel=hub", [("hub", "https://h.example/")]),
            ('<a>; rel="self alternate", <b>; type="x"; REL = Hub', [("self", "a"), ("alternate", "a"), ("hub", "b")]),
            ('<a,b;c>; title="x, <y>; rel=\\"no\\""; rel="hub"', [("hub", "a,b;c")]),
            ("<a>", []),
            ("rel=hub", []),
            ("", []),
        ],
    )
    def test_link_headers(self, value: str, found: list[tuple[str, str]]) -> None:
        """RFC 8288 §3: targets with commas, several relations of one link, quotes or none."""
        assert list(link_header(value)) == found

    @given(st.text(alphabet='<>;,="\\ relhubself/a', max_size=120))
    def test_no_header_breaks_it(self, value: str) -> None:
        """Whatever a server says, what is found is a web address."""
        found = announced("https://t.example/feed", {"link": value}, ())
        assert found is None or all(hub.startswith("http") for hub in found.hubs)

    def test_what_is_no_address_is_no_hub(self) -> None:
        """Only http and https are asked; of many hubs the first few are kept."""
        links = [Link(href="javascript:x", rel="hub"), *(Link(href=f"/{n}", rel="hub") for n in range(9))]
        found = announced("https://t.example/feed", {}, links)
        assert found == Announced(
            hubs=tuple(f"https://t.example/{n}" for n in range(5)), topic="https://t.example/feed"
        )


class TestLeases:
    def test_the_next_hub_gets_its_turn(self) -> None:
        """Of several hubs the next one is asked after two requests that led to nothing; an active lease stays."""
        both = Announced(hubs=("https://h.example/", "https://i.example/"), topic=TOPIC)
        asked, hubs = LEASE, []
        for _ in range(6):
            asked = leases.asked(asked, both, NOW)
            hubs.append(asked.hub[8])
        assert "".join(hubs) == "hhiihh"

    @given(
        st.dictionaries(
            st.sampled_from(["hub.mode", "hub.topic", "hub.challenge", "hub.lease_seconds", "hub.reason"]),
            st.one_of(st.text(max_size=30), st.sampled_from(["subscribe", "unsubscribe", "denied", TOPIC, "60"])),
        )
    )
    def test_only_what_was_asked_is_confirmed(self, query: dict[str, str]) -> None:
        """No question but ours is answered with its challenge, and no lease is for ever."""
        said = leases.heard(LEASE, query, NOW)
        if said.status == 200 and said.words:
            assert (query["hub.mode"], query["hub.topic"]) == ("subscribe", TOPIC)
            assert said.lease is not None
            assert said.lease.expires is not None
            assert NOW < said.lease.expires <= NOW + leases.LONGEST
        elif said.status != 200:
            assert said.lease == LEASE


def test_what_the_operator_is_told() -> None:
    """Numbers where all is well, and for what is not the hub, the reason, and when it is tried again."""
    failing: Subscription = delivery.failed(SUBSCRIPTION, "x", NOW)
    ping = Ping(hub="https://p.example/", topic=TOPIC, wanted='"2"', delivered='"1"')
    told = pushing(
        [SUBSCRIPTION, failing],
        [delivery.failed(ping, "p.example: answered 500", NOW)],
        [
            LEASE,
            replace(LEASE, error="h: answered 403"),
        ],
        NOW,
    )
    assert told == [
        "hub: 2 subscriptions, 1 of them failing",
        f"hub https://p.example/ takes no ping for {TOPIC}: p.example: answered 500; first just now, tried again in 1m",
        "subscribed to 0 of 2 sources at their hubs",
        "source s: its hub does not take our subscription: h: answered 403",
    ]
    assert pushing([], [], [], NOW) == []


def test_a_crowd_is_bounded_and_goes_on() -> None:
    """So many at once and so many of one host; the next starts when one ends, and each key runs once at a time."""
    running: list[str] = []
    most: list[tuple[int, int]] = []
    done: list[str] = []
    over = asyncio.Event()

    async def work(name: str) -> None:
        running.append(name)
        most.append((len(running), sum(one[0] == name[0] for one in running)))
        await asyncio.sleep(0)
        running.remove(name)
        done.append(name)
        if len(done) == 7:
            over.set()
        if name == "a3":
            raise ValueError(name)

    async def scenario() -> None:
        pieces = [Piece(name, name[0], partial(work, name)) for name in ("a1", "a2", "a3", "b1", "b2", "c1", "c2")]
        crowd = Crowd(4, 2, lambda failure, what: faults.append(failure))
        crowd.want(pieces)
        crowd.want(pieces)
        await asyncio.wait_for(over.wait(), 10)
        await crowd.finish(1)

    faults: list[Exception] = []
    asyncio.run(scenario())
    assert (sorted(done), len(faults)) == (["a1", "a2", "a3", "b1", "b2", "c1", "c2"], 1)
    assert max(total for total, _ in most) <= 4
    assert max(at_host for _, at_host in most) <= 2
