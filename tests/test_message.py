from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import text
from aggregator.digest.blanks import PREFERENCES, UNSUBSCRIBE, VIEW, blank
from aggregator.errors import MailError
from aggregator.mail.message import ascii_address, compose, filled, mailbox, unsubscribe
from aggregator.model import Envelope, Letter
from tests.lint_mail import lint

HTML = (
    '<!doctype html><html lang="nl-BE" dir="ltr"><body>'
    '<div role="article" lang="nl-BE" dir="ltr"><h1>Dag</h1></div></body></html>'
)
LETTER = Letter(subject="Verkeerscontrole: 93 van de 1.182 te snel en nog 4 berichten", text="Dag\n", html=HTML)
ENVELOPE = Envelope(
    sender="Politie samenwerking <nieuws@example.be>",
    reply_to="Redactie <redactie@example.be>",
    recipient="lezer@example.be",
    list_id="dagelijks.nieuws.example.be",
    message_id="<dagelijks.0123456789abcdef0123456789abcdef@example.be>",
    date=datetime(2026, 11, 23, 6, 0, 1, tzinfo=UTC),
    archive="https://nieuws.example.be/samenwerking/",
)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"))).map(text.clean)


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def raw_header(raw: bytes, name: str) -> str:
    """A header as it stands on the wire, its folding included."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    [found] = [line for line in head.replace("\r\n ", "\n ").split("\r\n") if line.startswith(f"{name}:")]
    return found.partition(": ")[2]


def decoded(value: str) -> str:
    """Encoded words read; the standard library's address parser puts spaces between adjacent ones."""
    return str(make_header(decode_header(value)))


def test_the_head_of_a_message() -> None:
    """Every header that a reader's program or a mail server looks for, as it leaves."""
    head, _, _ = compose(LETTER, ENVELOPE).partition(b"\r\n\r\n")
    assert head.decode("ascii").split("\r\n") == [
        "Date: Mon, 23 Nov 2026 06:00:01 +0000",
        "Message-ID: <dagelijks.0123456789abcdef0123456789abcdef@example.be>",
        "From: Politie samenwerking <nieuws@example.be>",
        "To: lezer@example.be",
        "Reply-To: Redactie <redactie@example.be>",
        "Subject: Verkeerscontrole: 93 van de 1.182 te snel en nog 4 berichten",
        "MIME-Version: 1.0",
        "Content-Language: nl-BE",
        "List-Id: <dagelijks.nieuws.example.be>",
        "List-Unsubscribe: <mailto:redactie@example.be?subject=unsubscribe>",
        "List-Help: <mailto:redactie@example.be?subject=help>",
        "List-Owner: <mailto:redactie@example.be>",
        "List-Post: NO",
        "List-Archive: <https://nieuws.example.be/samenwerking/>",
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        'Content-Type: multipart/alternative; boundary="=_48a4fb3200f6e9f4e2b751eadee07335"',
    ]


def test_it_passes_our_own_lint() -> None:
    """Nothing that ``lint`` knows is wrong with it."""
    assert lint(compose(LETTER, ENVELOPE)) == []


def test_the_same_bytes_at_any_time() -> None:
    """The same letter and envelope make the same bytes; another Message-ID makes another boundary."""
    other = replace(ENVELOPE, message_id="<ander@example.be>")
    assert compose(LETTER, ENVELOPE) == compose(replace(LETTER), replace(ENVELOPE))
    assert read(compose(LETTER, other)).get_boundary() != read(compose(LETTER, ENVELOPE)).get_boundary()


def test_the_date_is_that_of_freezing_in_utc() -> None:
    """The Date is the envelope's, whatever its time zone."""
    brussels = replace(ENVELOPE, date=datetime(2026, 11, 23, 7, 0, 1, tzinfo=timezone(timedelta(hours=1))))
    assert compose(LETTER, brussels) == compose(LETTER, ENVELOPE)


def test_without_reply_to_the_sender_takes_unsubscriptions() -> None:
    """There is no empty Reply-To, and List-Unsubscribe names somebody who reads mail."""
    raw = compose(LETTER, replace(ENVELOPE, reply_to=None))
    assert b"Reply-To" not in raw
    assert raw_header(raw, "List-Unsubscribe") == "<mailto:nieuws@example.be?subject=unsubscribe>"


