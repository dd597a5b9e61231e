from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import MailError
from aggregator.mail import smtp
from aggregator.mail.smtp import Smtp
from aggregator.model import Mail, Reply
from tests.fakes import relay as fake

SENDER, READER = "nieuws@example.be", "lezer@example.be"
MESSAGE = b"Subject: Dag\r\n\r\nDag\r\n.\r\n..\r\n.punt vooraan\r\n"


class Marker:
    """Stands for the commit before the dot: counts, and may fail."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.calls = 0
        self.error = error

    def __call__(self) -> None:
        self.calls += 1
        if self.error:
            raise self.error


@contextmanager
def client(
    url: str,
    password: str | None = None,
    *,
    timeout: float = 5,
    dot_timeout: float = 5,
    starttls: Literal["offered", "required"] = "offered",
) -> Iterator[Smtp]:
    patience, last = timedelta(seconds=timeout), timedelta(seconds=dot_timeout)
    settings = Mail(
        sender=SENDER,
        relay=url,
        starttls=starttls,
        timeout=patience,
        data_timeout=patience,
        block_timeout=patience,
        dot_timeout=last,
    )
    made = Smtp(settings, password)
    try:
        yield made
    finally:
        made.close()


def offer(relay: Smtp, recipient: str = READER, content: bytes = MESSAGE) -> tuple[Reply, int]:
    """The reply, and how often the marker was set."""
    marker = Marker()
    return relay.hand_over(SENDER, recipient, content, marker), marker.calls


def test_a_message_arrives_as_it_is() -> None:
    """What the relay takes is what was offered, dots at the beginning of lines included, and its words are kept."""
    with fake.Relay() as server, client(server.url) as relay:
        reply, marked = offer(relay)
    assert reply == Reply(phase="dot", code=250, text="2.0.0 Ok: queued as 000001")
    assert marked == 1
    [received] = server.messages
    assert (received.sender, received.recipients, received.content) == (SENDER, (READER,), MESSAGE)


@pytest.mark.parametrize(
    ("answer", "phase", "code", "marked"),
    [
        (fake.Answer(phase="mail", say="451 4.3.0 later"), "mail", 451, 0),
        (fake.Answer(phase="mail", say=None), "mail", None, 0),
        (fake.BUSY, "mail", 421, 0),
        (fake.GREYLISTED, "rcpt", 451, 0),
        (fake.UNKNOWN, "rcpt", 550, 0),
        (fake.Answer(phase="rcpt", say=None), "rcpt", None, 0),
        (fake.Answer(phase="data", say="452 4.3.1 full"), "data", 452, 0),
        (fake.Answer(phase="data", say="gibberish"), "data", None, 0),
        (fake.Answer(phase="data", say=None), "data", None, 0),
        (fake.Answer(phase="dot", say="451 4.3.0 later"), "dot", 451, 1),
        (fake.Answer(phase="dot", say="554 5.7.1 spam"), "dot", 554, 1),
        (fake.Answer(phase="dot", say="421 4.3.2 closing"), "dot", 421, 1),
        (fake.Answer(phase="dot", say="gibberish"), "dot", None, 1),
        (fake.Answer(phase="dot", say=f"250-{'x' * 9000}"), "dot", None, 1),
        (fake.DROPPED_BEFORE_TAKING, "dot", None, 1),
        (fake.TAKEN_THEN_DROPPED, "dot", None, 1),
    ],
)
def test_every_fault_has_its_phase(answer: fake.Answer, phase: str, code: int | None, marked: int) -> None:
    """How far it came is never guessed: before the marker nothing was taken, and a reply without a code is silence.

    After every fault the next message goes well, on this connection or on a new one.
    """
    with fake.Relay(script=fake.plan(answer)) as server, client(server.url) as relay:
        reply, calls = offer(relay)
        assert (reply.phase, reply.code, calls) == (phase, code, marked)
        assert len(server.messages) == answer.keep
        again, _ = offer(relay)
        assert again.code == 250


@pytest.mark.parametrize("said", [None, "552 5.3.4 Too big", "421 4.3.2 Closing"])
def test_a_relay_that_stops_in_the_body(said: str | None) -> None:
    """When the connection dies or the relay refuses in the middle of the text, the dot is never sent."""
    stop = fake.Answer(phase="body", say=said)
    content = MESSAGE + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 200_000
    with fake.Relay(script=fake.plan(stop)) as server, client(server.url) as relay:
        reply, calls = offer(relay, content=content)
        assert (reply.phase, calls) == ("data", 0)
        assert reply.code in ({None} if said is None else {None, int(said[:3])})
        assert offer(relay)[0].code == 250
        assert len(server.messages) == 1


def test_an_early_refusal_is_heard() -> None:
    """What a relay says before the dot is its answer, and the dot is kept back."""
    with _raw_server(b"552 5.3.4 Too big\r\n") as port, client(f"smtp://127.0.0.1:{port}") as relay:
        marker = Marker()
        reply = relay.hand_over(SENDER, READER, MESSAGE * 100_000, marker)
    assert (reply.phase, marker.calls) == ("data", 0)


@contextmanager
def _raw_server(early: bytes) -> Iterator[int]:
    """Answers every command well, and then, having read some of the text, speaks out of turn and reads no more."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 hello\r\n")
            for line in lines:
                connection.sendall(b"354 go on\r\n" if line.startswith(b"DATA") else b"250 ok\r\n")
                if line.startswith(b"DATA"):
                    lines.readline()
                    connection.sendall(early)
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def test_what_the_marker_raises_is_raised_and_no_dot_sent() -> None:
    """When the commit before the dot fails, the relay has taken nothing and the next message is not disturbed."""
    with fake.Relay() as server, client(server.url) as relay:
        failing = Marker(OSError("disk full"))
        with pytest.raises(OSError, match="disk full"):
            relay.hand_over(SENDER, READER, MESSAGE, failing)
        assert failing.calls == 1
        assert offer(relay)[0].code == 250
        assert [step.phase for step in server.steps].count("dot") == 1
        assert len(server.messages) == 1
        assert server.connections == 2


