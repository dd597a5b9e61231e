"""One relay for many threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from aggregator.mail.relay import Relay
from aggregator.model import Mail, Reply
from tests.fakes import relay as fake

SENDER = "nieuws@example.be"
MESSAGE = b"Subject: Dag\r\n\r\nDag\r\n"


def offer(relay: Relay, before_dot: Callable[[], None], number: int = 0) -> Reply:
    return relay.hand_over(SENDER, f"lezer{number}@example.be", MESSAGE, before_dot)


def test_a_thread_has_a_connection_to_itself_and_leaves_it_to_the_next() -> None:
    """Two at once are two connections, each before its own dot; a hundred by two threads are no more than two."""
    both = Barrier(2)

    def meet() -> None:
        both.wait(10)

    with fake.Relay() as server, ThreadPoolExecutor(2) as threads:
        relay = Relay(Mail(sender=SENDER, relay=server.url))
        together = list(threads.map(lambda number: offer(relay, meet, number), range(2)))
        later = list(threads.map(lambda number: offer(relay, lambda: None, number), range(2, 100)))
        assert [reply.code for reply in together + later] == [250] * 100
        assert server.connections == 2
        assert {received.recipients for received in server.messages} == {(f"lezer{n}@example.be",) for n in range(100)}
        relay.close()


def test_a_relay_that_is_closed_opens_again() -> None:
    """Closing says goodbye on what is idle, and is no end."""
    with fake.Relay() as server:
        relay = Relay(Mail(sender=SENDER, relay=server.url))
        assert not relay.is_open
        offer(relay, lambda: None)
        assert relay.is_open
        relay.close()
        assert not relay.is_open
        assert [step.phase for step in server.steps][-1] == "quit"
        assert offer(relay, lambda: None).code == 250
        relay.close()


def test_what_the_marker_raises_costs_nobody_a_connection() -> None:
    """The connection is closed, its place is not lost, and the next message goes well."""

    def fails() -> None:
        raise OSError("disk full")

    with fake.Relay() as server:
        relay = Relay(Mail(sender=SENDER, relay=server.url))
        with pytest.raises(OSError, match="disk full"):
            offer(relay, fails)
        assert offer(relay, lambda: None).code == 250
        relay.close()


def test_every_message_is_signed() -> None:
    """What signs gets the message before any transport does."""
    with fake.Relay() as server:
        relay = Relay(Mail(sender=SENDER, relay=server.url), sign=lambda content: b"X-Signed: yes\r\n" + content)
        offer(relay, lambda: None)
        relay.close()
    assert server.messages[0].content == b"X-Signed: yes\r\n" + MESSAGE