def test_long_machine_headers_stay_on_one_line() -> None:
    """However long the address of the archive, nothing is folded or encoded in what machines read (RFC 2047 §5)."""
    archive = f"https://nieuws.example.be/{'archief/' * 60}"
    long = f"{'a' * 60}@{'b' * 60}.example.be"
    raw = compose(LETTER, replace(ENVELOPE, archive=archive, reply_to=long, message_id=f"<{'m' * 120}@example.be>"))
    assert raw_header(raw, "List-Archive") == f"<{archive}>"
    assert raw_header(raw, "List-Unsubscribe") == f"<mailto:{long}?subject=unsubscribe>"
    assert raw_header(raw, "Message-ID") == f"<{'m' * 120}@example.be>"
    assert lint(raw) == []


@pytest.mark.parametrize(
    "change",
    [
        {"list_id": "dagelijks\r\nBcc: iedereen@example.be"},
        {"message_id": "<een@example.be>\nX: y"},
        {"message_id": "<één@example.be>"},
        {"archive": f"https://nieuws.example.be/{'a' * 1000}"},
        {"recipient": "lezer@example.be\r\nBcc: iedereen@example.be"},
        {"recipient": "jörg@example.be"},
        {"recipient": "lezer"},
        {"sender": "Nieuws <nieuws@>"},
        {"reply_to": "een\r\ntwee <a@example.be>"},
    ],
)
def test_what_cannot_be_a_header_is_refused(change: dict[str, str]) -> None:
    """Line breaks, characters beyond ASCII and too long lines never reach a machine's header."""
    broken = Envelope(**{**{name: getattr(ENVELOPE, name) for name in Envelope.__slots__}, **change})
    with pytest.raises(MailError):
        compose(LETTER, broken)


def test_a_subject_with_a_line_break_is_refused() -> None:
    """A title cannot smuggle in a header."""
    with pytest.raises(MailError, match="The header Subject would have a line break"):
        compose(replace(LETTER, subject="Dag\r\nBcc: iedereen@example.be"), ENVELOPE)