def test_one_connection_for_many_messages() -> None:
    """Messages share a connection, and a refused recipient does not disturb the next one."""
    with fake.Relay(reject={"weg@example.be"}) as server, client(server.url) as relay:
        codes = [offer(relay, address)[0].code for address in ("a@example.be", "weg@example.be", "b@example.be")]
    assert codes == [250, 550, 250]
    assert [message.recipients for message in server.messages] == [("a@example.be",), ("b@example.be",)]
    assert server.connections == 1
    assert [step.phase for step in server.steps][-1] == "quit"


def test_an_idle_connection_is_reopened_silently() -> None:
    """A relay that closed the connection in between costs nothing: it is opened once more."""
    with fake.Relay() as server, client(server.url) as relay:
        assert offer(relay)[0].code == 250
        server.hang_up()
        assert offer(relay)[0].code == 250
        assert server.connections == 2


def test_a_goodbye_at_the_first_command_is_no_deferral() -> None:
    """421 at RSET is how a relay ends an idle connection (RFC 5321 §3.8); only one at a fresh connection counts."""
    farewell = [fake.Answer(phase="rset", say="421 4.4.2 Idle for too long")]
    with fake.Relay() as server, client(server.url) as relay:
        assert offer(relay)[0].code == 250
        server.script = lambda step: farewell.pop() if step.phase == "rset" and farewell else None
        assert offer(relay)[0].code == 250
        assert server.connections == 2
        server.script = lambda step: fake.BUSY if step.phase == "mail" else None
        assert offer(relay)[0].code == 421


def test_greylisting_is_over_at_the_second_attempt() -> None:
    """The relay's own words for a deferral are kept."""
    with fake.Relay(greylist=True) as server, client(server.url) as relay:
        assert offer(relay)[0] == Reply(phase="rcpt", code=451, text="4.7.1 Greylisted, try again in a minute")
        assert offer(relay)[0].code == 250


