"""What a mail that came back is: reports in their many forms, complaints, wishes, machines, and anything at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.mail import verp
from aggregator.mail.returned import LIMIT, read, refusal, weigh

FOLDER = Path(__file__).parent / "corpus" / "returned"
KEY = b"k" * 32
TOKEN = verp.token(KEY, 1234)
SAMPLES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))}


def sample(name: str, token: str = TOKEN) -> bytes:
    return SAMPLES[name].replace(b"TOKEN", token.encode())


@pytest.mark.parametrize(
    ("name", "kind", "status", "weight"),
    [
        ("postfix-unknown", "failure", "5.1.1", "hard"),
        ("postfix-torn", "failure", "5.1.1", "hard"),
        ("postfix-full", "failure", "5.2.2", "soft"),
        ("postfix-delayed", "automatic", "4.4.1", "none"),
        ("postfix-relayed", "automatic", "2.1.9", "none"),
        ("policy", "failure", "5.7.26", "none"),
        ("exchange", "failure", "5.1.10", "hard"),
        ("gmail", "failure", "5.1.1", "hard"),
        ("exim", "failure", "", "hard"),
        ("exim-delayed", "automatic", "", "none"),
        ("qmail", "failure", "5.1.1", "hard"),
        ("complaint", "complaint", "", "none"),
        ("vacation", "automatic", "", "none"),
        ("wish", "leave", "", "none"),
        ("wish-encoded", "leave", "", "none"),
        ("wish-of-a-machine", "automatic", "", "none"),
        ("question", "unknown", "", "none"),
    ],
)
def test_what_comes_back(name: str, kind: str, status: str, weight: str) -> None:
    """Reports by the standard, and those of servers that have one of their own; each with the token of its mail."""
    found = read(sample(name))
    assert (found.kind, found.status, found.weight) == (kind, status, weight)
    assert verp.delivery(KEY, found.inside[0]) == 1234
    if kind != "complaint":
        assert verp.delivery(KEY, found.to[0]) == 1234


def test_a_complaint_names_its_reader_by_the_link_too() -> None:
    """Some providers hide the envelope, and leave the headers of the mail."""
    found = read(sample("complaint-by-link", "Ab-_" * 5 + "xy"))
    assert (found.kind, found.inside) == ("complaint", ("Ab-_" * 5 + "xy",))


def test_a_pipe_says_for_whom_the_mail_was() -> None:
    """A mail server that writes no header of its own gives the recipient beside the mail."""
    raw = sample("exim").replace(b"Envelope-to", b"X-Other").replace(b"\nTo:", b"\nX-To:")
    assert read(raw).to == ()
    assert read(raw, [f"bounce+{TOKEN}@nieuws.example.be"]).to == (TOKEN,)


@given(st.binary(max_size=3000))
@example(b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n")
@example(b"Content-Type: message/delivery-status\n\n\xff\xfe: \x00\nAction\nStatus: 5.1.1")
@example(b"Subject: =?x-unknown?b?////?=\nFrom: mailer-daemon@x\n\n")
@example(b"Content-Type: multipart/mixed; boundary=\xc3\xa9\n\n--\xc3\xa9\n")
def test_any_bytes_are_read(raw: bytes) -> None:
    """Whatever a stranger sends, something is known of it and nothing is raised."""
    assert read(raw).kind in {"failure", "complaint", "leave", "automatic", "unknown"}


@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 40), st.binary(max_size=30)), min_size=1, max_size=6),
)
def test_torn_mails_are_read(name: str, tears: list[tuple[int, int, bytes]]) -> None:
    """A mail with pieces cut out and others put in is read, and yields no token that was not in it."""
    raw = sample(name)
    for at, length, piece in tears:
        raw = raw[:at] + piece + raw[at + length :]
    found = read(raw)
    assert all(token.encode() in raw for token in (*found.to, *found.inside))


def test_a_mail_of_many_layers_is_read() -> None:
    """Parts in parts in parts: more of them than the parser can hold are a mail for a human, and no more."""
    layers = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000))
    assert read(layers.encode()).kind == "unknown"


def test_a_huge_mail_is_read_by_its_beginning() -> None:
    """Whatever follows the first bytes is not looked at."""
    assert read(sample("question") + b"x\n" * LIMIT + sample("complaint")).kind == "unknown"


@pytest.mark.parametrize(
    ("status", "words", "weight"),
    [
        ("5.1.1", "", "hard"),
        ("5.1.10", "", "hard"),
        ("5.2.1", "", "hard"),
        ("5.2.2", "", "soft"),
        ("4.4.7", "", "soft"),
        ("5.4.4", "", "soft"),
        ("5.0.0", "something", "soft"),
        ("5.0.0", "User unknown", "hard"),
        ("", "", "soft"),
        ("5.7.1", "User unknown", "none"),
        ("5.6.0", "", "none"),
        ("5.3.4", "", "none"),
    ],
)
def test_what_a_failure_says_of_the_mailbox(status: str, words: str, weight: str) -> None:
    """It is not there, it could not take this mail, or the fault is ours."""
    assert weigh(status, words) == weight


@pytest.mark.parametrize(
    ("said", "weight"),
    [
        ("550 5.1.1 <***> nobody here", "hard"),
        ("550 No such user here", "hard"),
        ("552 5.2.2 full", "soft"),
        ("550 5.7.1 spam", "none"),
        ("553 5.6.7 *** is not an address that every mail server takes", "none"),
        ("451 4.7.1 later", "none"),
        ("the relay 127.0.0.1:25 did not answer RCPT: timed out", "none"),
        ("", "none"),
    ],
)
def test_what_a_refusal_at_once_says(said: str, weight: str) -> None:
    """Only what is for ever counts, and by the same measure as what comes back later."""
    assert refusal(said) == weight


NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (each, each) for each in range(150))
BOMBS = {
    "parts in parts": NESTED + b"\n" * 190_000,
    "parameters": b'Content-Type: multipart/mixed; a="' + b";" * 190_000,
    "folded parameters": b'Content-Type: multipart/mixed; a="' + b";\r\n " * 50_000,
    "parameters behind a bare CR": b'To: a\rContent-Type: multipart/mixed; a="' + b";" * 190_000,
}


@pytest.mark.timeout(5)
@pytest.mark.parametrize("name", BOMBS)
def test_what_would_keep_the_parser_busy_is_for_a_human(name: str) -> None:
    """Anybody can write to our address, and the parser takes up to minutes for each of these."""
    assert read(BOMBS[name]).kind == "unknown"