@pytest.mark.parametrize("token", ["t" * 22, "t" * 90])
def test_one_click(token: str) -> None:
    """An https address unsubscribes with one click (RFC 8058), beside the mail; however long it is, on one line."""
    url = f"https://nieuws.example.be/mail/u/{token}"
    raw = compose(LETTER, replace(ENVELOPE, unsubscribe=url))
    assert raw_header(raw, "List-Unsubscribe") == f"<{url}>, <mailto:redactie@example.be?subject=unsubscribe>"
    assert raw_header(raw, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert lint(raw) == []


def test_no_click_over_http() -> None:
    """RFC 8058 wants https: over http the mail alone unsubscribes in the header, and the link in the text goes on."""
    open_ended = replace(LETTER, text=f"Uit: {blank(UNSUBSCRIBE)}\n")
    raw = compose(open_ended, replace(ENVELOPE, unsubscribe="http://127.0.0.1:8080/mail/u/t"))
    assert raw_header(raw, "List-Unsubscribe") == "<mailto:redactie@example.be?subject=unsubscribe>"
    assert b"List-Unsubscribe-Post" not in raw
    assert b"Uit: http://127.0.0.1:8080/mail/u/t\r\n" in raw
    assert lint(raw) == []


def test_blanks_are_filled_from_the_envelope() -> None:
    """Both parts get the reader's addresses, escaped in HTML; what there is no address for leads where all may go."""
    names = (UNSUBSCRIBE, PREFERENCES, VIEW)
    words = " ".join(map(blank, names))
    made = filled(
        replace(LETTER, text=words, html=words),
        replace(ENVELOPE, unsubscribe="https://a.example/?u&t", preferences="https://a.example/p", view=None),
    )
    assert made.text == "https://a.example/?u&t https://a.example/p https://nieuws.example.be/samenwerking/"
    assert made.html == "https://a.example/?u&amp;t https://a.example/p https://nieuws.example.be/samenwerking/"
    alone = filled(replace(LETTER, text=words), ENVELOPE)
    assert alone.text.split()[0] == "mailto:redactie@example.be?subject=unsubscribe"


def test_a_letter_without_html_is_text() -> None:
    """Who reads text only gets one part, with the same headers."""
    raw = compose(replace(LETTER, html=""), ENVELOPE)
    assert read(raw).get_content_type() == "text/plain"
    assert raw.endswith(b"\r\n\r\nDag\r\n")
    assert lint(raw) == []


def test_international_domains_become_a_labels() -> None:
    """Every header says a domain as every server can read it (RFC 5891)."""
    raw = compose(
        LETTER,
        replace(
            ENVELOPE,
            sender="Politie <nieuws@pölitie.be>",
            reply_to=None,
            recipient="lezer@zonë.be",
            archive="https://nieuws.pölitie.be/één/",
        ),
    )
    assert raw_header(raw, "From") == "Politie <nieuws@xn--plitie-wxa.be>"
    assert raw_header(raw, "To") == "lezer@xn--zon-lma.be"
    assert raw_header(raw, "List-Unsubscribe") == "<mailto:nieuws@xn--plitie-wxa.be?subject=unsubscribe>"
    assert raw_header(raw, "List-Archive") == "<https://nieuws.xn--plitie-wxa.be/%C3%A9%C3%A9n/>"
    assert lint(raw) == []


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("nieuws@example.be", "", "nieuws@example.be"),
        ("<nieuws@example.be>", "", "nieuws@example.be"),
        ("Politie <nieuws@example.be>", "Politie", "nieuws@example.be"),
        ("Beringen, Ham & Tessenderlo <n@example.be>", "Beringen, Ham & Tessenderlo", "n@example.be"),
        ('"Beringen, Ham" <n@example.be>', "Beringen, Ham", "n@example.be"),
        (r'"De \"zone\" \\ ons" <n@example.be>', r'De "zone" \ ons', "n@example.be"),
    ],
)
def test_mailboxes_as_people_write_them(value: str, name: str, address: str) -> None:
    """A display name needs no quotes, and on the wire it means the same."""
    assert mailbox(value) == (name, address)
    [sender] = read(compose(LETTER, replace(ENVELOPE, sender=value)))["from"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, address)


def test_unsubscribing_by_mail() -> None:
    """Characters with a meaning in a URI are encoded (RFC 6068 §2)."""
    assert unsubscribe("N <nieuws+lijst&co@example.be>") == "mailto:nieuws%2Blijst%26co@example.be?subject=unsubscribe"


@pytest.mark.parametrize(
    "address", ["", "@", "a@", "@b", "a b@example.be", "jörg@example.be", f"a@{'b' * 64}.be", "a@b\n"]
)
def test_no_address(address: str) -> None:
    """What the protocol cannot carry is refused in words."""
    with pytest.raises(MailError, match="is not an address that every mail server takes"):
        ascii_address(address)


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_any_subject_survives(subject: str) -> None:
    """Whatever a title holds, the reader's program shows just that: no space lost at a fold, none made up."""
    raw = compose(replace(LETTER, subject=subject), ENVELOPE)
    assert read(raw)["subject"] == subject
    assert lint(raw) == []