def test_a_slow_answer_to_the_dot_is_waited_for() -> None:
    """The final dot has a patience of its own: longer than that of commands, never shorter."""
    script = fake.plan(fake.slow(0.6), fake.slow(5))
    with fake.Relay(script=script) as server, client(server.url, timeout=0.3, dot_timeout=1.5) as relay:
        assert offer(relay)[0].code == 250
        started = time.monotonic()
        reply, _ = offer(relay)
        assert (reply.phase, reply.code) == ("dot", None)
        assert "did not say whether it took it: timed out" in reply.text
        assert time.monotonic() - started > 1.2
    assert Smtp(Mail(sender=SENDER, timeout=timedelta(hours=1)))._patience["dot"] == 3600
    assert Smtp(Mail(sender=SENDER))._patience == {"data": 120, "block": 180, "dot": 600}


def test_a_relay_that_is_not_there() -> None:
    """An unreachable relay is a reply with its address and the reason, not an exception."""
    with socket.create_server(("127.0.0.1", 0)) as placeholder:
        port = placeholder.getsockname()[1]
    with client(f"smtp://127.0.0.1:{port}") as relay:
        reply, calls = offer(relay)
    assert calls == 0
    assert reply == Reply(
        phase="connect", code=None, text=f"the relay 127.0.0.1:{port} cannot be used: Connection refused"
    )


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (fake.Answer(phase="connect", say="554 5.3.2 No service"), 554),
        (fake.Answer(phase="connect", say=None), None),
        (fake.Answer(phase="ehlo", say=None), None),
    ],
)
def test_a_relay_that_does_not_greet(answer: fake.Answer, code: int | None) -> None:
    """A refusal before the first command is told as it was said."""
    with (
        fake.Relay(script=lambda step: answer if step.phase == answer.phase else None) as server,
        client(server.url) as relay,
    ):
        reply, calls = offer(relay)
    assert (reply.phase, reply.code, calls) == ("connect", code, 0)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls(security: fake.Security) -> None:
    """TLS from the first byte for smtps, and STARTTLS wherever it is offered; on this machine without certificates."""
    with fake.Relay(security=security) as server, client(server.url) as relay:
        assert [offer(relay)[0].code for _ in range(2)] == [250, 250]
    assert [message.tls for message in server.messages] == [True, True]
    assert server.connections == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls_that_breaks_off(security: fake.Security) -> None:
    """The phases are told apart under TLS too."""
    with (
        fake.Relay(script=fake.plan(fake.TAKEN_THEN_DROPPED), security=security) as server,
        client(server.url) as relay,
    ):
        assert offer(relay)[0].phase == "dot"
        assert offer(relay)[0].code == 250


def elsewhere(url: str) -> str:
    """The same relay by an address that does not say that it is on this machine."""
    return url.replace("127.0.0.1", "0.0.0.0")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_is_checked_elsewhere(security: fake.Security) -> None:
    """A relay that is not on this machine must prove who it is, and without proof gets nothing."""
    with fake.Relay(security=security) as server, client(elsewhere(server.url)) as relay:
        reply, calls = offer(relay)
    assert (reply.phase, reply.code, calls, server.messages) == ("connect", None, 0, [])
    assert "its certificate does not stand up" in reply.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback(host: str) -> None:
    """These are this machine."""
    assert smtp._is_loopback(host)


@pytest.mark.parametrize("host", ["mail.example.be", "10.0.0.1", "localhost.example.be", "0.0.0.0", "::2"])
def test_not_loopback(host: str) -> None:
    """These are not, whatever they look like."""
    assert not smtp._is_loopback(host)


def test_login() -> None:
    """A user in the URL logs in, percent-encoding undone; the relay then takes the message."""
    with fake.Relay(security="starttls", login=("nieuws@example.be", "geheim!")) as server:
        url = server.url.replace("//", "//nieuws%40example.be@")
        with client(url, "geheim!") as relay:
            assert offer(relay)[0].code == 250
    assert server.messages[0].user == "nieuws@example.be"