@settings(max_examples=60, deadline=None)
@given(WORDS.filter(lambda name: name and "<" not in name and ">" not in name))
def test_any_display_name_survives(name: str) -> None:
    """The same for the name of the sender, in which more characters have a meaning."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    raw = compose(LETTER, replace(ENVELOPE, sender=f'"{quoted}" <nieuws@example.be>'))
    value = raw_header(raw, "From").replace("\n ", " ")
    assert value.endswith(" <nieuws@example.be>")
    assert decoded(mailbox(value)[0]) == name


LINES = st.lists(
    st.text(st.characters(exclude_categories=("Cs", "Cc")))
    | st.sampled_from([".", "..", "From ", " ", "\t", "=", "--=_"])
)


@settings(max_examples=60, deadline=None)
@given(LINES)
def test_any_text_survives(lines: list[str]) -> None:
    """Text comes back as it was, trailing spaces and lone dots included, in lines of at most 76 characters."""
    content = "\n".join(lines).rstrip("\n") + "\n"
    raw = compose(replace(LETTER, text=content), ENVELOPE)
    plain, _ = read(raw).iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == content
    assert [fault for fault in lint(raw) if "holds" not in fault] == []


def test_text_lines_end_in_one_way() -> None:
    """A carriage return in a letter is a line end like any other."""
    raw = compose(replace(LETTER, text="een\r\ntwee\rdrie"), ENVELOPE)
    plain, _ = read(raw).iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == "een\ntwee\ndrie\n"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda raw: raw.replace(b"Precedence: bulk\r\n", b""), "precedence occurs 0 times"),
        (lambda raw: raw.replace(b"List-Unsubscribe: ", b"List-Unsubscribe: <https://a.example/>, "), "RFC 8058"),
        (
            lambda raw: raw.replace(b"<mailto:redactie@example.be?subject=unsubscribe>", b"<https://a.example/>"),
            "no mailto",
        ),
        (lambda raw: raw.replace(b"Dag\r\n", b"=02view=03\r\n"), "text/plain holds U+0002"),
        (lambda raw: raw.replace(b"Precedence: bulk", b"List-Id: <a.b>"), "list-id occurs 2 times"),
        (lambda raw: raw.replace(b"<mailto:redactie", b"=?utf-8?q?=3Cmailto=3Aredactie?="), "list-unsubscribe is enc"),
        (lambda raw: raw.replace(b"List-Archive: ", b"List-Archive:\r\n "), "list-archive is encoded or folded"),
        (lambda raw: raw.replace(b"Dag\r\n", b"Dag\n"), "a line does not end with CRLF"),
        (lambda raw: raw.replace(b"Dag\r\n", b"Dag" * 400 + b"\r\n"), "a line has 1200 characters"),
        (lambda raw: raw.replace(b"Dag\r\n", b"Dag" * 30 + b"\r\n"), "text/plain has a line of more than 76"),
        (lambda raw: raw.replace(b"Dag\r\n", "Één\r\n".encode()), "it is not ASCII"),
        (lambda raw: raw.replace(b"Dag\r\n", b"=E2=80=AE\r\n"), "text/plain holds U+202E"),
        (lambda raw: raw.replace(b"Dag\r\n", b"=C2=9D\r\n"), "text/plain holds U+009D"),
        (lambda raw: raw.replace(b"Dag\r\n", b"<b>Dag</b>\r\n"), "the text part holds markup"),
        (lambda raw: raw.replace(b"<h1>", b"<img>\r\n<h1>"), "an image has no alt"),
        (lambda raw: raw.replace(b"<h1>", b"<table><h1>"), "a table is not role=3Dpresentation".replace("3D", "")),
        (lambda raw: raw.replace(b"<h1>", b"<h3>"), "it does not begin with its only h1"),
        (lambda raw: raw.replace(b"</h1>", b"</h1><h3>"), "h3 follows h1"),
        (lambda raw: raw.replace(b"</h1>", b'</h1><a href=3D"/x">'), "a link goes to /x"),
        (lambda raw: raw.replace(b"</h1>", b'</h1>=\r\n<a href=3D"javascript:x">'), "a link goes to javascript:x"),
        (lambda raw: raw.replace(b"</h1>", b'</h1>=\r\n<img alt=3D"" src=3D"x">'), "<img src> loads something"),
        (lambda raw: raw.replace(b"</h1>", b"</h1>=\r\n<style>@import x</style>"), "a style loads something: @import"),
        (lambda raw: raw.replace(b"</h1>", b"</h1>=\r\n<script>"), "<script> has no place in a mail"),
        (lambda raw: raw.replace(b"</h1>", b"</h1>=\r\n" + b"<p>x</p>=\r\n" * 9000), "it has 1"),
        (lambda raw: raw.replace(b'role=3D"article"', b""), "0 elements have role=article"),
        (lambda raw: raw.replace(b'html lang=3D"nl-BE"', b"html"), "lang is missing"),
    ],
)
def test_the_lint_bites(spoil: object, complaint: str) -> None:
    """Every rule of the lint finds what it is there for."""
    good = compose(LETTER, ENVELOPE)
    assert callable(spoil)
    bad = spoil(good)
    assert bad != good
    assert complaint in " | ".join(lint(bad))