def test_a_wrong_password_is_not_repeated() -> None:
    """A relay that echoes the password does not get it into our messages."""
    with (
        fake.Relay(login=("nieuws", "goed")) as server,
        client(server.url.replace("//", "//nieuws@"), "f0ut!") as relay,
    ):
        reply, calls = offer(relay)
    assert (reply.phase, reply.code, calls) == ("connect", 535, 0)
    assert reply.text == "5.7.8 *** is not nieuws's password"


def test_a_password_never_travels_in_the_clear() -> None:
    """Without TLS, and elsewhere than on this machine, no password is sent."""
    with (
        fake.Relay(login=("nieuws", "f0ut!")) as server,
        client(elsewhere(server.url).replace("//", "//nieuws@"), "f0ut!") as relay,
    ):
        reply, _ = offer(relay)
    assert "it offers no TLS, and the password is not sent without" in reply.text
    assert "auth" not in [step.phase for step in server.steps]


@pytest.mark.parametrize(
    ("login", "password", "words"),
    [
        (("nieuws", "f0ut!"), None, "names a user, but there is no password_file"),
        (("nieuws", "één"), "één", "beyond ASCII"),
        (None, "f0ut!", "AUTH extension not supported"),
    ],
)
def test_a_login_that_cannot_be(login: tuple[str, str] | None, password: str | None, words: str) -> None:
    """A user without a password, and a relay that knows no users, are told in words."""
    with fake.Relay(login=login) as server, client(server.url.replace("//", "//nieuws@"), password) as relay:
        reply, _ = offer(relay)
    assert (reply.phase, reply.code) == ("connect", None)
    assert words in reply.text


@pytest.mark.parametrize("recipient", ["jörg@example.be", "geen adres", "a@b\r\nRCPT TO:<c@d>", "", "@example.be"])
def test_an_address_that_cannot_be_written(recipient: str) -> None:
    """An address that the protocol cannot carry is a refusal of that recipient, and of nobody else."""
    with fake.Relay() as server, client(server.url) as relay:
        reply, calls = offer(relay, recipient)
        assert (reply.phase, reply.code, calls) == ("rcpt", 553, 0)
        assert offer(relay)[0].code == 250


def test_an_international_domain() -> None:
    """A domain beyond ASCII travels as its A-label."""
    with fake.Relay() as server, client(server.url) as relay:
        assert offer(relay, "lezer@zonë.example.be")[0].code == 250
    assert server.messages[0].recipients == ("lezer@xn--zon-lma.example.be",)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "127.0.0.1:25", "smtp://", "smtp://host:port", "smtp://h:99999"])
def test_an_url_that_is_no_relay(url: str) -> None:
    """Anything but smtp and smtps is refused at once, with what was expected."""
    with pytest.raises(MailError, match="is not the URL of a relay: expected smtp://host:port"):
        Smtp(Mail(sender=SENDER, relay=url))


def test_the_ports_of_the_standards() -> None:
    """25 for smtp and 465 for smtps (RFC 8314 §3.3), unless the URL says otherwise."""
    assert smtp._address("smtp://mail.example.be") == (False, "mail.example.be", 25, None)
    assert smtp._address("smtps://u%40x@mail.example.be") == (True, "mail.example.be", 465, "u@x")
    assert smtp._address("smtp://[::1]:2525") == (False, "::1", 2525, None)


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"\r\n", b"\n", b"\r", b"\r\n.\r\n", b"\n.\n"])).map(b"".join))
def test_nothing_inside_ends_the_text(content: bytes) -> None:
    """Whatever the bytes, no line of them is a lone dot, every line ends with CRLF, and unstuffing gives the text."""
    stuffed = smtp._stuffed(content)
    lines = stuffed.split(b"\r\n")
    assert lines.pop() == b""
    assert not any(line == b"." or b"\n" in line or b"\r" in line for line in lines)
    unstuffed = b"\n".join(line.removeprefix(b".") for line in lines)
    assert unstuffed.split(b"\n") == content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(
        b"\n"
    )


class _Stranger:
    """Answers the first command as told and then sends what it likes, a byte at a time."""

    def __init__(self, greeting: bytes, *, pause: float = 0.0) -> None:
        self._greeting, self._pause = greeting, pause
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.heard = b""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> _Stranger:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, suppress(OSError):
            for byte in self._greeting:
                connection.sendall(bytes([byte]))
                if self._pause and self._done.wait(self._pause):
                    return
            connection.settimeout(5)
            while chunk := connection.recv(4096):
                self.heard += chunk
                if chunk.startswith(b"EHLO"):
                    connection.sendall(b"250-stranger\r\n250 STARTTLS\r\n")
                elif chunk.startswith(b"STARTTLS"):
                    connection.sendall(b"220 go ahead\r\n250 nothing more to say\r\n")
                    return


def test_a_reply_that_drips_has_an_end() -> None:
    """A relay that sends a byte now and then gets no more time than one that sends nothing."""
    started = time.monotonic()
    with (
        _Stranger(b"220 " + b"x" * 400, pause=0.05) as server,
        client(f"smtp://127.0.0.1:{server.port}", timeout=0.5) as relay,
    ):
        reply, calls = offer(relay)
    assert (reply.phase, reply.code, calls) == ("connect", None, 0)
    assert "timed out" in reply.text
    assert time.monotonic() - started < 5


def test_what_came_in_the_clear_is_no_answer_under_tls() -> None:
    """Lines that were slipped in behind the answer to STARTTLS are thrown away (RFC 3207 §4.2), and TLS fails."""
    with _Stranger(b"220 hello\r\n") as server, client(f"smtp://127.0.0.1:{server.port}") as relay:
        reply, calls = offer(relay)
        assert (reply.phase, reply.code, calls) == ("connect", None, 0)
        assert b"MAIL" not in server.heard


def test_starttls_that_was_taken_out_is_missed() -> None:
    """Who requires STARTTLS sends nothing to a relay that offers none, or whose offer somebody swallowed."""
    with fake.Relay() as server, client(server.url, starttls="required") as relay:
        reply, calls = offer(relay)
    assert (reply.phase, reply.code, calls) == ("connect", None, 0)
    assert "it offers no STARTTLS, and nothing is sent without" in reply.text
    assert {step.phase for step in server.steps} <= {"connect", "ehlo", "quit"}


def test_starttls_that_is_refused() -> None:
    """A relay that offers STARTTLS and then takes it back gets nothing in the clear either."""
    no = fake.Answer(phase="starttls", say="454 4.7.0 TLS not available")
    with (
        fake.Relay(script=lambda step: no if step.phase == "starttls" else None, security="starttls") as server,
        client(server.url) as relay,
    ):
        reply, _ = offer(relay)
    assert (reply.phase, reply.code) == ("connect", 454)
    assert "mail" not in {step.phase for step in server.steps}


@pytest.mark.parametrize(
    ("url", "setting", "required"),
    [
        ("smtp://mail.example.be:25", "offered", False),
        ("smtp://mail.example.be:25", "required", True),
        ("smtp://mail.example.be:587", "offered", True),
        ("smtp://127.0.0.1:587", "offered", False),
        ("smtp://127.0.0.1:587", "required", True),
    ],
)
def test_where_starttls_is_no_choice(url: str, setting: Literal["offered", "required"], required: bool) -> None:
    """At the port of submission, but on this very machine, and wherever the operator says so."""
    assert Smtp(Mail(sender=SENDER, relay=url, starttls=setting))._required == required


def test_each_phase_has_its_own_patience() -> None:
    """The answer to DATA is waited for as long as data_timeout says, whatever the others say."""
    late = fake.Answer(phase="data", say="354 Now", wait=3)
    with fake.Relay(script=fake.plan(late)) as server, client(server.url) as relay:
        relay._patience["data"] = 0.3
        started = time.monotonic()
        reply, calls = offer(relay)
        assert (reply.phase, reply.code, calls) == ("data", None, 0)
        assert time.monotonic() - started < 3
        assert "timed out" in reply.text
